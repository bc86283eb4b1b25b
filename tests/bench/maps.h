// SPDX-License-Identifier: GPL-3.0-or-later
//
// maps.h: what is measured of a map; go/maps.go does the same with Go's.
//
// A file that includes it has defined before, for int64_t keys and values,
//
//	numbers         the type of a map
//	numbers_new     (n): an empty one, where n is not 0 with room for n entries
//	numbers_free, numbers_get (0 if absent), numbers_set, numbers_delete
//	numbers_sum     of all keys and values, by iteration
//
// and for keys that are a struct text, which the map does not copy, words, words_new, words_free,
// words_get and words_set; and heap_bytes, what the program has allocated now.
//
// Keys are as if at random, the same in all programs, and looked up in another order than they were
// inserted in. A text has 8 to 32 bytes; it is looked up by a copy of it, so that no map gains from
// comparing pointers.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"

enum { HUNDRED = 100, TEN_THOUSAND = 10 * 1000, MILLION = 1000 * 1000 };

// The N-th number of a sequence without an order: splitmix64.
static uint64_t
scattered(uint64_t n)
{
	uint64_t x = (n + 1) * 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

// Which is asked for at time I: a permutation of the numbers below N.
static uint32_t *
shuffled(long n)
{
	uint32_t *order = (uint32_t *)malloc((size_t)n * sizeof *order);

	for (long i = 0; i < n; i++) {
		long j = (long)(scattered((uint64_t)i) % (uint64_t)(i + 1));

		order[i] = order[j];
		order[j] = (uint32_t)i;
	}
	return order;
}

static int64_t sink;

// ---------------------------------------------------------------- numbers

static numbers table;
static int64_t *keys;           // that are inserted
static int64_t *asked;          // the same in another order
static int64_t *absent;
static const int64_t *probes;   // asked or absent
static long asked_n;            // how many these are
static long at;                 // the next one of them

static void
make_keys(long n)
{
	uint32_t *order = shuffled(n);

	keys = (int64_t *)malloc((size_t)n * sizeof *keys);
	asked = (int64_t *)malloc((size_t)n * sizeof *asked);
	absent = (int64_t *)malloc((size_t)n * sizeof *absent);
	for (long i = 0; i < n; i++) {
		keys[i] = (int64_t)scattered((uint64_t)i);
		asked[i] = (int64_t)scattered(order[i]);
		absent[i] = (int64_t)scattered((uint64_t)(i + MILLION));
	}
	free(order);
	asked_n = n;
	at = 0;
}

static void
free_keys(void)
{
	free(keys);
	free(asked);
	free(absent);
}

static void
insert(long n)
{
	for (long i = 0; i < n; i++)
		numbers_set(table, keys[i], i);
}

static void
get(long n)
{
	numbers m = table;
	const int64_t *p = probes;
	long j = at, end = asked_n;
	int64_t sum = 0;

	for (long i = 0; i < n; i++) {
		sum += numbers_get(m, p[j]);
		if (++j == end)
			j = 0;
	}
	at = j;
	sink += sum;
}

static void
get_all_kinds(const char *hit, const char *miss)
{
	probes = asked;
	row(hit, get, 1);
	probes = absent;
	if (miss != NULL)
		row(miss, get, 1);
}

static void
iterate(long n)
{
	while (n-- > 0)
		sink += numbers_sum(table);
}

static void
empty(void)
{
	numbers_free(table);
	table = numbers_new(0);
}

static void
empty_with_room(void)
{
	numbers_free(table);
	table = numbers_new(MILLION);
}

static void
full(void)
{
	empty_with_room();
	insert(MILLION);
}

static void
remove_all(long n)
{
	for (long i = 0; i < n; i++)
		numbers_delete(table, asked[i]);
}

// The time of the process alone: with others on the machine, the longest wait would be for one of them.
static double
process_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

// The insert that takes longest, by CLOCK. The quickest of some tries counts, as it does for all rows.
static double
worst_insert(double (*clock)(void))
{
	double best = 1e9;

	for (int try_ = 0; try_ < BATCHES; try_++) {
		double worst = 0, before, now;

		empty();
		before = clock();
		for (long i = 0; i < MILLION; i++) {
			numbers_set(table, keys[i], i);
			now = clock();
			if (now - before > worst)
				worst = now - before;
			before = now;
		}
		if (worst < best)
			best = worst;
	}
	return best;
}

static void
measure_numbers(void)
{
	double before;

	make_keys(HUNDRED);
	table = numbers_new(0);
	insert(HUNDRED);
	get_all_kinds("map_int64_hit_100", NULL);
	free_keys();

	make_keys(TEN_THOUSAND);
	empty();
	insert(TEN_THOUSAND);
	get_all_kinds("map_int64_hit_10k", NULL);
	row("map_int64_iterate_10k", iterate, TEN_THOUSAND);
	free_keys();

	make_keys(MILLION);
	empty();
	before = heap_bytes();
	insert(MILLION);
	row_value("map_int64_bytes_1M", (heap_bytes() - before) / MILLION);
	get_all_kinds("map_int64_hit_1M", "map_int64_miss_1M");
	row("map_int64_iterate_1M", iterate, MILLION);
	row_after("map_int64_grow_1M", empty, insert, MILLION);
	row_after("map_int64_hint_1M", empty_with_room, insert, MILLION);
	row_after("map_int64_delete_1M", full, remove_all, MILLION);
#ifdef WITHOUT_COLLECTOR
	row_value("map_int64_worst_insert_gc", worst_insert(clock_ns));
	WITHOUT_COLLECTOR();
#endif
	row_value("map_int64_worst_insert", worst_insert(process_ns));
#ifdef WITH_COLLECTOR
	WITH_COLLECTOR();
#endif
	empty();
	free_keys();
}

// ---------------------------------------------------------------- words

static words dictionary;
static struct text *texts, *texts_asked;
static char *letters;

// TEXT number N, at P; its length.
static size_t
spell_number(char *p, uint64_t n)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t seed = scattered(n);
	size_t len = 8 + seed % 25;

	for (size_t i = 0; i < len; i++)
		p[i] = digits[scattered(seed + i / 16) >> i % 16 * 4 & 15];
	p[len] = '\0';
	return len;
}

