// run
// What unwinds the stack beside panics: pthread_exit, pthread_cancel, C's cleanup attribute,
// longjmp. Deferred code runs, and recover() gives nil where there is no panic.
#include <goat.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <unistd.h>

static void say(const char *what, any v)
{
	string s;

	if (type_assert_ok(v, string, &s))
		printf("%s: %.*s\n", what, STR(s));
	else
		printf("%s: %s\n", what, is_nil(v) ? "nil" : "another");
}

static void cleaned(const char **what)
{
	printf("cleanup %s\n", *what);
}

// Variables are cleaned up when their blocks end, which is before the function does.
static void mixed(bool fails)
{
	const char *outer __attribute__((cleanup(cleaned))) = "outer";

	defer say("deferred first", recover());
	{
		const char *inner __attribute__((cleanup(cleaned))) = "inner";

		defer puts("deferred second");
		if (fails)
			panic("mixed");
	}
	puts("mixed ends");
}

static void below(void)
{
	const char *plain __attribute__((cleanup(cleaned))) = "below";

	mixed(true);
}

static void cleanups(void)
{
	mixed(false);
	defer { say("recovered", recover()); }
	below();
}

static void *exits(void *arg)
{
	defer { say("pthread_exit, block", recover()); }
	defer say("pthread_exit, call", recover());
	pthread_exit(arg);
}

static void exit_fails(void *arg)
{
	defer { panic("while exiting"); }
	pthread_exit(arg);
}

// A panic that is recovered does not stop pthread_exit: the function does not return.
static void exit_recovers(void *arg)
{
	defer { say("recovered", recover()); }
	exit_fails(arg);
	puts("not reached");
}

static void *exits_through(void *arg)
{
	defer puts("still exiting");
	exit_recovers(arg);
	puts("not reached");
	return NULL;
}

static pthread_barrier_t ready;

static void *waits(void *arg)
{
	defer { say("cancelled", recover()); }
	pthread_barrier_wait(&ready);
	for (;;)
		pause();
	return arg;
}

static void *goexits(void *arg)
{
	defer { say("goexit", recover()); }
	goat_goexit();
	return arg;
}

static void goexit_fails(void)
{
	defer { panic("in goexit"); }
	goat_goexit();
}

static void *goexits_on(void *arg)
{
	defer puts("goexit goes on");
	{
		defer { say("recovered", recover()); }
		goexit_fails();
	}
	puts("not reached");
	return arg;
}

static void *key_value(void *arg)
{
	defer puts("a thread that only returns");
	return arg;
}

static void in_thread(void *(*f)(void *), const char *what)
{
	pthread_t t;
	void *result = "?";

	pthread_create(&t, NULL, f, "result");
	if (f == waits) {
		pthread_barrier_wait(&ready);
		pthread_cancel(t);
	}
	pthread_join(t, &result);
	printf("%s joined: %s\n", what,
	       result == NULL ? "NULL" : result == PTHREAD_CANCELED ? "cancelled" : (char *)result);
}

static jmp_buf out;

static void jumps(void)
{
	defer { longjmp(out, 1); }
	panic("left by longjmp");
}

static void after_a_jump(void)
{
	if (setjmp(out) == 0)
		jumps();
	puts("back by longjmp");
	defer { say("a panic after that", recover()); }
	panic("new");
}

static int compare(const void *a, const void *b)
{
	const char *cmp __attribute__((cleanup(cleaned))) = "in compare";

	if (*(const int *)a == 3)
		panic("three");
	return *(const int *)a - *(const int *)b;
}

static void sorts(void)
{
	int xs[] = { 3, 2 };

	defer { say("through qsort", recover()); }
	qsort(xs, 2, sizeof *xs, compare);
}

int main(void)
{
	setlinebuf(stdout);
	pthread_barrier_init(&ready, NULL, 2);
	cleanups();
	in_thread(exits, "pthread_exit");
	in_thread(exits_through, "pthread_exit with a panic");
	in_thread(waits, "pthread_cancel");
	in_thread(goexits, "goexit");
	in_thread(goexits_on, "goexit with a panic");
	in_thread(key_value, "return");
	after_a_jump();
	sorts();
	return 0;
}
