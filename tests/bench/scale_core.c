// SPDX-License-Identifier: GPL-3.0-or-later
//
// scale_core.c: what a statement costs the core, for each shape and size.
//
// Layer: tests.

#include "shapes.h"

#include <time.h>

enum { SMALLEST = 100, LARGEST = 100000 };

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static void
measure(const struct shape *s)
{
	printf("%-20s", s->name);
	for (size_t n = SMALLEST; n <= LARGEST; n *= 10) {
		size_t rounds = LARGEST / n;
		unsigned long steps = 0;
		double start = now_ns();

		for (size_t i = 0; i < rounds; i++)
			steps = shape_solve(s, n);
		printf("  %6.1f %5.0f", (double)steps / (double)n, (now_ns() - start) / (double)(rounds * n));
	}
	printf("\n");
}

int
main(void)
{
	printf("core: steps and ns a statement\n%-20s", "");
	for (size_t n = SMALLEST; n <= LARGEST; n *= 10)
		printf("  %12zu", n);
	printf("\n");
	for (const struct shape *s = shapes; s->name != NULL; s++)
		measure(s);
	return 0;
}
