// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Loops and recursion that never call the runtime let others run, on one thread.
#include <goat.h>
#include <stdio.h>

static volatile int stop, sink;
static int numbers[1000];

static int forever(void)
{
	int n = 0;

	while (!stop)
		n++;
	return n;
}

static int with_inner(void)
{
	int n = 0;

	do {
		for (int i = 0; i < 1000; i++)
			n += numbers[i];
	} while (!stop);
	return n;
}

static int by_goto(int n)
{
	if (n)
		goto second;
first:
	sink = n;
second:
	if (!stop)
		goto first;
	return n;
}

static __attribute__((noinline)) int deep(int n)
{
	return stop ? 1 : n == 0 ? 0 : deep(n - 1) || deep(n - 1);
}

static __attribute__((noinline)) int odd(int n);

static __attribute__((noinline)) int even(int n)
{
	return stop ? 1 : n == 0 ? 0 : odd(n - 1) || odd(n - 1);
}

static __attribute__((noinline)) int odd(int n)
{
	return stop ? 1 : n == 0 ? 0 : even(n - 1) || even(n - 1);
}

// W runs until another goroutine, on the same P, has stopped it.
#define STOPPED(w)                                                                                 \
	do {                                                                                       \
		stop = 0;                                                                          \
		go { stop = 1; }                                                                   \
		w;                                                                                 \
		printf("%s\n", #w);                                                                \
	} while (0)

int main(void)
{
	goat_maxprocs(1);
	STOPPED(forever());
	STOPPED(with_inner());
	STOPPED(by_goto(1));
	STOPPED(deep(60));
	STOPPED(even(60));
	return 0;
}
