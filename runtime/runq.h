// SPDX-License-Identifier: BSD-3-Clause
//
// runq.h: queues of goroutines that can run: one of each P, and one of all.
//
//	Q1  Who has the P writes runqtail, and puts things there; anybody takes from runqhead by compare
//	    and swap. What is between them does not change.
//	Q2  runnext is set by who has the P; thieves only make it NULL.
//	Q3  As long as there is one P, there are no thieves: stores will do. Who has the P says when it has
//	    seen that there are more (`shared`), and thieves wait for that. It takes that back when there is
//	    one again and no M has any of the others.
//
// Go:    as runqput and so on in runtime/proc.go. The queue of all is a list of
//        blocks of pointers, not of Gs, so that a G in it is not touched.
// Layer: sched.

#ifndef GOAT_RUNQ_H
#define GOAT_RUNQ_H

#include "runtime2.h"

// How many are in the queue of all.
extern GOAT_HIDDEN size_t goat_globrunqn;

static inline size_t
goat_globrunqsize(void)
{
	return __atomic_load_n(&goat_globrunqn, __ATOMIC_RELAXED);
}

GOAT_HIDDEN void goat_globrunqput(struct goat_g *const *g, size_t n);
// The first; and more, up to MAX in all, or to a share of one in NPROCS where MAX is 0, go to P.
GOAT_HIDDEN struct goat_g *goat_globrunqget(struct goat_p *p, uint32_t nprocs, size_t max);

// Half of a full queue, and G, go to the queue of all. False if thieves were quicker.
GOAT_HIDDEN bool goat_runqputslow(struct goat_p *p, struct goat_g *g, uint32_t head);
// Half of what FROM has moves to P, whose queue is empty; gives one of it. With NEXT also what FROM
// would run next, if nothing else is there. Go: runqsteal.
GOAT_HIDDEN struct goat_g *goat_runqsteal(struct goat_p *p, struct goat_p *from, bool next);

static inline bool
goat_runqempty(const struct goat_p *p)
{
	return __atomic_load_n(&p->runqhead, __ATOMIC_ACQUIRE) ==
		       __atomic_load_n(&p->runqtail, __ATOMIC_ACQUIRE) &&
	       __atomic_load_n(&p->runnext, __ATOMIC_ACQUIRE) == NULL;
}

static inline void
goat_runqputtail(struct goat_p *p, struct goat_g *g)
{
	for (;;) {
		uint32_t head = __atomic_load_n(&p->runqhead, __ATOMIC_ACQUIRE);
		uint32_t tail = p->runqtail;

		if (__builtin_expect(tail - head < GOAT_RUNQ, 1)) {
			__atomic_store_n(&p->runq[tail % GOAT_RUNQ], g, __ATOMIC_RELAXED);
			__atomic_store_n(&p->runqtail, tail + 1, __ATOMIC_RELEASE);
			return;
		}
		if (goat_runqputslow(p, g, head))
			return;
	}
}

// G is the next to run here; who was that goes to the tail.
static inline void
goat_runqputnext(struct goat_p *p, struct goat_g *g)
{
	struct goat_g *old = __atomic_load_n(&p->runnext, __ATOMIC_RELAXED);

	if (old == NULL || !p->shared)
		__atomic_store_n(&p->runnext, g, __ATOMIC_RELEASE);
	else
		old = __atomic_exchange_n(&p->runnext, g, __ATOMIC_ACQ_REL);
	if (old != NULL)
		goat_runqputtail(p, old);
}

// Of a long queue what will run soon is fetched: a stack that was left long ago is in no cache.
static inline void
goat_runqfetch(const struct goat_p *p, uint32_t head, uint32_t tail)
{
	enum { NEAR = 2, FAR = 5 };

	if (tail - head > FAR) {
		const struct goat_g *g = __atomic_load_n(&p->runq[(head + NEAR) % GOAT_RUNQ],
							 __ATOMIC_RELAXED);

		__builtin_prefetch((const void *)g->sp, 1);
		__builtin_prefetch((const char *)g->sp + 64, 1);
		__builtin_prefetch(__atomic_load_n(&p->runq[(head + FAR) % GOAT_RUNQ], __ATOMIC_RELAXED), 1);
	}
}

// sysmon says that those who run each other have had their time.
GOAT_HIDDEN void goat_runqkick(struct goat_p *p);

// G, which P would run next. False if thieves were quicker.
static inline bool
goat_runqtakenext(struct goat_p *p, struct goat_g *g)
{
	if (p->shared)
		return __atomic_compare_exchange_n(&p->runnext, &g, NULL, false, __ATOMIC_ACQUIRE,
						   __ATOMIC_RELAXED);
	__atomic_store_n(&p->runnext, NULL, __ATOMIC_RELAXED);
	return true;
}

// The first, where the queue begins at *HEAD. False if thieves were quicker: *HEAD is where it begins now.
static inline bool
goat_runqtake(struct goat_p *p, uint32_t *head)
{
	if (p->shared)
		return __atomic_compare_exchange_n(&p->runqhead, head, *head + 1, false, __ATOMIC_ACQ_REL,
						   __ATOMIC_ACQUIRE);
	__atomic_store_n(&p->runqhead, *head + 1, __ATOMIC_RELEASE);
	return true;
}

// Who comes from runnext inherits the time slice of who put it there: P's tick stays, so that sysmon
// sees two that run each other as one.
static inline struct goat_g *
goat_runqget(struct goat_p *p)
{
	struct goat_g *g;
	uint32_t head, tail;

	if (__builtin_expect(__atomic_load_n(&p->preempt, __ATOMIC_RELAXED), 0))
		goat_runqkick(p);
	g = __atomic_load_n(&p->runnext, __ATOMIC_RELAXED);
	tail = p->runqtail;
	if (g != NULL && goat_runqtakenext(p, g))
		return g;
	head = __atomic_load_n(&p->runqhead, __ATOMIC_ACQUIRE);
	while (tail != head) {
		g = __atomic_load_n(&p->runq[head % GOAT_RUNQ], __ATOMIC_RELAXED);
		if (goat_runqtake(p, &head)) {
			__atomic_store_n(&p->tick, p->tick + 1, __ATOMIC_RELAXED);
			__atomic_store_n(&p->preempt, false, __ATOMIC_RELAXED);
			goat_runqfetch(p, head, tail);
			return g;
		}
	}
	return NULL;
}

#endif
