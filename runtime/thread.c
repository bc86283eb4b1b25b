// SPDX-License-Identifier: BSD-3-Clause
//
// thread.c: the collector has to know of every thread, and of what is thread-local.
//
// Programs call pthread_create or thrd_create and know nothing of collectors, so <goat.h> renames
// these to functions here, which register the thread. (To define the C library's own names would
// bring the collector into every program that has threads.) A thread that something else has made
// is registered when it first allocates.
//
// Goroutines run on stacks that the collector knows nothing of; proc.c pushes those of parked ones.
// It takes the stack of a thread to be from its stack pointer to its end, so before it looks we
// tell it where the end of that stack is on which the thread runs. (If that were below the stack
// pointer, the collector would think that the stacks are so large that it is never time for a
// collection.) Where a thread was stopped is noted by a handler around the collector's.
//
// The collector looks at the stacks, and not at thread-local variables. So each thread has a list
// of its blocks of these, filled in when it starts and pushed with the other roots. What a library
// brings that is loaded (dlopen) while the thread runs is not among them.
//
//	T1  The list of threads changes under the allocation lock only: the collector, which has
//	    stopped all other threads while it holds that, finds it whole.
//
// Layer: stack.

#include "runtime2.h"

#include <errno.h>
#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>
#include <gc/gc_mark.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <threads.h>

enum { BLOCKS = 64 };           // modules with thread-local variables that we look at

struct block {
	char *lo, *hi;
};

struct locals {
	struct locals *next, **at;      // T1
	size_t n;
	struct block block[BLOCKS];
};

static struct locals *all;      // T1
static _Thread_local struct locals mine;
static GC_push_other_roots_proc push_stacks;
static pthread_key_t at_exit;   // of threads that were not made here

// How many threads are under way that have entered, the first one aside.
static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t none_left = PTHREAD_COND_INITIALIZER;
static unsigned others;         // under count_lock

_Thread_local bool goat_threadknown __attribute__((tls_model("initial-exec")));

static void GC_CALLBACK
push_roots(void)
{
	for (const struct locals *l = all; l != NULL; l = l->next)
		for (size_t i = 0; i < l->n; i++)
			GC_push_all_eager(l->block[i].lo, l->block[i].hi);
	goat_pushstacks();
	push_stacks();
}

void
goat_pushrange(uintptr_t lo, uintptr_t hi)
{
	GC_push_all_eager((void *)lo, (void *)hi);
}

// The collector's handler of the signal with which it stops threads.
static struct sigaction stopping;

// The registers of the goroutine are in the frame of the signal, above this one.
static void
stop_here(int sig, siginfo_t *info, void *context)
{
	struct goat_m *m = goat_m;

	if (m != NULL)
		m->gcsp = (uintptr_t)__builtin_frame_address(0);
	if (stopping.sa_flags & SA_SIGINFO)
		stopping.sa_sigaction(sig, info, context);
	else
		stopping.sa_handler(sig);
	if (m != NULL)
		m->gcsp = 0;
}

static void
note_where_stopped(void)
{
	struct sigaction action;
	int sig = GC_get_suspend_signal();

	if (sig < 0 || sigaction(sig, NULL, &stopping) != 0)
		return;
	action = stopping;
	action.sa_sigaction = stop_here;
	action.sa_flags |= SA_SIGINFO;
	sigaction(sig, &action, NULL);
}

static void
add_block(void *lo, size_t size)
{
	if (lo == NULL || size == 0 || mine.n == BLOCKS)
		return;
	mine.block[mine.n].lo = lo;
	mine.block[mine.n++].hi = (char *)lo + size;
}

static int
add_module(struct dl_phdr_info *module, size_t size, void *arg)
{
	(void)size, (void)arg;
	for (int i = 0; i < module->dlpi_phnum; i++)
		if (module->dlpi_phdr[i].p_type == PT_TLS)
			add_block(module->dlpi_tls_data, module->dlpi_phdr[i].p_memsz);
	return 0;
}

static void *
link_mine(void *arg)
{
	(void)arg;
	mine.next = all;
	mine.at = &all;
	if (all != NULL)
		all->at = &mine.next;
	all = &mine;
	return NULL;
}

static void *
unlink_mine(void *arg)
{
	(void)arg;
	*mine.at = mine.next;
	if (mine.next != NULL)
		mine.next->at = mine.at;
	return NULL;
}

