// SPDX-License-Identifier: GPL-3.0-or-later
//
// slices_c.c: what C has: an array, one that doubles, malloc and memcpy; measured by slices.h.

#include <stdlib.h>
#include <string.h>

typedef struct { long *ptr; size_t len; } numbers;

static numbers
numbers_make(size_t n)
{
	return (numbers){ calloc(n, sizeof(long)), n };
}

#define SET(xs, i, x) ((xs).ptr[i] = (x))

__attribute__((noinline)) static long
sum_by_index(numbers xs)
{
	long sum = 0;

	for (size_t i = 0; i < xs.len; i++)
		sum += xs.ptr[i];
	return sum;
}

#define sum_by_range sum_by_index

__attribute__((noinline)) static long
append_million(void)
{
	enum { LAST = 1000 * 1000 };
	long *p = NULL, last;
	size_t len = 0, cap = 0;

	for (long i = 0; i < LAST; i++) {
		if (len == cap) {
			cap = cap ? 2 * cap : 8;
			p = realloc(p, cap * sizeof *p);
		}
		p[len++] = i;
	}
	__asm__ volatile("" : : "r"(p) : "memory");     // or nothing is stored
	last = p[LAST - 1];
	free(p);
	return last;
}

static const char *const greeting = "good morning, ", *const names[2] = { "everybody", "world" };
static const size_t name_lens[2] = { 9, 5 };

__attribute__((noinline)) static size_t
joined_length(long i)
{
	static char *volatile joined;
	size_t a = 14, b = name_lens[i & 1];

	free(joined);
	joined = malloc(a + b + 1);
	memcpy(joined, greeting, a);
	memcpy(joined + a, names[i & 1], b + 1);
	return a + b;
}

#include "slices.h"
