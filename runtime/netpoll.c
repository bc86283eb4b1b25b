// SPDX-License-Identifier: BSD-3-Clause
//
// netpoll.c: goroutines that wait for descriptors.
//
// Who wants something of a descriptor tries first. Where the kernel says EAGAIN, it parks in the
// queue of its direction, until an event lets it try again:
//
//	see seq --> try --EAGAIN--> arm, once --> lock; seq as seen? --> in the queue, park
//	                                                   | no
//	            try again <----------------------------+
//	event:      lock; seq++; the first of the queue goes on
//
// An event that comes after the kernel has said EAGAIN is counted either before seq is compared or
// when the one who parked is in the queue already, so none is lost, and nothing needs to be written or
// locked where the first try succeeds. Events are edges, so one who was woken and has got something
// wakes the next in the queue: there may be more (goat_pollpass).
//
// A descriptor's number may mean another file from one call to the next, by a close(2) that nobody told us
// of. So what comes from elsewhere is armed anew each time one parks; the kernel says then if it has
// been another file. Sockets that were made here are armed once, and looked at when somebody has been parked
// for CHECK: only who reuses the number of one without goat_close has to wait that long. A deadline
// that is over counts only for the file it was set for.
//
// N1  A G is in queues of one descriptor, and whoever takes it out of them, under the lock, wakes it.
// N2  pd->gen changes whenever the number means another file, as far as that is known. An event of an
//     earlier one only lets somebody try in vain.
//     The upper half of it counts goat_close and new files: who has seen another one gives up.
// N3  armed: edge-triggered, the kernel tells of these directions. Level-triggered (poll, select), for
//     one event each.
// N4  Who calls the system for a descriptor is counted in pd->users meanwhile, not while it is parked. The
//     last one there closes, if goat_close has been called, so nobody is in a call for a
//     number that means another file. As internal/poll.fdMutex. From then on, until close(2) is over or the
//     number is a new file of ours, GOAT_POLLGONE is set, and who comes waits.
//
// Go:    as runtime/netpoll.go, but a queue in each direction in the place of internal/poll.fdMutex and
//        counted events in the place of pdReady; one deadline for both.
// Layer: wait.

#include "netpoll.h"

#include "knobs.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

// How long somebody is parked on a socket of ours before it is made sure that it is the same, in
// nanoseconds: once or twice that.
enum { CHECK = 100000000 };
// A result: the number means another file now.
enum { RENEWED = -1 };

static const struct goat_poller *poller;
static bool level;                      // poller->level
static int breakfd;
static uint32_t breaking;               // breakfd has been written to
static uint32_t inited;                 // 1 under way, 2
static int64_t check_at;                // when sysmon makes sure of those that are parked; 0: there is no need

// ---------------------------------------------------------------- the table

enum { PART = GOAT_POLLPART };

// Each part has those of 20 bits of the number; goat_polldescs is the first.
typedef struct goat_polldesc *chunk;
static chunk *parts[PART];
chunk goat_polldescs[PART];

