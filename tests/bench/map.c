// SPDX-License-Identifier: GPL-3.0-or-later
//
// map.c: maps of int64_t and of strings, by the runtime's entry points, without the plugin.
//
//	gcc -O2 -Iruntime/include -Iruntime tests/bench/map.c -l:libgoat.a -lgc -lpthread -o map && ./map
//
// Lines `ROW NANOSECONDS`. Keys are random, looked up in an order that is not that of insertion.
// `map SIZE` measures one size only. The time is that of the thread, so that what else runs on the
// machine matters less.

#define _GNU_SOURCE
#include <gc/gc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base.h"
#include "map.h"
#include "type.h"

static const struct goat_type int64_type = {
	8, 0, 1, 8, GOAT_INT, GOAT_REGULAR, "long", goat_memequal64, goat_memhash64, .elem = NULL,
};
static const struct goat_type string_type = {
	16, 8, 2, 8, GOAT_STRING, 0, "string", goat_strequal, goat_strhash, .elem = NULL,
};
static const struct goat_maptype ints = {
	NULL, &int64_type, &int64_type, goat_memhash64, goat_memequal64, 8, 8,
	GOAT_MAP_REFLEXIVE_KEY | GOAT_MAP_NOSCAN, 8, 72, 136, 144, 0,
};
static const struct goat_maptype strings = {
	NULL, &string_type, &int64_type, goat_strhash, goat_strequal, 16, 8,
	GOAT_MAP_REFLEXIVE_KEY | GOAT_MAP_NEED_KEY_UPDATE, 8, 136, 200, 208, 0,
};
#define INTS (void *)&ints
#define STRINGS (void *)&strings

