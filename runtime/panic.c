// SPDX-License-Identifier: BSD-3-Clause
//
// panic.c: panics, goexit, recover; and how a program ends that cannot go on.
//
// A panic walks the stack from where it was raised (unwind.c) and lands in each frame that has
// deferred code, which runs it there; the frames inside of it are gone by then. See
// plugin/gcc/defer.cc for what compiled code does at its landing pad. In short:
//
//	gopanic -- walk --> landing pad: landed(exc, old), deferred code, ran(exc) --> function returns
//	   ^                                                    |   it was recovered
//	   |                                                    v
//	   +------------------ walk <------------------- resume(exc), it was not
//
// The panics of a thread are a chain, the newest first. One that is raised by deferred code, and
// leaves the frame where another panic was running that, aborts it: that stays in the chain to be
// told of in the report, until the newer one is recovered.
//
//	P1  The head of the chain is the one whose deferred code runs, if any does.
//	P2  Aborted panics are behind the one that aborted them, before any that is not aborted.
//	P3  An unwinding that nobody may stop (goexit, pthread_exit, pthread_cancel) and that was
//	    aborted by a panic goes on when that is recovered: goat_ran gives it back.
//
// Where the unwinding is another's, pthread_cancel's or that of a C++ exception, deferred code runs
// too, recover() gives nil, and goat_resume hands on to libgcc. Where the frame is another's, a C++
// function with destructors, libgcc and its personality routine unwind that one frame
// (goat_foreign), and the walk goes on behind it (stop). C's cleanup attribute ends in libgcc's
// _Unwind_Resume, which comes to stop too. A C++ catch (...) that does not rethrow has recovered.
//
// Go:    as runtime/panic.go, where deferred calls run on top of the panicking stack and here below
//        it; so there are no frames to skip when recovering. The texts are Go's.
// Layer: lang.

#include "runtime2.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"

#define CLASS UINT64_C(0x474f415443000000)      // "GOATC\0\0\0"

_Thread_local struct goat_g *goat_g __attribute__((tls_model("initial-exec")));

void __asan_handle_no_return(void) __attribute__((weak));

// From amd64.S.
GOAT_HIDDEN _Noreturn void goat_gopanic1(const struct goat_type *type, void *data,
					 struct goat_regs *regs);
GOAT_HIDDEN _Noreturn void goat_resume1(void *exc, struct goat_regs *regs);
GOAT_HIDDEN _Noreturn void goat_goexit1(struct goat_regs *regs);
GOAT_HIDDEN _Noreturn void goat_foreign1(struct goat_panic *p);
GOAT_HIDDEN goat_any goat_recover1(struct goat_regs *regs);

static _Noreturn void die_of(struct goat_panic *p);
static _Noreturn void end_goexit(struct goat_panic *p);
static _Noreturn void lost(struct goat_panic *p, const struct goat_regs *regs);

// ---------------------------------------------------------------- what a thread has

static struct goat_panic *
new_panic(void)
{
	struct goat_panic *p = GC_malloc_uncollectable(sizeof *p);

	if (p == NULL)
		goat_fatal("runtime: out of memory");
	return p;
}

// The first panic of a thread finds a record ready: it may come from a signal, anywhere.
struct goat_g *
goat_makeg(void)
{
	struct goat_g *g;

	if (goat_m != NULL)
		goat_fatal("runtime: no goroutine here");
	if (!goat_threadknown)
		goat_threadenter();
	if (goat_g != NULL)
		return goat_g;
	g = GC_malloc_uncollectable(sizeof *g);
	if (g == NULL)
		goat_fatal("runtime: out of memory");
	g->id = goat_nextid();
	g->pool = new_panic();
	goat_altstack(g);
	goat_boundg(g, 1);
	return goat_g = g;
}

static void
free_all(struct goat_panic *p)
{
	while (p != NULL) {
		struct goat_panic *link = p->link;

		GC_free(p);
		p = link;
	}
}

