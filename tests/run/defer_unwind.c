// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Deferred code on the ways out that are no return: panics, setjmp, the end of a thread, and the
// cleanup attribute on the way. Variables with the attribute are cleaned up when their block ends, so
// before the function's deferred code runs, and in the order of the blocks with block_defer.
#include <goat.h>
#include <pthread.h>
#include <setjmp.h>
#include <unistd.h>

static char log_[4096];

static void
say(const char *s)
{
	strcat(log_, s);
	strcat(log_, " ");
}

static void
num(int n)
{
	sprintf(log_ + strlen(log_), "%d ", n);
}

static void
done(const char *name)
{
	size_t n = strlen(log_);

	printf("%s: %.*s\n", name, (int)(n > 0 ? n - 1 : 0), log_);
	log_[0] = 0;
}

static jmp_buf env;

static int
jumps(void)
{
	volatile int tries = 0;
	result(int, r);

	defer { r += tries; say("jumped"); }
	if (setjmp(env) < 2) {
		defer num(tries);
		tries++;
		longjmp(env, tries);
	}
	defer say("after");
	return 40;
}

static void
cleaned(int *p)
{
	num(*p);
}

static void
cleanup_order(void)
{
	__attribute__((cleanup(cleaned))) int a = 1;

	defer say("d1");
	{
		__attribute__((cleanup(cleaned))) int b = 2;

		defer say("d2");
	}
	__attribute__((cleanup(cleaned))) int c = 3;
	defer { say("d3"); num(c); }
}

static int
cleanup_panic(void)
{
	result(int, r);

	defer { if (!is_nil(recover())) r = 9; }
	__attribute__((cleanup(cleaned))) int a = 1;
	{
		__attribute__((cleanup(cleaned))) int b = 2;

		block_defer say("bd");
		defer say("fd");
		panic("x");
	}
	return 3;
}

static void
inner_panics(void)
{
	defer { say(is_nil(recover()) ? "nil" : "outer"); }
	defer {
		defer { any v = recover(); say(is_nil(v) ? "none" : type_assert(v, string).ptr); }
		panic("second");
	}
	panic("first");
}

_Noreturn static void
leaves(void)
{
	defer say("noreturn defer");
	panic("leave");
}

static void
catches(void)
{
	defer { recover(); say("caught"); }
	leaves();
}

static int
loop_panic(int n)
{
	result(int, r);
	for (int i = 0; i < n; i++) {
		defer {
			any v = recover();
			if (!is_nil(v))
				r += type_assert(v, int);
			if (i == 2)
				panic(i * 100);
		}
	}
	panic(7);
}

static void *
thread(void *arg)
{
	defer say("thread");
	(void)arg;
	{
		block_defer say("tb");
		pthread_exit((void *)5);
	}
}

static void *
spin(void *arg)
{
	int *ready = arg;
	defer { say("cancelled"); }
	defer say("call");
	__atomic_store_n(ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		sleep(1);
	return NULL;
}

int main(void)
{
	num(jumps());
	done("setjmp");
	cleanup_order();
	done("cleanup");
	num(cleanup_panic());
	done("cleanup and panic");
	inner_panics();
	done("inner panics");
	catches();
	done("noreturn");
	num(loop_panic(4));
	done("loop panic");
	pthread_t t;
	void *v;
	int ready = 0;
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, &v);
	num((long)v);
	done("thread");
	pthread_create(&t, NULL, spin, &ready);
	while (!__atomic_load_n(&ready, __ATOMIC_SEQ_CST))
		usleep(1000);
	pthread_cancel(t);
	pthread_join(t, &v);
	num(v == PTHREAD_CANCELED);
	done("cancel");
	return 0;
}