static void
make_texts(long n)
{
	uint32_t *order = shuffled(n);
	char *p = letters = (char *)malloc((size_t)n * 2 * 33);

	texts = (struct text *)malloc((size_t)n * sizeof *texts);
	texts_asked = (struct text *)malloc((size_t)n * sizeof *texts_asked);
	for (long i = 0; i < 2 * n; i++) {
		struct text *t = i < n ? &texts[i] : &texts_asked[i - n];

		t->ptr = p;
		t->len = spell_number(p, i < n ? (uint64_t)i : order[i - n]);
		p += t->len + 1;
	}
	free(order);
	asked_n = n;
	at = 0;
}

static void
free_texts(void)
{
	free(texts);
	free(texts_asked);
	free(letters);
}

static void
get_text(long n)
{
	words m = dictionary;
	const struct text *p = texts_asked;
	long j = at, end = asked_n;
	int64_t sum = 0;

	for (long i = 0; i < n; i++) {
		sum += words_get(m, p[j]);
		if (++j == end)
			j = 0;
	}
	at = j;
	sink += sum;
}

static void
insert_texts(long n)
{
	for (long i = 0; i < n; i++)
		words_set(dictionary, texts[i], i);
}

static void
measure_words(void)
{
	double before;

	make_texts(TEN_THOUSAND);
	dictionary = words_new();
	insert_texts(TEN_THOUSAND);
	row("map_string_hit_10k", get_text, 1);
	words_free(dictionary);
	free_texts();

	make_texts(MILLION);
	dictionary = words_new();
	before = heap_bytes();
	insert_texts(MILLION);
	row_value("map_string_bytes_1M", (heap_bytes() - before) / MILLION);
	row("map_string_hit_1M", get_text, 1);
}

int
main(void)
{
	measure_numbers();
	measure_words();
	return 0;
}
