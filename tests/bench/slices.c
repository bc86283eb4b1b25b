// SPDX-License-Identifier: GPL-3.0-or-later
//
// slices.c: slices and strings, measured by slices.h.

#include <goat.h>

typedef slice(long) numbers;

static numbers
numbers_make(size_t n)
{
	return make(numbers, n);
}

#define SET(xs, i, x) (at(xs, i) = (x))

__attribute__((noinline)) static long
sum_by_index(numbers xs)
{
	long sum = 0;

	for (size_t i = 0; i < len(xs); i++)
		sum += at(xs, i);
	return sum;
}

__attribute__((noinline)) static long
sum_by_range(numbers xs)
{
	long sum = 0;

	slice_range (xs, i, x)
		sum += x;
	return sum;
}

enum { LAST = 1000 * 1000 };

__attribute__((noinline)) static long
append_million(void)
{
	numbers xs = { 0 };

	for (long i = 0; i < LAST; i++)
		xs = append(xs, i);
	return at(xs, LAST - 1);
}

static string greeting, names[2];
static string volatile joined;

__attribute__((noinline)) static size_t
joined_length(long i)
{
	joined = string_cat(greeting, names[i & 1]);
	return len(joined);
}

__attribute__((constructor)) static void
fill_texts(void)
{
	greeting = str("good morning, ");
	names[0] = str("everybody");
	names[1] = str("world");
}

#include "slices.h"
