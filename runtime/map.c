// SPDX-License-Identifier: BSD-3-Clause
//
// map.c: hash maps, which grow a little at each write.
//
// The table is an array of 1 << B buckets of 8 cells. The low B bits of a key's hash choose its
// bucket, and the top 8 bits are kept in the bucket to tell its keys apart:
//
//	buckets --> | bucket 0 | bucket 1 | ... |
//	               |
//	               v
//	| 8 tophash bytes | 8 keys | 8 elems | overflow -+--> another bucket, with 8 cells more
//
// A tophash byte is a mark where it is less than 5 (goat/map_inline.h). Keys lie together and elems
// together so that, say, a map(int64_t, char) has no padding.
//
// With more than 6.5 elements a bucket the table is doubled. The new array is empty; each write
// moves ("evacuates") the old chain that it concerns and one more, each cell to one of two new
// buckets, by the next bit of its hash. The old array stays as it is otherwise, but for the marks,
// until all chains are moved. Where there are too many overflow buckets for that (most of what was
// in them has been deleted) the table grows to the same size, which packs it.
//
// An iterator walks the array that it began with, from a random bucket and in each bucket from a
// random cell. If that array is being filled it walks old chains that are not moved yet for those
// of their cells that will go to the bucket it is at. If it is an old one, cells that have moved
// are looked up in the new one, because they may have been changed or deleted there. Nothing is
// moved inside of an array, so nothing is seen twice.
//
// The buckets are zeros when they come from malloc.c, and large arrays are so without anybody's
// clearing them: a page is cleared when it is first touched. No single write is slow, then. An old
// array that is large and that no iterator walks is freed at once, without waiting for a
// collection. An array to grow into is cleared a huge page at a write, before anything moves; so
// long chains become a little longer. Overflow buckets come in slabs, which a list keeps alive:
// where keys and elems have no pointers the collector looks into no bucket.
//
// Invariants: M1 to M12, map.h; goat_mapcheck checks them.
//
// Tried, with a million int64_t keys and elems (tests/bench/map.c), ns an operation on a machine
// that others used as well, so that differences of a tenth say nothing:
// - Fetching the other lines of the bucket at once, which 86 instructions a hit had gained from: with 49 hits are
//   16 to 18 either way, and misses 13.4 with both lines, 12.3 without, as the processor waits for 16 lines
//   at a time. Stores and deletions fetch them.
// - Going to an overflow bucket, or else to an empty one, without a branch, and comparing a key in any case: no
//   branch is guessed wrong then, but 75 instructions: misses 22, and 6.2 in the cache instead of 3.8. Reading
//   the overflow pointer of a full bucket without a branch: 12.4 and not 12.0.
// - Without huge pages: insertions 108 to 175, not 87 to 120; hits 44 to 67, not 42 to 46.
// - Fetching the chain that is to be moved after the next one: insertions 1 to 3 less, of 68.
// - Storing tophash bytes as words in all maps: four insertions 26, not 39, but 25 to 36 with a hint.
// - A hash of one multiplication to 128 bits, its halves folded: for keys in steps of a power of
//   two some seeds give chains of 13 buckets. With h ^= h >> 32 after it only every other bit is
//   mended; two multiplications to 64 bits fail for keys that differ in the top 16 bits.
//
// Where the time goes: what waits for memory is in flight as long as the processor holds the
// instructions that follow, some 512. So what is inline at the site (goat/map_inline.h) gains most
// where nothing is in the cache, by being short. Instructions an operation, as callgrind counts them,
// by the runtime's function and inline: hit 86, 49; miss 89, 49; storing with a hint 183, 85; deleting 135, 85;
// the step of an iteration 71, 46, with 0.26 and 0.10 mispredicted branches. One bucket in twenty-five is full, so
// that a miss calls the runtime, which no branch can foresee.
//
// The slowest write of a million clears a huge page: 0.45 to 0.55 ms, all of it clear_page_erms of the kernel in a
// perf profile; 5.5 ms where that is the first use of the memory in a virtual machine (malloc.c).
//
// Go:    as runtime/map.go up to 1.23. Overflow buckets are not allocated beforehand behind the array
//        but in slabs when they are needed. An allocation that fails while growing is no error: the
//        chains become longer. Cells that are looked at are found by words of 8 tophash bytes.
// Layer: lang.

#include "map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "error.h"
#include "runtime2.h"
#include "type.h"

enum {
	SLAB_BYTES = 16 << 10,
	LARGE = 64 << 10,       // arrays of so many bytes are freed by hand
	NO_CHECK = -1,
	GROUP = 8,              // chains that an iterator looks at together
	// Offsets in a bucket of keys and elems of one word.
	KEYS = GOAT_BUCKET_CELLS,
	ELEMS = KEYS + 8 * GOAT_BUCKET_CELLS,
};

static bool
growing(const struct goat_hmap *h)
{
	return h->oldbuckets != NULL;
}

static inline bool
is_live(uint8_t top)
{
	return top >= GOAT_MIN_TOPHASH;
}