void
goat_freeg(void)
{
	struct goat_g *g = goat_g;

	if (g == NULL)
		return;
	goat_g = NULL;
	goat_boundg(g, -1);
	goat_noaltstack(g);
	free_all(g->panics);
	free_all(g->pool);
	GC_free(g);
}

// ---------------------------------------------------------------- the chain

static _Unwind_Reason_Code stop(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
				struct _Unwind_Exception *exc, struct _Unwind_Context *context,
				void *arg);

// A catch (...) of C++ has ended.
static void
caught(_Unwind_Reason_Code reason, struct _Unwind_Exception *exc)
{
	struct goat_panic *p = (struct goat_panic *)exc;

	(void)reason;
	if (p->goexit)
		goat_fatal("goexit was caught and not rethrown");
	goat_droppanics(p);
}

// Panics of frames that longjmp has left are not under way any more.
static void
drop_left(struct goat_g *g, uintptr_t sp)
{
	while (g->panics != NULL && g->panics->frame <= sp && g->panics->frame >= g->lo &&
	       sp <= g->hi)
		goat_droppanics(g->panics);
}

static struct goat_panic *
push(struct goat_g *g, goat_any value, bool goexit)
{
	struct goat_panic *p = g->pool;

	if (__builtin_expect(p == NULL, 0))
		p = new_panic();
	else
		g->pool = p->link;
	p->exc.exception_class = CLASS;
	p->exc.exception_cleanup = caught;
	p->exc.private_1 = (uintptr_t)stop;
	p->exc.private_2 = (uintptr_t)p;
	p->g = g;
	p->value = value;
	p->frame = UINTPTR_MAX;
	p->foreign_sp = 0;
	p->by = NULL;
	p->forced = NULL;
	p->goexit = goexit;
	p->recovered = p->repanicked = p->calling = false;
	p->trace.n = 0;
	p->link = g->panics;
	g->panics = p;
	return p;
}

static void
pop(struct goat_g *g)
{
	struct goat_panic *p = g->panics;

	g->panics = p->link;
	p->value = (goat_any){ 0 };     // the collector sees the pool
	p->forced = NULL;
	p->link = g->pool;
	g->pool = p;
}

void
goat_droppanics(struct goat_panic *p)
{
	struct goat_g *g = p->g;
	struct goat_panic *popped;

	do {
		popped = g->panics;
		pop(g);
	} while (popped != p && g->panics != NULL);
	if (g->panics == NULL)
		g->sig = 0;
}

void
goat_dropall(struct goat_g *g)
{
	while (g->panics != NULL)
		goat_droppanics(g->panics);
}

static bool
ours(const void *exc)
{
	return ((const struct _Unwind_Exception *)exc)->exception_class == CLASS;
}

// Whether it is one that cannot be stopped, such as pthread_exit.
static bool
forced(const void *exc)
{
	return ((const struct _Unwind_Exception *)exc)->private_1 != 0;
}

// ---------------------------------------------------------------- walking

static _Noreturn void
walk(struct goat_panic *p, struct goat_regs *regs, bool again)
{
	uintptr_t frame;

	if (__asan_handle_no_return)
		__asan_handle_no_return();
	switch (goat_walk(regs, &p->trace, again, &frame)) {
	case WALK_PAD:
		p->frame = frame;
		p->foreign_sp = 0;
		goat_land(regs, p);
	case WALK_FOREIGN:
		p->frame = frame;
		p->foreign_sp = regs->r[ARCH_SP];
		goat_foreign(regs, p);
	case WALK_END:
		if (p->goexit)
			end_goexit(p);
		die_of(p);
	default:
		lost(p, regs);
	}
}

