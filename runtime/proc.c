// SPDX-License-Identifier: BSD-3-Clause
//
// proc.c: the scheduler. See docs/scheduler.md.
//
// A goroutine that parks looks for the next one itself, in the queue of its P, and switches straight to
// it. Only where there is nothing quick it switches to its M's own stack (g0), where findrunnable looks
// everywhere and sleeps at last.
//
//	S1  A G that is on some queue or list of waiters may still stand on its stack: whoever takes it
//	    waits until oncpu is 0. So locks are released before the switch, and nobody has to do it on
//	    another's behalf behind the switch.
//	S2  m->p is changed by M itself while pinned, or under goat_sched.lock by sysmon while it is not. An M
//	    that is in the runtime is pinned. Who takes a P away does it in the order: p taken, a barrier
//	    on all processors (membarrier), pinned looked at; and an M that enters: pinned set, p read. So
//	    the fast side needs no barrier.
//	S3  A goroutine may run without a P, when its M was blocked in a system call or did not answer for
//	    a while. It goes on like that until it parks or yields next.
//	S4  After work has been added, whoever added it looks for idle Ps; a spinning M that stops looks
//	    again at everything after it has said so. So work and an idle P do not miss each other. Go:
//	    the head comment of runtime/proc.go.
//
// Go:    as runtime/proc.go. There a goroutine always goes over g0; system calls tell the scheduler, here
//        sysmon looks whether the thread uses any time.
// Layer: goat_sched.

#include "runtime2.h"

#include "knobs.h"
#include "proc.h"
#include "runq.h"
#include "timer.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

_Thread_local struct goat_m *goat_m __attribute__((tls_model("initial-exec")));
uint32_t goat_preempting;
struct goat_p *goat_allp[GOAT_MAXPROCS];

enum {
	GLOBAL_TICK = 61,               // every so many choices the global queue comes first
	TIMER_TICK = 16,                // and timers are looked at
	GFREE = 64,                     // dead Gs of a P
	IDS = 16,                       // ids a P takes at a time
	MAX_MS = 10000,
	ARGS = 32 << 10,                // larger ones are not copied to the stack
	STEAL_TURNS = 4,
};

struct goat_sched goat_sched;

// What a thread that comes now needs of the scheduler is there.
static inline bool
started(void)
{
	return __atomic_load_n(&goat_sched.started, __ATOMIC_ACQUIRE);
}

// ---------------------------------------------------------------- sanitizers

// Of the program's, if it has one.
void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size) __attribute__((weak));
void __sanitizer_finish_switch_fiber(void *save, const void **bottom, size_t *size)
	__attribute__((weak));
void *__tsan_get_current_fiber(void) __attribute__((weak));
void *__tsan_create_fiber(unsigned flags) __attribute__((weak));
void __tsan_switch_to_fiber(void *fiber, unsigned flags) __attribute__((weak));
void __asan_unpoison_memory_region(const volatile void *at, size_t size) __attribute__((weak));

// A sanitizer has to know on which stack we are.
static __attribute__((noinline)) void
swap_watched(struct goat_g *from, struct goat_g *to, bool dying)
{
	if (__builtin_expect(__sanitizer_start_switch_fiber != NULL, 0))
		__sanitizer_start_switch_fiber(dying ? NULL : &from->fake, (void *)to->lo,
					       to->hi - to->lo);
	goat_release(&from->oncpu);
	if (__builtin_expect(__tsan_switch_to_fiber != NULL, 0))
		__tsan_switch_to_fiber(to->fiber, 0);
	goat_switch(from, to);
	if (__builtin_expect(__sanitizer_finish_switch_fiber != NULL, 0))
		__sanitizer_finish_switch_fiber(from->fake, NULL, NULL);
}

// DYING: FROM's stack will not be used again.
static inline void
swap(struct goat_g *from, struct goat_g *to, bool dying)
{
	if (__builtin_expect(__sanitizer_start_switch_fiber != NULL || __tsan_switch_to_fiber != NULL, 0))
		swap_watched(from, to, dying);
	else
		goat_switch(from, to);
}

// ---------------------------------------------------------------- queues

// It counts as running from here on, not from when its thread has got so far: nobody may take what
// comes before that for a deadlock.
static void
ready_bound(struct goat_g *g)
{
	__atomic_sub_fetch(&goat_sched.parked, 1, __ATOMIC_SEQ_CST);
	goat_release(g);
	__atomic_store_n(&g->note, 1, __ATOMIC_RELEASE);
	goat_futexwake(&g->note, 1);
}

static void
globrunqput(struct goat_g *g)
{
	goat_globrunqput(&g, 1);
}

static struct goat_g *
globrunqget(struct goat_p *p, size_t max)
{
	return goat_globrunqget(p, __atomic_load_n(&goat_sched.nprocs, __ATOMIC_RELAXED), max);
}

// ---------------------------------------------------------------- Ps and Ms

void
goat_pidleput(struct goat_p *p)
{
	p->link = goat_sched.idlep;
	goat_sched.idlep = p;
	__atomic_add_fetch(&goat_sched.npidle, 1, __ATOMIC_SEQ_CST);
}

static struct goat_p *
pidleget(void)
{
	struct goat_p *p = goat_sched.idlep;

	if (p == NULL)
		return NULL;
	goat_sched.idlep = p->link;
	__atomic_sub_fetch(&goat_sched.npidle, 1, __ATOMIC_SEQ_CST);
	return p;
}

