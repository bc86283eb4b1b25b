// SPDX-License-Identifier: GPL-3.0-or-later
//
// panic.c: panic and recover, through frames without and with deferred code.

#include <goat.h>

#include "row.h"

#define NOINLINE static __attribute__((noipa))

static any value;
static long total;

NOINLINE void add(long n) { total += n; }

NOINLINE void
plain(int depth)
{
	if (depth == 1)
		panic(value);
	plain(depth - 1);
	total++;                        // no tail call
}

NOINLINE void
deferring(int depth)
{
	defer add(1);
	if (depth == 1)
		panic(value);
	deferring(depth - 1);
}

NOINLINE void
catch_plain(int depth)
{
	defer { recover(); }
	plain(depth);
}

NOINLINE void
catch_deferring(int depth)
{
	defer { recover(); }
	deferring(depth);
}

#define ROUNDS(name, f, depth) static void name(long n) { for (long i = 0; i < n; i++) f(depth); }
ROUNDS(plain_1, catch_plain, 1)
ROUNDS(plain_10, catch_plain, 10)
ROUNDS(deferring_10, catch_deferring, 10)

int
main(void)
{
	value = as(any, 42);
	row("panic_1", plain_1, 1);
	row("panic_10", plain_10, 1);
	row("panic_10_defer", deferring_10, 1);
	return 0;
}
