// SPDX-License-Identifier: BSD-3-Clause
//
// map_fast.c: looking up, storing and deleting, for each kind of key.
//
// One function each, inlined for every kind, so that sizes, comparisons and hashes fold: what
// compiled code calls is a row of FAMILY. See map.c for what a map is.
//
// Go:    as runtime/map.go and map_fast32.go, map_fast64.go, map_faststr.go, which are written out.
//        Go's look-ups of small keys compare the keys one after the other; here it is the tophash
//        bytes, all eight as one word.
// Layer: lang.

#include "map.h"

#include "error.h"

#include <string.h>

typedef enum goat_keykind_ kind;
typedef struct goat_mapkey_ key;

// Go 1.23 has the flags without atomics. Relaxed: they only find what is wrong anyway.
static inline void
set_flags(struct goat_hmap *h, uint8_t flags)
{
	__atomic_store_n(&h->flags, flags, __ATOMIC_RELAXED);
}

static inline uint8_t
get_flags(const struct goat_hmap *h)
{
	return __atomic_load_n(&h->flags, __ATOMIC_RELAXED);
}

GOAT_INLINE_ void
begin_write(struct goat_hmap *h)
{
	uint8_t flags = get_flags(h);

	if (__builtin_expect(flags & GOAT_MAP_WRITING, 0))
		goat_mapconflict(h, "writes");
	set_flags(h, flags | GOAT_MAP_WRITING);
	if (__builtin_expect(flags & GOAT_MAP_WATCHED, 0))
		goat_mapwhere(h);
}

GOAT_INLINE_ void
end_write(struct goat_hmap *h)
{
	uint8_t flags = get_flags(h);

	if (__builtin_expect(!(flags & GOAT_MAP_WRITING), 0))
		goat_mapconflict(h, "writes");
	set_flags(h, flags & ~GOAT_MAP_WRITING);
}

// The cells of a word of tophash bytes that are emptyRest or emptyOne; the lowest is exact.
GOAT_INLINE_ uint64_t
free_cells(uint64_t word)
{
	return goat_zerobytes_(word & ~GOAT_ONES_);
}

// ---- Storing ----

static void *
object(const struct goat_type *t)
{
	return goat_mallocgc(t->size, t->align, t->ptrdata == 0);
}

// What a new cell points to is there before anything is changed.
struct cell {
	void *key, *elem;
};

static __attribute__((noinline, cold)) struct cell
objects(const struct goat_maptype *t)
{
	struct cell c = { NULL, NULL };

	if (t->flags & GOAT_MAP_INDIRECT_KEY)
		c.key = object(t->key);
	if (t->flags & GOAT_MAP_INDIRECT_ELEM)
		c.elem = object(t->elem);
	return c;
}

// In the only bucket as a word: it is read as one soon, and a processor makes that wait for a byte
// on its way to the cache. Among many buckets a store of a word that comes from memory holds up
// others.
GOAT_INLINE_ void
put_top(const struct goat_hmap *h, struct goat_bmap *b, unsigned i, uint8_t top)
{
	uint64_t word;

	if (h->mask != 0) {
		b->tophash[i] = top;
		return;
	}
	word = (goat_load64_(b) & ~(UINT64_C(255) << 8 * i)) | (uint64_t)top << 8 * i;
	memcpy(b, &word, sizeof word);
}

GOAT_INLINE_ void *
fill(const struct goat_maptype *t, struct goat_hmap *h, kind kind, key k, uint8_t top,
     struct goat_bmap *b, unsigned i)
{
	char *slot = (char *)b + t->keys + i * goat_mapkeysize_(t, kind);
	struct cell c = { NULL, NULL };

	if (__builtin_expect(t->flags & (GOAT_MAP_INDIRECT_KEY | GOAT_MAP_INDIRECT_ELEM), 0)) {
		c = objects(t);
		if (c.key != NULL)
			*(void **)slot = c.key;
		if (c.elem != NULL)
			*(void **)goat_elemcell(t, b, i) = c.elem;
	}
	goat_mapputkey_(t, kind, k, slot);
	put_top(h, b, i, top);
	h->count++;
	return c.elem != NULL ? c.elem : goat_elemcell(t, b, i);
}

// What 'search' has found in a chain.
struct place {
	struct goat_bmap *b;    // with the key, or with a free cell; NULL: neither
	struct goat_bmap *last;
	unsigned i;
	bool found;
};

GOAT_INLINE_ struct place
search(const struct goat_maptype *t, kind kind, key k, uint8_t top, struct goat_bmap *b)
{
	struct place p = { NULL, b, 0, false };

	for (; b != NULL; b = *goat_overflowof(t, b)) {
		uint64_t word = goat_load64_(b), empty;

		for (uint64_t m = goat_zerobytes_(word ^ top * GOAT_ONES_); m != 0; m &= m - 1) {
			unsigned i = goat_lowest_(m);
			const char *slot = (char *)b + t->keys + i * goat_mapkeysize_(t, kind);

			if (goat_mapkeysame_(t, kind, k, slot))
				return (struct place){ b, b, i, true };
		}
		p.last = b;
		if ((empty = free_cells(word)) == 0)
			continue;
		if (p.b == NULL) {
			p.b = b;
			p.i = goat_lowest_(empty);
		}
		if (goat_mapends_(word))
			break;
	}
	return p;
}

