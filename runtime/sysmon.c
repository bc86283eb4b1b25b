// SPDX-License-Identifier: BSD-3-Clause
//
// sysmon.c: a thread without a P that looks after the others: takes Ps away from goroutines that are
// blocked in the kernel or do not answer, asks those that run for long to leave, polls the network when
// nobody does, makes sure that its sockets are still the same, and gives memory of dead stacks back.
//
// Go:    as sysmon and retake in runtime/proc.go. There system calls tell the scheduler; here it looks
//        whether the thread uses any time.
// Layer: sched.

#include "proc.h"
#include "runq.h"

#include <linux/membarrier.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { US = 1000, MS = 1000000 };
// Where processors are busy with other processes, a thread that could run gets no time either. So long it
// is given, at least and at most: see goat_robbed.
enum { BLOCKED = 100 * US, BUSY = 10 * MS };
// That long after a thread has lost its P it counts how often it is put to sleep, which is a call of the system.
enum { COUNTS = 256 };                  // times that it wakes up
enum { RECLAIMS = 8 };                  // batches of dead stacks given back before it looks

void
goat_wakesysmon(void)
{
	if (!__atomic_load_n(&goat_sched.sysmonwait, __ATOMIC_SEQ_CST))
		return;
	__atomic_store_n(&goat_sched.sysmonwait, false, __ATOMIC_SEQ_CST);
	__atomic_store_n(&goat_sched.sysmonnote, 1, __ATOMIC_SEQ_CST);
	goat_futexwake(&goat_sched.sysmonnote, 1);
}

// The processor time that the thread of M has used: what does not change while it sleeps in the kernel.
// This way no descriptor of the program's is touched, as files in /proc would.
static int64_t
used_time(const struct goat_m *m)
{
	enum { SCHED = 2, PER_THREAD = 4 };     // of the kernel's names of clocks
	struct timespec t;

	if (clock_gettime((clockid_t)((~(unsigned)m->tid << 3) | PER_THREAD | SCHED), &t) != 0)
		return -1;
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// S2. Takes P away from its M, which does not answer. False if it has come into the runtime.
static bool
take(struct goat_p *p, struct goat_m *m, uint32_t tick)
{
	bool taken = false;

	goat_lock(&goat_sched.lock);
	if (__atomic_load_n(&p->m, __ATOMIC_RELAXED) == m && goat_pof(m) == p &&
	    __atomic_load_n(&m->pinned, __ATOMIC_RELAXED) == 0 &&
	    __atomic_load_n(&p->tick, __ATOMIC_RELAXED) == tick) {
		__atomic_store_n(&m->p, NULL, __ATOMIC_SEQ_CST);
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
		if (__atomic_load_n(&m->pinned, __ATOMIC_SEQ_CST) == 0) {
			__atomic_store_n(&p->m, NULL, __ATOMIC_RELAXED);
			__atomic_store_n(&m->robbed, true, __ATOMIC_RELAXED);
			taken = true;
		} else {
			__atomic_store_n(&m->p, p, __ATOMIC_SEQ_CST);
		}
	}
	goat_unlock(&goat_sched.lock);
	return taken;
}

static long
times_slept(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) == 0 ? u.ru_nvcsw : 0;
}

void
goat_awake1(struct goat_m *m)
{
	m->counting--;
	m->slept = times_slept();
}