static uint64_t
next(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t n;
static int64_t *keys, *misses;
static goat_string *names, *absent;
static int64_t sum;

static void
shuffle(void *p, size_t size)
{
	uint64_t s = 99;
	char t[16];

	for (size_t i = n - 1; i > 0; i--) {
		char *a = (char *)p + i * size, *b = (char *)p + next(&s) % (i + 1) * size;

		memcpy(t, a, size), memcpy(a, b, size), memcpy(b, t, size);
	}
}

static goat_string
name(const char *form, size_t i)
{
	char text[40];
	int len = snprintf(text, sizeof text, form, i);
	char *p = goat_mallocgc((size_t)len, 1, true);

	return (goat_string){ memcpy(p, text, (size_t)len), (size_t)len };
}

static void
make_keys(void)
{
	uint64_t s = 1;

	keys = goat_mallocgc(n * 8, 8, true), misses = goat_mallocgc(n * 8, 8, true);
	names = goat_mallocgc(n * 16, 8, false), absent = goat_mallocgc(n * 16, 8, false);
	for (size_t i = 0; i < n; i++) {
		keys[i] = (int64_t)next(&s);
		misses[i] = (int64_t)next(&s);
		names[i] = name("key-%zu", i);
		absent[i] = name("not-%zu", i);
	}
}

static void
report(const char *what, double ns)
{
	printf("%s-%zu %.2f\n", what, n, ns);
	fflush(stdout);
}

static void *
fill(size_t hint)
{
	void *m = goat_makemap(INTS, hint, NULL, NULL);

	for (size_t i = 0; i < n; i++)
		*(int64_t *)goat_mapassign_fast64(INTS, m, (size_t)keys[i]) = (int64_t)i;
	return m;
}

static void *
fill_strings(size_t hint)
{
	void *m = goat_makemap(STRINGS, hint, NULL, NULL);

	for (size_t i = 0; i < n; i++)
		*(int64_t *)goat_mapassign_faststr(STRINGS, m, (void *)names[i].ptr,
						   names[i].len) = (int64_t)i;
	return m;
}

#define TIMES(what, rounds, body)                                                                  \
	do {                                                                                       \
		double best = 1e18;                                                                \
                                                                                                   \
		for (int b_ = 0; b_ < 5; b_++) {                                                   \
			double t0 = now(), t;                                                      \
                                                                                                   \
			for (size_t r_ = 0; r_ < (rounds); r_++)                                   \
				body;                                                              \
			t = (now() - t0) / (double)((rounds) * n);                                 \
			best = t < best ? t : best;                                                \
		}                                                                                  \
		report(what, best);                                                                \
	} while (0)

static void
iterate(const struct goat_maptype *t, void *m)
{
	struct goat_hiter it;

	for (goat_mapiterinit((void *)t, m, &it); it.key != NULL; goat_mapiternext(&it))
		sum += *(int64_t *)it.elem;
}

static void
measure_ints(size_t rounds)
{
	void *m;
	double best = 1e18;
	goat_mapstats st;

	TIMES("insert", rounds, fill(0));
	TIMES("insert-hint", rounds, fill(n));
	m = fill(0);
	shuffle(keys, 8);
	TIMES("get", rounds, for (size_t i = 0; i < n; i++)
		sum += *(int64_t *)goat_mapaccess1_fast64(INTS, m, (size_t)keys[i]));
	TIMES("miss", rounds, for (size_t i = 0; i < n; i++)
		sum += *(int64_t *)goat_mapaccess1_fast64(INTS, m, (size_t)misses[i]));
	TIMES("iterate", rounds, iterate(&ints, m));
	goat_map_stats(INTS, m, &st);
	report("bytes", (double)st.bytes / (double)n);
	report("overflow", (double)st.overflow);
	for (int b = 0; b < 5; b++) {
		double t0;

		m = fill(0);
		t0 = now();
		for (size_t i = 0; i < n; i++)
			goat_mapdelete_fast64(INTS, m, (size_t)keys[i]);
		t0 = (now() - t0) / (double)n;
		best = t0 < best ? t0 : best;
	}
	report("delete", best);
}

static void
measure_strings(size_t rounds)
{
	void *m;
	goat_mapstats st;

	TIMES("string-insert", rounds, fill_strings(0));
	m = fill_strings(0);
	shuffle(names, 16);
	TIMES("string-get", rounds, for (size_t i = 0; i < n; i++)
		sum += *(int64_t *)goat_mapaccess1_faststr(STRINGS, m, (void *)names[i].ptr,
							   names[i].len));
	TIMES("string-miss", rounds, for (size_t i = 0; i < n; i++)
		sum += *(int64_t *)goat_mapaccess1_faststr(STRINGS, m, (void *)absent[i].ptr,
							   absent[i].len));
	goat_map_stats(STRINGS, m, &st);
	report("string-bytes", (double)st.bytes / (double)n);
}

// The slowest single insertion, in a quiet process: the least of five.
static void
measure_worst(const char *what, bool of_strings)
{
	double least = 1e18;
	size_t at = 0;

	for (int b = 0; b < 5; b++) {
		void *m = goat_makemap(of_strings ? STRINGS : INTS, 0, NULL, NULL);
		double worst = 0, t0 = now(), t;
		size_t w = 0;

		for (size_t i = 0; i < n; i++, t0 = t) {
			if (of_strings)
				goat_mapassign_faststr(STRINGS, m, (void *)names[i].ptr, names[i].len);
			else
				goat_mapassign_fast64(INTS, m, (size_t)keys[i]);
			t = now();
			if (t - t0 > worst)
				worst = t - t0, w = i;
		}
		if (worst < least)
			least = worst, at = w;
		fprintf(stderr, "%s: %.0f at %zu\n", what, worst, w);
	}
	(void)at;
	report(what, least);
}

int
main(int argc, char **argv)
{
	static const size_t sizes[] = { 100, 10000, 1000000 };

	if (getenv("NO_COLLECTIONS"))
		goat_mallocgc(1, 1, true), GC_disable();
	for (size_t i = 0; i < 3; i++) {
		n = sizes[i];
		if (argc > 1 && strtoul(argv[1], NULL, 0) != n)
			continue;
		make_keys();
		measure_ints(n < 1000 ? 5000 : n < 100000 ? 100 : 1);
		measure_strings(n < 1000 ? 5000 : n < 100000 ? 100 : 1);
		if (n == 1000000) {
			measure_worst("worst", false);
			measure_worst("string-worst", true);
		}
	}
	return sum == 42;
}
