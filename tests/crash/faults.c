// SPDX-License-Identifier: GPL-3.0-or-later
//
// faults.c: faults of the processor that end the program.

#include <goat.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static int *volatile nil;
static int *volatile wild = (int *)0x123456789010;
static void (*volatile no_function)(void);
static volatile int zero, least = -2147483647 - 1, minus = -1;
static volatile int sink;

static void load(void) { sink = *nil; }
static void store(void) { *nil = 1; }
static void calls(void) { no_function(); }
static void divide(void) { sink = 1 / zero; }
static void overflow(void) { sink = least / minus; }
static void length(void) { sink = (int)strlen((char *)nil); }
static void load_wild(void) { sink = *wild; }
static void call_wild(void) { no_function = (void (*)(void))(void *)wild; no_function(); }

static int runaway(int n)
{
	volatile char frame[512];

	frame[n & 511] = (char)n;
	return n == 1 << 30 ? 0 : runaway(n + 1) + frame[n & 511];
}

static void stack(void) { sink = runaway(0); }

static void *start(void *arg)
{
	sink = runaway(0);
	return arg;
}

static void thread_stack(void)
{
	pthread_t t;

	pthread_create(&t, NULL, start, NULL);
	pthread_join(t, NULL);
}

static void sent(void) { raise(SIGSEGV); }
static void sent_fpe(void) { kill(getpid(), SIGFPE); pause(); }

static void ignored(void)
{
	signal(SIGSEGV, SIG_IGN);
	raise(SIGSEGV);
	puts("raise returned");
}

static void handler(int sig)
{
	static const char text[] = "the program's own handler\n";

	(void)sig;
	sink = (int)write(2, text, sizeof text - 1);
	_exit(7);
}

static void own(void)
{
	signal(SIGSEGV, handler);
	load();
}

static struct sigaction before;

static void first_me(int sig, siginfo_t *info, void *context)
{
	static const char text[] = "first me\n";

	sink = (int)write(2, text, sizeof text - 1);
	before.sa_sigaction(sig, info, context);
}

static void chained(void)
{
	struct sigaction action = { .sa_sigaction = first_me, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, &before);
	load();
}

static void in_deferred(void)
{
	defer { load(); }
	panic("first");
}

// In the C library, which may hold locks: no names that need them.
static void allocator(void) { free(wild); }

// A function as some compilers make it, without anything to unwind it by.
void no_cfi(void (*f)(void));
__asm__(".text\nno_cfi:\n\tpushq %rbx\n\tcall *%rdi\n\tpopq %rbx\n\tret\n");

static void fails(void) { panic("in a frame that can be left"); }

static void no_tables(void)
{
	defer { puts("cannot run"); }
	no_cfi(fails);
}

#define CASE(f) if (strcmp(argv[1], #f) == 0) f()
int main(int argc, char **argv)
{
	if (argc < 2) return 1;
	CASE(load); CASE(store); CASE(calls); CASE(divide); CASE(overflow); CASE(length);
	CASE(load_wild); CASE(call_wild); CASE(stack); CASE(thread_stack); CASE(sent); CASE(sent_fpe);
	CASE(ignored); CASE(own); CASE(chained); CASE(in_deferred); CASE(allocator); CASE(no_tables);
	return 0;
}
