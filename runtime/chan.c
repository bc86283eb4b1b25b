// SPDX-License-Identifier: BSD-3-Clause
//
// chan.c: channels.
//
// A channel is a ring of values and two queues of goroutines, under a lock of its own. Whoever
// finds one parked at the other end copies the value straight between the two frames, which stay
// where they are, and readies it: who is woken has nothing left to do. An operation that need not
// wait is one atomic instruction and, mostly, no call.
//
//	C1  recvq or sendq is empty, but for one goroutine whose select has cases of both kinds on
//	    an unbuffered channel.
//	C2  qcount > 0 implies that recvq is empty.
//	C3  qcount < dataqsiz implies that sendq is empty.
//	C4  closed implies that both are empty, but for who has been won by another channel already
//	    and is on its way to leave.
//	C5  sendx is qcount places after recvx, round the ring.
//
// The collector: what a parked goroutine sends lies in its frame, or is known from there; the ring
// is behind the channel in the same object, which is scanned if the values hold pointers.
//
// Go:    as runtime/chan.go. Elements may be of any size and alignment. A value received is cleared
//        in the ring only if it may hold a pointer.
// Layer: wait.

#include "chan.h"

#include "error.h"

// Go: runtime.maxAlloc.
static const size_t max_alloc = sizeof(void *) == 8 ? (size_t)1 << 48 : SIZE_MAX / 2;

void *
goat_makechan(void *type, size_t size)
{
	const struct goat_type *elem = type;
	size_t align = elem->align > _Alignof(struct goat_hchan) ? elem->align
								 : _Alignof(struct goat_hchan);
	size_t head = (sizeof(struct goat_hchan) + align - 1) & -align, bytes;
	struct goat_hchan *c;

	if (__builtin_mul_overflow(elem->size, size, &bytes) || bytes > max_alloc - head ||
	    size > PTRDIFF_MAX)
		goat_panicplain("makechan: size out of range");
	// What holds no pointers is written before it is read.
	if (elem->ptrdata != 0 || align > _Alignof(max_align_t)) {
		c = goat_mallocgc(head + bytes, align, elem->ptrdata == 0);
	} else {
		c = goat_mallocbytes(head + bytes);
		memset(c, 0, sizeof *c);
	}
	c->dataqsiz = size;
	c->elemsize = elem->size;
	c->buf = (char *)c + head;
	c->noscan = elem->ptrdata == 0;
	return c;
}

_Noreturn void
goat_sendclosed(void)
{
	goat_panicplain("send on closed channel");
}

// ---------------------------------------------------------------- sending

// Go: the second half of runtime.chansend. C is locked. What parks has a name that begins with goat_,
// though it may be static: traces leave such frames out.
static __attribute__((noinline)) void
goat_chansendpark(struct goat_hchan *c, void *elem)
{
	struct goat_g *g = goat_g;
	struct goat_sudog s;

	if (__builtin_expect(g == NULL, 0)) {
		goat_unlock(&c->lock);
		goat_makeg();
		return goat_chansend1(c, elem);
	}
	s.g = g;
	s.elem = elem;
	s.select = false;
	goat_enqueue(&c->sendq, &s);
	goat_gopark(&c->lock, GOAT_WAIT_CHAN_SEND);
	if (__builtin_expect(!s.success, 0))
		goat_sendclosed();
}

__attribute__((noinline)) _Noreturn void
goat_parkforever(enum goat_waitreason reason)
{
	goat_getg();
	for (;;)
		goat_gopark(NULL, reason);
}

void
goat_chansend1(void *channel, void *elem)
{
	struct goat_hchan *c = channel;
	struct goat_g *wake;

	if (__builtin_expect(c == NULL, 0))
		goat_parkforever(GOAT_WAIT_CHAN_SEND_NIL);
	goat_lock(&c->lock);
	switch (goat_trysend(c, elem, &wake)) {
	case CHAN_DONE:
		goat_unlock(&c->lock);
		if (wake != NULL)
			goat_goready(wake);
		return;
	case CHAN_WAIT:
		return goat_chansendpark(c, elem);
	case CHAN_CLOSED:
		goat_unlock(&c->lock);
		goat_sendclosed();
	case CHAN_LOOK:
		goat_unlock(&c->lock);
		goat_timerlook(c);
		return goat_chansend1(c, elem);
	}
}

bool
goat_selectnbsend(void *channel, void *elem)
{
	struct goat_hchan *c = channel;
	struct goat_g *wake;
	enum goat_chanop op;

	// A closed channel is never full again, so if it is seen as open, and then or before that
	// as full, it was both at one moment.
	if (c == NULL || (!goat_maysend(c) && !GET(c->closed)))
		return false;
	goat_lock(&c->lock);
	op = goat_trysend(c, elem, &wake);
	goat_unlock(&c->lock);
	if (__builtin_expect(op == CHAN_LOOK, 0)) {
		goat_timerlook(c);
		return goat_selectnbsend(c, elem);
	}
	if (__builtin_expect(op == CHAN_CLOSED, 0))
		goat_sendclosed();
	if (wake != NULL)
		goat_goready(wake);
	return op == CHAN_DONE;
}

// ---------------------------------------------------------------- receiving

static __attribute__((noinline)) bool
goat_chanrecvpark(struct goat_hchan *c, void *elem)
{
	struct goat_g *g = goat_g;
	struct goat_sudog s;

	if (__builtin_expect(g == NULL, 0)) {
		goat_unlock(&c->lock);
		goat_makeg();
		return goat_chanrecv2(c, elem);
	}
	s.g = g;
	s.elem = elem;
	s.select = false;
	goat_enqueue(&c->recvq, &s);
	goat_gopark(&c->lock, GOAT_WAIT_CHAN_RECEIVE);
	return s.success;
}

