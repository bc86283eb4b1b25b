// SPDX-License-Identifier: GPL-3.0-or-later
//
// slices.h: what slices.c and slices_c.c measure alike; go/slices.go does the same.
//
// A file that includes it has defined before
//
//	numbers                 a row of longs
//	numbers_make            (n): one of n zeros
//	SET(xs, i, x)           its element i is x
//	sum_by_index, sum_by_range      of one
//	append_million          to an empty one, an element at a time; the last
//	joined_length           of two texts joined, a new object

#include "row.h"

enum { ELEMENTS = 1000, MILLION = 1000 * 1000 };

static numbers row_of_numbers;
static volatile long sink;

static void
fill(void)
{
	row_of_numbers = numbers_make(ELEMENTS);
	for (long i = 0; i < ELEMENTS; i++)
		SET(row_of_numbers, i, i * i);
}

static void
by_index(long n)
{
	while (n-- > 0)
		sink = sum_by_index(row_of_numbers);
}

static void
by_range(long n)
{
	while (n-- > 0)
		sink = sum_by_range(row_of_numbers);
}

static void
nothing(void)
{
}

static void
append_all(long n)
{
	sink = append_million();
}

static void
join_all(long n)
{
	for (long i = 0; i < n; i++)
		sink = (long)joined_length(i);
}

int
main(void)
{
	fill();
	row("slice_sum_at", by_index, ELEMENTS);
	row("slice_sum_range", by_range, ELEMENTS);
	row_after("slice_append_1M", nothing, append_all, MILLION);
	row("string_cat", join_all, 1);
	return 0;
}