// Whether it has been put to sleep since it woke up, by a call that blocked, or was only waiting for a processor:
// then sysmon was too quick, and others have been woken, and have lost their caches, for nothing.
void
goat_robbed(struct goat_m *m)
{
	int64_t patience = __atomic_load_n(&goat_sched.patience, __ATOMIC_RELAXED);
	long slept = times_slept();

	if (m->counting > 0) {
		patience = slept == m->slept ? patience * 2 : patience / 4;
		patience = patience < BLOCKED ? BLOCKED : patience > BUSY ? BUSY : patience;
		__atomic_store_n(&goat_sched.patience, patience, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&m->robbed, false, __ATOMIC_RELAXED);
	m->counting = COUNTS;
	m->slept = slept;
}

// P, which was taken away, goes to another M, or to the idle ones. Go: handoffp.
static void
handoffp(struct goat_p *p)
{
	if (!goat_runqempty(p) || goat_globrunqsize() != 0 ||
	    __atomic_load_n(&p->timers.when, __ATOMIC_ACQUIRE) != 0 ||
	    (__atomic_load_n(&goat_sched.lastpoll, __ATOMIC_SEQ_CST) != 0 && goat_netpollwaits()))
		return goat_startm(p, false);
	goat_lock(&goat_sched.lock);
	goat_pidleput(p);
	goat_unlock(&goat_sched.lock);
	if (goat_anywork())
		goat_wakep();
}

// What P's goroutine has been doing since sysmon saw it first. Gives whether P was taken.
static bool
look_at(struct goat_p *p, int64_t now)
{
	struct goat_m *m = __atomic_load_n(&p->m, __ATOMIC_ACQUIRE);
	uint32_t tick = __atomic_load_n(&p->tick, __ATOMIC_RELAXED);
	int64_t when = __atomic_load_n(&p->seenwhen, __ATOMIC_RELAXED), since, used;

	if (m == NULL || __atomic_load_n(&m->curg, __ATOMIC_RELAXED) == NULL) {
		__atomic_store_n(&p->seenwhen, 0, __ATOMIC_RELAXED);
		return false;
	}
	if (when == 0 || tick != p->seentick) {
		p->seentick = tick;
		__atomic_store_n(&p->seenwhen, now, __ATOMIC_RELAXED);
		p->seenused = -1;
		return false;
	}
	since = now - when;
	if (since >= GOAT_MAXRUN) {
		__atomic_store_n(&p->preempt, true, __ATOMIC_RELAXED);
		__atomic_store_n(m->stackguard, UINTPTR_MAX, __ATOMIC_RELAXED);
	}
	if (!goat_sched.barrier)
		return false;
	if (since < __atomic_load_n(&goat_sched.patience, __ATOMIC_RELAXED) ||
	    (since < GOAT_MAXRUN && goat_runqempty(p) && goat_globrunqsize() == 0))
		return false;
	used = p->seenused;
	p->seenused = used_time(m);
	if (since < 2 * GOAT_MAXRUN && (p->seenused < 0 || used != p->seenused))
		return false;
	if (!take(p, m, tick))
		return false;
	__atomic_store_n(&p->seenwhen, 0, __ATOMIC_RELAXED);
	handoffp(p);
	return true;
}

static bool
retake(int64_t now)
{
	uint32_t n = __atomic_load_n(&goat_sched.nalloc, __ATOMIC_ACQUIRE);
	bool any = false, preempting = false;

	for (uint32_t i = 0; i < n; i++) {
		any |= look_at(goat_allp[i], now);
		preempting |= __atomic_load_n(&goat_allp[i]->preempt, __ATOMIC_RELAXED);
	}
	if (goat_preempting != preempting)
		__atomic_store_n(&goat_preempting, preempting, __ATOMIC_RELAXED);
	return any;
}

// While the world is stopped nobody uses any time, and afterwards it looks as if all had been blocked. Gives whether
// it is now.
static bool
is_stopped(void)
{
	static uint32_t seen;
	uint32_t stops = __atomic_load_n(&goat_worldstops, __ATOMIC_SEQ_CST);

	for (uint32_t i = 0; stops != seen && i < __atomic_load_n(&goat_sched.nalloc, __ATOMIC_ACQUIRE); i++)
		__atomic_store_n(&goat_allp[i]->seenwhen, 0, __ATOMIC_RELAXED);
	seen = stops;
	return stops % 2 != 0;
}

static void
poll_network(int64_t now)
{
	int64_t last = __atomic_load_n(&goat_sched.lastpoll, __ATOMIC_SEQ_CST);

	if (last == 0 || last + GOAT_MAXRUN > now || !goat_netpollwaits() ||
	    !__atomic_compare_exchange_n(&goat_sched.lastpoll, &last, now, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return;
	goat_sysmonhas(true);
	struct goat_gqueue list = goat_netpoll(0);

	goat_injectglist(&list);
	goat_sysmonhas(false);
}

static bool
all_idle(void)
{
	return __atomic_load_n(&goat_sched.npidle, __ATOMIC_SEQ_CST) >=
	       __atomic_load_n(&goat_sched.nprocs, __ATOMIC_SEQ_CST);
}

static void
wait_for_work(void)
{
	__atomic_store_n(&goat_sched.sysmonnote, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&goat_sched.sysmonwait, true, __ATOMIC_SEQ_CST);
	while (all_idle() && __atomic_load_n(&goat_sched.sysmonnote, __ATOMIC_SEQ_CST) == 0) {
		int64_t now = goat_now(), due = goat_netpollcheck(now);

		goat_futexsleep(&goat_sched.sysmonnote, 0, due == 0 ? -1 : due - now);
	}
	__atomic_store_n(&goat_sched.sysmonwait, false, __ATOMIC_SEQ_CST);
}

void *
goat_sysmon(void *arg)
{
	int64_t delay = 20 * US;
	int idle = 0, nothing = 0;

	(void)arg;
	__atomic_store_n(&goat_sched.patience, BLOCKED, __ATOMIC_RELAXED);
	for (;;) {
		if (idle == 0)
			delay = 20 * US;
		else if (idle > 50 && delay < 10 * MS)
			delay *= 2;
		usleep((useconds_t)((delay < 10 * MS ? delay : 10 * MS) / US));
		bool more = true;
		int64_t now = goat_now();

		if (is_stopped())
			continue;
		__atomic_store_n(&goat_sched.seen, now, __ATOMIC_RELAXED);
		for (int i = 0; i < RECLAIMS && more; i++)
			more = goat_stackreclaim(now);
		if (more)
			idle = 0;
		// To be woken and to look often again costs a server more than the rest of the runtime,
		// if it is idle for a moment after each batch: sleep only after a while of nothing.
		nothing = all_idle() ? nothing + 1 : 0;
		if (!more && nothing > 3 && delay >= 10 * MS) {
			wait_for_work();
			nothing = idle = 0;
			now = goat_now();
		}
		poll_network(now);
		goat_netpollcheck(now);
		idle = retake(now) ? 0 : idle + 1;
	}
	return NULL;
}
