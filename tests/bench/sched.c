// SPDX-License-Identifier: GPL-3.0-or-later
//
// sched.c: goroutines, channels, select and mutexes, with one and with two processors.

#include <goat.h>

#include "row.h"

enum { BATCH = 10000, PRIMES = 300 };

typedef chan(long) numbers;

static long sink;

static void
chain(long n, numbers done)
{
	if (n == 0)
		chan_send(done, 1);
	else
		go chain(n - 1, done);
}

static void
spawn(long n)
{
	numbers done = make(numbers);

	go chain(n, done);
	sink += chan_recv(done);
}

static void
yield_often(long n, goat_waitgroup *wg)
{
	for (long i = 0; i < n; i++)
		goat_yield();
	goat_waitgroup_done(wg);
}

static void
yield(long n)
{
	goat_waitgroup wg = { 0 };

	goat_waitgroup_add(&wg, 2);
	go yield_often(n / 2, &wg);
	go yield_often(n / 2, &wg);
	goat_waitgroup_wait(&wg);
}

static void
answer(numbers a, numbers c)
{
	chan_range (a, v)
		chan_send(c, v + 1);
	chan_close(c);
}

static void
unbuffered(long n)
{
	numbers a = make(numbers), c = make(numbers);

	go answer(a, c);
	for (long i = 0; i < n / 2; i++) {
		chan_send(a, i);
		sink += chan_recv(c);
	}
	chan_close(a);
	chan_recv(c);
}

static void
produce(numbers c, long n)
{
	for (long i = 0; i < n; i++)
		chan_send(c, i);
	chan_close(c);
}

static void
buffered(long n)
{
	numbers c = make(numbers, 128);

	go produce(c, n);
	chan_range (c, v)
		sink += v;
}

static void
alone(long n)
{
	numbers c = make(numbers, 4);

	for (long i = 0; i < n; i++) {
		chan_send(c, i);
		sink += chan_recv(c);
	}
}

static void
share(numbers c, long n, goat_waitgroup *wg)
{
	for (long i = 0; i < n; i++)
		chan_send(c, i);
	goat_waitgroup_done(wg);
}

static void
take(numbers c, goat_waitgroup *wg)
{
	long sum = 0;

	chan_range (c, v)
		sum += v;
	goat_waitgroup_done(wg);
}

static void
many_to_many(long n)
{
	numbers c = make(numbers, 128);
	goat_waitgroup sending = { 0 }, receiving = { 0 };

	goat_waitgroup_add(&sending, 4);
	goat_waitgroup_add(&receiving, 4);
	for (int i = 0; i < 4; i++) {
		go share(c, n / 4, &sending);
		go take(c, &receiving);
	}
	goat_waitgroup_wait(&sending);
	chan_close(c);
	goat_waitgroup_wait(&receiving);
}

__attribute__((noinline)) static long
of_2(numbers *c)
{
	chan_select {
	case_recv (c[0], v)
		return v;
	case_recv (c[1], v)
		return v;
	}
	return 0;
}

__attribute__((noinline)) static long
of_8(numbers *c)
{
	chan_select {
	case_recv (c[0], v)
		return v;
	case_recv (c[1], v)
		return v;
	case_recv (c[2], v)
		return v;
	case_recv (c[3], v)
		return v;
	case_recv (c[4], v)
		return v;
	case_recv (c[5], v)
		return v;
	case_recv (c[6], v)
		return v;
	case_recv (c[7], v)
		return v;
	}
	return 0;
}

static void
select_2(long n)
{
	numbers c[2];

	for (int i = 0; i < 2; i++)
		c[i] = make(numbers, 1);
	for (long i = 0; i < n; i++) {
		chan_send(c[i & 1], i);
		sink += of_2(c);
	}
}

static void
select_8(long n)
{
	numbers c[8];

	for (int i = 0; i < 8; i++)
		c[i] = make(numbers, 1);
	for (long i = 0; i < n; i++) {
		chan_send(c[i & 7], i);
		sink += of_8(c);
	}
}