static bool
noscan(const struct goat_maptype *t)
{
	return t->flags & GOAT_MAP_NOSCAN;
}

static uint64_t
hash_of(const struct goat_maptype *t, const struct goat_hmap *h, const void *k)
{
	return t->hasher(t->key, k, h->hash0);
}

static inline bool
is_itself(const struct goat_maptype *t, const void *k)
{
	return t->flags & GOAT_MAP_REFLEXIVE_KEY || t->equal(t->key, k, k);
}

// ---------------------------------------------------------------- misuse

void
goat_mapnil(void)
{
	goat_panicplain("assignment to entry in nil map");
}

// Pages that nobody writes to are all the same one, and only addresses are used up: for each power
// of two once.
static const void *
many_zeros(size_t size)
{
	static void *pages[64];
	int bits = 64 - __builtin_clzll(size);
	size_t length = (size_t)1 << bits;
	void *known = __atomic_load_n(&pages[bits], __ATOMIC_ACQUIRE), *p;

	if (known != NULL)
		return known;
	p = mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		goat_fatal("runtime: out of memory");
	if (__atomic_compare_exchange_n(&pages[bits], &known, p, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return p;
	munmap(p, length);              // another thread was quicker
	return known;
}

const char goat_zeros[1024] __attribute__((aligned(64)));

const void *
goat_mapzero(const struct goat_maptype *t)
{
	if (__builtin_expect(t->elem->size <= sizeof goat_zeros && t->elem->align <= 64, 1))
		return goat_zeros;
	return many_zeros(t->elem->size);
}

// ---------------------------------------------------------------- memory

static void *
bucket_memory(const struct goat_maptype *t, size_t n, void *(*get)(size_t size, int noscan))
{
	size_t size;

	if (__builtin_mul_overflow(n, t->bucketsize, &size) || size > PTRDIFF_MAX)
		return NULL;
	return get(size, noscan(t));
}

// Zeros, or NULL. Of one bucket too.
static void *
new_buckets(const struct goat_maptype *t, size_t n)
{
	return bucket_memory(t, n, goat_mallocbuckets);
}

static void *
or_die(void *p)
{
	if (__builtin_expect(p == NULL, 0))
		goat_fatal("runtime: out of memory");
	return p;
}

static struct goat_overflow *
new_overflow_list(void)
{
	return goat_mallocbuckets(sizeof(struct goat_overflow), false);
}

// The list of slabs is another one for each array, as iterators keep it.
static struct goat_mapextra *
new_extra(void)
{
	struct goat_mapextra *x = goat_mallocbuckets(sizeof *x, false);

	if (x != NULL && (x->overflow = new_overflow_list()) == NULL)
		return NULL;
	return x;
}

void
goat_mapfirst(const struct goat_maptype *t, struct goat_hmap *h)
{
	h->buckets = or_die(new_buckets(t, goat_nbuckets(h)));
	__atomic_store_n(&h->flags, h->flags & ~GOAT_MAP_EMPTY, __ATOMIC_RELAXED);
}

// So that N more overflow buckets of an array of ARRAY can be made without an allocation.
static void
reserve(const struct goat_maptype *t, struct goat_overflow *o, size_t array, size_t n)
{
	size_t most = SLAB_BYTES / t->bucketsize, least = array / 16;
	struct goat_slab *slab;

	if (__builtin_expect((size_t)(o->end - o->next) >= n * t->bucketsize, 1))
		return;
	slab = or_die(goat_mallocbuckets(sizeof *slab, false));
	slab->n = least < most ? least : most;
	if (slab->n < n)
		slab->n = n;
	slab->buckets = or_die(new_buckets(t, slab->n));
	slab->next = o->slabs;
	o->slabs = slab;
	o->next = slab->buckets;
	o->end = o->next + slab->n * t->bucketsize;
}

// With B >= 16 an estimate that fits 16 bits: each is counted with probability 1 / (1 << (B - 15)).
static void
incr_noverflow(struct goat_hmap *h)
{
	if (h->B < 16 || (goat_fastrand() & (((uint64_t)1 << (h->B - 15)) - 1)) == 0)
		h->noverflow++;
}

struct goat_bmap *
goat_mapoverflow(const struct goat_maptype *t, struct goat_hmap *h, struct goat_bmap *b)
{
	struct goat_overflow *o;
	struct goat_bmap *made;

	o = h->extra->overflow;
	reserve(t, o, goat_nbuckets(h), 1);
	made = (struct goat_bmap *)o->next;
	o->next += t->bucketsize;
	incr_noverflow(h);
	if (goat_overflown(h->noverflow, h->B))
		h->limit = 0;
	return *goat_overflowof(t, b) = made;
}

// Of an array that nobody sees any more.
static void
free_array(const struct goat_maptype *t, void *buckets, size_t n, struct goat_overflow *o)
{
	if (n * t->bucketsize < LARGE)
		return;
	for (struct goat_slab *s = o->slabs; s != NULL; s = s->next)
		goat_freebuckets(s->buckets, s->n * t->bucketsize);
	goat_freebuckets(buckets, n * t->bucketsize);
}

// ---------------------------------------------------------------- making one

static void
set_B(struct goat_hmap *h, uint8_t B)
{
	h->B = B;
	h->mask = goat_nbuckets(h) - 1;
	h->limit = goat_maplimit(B);
	__atomic_store_n(&h->flags, (h->flags & ~GOAT_MAP_SMALL) | (B == 0 ? GOAT_MAP_SMALL : 0),
			 __ATOMIC_RELAXED);
}

static uint8_t
B_for(size_t count)
{
	uint8_t B = 0;

	while (goat_overload(count, B))
		B++;
	return B;
}

void *
goat_makemap(void *type, size_t hint, void *place, void *bucket)
{
	const struct goat_maptype *t = type;
	struct goat_hmap *h = place;
	size_t size;

	if (h == NULL)
		h = goat_mallocgc(sizeof *h, _Alignof(struct goat_hmap), false);
	// Go: what cannot be is no hint.
	if (__builtin_mul_overflow(hint, t->bucketsize / GOAT_BUCKET_CELLS, &size) ||
	    size > (size_t)1 << 47)
		hint = 0;
	*h = (struct goat_hmap){ .hash0 = (uint32_t)(goat_fastrand() >> 32), .flags = GOAT_MAP_EMPTY };
	if (__builtin_expect(goat_knob_mapstack, 0))
		h->flags |= GOAT_MAP_WATCHED;
	set_B(h, B_for(hint));
	if (h->B != 0) {
		h->extra = or_die(new_extra());
		goat_mapfirst(t, h);
	} else if (bucket != NULL) {
		h->buckets = memset(bucket, 0, t->bucketsize);
		h->flags &= ~GOAT_MAP_EMPTY;
	}
	return h;
}

// ---------------------------------------------------------------- growing

static void
drop_next(const struct goat_maptype *t, struct goat_mapextra *x)
{
	if (x->next == NULL)
		return;
	if ((size_t)t->bucketsize << x->nextB >= LARGE)
		goat_freebuckets(x->next, (size_t)t->bucketsize << x->nextB);
	x->next = NULL;
}

// An array of 1 << B buckets, of zeros that are in memory, or NULL: there will be one after some
// more calls, as each clears a huge page only; or there is no memory.
static void *
next_array(const struct goat_maptype *t, struct goat_mapextra *x, uint8_t B)
{
	void *p;

	if (x->nextB != B)
		drop_next(t, x);
	if (x->next == NULL) {
		x->next = bucket_memory(t, (size_t)1 << B, goat_reservebuckets);
		x->nextB = B;
		x->cleared = 0;
	}
	if (x->next == NULL || !goat_clearbuckets(x->next, (size_t)t->bucketsize << B, &x->cleared))
		return NULL;
	p = x->next;
	x->next = NULL;
	return p;
}

bool
goat_mapgrow(const struct goat_maptype *t, struct goat_hmap *h)
{
	bool bigger = goat_overload(h->count + 1, h->B);
	uint8_t B = (uint8_t)(h->B + bigger);
	struct goat_overflow *list;
	struct goat_mapextra *x = h->extra != NULL ? h->extra : new_extra();
	void *buckets;
	uint8_t flags;

	if (x != NULL)
		h->extra = x;
	if (x == NULL || (buckets = next_array(t, x, B)) == NULL ||
	    (list = new_overflow_list()) == NULL) {
		if (h->B == 0)
			or_die(NULL);           // M7: a chain cannot become longer instead
		return false;
	}
	flags = h->flags & ~(GOAT_MAP_ITERATOR | GOAT_MAP_OLD_ITERATOR);
	if (h->flags & GOAT_MAP_ITERATOR)
		flags |= GOAT_MAP_OLD_ITERATOR;
	if (!bigger)
		flags |= GOAT_MAP_SAME_SIZE;
	flags |= GOAT_MAP_GROWING;
	flags &= ~GOAT_MAP_SMALL;
	x->oldoverflow = x->overflow;
	x->overflow = list;
	h->oldbuckets = h->buckets;
	h->buckets = buckets;
	set_B(h, B);
	h->nevacuate = 0;
	h->noverflow = 0;
	__atomic_store_n(&h->flags, flags, __ATOMIC_RELAXED);
	return true;
}

static void
finish_growing(const struct goat_maptype *t, struct goat_hmap *h)
{
	struct goat_overflow *old = h->extra->oldoverflow;
	void *buckets = h->oldbuckets;

	h->oldbuckets = NULL;
	h->extra->oldoverflow = NULL;
	if (!(h->flags & GOAT_MAP_OLD_ITERATOR))
		free_array(t, buckets, goat_noldbuckets(h), old);
	__atomic_store_n(&h->flags, h->flags & ~(GOAT_MAP_SAME_SIZE | GOAT_MAP_GROWING),
			 __ATOMIC_RELAXED);
}

// M6. Chains that writes concerned have been moved already; only so many are looked at, though.
static void
advance(const struct goat_maptype *t, struct goat_hmap *h)
{
	size_t n = goat_noldbuckets(h);

	h->nevacuate++;
	while (h->nevacuate != n &&
	       goat_mapevacuated_(goat_bucketat(t, h->oldbuckets, h->nevacuate)))
		h->nevacuate++;
	if (h->nevacuate == n)
		finish_growing(t, h);
}

// Where cells go to.
struct target {
	struct goat_bmap *b;
	unsigned i;             // the next free cell
};

GOAT_INLINE_ void
copy_cell(void *to, const void *from, size_t size)
{
	switch (size) {
	case 4:
		memcpy(to, from, 4);
		break;
	case 8:
		memcpy(to, from, 8);
		break;
	case 16:
		memcpy(to, from, 16);
		break;
	default:
		memcpy(to, from, size);
	}
}

GOAT_INLINE_ void
put(const struct goat_maptype *t, struct goat_hmap *h, struct target *to, uint8_t top,
    const struct goat_bmap *b, unsigned i)
{
	if (__builtin_expect(to->i == GOAT_BUCKET_CELLS, 0)) {
		to->b = goat_mapoverflow(t, h, to->b);
		to->i = 0;
	}
	to->b->tophash[to->i] = top;
	copy_cell(goat_keycell(t, to->b, to->i), goat_keycell(t, b, i), t->keysize);
	copy_cell(goat_elemcell(t, to->b, to->i), goat_elemcell(t, b, i), t->elemsize);
	to->i++;
}

GOAT_INLINE_ void
clear_cell(void *p, size_t size)
{
	if (size == 8)
		memset(p, 0, 8);
	else if (size == 16)
		memset(p, 0, 16);
	else
		memset(p, 0, size);
}

// The new bucket (0 or 1) of a cell, and its tophash there.
GOAT_INLINE_ bool
choose(const struct goat_maptype *t, const struct goat_hmap *h, const void *k, size_t newbit,
       uint8_t *top)
{
	uint64_t hash = hash_of(t, h, k);

	// The hash of a key that does not equal itself is another one each time. But an iterator
	// must know where it goes; so one bit that stays decides, and next time it is a new one.
	if (__builtin_expect(h->flags & GOAT_MAP_ITERATOR && !is_itself(t, k), 0)) {
		bool y = *top & 1;

		*top = goat_tophash_(hash);
		return y;
	}
	if (__builtin_expect(!is_itself(t, k), 0))
		*top = goat_tophash_(hash);
	return (hash & newbit) != 0;
}

// Whether keys and elems are one word each, and keys are hashed as that.
static bool
is_of_words(const struct goat_maptype *t)
{
	return t->hasher == goat_memhash64 && t->keys == KEYS && t->elems == ELEMS &&
	       t->elemsize == 8;
}

// The same for these: all marks of a bucket are stored at once, and nothing branches on a hash.
static void
move_words(const struct goat_maptype *t, struct goat_hmap *h, size_t bucket, struct goat_bmap *b)
{
	size_t n = goat_noldbuckets(h);
	struct goat_bmap *to[2] = { goat_bucketat(t, h->buckets, bucket),
				    goat_bucketat(t, h->buckets, bucket + n) };
	uint64_t used = 0;      // cells of both, 32 bits each

	for (; b != NULL; b = *goat_overflowof(t, b)) {
		uint64_t tops = goat_load64_(b), marks = GOAT_EVACUATED_EMPTY * GOAT_ONES_;

		for (unsigned i = 0; i < GOAT_BUCKET_CELLS; i++) {
			uint8_t top = (uint8_t)(tops >> 8 * i);
			uint64_t key, y;
			unsigned at;

			if (!is_live(top))
				continue;
			key = goat_load64_((char *)b + KEYS + 8 * i);
			y = (goat_hash64_(key, h->hash0) & n) != 0;
			marks ^= (GOAT_EVACUATED_EMPTY ^ (GOAT_EVACUATED_X + y)) << 8 * i;
			at = (unsigned)(used >> 32 * y) & 15;
			if (__builtin_expect(at == GOAT_BUCKET_CELLS, 0)) {
				to[y] = goat_mapoverflow(t, h, to[y]);
				used &= ~(UINT64_C(15) << 32 * y);
				at = 0;
			}
			used += UINT64_C(1) << 32 * y;
			to[y]->tophash[at] = top;
			memcpy((char *)to[y] + KEYS + 8 * at, &key, 8);
			memcpy((char *)to[y] + ELEMS + 8 * at, (char *)b + ELEMS + 8 * i, 8);
		}
		memcpy(b->tophash, &marks, 8);
	}
}

static void
move_cells(const struct goat_maptype *t, struct goat_hmap *h, size_t bucket, struct goat_bmap *b)
{
	bool same = h->flags & GOAT_MAP_SAME_SIZE;
	size_t n = goat_noldbuckets(h);
	struct target to[2] = { { goat_bucketat(t, h->buckets, bucket), 0 } };

	if (!same)
		to[1].b = goat_bucketat(t, h->buckets, bucket + n);
	for (; b != NULL; b = *goat_overflowof(t, b)) {
		for (unsigned i = 0; i < GOAT_BUCKET_CELLS; i++) {
			uint8_t top = b->tophash[i];
			bool y = false;

			if (!is_live(top)) {
				b->tophash[i] = GOAT_EVACUATED_EMPTY;
				continue;
			}
			if (!same)
				y = choose(t, h, goat_keyof(t, b, i), n, &top);
			b->tophash[i] = (uint8_t)(GOAT_EVACUATED_X + y);
			put(t, h, &to[y], top, b, i);
		}
	}
}

// M10. Not what an iterator may still look at.
static void
forget_cells(const struct goat_maptype *t, struct goat_bmap *b)
{
	for (struct goat_bmap *next; b != NULL; b = next) {
		next = *goat_overflowof(t, b);
		memset(b + 1, 0, t->bucketsize - sizeof *b);
	}
}

static void
evacuate(const struct goat_maptype *t, struct goat_hmap *h, size_t bucket)
{
	struct goat_bmap *b = goat_bucketat(t, h->oldbuckets, bucket);

	if (!goat_mapevacuated_(b)) {
		size_t more = 0;

		for (struct goat_bmap *c = *goat_overflowof(t, b); c != NULL; c = *goat_overflowof(t, c))
			more++;
		if (more != 0)
			reserve(t, h->extra->overflow, goat_nbuckets(h), more);
		if (is_of_words(t) && !(h->flags & GOAT_MAP_SAME_SIZE))
			move_words(t, h, bucket, b);
		else
			move_cells(t, h, bucket, b);
		if (!noscan(t) && !(h->flags & GOAT_MAP_OLD_ITERATOR))
			forget_cells(t, b);
	}
	if (bucket == h->nevacuate)
		advance(t, h);
}

static void
prefetch_bucket(const struct goat_maptype *t, const void *buckets, size_t i)
{
	const char *b = (const char *)goat_bucketat(t, buckets, i);

	__builtin_prefetch(b);
	goat_mapprefetch_(b);
}

// The chain that is next in order first: that of the write comes from anywhere in memory, and what
// moving it needs is fetched meanwhile.
void
goat_mapgrowwork(const struct goat_maptype *t, struct goat_hmap *h, size_t bucket)
{
	size_t n = goat_noldbuckets(h);

	bucket &= n - 1;
	prefetch_bucket(t, h->oldbuckets, bucket);
	prefetch_bucket(t, h->buckets, bucket);
	prefetch_bucket(t, h->buckets, bucket + n);
	evacuate(t, h, h->nevacuate);
	if (growing(h))
		evacuate(t, h, bucket);
}

// ---------------------------------------------------------------- deleting

// M4: the cell before the one at *B, *I in its chain; false: there is none.
static bool
step_back(const struct goat_maptype *t, struct goat_bmap *first, struct goat_bmap **b, unsigned *i)
{
	struct goat_bmap *c = first;

	if (*i > 0) {
		--*i;
		return true;
	}
	if (*b == first)
		return false;
	while (*goat_overflowof(t, c) != *b)
		c = *goat_overflowof(t, c);
	*b = c;
	*i = GOAT_BUCKET_CELLS - 1;
	return true;
}

static bool
nothing_after(const struct goat_maptype *t, const struct goat_bmap *b, unsigned i)
{
	const struct goat_bmap *next;

	if (i < GOAT_BUCKET_CELLS - 1)
		return b->tophash[i + 1] == GOAT_EMPTY_REST;
	next = *goat_overflowof(t, b);
	return next == NULL || next->tophash[0] == GOAT_EMPTY_REST;
}

void
goat_mapempty(const struct goat_maptype *t, struct goat_hmap *h, size_t bucket,
	      struct goat_bmap *b, unsigned i)
{
	if (!noscan(t))
		clear_cell(goat_keycell(t, b, i), t->keysize);
	clear_cell(goat_elemcell(t, b, i), t->elemsize);
	b->tophash[i] = GOAT_EMPTY_ONE;
	if (nothing_after(t, b, i)) {
		struct goat_bmap *first = goat_bucketat(t, h->buckets, bucket);

		do
			b->tophash[i] = GOAT_EMPTY_REST;
		while (step_back(t, first, &b, &i) && b->tophash[i] == GOAT_EMPTY_ONE);
	}
	// An empty map may have another seed: who has learned of collisions starts anew.
	if (--h->count == 0)
		h->hash0 = (uint32_t)(goat_fastrand() >> 32);
}

// ---------------------------------------------------------------- clearing, shrinking

static void
begin(struct goat_hmap *h)
{
	if (__atomic_load_n(&h->flags, __ATOMIC_RELAXED) & GOAT_MAP_WRITING)
		goat_mapconflict(h, "writes");
	__atomic_fetch_or(&h->flags, GOAT_MAP_WRITING, __ATOMIC_RELAXED);
	if (h->flags & GOAT_MAP_WATCHED)
		goat_mapwhere(h);
}

static void
end(struct goat_hmap *h)
{
	if (!(__atomic_load_n(&h->flags, __ATOMIC_RELAXED) & GOAT_MAP_WRITING))
		goat_mapconflict(h, "writes");
	__atomic_fetch_and(&h->flags, (uint8_t)~GOAT_MAP_WRITING, __ATOMIC_RELAXED);
}

// Iterators that are in these buckets find nothing more.
static void
wipe_chains(const struct goat_maptype *t, void *buckets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct goat_bmap *b = goat_bucketat(t, buckets, i), *next;

		for (; b != NULL; b = next) {
			next = *goat_overflowof(t, b);
			memset(b, 0, t->bucketsize);
		}
	}
}

void
goat_mapclear(void *type, void *map)
{
	const struct goat_maptype *t = type;
	struct goat_hmap *h = map;

	if (h == NULL || h->count == 0)
		return;
	begin(h);
	if (growing(h)) {
		if (h->flags & GOAT_MAP_OLD_ITERATOR)
			wipe_chains(t, h->oldbuckets, goat_noldbuckets(h));
		h->flags &= ~(GOAT_MAP_SAME_SIZE | GOAT_MAP_GROWING);
		h->oldbuckets = NULL;
		h->extra->oldoverflow = NULL;
	}
	if (h->noverflow != 0 || h->B >= 16)
		wipe_chains(t, h->buckets, goat_nbuckets(h));
	else
		memset(h->buckets, 0, goat_nbuckets(h) * t->bucketsize);
	if (h->extra != NULL) {
		*h->extra->overflow = (struct goat_overflow){ NULL, NULL, NULL };
		drop_next(t, h->extra);
	}
	h->count = 0;
	h->noverflow = 0;
	h->nevacuate = 0;
	h->limit = goat_maplimit(h->B);
	h->hash0 = (uint32_t)(goat_fastrand() >> 32);
	end(h);
}

static void
grow_to_the_end(const struct goat_maptype *t, struct goat_hmap *h)
{
	while (growing(h))
		evacuate(t, h, h->nevacuate);
}

static size_t
live_cells(const struct goat_maptype *t, const struct goat_bmap *b)
{
	size_t n = 0;

	for (; b != NULL; b = *goat_overflowof(t, b))
		for (unsigned i = 0; i < GOAT_BUCKET_CELLS; i++)
			n += is_live(b->tophash[i]);
	return n;
}

// How many overflow buckets there are with N of the OLD buckets only.
static size_t
overflow_with(const struct goat_maptype *t, const void *old, size_t nold, size_t n)
{
	size_t more = 0;

	for (size_t to = 0; to < n; to++) {
		size_t cells = 0;

		for (size_t i = to; i < nold; i += n)
			cells += live_cells(t, goat_bucketat(t, old, i));
		more += cells > 0 ? (cells - 1) / GOAT_BUCKET_CELLS : 0;
	}
	return more;
}

static void
repack(const struct goat_maptype *t, struct goat_hmap *h, struct goat_bmap *b, struct target *to)
{
	for (; b != NULL; b = *goat_overflowof(t, b)) {
		for (unsigned i = 0; i < GOAT_BUCKET_CELLS; i++) {
			uint8_t top = b->tophash[i];

			b->tophash[i] = is_live(top) ? GOAT_EVACUATED_X : GOAT_EVACUATED_EMPTY;
			if (is_live(top))
				put(t, h, to, top, b, i);
		}
	}
}

// Into 1 << B buckets, no more than there are: a chain goes where its number's low bits say, so
// nothing is hashed. Iterators look their cells up in the new array, as after growing.
static void
rebuild(const struct goat_maptype *t, struct goat_hmap *h, uint8_t B)
{
	struct goat_overflow *list = new_overflow_list(), *old_list = h->extra->overflow;
	size_t n = (size_t)1 << B, nold = goat_nbuckets(h);
	void *buckets = new_buckets(t, n), *old = h->buckets;

	if (list == NULL || buckets == NULL)
		return;
	reserve(t, list, n, overflow_with(t, old, nold, n));
	h->extra->overflow = list;
	h->buckets = buckets;
	set_B(h, B);
	h->noverflow = 0;
	for (size_t i = 0; i < n; i++) {
		struct target to = { goat_bucketat(t, buckets, i), 0 };

		for (size_t from = i; from < nold; from += n)
			repack(t, h, goat_bucketat(t, old, from), &to);
	}
	if (!(h->flags & (GOAT_MAP_ITERATOR | GOAT_MAP_OLD_ITERATOR)))
		free_array(t, old, nold, old_list);
	h->flags &= ~(GOAT_MAP_ITERATOR | GOAT_MAP_OLD_ITERATOR);
}

void
goat_mapshrink(void *type, void *map)
{
	const struct goat_maptype *t = type;
	struct goat_hmap *h = map;
	uint8_t B;

	if (h == NULL || h->buckets == NULL || (h->B == 0 && !growing(h)))
		return;
	begin(h);
	grow_to_the_end(t, h);
	drop_next(t, h->extra);
	B = B_for(h->count);
	if (B < h->B || h->noverflow != 0)
		rebuild(t, h, B < h->B ? B : h->B);     // more where growing has failed
	end(h);
}

// ---------------------------------------------------------------- iterating

void
goat_mapiterinit(void *type, void *map, void *iter)
{
	const struct goat_maptype *t = type;
	struct goat_hmap *h = map;
	struct goat_hiter *it = iter;
	const uint8_t both = GOAT_MAP_ITERATOR | GOAT_MAP_OLD_ITERATOR;
	uint64_t r;

	*it = (struct goat_hiter){ .t = t, .h = h };
	if (h == NULL || h->count == 0)
		return;
	it->B = h->B;
	it->buckets = h->buckets;
	if (h->extra != NULL) {
		it->overflow = h->extra->overflow;
		it->oldoverflow = h->extra->oldoverflow;
	}
	r = goat_fastrand();
	it->startbucket = it->bucket = r & (goat_nbuckets(h) - 1);
	it->offset = r >> 61;
	it->checkbucket = (size_t)NO_CHECK;
	// Others may iterate too.
	if ((__atomic_load_n(&h->flags, __ATOMIC_RELAXED) & both) != both)
		__atomic_fetch_or(&h->flags, both, __ATOMIC_RELAXED);
	goat_mapiternext(it);
}

// One bit for each cell that has, or had, an element: from cell OFFSET on.
GOAT_INLINE_ uint8_t
cells_to_do(const struct goat_bmap *b, unsigned offset)
{
	uint64_t word = goat_load64_(b), low = word & ~GOAT_TOPS_;
	// Bytes of 2 and more. Little-endian: byte i is cell i.
	uint64_t full = ((low + 2 * (GOAT_TOPS_ / 128 * 63)) | word) & GOAT_TOPS_;
	unsigned bits = (unsigned)((full >> 7) * UINT64_C(0x0102040810204080) >> 56);

	return (uint8_t)(bits >> offset | bits << (GOAT_BUCKET_CELLS - offset));
}

// N chains from group on, in one word: that a bucket ends is harder to foresee the more often it does.
static void
begin_chains(struct goat_hiter *it, size_t n)
{
	it->bptr = it->group;
	it->todo = 0;
	it->more = 0;
	for (size_t j = 0; j < n; j++) {
		const struct goat_bmap *b = goat_bucketat(it->t, it->group, j);

		it->todo |= (uint64_t)cells_to_do(b, it->offset) << 8 * j;
		it->more |= (uint8_t)((goat_zerobytes_(goat_load64_(b)) == 0) << j);
	}
}

// The bucket where a chain of the group goes on, or NULL.
static struct goat_bmap *
next_overflow(struct goat_hiter *it)
{
	struct goat_bmap *b = it->bptr != it->group ? *goat_overflowof(it->t, it->bptr) : NULL;

	while (b == NULL && it->more != 0) {
		unsigned j = (unsigned)__builtin_ctz(it->more);

		b = *goat_overflowof(it->t, goat_bucketat(it->t, it->group, j));
		it->more &= (uint8_t)(it->more - 1);
	}
	return b;
}

// Goes to the next chains. False: there are none.
static bool
next_chains(struct goat_hiter *it)
{
	const struct goat_maptype *t = it->t;
	const struct goat_hmap *h = it->h;
	size_t end = it->wrapped ? it->startbucket : (size_t)1 << it->B, n = end - it->bucket;

	if (n == 0)
		return false;
	if (n > GROUP)
		n = GROUP;
	it->group = goat_bucketat(t, it->buckets, it->bucket);
	it->checkbucket = (size_t)NO_CHECK;
	if (growing(h) && it->buckets == h->buckets) {
		struct goat_bmap *old = goat_bucketat(t, h->oldbuckets,
						      it->bucket & (goat_noldbuckets(h) - 1));

		n = 1;
		if (!goat_mapevacuated_(old)) {
			it->group = old;
			if (!(h->flags & GOAT_MAP_SAME_SIZE))
				it->checkbucket = it->bucket;
		}
	}
	begin_chains(it, n);
	it->bucket += n;
	if (it->bucket == (size_t)1 << it->B && !it->wrapped) {
		it->bucket = 0;
		it->wrapped = true;
	}
	return true;
}

// Whether a cell of an old chain will go to the bucket that the iterator is at.
static bool
will_go(const struct goat_hiter *it, const void *k, uint8_t top)
{
	if (is_itself(it->t, k))
		return (hash_of(it->t, it->h, k) & (((size_t)1 << it->B) - 1)) == it->checkbucket;
	return it->checkbucket >> (it->B - 1) == (top & 1);
}

// The cell of K, which has moved.
static bool
moved(struct goat_hiter *it, const void *k)
{
	const struct goat_maptype *t = it->t;
	struct goat_mapkey_ key = { .p = k };
	const char *b;
	int i;

	if (it->h->count == 0 || (i = goat_mapcell_(t, it->h, GOAT_KEY_ANY, key, &b)) < 0)
		return false;
	it->key = goat_keyof(t, (const struct goat_bmap *)b, (unsigned)i);
	it->elem = goat_mapelem_(t, b, (unsigned)i);
	return true;
}

// The cell I of B is the next one, if it still is there and is the iterator's.
static __attribute__((noinline)) bool
take_other(struct goat_hiter *it, struct goat_bmap *b, unsigned i)
{
	const struct goat_maptype *t = it->t;
	uint8_t top = b->tophash[i];
	void *k;

	if (top < GOAT_EVACUATED_X || top == GOAT_EVACUATED_EMPTY)
		return false;
	k = goat_keyof(t, b, i);
	if (__builtin_expect(it->checkbucket != (size_t)NO_CHECK, 0) && !will_go(it, k, top))
		return false;
	if (__builtin_expect(!is_live(top), 0) && is_itself(t, k))
		return moved(it, k);
	it->key = k;
	it->elem = goat_mapelem_(t, (const char *)b, i);
	return true;
}

// The same; most cells are live, in an array that is not being filled, and hold what they hold.
GOAT_INLINE_ bool
take(struct goat_hiter *it, unsigned bit)
{
	const struct goat_maptype *t = it->t;
	struct goat_bmap *b = goat_bucketat(t, it->bptr, bit / GOAT_BUCKET_CELLS);
	unsigned i = (bit + it->offset) % GOAT_BUCKET_CELLS;

	if (__builtin_expect(b->tophash[i] < GOAT_MIN_TOPHASH || it->checkbucket != (size_t)NO_CHECK ||
			     t->flags & (GOAT_MAP_INDIRECT_KEY | GOAT_MAP_INDIRECT_ELEM), 0))
		return take_other(it, b, i);
	it->key = goat_keycell(t, b, i);
	it->elem = goat_elemcell(t, b, i);
	return true;
}

void
goat_mapiternext(void *iter)
{
	struct goat_hiter *it = iter;
	struct goat_bmap *b;

	if (__builtin_expect(__atomic_load_n(&it->h->flags, __ATOMIC_RELAXED) & GOAT_MAP_WRITING, 0))
		goat_mapconflict(it->h, "iteration and map write");
	for (;;) {
		while (it->todo != 0) {
			unsigned bit = (unsigned)__builtin_ctzll(it->todo);

			it->todo &= it->todo - 1;
			if (take(it, bit))
				return;
		}
		b = next_overflow(it);
		if (b != NULL) {
			it->bptr = b;
			it->todo = cells_to_do(b, it->offset);
		} else if (!next_chains(it)) {
			it->key = it->elem = NULL;
			return;
		}
	}
}

// ---------------------------------------------------------------- looking at it

static size_t
slab_bytes(const struct goat_maptype *t, const struct goat_overflow *o)
{
	size_t bytes = 0;

	if (o == NULL)
		return 0;
	for (const struct goat_slab *s = o->slabs; s != NULL; s = s->next)
		bytes += sizeof *s + s->n * t->bucketsize;
	return bytes + sizeof *o;
}

static void
count_chain(const struct goat_maptype *t, const struct goat_bmap *b, goat_mapstats *s)
{
	size_t n = 0;

	for (; b != NULL; b = *goat_overflowof(t, b))
		n++;
	s->overflow += n - 1;
	if (n > s->longest)
		s->longest = n;
}

void
goat_map_stats(void *type, void *map, void *stats)
{
	const struct goat_maptype *t = type;
	const struct goat_hmap *h = map;
	goat_mapstats *s = stats;

	*s = (goat_mapstats){ 0 };
	if (h == NULL)
		return;
	s->count = h->count;
	s->bytes = sizeof *h;
	if (t->flags & GOAT_MAP_INDIRECT_KEY)
		s->bytes += h->count * t->key->size;
	if (t->flags & GOAT_MAP_INDIRECT_ELEM)
		s->bytes += h->count * t->elem->size;
	if (h->buckets == NULL)
		return;
	s->buckets = goat_nbuckets(h);
	s->load = (double)h->count / (double)s->buckets;
	s->growing = growing(h);
	s->bytes += s->buckets * t->bucketsize;
	for (size_t i = 0; i < s->buckets; i++)
		count_chain(t, goat_bucketat(t, h->buckets, i), s);
	if (growing(h)) {
		s->bytes += goat_noldbuckets(h) * t->bucketsize;
		for (size_t i = 0; i < goat_noldbuckets(h); i++)
			count_chain(t, goat_bucketat(t, h->oldbuckets, i), s);
	}
	if (h->extra != NULL && h->extra->next != NULL)
		s->bytes += (size_t)t->bucketsize << h->extra->nextB;
	if (h->extra != NULL)
		s->bytes += sizeof *h->extra + slab_bytes(t, h->extra->overflow) +
			    slab_bytes(t, h->extra->oldoverflow);
}
