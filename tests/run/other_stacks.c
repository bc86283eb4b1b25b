// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Annotated C on stacks that are none of the runtime's: handlers on a stack for signals, coroutines.
#include <goat.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum { PARKED = 300, SIZE = 1 << 16 };

static volatile int sum;
static volatile bool in_handler, collected;

// Looks at the stack.
static int depth(int n)
{
	char text[100];

	memset(text, n, sizeof text);
	return n == 0 ? text[5] : depth(n - 1) + 1 + (text[7] - (char)n);
}

static void handler(int sig)
{
	(void)sig;
	in_handler = true;
	while (!collected)
		continue;
	for (volatile int i = 0; i < 20000000; i++)     // longer than a goroutine may run
		continue;
	sum += depth(100);
}

static void collects(void)
{
	while (!in_handler)
		goat_yield();
	goat_gc();
	for (int i = 0; i < 100000; i++)
		*new(int) = -1;
	collected = true;
}

// Far down, so that it is in a segment and there are others behind.
static int down(int n)
{
	char text[20000];
	int *object = new(int, n);
	int at;

	memset(text, n, sizeof text);
	if (n == 0)
		raise(SIGUSR1);
	at = n == 0 ? 0 : down(n - 1);
	for (size_t i = 0; i < sizeof text; i++)
		if (text[i] != (char)n)
			return -1000000;
	return *object == n ? at + 1 : -1000000;
}

static void with_signal_stack(chan(bool) done)
{
	stack_t ours = { .ss_sp = malloc(SIZE), .ss_size = SIZE }, before;
	int n;

	sigaltstack(&ours, &before);
	n = down(60);
	sigaltstack(&before, NULL);
	free(ours.ss_sp);
	chan_send(done, n == 61 && sum == 100);
}

static ucontext_t caller, coroutine;
static int found;
static chan(bool) wake;

static void wakes(void)
{
	goat_gc();
	chan_send(wake, true);
}

static void in_coroutine(void)
{
	go wakes();
	for (volatile int i = 0; i < 20000000; i++)
		continue;
	int *object = new(int, 7);

	found = depth(200);
	goat_gc();
	chan_recv(wake);
	for (int i = 0; i < 100000; i++)
		*new(int) = -1;
	found += *object;
	swapcontext(&coroutine, &caller);
}

static int enter_coroutine(int n)
{
	int *object = new(int, n);
	int at = n == 0 ? 0 : enter_coroutine(n - 1);

	if (n == 0)
		swapcontext(&caller, &coroutine);
	return *object == n ? at + 1 : -1000000;
}

static void with_coroutine(chan(bool) done)
{
	char *stack = malloc(SIZE);
	bool ok;

	getcontext(&coroutine);
	coroutine.uc_stack.ss_sp = stack;
	coroutine.uc_stack.ss_size = SIZE;
	makecontext(&coroutine, in_coroutine, 0);
	ok = down(60) == 61;
	ok = enter_coroutine(60) == 61 && ok;
	ok = ok && down(30) == 31 && found == 207;
	free(stack);
	chan_send(done, ok);
}

static void parked(chan(bool) forever)
{
	chan_recv(forever);
}

int main(void)
{
	chan(bool) done = make(chan(bool), 0), forever = make(chan(bool), 0);
	struct sigaction act = { .sa_handler = handler, .sa_flags = SA_ONSTACK };

	wake = make(chan(bool), 0);
	for (int i = 0; i < PARKED; i++)
		go parked(forever);
	goat_yield();
	sigaction(SIGUSR1, &act, NULL);
	goat_maxprocs(2);
	go collects();
	go with_signal_stack(done);
	printf("handler: %s\n", chan_recv(done) ? "ok" : "wrong");
	signal(SIGUSR1, SIG_IGN);
	goat_maxprocs(1);
	go with_coroutine(done);
	printf("coroutine: %s\n", chan_recv(done) ? "ok" : "wrong");
	return 0;
}
