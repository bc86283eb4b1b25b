// SPDX-License-Identifier: BSD-3-Clause
//
// time.c: the clock, and what happens at a time.
//
// Each P has a heap of timers, a heap of four children a node. An entry has a copy of its timer's
// time and a small number for it, and a table says for each number which timer that is and where in the heap: so
// what moves in the heap touches no timer. A timer lies in the frame of who sleeps, a page of its own that is in no
// cache; eight of them were touched to remove one of 100,000, for each its new place, which took 30 to 300 us after
// a pause (perf: in siftdown) in a virtual machine whose host had put those pages aside.
//
//	M1  t->p is the P whose heap T is in, or was in last, and that heap's lock guards T. It changes
//	    under that lock, while T is in no heap: who has taken the lock looks at t->p again.
//	M2  at[i].when <= ids[at[i].id].t->when: a timer that is put off stays where it is until its entry
//	    is due.
//	M3  heap.when is at[0].when, 0 if there is none, whenever the lock is free.
//	M4  ids[at[i].id].at == i, and its t->id is at[i].id + 1.
//
// The collector is shown the arrays: a channel or a goat_timer that is pending is kept, as in Go
// before 1.23. So are deadlines, which are no objects of the collector's. That the arrays come
// from malloc is for goat_sleep, which starts its timer when the goroutine is no longer running.
//
// A timer of the program's sends under the lock of its heap, and who stops it empties the channel
// under that lock: no value of an earlier time is left. Other callbacks run without it, as netpoll
// calls us with locks of its own held.
//
// As long as nobody has looked at its channel, such a timer is in no heap: most are stopped before anybody does. It
// has GOAT_CHANTIMER set then, and t->when, 0 for none, is guarded by the lock of the channel alone. Who
// is the first to send, receive, select or close puts it into a heap, for good (goat_timerlook).
//
// Go:    as runtime/time.go. There, channels' timers are in a heap only while somebody waits, timers
//        that are stopped stay in the heap until it is their turn, and a lock belongs to each timer.
// Layer: wait.

#include "chan.h"
#include "timer.h"

#include <errno.h>
#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>
#include <gc/gc_mark.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ARITY = 4,
	FIRST_ROOM = 61,
	BATCH = 64,             // timers that are run before somebody else may have the lock
	// Entries before the first one, so that four siblings share a cache line.
	PAD = ARITY - 1,
};

int64_t
goat_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// What NS from NOW is. Go: time.when.
static int64_t
after(int64_t now, int64_t ns)
{
	int64_t when;

	if (ns <= 0)
		return now;
	return __builtin_add_overflow(now, ns, &when) ? INT64_MAX : when;
}

// ---------------------------------------------------------------- the heap

static void
put(struct goat_timer_heap *h, uint32_t i, struct goat_timer_entry e)
{
	h->at[i] = e;
	h->ids[e.id].at = i;
}

// E goes where I is a hole, or above.
static void
siftup(struct goat_timer_heap *h, uint32_t i, struct goat_timer_entry e)
{
	while (i > 0 && e.when < h->at[(i - 1) / ARITY].when) {
		put(h, i, h->at[(i - 1) / ARITY]);
		i = (i - 1) / ARITY;
	}
	put(h, i, e);
}

// E goes where I is a hole, or below.
static void
siftdown(struct goat_timer_heap *h, uint32_t i, struct goat_timer_entry e)
{
	for (;;) {
		uint64_t c = (uint64_t)i * ARITY + 1, end = c + ARITY < h->n ? c + ARITY : h->n;
		uint64_t least = c;

		if (c >= h->n)
			break;
		while (++c < end)
			if (h->at[c].when < h->at[least].when)
				least = c;
		if (e.when <= h->at[least].when)
			break;
		put(h, i, h->at[least]);
		i = (uint32_t)least;
	}
	put(h, i, e);
}

static void
changed(struct goat_timer_heap *h)
{
	__atomic_store_n(&h->when, h->n == 0 ? 0 : h->at[0].when, __ATOMIC_RELEASE);
}

static uint32_t
place_of(const struct goat_timer_heap *h, const struct goat_rtimer *t)
{
	return h->ids[t->id - 1].at;
}

// There must be room.
static void
insert(struct goat_timer_heap *h, struct goat_rtimer *t)
{
	uint32_t id = h->freeid != 0 ? h->freeid - 1 : h->nids++;

	if (h->freeid != 0)
		h->freeid = h->ids[id].at;
	h->ids[id].t = t;
	t->id = id + 1;
	siftup(h, h->n++, (struct goat_timer_entry){ t->when, id });
	if (place_of(h, t) == 0)
		changed(h);
}