static void
send_round(numbers *c, int channels, long n)
{
	for (long i = 0; i < n; i++)
		chan_send(c[i % channels], i);
}

static void
blocking_2(long n)
{
	numbers c[2];

	for (int i = 0; i < 2; i++)
		c[i] = make(numbers);
	go send_round(c, 2, n);
	for (long i = 0; i < n; i++)
		sink += of_2(c);
}

static void
blocking_8(long n)
{
	numbers c[8];

	for (int i = 0; i < 8; i++)
		c[i] = make(numbers);
	go send_round(c, 8, n);
	for (long i = 0; i < n; i++)
		sink += of_8(c);
}

__attribute__((noinline)) static long
poll(numbers *c)
{
	chan_select {
	case_recv (c[0], v)
		return v;
	case_recv (c[1], v)
		return v;
	case_default
		return 1;
	}
	return 0;
}

static void
polling(long n)
{
	numbers c[2];

	for (int i = 0; i < 2; i++)
		c[i] = make(numbers, 1);
	for (long i = 0; i < n; i++)
		sink += poll(c);
}

static goat_mutex mu;

static void
mutex(long n)
{
	for (long i = 0; i < n; i++) {
		goat_mutex_lock(&mu);
		sink++;
		goat_mutex_unlock(&mu);
	}
}

static void
lock_often(long n, goat_waitgroup *wg)
{
	mutex(n);
	goat_waitgroup_done(wg);
}

static void
contended(long n)
{
	goat_waitgroup wg = { 0 };

	goat_waitgroup_add(&wg, 4);
	for (int i = 0; i < 4; i++)
		go lock_often(n / 4, &wg);
	goat_waitgroup_wait(&wg);
}

static void
fan_out(long n)
{
	goat_waitgroup wg = { 0 };

	for (; n > 0; n -= BATCH) {
		int k = n < BATCH ? (int)n : BATCH;

		goat_waitgroup_add(&wg, k);
		for (int i = 0; i < k; i++)
			go goat_waitgroup_done(&wg);
		goat_waitgroup_wait(&wg);
	}
}

// Until it gets a number below 0, which it hands on.
static void
filter(numbers in, numbers out, long prime)
{
	for (;;) {
		long v = chan_recv(in);

		if (v < 0 || v % prime != 0)
			chan_send(out, v);
		if (v < 0)
			return;
	}
}

static void
generate(numbers c, numbers stop)
{
	for (long i = 2;; i++)
		chan_select {
		case_send (c, i) {
		}
		case_recv (stop) {
			chan_send(c, -1);
			return;
		}
		}
}

static void
sieve(long n)
{
	for (; n > 0; n--) {
		numbers c = make(numbers), stop = make(numbers, 1);

		go generate(c, stop);
		for (int i = 0; i < PRIMES; i++) {
			long prime = chan_recv(c);
			numbers next = make(numbers);

			sink += prime;
			go filter(c, next, prime);
			c = next;
		}
		chan_send(stop, 1);
		while (chan_recv(c) >= 0)
			;
	}
}

static void
nothing(void)
{
}

int
main(void)
{
	for (int p = 1; p <= 2; p++) {
		goat_maxprocs(p);
		row(name_p("spawn", p), spawn, 1);
		row(name_p("yield", p), yield, 1);
		row(name_p("unbuffered", p), unbuffered, 1);
		row(name_p("buffered_128", p), buffered, 1);
		row(name_p("buffered_alone", p), alone, 1);
		row(name_p("buffered_4_to_4", p), many_to_many, 1);
		row(name_p("select_2_ready", p), select_2, 1);
		row(name_p("select_8_ready", p), select_8, 1);
		row(name_p("select_2_blocking", p), blocking_2, 1);
		row(name_p("select_8_blocking", p), blocking_8, 1);
		row(name_p("select_2_default", p), polling, 1);
		row(name_p("mutex", p), mutex, 1);
		row(name_p("mutex_contended", p), contended, 1);
		row(name_p("fan_out", p), fan_out, 1);
		row_after(name_p("sieve", p), nothing, sieve, 2);
	}
	return 0;
}
