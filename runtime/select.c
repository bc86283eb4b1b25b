// SPDX-License-Identifier: BSD-3-Clause
//
// select.c: waiting for several channels.
//
// First a look without locks: of the cases that seem to be ready, one is chosen at random, its
// channel alone is locked, and the operation done, if it is still possible. Only where nothing
// seemed to be ready, or that one was not any more, all channels are locked, in the order of their
// addresses: that none is ready can only be said of all at once, and only then may a select take
// its default, or park in all queues.
//
//	S1  Who has a sudog with `select` in any queue has g->selectdone 0 while nobody has won
//	    it, else 1. Winning is a compare-and-swap, under the lock of the winner's channel.
//	S2  A sudog is in no queue when its frame goes; selectdone is 0 again only then.
//
// Choosing: the n-th that is ready takes the place of the one chosen before with a chance of 1/n,
// which is fair to all and needs no list, and no random number where one is ready.
//
// Go:    as runtime/select.go, which locks all channels first and tries them in a random order, and
//        locks all again to leave the queues, here one after the other.
// Layer: wait.

#include "chan.h"

enum { FEW = 64 };              // cases whose sudogs lie in the frame

static inline bool
ready(const struct goat_scase *k)
{
	struct goat_hchan *c = k->c;

	if (c == NULL)
		return false;
	// Only before anything is locked, as it is looked at once.
	if (__builtin_expect(GET(c->closed) == GOAT_CHANTIMER, 0))
		goat_timerlook(c);
	return (k->send ? goat_maysend(c) : goat_mayrecv(c)) || GET(c->closed);
}

// One of those that seem to be ready; N: there is none.
static inline size_t
choose(const struct goat_scase *k, size_t n)
{
	size_t chosen = n;
	uint32_t found = 0;

	for (size_t i = 0; i < n; i++)
		if (ready(&k[i]) &&
		    (++found == 1 || (uint64_t)goat_cheaprand() * found >> 32 == 0))
			chosen = i;
	return chosen;
}

static inline __attribute__((always_inline)) enum goat_chanop
try(const struct goat_scase *k, struct goat_g **wake)
{
	return k->send ? goat_trysend(k->c, k->elem, wake) : goat_tryrecv(k->c, k->elem, wake);
}

// K has been done, and nothing is locked.
static inline void
end(const struct goat_scase *k, enum goat_chanop op, struct goat_g *wake, bool *received)
{
	if (wake != NULL)
		goat_goready(wake);
	if (!k->send && received != NULL)
		*received = op == CHAN_DONE;
	if (k->send && __builtin_expect(op == CHAN_CLOSED, 0))
		goat_sendclosed();
}

// ---------------------------------------------------------------- with all locks

// One that waits, in the order of addresses.
struct waiter {
	struct goat_hchan *c;
	size_t index;                   // of the case
	struct goat_sudog s;
};

struct waiters {
	struct waiter *at;
	size_t n;
};

static void
sift(struct waiter *at, size_t i, size_t n)
{
	for (size_t k; (k = 2 * i + 1) < n; i = k) {
		struct waiter swapped = at[i];

		if (k + 1 < n && (uintptr_t)at[k].c < (uintptr_t)at[k + 1].c)
			k++;
		if ((uintptr_t)at[i].c >= (uintptr_t)at[k].c)
			return;
		at[i] = at[k];
		at[k] = swapped;
	}
}

// Most often they are in order, as they were made one after the other.
static void
sort(struct waiter *at, size_t n)
{
	if (n <= FEW) {
		for (size_t i = 1; i < n; i++) {
			struct goat_hchan *c = at[i].c;
			size_t index = at[i].index, j = i;

			for (; j > 0 && (uintptr_t)at[j - 1].c > (uintptr_t)c; j--) {
				at[j].c = at[j - 1].c;
				at[j].index = at[j - 1].index;
			}
			at[j].c = c;
			at[j].index = index;
		}
		return;
	}
	for (size_t i = n / 2; i-- > 0;)
		sift(at, i, n);
	for (size_t i = n; i-- > 1;) {
		struct waiter swapped = at[0];

		at[0] = at[i];
		at[i] = swapped;
		sift(at, 0, i);
	}
}

