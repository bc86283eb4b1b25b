// SPDX-License-Identifier: BSD-3-Clause
//
// map_check.c: whether the invariants of maps hold.
//
// goat_mapcheck is what tests call after each step. It finds keys of one chain that are equal by
// comparing each two of them, as chains are short.
//
// Go:    has no checker.
// Layer: lang.

#include "map.h"

#include <stdio.h>
#include <string.h>

// ---------------------------------------------------------------- invariants

static _Noreturn void
broken(const char *which)
{
	static char text[80];

	snprintf(text, sizeof text, "goat_mapcheck: %s does not hold", which);
	goat_fatal(text);
}

#define HOLDS(which, condition) ((condition) ? (void)0 : broken(which))

struct chain {
	const struct goat_maptype *t;
	const struct goat_hmap *h;
	const void *buckets;
	size_t n, i;            // how many there are, and which of them it is
	bool old;
};

static bool
is_mark(uint8_t top)
{
	return top > GOAT_EMPTY_ONE && top < GOAT_MIN_TOPHASH;
}

static bool
all_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static void
check_unique(const struct chain *c, const struct goat_bmap *b, unsigned i)
{
	const void *k = goat_keyof(c->t, b, i);

	for (unsigned j = i + 1; b != NULL; b = *goat_overflowof(c->t, b), j = 0)
		for (; j < GOAT_BUCKET_CELLS; j++)
			if (b->tophash[j] >= GOAT_MIN_TOPHASH)
				HOLDS("M3", !c->t->equal(c->t->key, k, goat_keyof(c->t, b, j)));
}

static void
check_live(const struct chain *c, const struct goat_bmap *b, unsigned i)
{
	const void *k = goat_keyof(c->t, b, i);
	uint64_t hash;

	HOLDS("M2", k != NULL);
	if (!c->t->equal(c->t->key, k, k))
		return;
	hash = c->t->hasher(c->t->key, k, c->h->hash0);
	HOLDS("M2", (hash & (c->n - 1)) == c->i && b->tophash[i] == goat_tophash_(hash));
	check_unique(c, b, i);
}

static void
check_empty(const struct chain *c, const struct goat_bmap *b, unsigned i)
{
	HOLDS("M10", all_zero(goat_elemcell(c->t, b, i), c->t->elemsize));
	HOLDS("M10", c->t->flags & GOAT_MAP_NOSCAN ||
		     all_zero(goat_keycell(c->t, b, i), c->t->keysize));
}

static bool
in_slabs(const struct chain *c, const struct goat_bmap *b)
{
	const struct goat_mapextra *x = c->h->extra;
	const struct goat_overflow *o = c->old ? x->oldoverflow : x->overflow;

	for (const struct goat_slab *s = o->slabs; s != NULL; s = s->next) {
		uintptr_t at = (uintptr_t)b - (uintptr_t)s->buckets;

		if (at < s->n * c->t->bucketsize)
			return at % c->t->bucketsize == 0;
	}
	return false;
}

// How many live cells it has. *MADE: the overflow buckets, added.
static size_t
check_chain(const struct chain *c, size_t *made)
{
	const struct goat_bmap *first = goat_bucketat(c->t, c->buckets, c->i);
	bool rest = false, evacuated = goat_mapevacuated_(first);
	size_t live = 0;

	HOLDS("M5", !evacuated || c->old);
	for (const struct goat_bmap *b = first; b != NULL; b = *goat_overflowof(c->t, b)) {
		if (b != first) {
			HOLDS("M7", c->n > 1);
			HOLDS("M8", in_slabs(c, b));
			++*made;
		}
		for (unsigned i = 0; i < GOAT_BUCKET_CELLS; i++) {
			uint8_t top = b->tophash[i];

			HOLDS("M5", is_mark(top) == evacuated);
			HOLDS("M4", !rest || top == GOAT_EMPTY_REST);
			rest = top == GOAT_EMPTY_REST;
			if (evacuated)
				continue;
			if (top < GOAT_MIN_TOPHASH) {
				check_empty(c, b, i);
				continue;
			}
			check_live(c, b, i);
			live++;
		}
	}
	return live;
}

static size_t
check_old(const struct goat_maptype *t, const struct goat_hmap *h)
{
	size_t live = 0, made = 0, n = goat_noldbuckets(h);

	HOLDS("M6", h->nevacuate < n);
	HOLDS("M11", h->extra != NULL);
	for (size_t i = 0; i < n; i++) {
		struct chain c = { t, h, h->oldbuckets, n, i, true };
		bool evacuated = goat_mapevacuated_(goat_bucketat(t, h->oldbuckets, i));

		HOLDS("M6", i > h->nevacuate || evacuated == (i < h->nevacuate));
		live += check_chain(&c, &made);
		for (size_t j = i; !evacuated && j < goat_nbuckets(h); j += n)
			HOLDS("M5", goat_bucketat(t, h->buckets, j)->tophash[0] == GOAT_EMPTY_REST);
	}
	return live;
}

void
goat_mapcheck(const struct goat_maptype *t, const struct goat_hmap *h)
{
	size_t live = 0, made = 0;

	if (h == NULL)
		return;
	HOLDS("M11", !(h->flags & GOAT_MAP_WRITING));
	HOLDS("M11", !(h->flags & GOAT_MAP_SAME_SIZE) || h->oldbuckets != NULL);
	HOLDS("M11", !(h->flags & GOAT_MAP_GROWING) == (h->oldbuckets == NULL));
	HOLDS("M11", !(h->flags & GOAT_MAP_EMPTY) == (h->buckets != NULL));
	HOLDS("M11", !(h->flags & GOAT_MAP_SMALL) == (h->B > 0));
	HOLDS("M11", h->limit == (goat_overflown(h->noverflow, h->B) ? 0 : goat_maplimit(h->B)));
	HOLDS("M11", h->mask == goat_nbuckets(h) - 1);
	HOLDS("M12", h->extra == NULL || h->extra->next == NULL || h->oldbuckets == NULL);
	if (h->buckets == NULL) {
		HOLDS("M1", h->count == 0 && h->oldbuckets == NULL);
		return;
	}
	HOLDS("M7", h->B == 0 || h->extra != NULL);
	for (size_t i = 0; i < goat_nbuckets(h); i++) {
		struct chain c = { t, h, h->buckets, goat_nbuckets(h), i, false };

		live += check_chain(&c, &made);
	}
	HOLDS("M9", h->B >= 16 || h->noverflow == made);
	if (h->oldbuckets != NULL)
		live += check_old(t, h);
	HOLDS("M1", live == h->count);
}
