// run
// Faults of the processor are panics: recovered, the program goes on, however often.
#include <goat.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

static int *volatile nil;
static void (*volatile no_function)(void);
static volatile int zero, least = -2147483647 - 1, minus = -1;
static volatile long lzero, lleast = -9223372036854775807 - 1;
static volatile unsigned uzero;
static volatile signed char czero;
static struct { char pad[4000]; int x; } *volatile far;
static struct triple { int a[3]; } *volatile from;
static volatile struct triple to;
static volatile int sink;

static void load(void) { sink = *nil; }
static void store(void) { *nil = 1; }
static void far_load(void) { sink = far->x; }
static void copied(void) { to = *from; }
static void call_nothing(void) { no_function(); }
static void divide(void) { sink = 1 / zero; }
static void modulo(void) { sink = 1 % zero; }
static void divide_long(void) { sink = (int)(1 / lzero); }
static void divide_unsigned(void) { sink = (int)(1 / uzero); }
static void divide_char(void) { sink = 1 / czero; }
static void too_large(void) { sink = least / minus; }
static void too_large_long(void) { sink = (int)(lleast / minus); }
static void in_library(void) { sink = (int)strlen((char *)nil); }
static void in_printf(void) { char text[8]; sink = snprintf(text, sizeof text, "%s", (char *)nil + 8); }

static void handler(int sig)
{
	(void)sig;
	panic("in a signal handler");
}

static void raises(void)
{
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
}

static const struct { const char *name; void (*f)(void); } cases[] = {
	{ "load", load }, { "store", store }, { "far load", far_load }, { "copy", copied },
	{ "call", call_nothing }, { "divide", divide }, { "modulo", modulo },
	{ "divide long", divide_long }, { "divide unsigned", divide_unsigned },
	{ "divide char", divide_char }, { "too large", too_large },
	{ "too large long", too_large_long }, { "strlen", in_library }, { "printf", in_printf },
	{ "handler", raises }, { "handler", raises },
};

// A variable that lives in a register, and one that the fault must have left behind.
static int guarded(const char *name, void (*f)(void))
{
	result(int, r);
	int kept = (int)strlen(name);

	defer {
		any v = recover();
		goat_error e;
		string s = { 0 };

		if (type_assert_ok(v, goat_error, &e))
			s = call(e, Error);
		else if (!is_nil(v))
			s = type_assert(v, string);
		if (name[0] != '-')
			printf("%s: %.*s\n", name, STR(s));
		r += kept;
	}
	r = 1000;
	f();
	r = 0;
	return r;
}

static void *many(void *arg)
{
	for (int i = 0; i < 300; i++)
		if (guarded("-", cases[i % 12].f) != 1001)
			return NULL;
	return arg;
}

int main(void)
{
	pthread_t t[4];
	void *result;
	int good = 0;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (guarded(cases[i].name, cases[i].f) != 1000 + (int)strlen(cases[i].name))
			printf("%s: a wrong result\n", cases[i].name);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, many, &good);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &result);
		good += result != NULL;
	}
	printf("%d threads\n", good);
	return 0;
}
