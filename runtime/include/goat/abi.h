// SPDX-License-Identifier: BSD-3-Clause
//
// abi.h: layouts that compiled code, the plugin and the runtime rely on.
//
// The plugin emits descriptors and itabs as constants of these layouts, by field order: to change
// one here means to change plugin/gcc/types.cc. Programs may read them, not write.
//
// Go:    as internal/abi/type.go and iface.go; what C has and Go has not (names as C spells them,
//        unions) is added, what only reflection asks for is left out.

#ifndef GOAT_ABI_H
#define GOAT_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What the plugin calls a type, in reports and descriptors.
#ifdef __GOAT__
#define GOAT_CALLED_(name) __attribute__((__goat_name__(name)))
#else
#define GOAT_CALLED_(name)
#endif

// A string: len bytes at ptr, not necessarily ended by a zero. {0} is the empty one.
typedef struct GOAT_CALLED_("string") goat_string {
	const char *ptr;
	size_t len;
} goat_string;

// Room for cap elements at ptr; two words, so that a function gives them in registers.
typedef struct goat_space {
	void *ptr;
	size_t cap;
} goat_space;

// What kind of C type a descriptor is of. Go: abi.Kind.
enum goat_kind {
	GOAT_VOID,              // incomplete; only ever pointed to
	GOAT_BOOL,
	GOAT_INT,               // signed integers and enumerations, by size
	GOAT_UINT,
	GOAT_FLOAT,
	GOAT_COMPLEX,
	GOAT_POINTER,
	GOAT_FUNC,              // a pointer to a function
	GOAT_STRING,            // goat_string
	GOAT_EFACE,             // any
	GOAT_IFACE,             // any other interface
	GOAT_SLICE,
	GOAT_MAP,
	GOAT_CHAN,
	GOAT_ARRAY,
	GOAT_STRUCT,
	GOAT_UNION,
};

enum goat_tflag {
	GOAT_DIRECT = 1,        // the value itself is the data word of an interface: pointers
	GOAT_REGULAR = 2,       // equal if and only if all bytes are
	GOAT_NAMED = 4,         // by a typedef or a tag
};

struct goat_type;

// A member of a struct, or of a union.
struct goat_field {
	const char *name;       // "" where it is embedded without a name
	const struct goat_type *type;
	size_t offset;          // in bytes; of a bit-field: of the unit that it lies in
	uint8_t bit, bits;      // of a bit-field: its lowest bit from there and its width; else 0, 0
	uint8_t embedded;
};

// A method of a type. Go: abi.Imethod and abi.Method in one.
struct goat_method {
	const char *name;
	const char *sig;        // as C spells it without the receiver: "int (int, double)"
	uint32_t sighash;       // FNV-1a, 32 bits, of sig
	uint8_t pointer;        // has a pointer receiver: only *T's method set holds it
	uint16_t slot;          // of an interface: which of the fn of its itabs
	void (*fn)(void);       // called with the data pointer first; a NULL in an interface's list
};

// A type. One per type in the program: comdat, and where a shared library has one of its own, it is
// the same type if hash and name agree.
struct goat_type {
	size_t size;            // in bytes
	size_t ptrdata;         // bytes from the front that may hold pointers; 0: it holds none
	uint32_t hash;          // FNV-1a of the name and, of structs and unions, of their layout
	uint16_t align;         // in bytes
	uint8_t kind;           // enum goat_kind
	uint8_t flags;          // enum goat_tflag
	const char *name;       // as C spells it: "unsigned long", "Cat *"
	// Whether the values at p and q are equal; NULL where they cannot be compared. Panics where
	// an interface inside holds what cannot. Of alg.def, as is hasher.
	bool (*equal)(const struct goat_type *t, const void *p, const void *q);
	// Of the value at p; equal values have equal hashes. NULL where equal is.
	uint64_t (*hasher)(const struct goat_type *t, const void *p, uint64_t seed);
	const uint8_t *gcdata;  // one bit a word, lowest first, for ptrdata bytes; NULL if ptrdata is 0
	const struct goat_type *elem;   // pointed to; of an array, slice, complex number; else NULL
	size_t len;             // elements of an array, 2 of a complex number; else members in fields
	const struct goat_field *fields;
	const struct goat_method *methods;      // of an interface: its methods sorted by name
	size_t nmethods;
};

// The methods that one unit knows of one type, promoted ones included, sorted by name. The plugin
// puts pointers to these into the section goat_methods, which goat_addmethods takes up at start.
struct goat_methodset {
	const struct goat_type *type;   // T, never T *
	size_t n;
	const struct goat_method *methods;
};

// The empty interface. {0} is nil. Go: runtime.eface.
typedef struct GOAT_CALLED_("any") goat_any {
	const struct goat_type *type;
	void *data;             // the value of a GOAT_DIRECT type, else a pointer to it
} goat_any;

// What lies before the method pointers that an interface's tab points to. Go: abi.ITab.
struct goat_itab {
	const struct goat_type *inter;
	const struct goat_type *type;
	uint32_t hash;          // type->hash
	uint32_t unused;
	void (*fn[])(void);     // what tab points to; in the order in which the interface has them
};

// What an assertion to an interface keeps where it stands in the program: the first answer that it
// got. Static; compiled code compares `word` and takes `tab`, and else asks the runtime.
// Go: abi.TypeAssertCache.
struct goat_site {
	const void *word;       // the first word of the interface asked about; at first the struct itself
	void *tab;              // the answer, NULL if it was a failure; written before word
	struct goat_site *next; // of those that keep a failure
};

