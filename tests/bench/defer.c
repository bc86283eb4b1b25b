// SPDX-License-Identifier: GPL-3.0-or-later
//
// defer.c: what defer costs over the same calls made at the end of the function.

#include <goat.h>

#include "row.h"

#define NOINLINE static __attribute__((noipa))

static long total;

NOINLINE void add(long n) { total += n; }
NOINLINE void work(long n) { total ^= n; }

NOINLINE void
one(long n)
{
	defer add(n);
	work(n);
}

NOINLINE void
one_plain(long n)
{
	work(n);
	add(n);
}

NOINLINE void
three(long n)
{
	defer add(n);
	defer add(n + 1);
	defer add(n + 2);
	work(n);
}

NOINLINE void
three_plain(long n)
{
	work(n);
	add(n + 2);
	add(n + 1);
	add(n);
}

NOINLINE void
eight(long n)
{
	for (int i = 0; i < 8; i++)
		defer add(i);
	work(n);
}

NOINLINE void
eight_plain(long n)
{
	work(n);
	for (int i = 8; i-- > 0; )
		add(i);
}

#define ROUNDS(f) static void f##_rounds(long n) { for (long i = 0; i < n; i++) f(i); }
ROUNDS(one)
ROUNDS(one_plain)
ROUNDS(three)
ROUNDS(three_plain)
ROUNDS(eight)
ROUNDS(eight_plain)

int
main(void)
{
	row_over("defer_1", one_rounds, one_plain_rounds, 1);
	row_over("defer_3", three_rounds, three_plain_rounds, 1);
	row_over("defer_loop_8", eight_rounds, eight_plain_rounds, 8);
	return 0;
}
