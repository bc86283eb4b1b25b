// SPDX-License-Identifier: GPL-3.0-or-later
//
// timers.c: goroutines start, stop and reset timers, sleep, give up on channels and on sockets, and
// close these under each other. Nothing comes early; each time that a timer was started ends in one
// way, a value received or a stop or reset that says `pending`; what is read is what was written.
//
//	timers [ROUNDS]         TEST_SEED replays a run, as far as the scheduler does

#include "chan.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "stress.h"

struct goat_timer {
	void *impl;
};

void *goat_after(int64_t ns);
void *goat_timer_start(struct goat_timer *t, int64_t ns);
bool goat_timer_stop(struct goat_timer *t);
bool goat_timer_reset(struct goat_timer *t, int64_t ns);
int goat_poll(int fd, int events, int64_t deadline);
ssize_t goat_read(int fd, void *buf, size_t n);
ssize_t goat_write(int fd, const void *buf, size_t n);
int goat_set_deadline(int fd, int64_t when);
int goat_close(int fd);

static const int64_t US = 1000;

static void *
chan_of_longs(size_t cap)
{
	struct goat_type t = { .size = 8, .align = 8 };

	return goat_makechan(&t, cap);
}

// Now and then none at all, or the last moment there is.
static int64_t
some_ns(uint64_t *rng)
{
	switch (rng_below(rng, 12)) {
	case 0:
		return 0;
	case 1:
		return -(int64_t)rng_below(rng, 1000);
	case 2:
		return INT64_MAX;
	default:
		return (int64_t)rng_below(rng, 300) * US;
	}
}

static void
pause_some(uint64_t *rng)
{
	switch (rng_below(rng, 4)) {
	case 0:
		goat_sleep((int64_t)rng_below(rng, 200) * US);
		break;
	case 1:
		for (uint64_t i = rng_below(rng, 20); i > 0; i--)
			goat_yield();
		break;
	default:
		break;
	}
}

// ---------------------------------------------------------------- one owner

struct owner {
	uint64_t rng;
	int steps;
};

static void
own(void *arg)
{
	struct owner *o = arg;
	struct goat_timer t = { 0 };
	struct goat_hchan *c = NULL;
	bool armed = false;
	int64_t due = 0, v = 0;

	for (int i = 0; i < o->steps; i++) {
		int64_t ns = some_ns(&o->rng);

		if (ns > 300 * US && rng_below(&o->rng, 2) == 0)
			ns = 50 * US;
		switch (c == NULL ? 0 : rng_below(&o->rng, 4)) {
		case 0: case 1: {
			int64_t now = goat_now();
			bool was = false;

			if (c == NULL)
				c = goat_timer_start(&t, ns);
			else
				was = goat_timer_reset(&t, ns);
			check(was == armed, "reset: was pending", was, armed);
			armed = true;
			due = ns <= 0 ? now : ns > INT64_MAX - now ? INT64_MAX : now + ns;
			break;
		}
		case 2: {
			bool was = goat_timer_stop(&t);

			check(was == armed, "stop: was pending", was, armed);
			armed = false;
			check(c->qcount == 0, "a value after stop", (long)c->qcount, 0);
			pause_some(&o->rng);
			check(goat_selectnbrecv(c, &v) == 0, "a value some time after stop", 0, 0);
			break;
		}
		default:
			if (!armed || due == INT64_MAX)
				break;
			goat_chanrecv1(c, &v);
			check(v >= due && goat_now() >= due, "early", (long)(v - due), 0);
			armed = false;
		}
		pause_some(&o->rng);
	}
	goat_timer_stop(&t);
}

static void
owners(uint64_t *rng)
{
	enum { N = 40 };
	struct owner *o = goat_mallocgc(N * sizeof *o, 8, true);
	goat_waitgroup done = { 0 };

	for (int i = 0; i < N; i++) {
		o[i] = (struct owner){ rng_next(rng), 60 };
		start(&done, own, &o[i]);
	}
	goat_waitgroup_wait(&done);
}

// ---------------------------------------------------------------- many for one timer

struct shared {
	struct goat_timer t;
	struct goat_hchan *c;
	long armed, ended;
	bool over;
	uint64_t rng;
};

