// SPDX-License-Identifier: BSD-3-Clause
//
// map_inline.h: hashes and the look-up of maps, as code that is inlined.
//
// The runtime makes its entry points of it (map_fast.c). So may compiled code for keys of other
// fixed sizes: what is constant here (the kind, the size, the map type) folds. A key is looked up
// as runtime/map.c has it: eight tophash bytes are compared at once, as one word.
//
//	struct goat_mapkey_ key = { .p = &k };
//	void *elem = goat_mapfind_(&the_maptype, m, GOAT_KEY_BYTES, key);       // NULL: none
//
// Each function agrees with the hasher of type.c for the same bytes.

#ifndef GOAT_MAP_INLINE_H
#define GOAT_MAP_INLINE_H

#include "abi.h"

#define GOAT_INLINE_ static __inline__ __attribute__((__always_inline__, __unused__))

// ---- Hashes: multiplications to 128 bits whose halves are folded, as in the wyhash family ----

// Random, another one in each process; set before main. Without them keys could be chosen that one
// of the factors is zero for, and then all hashes.
extern uint64_t goat_hashkey[4];

GOAT_INLINE_ uint64_t
goat_mix_(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// Two words as one. Twice, as after one multiplication the low bits of the hashes of close numbers
// are not as if at random.
GOAT_INLINE_ uint64_t
goat_hash128_(uint64_t v, uint64_t w, uint64_t seed)
{
	return goat_mix_(goat_mix_(v ^ goat_hashkey[0], w ^ seed ^ goat_hashkey[1]),
			 goat_hashkey[2]);
}

// One word. The second multiplication is one to 64 bits; its low half is as good as if at random
// where the top bits of the factor decide, so the halves change places.
GOAT_INLINE_ uint64_t
goat_hash64_(uint64_t v, uint64_t seed)
{
	uint64_t h = goat_mix_(v ^ goat_hashkey[0], seed ^ goat_hashkey[1]) * goat_hashkey[3];

	return h << 32 | h >> 32;
}

GOAT_INLINE_ uint64_t
goat_load64_(const void *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, sizeof v);
	return v;
}

GOAT_INLINE_ uint32_t
goat_load32_(const void *p)
{
	uint32_t v;

	__builtin_memcpy(&v, p, sizeof v);
	return v;
}

// More than 32 bytes; hash.c.
uint64_t goat_hashlong(const void *p, size_t n, uint64_t seed);

// Up to 16 bytes are two words, up to 32 two pairs, which may overlap; their number goes in by way of the
// seed, as the first pair does.
GOAT_INLINE_ uint64_t
goat_hashbytes_(const void *bytes, size_t n, uint64_t seed)
{
	const unsigned char *p = (const unsigned char *)bytes;
	uint64_t v = 0, w = 0;

	if (n > 32)
		return goat_hashlong(p, n, seed);
	seed ^= (uint64_t)n << 32;
	if (n > 16) {
		seed = goat_mix_(goat_load64_(p) ^ goat_hashkey[0], goat_load64_(p + 8) ^ seed ^ goat_hashkey[1]);
		v = goat_load64_(p + n - 16);
		w = goat_load64_(p + n - 8);
	} else if (__builtin_constant_p(n) && n == 12) {
		// As below; a load of what two stores have left would wait for both.
		v = goat_load64_(p);
		w = v >> 32 | (uint64_t)goat_load32_(p + 8) << 32;
	} else if (n >= 8) {
		v = goat_load64_(p);
		w = goat_load64_(p + n - 8);
	} else if (n >= 4) {
		v = goat_load32_(p);
		w = goat_load32_(p + n - 4);
	} else if (n > 0) {
		v = p[0] | (uint64_t)p[n / 2] << 8 | (uint64_t)p[n - 1] << 16;
	}
	return goat_hash128_(v, w, seed);
}

// N bytes, where N is constant for a type: integers of any type with one value of the same size are
// hashed alike, and structs without padding as integers of their size.
GOAT_INLINE_ uint64_t
goat_hashfixed_(const void *p, size_t n, uint64_t seed)
{
	switch (n) {
	case 4:
		return goat_hash64_(goat_load32_(p), seed);
	case 8:
		return goat_hash64_(goat_load64_(p), seed);
	case 16:
		return goat_hash128_(goat_load64_(p), goat_load64_((const char *)p + 8), seed);
	default:
		return goat_hashbytes_(p, n, seed);
	}
}

