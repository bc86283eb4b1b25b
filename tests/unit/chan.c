// SPDX-License-Identifier: GPL-3.0-or-later
//
// chan.c: channels and select of one thread, against a model: a queue of numbers for each channel.
//
// Nothing here waits; tests/stress/chans.c does.

#include "chan.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "rng.h"
#include "sync.h"
#include "trap.h"

enum { CHANNELS = 6, CAP = 9, LARGE = 300, CASES = 10 };

struct model {
	struct goat_hchan *c;           // NULL: the nil channel
	size_t size, cap;
	unsigned value[CAP];
	size_t n;
	bool closed;
};

static struct model channels[CHANNELS];
static uint64_t seed, rng;

static size_t
below(size_t n)
{
	return (size_t)rng_below(&rng, n);
}

static void
make(struct model *m)
{
	static const size_t sizes[] = { 0, 1, 2, 4, 8, 8, 12, 16, 40, LARGE };
	size_t align = (size_t)1 << below(7);
	struct goat_type t = { .align = (uint16_t)align };

	*m = (struct model){ .size = sizes[below(10)], .cap = below(CAP + 1) };
	if (below(10) == 0)
		return;
	t.size = m->size;
	t.ptrdata = m->size >= 8 && below(2) ? 8 : 0;
	m->c = goat_makechan(&t, m->cap);
	cr_assert_eq((uintptr_t)m->c->buf % align, 0);
	for (size_t i = 0; t.ptrdata != 0 && i < m->cap * m->size; i++)
		cr_assert_eq(m->c->buf[i], 0);
}

// What is sent for a number.
static void
fill(unsigned char *v, size_t size, unsigned number)
{
	for (size_t i = 0; i < size; i++)
		v[i] = (unsigned char)(number + 3 * i);
}

static bool
can_send(const struct model *m)
{
	return m->c != NULL && (m->closed || m->n < m->cap);
}

static bool
can_receive(const struct model *m)
{
	return m->c != NULL && (m->closed || m->n > 0);
}

static void
has_sent(struct model *m, unsigned number)
{
	m->value[m->n++] = number;
}

static void
has_received(struct model *m, const unsigned char *v, bool received, const char *how)
{
	unsigned char want[LARGE];

	cr_assert_eq(received, m->n > 0, "%s, seed %llu", how, (unsigned long long)seed);
	memset(want, 0, sizeof want);
	if (received)
		fill(want, m->size, m->value[0]);
	if (v != NULL)
		cr_assert_arr_eq(v, want, m->size, "%s, seed %llu", how, (unsigned long long)seed);
	if (received)
		memmove(m->value, m->value + 1, --m->n * sizeof *m->value);
}

struct call {
	struct goat_scase k[CASES];
	size_t n;
	void *c, *v;
	int chosen;
	bool received;
};

static void
send_it(void *arg)
{
	struct call *a = arg;

	goat_chansend1(a->c, a->v);
}

static void
try_to_send(void *arg)
{
	struct call *a = arg;

	a->chosen = goat_selectnbsend(a->c, a->v);
}

static void
close_it(void *arg)
{
	struct call *a = arg;

	goat_closechan(a->c);
}

static void
select_it(void *arg)
{
	struct call *a = arg;

	a->chosen = goat_selectgo(a->k, a->n, false, &a->received);
}

static void
send(struct model *m)
{
	unsigned char v[LARGE];
	unsigned number = (unsigned)below(250);
	struct call a = { .c = m->c, .v = v };
	bool panicked, must_wait = !can_send(m);

	fill(v, m->size, number);
	if (below(2) || must_wait) {
		panicked = panics(try_to_send, &a);
		cr_assert(panicked || a.chosen == !must_wait, "seed %llu", (unsigned long long)seed);
	} else {
		panicked = panics(send_it, &a);
	}
	cr_assert_eq(panicked, m->closed, "seed %llu", (unsigned long long)seed);
	if (!panicked && !must_wait)
		has_sent(m, number);
}

static void
receive(struct model *m)
{
	unsigned char v[LARGE], *to = below(4) ? v : NULL;

	memset(v, 0xee, sizeof v);
	if (!can_receive(m) || below(2)) {
		int got = goat_selectnbrecv(m->c, to);

		cr_assert_eq(got != 0, can_receive(m), "seed %llu", (unsigned long long)seed);
		if (got != 0)
			has_received(m, to, got == 3, "selectnbrecv");
	} else if (below(2)) {
		has_received(m, to, goat_chanrecv2(m->c, to), "chanrecv2");
	} else {
		goat_chanrecv1(m->c, to);
		has_received(m, to, m->n > 0, "chanrecv1");
	}
}

static void
close(struct model *m)
{
	struct call a = { .c = m->c };

	cr_assert_eq(panics(close_it, &a), m->c == NULL || m->closed, "seed %llu",
		     (unsigned long long)seed);
	m->closed = m->c != NULL;
}

