// SPDX-License-Identifier: GPL-3.0-or-later
//
// cxx.c: panics through C++ and exceptions through C. The other half is through.cc.

#include <goat.h>
#include <pthread.h>

void through(void (*f)(void));
const char *catch_all(void (*f)(void));
const char *catch_string(void (*f)(void));
void rethrow(void (*f)(void));
void throw_string(void);

static void fails(void) { panic("failed"); }
static int *volatile nil;
static void faults(void) { *nil = 1; }

static void say(const char *what, any v)
{
	string s;
	goat_error e;

	if (type_assert_ok(v, string, &s) ||
	    (type_assert_ok(v, goat_error, &e) && (s = call(e, Error)).len > 0))
		printf("%s: %.*s\n", what, STR(s));
	else
		printf("%s: nil\n", what);
}

static void guarded(const char *what, void (*f)(void))
{
	defer { say(what, recover()); }
	f();
	puts("returned");
}

static void panics_through(void) { through(fails); }
static void faults_through(void) { through(faults); }
static void twice_through(void) { through(panics_through); }
static void rethrown(void) { rethrow(fails); }

static void cleans_up_and_fails(void)
{
	defer { through(fails); }
	panic("first");
}

static void throws(void)
{
	defer { say("an exception passes", recover()); }
	throw_string();
}

static void *thread(void *arg)
{
	defer say("thread", recover());
	through((void (*)(void))arg);
	return NULL;
}

int main(void)
{
	pthread_t t;

	setlinebuf(stdout);
	guarded("through C++", panics_through);
	guarded("a fault through C++", faults_through);
	guarded("twice", twice_through);
	guarded("rethrown", rethrown);
	guarded("a second one", cleans_up_and_fails);
	puts(catch_all(fails));
	puts(catch_all(throws));
	puts(catch_string(throws));
	guarded("and then", fails);
	pthread_create(&t, NULL, thread, (void *)goat_goexit);
	pthread_join(t, NULL);
	return 0;
}
