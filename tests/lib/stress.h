// SPDX-License-Identifier: GPL-3.0-or-later
//
// stress.h: what the programs of tests/stress share that are made of goroutines: starting them, saying
// what is wrong, and rounds that TEST_SEED replays, as far as the scheduler does.
//
// They are compiled without the plugin, and call what compiled code would call.
//
// Layer: tests.

#ifndef GOAT_TESTS_STRESS_H
#define GOAT_TESTS_STRESS_H

#include "runtime2.h"
#include "sync.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "rng.h"

int goat_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
void goat_yield(void);
void goat_sleep(int64_t ns);

static long trouble;            // how much was wrong; atomic

static inline void
check(bool right, const char *what, long a, long b)
{
	if (right)
		return;
	fprintf(stderr, "%s: %s: %ld, %ld\n", program_invocation_short_name, what, a, b);
	__atomic_add_fetch(&trouble, 1, __ATOMIC_RELAXED);
}

// ---------------------------------------------------------------- goroutines and threads

struct job {
	void (*f)(void *self);
	void *self;
	goat_waitgroup *done;
};

static inline void
run(void *arg)
{
	struct job *j = arg;

	j->f(j->self);
	goat_waitgroup_done(j->done);
}

static inline void *
run_thread(void *arg)
{
	struct job j = *(struct job *)arg;

	free(arg);
	run(&j);
	return NULL;
}

// f(self) in a goroutine. SELF must be known to the collector otherwise.
static inline void
start(goat_waitgroup *done, void (*f)(void *), void *self)
{
	struct job j = { f, self, done };

	goat_waitgroup_add(done, 1);
	goat_newproc(run, &j, sizeof j);
}

// The same; one of N is a thread.
static inline void
start_mixed(uint64_t *rng, unsigned n, goat_waitgroup *done, void (*f)(void *), void *self)
{
	struct job *j;
	pthread_attr_t detached;
	pthread_t thread;

	if (rng_below(rng, n) != 0)
		return start(done, f, self);
	goat_waitgroup_add(done, 1);
	j = malloc(sizeof *j);
	*j = (struct job){ f, self, done };
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	if (goat_pthread_create(&thread, &detached, run_thread, j) != 0)
		abort();
	pthread_attr_destroy(&detached);
}

// ---------------------------------------------------------------- rounds

struct part {
	const char *name;
	void (*f)(uint64_t *rng);
};

// All parts, up to a NULL, so many times, or until something is wrong.
static inline void
rounds(const struct part *part, int n, uint64_t seed)
{
	uint64_t rng = seed;

	for (int i = 0; i < n; i++)
		for (const struct part *p = part; p->f != NULL; p++) {
			p->f(&rng);
			if (trouble == 0)
				continue;
			fprintf(stderr, "in `%s`, round %d, TEST_SEED=%llu\n", p->name, i,
				(unsigned long long)seed);
			return;
		}
}

#endif
