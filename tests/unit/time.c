// SPDX-License-Identifier: GPL-3.0-or-later
//
// time.c: the heap of timers, and timers of the program.
//
// A P of the test's own, which no thread of the scheduler knows, and a clock that is an argument:
// nothing here depends on how fast the machine is.

#include "timer.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "rng.h"

enum { TIMERS = 600, PS = 2 };

static struct goat_p ps[PS];
static struct goat_m self;

// This thread has P I, as far as timers know.
static void
on(unsigned i)
{
	self.p = &ps[i];
	goat_m = &self;
}

static void
off(void)
{
	goat_m = NULL;
}

// ---------------------------------------------------------------- against an array

static struct goat_rtimer timers[TIMERS];
static int64_t model[TIMERS];           // when, 0: not pending
static size_t fired[TIMERS], nfired;
static int64_t clock_;
static const char *wrong;

static void
fire(struct goat_rtimer *t)
{
	size_t i = (size_t)(t - timers);

	if (model[i] == 0)
		wrong = "it was not pending";
	else if (model[i] > clock_)
		wrong = "too early";
	model[i] = 0;
	fired[nfired++ % TIMERS] = i;
}

static const char *
check_heap(struct goat_timer_heap *h)
{
	for (uint32_t i = 0; i < h->n; i++) {
		const struct goat_timer_id *id = &h->ids[h->at[i].id];

		if (h->at[i].id >= h->nids || id->at != i || id->t->id != h->at[i].id + 1)
			return "a timer does not know its place";
		if (h->at[i].when > id->t->when)
			return "an entry is later than its timer";
		if (i > 0 && h->at[(i - 1) / 4].when > h->at[i].when)
			return "a child is earlier than its parent";
	}
	if (h->when != (h->n == 0 ? 0 : h->at[0].when))
		return "when is not that of the first";
	return h->lock.held ? "it is locked" : NULL;
}

static const char *
check_model(void)
{
	size_t pending = 0, n = 0;

	for (unsigned i = 0; i < PS; i++) {
		const char *text = check_heap(&ps[i].timers);

		if (text != NULL)
			return text;
		n += ps[i].timers.n;
	}
	for (size_t i = 0; i < TIMERS; i++) {
		pending += model[i] != 0;
		if ((model[i] != 0) != (timers[i].id != 0))
			return "pending, or not";
		if (model[i] != 0 && model[i] != timers[i].when)
			return "another time";
	}
	return n == pending ? NULL : "timers are missing in the heaps";
}

// Runs what is due, and sees that it was all and in order.
static const char *
run(unsigned i, int64_t to)
{
	int64_t next, least = 0;
	int64_t last = 0, before[TIMERS];

	memcpy(before, model, sizeof before);
	clock_ = to;
	nfired = 0;
	next = goat_runtimers(&ps[i], to);
	for (size_t k = 0; k < nfired; k++) {
		if (before[fired[k]] < last)
			return "not in order";
		last = before[fired[k]];
	}
	for (size_t k = 0; k < TIMERS; k++) {
		if (model[k] == 0 || timers[k].p != &ps[i])
			continue;
		if (model[k] <= to)
			return "one that is due was left";
		if (least == 0 || model[k] < least)
			least = model[k];
	}
	if (next > least || (least == 0) != (next == 0))
		return "the next one comes before that";
	return wrong;
}

static int64_t
some_time(uint64_t *state)
{
	switch (rng_below(state, 20)) {
	case 0:
		return INT64_MAX;
	case 1:
		return clock_;
	case 2:
		return 1 + (int64_t)rng_below(state, (uint64_t)clock_);
	default:
		return clock_ + (int64_t)rng_below(state, 1000);
	}
}