// ---- Keys ----

enum goat_keykind_ {
	GOAT_KEY_ANY,           // as the map type says
	GOAT_KEY_32,            // .lo
	GOAT_KEY_64,            // .lo
	GOAT_KEY_128,           // .lo, .hi
	GOAT_KEY_STRING,        // .s
	GOAT_KEY_BYTES,         // GOAT_REGULAR, t->keysize of them at .p
};

struct goat_mapkey_ {
	const void *p;
	uint64_t lo, hi;
	goat_string s;
};

GOAT_INLINE_ uint64_t
goat_mapkeyhash_(const struct goat_maptype *t, enum goat_keykind_ kind, struct goat_mapkey_ key,
		 uint64_t seed)
{
	switch (kind) {
	case GOAT_KEY_32:
	case GOAT_KEY_64:
		return goat_hash64_(key.lo, seed);
	case GOAT_KEY_128:
		return goat_hash128_(key.lo, key.hi, seed);
	case GOAT_KEY_STRING:
		return goat_hashbytes_(key.s.ptr, key.s.len, seed);
	case GOAT_KEY_BYTES:
		return goat_hashfixed_(key.p, t->keysize, seed);
	default:
		return t->hasher(t->key, key.p, seed);
	}
}

// Strings, or keys, of one length, not 0. Most keys are short, and the call of memcmp would be
// dearer than they are.
GOAT_INLINE_ bool
goat_samebytes_(const char *p, const char *q, size_t n)
{
	if (n > 16)
		return __builtin_memcmp(p, q, n) == 0;
	if (__builtin_constant_p(n) && n == 12)
		return goat_load64_(p) == goat_load64_(q) && goat_load32_(p + 8) == goat_load32_(q + 8);
	if (n >= 8)
		return goat_load64_(p) == goat_load64_(q) &&
		       goat_load64_(p + n - 8) == goat_load64_(q + n - 8);
	if (n >= 4)
		return goat_load32_(p) == goat_load32_(q) &&
		       goat_load32_(p + n - 4) == goat_load32_(q + n - 4);
	return p[0] == q[0] && p[n / 2] == q[n / 2] && p[n - 1] == q[n - 1];
}

// Whether the key in the cell at SLOT is KEY.
GOAT_INLINE_ bool
goat_mapkeysame_(const struct goat_maptype *t, enum goat_keykind_ kind, struct goat_mapkey_ key,
		 const char *slot)
{
	goat_string s;

	switch (kind) {
	case GOAT_KEY_32:
		return goat_load32_(slot) == (uint32_t)key.lo;
	case GOAT_KEY_64:
		return goat_load64_(slot) == key.lo;
	case GOAT_KEY_128:
		return goat_load64_(slot) == key.lo && goat_load64_(slot + 8) == key.hi;
	case GOAT_KEY_STRING:
		__builtin_memcpy(&s, slot, sizeof s);
		return s.len == key.s.len && (s.ptr == key.s.ptr || s.len == 0 ||
					      goat_samebytes_(s.ptr, key.s.ptr, s.len));
	case GOAT_KEY_BYTES:
		return goat_samebytes_(slot, (const char *)key.p, t->keysize);
	default:
		return t->equal(t->key, key.p, t->flags & GOAT_MAP_INDIRECT_KEY
						       ? *(const void *const *)slot : slot);
	}
}

GOAT_INLINE_ void
goat_mapputkey_(const struct goat_maptype *t, enum goat_keykind_ kind, struct goat_mapkey_ key,
		char *slot)
{
	switch (kind) {
	case GOAT_KEY_32:
		__builtin_memcpy(slot, &key.lo, 4);
		break;
	case GOAT_KEY_64:
		__builtin_memcpy(slot, &key.lo, 8);
		break;
	case GOAT_KEY_128:
		__builtin_memcpy(slot, &key.lo, 8);
		__builtin_memcpy(slot + 8, &key.hi, 8);
		break;
	case GOAT_KEY_STRING:
		__builtin_memcpy(slot, &key.s, sizeof key.s);
		break;
	case GOAT_KEY_BYTES:
		__builtin_memcpy(slot, key.p, t->keysize);
		break;
	default:
		__builtin_memcpy(t->flags & GOAT_MAP_INDIRECT_KEY ? *(void **)slot : slot, key.p,
				 t->key->size);
	}
}

