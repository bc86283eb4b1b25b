// SPDX-License-Identifier: BSD-3-Clause
//
// runtime2.h: G, M and P; and what each goroutine has of its own.
//
//	G   a goroutine: a stack of its own and what it waits for. Or a thread that was not made by the
//	    scheduler (pthread_create, main of a program in plain C): a G that is bound to its thread,
//	    parks that, and has no P.
//	M   a thread of the scheduler. m->g0 is its own stack, on which it looks for work.
//	P   the right to run Go code: queue, timers, pools. GOMAXPROCS of them.
//
// Whoever has been switched to may be on another thread than before: after a switch nothing
// thread-local that was read before it is true any more. g stays, so read g->m.
//
// Go:    as runtime/runtime2.go.
// Layer: base.

#ifndef GOAT_RUNTIME2_H
#define GOAT_RUNTIME2_H

#include "base.h"
#include "unwind.h"

#include <unwind.h>

// A panic, or a goexit, that runs deferred code. Taken from a pool, which the collector sees; what
// compiled code calls `pending` is the address of one, or of another's _Unwind_Exception.
struct goat_panic {
	struct _Unwind_Exception exc;   // must be first
	struct goat_panic *link;        // the one before it; in the pool the next
	// Whose chain it is in. Where there are two copies of this runtime, in a program and in one
	// of its libraries, it may not be the one of who asks.
	struct goat_g *g;
	goat_any value;
	uintptr_t frame;                // CFA of the frame whose deferred code it runs
	uintptr_t foreign_sp;           // what is below this is libgcc's to unwind
	struct goat_panic *by;          // aborted by that one, or NULL
	uint32_t at;                    // and when that had left so many frames
	void *forced;                   // an unwinding nobody can stop that it has aborted, or NULL
	bool goexit;
	bool recovered;                 // its deferred code has called recover
	bool repanicked;                // the next one has the same value
	bool calling;                   // a deferred call is under way, not a block
	struct goat_trace trace;
};

// Go: the constants _Gidle, ... of runtime2.go.
enum goat_gstatus {
	GOAT_GIDLE,
	GOAT_GRUNNABLE,
	GOAT_GRUNNING,
	GOAT_GWAITING,
	GOAT_GDEAD,
};

// Why a goroutine waits; waitreason.def has Go's words.
enum goat_waitreason {
#define REASON(name, text) GOAT_WAIT_##name,
#include "waitreason.def"
#undef REASON
};

// The first two are known to arch/'s switch.
struct goat_g {
	uintptr_t sp;                   // while it does not run: where its registers are
	uint32_t oncpu;                 // 1: its stack is in use, sp is not valid
	uint8_t status;                 // enum goat_gstatus
	uint8_t reason;                 // enum goat_waitreason, while GOAT_GWAITING
	uint8_t queues;                 // of a descriptor, in which it is; see netpoll.c
	bool bound;                     // to its thread: it has no stack and no P of ours
	struct goat_m *m;               // on which it runs, or ran last
	uintptr_t guard;                // goat_stackguard while it runs; 0: no need to look
	struct goat_g *schedlink;       // the next of a list
	void *param;                    // what the one who woke it left: a sudog, or a result of netpoll.c
	int64_t waitsince;              // about when it parked, once a collection has seen it; else 0
	uint32_t selectdone;            // a select of it has been won
	uint32_t note;                  // futex of a bound one
	// So far what a switch touches, and who wakes it: a line of the cache.
	struct goat_g *writelink;       // the next of those that wait to write
	uintptr_t lo, hi;               // the stack
	uint64_t id;                    // 1: of main
	struct goat_panic *panics;      // the newest first
	struct goat_panic *pool;
	// The signal behind a panic, if any.
	int sig, sigcode;
	uintptr_t sigaddr, sigpc;
	bool printing;                  // the text of a panic is being asked for
	uintptr_t gopc;                 // behind the go statement
	uint64_t parent;                // id of who said it
	void *altstack;                 // of a bound one: for signals; NULL: none, or not ours
	const struct goat_regs *where;  // of a bound one, while it is parked
	struct goat_g *nextbound;
	void *fiber;                    // ThreadSanitizer's
	void *fake;                     // AddressSanitizer's fake stack, while it does not run
	// stack.c's
	uint32_t slot;                  // number of the stack
	uint32_t depth;                 // of a segment: which it is, from 1 on
	bool segmented;                 // the stack goes on in segments
	struct goat_g *top, *spare;     // segments
	struct goat_g *below, *parent_g;        // of a segment
	uint32_t gcmark;                // the last collection that has pushed its stack
	bool trimmed;                   // dead, and only the page with this is resident
};