static const char *
step(uint64_t *state, size_t n)
{
	size_t i = rng_below(state, n);
	bool was = model[i] != 0;
	int64_t when;

	on((unsigned)rng_below(state, PS));
	switch (rng_below(state, 8)) {
	case 0:
		return run((unsigned)rng_below(state, PS), clock_ + (int64_t)rng_below(state, 60));
	case 1: case 2:
		if (goat_timerdel(&timers[i]) != was)
			return "timerdel: pending, or not";
		model[i] = 0;
		return NULL;
	default:
		when = some_time(state);
		if (goat_timermod(&timers[i], when) != was)
			return "timermod: pending, or not";
		model[i] = when;
		return NULL;
	}
}

Test(time, heap_does_what_an_array_does, .timeout = 600)
{
	uint64_t seed = rng_seed(), steps = rng_number("TEST_STEPS", 200000), state = seed;
	size_t n = 0;

	clock_ = 1000;
	for (size_t i = 0; i < TIMERS; i++)
		timers[i].f = fire;
	for (uint64_t i = 0; i < steps; i++) {
		const char *text;

		if (i % 5000 == 0)
			n = 1 + rng_below(&state, i % 10000 == 0 ? TIMERS : 8);
		text = step(&state, n);
		if (text == NULL && i % 16 == 0)
			text = check_model();
		cr_assert_null(text, "TEST_SEED=%llu: step %llu of %zu timers: %s",
			       (unsigned long long)seed, (unsigned long long)i, n, text);
	}
	off();
}

// ---------------------------------------------------------------- times that are none

struct counter {
	struct goat_rtimer t;
	unsigned n;
};

static void
count(struct goat_rtimer *t)
{
	((struct counter *)t)->n++;
}

Test(time, times_before_the_first_are_due)
{
	struct counter a = { .t.f = count }, b = a;

	on(0);
	cr_expect_not(goat_timermod(&a.t, -5));
	cr_expect_not(goat_timermod(&b.t, INT64_MIN));
	cr_expect_neq(ps[0].timers.when, 0);
	cr_expect_eq(goat_runtimers(&ps[0], 1), 0);
	cr_expect_eq(a.n, 1);
	cr_expect_eq(b.n, 1);
	off();
}

Test(time, the_last_moment_never_comes_early)
{
	struct counter a = { .t.f = count };

	on(0);
	goat_timermod(&a.t, INT64_MAX);
	cr_expect_eq(goat_runtimers(&ps[0], INT64_MAX - 1), INT64_MAX);
	cr_expect_eq(a.n, 0);
	cr_expect(goat_timerdel(&a.t));
	cr_expect_not(goat_timerdel(&a.t));
	cr_expect_eq(goat_runtimers(&ps[0], INT64_MAX), 0);
	off();
}

static void
again(struct goat_rtimer *t)
{
	if (++((struct counter *)t)->n < 4)
		goat_timermod(t, t->when + 10);
}

Test(time, a_callback_may_start_its_timer)
{
	struct counter a = { .t.f = again };

	on(0);
	goat_timermod(&a.t, 10);
	cr_expect_eq(goat_runtimers(&ps[0], 35), 40);
	cr_expect_eq(goat_runtimers(&ps[0], 100), 0);
	cr_expect_eq(a.n, 4);
	off();
}

Test(time, it_moves_to_who_starts_it)
{
	struct counter a = { .t.f = count };

	on(0);
	goat_timermod(&a.t, 10);
	on(1);
	cr_expect(goat_timermod(&a.t, 20), "it stays while it is pending");
	cr_expect_eq(a.t.p, &ps[0]);
	goat_timerdel(&a.t);
	goat_timermod(&a.t, 20);
	cr_expect_eq(a.t.p, &ps[1]);
	cr_expect_eq(ps[0].timers.n, 0);
	cr_expect_eq(goat_runtimers(&ps[1], 20), 0);
	cr_expect_eq(a.n, 1);
	off();
}

// ---------------------------------------------------------------- timers of the program

static size_t
pending_value(void *c)
{
	return ((struct goat_hchanhead *)c)->qcount;
}

// Whether there is a value, received to *V.
static bool
got(void *c, int64_t *v)
{
	return goat_selectnbrecv(c, v) == 3;
}