static void
count(int by)
{
	pthread_mutex_lock(&count_lock);
	others += (unsigned)by;
	if (others == 0)
		pthread_cond_signal(&none_left);
	pthread_mutex_unlock(&count_lock);
}

void
goat_waitthreads(void)
{
	pthread_mutex_lock(&count_lock);
	while (others != 0)
		pthread_cond_wait(&none_left, &count_lock);
	pthread_mutex_unlock(&count_lock);
}

// The collector knows this thread: what is thread-local are roots, too.
static void
add_locals(void)
{
	goat_threadknown = true;
	mine.n = 0;
	dl_iterate_phdr(add_module, NULL);
#if defined(__x86_64__) && defined(__GLIBC__)
	// The thread's own structure begins with what it has set for the first keys.
	enum { HEAD = 0x600 };
	add_block(__builtin_thread_pointer(), HEAD);
#endif
	GC_call_with_alloc_lock(link_mine, NULL);
}

static void
enter(void)
{
	add_locals();
	goat_getg();
}

void *
goat_threadofm(void *stack_end)
{
	struct GC_stack_base base = { .mem_base = stack_end };

	GC_register_my_thread(&base);
	add_locals();
	return GC_get_my_stackbottom(&base);
}

void
goat_stackofthread(void *thread, uintptr_t end)
{
	struct GC_stack_base base = { .mem_base = (void *)end };

	GC_set_stackbottom(thread, &base);
}

void
goat_blocking(void *(*f)(void *), void *arg)
{
	GC_do_blocking(f, arg);
}

static void
leave(void *arg)
{
	(void)arg;
	goat_freeg();
	GC_call_with_alloc_lock(unlink_mine, NULL);
	count(-1);
}

static void
leave_foreign(void *arg)
{
	leave(arg);
	GC_unregister_my_thread();
	goat_threadknown = false;
}

void
goat_threadenter(void)
{
	struct GC_stack_base base;

	if (GC_get_stack_base(&base) != GC_SUCCESS)
		goat_fatal("runtime: no stack of this thread");
	GC_register_my_thread(&base);
	count(1);
	enter();
	pthread_setspecific(at_exit, &mine);
}

// The child of a fork has one thread.
static void
leave_others(void)
{
	mine.next = NULL;
	mine.at = &all;
	all = &mine;
	pthread_mutex_init(&count_lock, NULL);
	others = 0;
}

// Called when the collector has started, by the first thread: twice where libgoat.a is in the
// program and libgoat.so in one of its libraries.
void
goat_threadinit(void)
{
	if (push_stacks != NULL)
		return;
	push_stacks = GC_get_push_other_roots();
	GC_set_push_other_roots(push_roots);
	GC_allow_register_threads();
	note_where_stopped();
	pthread_key_create(&at_exit, leave_foreign);
	pthread_atfork(NULL, NULL, leave_others);
	enter();
}

struct start {
	void *(*fn)(void *);
	int (*c11)(void *);
	void *arg;
};

void *
goat_threadstart(void *arg)
{
	struct start s = *(struct start *)arg;
	void *result;

	GC_free(arg);
	count(1);
	enter();
	goat_threadcoming(-1);
	pthread_cleanup_push(leave, NULL);
	result = s.fn != NULL ? s.fn(s.arg) : (void *)(intptr_t)s.c11(s.arg);
	pthread_cleanup_pop(1);
	return result;
}

static int
create(pthread_t *thread, const pthread_attr_t *attr, struct start s)
{
	struct start *copy = GC_malloc_uncollectable(sizeof(*copy));
	int err;

	if (copy == NULL)
		return EAGAIN;
	*copy = s;
	goat_threadcoming(1);
	err = GC_pthread_create(thread, attr, goat_threadstart, copy);
	if (err != 0) {
		goat_threadcoming(-1);
		GC_free(copy);
	}
	return err;
}

int
goat_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	return create(thread, attr, (struct start){ .fn = fn, .arg = arg });
}

// The C library's thrd_join reads the result as an int from the pointer.
int
goat_thrd_create(thrd_t *thread, thrd_start_t fn, void *arg)
{
	switch (create(thread, NULL, (struct start){ .c11 = fn, .arg = arg })) {
	case 0:
		return thrd_success;
	case ENOMEM:
	case EAGAIN:
		return thrd_nomem;
	default:
		return thrd_error;
	}
}