// *AT, which is made if it is NULL, with SIZE zeroed bytes; NULL: no memory.
static void *
have(void **at, size_t size)
{
	void *p = __atomic_load_n(at, __ATOMIC_ACQUIRE), *was = NULL;

	if (p != NULL)
		return p;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (__atomic_compare_exchange_n(at, &was, p, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return p;
	munmap(p, size);
	return was;
}

struct goat_polldesc *
goat_polldescslow(int fd)
{
	struct goat_polldesc *pd;
	chunk *part = goat_polldescs, c;
	int32_t none = 0;

	if (fd < 0 || fd / (PART * PART) >= PART)
		return NULL;
	if (fd >= PART * PART)
		part = have((void **)&parts[fd / (PART * PART)], PART * sizeof *part);
	if (part == NULL)
		return NULL;
	c = have((void **)&part[fd / PART % PART], PART * sizeof *c);
	if (c == NULL)
		return NULL;
	pd = &c[fd % PART];
	// Once: others may be reading it. Of 0, it is there.
	__atomic_compare_exchange_n(&pd->fd, &none, fd, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
	return pd;
}

// Zeroed bytes that are never given back, a multiple of 64; NULL: no memory.
static void *
permanent(size_t size)
{
	enum { BLOCK = 1 << 16 };
	static struct goat_lock lock;
	static char *at, *end;
	void *p = NULL;

	goat_lock(&lock);
	if ((size_t)(end - at) < size) {
		at = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		end = at != MAP_FAILED ? at + BLOCK : (at = NULL);
	}
	if (at != NULL) {
		p = at;
		at += size;
	}
	goat_unlock(&lock);
	return p;
}

// ---------------------------------------------------------------- queues; all with pd->lock

static int
index_of(unsigned queue)
{
	return __builtin_ctz(queue);
}

// The next of G in the queue with index I. A queue is a ring, of which PD has the last.
static inline struct goat_g **
link_of(struct goat_g *g, int i)
{
	return i == index_of(GOAT_POLLW) ? &g->writelink : &g->schedlink;
}

static inline void
enqueue_in(struct goat_polldesc *pd, struct goat_g *g, int i)
{
	struct goat_g *last = pd->last[i];

	if (__builtin_expect(last == NULL, 1)) {
		*link_of(g, i) = g;
	} else {
		*link_of(g, i) = *link_of(last, i);
		*link_of(last, i) = g;
	}
	__atomic_store_n(&pd->last[i], g, __ATOMIC_RELAXED);
}

static inline void
dequeue_from(struct goat_polldesc *pd, struct goat_g *g, int i)
{
	struct goat_g *last = pd->last[i], *before = last;

	while (__builtin_expect(*link_of(before, i) != g, 0))
		before = *link_of(before, i);
	*link_of(before, i) = *link_of(g, i);
	if (last == g)
		__atomic_store_n(&pd->last[i], before != g ? before : NULL, __ATOMIC_RELAXED);
}

// G, which is in the queue with index I, goes on with RESULT, as part of LIST. N1
static inline void
wake(struct goat_polldesc *pd, struct goat_g *g, int i, int result, struct goat_gqueue *list)
{
	unsigned rest = g->queues & ~(1U << i);

	dequeue_from(pd, g, i);
	for (; __builtin_expect(rest != 0, 0); rest &= rest - 1)
		dequeue_from(pd, g, index_of(rest));
	g->queues = 0;
	g->param = (void *)(intptr_t)result;
	goat_gqueueput(list, g);
}

static inline void
wake_first(struct goat_polldesc *pd, unsigned queue, struct goat_gqueue *list)
{
	int i = index_of(queue);
	struct goat_g *last = pd->last[i];

	if (last != NULL)
		wake(pd, *link_of(last, i), i, 0, list);
}

static void
wake_all(struct goat_polldesc *pd, int result, struct goat_gqueue *list)
{
	for (int i = 0; i < 3; i++)
		while (pd->last[i] != NULL)
			wake(pd, *link_of(pd->last[i], i), i, result, list);
}

static int
result_of(const struct goat_g *g)
{
	return (int)(intptr_t)g->param;
}

// ---------------------------------------------------------------- how many wait

// Those that parked without a P, and threads that are about to; less those that were woken, wherever they
// parked. All who parked with a P are in its `polls`, which only it writes.
static uint64_t others;

// A G's M looks at the poller itself when it has nothing to do; of a thread that is none of the scheduler's
// somebody has to be told.
static __attribute__((noinline)) void
begin_other(bool bound)
{
	__atomic_add_fetch(&others, 1, __ATOMIC_SEQ_CST);
	if (bound)
		goat_wakenetpoller(INT64_MAX);
}

// G is going to park, unless end_wait is called. Its M is pinned in between. Without a lock.
static inline void
begin_wait(struct goat_g *g)
{
	struct goat_p *p = NULL;

	if (__builtin_expect(!g->bound, 1)) {
		goat_pinm(g->m);
		p = goat_pof(g->m);
	}
	if (__builtin_expect(p != NULL, 1))
		__atomic_store_n(&p->polls, __atomic_load_n(&p->polls, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
	else
		begin_other(g->bound);
}

// N of them do not wait any more.
static void
count_woken(size_t n)
{
	__atomic_sub_fetch(&others, n, __ATOMIC_RELEASE);
}

// It does not park.
static void
end_wait(struct goat_g *g)
{
	count_woken(1);
	if (!g->bound)
		goat_unpinm(g->m);
}

// OTHERS is read first: who is woken meanwhile counts.
bool
goat_netpollwaits(void)
{
	uint32_t nalloc = __atomic_load_n(&goat_sched.nalloc, __ATOMIC_ACQUIRE);
	uint64_t n = __atomic_load_n(&others, __ATOMIC_SEQ_CST);

	for (uint32_t i = 0; i < nalloc; i++)
		n += __atomic_load_n(&goat_allp[i]->polls, __ATOMIC_RELAXED);
	return n != 0;
}

// Without the lock: LIST goes on.
static void
run(struct goat_gqueue *list)
{
	if (list->n == 0)
		return;
	count_woken(list->n);
	if (list->n == 1)
		goat_goready(goat_gqueueget(list));
	else
		goat_injectglist(list);
}

// The number means another file. N2. RESULT: RENEWED, or ECANCELED for who was there before.
static void
renew(struct goat_polldesc *pd, enum goat_pollkind kind, int result, struct goat_gqueue *list)
{
	uint64_t by = result == RENEWED ? 1 : UINT64_C(1) << GOAT_POLLCLOSES;
	struct goat_polldeadline *d;

	wake_all(pd, result, list);
	__atomic_store_n(&pd->gen, pd->gen + by, __ATOMIC_RELEASE);
	__atomic_store_n(&pd->seq[0], pd->seq[0] + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&pd->seq[1], pd->seq[1] + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&pd->kind, kind, __ATOMIC_RELAXED);
	__atomic_store_n(&pd->armed, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&pd->anchored, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&pd->hup, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&pd->expired, 0, __ATOMIC_RELAXED);
	if ((d = __atomic_load_n(&pd->deadline, __ATOMIC_ACQUIRE)) != NULL)
		__atomic_store_n(&d->when, 0, __ATOMIC_RELAXED);
}

// ---------------------------------------------------------------- is it the same file?

// PD, armed when it had GEN, turned out to be another file.
static void
replaced(struct goat_polldesc *pd, uint64_t gen)
{
	struct goat_gqueue woken = { 0 };

	goat_lock(&pd->lock);
	if (pd->gen == gen)
		renew(pd, GOAT_POLLFOREIGN, RENEWED, &woken);
	goat_unlock(&pd->lock);
	run(&woken);
}

void
goat_pollforeign(struct goat_polldesc *pd, struct goat_pollseen *seen)
{
	replaced(pd, seen->gen);
	goat_pollsame(pd, seen);
	goat_pollagain(pd, seen);
}

// As poller->arm, of BY. Gives ECANCELED too: it is being closed.
static int
arm_with(const struct goat_poller *by, struct goat_polldesc *pd, unsigned directions, bool known)
{
	int err;

	if (!goat_pollenter(pd))
		return ECANCELED;
	err = by->arm(goat_pollfd(pd), directions, known);
	goat_pollleave(pd);
	return err;
}

// What has been parked since the last time is armed again. Gives whether there is a next time.
static bool
check_one(struct goat_polldesc *pd)
{
	uint8_t armed = 0, seen;
	uint64_t gen;

	if (__atomic_load_n(&pd->last[0], __ATOMIC_RELAXED) == NULL &&
	    __atomic_load_n(&pd->last[1], __ATOMIC_RELAXED) == NULL)
		return false;
	goat_lock(&pd->lock);
	seen = pd->seen;
	gen = pd->gen;
	if (pd->kind != GOAT_POLLFOREIGN && (pd->last[0] != NULL || pd->last[1] != NULL)) {
		if (seen == 1)
			armed = pd->armed;
		if (seen < 2)
			pd->seen++;
	} else
		seen = 2;
	goat_unlock(&pd->lock);
	// An error: it is not open any more, nor will anybody who is parked be woken.
	if (armed != 0 && arm_with(poller, pd, armed, true) != 0)
		replaced(pd, gen);
	return seen == 0;
}

static bool
check_part(chunk *part)
{
	bool again = false;

	for (int i = 0; part != NULL && i < PART; i++) {
		chunk c = __atomic_load_n(&part[i], __ATOMIC_ACQUIRE);

		for (int k = 0; c != NULL && k < PART; k++)
			again |= check_one(&c[k]);
	}
	return again;
}

int64_t
goat_netpollcheck(int64_t now)
{
	int64_t at = __atomic_load_n(&check_at, __ATOMIC_SEQ_CST), none = 0;
	bool again;

	if (at == 0 || at > now)
		return at;
	goat_sysmonhas(true);
	// Who parks from now on sets it again, unless this does.
	__atomic_store_n(&check_at, 0, __ATOMIC_SEQ_CST);
	again = check_part(goat_polldescs);
	for (int i = 1; i < PART; i++)
		again |= check_part(__atomic_load_n(&parts[i], __ATOMIC_ACQUIRE));
	if (again)
		__atomic_compare_exchange_n(&check_at, &none, now + CHECK, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
	goat_sysmonhas(false);
	return __atomic_load_n(&check_at, __ATOMIC_SEQ_CST);
}

static __attribute__((noinline)) void
begin_check(void)
{
	int64_t none = 0;

	if (__atomic_compare_exchange_n(&check_at, &none, goat_now() + CHECK, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		goat_wakesysmon();
}

static inline void
want_check(void)
{
	if (__builtin_expect(__atomic_load_n(&check_at, __ATOMIC_SEQ_CST) == 0, 0))
		begin_check();
}

// ---------------------------------------------------------------- deadlines

static void
deadline_passed(struct goat_rtimer *t)
{
	struct goat_polldeadline *d = (struct goat_polldeadline *)t;
	struct goat_polldesc *pd = d->pd;
	struct goat_gqueue woken = { 0 };

	goat_lock(&pd->lock);
	if (d->when != 0 && d->when <= goat_now()) {
		__atomic_store_n(&pd->expired, 1, __ATOMIC_RELAXED);
		wake_all(pd, ETIMEDOUT, &woken);
	}
	goat_unlock(&pd->lock);
	run(&woken);
}

// The timer is to say what d->when says, which others may be changing.
static void
set_timer(struct goat_polldeadline *d)
{
	int64_t when;

	do {
		when = __atomic_load_n(&d->when, __ATOMIC_SEQ_CST);
		if (when == 0)
			goat_timerdel(&d->timer);
		else
			goat_timermod(&d->timer, when);
	} while (__atomic_load_n(&d->when, __ATOMIC_SEQ_CST) != when);
}

static struct goat_polldeadline *
have_deadline(struct goat_polldesc *pd)
{
	struct goat_polldeadline *d = __atomic_load_n(&pd->deadline, __ATOMIC_ACQUIRE), *was = NULL;

	if (d != NULL || (d = permanent((sizeof *d + 63) & -64)) == NULL)
		return d;
	d->pd = pd;
	d->timer.f = deadline_passed;
	if (__atomic_compare_exchange_n(&pd->deadline, &was, d, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return d;
	return was;
}

// Makes sure that what is known of PD is of the file it is now. Gives 0, an errno, or RENEWED: it was not.
// Only epoll remembers which file it was, so it is asked that where another poller does the waiting too.
static int
verify(struct goat_polldesc *pd)
{
	uint64_t gen = __atomic_load_n(&pd->gen, __ATOMIC_ACQUIRE);
	uint8_t *by = level ? &pd->anchored : &pd->armed;
	uint8_t armed = __atomic_load_n(by, __ATOMIC_RELAXED);
	int err = arm_with(&goat_epollpoller, pd, armed | GOAT_POLLR, armed != 0);

	if (err == RENEWED)
		replaced(pd, gen);
	if (err != 0)
		return err;
	goat_lock(&pd->lock);
	if (pd->gen == gen)
		__atomic_store_n(by, *by | GOAT_POLLR, __ATOMIC_RELAXED);
	goat_unlock(&pd->lock);
	return 0;
}

int
goat_polldeadline(struct goat_polldesc *pd, int64_t when)
{
	struct goat_polldeadline *d;
	struct goat_gqueue woken = { 0 };
	uint64_t gen = __atomic_load_n(&pd->gen, __ATOMIC_ACQUIRE);
	int err;

	goat_netpollinit();
	if ((err = verify(pd)) > 0)
		return err;
	if ((d = have_deadline(pd)) == NULL)
		return ENOMEM;
	goat_lock(&pd->lock);
	if ((pd->gen ^ gen) >> GOAT_POLLCLOSES != 0) {
		goat_unlock(&pd->lock);
		return ECANCELED;
	}
	__atomic_store_n(&pd->expired, when != 0 && when <= goat_now(), __ATOMIC_RELAXED);
	__atomic_store_n(&d->when, pd->expired ? 0 : when, __ATOMIC_SEQ_CST);
	if (pd->expired)
		wake_all(pd, ETIMEDOUT, &woken);
	goat_unlock(&pd->lock);
	set_timer(d);
	run(&woken);
	return 0;
}

bool
goat_pollexpired(struct goat_polldesc *pd, struct goat_pollseen *seen)
{
	int err;

	if (!__atomic_load_n(&pd->expired, __ATOMIC_RELAXED))
		return false;
	err = verify(pd);
	if (err == RENEWED)
		goat_pollsame(pd, seen);
	// Where it cannot be verified, the descriptor is not open: the call will tell.
	return err == 0 && __atomic_load_n(&pd->expired, __ATOMIC_RELAXED);
}

// A deadline of one wait. Kept for the next one: the timer may be on its way still when that ends.
struct own_deadline {
	struct goat_rtimer timer;
	struct own_deadline *next;
	struct goat_lock lock;
	bool passed;                    // written under the descriptor's lock
	int64_t when;
	struct goat_polldesc *pd;
	struct goat_g *waiter;          // or NULL
};

static struct own_deadline *own_deadlines;
static struct goat_lock own_lock;

static void
own_passed(struct goat_rtimer *t)
{
	struct own_deadline *d = (struct own_deadline *)t;
	struct goat_gqueue woken = { 0 };

	goat_lock(&d->lock);
	if (d->waiter != NULL && d->when <= goat_now()) {
		goat_lock(&d->pd->lock);
		__atomic_store_n(&d->passed, true, __ATOMIC_RELAXED);
		if (d->waiter->queues != 0)
			wake(d->pd, d->waiter, index_of(d->waiter->queues), ETIMEDOUT, &woken);
		goat_unlock(&d->pd->lock);
	}
	goat_unlock(&d->lock);
	run(&woken);
}

static bool
passed(const struct own_deadline *d)
{
	return d != NULL && __atomic_load_n(&d->passed, __ATOMIC_RELAXED);
}

static struct own_deadline *
begin_own(struct goat_polldesc *pd, struct goat_g *g, int64_t when)
{
	struct own_deadline *d;

	goat_lock(&own_lock);
	if ((d = own_deadlines) != NULL)
		own_deadlines = d->next;
	goat_unlock(&own_lock);
	if (d == NULL && (d = permanent((sizeof *d + 63) & -64)) == NULL)
		return NULL;
	d->timer.f = own_passed;
	goat_lock(&d->lock);
	__atomic_store_n(&d->passed, false, __ATOMIC_RELAXED);
	d->when = when;
	d->pd = pd;
	d->waiter = g;
	goat_unlock(&d->lock);
	goat_timermod(&d->timer, when);
	return d;
}

static void
end_own(struct own_deadline *d)
{
	if (d == NULL)
		return;
	goat_lock(&d->lock);
	d->waiter = NULL;
	goat_unlock(&d->lock);
	goat_timerdel(&d->timer);
	goat_lock(&own_lock);
	d->next = own_deadlines;
	own_deadlines = d;
	goat_unlock(&own_lock);
}

// ---------------------------------------------------------------- waiting

// With the lock: what makes waiting pointless, or 0. EAGAIN: something came.
static int
no_wait(const struct goat_polldesc *pd, unsigned directions, const struct goat_pollseen *seen)
{
	if (pd->gen != seen->gen)
		return RENEWED;
	if (pd->expired)
		return ETIMEDOUT;
	if ((directions & GOAT_POLLR && pd->seq[0] != seen->seq[0]) ||
	    (directions & GOAT_POLLW && pd->seq[1] != seen->seq[1]))
		return EAGAIN;
	return 0;
}

// Parks G in QUEUES; pd->lock is released. Gives the result.
static inline int
park(struct goat_polldesc *pd, struct goat_g *g, unsigned queues)
{
	unsigned rest = queues;

	g->queues = (uint8_t)queues;
	do
		enqueue_in(pd, g, index_of(rest));
	while ((rest &= rest - 1) != 0);
	goat_gopark(&pd->lock, GOAT_WAIT_IO);
	return result_of(g);
}

// Whether the poller can do nothing for FD, which it says once. Its user gets EMFILE.
static bool
too_large(int fd)
{
	static bool said;
	char text[160];

	if (__builtin_expect(poller->limit == 0 || fd < poller->limit, 1))
		return false;
	if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED)) {
		snprintf(text, sizeof text,
			 "goat: GOATDEBUG=poller=%s: descriptor %d is above its limit of %d descriptors; "
			 "poll and epoll have none\n", poller->name, fd, poller->limit);
		if (write(STDERR_FILENO, text, strlen(text)) < 0)
			return true;
	}
	return true;
}

// Whether the poller will tell of DIRECTIONS as it is.
static inline bool
is_armed(const struct goat_polldesc *pd, unsigned directions)
{
	return __atomic_load_n(&pd->kind, __ATOMIC_RELAXED) != GOAT_POLLFOREIGN && !level &&
	       (__atomic_load_n(&pd->armed, __ATOMIC_RELAXED) & directions) == directions;
}

// Gives 0, an errno, or RENEWED.
static int
arm(struct goat_polldesc *pd, unsigned directions, const struct goat_pollseen *seen)
{
	uint8_t armed = __atomic_load_n(&pd->armed, __ATOMIC_RELAXED);
	int err;

	if (is_armed(pd, directions))
		return 0;
	if (too_large(goat_pollfd(pd)))
		return EMFILE;
	err = arm_with(poller, pd, armed | directions, armed != 0);
	if (err == RENEWED)
		replaced(pd, seen->gen);
	return err;
}

// Unless something came after SEEN. With OWN, which may be NULL. Gives the result, or what no_wait gives.
static inline __attribute__((always_inline)) int
wait_for(struct goat_polldesc *pd, struct goat_g *g, unsigned directions,
	 const struct goat_pollseen *seen, const struct own_deadline *own)
{
	int err;

	begin_wait(g);
	goat_lock(&pd->lock);
	err = no_wait(pd, directions, seen);
	if (err == 0 && passed(own))
		err = ETIMEDOUT;
	if (__builtin_expect(err != 0, 0)) {
		goat_unlock(&pd->lock);
		end_wait(g);
		return err;
	}
	__atomic_store_n(&pd->armed, pd->armed | directions, __ATOMIC_RELAXED); // N3
	pd->seen = 0;
	if (pd->kind != GOAT_POLLFOREIGN && !level)
		want_check();
	return park(pd, g, directions);
}

// What ERR, of wait_for, means to who waited.
static int
outcome(struct goat_polldesc *pd, struct goat_pollseen *seen, const struct own_deadline *own, int err)
{
	// Its own deadline, or the descriptor's, which may have been set anew meanwhile.
	if (err == ETIMEDOUT && !passed(own) && !goat_pollexpired(pd, seen))
		err = EAGAIN;
	if (err == RENEWED && !goat_pollsame(pd, seen))
		return ECANCELED;
	return err == RENEWED || err == EAGAIN ? 0 : err;
}

int
goat_pollwait(struct goat_polldesc *pd, unsigned directions, struct goat_pollseen *seen, int64_t when)
{
	struct goat_g *g = goat_getg();
	struct own_deadline *own = NULL;
	int err;

	goat_netpollinit();
	err = arm(pd, directions, seen);
	if (err == 0) {
		if (when != 0 && (own = begin_own(pd, g, when)) == NULL)
			return ENOMEM;
		err = wait_for(pd, g, directions, seen, own);
	}
	err = outcome(pd, seen, own, err);
	end_own(own);
	return err;
}

GOAT_HOT int
goat_pollwaitread(struct goat_polldesc *pd, struct goat_pollseen *seen)
{
	struct goat_g *g = goat_g;
	int err;

	if (__builtin_expect(g == NULL || !is_armed(pd, GOAT_POLLR), 0))
		return goat_pollwait(pd, GOAT_POLLR, seen, 0);
	err = wait_for(pd, g, GOAT_POLLR, seen, NULL);
	return __builtin_expect(err == 0, 1) ? 0 : outcome(pd, seen, NULL, err);
}

void
goat_pollpassslow(struct goat_polldesc *pd, unsigned directions)
{
	struct goat_gqueue woken = { 0 };

	goat_lock(&pd->lock);
	if (directions & GOAT_POLLR)
		wake_first(pd, GOAT_POLLR, &woken);
	if (directions & GOAT_POLLW)
		wake_first(pd, GOAT_POLLW, &woken);
	goat_unlock(&pd->lock);
	run(&woken);
}

// ---------------------------------------------------------------- the turn to write

// With the lock: it is taken, or said that one more wants it. Gives 0, EBADF, or EAGAIN: others have it.
static int
try_lock(struct goat_polldesc *pd)
{
	uint32_t was = __atomic_load_n(&pd->users, __ATOMIC_RELAXED), is;

	do {
		if (was & GOAT_POLLCLOSING)
			return EBADF;
		is = was & GOAT_POLLWRITING ? was | GOAT_POLLMORE
					    : was + GOAT_POLLWRITING + GOAT_POLLUSER;
	} while (!__atomic_compare_exchange_n(&pd->users, &was, is, false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return was & GOAT_POLLWRITING ? EAGAIN : 0;
}

int
goat_polllockslow(struct goat_polldesc *pd, struct goat_pollseen *seen)
{
	struct goat_g *g = goat_getg();
	int err;

	do {
		begin_wait(g);
		goat_lock(&pd->lock);
		err = try_lock(pd);
		if (err == EAGAIN && pd->expired)
			err = ETIMEDOUT;
		if (err != EAGAIN) {
			goat_unlock(&pd->lock);
			end_wait(g);
			return err;
		}
		err = park(pd, g, GOAT_POLLLOCK);
	} while (err == RENEWED && goat_pollsame(pd, seen));
	if (err != 0)
		return err == RENEWED ? ECANCELED : err;
	if (goat_pollenter(pd))
		return 0;
	goat_pollunlockslow(pd);
	return ECANCELED;
}

void
goat_pollunlockslow(struct goat_polldesc *pd)
{
	struct goat_gqueue woken = { 0 };
	uint32_t gone = 0;

	goat_lock(&pd->lock);
	// It is the next one's, or nobody's.
	wake_first(pd, GOAT_POLLLOCK, &woken);
	if (woken.n == 0)
		gone |= GOAT_POLLWRITING;
	if (pd->last[2] == NULL)
		gone |= GOAT_POLLMORE;
	__atomic_and_fetch(&pd->users, ~gone, __ATOMIC_RELEASE);
	goat_unlock(&pd->lock);
	run(&woken);
}

// ---------------------------------------------------------------- a descriptor's beginning and end

// With the lock: the number is not being given back any more. N4
static void
is_open(struct goat_polldesc *pd)
{
	__atomic_and_fetch(&pd->users, ~(uint32_t)(GOAT_POLLCLOSING | GOAT_POLLGONE), __ATOMIC_RELEASE);
}

int
goat_polladopt(int fd, enum goat_pollkind kind)
{
	struct goat_polldesc *pd = goat_polldescof(fd);
	struct goat_gqueue woken = { 0 };

	goat_netpollinit();
	if (pd == NULL)
		return ENOMEM;
	if (too_large(fd))
		return EMFILE;
	goat_lock(&pd->lock);
	renew(pd, kind, ECANCELED, &woken);
	if (__atomic_load_n(&pd->users, __ATOMIC_RELAXED) & GOAT_POLLGONE)
		is_open(pd);
	goat_unlock(&pd->lock);
	run(&woken);
	return 0;
}

// With the lock: whether it is the caller's to close. N4
static bool
take_last(struct goat_polldesc *pd)
{
	uint32_t was = __atomic_load_n(&pd->users, __ATOMIC_RELAXED);

	do {
		if (!goat_polllastone(was))
			return false;
	} while (!__atomic_compare_exchange_n(&pd->users, &was, was | GOAT_POLLGONE, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return true;
}

// Nobody is in a call for PD, and nobody comes. GEN: when that began. Gives 0 or an errno. Not inlined, because of
// errno's address.
static __attribute__((noipa)) int
close_it(struct goat_polldesc *pd, uint64_t gen)
{
	struct goat_gqueue woken = { 0 };
	int err;

	goat_acquire(&pd->users);
	err = close(goat_pollfd(pd)) < 0 && errno != EINTR ? errno : 0;
	if (poller->forget != NULL)
		goat_netpollbreak();
	goat_lock(&pd->lock);
	if ((pd->gen ^ gen) >> GOAT_POLLCLOSES == 0) {  // else it is another file of ours already
		is_open(pd);
		wake_all(pd, 0, &woken);
	}
	goat_unlock(&pd->lock);
	run(&woken);
	return err;
}

void
goat_pollawait(struct goat_polldesc *pd)
{
	struct goat_g *g = goat_getg();

	for (;;) {
		begin_wait(g);
		goat_lock(&pd->lock);
		if (!(__atomic_load_n(&pd->users, __ATOMIC_ACQUIRE) & GOAT_POLLGONE))
			break;
		park(pd, g, GOAT_POLLR);
	}
	goat_unlock(&pd->lock);
	end_wait(g);
}

void
goat_polllast(struct goat_polldesc *pd)
{
	struct goat_g *closer = NULL;
	uint64_t gen;
	bool last;
	int err;

	goat_lock(&pd->lock);
	gen = pd->gen;
	last = take_last(pd);
	if (last) {
		closer = pd->closer;
		pd->closer = NULL;
	}
	goat_unlock(&pd->lock);
	if (!last)
		return;
	err = close_it(pd, gen);
	if (closer == NULL)
		return;
	closer->param = (void *)(intptr_t)err;
	goat_goready(closer);
}

int
goat_pollclose(struct goat_polldesc *pd, void (*before)(int fd))
{
	uint32_t was = __atomic_load_n(&pd->users, __ATOMIC_RELAXED);
	struct goat_polldeadline *d;
	struct goat_gqueue woken = { 0 };
	struct goat_g *g = goat_getg();
	uint64_t gen;
	bool waits;

	goat_netpollinit();
	do {
		if (was & GOAT_POLLCLOSING)
			return EBADF;
	} while (!__atomic_compare_exchange_n(&pd->users, &was, (was | GOAT_POLLCLOSING) + GOAT_POLLUSER,
					      false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	if (before != NULL)
		before(goat_pollfd(pd));
	goat_lock(&pd->lock);
	// A call for a file from elsewhere may take long, though poll said that it would not.
	waits = pd->kind != GOAT_POLLFOREIGN;
	renew(pd, GOAT_POLLFOREIGN, ECANCELED, &woken);
	d = __atomic_load_n(&pd->deadline, __ATOMIC_ACQUIRE);
	goat_unlock(&pd->lock);
	if (poller->forget != NULL)
		poller->forget(goat_pollfd(pd));
	if (d != NULL)
		set_timer(d);
	run(&woken);

	goat_lock(&pd->lock);
	goat_release(&pd->users);
	__atomic_sub_fetch(&pd->users, GOAT_POLLUSER, __ATOMIC_ACQ_REL);
	if (take_last(pd)) {
		gen = pd->gen;
		goat_unlock(&pd->lock);
		return close_it(pd, gen);
	}
	if (!waits) {
		goat_unlock(&pd->lock);
		return 0;
	}
	pd->closer = g;
	goat_gopark(&pd->lock, GOAT_WAIT_IO);
	return result_of(g);
}

// ---------------------------------------------------------------- for the scheduler

void
goat_netpollinit(void)
{
	static const struct goat_poller *const pollers[] = {
		&goat_epollpoller, &goat_pollpoller, &goat_selectpoller,
	};
	uint32_t was = 0;
	int err = 0;

	if (__builtin_expect(__atomic_load_n(&inited, __ATOMIC_ACQUIRE) == 2, 1))
		return;
	if (!__atomic_compare_exchange_n(&inited, &was, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
		while (__atomic_load_n(&inited, __ATOMIC_ACQUIRE) != 2)
			goat_futexsleep(&inited, 1, -1);
		return;
	}
	if (goat_knob_poller < 0 || goat_knob_poller >= (int)(sizeof pollers / sizeof *pollers))
		goat_knob_poller = 0;
	poller = pollers[goat_knob_poller];
	level = poller->level;
	if ((breakfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) < 0)
		err = errno;
	if (err == 0)
		err = goat_epollpoller.init(breakfd);
	if (err == 0 && level)
		err = poller->init(breakfd);
	if (err != 0) {
		errno = err;
		goat_fatal("runtime: netpollinit failed");
	}
	__atomic_store_n(&inited, 2, __ATOMIC_RELEASE);
	goat_futexwake(&inited, INT32_MAX);
}

void
goat_netpollbreak(void)
{
	uint64_t one = 1;

	if (__atomic_exchange_n(&breaking, 1, __ATOMIC_SEQ_CST) == 0 &&
	    write(breakfd, &one, sizeof one) < 0 && errno != EAGAIN)
		goat_fatal("runtime: netpollBreak write failed");
}

// Only who sleeps takes it: for another one it would be lost.
static void
take_break(int64_t delay)
{
	uint64_t count;

	if (delay == 0)
		return;
	if (read(breakfd, &count, sizeof count) < 0 && errno != EAGAIN)
		goat_fatal("runtime: netpoll: break descriptor is gone");
	__atomic_store_n(&breaking, 0, __ATOMIC_SEQ_CST);
}

static inline void
event(const struct goat_pollevent *e, struct goat_gqueue *list)
{
	struct goat_polldesc *pd = goat_polldescof(e->fd);

	goat_lock(&pd->lock);
	if (level)
		__atomic_store_n(&pd->armed, pd->armed & ~e->ready, __ATOMIC_RELAXED);
	if (e->ready & GOAT_POLLHUP)
		__atomic_store_n(&pd->hup, 1, __ATOMIC_RELAXED);
	if (e->ready & GOAT_POLLR) {
		__atomic_store_n(&pd->seq[0], pd->seq[0] + 1, __ATOMIC_RELEASE);
		wake_first(pd, GOAT_POLLR, list);
	}
	if (e->ready & GOAT_POLLW) {
		__atomic_store_n(&pd->seq[1], pd->seq[1] + 1, __ATOMIC_RELEASE);
		wake_first(pd, GOAT_POLLW, list);
	}
	goat_unlock(&pd->lock);
}

GOAT_HOT struct goat_gqueue
goat_netpoll(int64_t delay)
{
	struct goat_pollevent events[GOAT_POLLBATCH];
	struct goat_gqueue list = { 0 };
	int n;

	if (__atomic_load_n(&inited, __ATOMIC_ACQUIRE) != 2)
		return list;
	n = poller->wait(events, delay);
	for (int i = 0; i < n; i++)
		if (events[i].fd < 0)
			take_break(delay);
		else
			event(&events[i], &list);
	if (list.n != 0)
		count_woken(list.n);
	return list;
}