Test(time, a_timer_has_one_channel)
{
	goat_timer t = { 0 };
	int64_t v = 0, before = goat_now();
	void *c;

	on(0);
	cr_expect_not(goat_timer_stop(&t), "never started");
	c = goat_timer_start(&t, INT64_MAX);
	cr_expect_not(got(c, &v));
	cr_expect_eq(ps[0].timers.when, INT64_MAX, "it would be after the last moment");
	cr_expect(goat_timer_reset(&t, 1000));
	cr_expect_eq(goat_timer_start(&t, 2000), c);
	goat_runtimers(&ps[0], before + INT64_MAX / 4);
	cr_expect_eq(pending_value(c), 1);
	cr_expect(got(c, &v));
	cr_expect_eq(v, before + INT64_MAX / 4);
	cr_expect_not(goat_timer_stop(&t));
	off();
}

// In no heap, but as if it were in one.
Test(time, nobody_has_looked_at_it)
{
	static const int64_t hour = INT64_C(3600000000000);
	goat_timer t = { 0 }, due = { 0 };
	int64_t v = 0, before = goat_now();
	void *c;

	on(0);
	c = goat_timer_start(&t, hour);
	cr_expect(goat_timer_reset(&t, 2 * hour));
	cr_expect(goat_timer_stop(&t));
	cr_expect_not(goat_timer_stop(&t));
	cr_expect_not(goat_timer_reset(&t, hour));
	cr_expect_eq(ps[0].timers.n, 0);
	cr_expect_not(got(c, &v));
	cr_expect_eq(ps[0].timers.n, 1);
	cr_expect(goat_timer_stop(&t));
	cr_expect_eq(ps[0].timers.n, 0);

	c = goat_timer_start(&due, 0);
	cr_expect(got(c, &v), "it is found to be due when somebody looks");
	cr_expect(v >= before);
	cr_expect_not(goat_timer_stop(&due));
	c = goat_after(-1);
	cr_expect(got(c, &v));
	cr_expect_not(got(c, &v), "once");
	off();
}

Test(time, what_was_sent_is_taken_back)
{
	goat_timer t = { 0 };
	int64_t v;
	void *c;

	on(0);
	c = goat_timer_start(&t, 0);
	cr_expect(goat_timer_stop(&t), "nobody had received");
	cr_expect_not(got(c, &v));
	cr_expect_not(goat_timer_stop(&t));

	cr_expect_not(goat_timer_reset(&t, -1));
	cr_expect_eq(pending_value(c), 1, "no time is at once");
	cr_expect(goat_timer_reset(&t, 1000));
	cr_expect_eq(pending_value(c), 0);
	cr_expect(goat_timer_reset(&t, INT64_MIN));
	cr_expect_eq(pending_value(c), 1);
	cr_expect_eq(ps[0].timers.n, 0);
	off();
}

Test(time, closing_the_channel_is_the_end_of_it)
{
	goat_timer t = { 0 };
	void *c;

	on(0);
	c = goat_timer_start(&t, INT64_MAX);
	goat_closechan(c);
	goat_runtimers(&ps[0], INT64_MAX);
	cr_expect_eq(pending_value(c), 0);
	cr_expect_not(goat_timer_reset(&t, 0));
	off();
}

// The only pointers to them are in the heap.
Test(time, the_collector_keeps_what_is_pending)
{
	enum { N = 300 };
	int64_t v;

	on(0);
	for (int i = 0; i < N; i++)
		goat_selectnbrecv(goat_after(INT64_MAX / 2 + i), &v);
	off();
	for (int i = 0; i < 3; i++)
		goat_gc();
	on(0);
	for (int i = 0; i < 10 * N; i++)
		memset(goat_mallocbytes(160), 0xff, 160);
	cr_expect_eq(ps[0].timers.n, N);
	cr_expect_null(check_heap(&ps[0].timers));
	cr_expect_eq(goat_runtimers(&ps[0], INT64_MAX), 0);
	off();
}