// M has P from now on; whoever had it before has let go of it.
static void
acquirep(struct goat_m *m, struct goat_p *p)
{
	__atomic_store_n(&p->m, m, __ATOMIC_RELEASE);
	__atomic_store_n(&m->p, p, __ATOMIC_RELAXED);
	__atomic_store_n(&p->preempt, false, __ATOMIC_RELAXED);
	__atomic_store_n(&p->seenwhen, 0, __ATOMIC_RELAXED);
}

static struct goat_p *
releasep(struct goat_m *m)
{
	struct goat_p *p = goat_pof(m);

	__atomic_store_n(&m->p, NULL, __ATOMIC_RELAXED);
	__atomic_store_n(&p->m, NULL, __ATOMIC_RELAXED);
	return p;
}

static void *mstart(void *arg);
static _Noreturn void schedule(struct goat_m *m);

static _Noreturn void
no_thread(int err)
{
	static char text[128];

	if (err == 0)
		snprintf(text, sizeof text, "thread exhaustion: the program needs more than %d threads",
			 MAX_MS);
	else
		snprintf(text, sizeof text, "runtime: failed to create new OS thread (have %u already; %s)",
			 goat_sched.nm, strerror(err));
	goat_fatal(text);
}

static void *
new_record(size_t size)
{
	return memset(goat_checked(aligned_alloc(64, size)), 0, size);
}

// A thread of the runtime's, on STACK, or one of the C library's where that is NULL. Signals wait until
// it is known to whom they come.
static void
new_thread(void *(*fn)(void *), void *arg, void *stack, size_t size)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	int err;

	pthread_attr_init(&attr);
	if (stack != NULL)
		pthread_attr_setstack(&attr, stack, size);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, &attr, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (err != 0)
		no_thread(err);
}

// A thread that begins with P.
static void
newm(struct goat_p *p, bool spinning)
{
	struct goat_m *m = new_record((sizeof *m + 63) & -(size_t)64);
	size_t size;
	void *stack;

	m->nextp = p;
	m->spinning = spinning;
	goat_lock(&goat_sched.lock);
	m->id = goat_sched.nm++;
	goat_unlock(&goat_sched.lock);
	stack = goat_mstack(m->id, &size);
	if (stack == NULL || m->id >= MAX_MS)
		no_thread(0);
	m->g0.lo = (uintptr_t)stack;
	m->g0.hi = (uintptr_t)stack + size;
	new_thread(mstart, m, stack, size);
}

static void *
mstart(void *arg)
{
	struct goat_m *m = arg;

	m->tid = (int32_t)syscall(SYS_gettid);
	goat_pinm(m);
	goat_m = m;
	if (__tsan_get_current_fiber)
		m->g0.fiber = __tsan_get_current_fiber();
	m->altstack = goat_maltstack();
	m->errnoat = &errno;
	m->stackguard = &goat_stackguard;
	// From then on the collector stops this thread by a signal.
	pthread_sigmask(SIG_SETMASK, &goat_sched.mask, NULL);
	m->gcthread = goat_threadofm((void *)m->g0.hi);
	goat_lock(&goat_sched.lock);
	m->all = goat_sched.allm;
	__atomic_store_n(&goat_sched.allm, m, __ATOMIC_RELEASE);
	acquirep(m, m->nextp);
	goat_unlock(&goat_sched.lock);
	m->nextp = NULL;
	schedule(m);
}

// Somebody runs P. SPINNING: it is counted as such already.
void
goat_startm(struct goat_p *p, bool spinning)
{
	struct goat_m *m;

	goat_lock(&goat_sched.lock);
	if (p == NULL && (p = pidleget()) == NULL) {
		goat_unlock(&goat_sched.lock);
		if (spinning)
			__atomic_sub_fetch(&goat_sched.spinning, 1, __ATOMIC_SEQ_CST);
		return;
	}
	m = goat_sched.idlem;
	if (m != NULL) {
		goat_sched.idlem = m->link;
		goat_sched.nidlem--;
	}
	goat_unlock(&goat_sched.lock);
	goat_wakesysmon();
	if (m == NULL)
		return newm(p, spinning);
	m->spinning = spinning;
	m->nextp = p;
	__atomic_store_n(&m->note, 1, __ATOMIC_RELEASE);
	goat_futexwake(&m->note, 1);
}

// M looks for work.
static void
spin(struct goat_m *m)
{
	if (!m->spinning)
		__atomic_add_fetch(&goat_sched.spinning, 1, __ATOMIC_SEQ_CST);
	m->spinning = true;
}

// It does not any more. Gives whether it did.
static bool
unspin(struct goat_m *m)
{
	bool was = m->spinning;

	if (was)
		__atomic_sub_fetch(&goat_sched.spinning, 1, __ATOMIC_SEQ_CST);
	m->spinning = false;
	return was;
}

