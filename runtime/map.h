// SPDX-License-Identifier: BSD-3-Clause
//
// map.h: maps, inside the runtime. Their layout is in goat/abi.h, how they work in map.c.
//
//	M1  count is the number of live cells, in buckets and those old ones that have not been moved.
//	M2  A live cell lies in the chain of the low bits of its key's hash, and its tophash is the
//	    top byte of that, plus 5 if below 5. Where a key does not equal itself, its hash is
//	    another each time: its cell may be anywhere.
//	M3  No two live cells have equal keys.
//	M4  After a cell that is emptyRest all cells of the chain are.
//	M5  Marks of evacuation are in old buckets only, and there in all cells of a chain or none.
//	    The new buckets of a chain that is not evacuated are empty.
//	M6  All old buckets below nevacuate are evacuated, and that one is not.
//	M7  With one bucket only there is no overflow bucket. With more there is an `extra`.
//	M8  All overflow buckets are in the slabs of extra->overflow or extra->oldoverflow, which
//	    alone keep them alive where buckets are not scanned.
//	M9  noverflow is the number of overflow buckets of `buckets` that were made, if B < 16.
//	M10 The cells that are not live of a map whose buckets are scanned hold no pointers, old buckets
//	    that an iterator may see aside; and the elem of no empty cell is anything but zeros.
//	M11 WRITING is set only while a write is under way, and oldbuckets only while growing. The flags
//	    GROWING and EMPTY say whether oldbuckets is there and buckets is not, and mask is that of B.
//	    limit is 6.5 cells a bucket, at least 8, or 0 where there are too many overflow buckets.
//	M12 There is a `next` only while the map does not grow.
//
// Layer: lang.

#ifndef GOAT_MAP_H
#define GOAT_MAP_H

#include "base.h"
#include "goat/map_inline.h"
#include "knobs.h"

// Overflow buckets of one table, some at a time.
struct goat_slab {
	struct goat_slab *next;
	char *buckets;
	size_t n;
};

struct goat_overflow {
	struct goat_slab *slabs;
	char *next, *end;       // the part of the first slab that is not in use
};

// Of a map that has had more than one bucket. Go 1.23: runtime.mapextra.
struct goat_mapextra {
	struct goat_overflow *overflow, *oldoverflow;
	void *next;             // the array to grow into, which is not in use yet; NULL: none
	size_t cleared;         // how much of it is zeros and in memory, see goat_clearbuckets
	uint8_t nextB;
};

static inline size_t
goat_nbuckets(const struct goat_hmap *h)
{
	return (size_t)1 << h->B;
}

// While growing.
static inline size_t
goat_noldbuckets(const struct goat_hmap *h)
{
	return goat_nbuckets(h) >> !(h->flags & GOAT_MAP_SAME_SIZE);
}

static inline struct goat_bmap *
goat_bucketat(const struct goat_maptype *t, const void *buckets, size_t i)
{
	return (struct goat_bmap *)((char *)buckets + i * t->bucketsize);
}

static inline struct goat_bmap **
goat_overflowof(const struct goat_maptype *t, const struct goat_bmap *b)
{
	return (struct goat_bmap **)((char *)b + t->overflow);
}

// Where the key and the elem of a cell lie, or pointers to them.
static inline char *
goat_keycell(const struct goat_maptype *t, const struct goat_bmap *b, unsigned i)
{
	return (char *)b + t->keys + i * t->keysize;
}

static inline char *
goat_elemcell(const struct goat_maptype *t, const struct goat_bmap *b, unsigned i)
{
	return (char *)b + t->elems + i * t->elemsize;
}

static inline void *
goat_keyof(const struct goat_maptype *t, const struct goat_bmap *b, unsigned i)
{
	char *cell = goat_keycell(t, b, i);

	return t->flags & GOAT_MAP_INDIRECT_KEY ? *(void **)cell : cell;
}

// map.c, for map_fast.c.
// Zeros, as many as an elem is long.
const void *goat_mapzero(const struct goat_maptype *t);
// The map is nil.
_Noreturn void goat_mapnil(void);
// With GOATDEBUG=mapstack=1: remembers where the write is.
void goat_mapwhere(const struct goat_hmap *h);
// Before a write to the chain BUCKET: moves it if it is old, and another one.
void goat_mapgrowwork(const struct goat_maptype *t, struct goat_hmap *h, size_t bucket);
// One element more does not fit as it is. Whether it has begun to grow.
bool goat_mapgrow(const struct goat_maptype *t, struct goat_hmap *h);
// The first bucket of all.
void goat_mapfirst(const struct goat_maptype *t, struct goat_hmap *h);
// A new bucket at the end of the chain of B.
struct goat_bmap *goat_mapoverflow(const struct goat_maptype *t, struct goat_hmap *h,
				   struct goat_bmap *b);
// The cell I of B, in the chain BUCKET, is empty from now on.
void goat_mapempty(const struct goat_maptype *t, struct goat_hmap *h, size_t bucket,
		   struct goat_bmap *b, unsigned i);

// Throws on the first broken invariant.
void goat_mapcheck(const struct goat_maptype *t, const struct goat_hmap *h);

// hash.c
uint64_t goat_fastrand(void);
// All that is random comes from SEED from now on, in this thread. Not while there are maps.
void goat_randseed(uint64_t seed);

// malloc.c: SIZE bytes of zeros, which cost nothing before they are touched where there are many;
// NULL: there is no memory.
void *goat_mallocbuckets(size_t size, int noscan);
// As goat_mallocbuckets, but not zeros before goat_clearbuckets has said so: that clears some more
// of what it gave, in steps that take a moment each. *DONE is 0 first. Whether that was the last.
void *goat_reservebuckets(size_t size, int noscan);
bool goat_clearbuckets(void *p, size_t size, size_t *done);
// What it gave and nobody sees any more.
void goat_freebuckets(void *p, size_t size);

// Go: overLoadFactor, 13/2.
static inline bool
goat_overload(size_t count, uint8_t B)
{
	return count > GOAT_BUCKET_CELLS && count > 13 * (((size_t)1 << B) / 2);
}

static inline size_t
goat_maplimit(uint8_t B)
{
	size_t n = 13 * (((size_t)1 << B) / 2);

	return n > GOAT_BUCKET_CELLS ? n : GOAT_BUCKET_CELLS;
}

// About as many overflow buckets as buckets. Go: tooManyOverflowBuckets.
static inline bool
goat_overflown(uint16_t noverflow, uint8_t B)
{
	return noverflow >= (uint16_t)1 << (B < 15 ? B : 15);
}

#endif