GOAT_INLINE_ size_t
goat_mapkeysize_(const struct goat_maptype *t, enum goat_keykind_ kind)
{
	switch (kind) {
	case GOAT_KEY_32:
		return 4;
	case GOAT_KEY_64:
		return 8;
	case GOAT_KEY_128:
	case GOAT_KEY_STRING:
		return 16;
	default:
		return t->keysize;
	}
}

// ---- Words of eight tophash bytes: bit 7 of a byte in the result stands for its cell ----

enum {
	GOAT_EMPTY_REST = 0,    // and all cells after it, in this bucket and the rest of the chain
	GOAT_EMPTY_ONE = 1,
	GOAT_EVACUATED_X = 2,   // the cell has moved, to the bucket of the same number
	GOAT_EVACUATED_Y = 3,   // or that of the new half
	GOAT_EVACUATED_EMPTY = 4,
	GOAT_MIN_TOPHASH = 5,
};

#define GOAT_ONES_ UINT64_C(0x0101010101010101)
#define GOAT_TOPS_ UINT64_C(0x8080808080808080)

// Zero bytes. Above the lowest that is one, a byte of 1 may pass for one.
GOAT_INLINE_ uint64_t
goat_zerobytes_(uint64_t word)
{
	return (word - GOAT_ONES_) & ~word & GOAT_TOPS_;
}

// The cell that the lowest bit stands for.
GOAT_INLINE_ unsigned
goat_lowest_(uint64_t bits)
{
	return (unsigned)__builtin_ctzll(bits) / 8;
}

GOAT_INLINE_ uint8_t
goat_tophash_(uint64_t hash)
{
	unsigned top = (unsigned)(hash >> 56);

	return (uint8_t)(top < GOAT_MIN_TOPHASH ? GOAT_MIN_TOPHASH : top);
}

// Whether no cell follows WORD's that is not empty: then the last is emptyRest, and only then.
GOAT_INLINE_ bool
goat_mapends_(uint64_t word)
{
	return word >> 56 == GOAT_EMPTY_REST;
}

// ---- Looking up ----

enum {
	GOAT_MAP_ITERATOR = 1,          // there may be an iterator over buckets
	GOAT_MAP_OLD_ITERATOR = 2,      // or over oldbuckets
	GOAT_MAP_WRITING = 4,           // somebody is
	GOAT_MAP_SAME_SIZE = 8,         // it grows to the same size
	GOAT_MAP_GROWING = 16,          // oldbuckets is not NULL
	GOAT_MAP_EMPTY = 32,            // buckets is NULL
	GOAT_MAP_WATCHED = 64,          // GOATDEBUG=mapstack=1
	GOAT_MAP_SMALL = 128,           // there is one bucket only
};

// `fatal error: concurrent map WHAT`; map.c.
__attribute__((__cold__)) _Noreturn void goat_mapconflict(const struct goat_hmap *h,
							  const char *what);

GOAT_INLINE_ bool
goat_mapevacuated_(const struct goat_bmap *b)
{
	return b->tophash[0] > GOAT_EMPTY_ONE && b->tophash[0] < GOAT_MIN_TOPHASH;
}

// The key and the elem are in other lines of the cache than the tophash bytes; they are fetched at
// the same time.
GOAT_INLINE_ void
goat_mapprefetch_(const char *b)
{
	__builtin_prefetch(b + 64);
	__builtin_prefetch(b + 128);
}

