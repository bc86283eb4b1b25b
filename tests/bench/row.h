// SPDX-License-Identifier: GPL-3.0-or-later
//
// row.h: what a benchmark prints: a line `NAME NUMBER` for each row. go/row.go does the same.
//
// A row is a function that does something N times. It is given enough rounds to take 10 ms, a few
// times, and the quickest counts, since what else runs on the machine can only add. Where a round
// uses up what it works on, it is run once for each time that it was prepared (row_after). Numbers
// are nanoseconds, unless the row's name says bytes.

#ifndef GOAT_TESTS_BENCH_ROW_H
#define GOAT_TESTS_BENCH_ROW_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCHES = 5 };

// The time of day, or with ROW_CPU in the environment what the process has used up: the collectors'
// threads too, but not what else runs on the machine.
static inline double
clock_ns(void)
{
	static int clock = -1;
	struct timespec t;

	if (clock < 0)
		clock = getenv("ROW_CPU") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
	clock_gettime(clock, &t);
	return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static double
seconds(void (*f)(long n), long n)
{
	double start = clock_ns();

	f(n);
	return 1e-9 * (clock_ns() - start);
}

// Enough rounds of F to take 10 ms.
static long
rounds(void (*f)(long n))
{
	long n = 100;
	double t;

	while ((t = seconds(f, n)) < 0.01)
		n = t < 0.001 ? n * 10 : (long)((double)n * 0.011 / t) + 1;
	return n;
}

static double
quicker(double best, void (*f)(long n), long n)
{
	double t = 1e9 * seconds(f, n) / (double)n;

	return t < best ? t : best;
}

static inline void
row_value(const char *name, double value)
{
	printf("%s %.3f\n", name, value);
	fflush(stdout);
}

// The name of a row for that GOMAXPROCS; until the next call.
static inline const char *
name_p(const char *of, int p)
{
	static char text[40];

	snprintf(text, sizeof text, "%s_p%d", of, p);
	return text;
}

// A round does OPERATIONS of them.
static inline void
row(const char *name, void (*f)(long n), int operations)
{
	long n = rounds(f);
	double best = 1e9;

	for (int i = 0; i < BATCHES; i++)
		best = quicker(best, f, n);
	row_value(name, best / operations);
}

// F does all N operations, each time after PREPARE, which is not measured.
static inline void
row_after(const char *name, void (*prepare)(void), void (*f)(long n), long n)
{
	double best = 1e9;

	for (int i = 0; i < BATCHES; i++) {
		prepare();
		best = quicker(best, f, n);
	}
	row_value(name, best);
}

// What WITH takes longer than WITHOUT; they take turns.
static inline void
row_over(const char *name, void (*with)(long n), void (*without)(long n), int operations)
{
	long n = rounds(with), m = rounds(without);
	double best = 1e9, base = 1e9;

	for (int i = 0; i < 2 * BATCHES; i++) {
		best = quicker(best, with, n);
		base = quicker(base, without, m);
	}
	row_value(name, (best - base) / operations);
}

#endif
