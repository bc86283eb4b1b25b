// SPDX-License-Identifier: BSD-3-Clause
//
// sema.c: semaphores that park goroutines.
//
// A semaphore is a word, and nothing else where nobody waits. Who waits is found by the word's
// address: a table of roots, in each a binary tree of the addresses that are waited for, and at
// each of its nodes a queue. The node is the first of the queue, so nothing is allocated; all lie
// in the frames of those who wait.
//
// The tree is ordered by a hash of the address that no two addresses share. Whatever pattern the
// addresses make, it is as good as random, so the tree is balanced without being kept so.
//
//	S1  root->nwait is counted up before *at is looked at for the last time, and *at counted up
//	    before nwait is looked at: one of the two sees the other.
//	S2  Who is in the tree is parked, or has the root's lock.
//
// Tried: nothing else; Go's treap needs as many links and rotates besides.
// Go:    as runtime/sema.go but for the tree.
// Layer: wait.

#include "sema.h"

void goat_yield(void);

enum { LOG_ROOTS = 8 };

struct waiter {
	struct goat_g *g;
	uint64_t key;                   // of the address
	struct waiter *less, *more;     // of a node: those below it
	struct waiter *next, *last;     // the queue; last only of a node
	bool has;                       // handed over: it need not take one
};

static struct root {
	struct goat_lock lock;
	uint32_t nwait;                 // how many wait or are about to. Atomic
	struct waiter *tree;
} roots[1 << LOG_ROOTS] __attribute__((aligned(64)));

_Static_assert(sizeof(struct root) == 16, "four share a line of the cache");

// Each step can be undone, so no two addresses have the same.
static inline uint64_t
key_of(const uint32_t *at)
{
	uint64_t x = (uint64_t)(uintptr_t)at;

	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return x * UINT64_C(0xd6e8feb86659fd93);
}

static inline struct root *
root_of(uint64_t key)
{
	return &roots[key >> (64 - LOG_ROOTS)];
}

// Where the node of a key is, or has to be put.
static struct waiter **
find(struct root *r, uint64_t key)
{
	struct waiter **at = &r->tree;

	while (*at != NULL && (*at)->key != key)
		at = key < (*at)->key ? &(*at)->less : &(*at)->more;
	return at;
}

// W takes the place of the node OLD at AT.
static void
replace(struct waiter **at, struct waiter *old, struct waiter *w)
{
	w->less = old->less;
	w->more = old->more;
	*at = w;
}

static void
enqueue(struct root *r, struct waiter *w, bool lifo)
{
	struct waiter **at = find(r, w->key), *first = *at;

	w->next = NULL;
	if (first == NULL) {
		w->less = w->more = NULL;
		w->last = w;
		*at = w;
	} else if (lifo) {
		w->next = first;
		w->last = first->last;
		replace(at, first, w);
	} else {
		first->last->next = w;
		first->last = w;
	}
}

// The node at AT, which has a queue of one, leaves the tree.
static void
prune(struct waiter **at)
{
	struct waiter *w = *at, **down, *heir;

	if (w->less == NULL || w->more == NULL) {
		*at = w->less != NULL ? w->less : w->more;
		return;
	}
	for (down = &w->more; (*down)->less != NULL;)
		down = &(*down)->less;
	heir = *down;
	*down = heir->more;
	replace(at, w, heir);
}

static struct waiter *
dequeue(struct root *r, uint64_t key)
{
	struct waiter **at = find(r, key), *w = *at;

	if (w == NULL)
		return NULL;
	if (w->next == NULL) {
		prune(at);
	} else {
		w->next->last = w->last;
		replace(at, w, w->next);
	}
	return w;
}

static inline bool
take(uint32_t *at)
{
	uint32_t v = __atomic_load_n(at, __ATOMIC_RELAXED);

	while (v != 0)
		if (__atomic_compare_exchange_n(at, &v, v - 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

void
goat_semacquire(uint32_t *at, bool lifo, enum goat_waitreason reason)
{
	struct waiter w;
	struct root *r;

	if (take(at))
		return;
	w.g = goat_getg();
	w.key = key_of(at);
	w.has = false;
	r = root_of(w.key);
	do {
		goat_lock(&r->lock);
		__atomic_add_fetch(&r->nwait, 1, __ATOMIC_SEQ_CST);
		if (take(at)) {
			__atomic_sub_fetch(&r->nwait, 1, __ATOMIC_RELAXED);
			goat_unlock(&r->lock);
			return;
		}
		enqueue(r, &w, lifo);
		goat_gopark(&r->lock, reason);
	} while (!w.has && !take(at));
}

void
goat_semrelease(uint32_t *at, bool handoff)
{
	uint64_t key = key_of(at);
	struct root *r = root_of(key);
	struct waiter *w;
	bool has;

	__atomic_add_fetch(at, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&r->nwait, __ATOMIC_SEQ_CST) == 0)
		return;
	goat_lock(&r->lock);
	w = dequeue(r, key);
	if (w != NULL)
		__atomic_sub_fetch(&r->nwait, 1, __ATOMIC_RELAXED);
	goat_unlock(&r->lock);
	if (w == NULL)
		return;
	has = handoff && take(at);
	w->has = has;
	goat_goready(w->g);
	if (has)
		goat_yield();
}