// As libgcc has them. The stack pointer is what it calls the CFA of the context.
static void
registers_of(struct _Unwind_Context *context, struct goat_regs *regs)
{
	int before = 0;

	memset(regs, 0, sizeof *regs);
#define GET(i, n) regs->r[n] = _Unwind_GetGR(context, n);
	ARCH_SAVED(GET)
#undef GET
	regs->r[ARCH_PC] = _Unwind_GetIPInfo(context, &before);
	regs->exact = (uintptr_t)before;
	regs->r[ARCH_SP] = _Unwind_GetCFA(context);
}

// libgcc asks before each frame. It shall do those up to and with the foreign one; then the walk
// goes on.
static _Unwind_Reason_Code
stop(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
     struct _Unwind_Exception *exc, struct _Unwind_Context *context, void *arg)
{
	struct goat_panic *p = arg;
	struct goat_regs regs;

	(void)version, (void)actions, (void)class, (void)exc;
	registers_of(context, &regs);
	if (regs.r[ARCH_SP] <= p->foreign_sp)
		return _URC_NO_REASON;
	// The frame that a landing pad resumes from has been noted when it was landed in.
	walk(p, &regs, regs.r[ARCH_SP] < p->frame);
}

_Noreturn void
goat_foreign1(struct goat_panic *p)
{
	_Unwind_ForcedUnwind(&p->exc, stop, p);
	goat_fatal("runtime: foreign frame cannot be unwound");
}

_Noreturn void
goat_gopanic1(const struct goat_type *type, void *data, struct goat_regs *regs)
{
	struct goat_g *g = goat_getg();
	goat_any value = { type, data };

	if (__builtin_expect(type == NULL, 0))
		value = goat_panicnilerror();
	drop_left(g, regs->r[ARCH_SP]);
	walk(push(g, value, false), regs, false);
}

// ---------------------------------------------------------------- what compiled code calls

// All between P and OLD, and that, in the chain.
static void
abort_panics(struct goat_panic *p, struct goat_panic *old)
{
	for (struct goat_panic *q = p->link; q != NULL; q = q->link) {
		if (q->by == NULL) {
			q->by = p;
			q->at = p->trace.n;
		}
		if (q == old)
			break;
	}
}

static void
abort_foreign(struct goat_panic *p, struct _Unwind_Exception *old)
{
	if (forced(old))
		p->forced = old;
	else
		_Unwind_DeleteException(old);
}

void *
goat_landed(void *exc, void *old)
{
	if (old == NULL || old == exc)
		return exc;
	if (ours(exc) && ours(old))
		abort_panics(exc, old);
	else if (ours(exc))
		abort_foreign(exc, old);
	else if (ours(old))
		goat_droppanics(old);
	return exc;
}

void
goat_calling(void *exc)
{
	if (ours(exc))
		((struct goat_panic *)exc)->calling = true;
}

// Ends P, which was recovered, and what it has aborted. What cannot be stopped goes on.
static void *
recovered(struct goat_g *g, struct goat_panic *p)
{
	void *goes_on = p->forced;

	pop(g);
	while (g->panics != NULL && g->panics->by != NULL) {
		struct goat_panic *q = g->panics;

		if (q->goexit) {
			q->by = NULL;
			q->frame = p->frame;
			return q;
		}
		if (goes_on == NULL)
			goes_on = q->forced;
		pop(g);
	}
	if (g->panics == NULL)
		g->sig = 0;
	return goes_on;
}

void *
goat_ran(void *exc)
{
	struct goat_panic *p = exc;

	if (!ours(exc))
		return exc;
	p->calling = false;
	return p->recovered ? recovered(p->g, p) : exc;
}

_Noreturn void
goat_resume1(void *exc, struct goat_regs *regs)
{
	if (!ours(exc)) {
		_Unwind_Resume(exc);
		__builtin_unreachable();
	}
	walk(exc, regs, true);
}

static goat_any
recover_panic(struct goat_panic *p)
{
	p->recovered = true;
	return p->value;
}

goat_any
goat_gorecover(void *exc)
{
	struct goat_panic *p = exc;

	if (exc == NULL || !ours(exc) || p->goexit || p->recovered)
		return (goat_any){ 0 };
	return recover_panic(p);
}

