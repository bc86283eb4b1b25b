// SPDX-License-Identifier: BSD-3-Clause
//
// loops.c: each round has objects of its own.
//
// An object that is made in a loop and pointed to from outside of it is pointed to when the next
// round makes the next one. The two must not be one, so it cannot have one place in the frame:
// it escapes, without leaving the function.

#include <goat.h>

enum { ROUNDS = 4 };

// Each round's c is pointed to when the loop has ended. In plain C all four pointers would point
// to one dead variable; here there are four variables.
static void counters(void)
{
	int *all[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		int c = 10 * i;

		all[i] = &c;
	}
	for (int i = 0; i < ROUNDS; i++)
		printf("%d ", *all[i]);
}

// Nobody remembers the p of the round before: one place in the frame serves all rounds, and the
// stack does not grow. It is cleared each time, as new() promises.
static long scratch(void)
{
	long total = 0;

	for (int i = 0; i < 1000000; i++) {
		int *p = new(int);

		*p += i;
		total += *p;
	}
	return total;
}

// `previous` is declared outside of the loop and remembers.
static int rising(const int *v, int n)
{
	int *previous = new(int), count = 0;

	for (int i = 0; i < n; i++) {
		int *now = new(int, v[i]);

		count += *now > *previous;
		previous = now;
	}
	return count;
}

// The variable of a C `for` is one object for all rounds, declared before the loop begins.
static int *last_index(int n)
{
	int *last = NULL;

	for (int i = 0; i < n; i++)
		last = &i;
	*last += 100;                           // that is i, though its block has ended
	return new(int, *last);
}

// A backward goto makes a loop as well.
static int retry(void)
{
	int *kept = NULL, tries = 0;
again:;
	int attempt = tries++;

	if (kept == NULL)
		kept = &attempt;
	if (tries < 3)
		goto again;
	return *kept + 10 * attempt;            // the first attempt and the last
}

int main(void)
{
	int v[] = { 3, 5, 4, 6 };

	counters();
	printf("\n%ld\n%d\n", scratch(), rising(v, 4));
	printf("%d\n%d\n", *last_index(5), retry());
	return 0;
}