// Of this thread, or NULL; goat_getg makes one.
extern _Thread_local struct goat_g *goat_g __attribute__((tls_model("initial-exec")));
GOAT_HIDDEN struct goat_g *goat_makeg(void);

static inline struct goat_g *
goat_getg(void)
{
	return __builtin_expect(goat_g != NULL, 1) ? goat_g : goat_makeg();
}

// The thread ends.
GOAT_HIDDEN void goat_freeg(void);

// ---------------------------------------------------------------- locks, see lock.c

// ThreadSanitizer, where the program has it, does not see what the runtime does: it is told that
// what was done before a release of an address is seen after an acquire of it.
void __tsan_acquire(void *at) __attribute__((weak));
void __tsan_release(void *at) __attribute__((weak));
void __asan_init(void) __attribute__((weak));

// Whether a sanitizer watches the program.
static inline bool
goat_watched(void)
{
	return __builtin_expect(__tsan_acquire != NULL || __asan_init != NULL, 0);
}

static inline void
goat_acquire(void *at)
{
	if (__builtin_expect(__tsan_acquire != NULL, 0))
		__tsan_acquire(at);
}

static inline void
goat_release(void *at)
{
	if (__builtin_expect(__tsan_release != NULL, 0))
		__tsan_release(at);
}

// Guards a few instructions of the runtime; who has one does not park. Zeroed is free.
struct goat_lock {
	uint32_t held;
};

GOAT_HIDDEN void goat_lockslow(struct goat_lock *l);
// One turn of waiting for somebody who has little left to do; *TURN is 0 at first.
GOAT_HIDDEN void goat_spin(uint32_t *turn);

static inline void
goat_lock(struct goat_lock *l)
{
	if (__builtin_expect(__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE) != 0, 0))
		goat_lockslow(l);
	goat_acquire(l);
}

