// SPDX-License-Identifier: BSD-3-Clause
//
// unwind.c: our walk of the stack against libgcc's.
//
// The functions below have frames of all shapes that C makes, and call each other in random order.
// At the bottom of each such stack every frame's address, stack pointer and preserved registers are
// asked of both. For landing pads, the cleanup attribute keeps a log of what ran, once for a panic
// and once for an unwinding that is libgcc's own.

#include "runtime2.h"

#include <alloca.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "rng.h"

_Noreturn void goat_gopanic(goat_any value);

#define NOINLINE __attribute__((noinline, noclone))

// ---------------------------------------------------------------- comparing

enum { FRAMES = 3000 };

struct seen {
	uintptr_t pc, sp, saved[ARCH_NSAVED];
};

static struct seen mine[FRAMES], theirs[FRAMES];
static size_t nmine, ntheirs;

static _Unwind_Reason_Code
see(struct _Unwind_Context *context, void *arg)
{
	struct seen *s = &theirs[ntheirs++];
	int before;

	(void)arg;
	s->pc = _Unwind_GetIPInfo(context, &before) * 2 + (before != 0);
	s->sp = _Unwind_GetCFA(context);
#define GET(i, n) s->saved[i] = _Unwind_GetGR(context, n);
	ARCH_SAVED(GET)
#undef GET
	return ntheirs < FRAMES ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static NOINLINE void
walk_mine(void)
{
	struct goat_regs regs;
	uintptr_t cfa;

	arch_here(&regs);
	for (nmine = 0; nmine < FRAMES && goat_step(&regs, &cfa) == WALK_PAD; nmine++) {
		mine[nmine] = (struct seen){ .pc = regs.r[ARCH_PC] * 2 + regs.exact,
					     .sp = regs.r[ARCH_SP] };
#define GET(i, n) mine[nmine].saved[i] = regs.r[n];
		ARCH_SAVED(GET)
#undef GET
	}
}

static size_t compared;

static NOINLINE void
walk_theirs(void)
{
	ntheirs = 0;
	_Unwind_Backtrace(see, NULL);
	compared += ntheirs;
}

// The first of mine is this function, as is the second of theirs; each was left at another call.
static NOINLINE void
compare(void)
{
	size_t n;

	walk_mine();
	walk_theirs();
	n = nmine < ntheirs - 1 ? nmine : ntheirs - 1;
	cr_assert_geq(n, 3);
	for (size_t i = 1; i < n; i++) {
		const struct seen *m = &mine[i], *t = &theirs[i + 1];

		cr_assert_eq(m->pc, t->pc, "frame %zu: pc %zx, not %zx", i, m->pc, t->pc);
		cr_assert_eq(m->sp, t->sp, "frame %zu at %zx: sp %zx, not %zx", i, m->pc / 2, m->sp,
			     t->sp);
		for (int r = 0; r < ARCH_NSAVED; r++)
			cr_assert_eq(m->saved[r], t->saved[r], "frame %zu at %zx: register %d", i,
				     m->pc / 2, r);
	}
	// Theirs knows of the frame without a caller, mine has stopped at it.
	cr_assert_leq(nmine + 1, ntheirs);
	cr_assert_geq(nmine + 2, ntheirs);
}

// ---------------------------------------------------------------- frames

static uint64_t rng;

static void next(int depth);

// What keeps registers and the frame in use across the call.
static volatile unsigned long sink;

#define FRAME(name, attributes, ...)                                                               \
	static NOINLINE attributes void name(int depth)                                            \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

#define SHAPES(level, attributes)                                                                         \
	FRAME(plain_##level, attributes, next(depth - 1); sink++;)                                 \
	FRAME(registers_##level, attributes, unsigned long a = sink, b = sink, c = sink, d = sink,          \
	      e = sink, f = sink;                                                                  \
	      next(depth - 1); sink = a + b; next(0); sink = c + d + e * f;)                       \
	FRAME(vla_##level, attributes, volatile char v[depth % 7 * 100 + 1]; v[0] = 1;             \
	      next(depth - 1); sink = v[0];)                                                       \
	FRAME(alloca_##level, attributes, char *v = alloca((size_t)depth % 5 * 64 + 16);           \
	      memset(v, depth, 16); next(depth - 1); sink = v[3];)                                 \
	FRAME(large_##level, attributes, volatile char v[5000]; v[4999] = 1; next(depth - 1);      \
	      sink = v[4999];)                                                                     \
	FRAME(aligned_##level, attributes, volatile char v[64] __attribute__((aligned(64)));       \
	      v[5] = 1; next(depth - 1); sink = v[5];)                                             \
	FRAME(aligned_vla_##level, attributes,                                                     \
	      volatile char v[64] __attribute__((aligned(128)));                                   \
	      volatile char w[depth % 3 * 40 + 1]; v[5] = w[0] = 1; next(depth - 1);               \
	      sink = v[5] + w[0];)                                                                 \
	FRAME(many_##level, attributes,                                                            \
	      sink = many_arguments(1, 2, 3, 4, 5, 6, depth, (struct big){ { 1 } }, 9, 10);)       \
	FRAME(variadic_##level, attributes, variadic(depth, 1, 2.0, 3, 4, 5, 6, 7, 8, 9);)

struct big {
	long v[9];
};

static NOINLINE long
many_arguments(int a, int b, int c, int d, int e, int f, int depth, struct big big, int i, int j)
{
	next(depth - 1);
	return a + b + c + d + e + f + i + j + big.v[0];
}

static NOINLINE void
variadic(int depth, ...)
{
	va_list ap;

	va_start(ap, depth);
	next(depth - 1);
	sink += va_arg(ap, int);
	va_end(ap);
}

#define OPTIMIZE(...) __attribute__((optimize(__VA_ARGS__)))

SHAPES(O0, OPTIMIZE("O0"))
SHAPES(O2, OPTIMIZE("O2", "omit-frame-pointer"))
SHAPES(O3, OPTIMIZE("O3", "no-omit-frame-pointer"))
SHAPES(Os, OPTIMIZE("Os"))

static int goes_down;

static int
order(const void *a, const void *b)
{
	int depth = goes_down;

	goes_down = 0;
	if (depth > 0)
		next(depth - 1);
	return *(const int *)a - *(const int *)b;
}

static NOINLINE void
sorting(int depth)
{
	int v[] = { 3, 1, 2 };

	goes_down = depth;
	qsort(v, 3, sizeof *v, order);
}

static void
on_signal(int sig)
{
	int depth = goes_down;

	(void)sig;
	goes_down = 0;
	next(depth - 1);
}

static NOINLINE void
raising(int depth)
{
	goes_down = depth;
	raise(SIGUSR1);
}

// The signal comes in the midst of an instruction, that of a leaf function with a red zone.
static void *volatile nowhere;
static sigjmp_buf back;

static void
on_fault(int sig)
{
	int depth = goes_down;

	(void)sig;
	goes_down = 0;
	next(depth - 1);
	siglongjmp(back, 1);
}

static NOINLINE __attribute__((no_sanitize("undefined"))) int
leaf(const int *p)
{
	volatile int v[4] = { 1, 2, 3, 4 };

	return *p + v[*p & 3];
}

static NOINLINE void
faulting(int depth)
{
	goes_down = depth;
	if (sigsetjmp(back, 1) == 0)
		sink = leaf(nowhere);
}

#define NAMES(level)                                                                               \
	plain_##level, registers_##level, vla_##level, alloca_##level, large_##level,              \
		aligned_##level, aligned_vla_##level, many_##level, variadic_##level

static void (*const frames[])(int) = {
	NAMES(O0), NAMES(O2), NAMES(O3), NAMES(Os), sorting, raising,
};

static NOINLINE void
next(int depth)
{
	if (depth < 0)
		return;
	if (depth == 0)
		compare();
	else
		frames[rng_below(&rng, sizeof frames / sizeof *frames)](depth);
	sink++;
}

static void
handle_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_NODEFER };

	sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = on_fault;
	sigaction(SIGSEGV, &action, NULL);
}

Test(unwind, finds_the_frames_that_libgcc_finds)
{
	uint64_t seed = rng_seed();

	rng = seed;
	cr_log_info("TEST_SEED=%llu", (unsigned long long)seed);
	handle_signals();
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
		frames[i](2);
	for (int i = 0; i < 300; i++)
		next(1 + (int)rng_below(&rng, 30));
	cr_log_info("%zu frames", compared);
}

Test(unwind, begins_at_an_instruction_that_faulted)
{
	handle_signals();
	for (int i = 1; i < 20; i++)
		faulting(i);
}

Test(unwind, deep_stacks)
{
	handle_signals();
	for (int i = 0; i < 3; i++)
		next(500);
}

// ---------------------------------------------------------------- landing pads

enum { LOG = 10000 };

static int ran[LOG];
static size_t nran;
static bool ours;
static jmp_buf out;

static void
note(const int *id)
{
	if (nran < LOG)
		ran[nran++] = *id;
}

static void
leave(const int *id)
{
	note(id);
	longjmp(out, 1);
}

static void
panics_when_run(const int *id)
{
	note(id);
}

static _Unwind_Reason_Code
go_on(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
      struct _Unwind_Exception *exc, struct _Unwind_Context *context, void *arg)
{
	(void)version, (void)class, (void)exc, (void)context, (void)arg;
	if (actions & _UA_END_OF_STACK)
		abort();
	return _URC_NO_REASON;
}

static struct _Unwind_Exception theirs_exc;
void __asan_handle_no_return(void) __attribute__((weak));

static NOINLINE void
unwind(void)
{
	if (ours)
		goat_gopanic((goat_any){ 0 });
	if (__asan_handle_no_return)
		__asan_handle_no_return();
	_Unwind_ForcedUnwind(&theirs_exc, go_on, NULL);
}

static void clean_next(uint64_t path, int depth);

static NOINLINE void
no_cleanup(uint64_t path, int depth)
{
	volatile char v[depth % 5 + 1];

	v[0] = 0;
	clean_next(path, depth - 1);
	sink = v[0];
}

static NOINLINE void
one_cleanup(uint64_t path, int depth)
{
	int id __attribute__((cleanup(note))) = depth * 10;

	clean_next(path, depth - 1);
	sink++;
}

static NOINLINE void
after_a_block(uint64_t path, int depth)
{
	if (path & 8) {
		int id __attribute__((cleanup(note))) = depth * 10 + 1;

		clean_next(path, 0 & depth);
	}
	{
		int id __attribute__((cleanup(panics_when_run))) = depth * 10 + 2;

		sink++;
		if (depth % 2)
			clean_next(path, depth - 1);
	}
	clean_next(path, depth - 1);
	sink++;
}

static NOINLINE void
nested_cleanups(uint64_t path, int depth)
{
	int a __attribute__((cleanup(note))) = depth * 10 + 3;
	volatile char v[64 * (depth % 3) + 1] __attribute__((aligned(64)));

	v[0] = 1;
	{
		int b __attribute__((cleanup(note))) = depth * 10 + 4;

		if (path & 4) {
			int c __attribute__((cleanup(note))) = depth * 10 + 5;

			clean_next(path, depth - 1);
		}
		many_arguments(1, 2, 3, 4, 5, 6, 0, (struct big){ { 1 } }, 9, b);
	}
	clean_next(path, depth - 1);
	sink = v[0] + a;
}

static int
clean_order(const void *a, const void *b)
{
	int id __attribute__((cleanup(note))) = 6;

	(void)a, (void)b;
	clean_next((uint64_t)sink, goes_down);
	return 0;
}

static NOINLINE void
clean_sorting(uint64_t path, int depth)
{
	int v[] = { 3, 1, 2 };

	sink = (long)path;
	goes_down = depth - 1;
	qsort(v, 3, sizeof *v, clean_order);
}

static NOINLINE void
clean_next(uint64_t path, int depth)
{
	static void (*const fn[])(uint64_t, int) = {
		no_cleanup, one_cleanup, after_a_block, nested_cleanups, clean_sorting,
	};

	if (depth <= 0)
		unwind();
	else
		fn[path % (sizeof fn / sizeof *fn)](path / 5 + path * 0x9e3779b97f4a7c15u, depth);
	sink++;
}

static NOINLINE void
outermost(uint64_t path, int depth)
{
	int id __attribute__((cleanup(leave))) = -1;

	clean_next(path, depth);
	sink++;
}

static NOINLINE size_t
log_of(bool mine_or_theirs, uint64_t path, int depth, int *log)
{
	nran = 0;
	ours = mine_or_theirs;
	if (setjmp(out) == 0)
		outermost(path, depth);
	memcpy(log, ran, nran * sizeof *ran);
	return nran;
}

Test(unwind, runs_the_cleanups_that_libgcc_runs)
{
	static int a[LOG], b[LOG];

	rng = rng_seed();
	for (int i = 0; i < 2000; i++) {
		uint64_t path = rng_next(&rng);
		int depth = (int)rng_below(&rng, 30);
		size_t n = log_of(true, path, depth, a);

		cr_assert_eq(n, log_of(false, path, depth, b), "path %llu, depth %d",
			     (unsigned long long)path, depth);
		cr_assert_eq(memcmp(a, b, n * sizeof *a), 0, "path %llu, depth %d",
			     (unsigned long long)path, depth);
	}
}

// ---------------------------------------------------------------- threads

static void *
on_thread(void *arg)
{
	(void)arg;
	compare();
	return NULL;
}

Test(unwind, ends_where_a_thread_begins)
{
	pthread_t t;

	pthread_create(&t, NULL, on_thread, NULL);
	pthread_join(t, NULL);
}

static __thread jmp_buf thread_out;
static __thread int thread_ran;

static void
thread_leave(const int *id)
{
	thread_ran += *id;
	longjmp(thread_out, 1);
}

static void
thread_note(const int *id)
{
	thread_ran += *id;
}

static volatile bool always = true;

static NOINLINE void
thread_down(int depth)
{
	int id __attribute__((cleanup(thread_note))) = 1;

	if (depth == 0 && always)
		goat_gopanic((goat_any){ 0 });
	thread_down(depth - 1);
	sink = id;
}

static NOINLINE void
thread_outermost(int depth)
{
	int id __attribute__((cleanup(thread_leave))) = 1000;

	thread_down(depth);
	sink = id;
}

static NOINLINE int
thread_panics(int depth)
{
	thread_ran = 0;
	if (setjmp(thread_out) == 0)
		thread_outermost(depth);
	return thread_ran;
}

static void *
panicking(void *arg)
{
	for (int i = 0; i < 2000; i++)
		if (thread_panics(i % 20) != 1001 + i % 20)
			return arg;
	return NULL;
}

int goat_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

// The table of rules is filled, and grows, while others look things up in it.
Test(unwind, threads_panic_at_once)
{
	pthread_t t[8];
	void *wrong = NULL;

	for (int i = 0; i < 8; i++)
		goat_pthread_create(&t[i], NULL, panicking, &thread_ran);
	for (int i = 0; i < 8; i++) {
		pthread_join(t[i], &wrong);
		cr_expect_null(wrong);
	}
}
