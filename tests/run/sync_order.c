// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What waits for each other: who is served first, once after a panic and after goexit, a wait group
// that is used again, the same with threads that are not the scheduler's.
#include <goat.h>
#include <pthread.h>

typedef chan(int) ints;

static goat_mutex printing;
static ints log;

static void
note(int what)
{
	chan_send(log, what);
}

static void
show(const char *what, int n)
{
	printf("%s:", what);
	while (n-- > 0)
		printf(" %d", chan_recv(log));
	printf("\n");
}

// Long enough for the others to park: nothing here depends on it but that a wrong order is seen.
static void
let_them_park(void)
{
	for (int i = 0; i < 20; i++)
		goat_yield();
	goat_sleep(5000000);
}

static void
lock_and_note(goat_mutex *m, int id)
{
	goat_mutex_lock(m);
	note(id);
	goat_mutex_unlock(m);
}

static void
in_order(void)
{
	goat_mutex m = { 0 };

	goat_mutex_lock(&m);
	for (int i = 1; i <= 5; i++) {
		go lock_and_note(&m, i);
		let_them_park();
	}
	// For longer than a millisecond, so that it is handed from one to the next.
	goat_mutex_unlock(&m);
	show("mutex", 5);
}

static void
writer_first(void)
{
	goat_rwmutex m = { 0 };

	goat_rwmutex_rlock(&m);
	goat_rwmutex_rlock(&m);
	go {
		goat_rwmutex_lock(&m);
		note(1);
		goat_yield();
		note(2);
		goat_rwmutex_unlock(&m);
	}
	let_them_park();
	for (int i = 0; i < 3; i++)
		go {
			goat_rwmutex_rlock(&m);         // behind the writer that waits
			note(3);
			goat_rwmutex_runlock(&m);
		}
	let_them_park();
	note(0);
	goat_rwmutex_runlock(&m);
	goat_rwmutex_runlock(&m);
	show("rwmutex", 6);
}

static int runs;

static void
run_panics(void)
{
	runs++;
	panic("in once");
}

static void
run_exits(void)
{
	runs++;
	goat_goexit();
}

static void
try_once(goat_once *once, void (*f)(void))
{
	defer {
		any v = recover();

		note(is_nil(v) ? runs : 100 + runs);
	}
	goat_once_do(once, f);
}

static void
once_only(void)
{
	goat_once first = { 0 }, second = { 0 };

	try_once(&first, run_panics);
	try_once(&first, run_panics);
	show("once", 2);
	runs = 0;
	for (int i = 0; i < 3; i++) {
		go try_once(&second, run_exits);
		let_them_park();
	}
	show("once", 3);
}

static void
groups(void)
{
	goat_waitgroup wg = { 0 };

	for (int round = 1; round <= 3; round++) {
		int sum = 0;

		goat_waitgroup_add(&wg, round);
		for (int i = 0; i < round; i++)
			go {
				goat_mutex_lock(&printing);
				sum++;
				goat_mutex_unlock(&printing);
				goat_waitgroup_done(&wg);
			}
		goat_waitgroup_wait(&wg);
		note(sum);
	}
	show("waitgroup", 3);
}

struct shared {
	goat_mutex m;
	goat_waitgroup wg;
	ints c;
	int count;
};

static void *
thread(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < 1000; i++) {
		goat_mutex_lock(&s->m);
		s->count++;
		goat_mutex_unlock(&s->m);
		chan_send(s->c, 1);
	}
	goat_waitgroup_done(&s->wg);
	return NULL;
}

static void
with_threads(void)
{
	struct shared *s = new(struct shared, .c = make(ints, 2));
	pthread_t t[3];
	int sum = 0;

	goat_waitgroup_add(&s->wg, 6);
	for (int i = 0; i < 3; i++) {
		pthread_create(&t[i], NULL, thread, s);
		go thread(s);
	}
	go {
		goat_waitgroup_wait(&s->wg);
		chan_close(s->c);
	}
	chan_range (s->c, v)
		sum += v;
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	printf("threads: %d %d\n", s->count, sum);
}

int
main(void)
{
	log = make(ints, 10);
	in_order();
	writer_first();
	once_only();
	groups();
	with_threads();
	return 0;
}