static inline void
goat_unlock(struct goat_lock *l)
{
	goat_release(l);
	__atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

// ---------------------------------------------------------------- the scheduler, see proc.c

// A list by way of schedlink, first in first out.
struct goat_gqueue {
	struct goat_g *head, *tail;
	size_t n;
};

static inline void
goat_gqueueput(struct goat_gqueue *q, struct goat_g *g)
{
	g->schedlink = NULL;
	if (q->tail != NULL)
		q->tail->schedlink = g;
	else
		q->head = g;
	q->tail = g;
	q->n++;
}

static inline struct goat_g *
goat_gqueueget(struct goat_gqueue *q)
{
	struct goat_g *g = q->head;

	if (g == NULL)
		return NULL;
	q->head = g->schedlink;
	if (q->head == NULL)
		q->tail = NULL;
	q->n--;
	return g;
}

enum { GOAT_RUNQ = 256, GOAT_MAXPROCS = 256 };

struct goat_timer_entry {
	int64_t when;                   // not after t->when
	uint32_t id;
};

struct goat_timer_id {
	struct goat_rtimer *t;          // NULL: nobody's
	uint32_t at;                    // where in the heap; or the next that is nobody's, from 1
};

// See time.c.
struct goat_timer_heap {
	struct goat_lock lock;
	uint32_t n, room;
	struct goat_timer_entry *at;
	struct goat_timer_id *ids;      // room for as many
	uint32_t nids, freeid;          // used so far; from 1, the first that is nobody's
	int64_t when;                   // atomic: of the first, 0: there is none
	struct goat_timer_heap *next;   // of those that have an array
};

struct goat_p {
	uint32_t id;
	uint32_t turn;                  // how many times a goroutine was chosen
	uint32_t tick;                  // the same, but for those that inherit the time of another
	bool preempt;                   // sysmon wants the goroutine to leave
	bool shared;                    // others may take from its queue, see runq.h
	struct goat_m *m;               // or NULL: idle
	uint64_t polls;                 // how often a goroutine parked in the poller here
	// Go: runqhead, runqtail, runq, runnext. Whoever has the P writes tail; anybody steals at head.
	uint32_t runqhead __attribute__((aligned(64)));
	uint32_t runqtail;
	struct goat_g *runnext;
	struct goat_g *runq[GOAT_RUNQ];
	struct goat_g *gfree;           // dead ones, with stacks, by schedlink
	uint32_t ngfree;
	struct goat_timer_heap timers;
	struct goat_p *link;            // of the idle ones
	bool retired;                   // nobody has it, nor is it idle, as there are to be fewer
	uint64_t rand;
	uint64_t idnext, idend;         // ids for new goroutines
	int64_t ngo;                    // goroutines made here, less those that ended here
	// sysmon's: what it saw last
	uint32_t seentick;
	int64_t seenwhen, seenused;
} __attribute__((aligned(64)));

// All that have been made; they stay. NULL from the first that was not.
extern GOAT_HIDDEN struct goat_p *goat_allp[GOAT_MAXPROCS];

// Objects of so many granules, of 16 bytes, come from lists of each M, see malloc.c.
enum { GOAT_SMALLGRANULES = 17 };

struct goat_m {
	struct goat_g g0;               // sp, oncpu and fiber only
	struct goat_g *curg;            // or NULL: it is on g0
	struct goat_p *p;               // or NULL; sysmon takes it away from one who is not pinned
	uint32_t pinned;                // it is in the runtime: sysmon leaves p alone
	uint32_t note;                  // futex it sleeps on
	uint32_t id;
	int32_t tid;                    // the kernel's
	bool spinning;
	bool robbed;                    // sysmon has taken its P away, since it last looked
	uint32_t counting;              // so many times more it counts that
	long slept;                     // how often the kernel has put it to sleep, up to when it last woke up
	struct goat_p *nextp;           // what it wakes up to
	struct goat_m *link;            // of the idle ones
	struct goat_m *all;             // of all; never freed
	void *gcthread;                 // what the collector calls it
	int *errnoat;                   // its errno: the compiler takes the address for constant
	uintptr_t *stackguard;          // its goat_stackguard: sysmon sets it to UINTPTR_MAX
	uintptr_t gcsp;                 // its stack pointer, while the collector has stopped it
	void *altstack;
	uint64_t rand;
	void **free[GOAT_SMALLGRANULES + 1][2]; // by granules, and 1: noscan
};

// This thread's, or NULL if it is none of the scheduler's. A function that may have been switched
// away from uses g->m instead.
extern _Thread_local struct goat_m *goat_m __attribute__((tls_model("initial-exec")));

// The goroutine that runs this, one that is bound to its thread included, parks: it has put itself
// where goat_goready's caller will find it, under LOCK, which is released when that cannot hurt any
// more; NULL: there is none. Gives when somebody has called goat_goready. errno is kept.
// Go: gopark.
GOAT_HIDDEN void goat_gopark(struct goat_lock *lock, enum goat_waitreason reason);
// Parks G's like goat_gopark, unless COMMIT(g, arg), called on G's stack when its status is
// GOAT_GWAITING already, says no: then it goes on at once.
GOAT_HIDDEN void goat_goparkif(bool (*commit)(struct goat_g *g, void *arg), void *arg,
			       enum goat_waitreason reason);
// G, which is parked, goes on: next on this P, if the caller has one. Go: goready.
GOAT_HIDDEN void goat_goready(struct goat_g *g);
// All of a list, from netpoll or timers. Go: injectglist.
GOAT_HIDDEN void goat_injectglist(struct goat_gqueue *list);
// Starts the scheduler, once; whoever needs it first.
GOAT_HIDDEN void goat_schedinit(void);
// Whether it is worth while to spin for what another goroutine will give soon: another P runs one,
// and nobody else could use this P. Go: canSpin.
GOAT_HIDDEN bool goat_canspin(void);
// The next of a pseudo-random sequence of this P or thread. Go: cheaprand.
GOAT_HIDDEN uint32_t goat_cheaprand(void);

static inline struct goat_p *
goat_pof(const struct goat_m *m)
{
	return __atomic_load_n(&m->p, __ATOMIC_RELAXED);
}

// M is in the runtime, and out of it: what it has done to its P is then seen by who takes that away.
static inline void
goat_pinm(struct goat_m *m)
{
	__atomic_store_n(&m->pinned, 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void
goat_unpinm(struct goat_m *m)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&m->pinned, 0, __ATOMIC_RELEASE);
}

// This M stays on its P, and its P on this M, until goat_unpin: for what is the P's alone (pools,
// timers). NULL: there is no P. No parking in between.
static inline struct goat_p *
goat_pin(void)
{
	struct goat_m *m = goat_m;

	if (__builtin_expect(m == NULL, 0))
		return NULL;
	__atomic_store_n(&m->pinned, m->pinned + 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return goat_pof(m);
}

static inline void
goat_unpin(void)
{
	struct goat_m *m = goat_m;

	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (m != NULL)
		__atomic_store_n(&m->pinned, m->pinned - 1, __ATOMIC_RELEASE);
}

// ---------------------------------------------------------------- the rest, by file

// proc.c: there is a timer at WHEN that may be earlier than what is waited for. Go: wakeNetPoller.
GOAT_HIDDEN void goat_wakenetpoller(int64_t when);
// The stacks of goroutines, while the world is stopped: for the collector.
GOAT_HIDDEN void goat_pushstacks(void);
// Ends the goroutine: its deferred code has run.
GOAT_HIDDEN _Noreturn void goat_goexit0(void);
// A bound G begins or ends to exist; a G is made for this thread.
GOAT_HIDDEN void goat_boundg(struct goat_g *g, int by);
// Calls f(g, arg) for each bound G, in a program that ends: nobody else adds any.
GOAT_HIDDEN void goat_forboundgs(void (*f)(struct goat_g *g, void *arg), void *arg);
// A thread is being made, or has got its G: until then it is no deadlock when all others wait.
GOAT_HIDDEN void goat_threadcoming(int by);
// goat.h's: lets others run.
void goat_yield(void);
// Of a new goroutine.
GOAT_HIDDEN uint64_t goat_nextid(void);
// What goroutines begin with, main and others; traces end there.
GOAT_HIDDEN void goat_main0(void *arg);
GOAT_HIDDEN void goat_gostart1(void (*fn)(void *), void *arg);

// lock.c: futex(2): sleeps while *at is VALUE, at most NS nanoseconds (< 0: for ever), or for no
// reason less; wakes N.
GOAT_HIDDEN void goat_futexsleep(uint32_t *at, uint32_t value, int64_t ns);
GOAT_HIDDEN void goat_futexwake(uint32_t *at, uint32_t n);

// stack.c: reserves the addresses, once.
GOAT_HIDDEN void goat_stackinit(void);
// A G with a stack, or NULL: no memory. Not on any list, GOAT_GIDLE.
GOAT_HIDDEN struct goat_g *goat_stackalloc(void);
// G, which was dead, begins anew at the top of its stack.
GOAT_HIDDEN void goat_stackbegin(struct goat_g *g);
// G, which does not run, is back on the first part of its stack.
GOAT_HIDDEN void goat_stackreset(struct goat_g *g);
// G is dead; the caller may still be on its stack.
GOAT_HIDDEN void goat_stackfree(struct goat_g *g);
// Gives memory back to the system where there are many dead stacks; whether there is more to do.
GOAT_HIDDEN bool goat_stackreclaim(int64_t now);
// Gives memory of dead stacks back to the system, while the world is stopped.
GOAT_HIDDEN void goat_trimstacks(void);
// Calls f(g, arg) for each G that has a stack of ours and is not dead.
GOAT_HIDDEN void goat_forallgs(void (*f)(struct goat_g *g, void *arg), void *arg);
// The G, or the part of a stack, that SP is on, or NULL.
GOAT_HIDDEN struct goat_g *goat_stackpart(uintptr_t sp);
// The collector looks at a stack from SP on. False: SP is on none of ours.
GOAT_HIDDEN bool goat_pushstack(uintptr_t sp);
// The same for all of G's stack: SP, where it runs or parked, is elsewhere, in a handler that has a stack for signals or
// in a coroutine of the program's. Gives where what is there may end, which is not looked at.
GOAT_HIDDEN uintptr_t goat_pushelsewhere(const struct goat_g *g, uintptr_t sp);
// The memory of an M's own stack, *SIZE bytes, below all stacks of goroutines; NULL: there is none.
GOAT_HIDDEN void *goat_mstack(uint32_t id, size_t *size);
// Of the goroutine that runs in this thread: where little of its stack is left; see goat_morestack.
extern _Thread_local uintptr_t goat_stackguard __attribute__((tls_model("initial-exec")));

// malloc.c: the world is stopped: M keeps its lists of free objects.
GOAT_HIDDEN void goat_keepfree(const struct goat_m *m);

// thread.c: what the collector shall look at besides, from push_roots.
GOAT_HIDDEN void goat_pushrange(uintptr_t lo, uintptr_t hi);
// The collector knows this thread, an M's, from now on. Gives what it calls it.
GOAT_HIDDEN void *goat_threadofm(void *stack_end);
// The world is stopped: END is where the stack ends on which that thread runs.
GOAT_HIDDEN void goat_stackofthread(void *thread, uintptr_t end);
// f(arg), which touches no objects: the collector need not stop this thread meanwhile, which takes two signals.
GOAT_HIDDEN void goat_blocking(void *(*f)(void *), void *arg);
// How often the world has been stopped and started, in all: odd while it is stopped. Atomic.
extern GOAT_HIDDEN uint32_t goat_worldstops;
// Waits until no other thread of ours is left.
GOAT_HIDDEN void goat_waitthreads(void);
// The function that all threads begin with which were made here.
GOAT_HIDDEN void *goat_threadstart(void *arg);

// time.c: runs the timers of P that are due at NOW; gives when the next one is, 0: none.
GOAT_HIDDEN int64_t goat_runtimers(struct goat_p *p, int64_t now);

// netpoll.c, as Go's: goroutines that have become ready, after waiting for at most DELAY
// nanoseconds (< 0: until there are some or netpollbreak is called).
GOAT_HIDDEN struct goat_gqueue goat_netpoll(int64_t delay);
GOAT_HIDDEN void goat_netpollbreak(void);
GOAT_HIDDEN void goat_netpollinit(void);
// sysmon's: makes sure, if that is due, that those who are parked wait for the file they mean. Gives when it
// is due again, or 0.
GOAT_HIDDEN int64_t goat_netpollcheck(int64_t now);
// Whether goroutines are parked in it, or other threads about to be.
GOAT_HIDDEN bool goat_netpollwaits(void);

// signal.c: handlers of faults, before main, and of SIGQUIT, where the scheduler runs it.
GOAT_HIDDEN void goat_initsig(void);
GOAT_HIDDEN void goat_initquit(void);
// A stack for handlers to run on, of this thread, G's; and for an M, NULL: there is none.
GOAT_HIDDEN void goat_altstack(struct goat_g *g);
GOAT_HIDDEN void goat_noaltstack(struct goat_g *g);
GOAT_HIDDEN void *goat_maltstack(void);

// panic.c: print(arg), to say why the program ends: with the floor for itself, a stack that is
// large enough, and no signals. Another thread's report never begins. With FLUSH, stdio is flushed
// first.
GOAT_HIDDEN void goat_report(void (*print)(void *), void *arg, bool flush);
// `fatal error: TEXT` and all goroutines.
GOAT_HIDDEN _Noreturn void goat_deadlock(const char *text);
// Frees P, a panic in the chain, and those above it.
GOAT_HIDDEN void goat_droppanics(struct goat_panic *p);
// All panics of G are gone.
GOAT_HIDDEN void goat_dropall(struct goat_g *g);
// `[signal ...]`
GOAT_HIDDEN void goat_printsignal(int sig, int code, uintptr_t addr, uintptr_t pc);

// traceback.c: `goroutine 1 [running]:` with an empty line before it.
GOAT_HIDDEN void goat_printgoroutine(void);
// The frames. Without NAMES, nothing is called that allocates.
GOAT_HIDDEN void goat_printpanictrace(const struct goat_panic *p);
GOAT_HIDDEN void goat_printtrace(const struct goat_trace *t, bool names);
// `created by ...`, if a go statement did.
GOAT_HIDDEN void goat_printcreator(const struct goat_g *g);
// What a program that cannot go on says of all goroutines, after its first line.
GOAT_HIDDEN void goat_printothers(const struct goat_g *but);

// print.c: to standard error, by way of a buffer; goat_print_flush writes it.
GOAT_HIDDEN void goat_printn(const char *text, size_t n);
GOAT_HIDDEN void goat_print(const char *text);
GOAT_HIDDEN void goat_printint(int64_t v);
GOAT_HIDDEN void goat_printuint(uint64_t v);
GOAT_HIDDEN void goat_printhex(uint64_t v);
GOAT_HIDDEN void goat_printindented(goat_string s);
GOAT_HIDDEN void goat_printpanicval(goat_any v);
GOAT_HIDDEN void goat_printflush(void);

#endif
