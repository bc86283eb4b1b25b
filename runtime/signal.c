// SPDX-License-Identifier: BSD-3-Clause
//
// signal.c: faults of the program that become panics, and those that end it with a report.
//
//	SIGSEGV, SIGBUS  below address 4096: `invalid memory address or nil pointer dereference`
//	SIGFPE           integer division: `integer divide by zero`, or `integer overflow`
//	SIGSEGV          at the end of the stack: `fatal error: stack overflow`, status 2
//	others of these  report, and the program dies by the signal, with a core where one is wanted
//
// The handler does not raise the panic itself: it changes where the thread goes on, to
// goat_sigpanic (arch/), with the registers of the fault below the stack pointer and its red zone.
// That frame unwinds like a signal's, so a landing pad is found for the very instruction.
//
// Handlers are installed before main, for these three signals only. A program that installs its own
// gets the signal instead of us; if it wants panics too, it calls the handler that sigaction gave
// it as the old one. If there was one already when we came (AddressSanitizer's, or that of a
// library), it is called for all that does not become a panic or a stack overflow. SIG_IGN makes no
// difference, as to the kernel. Signals that were sent (kill, raise) are not faults: what they did
// before, they do.
//
// SIGQUIT, where the scheduler runs main and nobody has taken it, ends the program with the stacks
// of all goroutines.
//
// Each thread made here has an alternate stack, unless it has set up one, so that there is a stack
// to report the end of the stack on. Others get one with their first allocation or panic.
//
// Go:    as runtime/signal_unix.go; a wild fault ends the program by the signal, not with status 2.
// Layer: lang.

#include "runtime2.h"

#include "error.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { NIL_PAGE = 4096, ALTSTACK = 64 * 1024, SLACK = 64 * 1024 };

// What the handler leaves below the stack of a thread for goat_sigpanic.
struct fault {
	struct goat_regs regs;          // must be first
	int sig, code;
	uintptr_t addr;
};

GOAT_HIDDEN _Noreturn void goat_sigpanic1(const struct fault *f);

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE };
enum { NSIGNALS = sizeof signals / sizeof *signals };
static struct sigaction before[NSIGNALS];       // written before main

// ---------------------------------------------------------------- stacks

// Up to the name of the program, which is the last that the kernel puts there.
static void
main_bounds(struct goat_g *g)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	struct rlimit limit;

	g->hi = (uintptr_t)name + strlen(name) + 1 + sizeof(uintptr_t);
	g->hi = (g->hi + NIL_PAGE - 1) & -(uintptr_t)NIL_PAGE;
	g->lo = 0;
	if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < g->hi)
		g->lo = g->hi - limit.rlim_cur;
}

static void
thread_bounds(struct goat_g *g)
{
	pthread_attr_t attr;
	void *lo;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attr) != 0)
		return;
	if (pthread_attr_getstack(&attr, &lo, &size) == 0) {
		g->lo = (uintptr_t)lo;
		g->hi = g->lo + size;
	}
	pthread_attr_destroy(&attr);
}

void *
goat_maltstack(void)
{
	stack_t old, new = { .ss_size = ALTSTACK };

	if (sigaltstack(NULL, &old) != 0 || !(old.ss_flags & SS_DISABLE))
		return NULL;
	new.ss_sp = mmap(NULL, ALTSTACK, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (new.ss_sp == MAP_FAILED)
		return NULL;
	if (sigaltstack(&new, NULL) == 0)
		return new.ss_sp;
	munmap(new.ss_sp, ALTSTACK);
	return NULL;
}

void
goat_altstack(struct goat_g *g)
{
	if (syscall(SYS_gettid) == getpid())
		main_bounds(g);
	else
		thread_bounds(g);
	g->altstack = goat_maltstack();
}

void
goat_noaltstack(struct goat_g *g)
{
	stack_t old, none = { .ss_flags = SS_DISABLE };

	if (g->altstack == NULL)
		return;
	if (sigaltstack(NULL, &old) == 0 && old.ss_sp == g->altstack)
		sigaltstack(&none, NULL);
	munmap(g->altstack, ALTSTACK);
	g->altstack = NULL;
}

// ---------------------------------------------------------------- what becomes a panic

static bool
was_sent(const siginfo_t *info)
{
	return info->si_code <= 0;
}

// Go: sigpanic of runtime/signal_unix.go.
static bool
becomes_panic(int sig, const siginfo_t *info)
{
	uintptr_t addr = (uintptr_t)info->si_addr;

	switch (sig) {
	case SIGSEGV:
		return addr < NIL_PAGE &&
		       (info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR);
	case SIGBUS:
		return addr < NIL_PAGE && info->si_code == BUS_ADRERR;
	case SIGFPE:
		return info->si_code == FPE_INTDIV || info->si_code == FPE_INTOVF;
	default:
		return false;
	}
}

// A division does not count as a signal: Go has none for it.
_Noreturn void
goat_sigpanic1(const struct fault *f)
{
	struct goat_g *g = goat_getg();

	if (f->sig == SIGFPE) {
		if (arch_dividesbyzero(&f->regs))
			goat_panicdivide();
		goat_panicoverflow();
	}
	g->sig = f->sig;
	g->sigcode = f->code;
	g->sigaddr = f->addr;
	g->sigpc = f->regs.r[ARCH_PC];
	goat_panicmem();
}

// ---------------------------------------------------------------- reports

// The part of the stack whose end the stack pointer is at, with the fault close to it, or NULL.
static const struct goat_g *
overflown(const struct fault *f)
{
	const struct goat_g *g = goat_g;
	uintptr_t sp = f->regs.r[ARCH_SP];

	if (g == NULL || f->sig != SIGSEGV)
		return NULL;
	if (!g->bound)
		g = goat_stackpart(f->addr);
	return g != NULL && g->lo != 0 && sp < g->lo + SLACK && sp + SLACK > g->lo - SLACK &&
			       f->addr < g->lo + NIL_PAGE && f->addr + SLACK > sp
		       ? g
		       : NULL;
}

static void
print_pair(const char *before, uintptr_t v, const char *after)
{
	goat_print(before);
	goat_printhex(v);
	goat_print(after);
}

static void
print_where(const struct fault *f)
{
	static struct goat_trace trace;
	struct goat_regs regs = f->regs;

	goat_collect(&regs, &trace);
	goat_printgoroutine();
	goat_printtrace(&trace, !goat_holdslocks(f->regs.r[ARCH_PC]));
	goat_printcreator(goat_g);
}

static void
print_overflow(void *arg)
{
	const struct fault *f = arg;
	const struct goat_g *g = overflown(f);

	goat_print("runtime: goroutine stack exceeds ");
	goat_printuint(g->depth > 0 ? g->depth * (g->hi - g->lo) : g->hi - g->lo);
	goat_print("-byte limit\n");
	print_pair("runtime: sp=", f->regs.r[ARCH_SP], "");
	print_pair(" stack=[", g->lo, ", ");
	print_pair("", g->hi, "]\n");
	goat_print("fatal error: stack overflow\n");
	print_where(f);
}

static void
print_fault(void *arg)
{
	const struct fault *f = arg;

	if (f->sig == SIGFPE)
		goat_print("fatal error: floating point error\n");
	else {
		print_pair("unexpected fault address ", f->addr, "\n");
		goat_print("fatal error: fault\n");
	}
	goat_printsignal(f->sig, f->code, f->addr, f->regs.r[ARCH_PC]);
	print_where(f);
}

static void
print_quit(void *arg)
{
	const struct fault *f = arg;

	goat_print("SIGQUIT: quit\nPC=");
	goat_printhex(f->regs.r[ARCH_PC]);
	goat_print(" m=");
	goat_printuint(goat_m != NULL ? goat_m->id : 0);
	goat_print(" sigcode=");
	goat_printint(f->code);
	goat_print("\n");
	if (goat_g != NULL)
		print_where(f);
	goat_printothers(goat_g);
}

// ---------------------------------------------------------------- the handler

static void
restore_default(int sig)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(sig, &action, NULL);
}