// The bucket where a hash is, old or new.
GOAT_INLINE_ const char *
goat_mapbucket_(const struct goat_maptype *t, const struct goat_hmap *h, uint64_t hash)
{
	size_t mask = h->mask;
	const char *b = (const char *)h->buckets + (hash & mask) * t->bucketsize;

	if (__builtin_expect(h->flags & GOAT_MAP_GROWING, 0)) {
		const char *old = (const char *)h->oldbuckets;

		if (!(h->flags & GOAT_MAP_SAME_SIZE))
			mask >>= 1;
		old += (hash & mask) * t->bucketsize;
		if (!goat_mapevacuated_((const struct goat_bmap *)old))
			b = old;
	}
	return b;
}

// The cell of KEY in the chain of B, or -1 and *AT is NULL.
GOAT_INLINE_ int
goat_mapcellat_(const struct goat_maptype *t, enum goat_keykind_ kind, struct goat_mapkey_ key,
		uint64_t hash, const char *b, const char **at)
{
	uint64_t tops = goat_tophash_(hash) * GOAT_ONES_;

	goat_mapprefetch_(b);
	do {
		uint64_t word = goat_load64_(b), m;

		for (m = goat_zerobytes_(word ^ tops); m != 0; m &= m - 1) {
			unsigned i = goat_lowest_(m);
			const char *slot = b + t->keys + i * goat_mapkeysize_(t, kind);

			if (__builtin_expect(goat_mapkeysame_(t, kind, key, slot), 1)) {
				*at = b;
				return (int)i;
			}
		}
		// emptyRest: the pointer at the end of the bucket need not be fetched.
		if (__builtin_expect(goat_mapends_(word), 1))
			break;
		b = *(const char *const *)(b + t->overflow);
	} while (b != NULL);
	*at = NULL;
	return -1;
}

GOAT_INLINE_ int
goat_mapcell_(const struct goat_maptype *t, const struct goat_hmap *h, enum goat_keykind_ kind,
	      struct goat_mapkey_ key, const char **at)
{
	uint64_t hash = goat_mapkeyhash_(t, kind, key, h->hash0);

	return goat_mapcellat_(t, kind, key, hash, goat_mapbucket_(t, h, hash), at);
}

GOAT_INLINE_ void *
goat_mapelem_(const struct goat_maptype *t, const char *b, unsigned i)
{
	char *elem = (char *)b + t->elems + i * t->elemsize;

	return t->flags & GOAT_MAP_INDIRECT_ELEM ? *(void **)elem : elem;
}

// The elem of KEY, or NULL.
GOAT_INLINE_ void *
goat_mapfind_(const struct goat_maptype *t, const struct goat_hmap *h, enum goat_keykind_ kind,
	      struct goat_mapkey_ key)
{
	const char *b;
	int i;

	if (h == NULL || h->count == 0) {
		if (kind == GOAT_KEY_ANY && t->flags & GOAT_MAP_HASH_MIGHT_PANIC)
			t->hasher(t->key, key.p, 0);
		return NULL;
	}
	if (__builtin_expect(__atomic_load_n(&h->flags, __ATOMIC_RELAXED) & GOAT_MAP_WRITING, 0))
		goat_mapconflict(h, "read and map write");
	i = goat_mapcell_(t, h, kind, key, &b);
	return i < 0 ? NULL : goat_mapelem_(t, b, (unsigned)i);
}

// ---- In compiled code: what nearly always is the case, and calls of the runtime for the rest ----
//
// The plugin gives what it knows of the map type as constants. Keys and elems are in their cells.

// What a look-up gives where there is nothing: as many zeros as an elem in a cell may be long, and
// more.
extern const char goat_zeros[1024];

#define GOAT_MAP_ENTRIES_(suffix, ...)                                                             \
	void *goat_mapaccess1##suffix(void *t, void *h, __VA_ARGS__) __attribute__((__nothrow__)); \
	void *goat_mapaccess2##suffix(void *t, void *h, __VA_ARGS__) __attribute__((__nothrow__)); \
	void *goat_mapassign##suffix(void *t, void *h, __VA_ARGS__);                               \
	void goat_mapdelete##suffix(void *t, void *h, __VA_ARGS__) __attribute__((__nothrow__));

