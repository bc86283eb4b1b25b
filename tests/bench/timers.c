// SPDX-License-Identifier: GPL-3.0-or-later
//
// timers.c: starting timers that never come due, and how late a hundred thousand sleepers are woken.
//
// The sleepers' times are 500 microseconds apart, a hundred for each.

#include <goat.h>

#include "row.h"

enum { SLEEPERS = 100000 };

static const int64_t HOUR = 3600000000000, MS = 1000000;

static int64_t late[SLEEPERS], begin;
static long sink;

static void
create_stop(long n)
{
	for (long i = 0; i < n; i++) {
		goat_timer t = { 0 };

		goat_timer_start(&t, HOUR);
		sink += goat_timer_stop(&t);
	}
}

static void
reset(long n)
{
	goat_timer t = { 0 };

	goat_timer_start(&t, HOUR);
	for (long i = 0; i < n; i++)
		sink += goat_timer_reset(&t, HOUR);
	goat_timer_stop(&t);
}

static void
sleep_until(long i, goat_waitgroup *wg)
{
	int64_t when = begin + 500 * MS + i % 1000 * MS / 2;

	goat_sleep(when - goat_now());
	late[i] = goat_now() - when;
	goat_waitgroup_done(wg);
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
sleepers(int p)
{
	goat_waitgroup wg = { 0 };

	begin = goat_now();
	goat_waitgroup_add(&wg, SLEEPERS);
	for (long i = 0; i < SLEEPERS; i++)
		go sleep_until(i, &wg);
	goat_waitgroup_wait(&wg);
	qsort(late, SLEEPERS, sizeof late[0], compare);
	row_value(name_p("sleepers_late_median", p), (double)late[SLEEPERS / 2]);
	row_value(name_p("sleepers_late_p99", p), (double)late[SLEEPERS / 100 * 99]);
}

int
main(void)
{
	for (int p = 1; p <= 2; p++) {
		goat_maxprocs(p);
		row(name_p("timer_create_stop", p), create_stop, 1);
		row(name_p("timer_reset", p), reset, 1);
		sleepers(p);
	}
	return 0;
}