static void
removeat(struct goat_timer_heap *h, uint32_t i)
{
	struct goat_timer_entry last = h->at[--h->n];
	uint32_t id = h->at[i].id;

	h->ids[id].t->id = 0;
	h->ids[id] = (struct goat_timer_id){ NULL, h->freeid };
	h->freeid = id + 1;
	if (h->n == 0)
		h->nids = h->freeid = 0;        // else the collector looks at as many as there ever were
	if (i < h->n) {
		if (i > 0 && last.when < h->at[(i - 1) / ARITY].when)
			siftup(h, i, last);
		else
			siftdown(h, i, last);
	}
	if (i == 0)
		changed(h);
}

// Whether T was in the heap, where it is no more.
static bool
withdraw(struct goat_timer_heap *h, struct goat_rtimer *t)
{
	if (t->id == 0)
		return false;
	removeat(h, place_of(h, t));
	return true;
}

// T, which is in the heap, has another time.
static void
move(struct goat_timer_heap *h, struct goat_rtimer *t)
{
	uint32_t i = place_of(h, t);

	if (t->when >= h->at[i].when)
		return;                 // M2
	siftup(h, i, (struct goat_timer_entry){ t->when, h->at[i].id });
	if (place_of(h, t) == 0)
		changed(h);
}

// Those that have an array; for the collector, which stops all threads before it looks.
static struct goat_timer_heap *all;
static GC_push_other_roots_proc push_others;

static void GC_CALLBACK
push_heaps(void)
{
	for (const struct goat_timer_heap *h = all; h != NULL; h = h->next)
		GC_push_all(h->ids, h->ids + h->nids);
	push_others();
}

static void *
show(void *arg)
{
	struct goat_timer_heap *h = arg;

	if (push_others == NULL) {
		push_others = GC_get_push_other_roots();
		GC_set_push_other_roots(push_heaps);
	}
	h->next = all;
	all = h;
	return NULL;
}

// Unlocks H, which is full, for a time.
static void
grow(struct goat_timer_heap *h)
{
	uint32_t n = h->n, room = n == 0 ? FIRST_ROOM : 2 * n + PAD;
	struct goat_timer_entry *at;
	struct goat_timer_id *ids;
	void *old[2];
	bool first;

	goat_unlock(&h->lock);
	at = goat_checked(n > UINT32_MAX / 4 ? NULL : aligned_alloc(64, (room + PAD) * sizeof(*at)));
	ids = goat_checked(malloc(room * sizeof(*ids)));
	goat_lock(&h->lock);
	first = h->at == NULL;
	old[0] = at;
	old[1] = ids;
	if (room > h->room) {
		old[0] = first ? NULL : h->at - PAD;
		old[1] = h->ids;
		if (!first) {
			memcpy(at + PAD, h->at, h->n * sizeof(*at));
			memcpy(ids, h->ids, h->nids * sizeof(*ids));
		}
		h->at = at + PAD;
		h->ids = ids;
		h->room = room;
	}
	goat_unlock(&h->lock);
	free(old[0]);
	free(old[1]);
	if (first)
		GC_call_with_alloc_lock(show, h);
	goat_lock(&h->lock);
}

// ---------------------------------------------------------------- timers

struct goat_utimer;

// A P for who has none.
static struct goat_p *
somep(void)
{
	struct goat_p *p = goat_m == NULL ? NULL : __atomic_load_n(&goat_m->p, __ATOMIC_RELAXED);

	if (__builtin_expect(p == NULL, 0)) {
		goat_schedinit();
		p = goat_allp[0];
	}
	return p;
}

// Locks the heap that guards T and gives its P; NULL: T has never been started.
static struct goat_p *
locked(struct goat_rtimer *t)
{
	for (;;) {
		struct goat_p *p = __atomic_load_n(&t->p, __ATOMIC_RELAXED);

		if (p == NULL)
			return NULL;
		goat_lock(&p->timers.lock);
		// It may have come here from another heap, by who had the lock of that.
		if (__builtin_expect(__atomic_load_n(&t->p, __ATOMIC_ACQUIRE) == p, 1))
			return p;
		goat_unlock(&p->timers.lock);
	}
}