// Whether REGS is in a function that the plugin has put between an interface and a method: it has a
// mark near its beginning, see plugin/gcc/wrappers.cc.
static bool
is_between(const struct goat_regs *regs)
{
	static const unsigned char mark[] = { 0x0f, 0x1f, 0x80, 'g', 'o', 'a', 't' };
	uintptr_t end = regs->r[ARCH_PC], start = goat_functionstart(2 * (end - 1));

	if (start == 0)
		return false;
	if (end - start > 512)
		end = start + 512;
	return memmem((const void *)start, end - start, mark, sizeof mark) != NULL;
}

// Whether the function called goat_recover was called by the frame, as deferred by it.
static bool
called_by(struct goat_regs *regs, uintptr_t frame)
{
	uintptr_t cfa;

	if (goat_step(regs, &cfa) != WALK_PAD || cfa == frame)
		return false;
	while (is_between(regs))
		if (goat_step(regs, &cfa) != WALK_PAD)
			return false;
	return goat_step(regs, &cfa) == WALK_PAD && cfa == frame;
}

goat_any
goat_recover1(struct goat_regs *regs)
{
	struct goat_panic *p = goat_g != NULL ? goat_g->panics : NULL;

	if (p == NULL || p->goexit || p->recovered || !p->calling || !called_by(regs, p->frame))
		return (goat_any){ 0 };
	return recover_panic(p);
}

// ---------------------------------------------------------------- goexit

// In threads, what ends them ends goexit too, cleanup handlers and all.
_Noreturn void
goat_goexit1(struct goat_regs *regs)
{
	struct goat_g *g = goat_getg();

	if (g->bound && syscall(SYS_gettid) != getpid())
		pthread_exit(NULL);
	walk(push(g, (goat_any){ 0 }, true), regs, false);
}

// ---------------------------------------------------------------- reports

// fflush(NULL) waits for whoever reads from standard input.
static void
flush_all(void)
{
	if (ftrylockfile(stdin) != 0) {
		fflush(stdout);
		return;
	}
	funlockfile(stdin);
	fflush(NULL);
}

// The collector finds no stack pointer outside of the thread's stack, which it could not make sense
// of: it has to wait for a thread with blocked signals.
void
goat_report(void (*print)(void *), void *arg, bool flush)
{
	static char dying;
	enum { SIZE = 1 << 20 };        // libdw takes 160 KB
	sigset_t all;
	char *stack;

	if (__atomic_test_and_set(&dying, __ATOMIC_ACQ_REL))
		for (;;)
			pause();        // the first one ends the program
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	if (flush)
		flush_all();
	stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	goat_bottom(print, arg, stack != MAP_FAILED ? stack + SIZE : NULL);
	goat_printflush();
}

struct fatal {
	const char *text;
	bool all;               // show all goroutines
	struct goat_trace trace;
};

static void
print_fatal(void *arg)
{
	const struct fatal *f = arg;

	goat_print("fatal error: ");
	goat_print(f->text);
	goat_print("\n");
	if (f->all)
		goat_printothers(NULL);
	if (f->trace.n == 0)
		return;
	goat_printgoroutine();
	goat_printtrace(&f->trace, true);
	goat_printcreator(goat_g);
}

_Noreturn void
goat_fatal(const char *text)
{
	struct fatal f = { .text = text };
	struct goat_regs regs;

	arch_here(&regs);
	goat_collect(&regs, &f.trace);
	goat_report(print_fatal, &f, true);
	_exit(2);
}

_Noreturn void
goat_deadlock(const char *text)
{
	struct fatal f = { .text = text, .all = true };

	goat_report(print_fatal, &f, true);
	_exit(2);
}

static _Noreturn void
end_goexit(struct goat_panic *p)
{
	struct fatal f = { .text = "no goroutines (main called runtime.Goexit) - deadlock!" };

	if (!p->g->bound)
		goat_goexit0();
	goat_waitthreads();
	goat_report(print_fatal, &f, true);
	_exit(2);
}

