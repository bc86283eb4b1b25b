// SPDX-License-Identifier: BSD-3-Clause
//
// pool.c: workers that share a channel of jobs, and a caller who does not wait for ever.
//
// Each job carries the channel on which it wants its answer, with room for one: a worker that comes
// too late leaves its answer there, and waits for nobody.
#include <goat.h>

typedef chan(int) answers;
typedef struct Job { int number, takes_ms; answers answer; } Job;
typedef chan(Job) jobs;

enum { WORKERS = 3, MS = 1000000 };

static void work(jobs in, goat_waitgroup *working)
{
	defer goat_waitgroup_done(working);
	chan_range (in, job) {
		goat_sleep((int64_t)job.takes_ms * MS);
		chan_send(job.answer, job.number * job.number);
	}
}

// The square of a number, if some worker has it in time.
static bool square(jobs pool, int number, int takes_ms, int patience_ms, int *answer)
{
	Job job = { number, takes_ms, make(answers, 1) };
	chan(int64_t) timeout = goat_after((int64_t)patience_ms * MS);

	chan_select {
	case_send (pool, job) {
	}
	case_recv (timeout) {
		return false;           // all are busy
	}
	}
	chan_select {
	case_recv (job.answer, n) {
		*answer = n;
		return true;
	}
	case_recv (timeout) {
		return false;
	}
	}
	return false;
}

int main(void)
{
	static const struct { int number, takes_ms; } asked[] = {
		{ 3, 0 }, { 4, 1 }, { 5, 20000 }, { 6, 0 }, { 7, 2 },
	};
	jobs pool = make(jobs);
	goat_waitgroup working = { 0 };
	goat_mutex printing = { 0 };
	int done = 0, late = 0;

	for (int i = 0; i < WORKERS; i++) {
		goat_waitgroup_add(&working, 1);
		go work(pool, &working);
	}
	for (int i = 0; i < 5; i++) {
		int n;

		if (square(pool, asked[i].number, asked[i].takes_ms, 500, &n))
			printf("%d squared is %d\n", asked[i].number, n);
		else
			printf("%d squared takes too long\n", asked[i].number);
	}

	// Many callers at once. Each block has a number of its own.
	goat_waitgroup calling = { 0 };
	for (int i = 0; i < 40; i++) {
		int number = i;

		goat_waitgroup_add(&calling, 1);
		go {
			defer goat_waitgroup_done(&calling);
			int n = 0;
			bool ok = square(pool, number, 1, 10000, &n);

			goat_mutex_lock(&printing);
			defer goat_mutex_unlock(&printing);
			if (ok && n == number * number)
				done++;
			else
				late++;
		}
	}
	goat_waitgroup_wait(&calling);
	printf("%d done, %d late\n", done, late);
	chan_close(pool);               // who is free ends; the slow one is still at it
	return 0;
}
