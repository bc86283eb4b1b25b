// SPDX-License-Identifier: GPL-3.0-or-later
//
// map.c: what single operations on maps do that random steps come to rarely, or not at all.
//
// Layer: tests.

#include "map_model.h"
#include "runtime_alone.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct goat_type u64 = {
	8, 0, 1, 8, GOAT_UINT, GOAT_REGULAR, "long", goat_memequal64, goat_memhash64, .elem = NULL,
};
static const struct goat_type slice = { 24, 8, 2, 8, GOAT_SLICE, 0, "slice", NULL, NULL,
					.elem = NULL };
static const struct goat_type any = {
	16, 16, 3, 8, GOAT_EFACE, 0, "any", goat_efaceequal, goat_efacehash, .elem = NULL,
};
static const struct goat_type huge = {
	5000, 0, 4, 8, GOAT_STRUCT, GOAT_REGULAR, "huge", goat_memequal, goat_memhash, .elem = NULL,
};
static const struct goat_maptype ints = {
	NULL, &u64, &u64, goat_memhash64, goat_memequal64, 8, 8,
	GOAT_MAP_REFLEXIVE_KEY | GOAT_MAP_NOSCAN, 8, 72, 136, 144, 0,
};
static const struct goat_maptype anys = {
	NULL, &any, &u64, goat_efacehash, goat_efaceequal, 16, 8,
	GOAT_MAP_NEED_KEY_UPDATE | GOAT_MAP_HASH_MIGHT_PANIC, 8, 136, 200, 208, 0,
};
static const struct goat_maptype huges = {
	NULL, &u64, &huge, goat_memhash64, goat_memequal64, 8, 8,
	GOAT_MAP_REFLEXIVE_KEY | GOAT_MAP_INDIRECT_ELEM, 8, 72, 136, 144, 0,
};
#define INTS (void *)&ints
#define ANYS (void *)&anys

static void
fill(void *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*(size_t *)goat_mapassign_fast64(INTS, m, i) = i * i;
}

// ---- nil, and what cannot be hashed ----

Test(map, reads_of_nil_find_nothing)
{
	struct goat_hiter it;
	size_t k = 1;

	cr_expect_null(goat_mapaccess2(INTS, NULL, &k));
	cr_expect_null(goat_mapaccess2_fast64(INTS, NULL, 1));
	cr_expect_eq(*(size_t *)goat_mapaccess1_fast64(INTS, NULL, 1), 0);
	goat_mapdelete_fast64(INTS, NULL, 1);
	goat_mapdelete(INTS, NULL, &k);
	goat_mapclear(INTS, NULL);
	goat_mapshrink(INTS, NULL);
	goat_mapiterinit(INTS, NULL, &it);
	cr_expect_null(it.key);
}

static void
assign_to_nil(void *arg)
{
	goat_mapassign_fast64(arg, NULL, 1);
}

Test(map, a_write_to_nil_panics)
{
	cr_expect_str_eq(panic_of(assign_to_nil, INTS), "assignment to entry in nil map");
}

static goat_any unhashable = { &slice, &unhashable };

static void
look_up_unhashable(void *m)
{
	goat_mapaccess2(ANYS, m, &unhashable);
}

static void
assign_unhashable(void *m)
{
	goat_mapassign(ANYS, m, &unhashable);
}

static void
delete_unhashable(void *m)
{
	goat_mapdelete(ANYS, m, &unhashable);
}

// In an empty map and in nil, too.
Test(map, unhashable_keys_panic)
{
	static const char text[] = "runtime error: hash of unhashable type slice";
	void *m = goat_makemap(ANYS, 0, NULL, NULL);
	goat_any nil = { 0 };

	cr_expect_str_eq(panic_of(look_up_unhashable, NULL), text);
	for (int i = 0; i < 2; i++) {
		cr_expect_str_eq(panic_of(look_up_unhashable, m), text);
		cr_expect_str_eq(panic_of(assign_unhashable, m), text);
		cr_expect_str_eq(panic_of(delete_unhashable, m), text);
		goat_mapcheck(&anys, m);
		*(size_t *)goat_mapassign(ANYS, m, &nil) = 5;
	}
	cr_expect_eq(((struct goat_hmap *)m)->count, 1);
}

Test(map, zeros_are_as_long_as_an_elem)
{
	void *m = goat_makemap((void *)&huges, 0, NULL, NULL);
	char *p = goat_mapaccess1_fast64((void *)&huges, m, 3);

	for (size_t i = 0; i < huge.size; i++)
		cr_assert_eq(p[i], 0);
	cr_expect_eq(goat_mapaccess1_fast64((void *)&huges, m, 4), p);
	p = goat_mapassign_fast64((void *)&huges, m, 3);
	memset(p, 1, huge.size);
	cr_expect_eq(goat_mapaccess1_fast64((void *)&huges, m, 3), p);
}

// ---- Misuse that is seen ----

static void
write_it(void *m)
{
	goat_mapassign_fast64(INTS, m, 1);
}

static void
delete_it(void *m)
{
	goat_mapdelete_fast64(INTS, m, 1);
}

static void
clear_it(void *m)
{
	goat_mapclear(INTS, m);
}

static void
read_it(void *m)
{
	goat_mapaccess1_fast64(INTS, m, 1);
}

static struct goat_hiter iter;

static void
iterate_it(void *m)
{
	(void)m;
	goat_mapiternext(&iter);
}

