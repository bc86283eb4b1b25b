// SPDX-License-Identifier: GPL-3.0-or-later
//
// convert.c: a struct of 24 bytes becomes an interface, which is kept, or only looked at.

#include <goat.h>

#include "row.h"

typedef struct Point { long x, y, z; } Point;

static any kept;
static volatile long sink;

static __attribute__((noinline)) long
look(any a)
{
	Point p;

	return type_assert_ok(a, Point, &p) ? p.y : 0;
}

static void
keep_rounds(long n)
{
	for (long i = 0; i < n; i++) {
		Point p = { i, i + 1, i + 2 };

		kept = as(any, p);
	}
}

static void
look_rounds(long n)
{
	long total = 0;

	for (long i = 0; i < n; i++) {
		Point p = { i, i + 1, i + 2 };

		total += look(as(any, p));
	}
	sink = total;
}

int
main(void)
{
	row("convert_24_escapes", keep_rounds, 1);
	row("convert_24_stays", look_rounds, 1);
	return 0;
}
