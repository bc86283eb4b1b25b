// SPDX-License-Identifier: BSD-3-Clause
//
// runq.c: the queue of all, what happens when a P's is full, and stealing. See runq.h.
//
// Layer: sched.

#include "runq.h"

#include <stdlib.h>
#include <unistd.h>

enum { BLOCK = 126 };

struct block {
	struct block *next;
	uint32_t from, to;              // what is in use of g
	struct goat_g *g[BLOCK];
};

size_t goat_globrunqn;

static struct {
	struct goat_lock lock;
	struct block *first, *last;
	struct block *spare;            // blocks that are empty
} all;

static struct block *
new_block(void)
{
	struct block *b = all.spare;

	if (b != NULL)
		all.spare = b->next;
	else if ((b = malloc(sizeof *b)) == NULL)
		goat_fatal("runtime: out of memory");
	b->next = NULL;
	b->from = b->to = 0;
	if (all.last != NULL)
		all.last->next = b;
	else
		all.first = b;
	return all.last = b;
}

static void
put(struct goat_g *g)
{
	struct block *b = all.last;

	if (b == NULL || b->to == BLOCK)
		b = new_block();
	b->g[b->to++] = g;
}

static struct goat_g *
get(void)
{
	struct block *b = all.first;
	struct goat_g *g = b->g[b->from++];

	if (b->from == b->to) {
		all.first = b->next;
		if (all.first == NULL)
			all.last = NULL;
		b->next = all.spare;
		all.spare = b;
	}
	return g;
}

void
goat_globrunqput(struct goat_g *const *g, size_t n)
{
	goat_lock(&all.lock);
	for (size_t i = 0; i < n; i++)
		put(g[i]);
	__atomic_store_n(&goat_globrunqn, goat_globrunqn + n, __ATOMIC_RELAXED);
	goat_unlock(&all.lock);
	// Whoever looks for idle Ps next sees those that have not seen this.
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

struct goat_g *
goat_globrunqget(struct goat_p *p, uint32_t nprocs, size_t max)
{
	struct goat_g *some[GOAT_RUNQ / 2];
	size_t n;

	if (goat_globrunqsize() == 0)
		return NULL;
	goat_lock(&all.lock);
	n = goat_globrunqn / nprocs + 1;
	if (n > goat_globrunqn)
		n = goat_globrunqn;
	if (max > 0 && n > max)
		n = max;
	if (n > GOAT_RUNQ / 2)
		n = GOAT_RUNQ / 2;
	__atomic_store_n(&goat_globrunqn, goat_globrunqn - n, __ATOMIC_RELAXED);
	for (size_t i = 0; i < n; i++)
		some[i] = get();
	goat_unlock(&all.lock);
	for (size_t i = 1; i < n; i++)
		goat_runqputtail(p, some[i]);
	return n > 0 ? some[0] : NULL;
}

bool
goat_runqputslow(struct goat_p *p, struct goat_g *g, uint32_t head)
{
	struct goat_g *batch[GOAT_RUNQ / 2 + 1];

	for (uint32_t i = 0; i < GOAT_RUNQ / 2; i++)
		batch[i] = __atomic_load_n(&p->runq[(head + i) % GOAT_RUNQ], __ATOMIC_RELAXED);
	if (!__atomic_compare_exchange_n(&p->runqhead, &head, head + GOAT_RUNQ / 2, false,
					 __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		return false;
	batch[GOAT_RUNQ / 2] = g;
	goat_globrunqput(batch, GOAT_RUNQ / 2 + 1);
	return true;
}

void
goat_runqkick(struct goat_p *p)
{
	struct goat_g *g = __atomic_exchange_n(&p->runnext, NULL, __ATOMIC_ACQUIRE);

	if (g != NULL)
		goat_runqputtail(p, g);
}

struct goat_g *
goat_runqsteal(struct goat_p *p, struct goat_p *from, bool next)
{
	if (!__atomic_load_n(&from->shared, __ATOMIC_ACQUIRE))
		return NULL;
	for (;;) {
		uint32_t head = __atomic_load_n(&from->runqhead, __ATOMIC_ACQUIRE);
		uint32_t tail = __atomic_load_n(&from->runqtail, __ATOMIC_ACQUIRE);
		uint32_t n = tail - head;
		struct goat_g *g;

		n -= n / 2;
		if (n == 0) {
			g = next ? __atomic_load_n(&from->runnext, __ATOMIC_RELAXED) : NULL;
			if (g == NULL)
				return NULL;
			// It is likely to run there at once: let it.
			if (__atomic_load_n(&from->m, __ATOMIC_RELAXED) != NULL)
				usleep(3);
			if (__atomic_compare_exchange_n(&from->runnext, &g, NULL, false,
							__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
				return g;
			continue;
		}
		if (n > GOAT_RUNQ / 2)
			continue;       // head and tail are not of one time
		for (uint32_t i = 0; i < n; i++)
			__atomic_store_n(&p->runq[(p->runqtail + i) % GOAT_RUNQ],
					 __atomic_load_n(&from->runq[(head + i) % GOAT_RUNQ],
							 __ATOMIC_RELAXED),
					 __ATOMIC_RELAXED);
		if (!__atomic_compare_exchange_n(&from->runqhead, &head, head + n, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		n--;
		g = __atomic_load_n(&p->runq[(p->runqtail + n) % GOAT_RUNQ], __ATOMIC_RELAXED);
		if (n > 0)
			__atomic_store_n(&p->runqtail, p->runqtail + n, __ATOMIC_RELEASE);
		return g;
	}
}
