// SPDX-License-Identifier: BSD-3-Clause
//
// chan.h: channels and their queues, for chan.c, select.c and timers.
//
// Go:    as the types of runtime/chan.go and runtime2.go.
// Layer: wait.

#ifndef GOAT_CHAN_H
#define GOAT_CHAN_H

#include "runtime2.h"

#include <string.h>

// A goroutine in the queue of a channel; lies in the frame of the one who waits. Go: runtime.sudog.
struct goat_sudog {
	struct goat_g *g;
	void *elem;                     // what it sends, or where it receives to, or NULL
	struct goat_sudog *next, *prev; // guarded by the channel's lock
	bool select;                    // g waits on other channels too: g->selectdone decides
	bool success;                   // a value went over; else the channel was closed
};

struct goat_waitq {
	struct goat_sudog *first, *last;
};

// A channel. Go: runtime.hchan.
//
// Fields that are written under the lock and read without it are accessed by GET and SET.
struct goat_hchan {
	size_t qcount;                  // values in the buffer, see struct goat_hchanhead
	size_t dataqsiz;                // how many it has room for; constant
	size_t elemsize;                // constant
	struct goat_lock lock;          // guards what is not constant, and the queued sudogs
	uint8_t closed;                 // 1 from closechan on; GOAT_CHANTIMER
	bool noscan;                    // the values hold no pointers; constant
	struct goat_waitq recvq, sendq; // parked receivers and senders
	size_t sendx, recvx;            // where in the buffer the next value goes to and comes from
	char *buf;                      // dataqsiz values, behind this struct; constant
};

_Static_assert(offsetof(struct goat_hchan, qcount) == offsetof(struct goat_hchanhead, qcount) &&
	       offsetof(struct goat_hchan, dataqsiz) == offsetof(struct goat_hchanhead, dataqsiz),
	       "compiled code reads len and cap");

// In closed: of a timer that nobody has looked at, see time.c. Who finds it calls goat_timerlook, without the lock,
// and tries again.
enum { GOAT_CHANTIMER = 2 };
GOAT_HIDDEN void goat_timerlook(struct goat_hchan *c);

#define GET(x) __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define SET(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

// What an operation on a locked channel came to.
enum goat_chanop {
	CHAN_WAIT,                      // it has to wait
	CHAN_DONE,
	CHAN_CLOSED,                    // a send must panic; a receive got the zero value
	CHAN_LOOK,                      // goat_timerlook has to be called first
};

// The usual sizes without a call; nor with a table of jumps, which gcc makes of equal chances.
static inline __attribute__((always_inline)) void
goat_chancopy(void *to, const void *from, size_t size)
{
	if (__builtin_expect(size == 8, 1))
		__builtin_memcpy(to, from, 8);
	else if (__builtin_expect(size == 4, 1))
		__builtin_memcpy(to, from, 4);
	else if (size == 16)
		__builtin_memcpy(to, from, 16);
	else if (size != 0)
		memcpy(to, from, size);
}

static inline __attribute__((always_inline)) void
goat_chanclear(void *at, size_t size)
{
	if (size == 8)
		__builtin_memset(at, 0, 8);
	else if (size != 0)
		memset(at, 0, size);
}

static inline void
goat_enqueue(struct goat_waitq *q, struct goat_sudog *s)
{
	s->next = NULL;
	s->prev = q->last;
	if (q->last == NULL)
		SET(q->first, s);
	else
		q->last->next = s;
	q->last = s;
}