GOAT_MAP_ENTRIES_(_fast32, size_t k)
GOAT_MAP_ENTRIES_(_fast64, size_t k)
GOAT_MAP_ENTRIES_(_fast128, size_t lo, size_t hi)
GOAT_MAP_ENTRIES_(_bytes, void *k)
void goat_mapiternext(void *it) __attribute__((__nothrow__));

// The first bucket of the chain of a hash.
GOAT_INLINE_ char *
goat_mapfirst_(const struct goat_hmap *h, uint64_t hash, size_t bucketsize)
{
	return (char *)h->buckets + (hash & h->mask) * bucketsize;
}

// A write is over.
GOAT_INLINE_ void
goat_mapwritten_(struct goat_hmap *h)
{
	uint8_t flags = __atomic_load_n(&h->flags, __ATOMIC_RELAXED);

	if (__builtin_expect(!(flags & GOAT_MAP_WRITING), 0))
		goat_mapconflict(h, "writes");
	__atomic_store_n(&h->flags, flags & ~GOAT_MAP_WRITING, __ATOMIC_RELAXED);
}

// Whether the first bucket of its chain tells where KEY is: then its elem, or NULL for none, is *ELEM.
GOAT_INLINE_ bool
goat_mapsite_(const struct goat_maptype *t, const struct goat_hmap *h, enum goat_keykind_ kind,
	      struct goat_mapkey_ key, char **elem)
{
	uint64_t hash, word, found;
	char *b;
	size_t i;

	*elem = NULL;
	if (__builtin_expect(h == NULL, 0))
		return true;
	if (__builtin_expect(__atomic_load_n(&h->flags, __ATOMIC_RELAXED) &
			     (GOAT_MAP_WRITING | GOAT_MAP_GROWING | GOAT_MAP_EMPTY), 0))
		return false;
	hash = goat_mapkeyhash_(t, kind, key, h->hash0);
	b = goat_mapfirst_(h, hash, t->bucketsize);
	word = goat_load64_(b);
	found = goat_zerobytes_(word ^ goat_tophash_(hash) * GOAT_ONES_);
	if (found == 0)
		return __builtin_expect(goat_mapends_(word), 1);
	i = goat_lowest_(found);
	*elem = b + t->elems + i * t->elemsize;
	return __builtin_expect(goat_mapkeysame_(t, kind, key, b + t->keys + i * goat_mapkeysize_(t, kind)), 1);
}

// Whether KEY is in the first bucket of its chain, or has been put there: then *ELEM is where to store.
GOAT_INLINE_ bool
goat_mapsetsite_(const struct goat_maptype *t, struct goat_hmap *h, enum goat_keykind_ kind,
		 struct goat_mapkey_ key, char **elem)
{
	size_t keysize = goat_mapkeysize_(t, kind);
	uint64_t hash, word, found;
	uint8_t flags, top;
	char *b, *slot;
	size_t i;

	if (__builtin_expect(h == NULL, 0))
		return false;
	flags = __atomic_load_n(&h->flags, __ATOMIC_RELAXED);
	if (__builtin_expect(flags & (GOAT_MAP_WRITING | GOAT_MAP_GROWING | GOAT_MAP_EMPTY |
				      GOAT_MAP_WATCHED), 0))
		return false;
	__atomic_store_n(&h->flags, flags | GOAT_MAP_WRITING, __ATOMIC_RELAXED);
	hash = goat_mapkeyhash_(t, kind, key, h->hash0);
	b = goat_mapfirst_(h, hash, t->bucketsize);
	if (t->bucketsize > 64)
		goat_mapprefetch_(b);
	word = goat_load64_(b);
	top = goat_tophash_(hash);
	found = goat_zerobytes_(word ^ top * GOAT_ONES_);
	if (found != 0) {
		i = goat_lowest_(found);
		slot = b + t->keys + i * keysize;
		if (__builtin_expect(!goat_mapkeysame_(t, kind, key, slot), 0))
			goto call;
	} else {
		// A cell that is emptyRest ends the chain; the first free one may be emptyOne.
		if (__builtin_expect(!goat_mapends_(word) || h->count >= h->limit, 0))
			goto call;
		i = goat_lowest_(goat_zerobytes_(word & ~GOAT_ONES_));
		slot = b + t->keys + i * keysize;
		goat_mapputkey_(t, kind, key, slot);
		if (__builtin_expect(flags & GOAT_MAP_SMALL, 0)) {
			word = (word & ~((uint64_t)1 << 8 * i)) | (uint64_t)top << 8 * i;
			__builtin_memcpy(b, &word, sizeof word);
		} else {
			b[i] = (char)top;
		}
		h->count++;
	}
	goat_mapwritten_(h);
	*elem = b + t->elems + i * t->elemsize;
	return true;
call:
	__atomic_store_n(&h->flags, flags, __ATOMIC_RELAXED);
	return false;
}