static void
lock_all(const struct waiters *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (i == 0 || w->at[i].c != w->at[i - 1].c)
			goat_lock(&w->at[i].c->lock);
}

static void
unlock_all(const struct waiters *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (i + 1 == w->n || w->at[i].c != w->at[i + 1].c)
			goat_unlock(&w->at[i].c->lock);
}

// Called when G is parked, so whoever wins it readies it.
static bool
commit(struct goat_g *g, void *arg)
{
	(void)g;
	unlock_all(arg);
	return true;
}

// Leaves Q, if it is there.
static void
leave(struct goat_waitq *q, struct goat_sudog *s)
{
	if (s->prev == NULL && q->first != s)
		return;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		SET(q->first, s->next);
	if (s->next != NULL)
		s->next->prev = s->prev;
	else
		q->last = s->prev;
}

// Parks in all queues. Gives who has been won. All is locked before, nothing after.
static struct waiter *
wait_for(struct goat_g *g, const struct goat_scase *k, struct waiters *w)
{
	struct goat_sudog *winner;
	struct waiter *won = NULL;

	for (struct waiter *a = w->at; a < w->at + w->n; a++) {
		a->s.g = g;
		a->s.elem = k[a->index].elem;
		a->s.select = true;
		goat_enqueue(k[a->index].send ? &a->c->sendq : &a->c->recvq, &a->s);
	}
	goat_goparkif(commit, w, GOAT_WAIT_SELECT);
	winner = g->param;
	for (struct waiter *a = w->at; a < w->at + w->n; a++) {
		if (&a->s == winner) {
			won = a;
			continue;
		}
		goat_lock(&a->c->lock);
		leave(k[a->index].send ? &a->c->sendq : &a->c->recvq, &a->s);
		goat_unlock(&a->c->lock);
	}
	__atomic_store_n(&g->selectdone, 0, __ATOMIC_RELAXED);
	return won;
}

// W has room for all.
static int
select_locked(const struct goat_scase *k, size_t n, bool block, bool *received, struct waiters *w)
{
	struct goat_g *g = goat_getg(), *wake;
	struct waiter *won;
	enum goat_chanop op;
	size_t i;

	for (i = w->n = 0; i < n; i++)
		if (k[i].c != NULL) {
			w->at[w->n].c = k[i].c;
			w->at[w->n++].index = i;
		}
	sort(w->at, w->n);
	lock_all(w);
	// It waits after all where the only one in a queue has been won by another.
	while ((i = choose(k, n)) < n)
		if ((op = try(&k[i], &wake)) != CHAN_WAIT) {
			unlock_all(w);
			end(&k[i], op, wake, received);
			return (int)i;
		}
	if (!block) {
		unlock_all(w);
		return -1;
	}
	won = wait_for(g, k, w);
	end(&k[won->index], won->s.success ? CHAN_DONE : CHAN_CLOSED, NULL, received);
	return (int)won->index;
}

static __attribute__((noinline)) int
goat_selectfew(const struct goat_scase *k, size_t n, bool block, bool *received)
{
	struct waiter at[n | 1];        // no more than it needs: who parks here keeps it
	struct waiters w = { at, 0 };

	return select_locked(k, n, block, received, &w);
}

static __attribute__((noinline)) int
goat_selectmany(const struct goat_scase *k, size_t n, bool block, bool *received)
{
	struct waiters w = { goat_mallocgc(n * sizeof *w.at, _Alignof(struct waiter), false), 0 };

	return select_locked(k, n, block, received, &w);
}

int
goat_selectgo(void *cases, size_t n, int block, void *received)
{
	const struct goat_scase *k = cases;
	size_t i = choose(k, n);

	if (i < n) {
		struct goat_hchan *c = k[i].c;
		struct goat_g *wake;
		enum goat_chanop op;

		goat_lock(&c->lock);
		op = try(&k[i], &wake);
		goat_unlock(&c->lock);
		if (op != CHAN_WAIT) {
			end(&k[i], op, wake, received);
			return (int)i;
		}
	}
	return n <= FEW ? goat_selectfew(k, n, block, received)
			: goat_selectmany(k, n, block, received);
}

_Noreturn void
goat_block(void)
{
	goat_parkforever(GOAT_WAIT_SELECT_NO_CASES);
}