static void
meddle(void *arg)
{
	struct shared *s = arg;
	uint64_t rng = __atomic_add_fetch(&s->rng, 0x9e3779b97f4a7c15u, __ATOMIC_RELAXED);

	for (int i = 0; i < 60; i++) {
		bool was;

		if (rng_below(&rng, 3) == 0) {
			was = goat_timer_stop(&s->t);
		} else {
			was = goat_timer_reset(&s->t, some_ns(&rng));
			__atomic_add_fetch(&s->armed, 1, __ATOMIC_RELAXED);
		}
		__atomic_add_fetch(&s->ended, was, __ATOMIC_RELAXED);
		pause_some(&rng);
	}
}

static void
receive(void *arg)
{
	struct shared *s = arg;
	int64_t v;

	while (!__atomic_load_n(&s->over, __ATOMIC_ACQUIRE)) {
		__atomic_add_fetch(&s->ended, goat_selectnbrecv(s->c, &v) == 3, __ATOMIC_RELAXED);
		goat_sleep(20 * US);
	}
}

static void
sharing(uint64_t *rng)
{
	struct shared *s = goat_mallocgc(sizeof *s, 8, false);
	goat_waitgroup meddlers = { 0 }, receivers = { 0 };

	s->rng = rng_next(rng);
	s->c = goat_timer_start(&s->t, 1000 * US);
	s->armed = 1;
	for (int i = 0; i < 3; i++)
		start(&receivers, receive, s);
	for (int i = 0; i < 6; i++)
		start(&meddlers, meddle, s);
	goat_waitgroup_wait(&meddlers);
	__atomic_store_n(&s->over, true, __ATOMIC_RELEASE);
	goat_waitgroup_wait(&receivers);
	s->ended += goat_timer_stop(&s->t);
	check(s->armed == s->ended, "a timer was started and ended", s->armed, s->ended);
}

// ---------------------------------------------------------------- sleeping, giving up

struct waiting {
	uint64_t rng;
	struct goat_hchan *c;
	long sent, got;
};

static void
sleep_some(void *arg)
{
	struct waiting *w = arg;

	for (int i = 0; i < 10; i++) {
		int64_t ns = (int64_t)rng_below(&w->rng, 2000) * US, from = goat_now();

		goat_sleep(ns);
		check(goat_now() - from >= ns, "woke up early", (long)(goat_now() - from), (long)ns);
	}
}

static void
give_up(void *arg)
{
	struct waiting *w = arg;

	for (int i = 0; i < 40; i++) {
		int64_t ns = (int64_t)rng_below(&w->rng, 300) * US, from = goat_now(), v = 0, t = 0;
		struct goat_scase k[2] = { { w->c, &v, 0 }, { goat_after(ns), &t, 0 } };
		bool received = false;

		if (goat_selectgo(k, 2, true, &received) == 0)
			__atomic_add_fetch(&w->got, v, __ATOMIC_RELAXED);
		else
			check(received && t - from >= ns, "gave up early", (long)(t - from), (long)ns);
	}
}

static void
offer(void *arg)
{
	struct waiting *w = arg;

	for (int i = 1; i <= 40; i++) {
		int64_t v = i, t;
		struct goat_scase k[2] = { { w->c, &v, 1 },
					   { goat_after((int64_t)rng_below(&w->rng, 300) * US), &t, 0 } };
		bool received = false;

		if (goat_selectgo(k, 2, true, &received) == 0)
			__atomic_add_fetch(&w->sent, v, __ATOMIC_RELAXED);
		pause_some(&w->rng);
	}
}

static void
waits(uint64_t *rng)
{
	enum { N = 60 };
	struct waiting *w = goat_mallocgc(N * sizeof *w, 8, false);
	void *c = chan_of_longs(rng_below(rng, 3));
	goat_waitgroup done = { 0 };
	long sent = 0, got = 0;
	int64_t v;

	for (int i = 0; i < N; i++) {
		w[i] = (struct waiting){ .rng = rng_next(rng), .c = c };
		start(&done, i % 3 == 0 ? sleep_some : i % 3 == 1 ? give_up : offer, &w[i]);
	}
	goat_waitgroup_wait(&done);
	while (goat_selectnbrecv(c, &v) == 3)
		got += v;
	for (int i = 0; i < N; i++) {
		sent += w[i].sent;
		got += w[i].got;
	}
	check(sent == got, "sent and received", sent, got);
}

// ---------------------------------------------------------------- sockets

enum { PAIRS = 12, BYTES = 20000 };

struct pair {
	int fd[2];
	bool closed[2];
	uint64_t rng;
	long written, read;
};

