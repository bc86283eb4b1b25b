// SPDX-License-Identifier: GPL-3.0-or-later
//
// icall.h: the loop that calls through an interface, shared with the peer that has a table of
// function pointers written by hand. CALLEE is what is in the array, CALL(c, n) calls it.
//
// Four types at random mean a branch that is guessed wrong three times in four.

enum { CALLEES = 4096 };

static CALLEE same[CALLEES], mixed[CALLEES];
static volatile long sink;

static void
fill(const CALLEE *four)
{
	unsigned long state = 1;

	for (int i = 0; i < CALLEES; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		same[i] = four[0];
		mixed[i] = four[state >> 62];
	}
}

static __attribute__((noipa)) long
call_all(const CALLEE *c, long n)
{
	long total = 0;

	for (long i = 0; i < n; i++)
		total += CALL(c[(unsigned long)i % CALLEES], i);
	return total;
}

static void call_1(long n) { sink = call_all(same, n); }
static void call_4(long n) { sink = call_all(mixed, n); }
