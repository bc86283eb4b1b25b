// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The number of Ps goes up and down, also to one, where queues are changed without atomic instructions, while
// goroutines yield, are made and end, and wake each other: each of them runs as often as it should.
#include <goat.h>

enum { YIELDERS = 8, YIELDS = 30000, MAKERS = 4, MADE = 15000, PAIRS = 4, MESSAGES = 15000, CHANGES = 400 };

typedef chan(int) ints;

static int64_t yields, made, sum;

static void
yield_often(goat_waitgroup *wg)
{
	for (int i = 0; i < YIELDS; i++) {
		__atomic_add_fetch(&yields, 1, __ATOMIC_RELAXED);
		goat_yield();
	}
	goat_waitgroup_done(wg);
}

static void
count(goat_waitgroup *wg)
{
	__atomic_add_fetch(&made, 1, __ATOMIC_RELAXED);
	goat_waitgroup_done(wg);
}

static void
make_many(goat_waitgroup *wg)
{
	for (int i = 0; i < MADE; i++) {
		goat_waitgroup_add(wg, 1);
		go count(wg);
		if (i % 100 == 0)
			goat_yield();
	}
	goat_waitgroup_done(wg);
}

static void
send_all(ints c)
{
	for (int i = 1; i <= MESSAGES; i++)
		chan_send(c, i);
	chan_close(c);
}

static void
receive_all(ints c, goat_waitgroup *wg)
{
	int64_t mine = 0;
	int v;

	while (chan_recv_ok(c, &v))
		mine += v;
	__atomic_add_fetch(&sum, mine, __ATOMIC_RELAXED);
	goat_waitgroup_done(wg);
}

int
main(void)
{
	static const int procs[] = { 1, 4, 1, 2, 3, 1, 1, 8 };
	goat_waitgroup wg = { 0 };

	goat_waitgroup_add(&wg, YIELDERS + MAKERS + PAIRS);
	for (int i = 0; i < YIELDERS; i++)
		go yield_often(&wg);
	for (int i = 0; i < MAKERS; i++)
		go make_many(&wg);
	for (int i = 0; i < PAIRS; i++) {
		ints c = make(ints);

		go send_all(c);
		go receive_all(c, &wg);
	}
	for (int i = 0; i < CHANGES; i++) {
		goat_maxprocs(procs[i % 8]);
		for (int k = 0; k < i % 7; k++)
			goat_yield();
	}
	goat_waitgroup_wait(&wg);
	printf("%lld %lld %lld\n", (long long)yields, (long long)made, (long long)sum);
	return 0;
}