// Of the thread that we are on now: without the plugin, gcc takes the address of errno from before.
static __attribute__((noinline, noclone)) int
error(void)
{
	__asm__ volatile("");
	return errno;
}

static bool
expected(int e)
{
	return e == ETIMEDOUT || e == ECANCELED || e == EBADF || e == EPIPE || e == ECONNRESET;
}

static void
write_some(void *arg)
{
	struct pair *p = arg;
	uint64_t rng = p->rng ^ 1;
	unsigned char buf[1500];

	while (p->written < BYTES) {
		size_t n = 1 + rng_below(&rng, sizeof buf);
		ssize_t done;

		for (size_t i = 0; i < n; i++)
			buf[i] = (unsigned char)((p->written + (long)i) * 7);
		done = goat_write(p->fd[1], buf, n);
		if (done < 0) {
			int e = error();

			check(expected(e), "errno of write", e, 0);
			if (e != ETIMEDOUT)
				return;
			goat_set_deadline(p->fd[1], 0);
			continue;
		}
		p->written += done;
		pause_some(&rng);
	}
}

static void
read_some(void *arg)
{
	struct pair *p = arg;
	uint64_t rng = p->rng ^ 2;
	unsigned char buf[700];

	for (;;) {
		ssize_t n = goat_read(p->fd[0], buf, 1 + rng_below(&rng, sizeof buf));

		if (n == 0)
			return;
		if (n < 0) {
			int e = error();

			check(expected(e), "errno of read", e, 0);
			if (e != ETIMEDOUT)
				return;
			goat_set_deadline(p->fd[0], 0);
			continue;
		}
		// The number may be of another file meanwhile, as sysmon opens some.
		if (__atomic_load_n(&p->closed[0], __ATOMIC_ACQUIRE))
			return;
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != (unsigned char)((p->read + i) * 7))
				check(false, "another byte than was written, at", p->read + i, 0);
		p->read += n;
	}
}

static void
disturb(void *arg)
{
	struct pair *p = arg;
	uint64_t rng = p->rng ^ 3;

	for (int i = 0; i < 40; i++) {
		int side = (int)rng_below(&rng, 2);
		int64_t in = (int64_t)rng_below(&rng, 400) * US;

		if (rng_below(&rng, 3) == 0)
			goat_set_deadline(p->fd[side], goat_now() + in - 100 * US);
		else if (rng_below(&rng, 3) == 0)
			goat_poll(p->fd[side], 1 + 4 * (int)rng_below(&rng, 2), goat_now() + in);
		pause_some(&rng);
	}
	// Both ends may have somebody parked on them.
	goat_sleep((int64_t)rng_below(&rng, 3000) * US);
	__atomic_store_n(&p->closed[1], true, __ATOMIC_RELEASE);
	check(goat_close(p->fd[1]) == 0, "errno of close", error(), 0);
	if (rng_below(&rng, 2) == 0) {
		__atomic_store_n(&p->closed[0], true, __ATOMIC_RELEASE);
		check(goat_close(p->fd[0]) == 0, "errno of close", error(), 0);
	}
}

// All are opened before the first is closed, so that no number is another pair's.
static void
sockets(uint64_t *rng)
{
	struct pair *p = goat_mallocgc(PAIRS * sizeof *p, 8, true);
	goat_waitgroup done = { 0 };

	for (int i = 0; i < PAIRS; i++) {
		p[i].rng = rng_next(rng);
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, p[i].fd) != 0)
			return check(false, "socketpair", errno, 0);
	}
	for (int i = 0; i < PAIRS; i++) {
		start(&done, write_some, &p[i]);
		start(&done, read_some, &p[i]);
		start(&done, disturb, &p[i]);
	}
	goat_waitgroup_wait(&done);
	for (int i = 0; i < PAIRS; i++) {
		check(p[i].read <= p[i].written || p[i].written < BYTES, "read and written", p[i].read,
		      p[i].written);
		if (!p[i].closed[0])
			goat_close(p[i].fd[0]);
	}
}

// ----------------------------------------------------------------

int
main(int argc, char **argv)
{
	static const struct part part[] = {
		{ "owners", owners }, { "sharing", sharing }, { "waits", waits },
		{ "sockets", sockets }, { 0 },
	};

	rounds(part, argc > 1 ? atoi(argv[1]) : 20, rng_seed());
	return trouble != 0;
}