Test(map, a_write_at_the_same_time_is_fatal)
{
	static const struct { void (*f)(void *); const char *text; } row[] = {
		{ write_it, "concurrent map writes" },
		{ delete_it, "concurrent map writes" },
		{ clear_it, "concurrent map writes" },
		{ read_it, "concurrent map read and map write" },
		{ iterate_it, "concurrent map iteration and map write" },
	};
	struct goat_hmap *m = goat_makemap(INTS, 0, NULL, NULL);

	fill(m, 5);
	goat_mapiterinit(INTS, m, &iter);
	m->flags |= GOAT_MAP_WRITING;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		cr_expect_str_eq(panic_of(row[i].f, m), row[i].text);
}

// ---- Sizes ----

Test(map, a_hint_makes_room)
{
	static const struct { size_t hint; int B; } row[] = {
		{ 0, 0 }, { 8, 0 }, { 9, 1 }, { 13, 1 }, { 14, 2 }, { 26, 2 }, { 27, 3 },
		{ 1000, 8 }, { SIZE_MAX, 0 },
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct goat_hmap *m = goat_makemap(INTS, row[i].hint, NULL, NULL);

		cr_expect_eq(m->B, row[i].B, "%zu", row[i].hint);
		if (row[i].hint > 1000)
			continue;
		fill(m, row[i].hint);
		cr_expect_eq(m->B, row[i].B, "%zu", row[i].hint);
		goat_mapcheck(&ints, m);
	}
}

Test(map, a_frame_is_enough_for_eight)
{
	struct goat_hmap h;
	_Alignas(16) char bucket[144];
	size_t before = allocations;

	memset(bucket, 0x55, sizeof bucket);
	fill(goat_makemap(INTS, 8, &h, bucket), 8);
	cr_expect_eq(allocations, before);
	goat_mapcheck(&ints, &h);
	fill(&h, 100);
	goat_mapcheck(&ints, &h);
	cr_expect_eq(h.count, 100);
}

Test(map, shrinking_gives_memory_back)
{
	struct goat_hmap *m = goat_makemap(INTS, 0, NULL, NULL);
	goat_mapstats s;

	fill(m, 10000);
	for (size_t i = 20; i < 10000; i++)
		goat_mapdelete_fast64(INTS, m, i);
	goat_mapshrink(INTS, m);
	goat_mapcheck(&ints, m);
	goat_map_stats(INTS, m, &s);
	cr_expect_eq(s.count, 20);
	cr_expect_eq(s.buckets, 4);
	cr_expect(s.bytes < 1500);
	for (size_t i = 0; i < 20; i++)
		cr_expect_eq(*(size_t *)goat_mapaccess1_fast64(INTS, m, i), i * i);
}

// ---- Hashes ----

// How many buckets, and how many tophash bytes, 4096 keys fill that are (0 to 4095) << SHIFT.
static void
filled(int shift, size_t *buckets, size_t *tops)
{
	unsigned char low[4096] = { 0 }, high[256] = { 0 };

	*buckets = *tops = 0;
	for (uint64_t i = 0; i < 4096; i++) {
		uint64_t hash = goat_hash64_((i & (UINT64_MAX >> shift)) << shift, 7);

		*buckets += low[hash % 4096]++ == 0;
		*tops += high[hash >> 56]++ == 0;
	}
}

// Keys that are close, and all bits of which may be few, fill as many buckets as random ones would: 2589 of
// 4096 with a deviation of 20. The seeds are fixed, as one in some hundreds is further off.
Test(map, close_keys_are_spread)
{
	static const int shifts[] = { 0, 3, 12, 32 };
	enum { SEEDS = 20 };
	size_t buckets, tops, sum;

	for (size_t s = 0; s < sizeof shifts / sizeof *shifts; s++) {
		sum = 0;
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			goat_randseed(seed);
			filled(shifts[s], &buckets, &tops);
			sum += buckets;
			cr_expect(buckets > 2400 && buckets < 2800, "shift %d, seed %d: %zu", shifts[s], (int)seed,
				  buckets);
			cr_expect(tops > 250, "shift %d, seed %d: %zu", shifts[s], (int)seed, tops);
		}
		cr_expect(sum > 2550 * SEEDS && sum < 2630 * SEEDS, "shift %d: %zu", shifts[s], sum);
	}
	sum = 0;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		goat_randseed(seed);
		filled(56, &buckets, &tops);    // 256 keys, 16 times each
		cr_expect(buckets > 230, "seed %d: %zu", (int)seed, buckets);
		sum += tops;
	}
	cr_expect(sum > 150 * SEEDS && sum < 175 * SEEDS, "%zu", sum);
}

Test(map, all_bytes_of_long_keys_count)
{
	unsigned char text[300] = { 0 };

	for (size_t n = 1; n < sizeof text; n++) {
		uint64_t hash = goat_hashbytes_(text, n, 1);

		cr_expect_neq(hash, goat_hashbytes_(text, n, 2));
		cr_expect_neq(hash, goat_hashbytes_(text, n - 1, 1));
		for (size_t i = 0; i < n; i++) {
			text[i] ^= 0x20;
			cr_expect_neq(hash, goat_hashbytes_(text, n, 1), "%zu of %zu", i, n);
			text[i] ^= 0x20;
		}
	}
}

// The constants are not known, so there is no factor that can be made zero.
Test(map, no_word_makes_all_hashes_equal)
{
	static const uint64_t known[] = {
		0, 0x9e3779b97f4a7c15, 0xd1b54a32d192ed03, 0x8cb92ba72f3d8dd7, 0xa0761d6478bd642f,
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		cr_expect_neq(goat_hash128_(known[i], 1, 3), goat_hash128_(known[i], 2, 3));
}
