// SPDX-License-Identifier: GPL-3.0-or-later
//
// parked.c: what a parked goroutine takes, page tables included, and what it costs to make one and
// to wake it. Each number of them in a process of its own.

#include <goat.h>

#include <string.h>
#include <unistd.h>

#include "row.h"

// VmRSS and VmPTE.
static double
resident(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[200];
	double total = 0;

	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0 || strncmp(line, "VmPTE:", 6) == 0)
			total += 1024 * atof(line + 6);
	fclose(f);
	return total;
}

static void
wait_for(chan(int) c, goat_waitgroup *wg)
{
	goat_waitgroup_done(wg);
	chan_recv(c);
}

static void
line(const char *what, long n, double value)
{
	char text[60];

	snprintf(text, sizeof text, "parked_%ldk_%s", n / 1000, what);
	row_value(text, value / (double)n);
}

static void
park(long n)
{
	chan(int) c = make(chan(int));
	goat_waitgroup wg = { 0 };
	double before, start;

	goat_waitgroup_add(&wg, (int)n);
	goat_gc();
	before = resident();
	start = clock_ns();
	for (long i = 0; i < n; i++)
		go wait_for(c, &wg);
	goat_waitgroup_wait(&wg);
	line("create", n, clock_ns() - start);
	line("bytes", n, resident() - before);
	start = clock_ns();
	chan_close(c);
	while (goat_numgoroutine() > 1)
		goat_yield();
	line("wake", n, clock_ns() - start);
}

int
main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 100000;

	park(n);
	if (argc == 1)
		execl(argv[0], argv[0], "1000000", (char *)NULL);
	return 0;
}
