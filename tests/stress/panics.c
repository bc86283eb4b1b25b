// SPDX-License-Identifier: GPL-3.0-or-later
//
// panics.c: many threads panic at once, and so fill and enlarge the table of rules while others look
// things up in it; some of them have faults. The cleanup attribute, whose function leaves by longjmp,
// stands for deferred code: this is compiled without the plugin.

#include "base.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void goat_gopanic(goat_any value);
int goat_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

#define NOINLINE __attribute__((noinline, noclone))

static __thread jmp_buf out;
static __thread int ran;
static __thread volatile int sink;
static int *volatile nil;

static void
leave(const int *id)
{
	ran += *id;
	longjmp(out, 1);
}

static void
note(const int *id)
{
	ran += *id;
}

static NOINLINE void
raise_one(int how)
{
	if (how % 4 == 0)
		sink = *nil;
	goat_gopanic((goat_any){ 0 });
}

// So many functions, so many rules.
#define DOWN(n)                                                                                    \
	static NOINLINE void down_##n(int depth, int how)                                          \
	{                                                                                          \
		int id __attribute__((cleanup(note))) = 1;                                         \
                                                                                                   \
		if (depth == 0)                                                                    \
			raise_one(how);                                                            \
		down[(how + depth * n) % FUNCTIONS](depth - 1, how);                               \
		sink = id;                                                                         \
	}
#define TEN(X, n) X(n##0) X(n##1) X(n##2) X(n##3) X(n##4) X(n##5) X(n##6) X(n##7) X(n##8) X(n##9)
#define ALL(X) TEN(X, 1) TEN(X, 2) TEN(X, 3) TEN(X, 4) TEN(X, 5) TEN(X, 6) TEN(X, 7) TEN(X, 8)
enum { FUNCTIONS = 80, THREADS = 8, ROUNDS = 1000 };

static void (*const down[FUNCTIONS])(int, int);

ALL(DOWN)

#define NAME(n) down_##n,
static void (*const down[FUNCTIONS])(int, int) = { ALL(NAME) };

static NOINLINE void
outermost(int depth, int how)
{
	int id __attribute__((cleanup(leave))) = 1000;

	down[how % FUNCTIONS](depth, how);
	sink = id;
}

static NOINLINE int
panics(int depth, int how)
{
	ran = 0;
	if (setjmp(out) == 0)
		outermost(depth, how);
	return ran;
}

static void *
run(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		if (panics(i % 20, i * 7 + (int)(intptr_t)arg) != 1001 + i % 20)
			return "wrong";
	return NULL;
}

int
main(void)
{
	pthread_t t[THREADS];
	void *wrong;
	int bad = 0;

	for (intptr_t i = 0; i < THREADS; i++)
		goat_pthread_create(&t[i], NULL, run, (void *)i);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &wrong);
		bad += wrong != NULL;
	}
	if (bad != 0)
		fprintf(stderr, "%d threads went wrong\n", bad);
	return bad != 0;
}