static __attribute__((noinline)) bool
look_and_receive(struct goat_hchan *c, void *elem)
{
	goat_unlock(&c->lock);
	goat_timerlook(c);
	return goat_chanrecv2(c, elem);
}

static inline __attribute__((always_inline)) bool
receive(struct goat_hchan *c, void *elem)
{
	struct goat_g *wake;
	enum goat_chanop op;

	if (__builtin_expect(c == NULL, 0))
		goat_parkforever(GOAT_WAIT_CHAN_RECEIVE_NIL);
	goat_lock(&c->lock);
	op = goat_tryrecv(c, elem, &wake);
	if (op == CHAN_WAIT)
		return goat_chanrecvpark(c, elem);
	if (__builtin_expect(op == CHAN_LOOK, 0))
		return look_and_receive(c, elem);
	goat_unlock(&c->lock);
	if (wake != NULL)
		goat_goready(wake);
	return op == CHAN_DONE;
}

// Not to be split by the compiler for the sake of goat_chanrecvpark, which calls it.
__attribute__((noinline)) bool
goat_chanrecv2(void *channel, void *elem)
{
	return receive(channel, elem);
}

void
goat_chanrecv1(void *channel, void *elem)
{
	receive(channel, elem);
}

int
goat_selectnbrecv(void *channel, void *elem)
{
	struct goat_hchan *c = channel;
	struct goat_g *wake;
	enum goat_chanop op;

	// First empty, then open: the other way round it may have been open with a value in it,
	// and then closed and empty.
	if (c == NULL || (!goat_mayrecv(c) && !GET(c->closed)))
		return 0;
	goat_lock(&c->lock);
	op = goat_tryrecv(c, elem, &wake);
	goat_unlock(&c->lock);
	if (__builtin_expect(op == CHAN_LOOK, 0)) {
		goat_timerlook(c);
		return goat_selectnbrecv(c, elem);
	}
	if (wake != NULL)
		goat_goready(wake);
	return op == CHAN_WAIT ? 0 : op == CHAN_CLOSED ? 1 : 3;
}

bool
goat_chandrain(struct goat_hchan *c)
{
	struct goat_g *wake;
	bool any = false;

	if (!goat_mayrecv(c))
		return false;
	goat_lock(&c->lock);
	while (c->qcount > 0) {
		any = true;
		goat_tryrecv(c, NULL, &wake);
	}
	goat_unlock(&c->lock);
	return any;
}

// ---------------------------------------------------------------- closing

// Some of Q that are not won by others. What they wait for to receive is zero. They are few at a time:
// who closes a channel that many wait for shall find them in the cache yet when they are made ready.
static size_t
release(struct goat_waitq *q, size_t clear, struct goat_g **some, size_t max)
{
	enum { AHEAD = 6 };
	struct goat_sudog *s;
	const char *next;
	size_t n = 0;

	while (n < max && (s = goat_dequeue(q)) != NULL) {
		// One leads to the next, and none is in the cache. But neighbours were often made
		// one after the other, on stacks that are equally far apart.
		next = (const char *)q->first;
		if (next != NULL)
			__builtin_prefetch(next + AHEAD * (next - (const char *)s), 1);
		some[n++] = goat_chanwake(s, false);
		if (s->elem != NULL)
			goat_chanclear(s->elem, clear);
	}
	return n;
}

void
goat_closechan(void *channel)
{
	enum { SOME = 32 };
	struct goat_hchan *c = channel;
	struct goat_g *some[SOME];
	size_t n;

	if (c == NULL)
		goat_panicplain("close of nil channel");
	if (GET(c->closed) == GOAT_CHANTIMER)
		goat_timerlook(c);
	goat_lock(&c->lock);
	if (c->closed) {
		goat_unlock(&c->lock);
		goat_panicplain("close of closed channel");
	}
	SET(c->closed, 1);
	for (;;) {
		n = release(&c->recvq, c->elemsize, some, SOME);
		n += release(&c->sendq, 0, some + n, SOME - n);
		goat_unlock(&c->lock);
		for (size_t i = 0; i < n; i++)
			goat_goready(some[i]);
		if (n < SOME)
			break;
		goat_lock(&c->lock);
	}
}

// ---------------------------------------------------------------- checking

static size_t
check_queue(const struct goat_waitq *q, bool *select)
{
	const struct goat_sudog *prev = NULL;
	size_t n = 0;

	*select = true;
	for (const struct goat_sudog *s = q->first; s != NULL; prev = s, s = s->next) {
		if (s->prev != prev)
			goat_fatal("channel: queue is not linked backwards");
		*select &= s->select;
		n++;
	}
	if (q->last != prev)
		goat_fatal("channel: wrong last in queue");
	return n;
}

void
goat_chancheck(const struct goat_hchan *c)
{
	bool rselect, sselect;
	size_t nrecv = check_queue(&c->recvq, &rselect), nsend = check_queue(&c->sendq, &sselect);

	if (nrecv > 0 && nsend > 0 && !(rselect && sselect))
		goat_fatal("channel: senders and receivers wait");                      // C1
	if (c->qcount > c->dataqsiz)
		goat_fatal("channel: too many values");
	if (c->qcount > 0 && nrecv > 0 && !rselect)
		goat_fatal("channel: receivers wait and there are values");             // C2
	if (c->qcount < c->dataqsiz && nsend > 0 && !sselect)
		goat_fatal("channel: senders wait and there is room");                  // C3
	if (c->closed && ((nrecv > 0 && !rselect) || (nsend > 0 && !sselect)))
		goat_fatal("channel: closed and waited for");                           // C4
	if (c->dataqsiz > 0 && (c->recvx + c->qcount) % c->dataqsiz != c->sendx)
		goat_fatal("channel: count and places differ");                         // C5
}