// The tophash bytes WORD, of a bucket that is the first of its chain, without the cell I, which is
// not the last one: emptyOne, or emptyRest with all empty ones before it where those after it are.
GOAT_INLINE_ uint64_t
goat_mapwithout_(uint64_t word, unsigned i)
{
	uint64_t full;

	word = (word & ~((uint64_t)255 << 8 * i)) | (uint64_t)GOAT_EMPTY_ONE << 8 * i;
	if (word >> 8 * i != GOAT_EMPTY_ONE)
		return word;
	// Not 0 in cells that are not empty: there are no marks of evacuation.
	full = word & ~GOAT_ONES_;
	return full == 0 ? 0 : word & (~(uint64_t)0 >> (__builtin_clzll(full) & ~7));
}

// Whether it is done.
GOAT_INLINE_ bool
goat_mapdeletesite_(const struct goat_maptype *t, struct goat_hmap *h, enum goat_keykind_ kind,
		    struct goat_mapkey_ key)
{
	size_t keysize = goat_mapkeysize_(t, kind);
	uint64_t hash, word, found;
	uint8_t flags;
	char *b, *slot;
	size_t i;

	if (h == NULL)
		return true;
	flags = __atomic_load_n(&h->flags, __ATOMIC_RELAXED);
	if (__builtin_expect(flags & (GOAT_MAP_WRITING | GOAT_MAP_GROWING | GOAT_MAP_EMPTY |
				      GOAT_MAP_WATCHED) || h->count <= 1, 0))
		return false;           // the last one takes the seed with it
	__atomic_store_n(&h->flags, flags | GOAT_MAP_WRITING, __ATOMIC_RELAXED);
	hash = goat_mapkeyhash_(t, kind, key, h->hash0);
	b = goat_mapfirst_(h, hash, t->bucketsize);
	if (t->bucketsize > 64)
		goat_mapprefetch_(b);
	word = goat_load64_(b);
	found = goat_zerobytes_(word ^ goat_tophash_(hash) * GOAT_ONES_);
	if (found != 0) {
		i = goat_lowest_(found);
		slot = b + t->keys + i * keysize;
		if (__builtin_expect(!goat_mapkeysame_(t, kind, key, slot) ||
				     i == GOAT_BUCKET_CELLS - 1, 0))
			goto call;
		word = goat_mapwithout_(word, (unsigned)i);
		__builtin_memcpy(b, &word, sizeof word);
		__builtin_memset(slot, 0, keysize);
		__builtin_memset(b + t->elems + i * t->elemsize, 0, t->elemsize);
		h->count--;
	} else if (__builtin_expect(!goat_mapends_(word), 0)) {
		goto call;
	}
	goat_mapwritten_(h);
	return true;
call:
	__atomic_store_n(&h->flags, flags, __ATOMIC_RELAXED);
	return false;
}

// What the plugin calls: the entry points of the runtime with an underscore after their names, and the
// sizes and offsets of the map type after their arguments.
#define GOAT_MAP_SIZES_                                                                            \
	size_t keysize, size_t elemsize, size_t keys, size_t elems, size_t bucketsize
#define GOAT_MAP_LAYOUT_                                                                           \
	{                                                                                          \
		NULL, NULL, NULL, NULL, NULL, (uint8_t)keysize, (uint8_t)elemsize, 0, (uint8_t)keys, \
			(uint16_t)elems, 0, (uint16_t)bucketsize, 0                                \
	}