// What was there before us; false if that would have ended the program.
static bool
call_before(int sig, siginfo_t *info, void *context)
{
	for (int i = 0; i < NSIGNALS; i++) {
		if (signals[i] != sig)
			continue;
		if (before[i].sa_handler == SIG_DFL || before[i].sa_handler == SIG_IGN)
			return false;
		if (before[i].sa_flags & SA_SIGINFO)
			before[i].sa_sigaction(sig, info, context);
		else
			before[i].sa_handler(sig);
		return true;
	}
	return false;
}

static bool
was_ignored(int sig)
{
	for (int i = 0; i < NSIGNALS; i++)
		if (signals[i] == sig)
			return before[i].sa_handler == SIG_IGN;
	return false;
}

// The thread goes on in goat_sigpanic, with the fault below its red zone.
static void
redirect(ucontext_t *context, const struct fault *f)
{
	struct fault *copy = (struct fault *)(f->regs.r[ARCH_SP] - ARCH_REDZONE - sizeof *f);

	copy = (struct fault *)((uintptr_t)copy & ~(uintptr_t)15);
	*copy = *f;
	arch_goon(context, (uintptr_t)goat_sigpanic, (uintptr_t)copy);
}

static void
handle(int sig, siginfo_t *info, void *context)
{
	int saved = errno;
	struct fault f = { .sig = sig, .code = info->si_code, .addr = (uintptr_t)info->si_addr };

	arch_readcontext(context, &f.regs);
	if (!was_sent(info) && becomes_panic(sig, info)) {
		if (f.addr == f.regs.r[ARCH_PC] && sig != SIGFPE)
			arch_leavebadcall(&f.regs);
		redirect(context, &f);
	} else if (!was_sent(info) && overflown(&f) != NULL) {
		goat_report(print_overflow, &f, !goat_holdslocks(f.regs.r[ARCH_PC]));
		_exit(2);
	} else if (!call_before(sig, info, context) && !(was_sent(info) && was_ignored(sig))) {
		if (was_sent(info)) {
			restore_default(sig);
			raise(sig);             // comes when the handler returns
		} else {
			if (f.addr == f.regs.r[ARCH_PC] && sig == SIGSEGV)
				arch_leavebadcall(&f.regs);
			goat_report(print_fault, &f, false);
			restore_default(sig);   // the instruction is tried again
		}
	}
	errno = saved;
}

// Go: sighandler, of a signal that ends the program with all stacks.
static void
quit(int sig, siginfo_t *info, void *context)
{
	struct fault f = { .sig = sig, .code = info->si_code };

	arch_readcontext(context, &f.regs);
	goat_report(print_quit, &f, false);
	_exit(2);
}

void
goat_initquit(void)
{
	struct sigaction old, action = { .sa_sigaction = quit, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	if (sigaction(SIGQUIT, NULL, &old) != 0 || old.sa_handler != SIG_DFL)
		return;
	sigfillset(&action.sa_mask);
	sigaction(SIGQUIT, &action, NULL);
}

void
goat_initsig(void)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	static bool done;

	if (done)
		return;
	done = true;
	sigfillset(&action.sa_mask);
	for (int i = 0; i < NSIGNALS; i++)
		sigaction(signals[i], &action, &before[i]);
}