GOAT_INLINE_ void *
overwrite(const struct goat_maptype *t, kind kind, key k, struct goat_bmap *b, unsigned i)
{
	char *slot = (char *)b + t->keys + i * goat_mapkeysize_(t, kind);

	// An equal string may be part of a larger object that need not stay, or the other way round.
	if (kind == GOAT_KEY_STRING || (kind == GOAT_KEY_ANY && t->flags & GOAT_MAP_NEED_KEY_UPDATE))
		goat_mapputkey_(t, kind, k, slot);
	return goat_mapelem_(t, (const char *)b, i);
}

GOAT_INLINE_ void *
assign(const struct goat_maptype *t, struct goat_hmap *h, kind kind, key k)
{
	struct goat_bmap *b;
	uint64_t hash;
	struct place p;
	void *elem;

	if (__builtin_expect(h == NULL, 0))
		goat_mapnil();
	if (__builtin_expect(get_flags(h) & GOAT_MAP_WRITING, 0))
		goat_mapconflict(h, "writes");
	hash = goat_mapkeyhash_(t, kind, k, h->hash0);  // may panic: nothing has been touched
	begin_write(h);
	if (__builtin_expect(h->buckets == NULL, 0))
		goat_mapfirst(t, h);
again:
	{
		size_t bucket = hash & h->mask;

		if (__builtin_expect(h->oldbuckets != NULL, 0))
			goat_mapgrowwork(t, h, bucket);
		b = goat_bucketat(t, h->buckets, bucket);
		goat_mapprefetch_((const char *)b);
		p = search(t, kind, k, goat_tophash_(hash), b);
	}
	if (p.found) {
		elem = overwrite(t, kind, k, p.b, p.i);
	} else {
		if (__builtin_expect(h->count >= h->limit, 0) && h->oldbuckets == NULL &&
		    goat_mapgrow(t, h))
			goto again;
		if (__builtin_expect(p.b == NULL, 0)) {
			p.b = goat_mapoverflow(t, h, p.last);
			p.i = 0;
		}
		elem = fill(t, h, kind, k, goat_tophash_(hash), p.b, p.i);
	}
	end_write(h);
	return elem;
}

// ---- Deleting ----

GOAT_INLINE_ void
delete(const struct goat_maptype *t, struct goat_hmap *h, kind kind, key k)
{
	uint64_t hash;
	const char *b;
	int i;

	if (h == NULL || h->count == 0) {
		if (kind == GOAT_KEY_ANY && t->flags & GOAT_MAP_HASH_MIGHT_PANIC)
			t->hasher(t->key, k.p, 0);
		return;
	}
	if (__builtin_expect(get_flags(h) & GOAT_MAP_WRITING, 0))
		goat_mapconflict(h, "writes");
	hash = goat_mapkeyhash_(t, kind, k, h->hash0);
	begin_write(h);
	if (__builtin_expect(h->oldbuckets != NULL, 0))
		goat_mapgrowwork(t, h, hash & (goat_nbuckets(h) - 1));
	i = goat_mapcellat_(t, kind, k, hash, goat_mapbucket_(t, h, hash), &b);
	if (i >= 0)
		goat_mapempty(t, h, hash & (goat_nbuckets(h) - 1), (struct goat_bmap *)b, (unsigned)i);
	end_write(h);
}

// ---- What compiled code calls ----

#define FAMILY(suffix, kind, params, ...)                                                          \
	void *goat_mapaccess1##suffix(void *t, void *h, params)                                    \
	{                                                                                          \
		void *elem = goat_mapfind_(t, h, kind, (key){ __VA_ARGS__ });                      \
                                                                                                   \
		return __builtin_expect(elem != NULL, 1) ? elem : (void *)goat_mapzero(t);         \
	}                                                                                          \
	void *goat_mapaccess2##suffix(void *t, void *h, params)                                    \
	{                                                                                          \
		return goat_mapfind_(t, h, kind, (key){ __VA_ARGS__ });                            \
	}                                                                                          \
	void *goat_mapassign##suffix(void *t, void *h, params)                                     \
	{                                                                                          \
		return assign(t, h, kind, (key){ __VA_ARGS__ });                                   \
	}                                                                                          \
	void goat_mapdelete##suffix(void *t, void *h, params)                                      \
	{                                                                                          \
		delete(t, h, kind, (key){ __VA_ARGS__ });                                          \
	}

FAMILY(, GOAT_KEY_ANY, void *k, .p = k)
FAMILY(_fast32, GOAT_KEY_32, size_t k, .lo = (uint32_t)k)
FAMILY(_fast64, GOAT_KEY_64, size_t k, .lo = k)
FAMILY(_fast128, GOAT_KEY_128, GOAT_TWO_(size_t lo, size_t hi), .lo = lo, .hi = hi)
FAMILY(_bytes, GOAT_KEY_BYTES, void *k, .p = k)
FAMILY(_faststr, GOAT_KEY_STRING, GOAT_TWO_(void *p, size_t n), .s = { p, n })