// There is new work: another M looks for it, unless one does already. Go: wakep.
void
goat_wakep(void)
{
	uint32_t none = 0;

	if (__atomic_load_n(&goat_sched.npidle, __ATOMIC_SEQ_CST) == 0 ||
	    __atomic_load_n(&goat_sched.spinning, __ATOMIC_SEQ_CST) != 0 ||
	    !__atomic_compare_exchange_n(&goat_sched.spinning, &none, 1, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return;
	goat_startm(NULL, true);
}

static void
wake_if_idle(void)
{
	if (__atomic_load_n(&goat_sched.npidle, __ATOMIC_RELAXED) != 0)
		goat_wakep();
}

static void checkdead(void);

static void *
await_note(void *arg)
{
	uint32_t *note = arg;

	while (__atomic_load_n(note, __ATOMIC_ACQUIRE) == 0)
		goat_futexsleep(note, 0, -1);
	return NULL;
}

// M sleeps until somebody gives it a P.
static void
stopm(struct goat_m *m)
{
	goat_lock(&goat_sched.lock);
	if (goat_pof(m) != NULL) {
		goat_unlock(&goat_sched.lock);
		return;                 // sysmon has given it back
	}
	m->link = goat_sched.idlem;
	goat_sched.idlem = m;
	goat_sched.nidlem++;
	checkdead();
	goat_unlock(&goat_sched.lock);
	goat_blocking(await_note, &m->note);
	__atomic_store_n(&m->note, 0, __ATOMIC_RELAXED);
	goat_awake(m);
	goat_lock(&goat_sched.lock);
	acquirep(m, m->nextp);
	goat_unlock(&goat_sched.lock);
	m->nextp = NULL;
}

// ---------------------------------------------------------------- randomness

static uint64_t
next_random(uint64_t *state)
{
	uint64_t x = *state;

	if (x == 0)
		x = (uint64_t)goat_now() ^ (uintptr_t)state * UINT64_C(0x9e3779b97f4a7c15);
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

uint32_t
goat_cheaprand(void)
{
	static _Thread_local uint64_t mine __attribute__((tls_model("initial-exec")));
	struct goat_m *m = goat_m;

	return (uint32_t)((next_random(m != NULL ? &m->rand : &mine) * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

// ---------------------------------------------------------------- looking for work

// Timers of P that are due: some may make goroutines ready. *NOW is asked for once.
static void
run_timers(struct goat_p *p, int64_t *now)
{
	int64_t when = __atomic_load_n(&p->timers.when, __ATOMIC_ACQUIRE);

	if (when == 0)
		return;
	if (*now == 0)
		*now = goat_now();
	if (when <= *now)
		goat_runtimers(p, *now);
}

static struct goat_g *
steal(struct goat_p *p, int64_t *now)
{
	uint32_t n = __atomic_load_n(&goat_sched.nalloc, __ATOMIC_ACQUIRE);

	for (int turn = 0; turn < STEAL_TURNS; turn++) {
		uint32_t first = goat_cheaprand() % n;

		for (uint32_t i = 0; i < n; i++) {
			struct goat_p *from = goat_allp[(first + i) % n];
			struct goat_g *g;

			if (from == p)
				continue;
			if (turn == STEAL_TURNS - 1) {
				run_timers(from, now);
				if ((g = goat_runqget(p)) != NULL)
					return g;
			}
			if ((g = goat_runqsteal(p, from, turn == STEAL_TURNS - 1)) != NULL)
				return g;
		}
	}
	return NULL;
}

bool
goat_anywork(void)
{
	uint32_t n = __atomic_load_n(&goat_sched.nalloc, __ATOMIC_ACQUIRE);

	if (goat_globrunqsize() != 0)
		return true;
	for (uint32_t i = 0; i < n; i++)
		if (!goat_runqempty(goat_allp[i]))
			return true;
	return false;
}

static int64_t
earliest_timer(void)
{
	uint32_t n = __atomic_load_n(&goat_sched.nalloc, __ATOMIC_ACQUIRE);
	int64_t first = 0;

	for (uint32_t i = 0; i < n; i++) {
		int64_t when = __atomic_load_n(&goat_allp[i]->timers.when, __ATOMIC_ACQUIRE);

		if (when != 0 && (first == 0 || when < first))
			first = when;
	}
	return first;
}

// The first of a list from the poller; the others go to the queue of P.
static struct goat_g *
first_of(struct goat_gqueue *list)
{
	struct goat_g *g;

	while ((g = goat_gqueueget(list)) != NULL && g->bound)
		ready_bound(g);
	if (g == NULL)
		return NULL;
	goat_release(g);
	g->status = GOAT_GRUNNABLE;
	goat_injectglist(list);
	return g;
}

static bool
too_many(const struct goat_p *p)
{
	return p->id >= __atomic_load_n(&goat_sched.nprocs, __ATOMIC_RELAXED);
}

// P was lowered away: its work to the others.
static void
retire(struct goat_m *m)
{
	struct goat_g *g;

	while ((g = goat_runqget(goat_pof(m))) != NULL)
		globrunqput(g);
	goat_lock(&goat_sched.lock);
	if (too_many(goat_pof(m)))
		releasep(m)->retired = true;
	goat_unlock(&goat_sched.lock);
	wake_if_idle();
}

// A P that is idle, if there is one.
static bool
get_idlep(struct goat_m *m)
{
	struct goat_p *p;

	if (goat_pof(m) == NULL && __atomic_load_n(&goat_sched.npidle, __ATOMIC_SEQ_CST) == 0)
		return false;
	goat_lock(&goat_sched.lock);
	// sysmon may have given back what it had taken.
	if (goat_pof(m) == NULL && (p = pidleget()) != NULL)
		acquirep(m, p);
	goat_unlock(&goat_sched.lock);
	goat_wakesysmon();
	return goat_pof(m) != NULL;
}

// Sleeps in the poller, if nobody else does and there is something to wait for. NOW: 0, or what it was just
// now. Gives a goroutine to run, or NULL: look again, or *IDLE: there was nothing to wait for.
static struct goat_g *
sleep_in_poller(struct goat_m *m, int64_t now, int64_t until, bool *idle)
{
	struct goat_gqueue list;

	*idle = false;
	if ((until == 0 && !goat_netpollwaits()) ||
	    __atomic_exchange_n(&goat_sched.lastpoll, 0, __ATOMIC_SEQ_CST) == 0) {
		int64_t other = __atomic_load_n(&goat_sched.polluntil, __ATOMIC_SEQ_CST);

		*idle = true;
		if (until != 0 && (other == 0 || other > until))
			goat_netpollbreak();
		return NULL;
	}
	__atomic_store_n(&goat_sched.polluntil, until, __ATOMIC_RELAXED);
	// Who has added an earlier timer since has not found us sleeping.
	until = earliest_timer();
	if (until != 0 && now == 0)
		now = goat_now();
	list = goat_netpoll(until == 0 ? -1 : until > now ? until - now : 0);
	goat_awake(m);
	__atomic_store_n(&goat_sched.polluntil, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&goat_sched.lastpoll, __atomic_load_n(&goat_sched.seen, __ATOMIC_RELAXED),
			 __ATOMIC_SEQ_CST);
	if (get_idlep(m)) {
		struct goat_g *g = first_of(&list);

		if (g == NULL)
			spin(m);
		return g;
	}
	goat_injectglist(&list);
	return NULL;
}

static bool
others_have_none(const struct goat_p *p)
{
	for (uint32_t i = 0; i < goat_sched.nalloc; i++)
		if (goat_allp[i] != p && __atomic_load_n(&goat_allp[i]->m, __ATOMIC_RELAXED) != NULL)
			return false;
	return true;
}

// Q3. The caller has P, and is pinned.
static inline void
see_thieves(struct goat_p *p)
{
	bool many = __atomic_load_n(&goat_sched.nprocs, __ATOMIC_RELAXED) > 1;

	if (__builtin_expect(p->shared == many, 1))
		return;
	goat_lock(&goat_sched.lock);
	if (goat_sched.nprocs > 1 || others_have_none(p))
		__atomic_store_n(&p->shared, goat_sched.nprocs > 1, __ATOMIC_RELEASE);
	goat_unlock(&goat_sched.lock);
}

// What is there for M's P without much ado.
static struct goat_g *
find_near(struct goat_m *m, int64_t *now)
{
	struct goat_p *p = goat_pof(m);
	struct goat_g *g = NULL;

	see_thieves(p);
	run_timers(p, now);
	if ((p->turn + 1) % GLOBAL_TICK == 0 && goat_globrunqsize() != 0) {
		g = globrunqget(p, 1);
		if (g != NULL) {
			__atomic_store_n(&p->tick, p->tick + 1, __ATOMIC_RELAXED);
			return g;
		}
	}
	if ((g = goat_runqget(p)) != NULL)
		return g;
	__atomic_store_n(&p->tick, p->tick + 1, __ATOMIC_RELAXED);
	if (goat_globrunqsize() != 0) {
		g = globrunqget(p, 0);
		if (g != NULL)
			return g;
	}
	// Where there is nobody to steal from, to sleep in the poller is the next thing, and asks the same.
	if (__atomic_load_n(&goat_sched.nalloc, __ATOMIC_RELAXED) > 1 &&
	    __atomic_load_n(&goat_sched.lastpoll, __ATOMIC_SEQ_CST) != 0 && goat_netpollwaits()) {
		struct goat_gqueue list = goat_netpoll(0);

		g = first_of(&list);
	}
	return g;
}

// Go: findRunnable.
static GOAT_HOT struct goat_g *
findrunnable(struct goat_m *m)
{
	for (;;) {
		struct goat_g *g;
		int64_t now = 0;
		bool idle;
		struct goat_p *p;

		if (__builtin_expect(__atomic_load_n(&m->robbed, __ATOMIC_RELAXED), 0))
			goat_robbed(m);
		if (goat_pof(m) == NULL && !get_idlep(m)) {
			unspin(m);
			stopm(m);
			continue;
		}
		p = goat_pof(m);
		if (too_many(p)) {
			retire(m);
			continue;
		}
		if ((g = find_near(m, &now)) != NULL)
			return g;
		if (__atomic_load_n(&goat_sched.nalloc, __ATOMIC_RELAXED) > 1 &&
		    (m->spinning ||
		     2 * __atomic_load_n(&goat_sched.spinning, __ATOMIC_SEQ_CST) <
			     __atomic_load_n(&goat_sched.nprocs, __ATOMIC_RELAXED) -
				     __atomic_load_n(&goat_sched.npidle, __ATOMIC_SEQ_CST))) {
			spin(m);
			if ((g = steal(p, &now)) != NULL)
				return g;
		}
		goat_lock(&goat_sched.lock);
		if (too_many(p)) {
			goat_unlock(&goat_sched.lock);
			continue;
		}
		goat_pidleput(releasep(m));
		goat_unlock(&goat_sched.lock);
		unspin(m);
		// S4
		if (goat_anywork() && get_idlep(m)) {
			spin(m);
			continue;
		}
		g = sleep_in_poller(m, now, earliest_timer(), &idle);
		if (g != NULL)
			return g;
		if (idle)
			stopm(m);
	}
}

void
goat_wakenetpoller(int64_t when)
{
	int64_t until;

	if (!started())
		return;
	// Whoever goes to sleep now sees the timer, or is seen.
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&goat_sched.lastpoll, __ATOMIC_SEQ_CST) != 0)
		return goat_wakep();
	until = __atomic_load_n(&goat_sched.polluntil, __ATOMIC_SEQ_CST);
	if (until == 0 || until > when)
		goat_netpollbreak();
}

// ---------------------------------------------------------------- switching

// Until nobody stands on the stack of G. Not inlined: who leaves a stack for good must not leave
// anything there that AddressSanitizer keeps others from.
static __attribute__((noinline)) void
wait_until_left(struct goat_g *g)
{
	uint32_t turn = 0;

	while (__atomic_load_n(&g->oncpu, __ATOMIC_ACQUIRE) != 0)
		goat_spin(&turn);
}

// G runs on M from now on, once the switch is done.
static inline void
execute(struct goat_m *m, struct goat_g *g)
{
	if (__builtin_expect(__atomic_load_n(&g->oncpu, __ATOMIC_ACQUIRE) != 0, 0))
		wait_until_left(g);
	goat_acquire(&g->oncpu);
	g->oncpu = 1;
	g->status = GOAT_GRUNNING;
	g->m = m;
	__atomic_store_n(&m->curg, g, __ATOMIC_RELAXED);
	goat_g = g;
	__atomic_store_n(&goat_stackguard, g->guard, __ATOMIC_RELAXED);
}

static GOAT_HOT _Noreturn void
schedule(struct goat_m *m)
{
	for (;;) {
		struct goat_g *g = findrunnable(m);

		if (unspin(m))
			goat_wakep();
		goat_pof(m)->turn++;
		m->g0.oncpu = 1;
		execute(m, g);
		swap(&m->g0, g, false);
	}
}

// There are more Ps now than P counts on, or fewer.
static inline bool
out_of_date(const struct goat_p *p)
{
	uint32_t n = __atomic_load_n(&goat_sched.nprocs, __ATOMIC_RELAXED);

	return p->id >= n || p->shared != (n > 1);
}

// The next goroutine, if that is quickly found.
static inline struct goat_g *
pick(struct goat_p *p)
{
	uint32_t turn;
	struct goat_g *g;

	if (p == NULL)
		return NULL;
	turn = p->turn + 1;
	if (__builtin_expect((turn % GLOBAL_TICK == 0 && goat_globrunqsize() != 0) ||
			     (turn % TIMER_TICK == 0 &&
			      __atomic_load_n(&p->timers.when, __ATOMIC_RELAXED) != 0) || out_of_date(p), 0))
		return NULL;
	g = goat_runqget(p);
	if (g != NULL)
		p->turn = turn;
	return g;
}

// From G, whose M is pinned, to NEXT, or to where one is looked for.
static inline void
leave_for(struct goat_g *g, struct goat_g *next, bool dying)
{
	struct goat_m *m = g->m;

	if (!dying)
		goat_gcstress();
	if (next != NULL) {
		execute(m, next);
		swap(g, next, dying);
	} else {
		__atomic_store_n(&m->curg, NULL, __ATOMIC_RELAXED);
		goat_g = NULL;
		swap(g, &m->g0, dying);
	}
}

static __attribute__((noinline)) void
park_thread(struct goat_g *g)
{
	struct goat_regs regs;
	int e = errno;

	arch_here(&regs);
	g->where = &regs;
	goat_lock(&goat_sched.lock);
	__atomic_add_fetch(&goat_sched.parked, 1, __ATOMIC_SEQ_CST);
	checkdead();
	goat_unlock(&goat_sched.lock);
	while (__atomic_load_n(&g->note, __ATOMIC_ACQUIRE) == 0)
		goat_futexsleep(&g->note, 0, -1);
	__atomic_store_n(&g->note, 0, __ATOMIC_RELAXED);
	g->where = NULL;
	g->status = GOAT_GRUNNING;
	goat_acquire(g);
	errno = e;
}

void
goat_forboundgs(void (*f)(struct goat_g *g, void *arg), void *arg)
{
	for (struct goat_g *g = goat_sched.boundgs; g != NULL; g = g->nextbound)
		f(g, arg);
}

// G has been put where it is found.
static inline __attribute__((always_inline)) void
park(struct goat_g *g)
{
	struct goat_g *next;
	int e;

	if (__builtin_expect(g->bound, 0))
		return park_thread(g);
	e = *g->m->errnoat;
	next = pick(goat_pof(g->m));
	if (next == g)
		g->status = GOAT_GRUNNING;      // somebody was quick
	else
		leave_for(g, next, false);
	*g->m->errnoat = e;
	goat_unpinm(g->m);
	goat_acquire(g);
}

GOAT_HOT void
goat_gopark(struct goat_lock *lock, enum goat_waitreason reason)
{
	struct goat_g *g = goat_getg();

	g->status = GOAT_GWAITING;
	g->reason = (uint8_t)reason;
	g->waitsince = 0;
	if (!g->bound)
		goat_pinm(g->m);
	if (lock != NULL)
		goat_unlock(lock);
	park(g);
}

void
goat_goparkif(bool (*commit)(struct goat_g *g, void *arg), void *arg, enum goat_waitreason reason)
{
	struct goat_g *g = goat_getg();

	g->status = GOAT_GWAITING;
	g->reason = (uint8_t)reason;
	g->waitsince = 0;
	if (!g->bound)
		goat_pinm(g->m);
	if (commit(g, arg))
		return park(g);
	g->status = GOAT_GRUNNING;
	if (!g->bound)
		goat_unpinm(g->m);
}

GOAT_HOT void
goat_goready(struct goat_g *g)
{
	struct goat_p *p;

	goat_release(g);
	g->status = GOAT_GRUNNABLE;
	if (__builtin_expect(g->bound, 0))
		return ready_bound(g);
	p = goat_pin();
	if (__builtin_expect(p != NULL, 1))
		goat_runqputnext(p, g);
	else
		globrunqput(g);
	wake_if_idle();
	goat_unpin();
}

GOAT_HOT void
goat_injectglist(struct goat_gqueue *list)
{
	struct goat_g *g;
	struct goat_p *p;
	size_t n = 0;

	if (list->head == NULL)
		return;
	p = goat_pin();
	while ((g = goat_gqueueget(list)) != NULL) {
		goat_release(g);
		g->status = GOAT_GRUNNABLE;
		if (g->bound) {
			ready_bound(g);
			continue;
		}
		n++;
		if (p != NULL)
			goat_runqputtail(p, g);
		else
			globrunqput(g);
	}
	for (size_t i = __atomic_load_n(&goat_sched.npidle, __ATOMIC_RELAXED); i > 0 && n > 0; i--, n--)
		goat_startm(NULL, false);
	goat_unpin();
}

// ---------------------------------------------------------------- yielding

// To the global queue, behind all others. Go: goschedImpl.
static void
yield_far(struct goat_g *g)
{
	int e = *g->m->errnoat;

	g->status = GOAT_GRUNNABLE;
	globrunqput(g);
	wake_if_idle();
	leave_for(g, NULL, false);
	*g->m->errnoat = e;
	goat_unpinm(g->m);
}

void
goat_yield(void)
{
	struct goat_g *g = goat_getg(), *next;
	int e;

	if (g->bound) {
		sched_yield();
		return;
	}
	goat_pinm(g->m);
	next = pick(goat_pof(g->m));
	if (next == NULL)
		return yield_far(g);
	e = *g->m->errnoat;
	g->status = GOAT_GRUNNABLE;
	goat_runqputtail(goat_pof(g->m), g);
	leave_for(g, next, false);
	*g->m->errnoat = e;
	goat_unpinm(g->m);
}

void
goat_preempt(void)
{
	struct goat_g *g = goat_g;
	struct goat_m *m = goat_m;
	struct goat_p *p;

	if (g == NULL || m == NULL || g->bound || __atomic_load_n(&m->pinned, __ATOMIC_RELAXED) != 0)
		return;
	// A handler on a stack for signals, which the next signal takes again; a coroutine of the program's.
	if (goat_stackpart((uintptr_t)__builtin_frame_address(0)) == NULL)
		return;
	goat_pinm(m);
	p = goat_pof(m);
	if (p != NULL && !__atomic_load_n(&p->preempt, __ATOMIC_RELAXED)) {
		goat_unpinm(m);
		return;
	}
	if (p != NULL)
		__atomic_store_n(&p->preempt, false, __ATOMIC_RELAXED);
	yield_far(g);
}

// ---------------------------------------------------------------- the life of a goroutine

uint64_t
goat_nextid(void)
{
	return __atomic_add_fetch(&goat_sched.ids, 1, __ATOMIC_RELAXED);
}

static struct goat_g *
gfget(struct goat_p *p)
{
	struct goat_g *g;

	if (p != NULL && p->gfree != NULL) {
		g = p->gfree;
		p->gfree = g->schedlink;
		p->ngfree--;
		return g;
	}
	g = goat_stackalloc();
	if (g == NULL)
		goat_fatal("runtime: no memory for the stack of a goroutine");
	return g;
}

static void
gfput(struct goat_p *p, struct goat_g *g)
{
	if (p == NULL)
		return goat_stackfree(g);
	// The newest ones stay: their stacks are in the cache.
	if (p->ngfree >= GFREE) {
		struct goat_g *last = p->gfree, *rest;

		for (int i = 1; i < GFREE / 2; i++)
			last = last->schedlink;
		rest = last->schedlink;
		last->schedlink = NULL;
		p->ngfree = GFREE / 2;
		while (rest != NULL) {
			struct goat_g *link = rest->schedlink;

			goat_stackfree(rest);
			rest = link;
		}
	}
	g->schedlink = p->gfree;
	p->gfree = g;
	p->ngfree++;
}

static uint64_t
new_id(struct goat_p *p)
{
	if (p == NULL)
		return goat_nextid();
	if (p->idnext == p->idend) {
		p->idend = __atomic_add_fetch(&goat_sched.ids, IDS, __ATOMIC_RELAXED) + 1;
		p->idnext = p->idend - IDS;
	}
	return p->idnext++;
}

static void
count_go(struct goat_p *p, int by)
{
	if (p != NULL)
		__atomic_store_n(&p->ngo, p->ngo + by, __ATOMIC_RELAXED);
	else
		__atomic_add_fetch(&goat_sched.ngo, by, __ATOMIC_RELAXED);
}

void
goat_gostart1(void (*fn)(void *), void *arg)
{
	struct goat_g *g = goat_g;

	if (__sanitizer_finish_switch_fiber)
		__sanitizer_finish_switch_fiber(g->fake, NULL, NULL);
	goat_unpinm(g->m);
	goat_acquire(g);
	fn(arg);
	goat_goexit0();
}

_Noreturn void
goat_goexit0(void)
{
	struct goat_g *g = goat_g, *next;
	struct goat_m *m = g->m;
	struct goat_p *p;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	// What frames have left that never returned.
	if (__builtin_expect(__asan_unpoison_memory_region != NULL, 0))
		__asan_unpoison_memory_region((void *)here, g->hi - here);
	if (__builtin_expect(g->spare != NULL, 0) && goat_stackpart(here) == g)
		goat_stackreset(g);
	goat_dropall(g);
	if (g->id == 1)
		goat_sched.mainexited = true;
	goat_pinm(m);
	p = goat_pof(m);
	g->status = GOAT_GDEAD;
	count_go(p, -1);
	next = pick(p);
	gfput(p, g);
	leave_for(g, next, true);
	__builtin_unreachable();
}

// Of a G for a new goroutine.
static struct goat_g *
make_g(struct goat_p *p, void *fn, void *args, size_t size, uintptr_t pc)
{
	struct goat_g *g = gfget(p);
	uintptr_t top = g->hi & -(uintptr_t)16;

	if (__builtin_expect(__atomic_load_n(&g->oncpu, __ATOMIC_ACQUIRE) != 0, 0))
		wait_until_left(g);
	goat_stackbegin(g);
	if (__builtin_expect(__tsan_create_fiber != NULL, 0) && g->fiber == NULL)
		g->fiber = __tsan_create_fiber(0);
	if (size != 0 && size <= ARGS) {
		top = (top - size) & -(uintptr_t)16;
		args = memcpy((void *)top, args, size);
	}
	g->sp = arch_newstack(top, fn, args);
	goat_release(g);
	g->fake = NULL;
	g->gopc = pc;
	g->parent = goat_g != NULL ? goat_g->id : 0;
	g->trimmed = false;
	g->id = new_id(p);
	g->status = GOAT_GRUNNABLE;
	count_go(p, 1);
	return g;
}

void
goat_newproc(void *fn, void *args, size_t size)
{
	uintptr_t pc = (uintptr_t)__builtin_return_address(0);
	struct goat_p *p;
	struct goat_g *g;

	if (fn == NULL)
		goat_fatal("go of nil func value");
	if (__builtin_expect(!started(), 0))
		goat_schedinit();
	if (__builtin_expect(size > ARGS, 0))
		args = memcpy(goat_mallocgc(size, 16, false), args, size);
	p = goat_pin();
	g = make_g(p, fn, args, size, pc);
	if (p != NULL)
		goat_runqputnext(p, g);
	else
		globrunqput(g);
	wake_if_idle();
	goat_unpin();
}

int
goat_numgoroutine(void)
{
	uint32_t n = __atomic_load_n(&goat_sched.nalloc, __ATOMIC_ACQUIRE);
	int64_t sum = __atomic_load_n(&goat_sched.ngo, __ATOMIC_RELAXED);

	for (uint32_t i = 0; i < n; i++)
		sum += __atomic_load_n(&goat_allp[i]->ngo, __ATOMIC_RELAXED);
	return (int)sum + __atomic_load_n(&goat_sched.bound, __ATOMIC_RELAXED);
}

void
goat_boundg(struct goat_g *g, int by)
{
	g->bound = true;
	g->status = GOAT_GRUNNING;
	goat_lock(&goat_sched.lock);
	__atomic_store_n(&goat_sched.bound, goat_sched.bound + by, __ATOMIC_RELAXED);
	if (by > 0) {
		g->nextbound = goat_sched.boundgs;
		goat_sched.boundgs = g;
	} else {
		struct goat_g **at = &goat_sched.boundgs;

		while (*at != g)
			at = &(*at)->nextbound;
		*at = g->nextbound;
	}
	goat_unlock(&goat_sched.lock);
}

void
goat_threadcoming(int by)
{
	__atomic_add_fetch(&goat_sched.coming, by, __ATOMIC_SEQ_CST);
}

// ---------------------------------------------------------------- how many at a time

static struct goat_p *
new_p(uint32_t id)
{
	struct goat_p *p = new_record(sizeof *p);

	p->id = id;
	p->retired = true;
	goat_allp[id] = p;
	__atomic_store_n(&goat_sched.nalloc, id + 1, __ATOMIC_RELEASE);
	return p;
}

static void
drop_idle(uint32_t n)
{
	for (struct goat_p **at = &goat_sched.idlep; *at != NULL;)
		if ((*at)->id >= n) {
			(*at)->retired = true;
			*at = (*at)->link;
			__atomic_sub_fetch(&goat_sched.npidle, 1, __ATOMIC_SEQ_CST);
		} else {
			at = &(*at)->link;
		}
}

// With the lock.
static void
set_procs(uint32_t n)
{
	uint32_t old = goat_sched.nprocs;

	__atomic_store_n(&goat_sched.nprocs, n, __ATOMIC_SEQ_CST);
	drop_idle(n);
	for (uint32_t i = old; i < n; i++) {
		struct goat_p *p = i < goat_sched.nalloc ? goat_allp[i] : new_p(i);

		if (!p->retired)
			continue;               // it is on its way to an M, or has not been given up yet
		p->retired = false;
		p->shared = n > 1;              // nobody has it
		goat_pidleput(p);
	}
}

int
goat_maxprocs(int n)
{
	struct goat_g *g = goat_getg();
	int old;

	goat_schedinit();
	goat_lock(&goat_sched.lock);
	old = (int)goat_sched.nprocs;
	if (n > 0 && n != old)
		set_procs(n < GOAT_MAXPROCS ? (uint32_t)n : GOAT_MAXPROCS);
	goat_unlock(&goat_sched.lock);
	if (n > old) {
		struct goat_p *p = goat_pin();

		if (p != NULL)
			see_thieves(p);
		goat_unpin();
		goat_wakep();
	} else if (n > 0 && !g->bound && goat_pof(g->m) != NULL && too_many(goat_pof(g->m))) {
		goat_yield();
	}
	return old;
}

bool
goat_canspin(void)
{
	const struct goat_p *p = goat_pin();
	bool idle = p == NULL || goat_runqempty(p);

	goat_unpin();
	return idle && __atomic_load_n(&goat_sched.nprocs, __ATOMIC_RELAXED) >
			       __atomic_load_n(&goat_sched.npidle, __ATOMIC_RELAXED) +
				       __atomic_load_n(&goat_sched.spinning, __ATOMIC_RELAXED) + 1;
}

static uint32_t
procs_wanted(void)
{
	const char *text = getenv("GOMAXPROCS");
	long n = text != NULL ? strtol(text, NULL, 10) : 0;
	cpu_set_t set;

	if (n <= 0)
		n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	return n < GOAT_MAXPROCS ? (uint32_t)n : GOAT_MAXPROCS;
}

// ---------------------------------------------------------------- deadlock

// With the lock, when an M or a bound thread has nothing to do. Go: checkdead.
static void
checkdead(void)
{
	uint32_t n = __atomic_load_n(&goat_sched.nalloc, __ATOMIC_ACQUIRE);

	if (goat_sched.nm > goat_sched.nidlem || goat_sched.bound > __atomic_load_n(&goat_sched.parked, __ATOMIC_SEQ_CST) ||
	    __atomic_load_n(&goat_sched.coming, __ATOMIC_SEQ_CST) != 0 ||
	    goat_globrunqsize() != 0)
		return;
	if (goat_netpollwaits() || earliest_timer() != 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		if (!goat_runqempty(goat_allp[i]))
			return;
	goat_deadlock(goat_sched.mainexited && goat_numgoroutine() == 0
			      ? "no goroutines (main called runtime.Goexit) - deadlock!"
			      : "all goroutines are asleep - deadlock!");
}

void
goat_sysmonhas(bool some)
{
	goat_threadcoming(some ? 1 : -1);
	if (some)
		return;
	// Who became idle meanwhile has not found a deadlock.
	goat_lock(&goat_sched.lock);
	checkdead();
	goat_unlock(&goat_sched.lock);
}

// ---------------------------------------------------------------- for the collector

static uint32_t marks;

static void
push_parked(struct goat_g *g, void *now)
{
	if (g->status == GOAT_GWAITING && g->waitsince == 0)
		g->waitsince = *(int64_t *)now;
	if (g->status == GOAT_GDEAD || g->status == GOAT_GIDLE || g->gcmark == marks)
		return;
	if (!goat_pushstack(g->sp))
		goat_pushrange(g->sp, goat_pushelsewhere(g, g->sp));
}

// M runs at SP, 0: it does not, which is on no goroutine's stack. Gives where what it stands on ends.
static uintptr_t
push_elsewhere(struct goat_m *m, uintptr_t sp)
{
	struct goat_g *g = m->curg;

	if (g == NULL || sp == 0 || (sp >= m->g0.lo && sp < m->g0.hi))
		return m->g0.hi;
	g->gcmark = marks;
	return goat_pushelsewhere(g, sp);
}

void
goat_pushstacks(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	int64_t now = goat_now();

	marks++;
	for (struct goat_m *m = goat_sched.allm; m != NULL; m = m->all) {
		uintptr_t sp = m == goat_m ? here : m->gcsp;
		struct goat_g *part = goat_stackpart(sp);

		goat_stackofthread(m->gcthread, part != NULL ? part->hi : push_elsewhere(m, sp));
		goat_keepfree(m);
		if (part == NULL)
			continue;
		if (part->below != NULL)
			goat_pushstack(part->sp);
		(part->below != NULL ? part->parent_g : part)->gcmark = marks;
	}
	goat_forallgs(push_parked, &now);
	goat_trimstacks();
}

// ---------------------------------------------------------------- how it starts

static void
start(void)
{
	uint32_t n = procs_wanted();

	goat_sched.barrier = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
	pthread_sigmask(SIG_SETMASK, NULL, &goat_sched.mask);
	goat_stackinit();
	goat_netpollinit();
	goat_sched.lastpoll = goat_sched.seen = goat_now();
	goat_lock(&goat_sched.lock);
	set_procs(n);
	goat_unlock(&goat_sched.lock);
	goat_release(&goat_sched.started);
	__atomic_store_n(&goat_sched.started, true, __ATOMIC_RELEASE);
}

static void
start_with_sysmon(void)
{
	start();
	new_thread(goat_sysmon, NULL, NULL, 0);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

void
goat_schedinit(void)
{
	if (!started())
		pthread_once(&once, start_with_sysmon);
	goat_acquire(&goat_sched.started);
}

struct program {
	int argc;
	char **argv, **envp;
	int (*main)(int argc, char **argv, char **envp);
};

// Not static, as reports do not show it.
GOAT_HIDDEN void
goat_main0(void *arg)
{
	const struct program *p = arg;

	exit(p->main(p->argc, p->argv, p->envp));
}

int goat_rt0(int argc, char **argv, char **envp, int (*main)(int argc, char **argv, char **envp));

// The initial thread is sysmon from now on (K1).
int
goat_rt0(int argc, char **argv, char **envp, int (*main)(int argc, char **argv, char **envp))
{
	struct program p = { argc, argv, envp, main };

	if (started())
		return main(argc, argv, envp);  // somebody has started goroutines before main
	pthread_once(&once, start);
	goat_initquit();
	goat_freeg();
	goat_sched.ids = 0;
	goat_newproc(goat_main0, &p, sizeof p);
	goat_blocking(goat_sysmon, NULL);
	return 0;
}