// The first who has not been won by another channel of its select; it leaves the queue. A
// sudog whose next and prev are NULL and that is not the first is in no queue.
static inline __attribute__((always_inline)) struct goat_sudog *
goat_dequeue(struct goat_waitq *q)
{
	for (;;) {
		struct goat_sudog *s = q->first, *next;
		uint32_t open = 0;

		if (s == NULL)
			return NULL;
		next = s->next;
		SET(q->first, next);
		if (next == NULL)
			q->last = NULL;
		else
			next->prev = NULL;
		s->next = NULL;
		if (!s->select ||
		    __atomic_compare_exchange_n(&s->g->selectdone, &open, 1, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return s;
	}
}

static inline __attribute__((always_inline)) size_t
goat_nextx(const struct goat_hchan *c, size_t x)
{
	return x + 1 == c->dataqsiz ? 0 : x + 1;
}

// S, which has been dequeued, may go on when its channel has been unlocked. Gives whom to ready.
static inline struct goat_g *
goat_chanwake(struct goat_sudog *s, bool success)
{
	struct goat_g *g = s->g;

	s->success = success;
	g->param = s;
	return g;
}

// Sends the value at ELEM on C, which is locked, if it need not wait. *WAKE is to be readied when C
// has been unlocked, unless it is NULL. Go: the first half of runtime.chansend.
static inline __attribute__((always_inline)) enum goat_chanop
goat_trysend(struct goat_hchan *c, const void *elem, struct goat_g **wake)
{
	struct goat_sudog *s;

	*wake = NULL;
	if (__builtin_expect(c->closed, 0))
		return c->closed == GOAT_CHANTIMER ? CHAN_LOOK : CHAN_CLOSED;
	if ((s = goat_dequeue(&c->recvq)) != NULL) {
		if (s->elem != NULL)
			goat_chancopy(s->elem, elem, c->elemsize);
		*wake = goat_chanwake(s, true);
		return CHAN_DONE;
	}
	if (c->qcount == c->dataqsiz)
		return CHAN_WAIT;
	goat_chancopy(c->buf + c->sendx * c->elemsize, elem, c->elemsize);
	c->sendx = goat_nextx(c, c->sendx);
	SET(c->qcount, c->qcount + 1);
	return CHAN_DONE;
}

// The same, receives to ELEM, which may be NULL. Go: the first half of runtime.chanrecv.
static inline __attribute__((always_inline)) enum goat_chanop
goat_tryrecv(struct goat_hchan *c, void *elem, struct goat_g **wake)
{
	struct goat_sudog *s = goat_dequeue(&c->sendq);
	char *slot;

	*wake = NULL;
	if (s != NULL && c->dataqsiz == 0) {
		if (elem != NULL)
			goat_chancopy(elem, s->elem, c->elemsize);
		*wake = goat_chanwake(s, true);
		return CHAN_DONE;
	}
	if (c->qcount == 0) {
		if (__builtin_expect(!c->closed, 1))
			return CHAN_WAIT;
		if (c->closed == GOAT_CHANTIMER)
			return CHAN_LOOK;
		if (elem != NULL)
			goat_chanclear(elem, c->elemsize);
		return CHAN_CLOSED;
	}
	slot = c->buf + c->recvx * c->elemsize;
	if (elem != NULL)
		goat_chancopy(elem, slot, c->elemsize);
	c->recvx = goat_nextx(c, c->recvx);
	if (s != NULL) {
		// The buffer is full, so its last place is the one that has become free.
		goat_chancopy(slot, s->elem, c->elemsize);
		c->sendx = c->recvx;
		*wake = goat_chanwake(s, true);
		return CHAN_DONE;
	}
	if (!c->noscan)
		goat_chanclear(slot, c->elemsize);
	SET(c->qcount, c->qcount - 1);
	return CHAN_DONE;
}

// Whether a send or a receive may be possible now. Without the lock, so it was so at some
// moment. Go: the negations of runtime.full and empty.
static inline bool
goat_maysend(const struct goat_hchan *c)
{
	return GET(c->recvq.first) != NULL || GET(c->qcount) != c->dataqsiz;
}

static inline bool
goat_mayrecv(const struct goat_hchan *c)
{
	return GET(c->qcount) != 0 || GET(c->sendq.first) != NULL;
}

_Noreturn GOAT_HIDDEN void goat_sendclosed(void);
// Parks for ever: on a nil channel, or in a select without cases.
_Noreturn GOAT_HIDDEN void goat_parkforever(enum goat_waitreason reason);
// Drops what the buffer holds, of a channel that only timers send on and never wait. Gives
// whether there was anything. Go: runtime.timerchandrain.
GOAT_HIDDEN bool goat_chandrain(struct goat_hchan *c);
// Throws on the first broken invariant, see chan.c; C is locked, or nobody else uses it.
GOAT_HIDDEN void goat_chancheck(const struct goat_hchan *c);

#endif