// Locks the heap that T is in or will be, with room for it.
static struct goat_p *
lockedroom(struct goat_rtimer *t)
{
	struct goat_p *mine = somep(), *p = NULL;

	if (__atomic_load_n(&t->p, __ATOMIC_RELAXED) == NULL)
		__atomic_compare_exchange_n(&t->p, &p, mine, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
	for (;;) {
		p = locked(t);
		if (t->id != 0)
			return p;
		if (p != mine)
			__atomic_store_n(&t->p, mine, __ATOMIC_RELEASE);
		else if (p->timers.n < p->timers.room)
			return p;
		else
			grow(&p->timers);
		goat_unlock(&p->timers.lock);
	}
}

// T is to happen at WHEN. Gives whether somebody who waits has to be told.
static bool
set(struct goat_timer_heap *h, struct goat_rtimer *t, int64_t when)
{
	int64_t before = h->when;

	t->when = when > 0 ? when : 1;
	if (t->id != 0)
		move(h, t);
	else
		insert(h, t);
	return before == 0 || h->when < before;
}

bool
goat_timermod(struct goat_rtimer *t, int64_t when)
{
	struct goat_timer_heap *h = &lockedroom(t)->timers;
	bool pending = t->id != 0, wake = set(h, t, when);

	goat_unlock(&h->lock);
	if (wake)
		goat_wakenetpoller(when);
	return pending;
}

bool
goat_timerdel(struct goat_rtimer *t)
{
	struct goat_p *p = locked(t);
	bool pending;

	if (p == NULL)
		return false;
	pending = withdraw(&p->timers, t);
	goat_unlock(&p->timers.lock);
	return pending;
}

struct sleep {
	struct goat_rtimer t;
	int64_t when;
	struct goat_g *g;
};

static struct goat_g *sendtime(struct goat_utimer *u, int64_t now);

// Marks of f, for timers whose goroutine is found under the lock and readied later.
static void
sleeper(struct goat_rtimer *t)
{
	(void)t;
}

static void
channel(struct goat_rtimer *t)
{
	(void)t;
}

// The first timer of H, which is due.
static void
runfirst(struct goat_timer_heap *h, int64_t now, struct goat_gqueue *ready)
{
	struct goat_rtimer *t = h->ids[h->at[0].id].t;
	void (*f)(struct goat_rtimer *) = t->f;
	struct goat_g *g;

	if (t->when > h->at[0].when) {
		siftdown(h, 0, (struct goat_timer_entry){ t->when, h->at[0].id });
		changed(h);
		return;
	}
	removeat(h, 0);
	if (f == sleeper) {
		goat_gqueueput(ready, ((struct sleep *)t)->g);
	} else if (f == channel) {
		if ((g = sendtime((struct goat_utimer *)t, now)) != NULL)
			goat_gqueueput(ready, g);
	} else {
		goat_unlock(&h->lock);
		// Now T may be gone.
		f(t);
		goat_lock(&h->lock);
	}
}

int64_t
goat_runtimers(struct goat_p *p, int64_t now)
{
	struct goat_timer_heap *h = &p->timers;
	int64_t when = __atomic_load_n(&h->when, __ATOMIC_SEQ_CST);

	while (when != 0 && when <= now) {
		struct goat_gqueue ready = { 0 };

		goat_lock(&h->lock);
		for (int i = 0; i < BATCH && h->n > 0 && h->at[0].when <= now; i++)
			runfirst(h, now, &ready);
		when = h->when;
		goat_unlock(&h->lock);
		// Those that were due first run first, however late all of them are.
		if (ready.n == 1)
			goat_goready(goat_gqueueget(&ready));
		else
			goat_injectglist(&ready);
	}
	return when;
}

// ---------------------------------------------------------------- sleeping

// Only now, as it may come due before the goroutine is parked.
static bool
startsleep(struct goat_g *g, void *arg)
{
	struct sleep *s = arg;

	(void)g;
	goat_timermod(&s->t, s->when);
	return true;
}

static void
sleepthread(int64_t when)
{
	struct timespec t = { when / 1000000000, when % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

void
goat_sleep(int64_t ns)
{
	struct goat_g *g = goat_getg();
	struct sleep s = { .t = { .f = sleeper }, .g = g };

	if (ns <= 0)
		return;
	s.when = after(goat_now(), ns);
	if (g->bound)
		sleepthread(s.when);
	else
		goat_goparkif(startsleep, &s, GOAT_WAIT_SLEEP);
}

// ---------------------------------------------------------------- timers of the program

// What a goat_timer points to, so that the timer may lie in a frame that ends. Holds no pointers
// but to itself, and what the collector need not know.
struct goat_utimer {
	struct goat_rtimer t;
	struct goat_hchan c;
	int64_t buf;
};

// Sends, under the lock of the heap. Gives who is to be readied, or NULL.
static struct goat_g *
sendtime(struct goat_utimer *u, int64_t now)
{
	int64_t value[2] = { now };     // as gcc does not know that 8 bytes are copied
	struct goat_g *g;

	goat_lock(&u->c.lock);
	goat_trysend(&u->c, value, &g); // nothing comes of it where the program has closed it
	goat_unlock(&u->c.lock);
	return g;
}

// To happen NS from now.
static struct goat_utimer *
newtimer(int64_t ns)
{
	// Nobody points behind it, so the byte that would keep it then is not asked for: it would be 16 more.
	struct goat_utimer *u = goat_mallocbytes(sizeof(*u) - 1);

	*u = (struct goat_utimer){
		.t = { .when = after(goat_now(), ns), .f = channel, .p = somep() },
		.c = { .dataqsiz = 1,
		       .elemsize = sizeof(u->buf),
		       .closed = GOAT_CHANTIMER,
		       .buf = (char *)&u->buf,
		       .noscan = true },
	};
	return u;
}

// If nobody has looked at U yet it is to happen at WHEN, 0 for never; *PENDING: whether it had a time before.
static bool
unseen(struct goat_utimer *u, int64_t when, bool *pending)
{
	bool is;

	if (GET(u->c.closed) != GOAT_CHANTIMER)
		return false;
	goat_lock(&u->c.lock);
	is = u->c.closed == GOAT_CHANTIMER;
	if (is) {
		*pending = u->t.when != 0;
		u->t.when = when;
	}
	goat_unlock(&u->c.lock);
	return is;
}

// With the lock of H, which U is or will be in: it is to happen at WHEN, and the goroutine to ready if that is now.
static struct goat_g *
startat(struct goat_timer_heap *h, struct goat_utimer *u, int64_t when, int64_t now, bool *wake)
{
	*wake = false;
	if (when > now) {
		*wake = set(h, &u->t, when);
		return NULL;
	}
	withdraw(h, &u->t);
	return sendtime(u, now);
}

void
goat_timerlook(struct goat_hchan *c)
{
	struct goat_utimer *u = (struct goat_utimer *)((char *)c - offsetof(struct goat_utimer, c));
	struct goat_timer_heap *h = &lockedroom(&u->t)->timers;
	struct goat_g *g = NULL;
	bool first, wake = false;
	int64_t when;

	goat_lock(&c->lock);
	first = c->closed == GOAT_CHANTIMER;
	if (first)
		SET(c->closed, 0);
	when = u->t.when;
	goat_unlock(&c->lock);
	if (first && when != 0)
		g = startat(h, u, when, goat_now(), &wake);
	goat_unlock(&h->lock);
	if (g != NULL)
		goat_goready(g);
	if (wake)
		goat_wakenetpoller(when);
}

static bool
start(struct goat_utimer *u, int64_t ns)
{
	int64_t now = goat_now(), when = after(now, ns);
	struct goat_timer_heap *h;
	struct goat_g *g;
	bool pending, wake;

	if (unseen(u, when, &pending))
		return pending;
	h = &lockedroom(&u->t)->timers;
	pending = u->t.id != 0;
	if (goat_chandrain(&u->c))
		pending = true;
	g = startat(h, u, when, now, &wake);
	goat_unlock(&h->lock);
	if (g != NULL)
		goat_goready(g);
	if (wake)
		goat_wakenetpoller(when);
	return pending;
}

void *
goat_after(int64_t ns)
{
	return &newtimer(ns)->c;
}

bool
goat_timer_reset(goat_timer *t, int64_t ns)
{
	if (t->impl != NULL)
		return start(t->impl, ns);
	t->impl = newtimer(ns);
	return false;
}

void *
goat_timer_start(goat_timer *t, int64_t ns)
{
	struct goat_utimer *u;

	goat_timer_reset(t, ns);
	u = t->impl;
	return &u->c;
}

bool
goat_timer_stop(goat_timer *t)
{
	struct goat_utimer *u = t->impl;
	struct goat_p *p;
	bool pending;

	if (u == NULL)
		return false;
	if (unseen(u, 0, &pending))
		return pending;
	p = locked(&u->t);
	pending = withdraw(&p->timers, &u->t);
	if (goat_chandrain(&u->c))
		pending = true;
	goat_unlock(&p->timers.lock);
	return pending;
}
