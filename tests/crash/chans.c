// SPDX-License-Identifier: GPL-3.0-or-later
//
// chans.c: misuse of channels and of what synchronises, and waiting for what never comes. The words are
// those of Go.

#include <goat.h>
#include <stdlib.h>
#include <string.h>

typedef chan(int) ints;

static goat_mutex mutex;
static goat_rwmutex rwmutex;
static goat_waitgroup group;
static goat_once once;
static ints open, full, nil;
static void (*volatile no_function)(void);

static void
again(void)
{
	goat_once_do(&once, again);
}

static void
send_parked(ints c)
{
	chan_send(c, 1);
}

static void
recovered(void)
{
	defer {
		any v = recover();
		string s;
		goat_error e;

		if (type_assert_ok(v, string, &s))
			printf("a string: %.*s\n", STR(s));
		else if (type_assert_ok(v, goat_error, &e)) {
			s = call(e, Error);
			printf("an error: %.*s\n", STR(s));
		}
		panic(v);
	}
	goat_waitgroup_done(&group);
}

static void
recovered_error(void)
{
	defer {
		goat_error e = type_assert(recover(), goat_error);
		string s = call(e, Error);

		printf("an error: %.*s\n", STR(s));
	}
	chan_close(nil);
}

typedef struct worker {
	int id;
} worker;

method int
worker_Id(worker *w)
{
	return w->id;
}

#define CASE(name) if (strcmp(which, #name) == 0)

int
main(int argc, char **argv)
{
	const char *which = argc > 1 ? argv[1] : "";
	int n = -1;

	open = make(ints);
	full = make(ints, 1);
	chan_send(full, 1);
	CASE (send_closed) {
		chan_close(full);
		chan_send(full, 2);
	}
	CASE (select_closed) {
		chan_close(open);
		chan_select {
		case_send (open, 1) {
		}
		case_recv (nil) {
		}
		}
	}
	CASE (parked_closed) {
		go send_parked(open);
		goat_yield();
		goat_sleep(10000000);
		chan_close(open);
		goat_sleep(1000000000);
	}
	CASE (go_nil) {
		go no_function();
		goat_sleep(1000000000);
	}
	CASE (exits_after_main) {
		go {
			goat_sleep(10000000);
			printf("the other one\n");
			exit(3);
		}
		goat_goexit();
	}
	CASE (close_closed) {
		chan_close(open);
		chan_close(open);
	}
	CASE (close_nil)
		chan_close(nil);
	CASE (negative_size)
		open = make(ints, n);
	CASE (close_nil_error)
		recovered_error();
	CASE (mutex_unlocked)
		goat_mutex_unlock(&mutex);
	CASE (mutex_unlocked_twice) {
		goat_mutex_lock(&mutex);
		goat_mutex_unlock(&mutex);
		goat_mutex_unlock(&mutex);
	}
	CASE (not_locked_for_writing) {
		goat_rwmutex_rlock(&rwmutex);
		goat_rwmutex_unlock(&rwmutex);
	}
	CASE (not_locked_for_reading)
		goat_rwmutex_runlock(&rwmutex);
	CASE (locked_for_writing) {
		goat_rwmutex_lock(&rwmutex);
		goat_rwmutex_runlock(&rwmutex);
	}
	CASE (negative_counter)
		goat_waitgroup_done(&group);
	CASE (negative_counter_string)
		recovered();
	CASE (waits_for_itself)
		again();
	CASE (receives)
		chan_recv(open);
	CASE (sends)
		chan_send(full, 2);
	CASE (receives_nil)
		chan_recv(nil);
	CASE (sends_nil)
		chan_send(nil, 1);
	CASE (selects) {
		chan_select {
		case_recv (open) {
		}
		case_send (full, 1) {
		}
		}
	}
	CASE (selects_nothing) {
		chan_select {
		}
	}
	CASE (locks_twice) {
		goat_mutex_lock(&mutex);
		goat_mutex_lock(&mutex);
	}
	CASE (reads_and_writes) {
		goat_rwmutex_rlock(&rwmutex);
		goat_rwmutex_lock(&rwmutex);
	}
	CASE (writes_and_reads) {
		goat_rwmutex_lock(&rwmutex);
		goat_rwmutex_rlock(&rwmutex);
	}
	CASE (waits) {
		goat_waitgroup_add(&group, 1);
		goat_waitgroup_wait(&group);
	}
	return 0;
}
