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

#endif
