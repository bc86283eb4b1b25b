// SPDX-License-Identifier: GPL-3.0-or-later
//
// panics.c: panics that nobody recovers. The reports are Go's of the same program, closures aside,
// which are functions of their own there.

#include <goat.h>
#include <pthread.h>
#include <stdlib.h>

typedef struct Failure {
	int code;
} Failure;

method string Failure_Error(Failure f) { return f.code == 1 ? str("code 1\nof two lines") : str("another"); }

typedef struct Name {
	const char *text;
} Name;

method string Name_String(Name n) { return str(n.text); }

typedef struct Angry {
	int x;
} Angry;

method string Angry_Error(Angry a)
{
	(void)a;
	panic("in Error");
}

typedef struct Calm {
	int x;
} Calm;

static void calms(void)
{
	defer { recover(); }
	panic("inside");
}

method string Calm_Error(Calm c)
{
	(void)c;
	calms();
	return str("calm");
}

typedef int Meters;

method int Meters_Twice(Meters m) { return 2 * m; }

typedef struct Point {
	int x, y;
} Point;

static void text(void) { panic("two\nlines"); }
static void integer(void) { panic(as(any, -42)); }
static void byte(void) { panic(as(any, (unsigned char)200)); }
static void real(void) { panic(as(any, 1e100)); }
static void real3(void) { panic(as(any, 1234567.0)); }
static void truth(void) { panic(as(any, (bool)true)); }
static void named(void) { Meters m = 3; panic(as(any, m)); }
static void record(void) { panic(as(any, ((Point){ 1, 2 }))); }
static void error(void) { panic(as(any, (Failure){ 1 })); }
static void stringer(void) { panic(as(any, (Name){ "Fred" })); }
static void angry(void) { panic(as(any, (Angry){ 1 })); }
static void calm(void) { panic(as(any, (Calm){ 1 })); }
static void nothing(void) { panic((any){ 0 }); }

static void twice(void)
{
	defer { panic("second"); }
	panic("first");
}

static void thrice(void)
{
	defer { panic("third"); }
	defer { panic("second"); }
	panic("first");
}

static void again(void)
{
	defer { panic(recover()); }
	panic("first");
}

static void other(void)
{
	defer {
		recover();
		panic("other");
	}
	panic("first");
}

static void inner(void)
{
	defer { recover(); }
	panic("inner");
}

static void unharmed(void)
{
	defer inner();
	panic("outer");
}

static void raise_second(void)
{
	panic("second");
}

static void called(void)
{
	defer raise_second();
	panic("first");
}

static void exits(void)
{
	defer { panic("in goexit"); }
	goat_goexit();
}

static void exits_again(void)
{
	defer { recover(); puts("not done yet"); }
	exits();
	puts("not reached");
}

static void replaced(void)
{
	defer { panic("last"); }
	defer {
		defer { recover(); }
		panic("recovered");
	}
	panic("first");
}

static int compare(const void *a, const void *b)
{
	(void)a, (void)b;
	panic("cannot compare");
}

static void sorts(void)
{
	int xs[] = { 3, 1, 2 };

	qsort(xs, 3, sizeof *xs, compare);
}

static void *body(void *arg)
{
	defer puts("the thread's deferred code");
	(void)arg;
	panic("in a thread");
}

static void thread(void)
{
	pthread_t t;

	defer puts("not of this thread");
	pthread_create(&t, NULL, body, NULL);
	pthread_join(t, NULL);
}

static inline __attribute__((always_inline)) void inlined(void) { panic("inlined"); }
static void inlines(void) { inlined(); }

static void down(int n)
{
	if (n == 0)
		panic("deep");
	down(n - 1);
	puts("");
}

static void deep(void) { down(150); }

#define CASE(f) if (strcmp(argv[1], #f) == 0) f()
int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOFBF, 1000);            // what is in it comes before the report
	defer puts("main leaves");
	if (argc < 2) return 1;
	CASE(text); CASE(integer); CASE(byte); CASE(real); CASE(real3); CASE(truth); CASE(named);
	CASE(record); CASE(error); CASE(stringer); CASE(angry); CASE(calm); CASE(nothing);
	CASE(twice); CASE(thrice); CASE(again); CASE(other); CASE(unharmed); CASE(called);
	CASE(exits); CASE(exits_again); CASE(replaced); CASE(sorts); CASE(thread);
	CASE(inlines); CASE(deep);
	return 0;
}