static void
choose(void)
{
	unsigned char v[CASES][LARGE];
	unsigned number[CASES];
	struct model *of[CASES];
	struct call a = { .n = below(CASES) + 1 };
	bool any = false;

	for (size_t i = 0; i < a.n; i++) {
		of[i] = &channels[below(CHANNELS)];
		number[i] = (unsigned)below(250);
		memset(v[i], 0xee, sizeof v[i]);
		a.k[i] = (struct goat_scase){ of[i]->c, v[i], below(2) };
		if (a.k[i].send)
			fill(v[i], of[i]->size, number[i]);
		any |= a.k[i].send ? can_send(of[i]) : can_receive(of[i]);
	}
	if (panics(select_it, &a)) {
		bool may = false;

		for (size_t i = 0; i < a.n; i++)
			may |= a.k[i].send && of[i]->closed;
		cr_assert(may, "seed %llu", (unsigned long long)seed);
		return;
	}
	cr_assert_eq(a.chosen >= 0, any, "seed %llu", (unsigned long long)seed);
	if (!any)
		return;
	cr_assert_lt(a.chosen, (int)a.n);
	if (a.k[a.chosen].send) {
		cr_assert(can_send(of[a.chosen]) && !of[a.chosen]->closed, "seed %llu",
			  (unsigned long long)seed);
		has_sent(of[a.chosen], number[a.chosen]);
	} else {
		cr_assert(can_receive(of[a.chosen]), "seed %llu", (unsigned long long)seed);
		has_received(of[a.chosen], v[a.chosen], a.received, "selectgo");
	}
}

static void
check_all(void)
{
	for (int i = 0; i < CHANNELS; i++)
		if (channels[i].c != NULL) {
			goat_chancheck(channels[i].c);
			cr_assert_eq(channels[i].c->qcount, channels[i].n, "seed %llu",
				     (unsigned long long)seed);
			cr_assert_eq(channels[i].c->dataqsiz, channels[i].cap);
			cr_assert_eq(channels[i].c->lock.held, 0);
		}
}

Test(chan, does_what_a_queue_does)
{
	seed = rng = rng_seed();
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < CHANNELS; i++)
			make(&channels[i]);
		for (int step = 0; step < 400; step++) {
			struct model *m = &channels[below(CHANNELS)];

			switch (below(10)) {
			case 0 ... 2:
				send(m);
				break;
			case 3 ... 5:
				receive(m);
				break;
			case 6:
				if (below(20) == 0)
					close(m);
				break;
			default:
				choose();
			}
			check_all();
		}
	}
}

// Of the cases that are ready each is as likely, wherever it stands.
Test(chan, select_is_fair)
{
	enum { N = 9, DRAWS = 30000 };
	static const bool ready[N] = { true, true, false, false, true, false, false, false, true };
	struct goat_type t = { .size = 8, .align = 8 };
	struct goat_scase k[N];
	int count[N] = { 0 };
	uint64_t v = 0;

	for (int i = 0; i < N; i++) {
		k[i] = (struct goat_scase){ goat_makechan(&t, 1), &v, 0 };
		if (ready[i])
			goat_chansend1(k[i].c, &v);
	}
	for (int i = 0; i < DRAWS; i++) {
		int chosen = goat_selectgo(k, N, true, NULL);

		count[chosen]++;
		goat_chansend1(k[chosen].c, &v);
	}
	for (int i = 0; i < N; i++)
		cr_expect(ready[i] ? abs(count[i] - DRAWS / 4) < 500 : count[i] == 0, "%d: %d", i,
			  count[i]);
}

struct size {
	size_t elem, n;
};

static void
make_it(void *arg)
{
	const struct size *s = arg;
	struct goat_type t = { .size = s->elem, .align = 1 };

	goat_makechan(&t, s->n);
}

Test(chan, has_a_size)
{
	static struct size wrong[] = {
		{ 1, SIZE_MAX }, { 0, SIZE_MAX }, { 8, SIZE_MAX / 8 + 2 }, { 1, (size_t)1 << 48 },
		{ 8, (size_t)1 << 46 }, { 0, (size_t)1 << 63 },
	};
	struct size right = { 0, SIZE_MAX / 2 };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		cr_expect(panics(make_it, &wrong[i]), "%zu of %zu bytes", wrong[i].n, wrong[i].elem);
	cr_expect(!panics(make_it, &right));
}

// Many cases: sorting them, and sudogs that do not lie in the frame.
Test(chan, select_has_many_cases)
{
	enum { N = 500 };
	struct goat_type t = { .size = 4, .align = 4 };
	static struct goat_scase k[N];
	static uint32_t v[N];
	void *c[20];
	bool received;

	for (int i = 0; i < 20; i++)
		c[i] = goat_makechan(&t, 1);
	for (int i = 0; i < N; i++)
		k[i] = (struct goat_scase){ i % 21 == 20 ? NULL : c[i * 7 % 20], &v[i], 0 };
	cr_expect_eq(goat_selectgo(k, N, false, &received), -1);
	for (int i = 0; i < 20; i++) {
		uint32_t sent = (uint32_t)i + 100;
		int chosen;

		goat_chansend1(c[i], &sent);
		chosen = goat_selectgo(k, N, true, &received);
		cr_expect(received);
		cr_assert_geq(chosen, 0);
		cr_expect_eq(k[chosen].c, c[i]);
		cr_expect_eq(v[chosen], sent);
	}
}

static void
fail(void)
{
	goat_panicplain("once");
}

static void
do_it(void *arg)
{
	goat_once_do(arg, fail);
}

// What has panicked is done.
Test(sync, once_is_once)
{
	goat_once once = { 0 };

	cr_expect(panics(do_it, &once));
	cr_expect(!panics(do_it, &once));
	cr_expect_eq(once.m.state, 0);
}

Test(sync, trylock)
{
	goat_mutex m = { 0 };

	cr_expect(goat_mutex_trylock(&m));
	cr_expect(!goat_mutex_trylock(&m));
	goat_mutex_unlock(&m);
	goat_mutex_lock(&m);
	cr_expect(!goat_mutex_trylock(&m));
	goat_mutex_unlock(&m);
	cr_expect_eq(m.state, 0);
}