// Any interface but any. Go: runtime.iface.
struct goat_iface {
	const void *tab;        // the fn of a struct goat_itab, or NULL
	void *data;
};

// ---------------------------------------------------------------- maps, see runtime/map.c

// A map is a pointer to one of these; NULL is the nil map. Go 1.23: runtime.hmap.
struct goat_hmap {
	size_t count;           // live cells; must be first: len() reads it
	uint8_t flags;          // of map_inline.h
	uint8_t B;              // log2 of how many buckets there are
	uint16_t noverflow;     // about how many overflow buckets, see incr_noverflow
	uint32_t hash0;         // the seed of its hashes
	void *buckets;          // 1 << B of them; NULL until the first write
	size_t mask;            // (1 << B) - 1
	size_t limit;           // with so many live cells the next one makes it grow
	void *oldbuckets;       // while growing: those that it grows from, else NULL
	size_t nevacuate;       // all old buckets below this one have been moved
	struct goat_mapextra *extra;    // of map.h; NULL: none
};

enum { GOAT_BUCKET_CELLS = 8 };

// A bucket: after tophash come 8 keys, 8 elems and a pointer to the next of its chain, at the
// offsets that the maptype has. Go 1.23: runtime.bmap.
struct goat_bmap {
	uint8_t tophash[GOAT_BUCKET_CELLS];     // top byte of a key's hash, or a mark below 5
};

enum goat_mapflag {
	GOAT_MAP_INDIRECT_KEY = 1,      // cells hold pointers to keys: over 128 bytes, or align > 16
	GOAT_MAP_INDIRECT_ELEM = 2,     // the same of elems
	GOAT_MAP_REFLEXIVE_KEY = 4,     // k == k for all keys: no floats and no interfaces inside
	GOAT_MAP_NEED_KEY_UPDATE = 8,   // equal keys may differ (0.0, strings): overwriting stores the key
	GOAT_MAP_HASH_MIGHT_PANIC = 16, // interfaces inside
	GOAT_MAP_NOSCAN = 32,           // no cell holds a pointer
};

enum { GOAT_MAP_MAX_INLINE = 128, GOAT_MAP_MAX_ALIGN = 16 };

// What the runtime knows of a map(K, V); constant, one per type and unit. Go 1.23: abi.MapType. The
// layout of a bucket: `elems` is 8 + 8 * keysize, with `keys`, `elems` and `overflow` rounded up to
// the alignment of what lies there, and `bucketsize` to the largest of these and of a pointer.
struct goat_maptype {
	const struct goat_type *type;   // of the map, for texts; may be NULL
	const struct goat_type *key, *elem;
	// Of a key, called with `key` as type: key->hasher and key->equal, or quicker ones that agree.
	uint64_t (*hasher)(const struct goat_type *t, const void *p, uint64_t seed);
	bool (*equal)(const struct goat_type *t, const void *p, const void *q);
	uint8_t keysize, elemsize;      // of a cell in bytes: 8 where indirect
	uint8_t flags;                  // enum goat_mapflag
	uint8_t keys;                   // offset of the first key: 8, or 16
	uint16_t elems;                 // offset of the first elem
	uint16_t overflow;              // offset of the pointer to the next bucket
	uint16_t bucketsize;            // a multiple of 8
	uint16_t unused;
};

// An iteration. Zeroed, or what an earlier one left, before goat_mapiterinit. Go 1.23: runtime.hiter.
struct goat_hiter {
	void *key;              // NULL: the end
	void *elem;
	const struct goat_maptype *t;
	struct goat_hmap *h;
	void *buckets;          // h->buckets when it began
	struct goat_bmap *bptr; // the bucket it is in, or the first of several next to each other
	struct goat_bmap *group;        // the first of the chains that it is in
	uint64_t todo;          // cells to look at: bit 8 * j + i is cell (i + offset) % 8 of bptr[j]
	void *overflow, *oldoverflow;   // keep chains alive
	size_t startbucket;     // where it began
	size_t bucket;          // the one after the chains it is in
	size_t checkbucket;     // of the table that it walks: SIZE_MAX, or only cells that will go there
	uint8_t offset;         // in each bucket, where it begins
	uint8_t wrapped;        // it has been at the last bucket and gone on with the first
	uint8_t B;              // h->B when it began
	uint8_t more;           // bit j: the chain of group[j] may go on, where it has not been yet
};

// Of goat_map_stats.
typedef struct goat_mapstats {
	size_t count;           // elements
	size_t buckets;         // of 8 cells each, without overflow and old ones
	size_t overflow;        // overflow buckets in chains
	size_t longest;         // buckets in the longest chain
	size_t bytes;           // all that the map has allocated, keys and elems of their own included
	double load;            // elements for each bucket
	bool growing;           // old buckets are still there
} goat_mapstats;

// ---------------------------------------------------------------- channels, see runtime/chan.c

// How a channel begins: compiled code reads len() and cap() here. Go: runtime.hchan.
struct goat_hchanhead {
	size_t qcount;          // values in the buffer
	size_t dataqsiz;        // and how many it has room for
};

// A case of a select. Go: runtime.scase.
struct goat_scase {
	void *c;                // the channel, or NULL
	void *elem;             // what is sent, or where what is received goes, or NULL
	size_t send;            // 1: a send
};

// Set while some goroutine shall let others run: a poll in a loop calls goat_preempt then.
extern uint32_t goat_preempting;

#endif