#define GOAT_MAP_SITES_(suffix, kind, params, args, ...)                                           \
	GOAT_INLINE_ void *goat_mapaccess1##suffix##_(void *t, void *h, params, GOAT_MAP_SIZES_)   \
	{                                                                                          \
		const struct goat_maptype layout = GOAT_MAP_LAYOUT_;                               \
		const struct goat_mapkey_ key = { __VA_ARGS__ };                                   \
		char *elem;                                                                        \
                                                                                                   \
		if (goat_mapsite_(&layout, (const struct goat_hmap *)h, kind, key, &elem))         \
			return elem != NULL ? elem : (char *)goat_zeros;                           \
		return goat_mapaccess1##suffix(t, h, args);                                        \
	}                                                                                          \
	GOAT_INLINE_ void *goat_mapaccess2##suffix##_(void *t, void *h, params, GOAT_MAP_SIZES_)   \
	{                                                                                          \
		const struct goat_maptype layout = GOAT_MAP_LAYOUT_;                               \
		const struct goat_mapkey_ key = { __VA_ARGS__ };                                   \
		char *elem;                                                                        \
                                                                                                   \
		if (goat_mapsite_(&layout, (const struct goat_hmap *)h, kind, key, &elem))         \
			return elem;                                                               \
		return goat_mapaccess2##suffix(t, h, args);                                        \
	}                                                                                          \
	GOAT_INLINE_ void *goat_mapassign##suffix##_(void *t, void *h, params, GOAT_MAP_SIZES_)    \
	{                                                                                          \
		const struct goat_maptype layout = GOAT_MAP_LAYOUT_;                               \
		const struct goat_mapkey_ key = { __VA_ARGS__ };                                   \
		char *elem;                                                                        \
                                                                                                   \
		if (goat_mapsetsite_(&layout, (struct goat_hmap *)h, kind, key, &elem))            \
			return elem;                                                               \
		return goat_mapassign##suffix(t, h, args);                                         \
	}                                                                                          \
	GOAT_INLINE_ void goat_mapdelete##suffix##_(void *t, void *h, params, GOAT_MAP_SIZES_)     \
	{                                                                                          \
		const struct goat_maptype layout = GOAT_MAP_LAYOUT_;                               \
		const struct goat_mapkey_ key = { __VA_ARGS__ };                                   \
                                                                                                   \
		if (!goat_mapdeletesite_(&layout, (struct goat_hmap *)h, kind, key))               \
			goat_mapdelete##suffix(t, h, args);                                        \
	}
#define GOAT_TWO_(a, b) a, b

GOAT_MAP_SITES_(_fast32, GOAT_KEY_32, size_t k, k, .lo = k)
GOAT_MAP_SITES_(_fast64, GOAT_KEY_64, size_t k, k, .lo = k)
GOAT_MAP_SITES_(_fast128, GOAT_KEY_128, GOAT_TWO_(size_t lo, size_t hi), GOAT_TWO_(lo, hi), .lo = lo, .hi = hi)
GOAT_MAP_SITES_(_bytes, GOAT_KEY_BYTES, void *k, k, .p = k)

// goat_mapiternext: another cell of buckets that are not being filled.
GOAT_INLINE_ void
goat_mapiternext_(void *iter, size_t bucketsize, size_t keys, size_t keysize, size_t elems,
		  size_t elemsize)
{
	struct goat_hiter *it = (struct goat_hiter *)iter;
	uint64_t todo = it->todo;

	if (__builtin_expect(todo != 0, 1) &&
	    __builtin_expect(!(__atomic_load_n(&it->h->flags, __ATOMIC_RELAXED) & GOAT_MAP_WRITING) &&
			     it->checkbucket == SIZE_MAX, 1)) {
		size_t bit = (size_t)__builtin_ctzll(todo);
		size_t i = (bit + it->offset) % GOAT_BUCKET_CELLS;
		char *b = (char *)it->bptr + bit / GOAT_BUCKET_CELLS * bucketsize;

		if (__builtin_expect((uint8_t)b[i] >= GOAT_MIN_TOPHASH, 1)) {
			it->todo = todo & (todo - 1);
			it->key = b + keys + i * keysize;
			it->elem = b + elems + i * elemsize;
			return;
		}
	}
	goat_mapiternext(it);
}

#endif