static bool
same_value(goat_any a, goat_any b)
{
	return a.type == b.type && a.data == b.data;
}

static void
ask_texts(void *arg)
{
	for (struct goat_panic *p = arg; p != NULL; p = p->link) {
		static const struct goat_type text = { .kind = GOAT_STRING, .name = "string" };
		goat_string s, *copy;

		if (p->link != NULL && same_value(p->value, p->link->value)) {
			p->link->repanicked = true;
			continue;
		}
		if (p->value.type == NULL || !goat_errortext(p->value, &s, NULL))
			continue;
		copy = goat_mallocgc(sizeof s, _Alignof(goat_string), false);
		*copy = s;
		p->value = (goat_any){ &text, copy };
	}
}

// Go: printpanics.
static void
print_chain(const struct goat_panic *p)
{
	if (p->link != NULL) {
		print_chain(p->link);
		if (p->link->repanicked)
			return;
		if (!p->link->goexit)
			goat_print("\t");
	}
	if (p->goexit)
		return;
	goat_print("panic: ");
	goat_printpanicval(p->value);
	if (p->recovered)
		goat_print(p->repanicked ? " [recovered, repanicked]" : " [recovered]");
	goat_print("\n");
}

static const char *
signal_text(int sig)
{
	switch (sig) {
	case SIGSEGV:
		return "SIGSEGV: segmentation violation";
	case SIGBUS:
		return "SIGBUS: bus error";
	case SIGFPE:
		return "SIGFPE: floating-point exception";
	default:
		return "unknown signal";
	}
}

void
goat_printsignal(int sig, int code, uintptr_t addr, uintptr_t pc)
{
	goat_print("[signal ");
	goat_print(signal_text(sig));
	goat_print(" code=");
	goat_printhex((unsigned)code);
	goat_print(" addr=");
	goat_printhex(addr);
	goat_print(" pc=");
	goat_printhex(pc);
	goat_print("]\n");
}

static void
print_where(const struct goat_panic *p)
{
	goat_printgoroutine();
	goat_printpanictrace(p);
}

// A panic within the text of one that is printed.
static void
print_printing(void *arg)
{
	const struct goat_panic *p = arg;

	goat_print("fatal error: panic while printing panic value: ");
	if (p->value.type != NULL && p->value.type->kind == GOAT_STRING)
		goat_printpanicval(p->value);
	else {
		goat_print("type ");
		goat_print(p->value.type->name);
	}
	goat_print("\n");
	print_where(p);
}

static void
print_panic(void *arg)
{
	const struct goat_panic *p = arg;
	const struct goat_g *g = p->g;

	print_chain(p);
	if (g->sig != 0)
		goat_printsignal(g->sig, g->sigcode, g->sigaddr, g->sigpc);
	print_where(p);
}

struct lost {
	const struct goat_panic *panic;
	uintptr_t pc;
};

static void
print_lost(void *arg)
{
	const struct lost *l = arg;

	print_chain(l->panic);
	goat_print("fatal error: no unwind information for pc=");
	goat_printhex(l->pc);
	goat_print(", so deferred code of its callers cannot run\n");
	print_where(l->panic);
}

static _Noreturn void
die(struct goat_panic *p, void (*print)(void *), void *arg)
{
	struct goat_g *g = p->g;

	if (g->printing) {
		goat_report(print_printing, p, true);
		_exit(2);
	}
	g->printing = true;
	goat_bottom(ask_texts, p, NULL);
	goat_report(print, arg, true);
	_exit(2);
}

static _Noreturn void
die_of(struct goat_panic *p)
{
	die(p, print_panic, p);
}

static _Noreturn void
lost(struct goat_panic *p, const struct goat_regs *regs)
{
	struct lost l = { p, regs->r[ARCH_PC] };

	die(p, print_lost, &l);
}
