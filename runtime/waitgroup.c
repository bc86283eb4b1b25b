// SPDX-License-Identifier: BSD-3-Clause
//
// waitgroup.c: waiting until a counter is 0.
//
// Go:    as sync/waitgroup.go, to the letter where it speaks.
// Layer: wait.

#include "sync.h"

#include "error.h"
#include "sema.h"

static inline int32_t
counter(uint64_t state)
{
	return (int32_t)(state >> 32);
}

// Those who wait, at 0. Nobody may change the state any more who uses it as intended.
static __attribute__((noinline)) void
goat_waitgroupwake(goat_waitgroup *wg, uint64_t state)
{
	if (__atomic_load_n(&wg->state, __ATOMIC_RELAXED) != state)
		goat_panicstring("sync: WaitGroup misuse: Add called concurrently with Wait");
	__atomic_store_n(&wg->state, 0, __ATOMIC_RELEASE);
	for (uint32_t n = (uint32_t)state; n > 0; n--)
		goat_semrelease(&wg->sema, false);
}

void
goat_waitgroup_add(goat_waitgroup *wg, int n)
{
	uint64_t state;

	goat_release(wg);
	state = __atomic_add_fetch(&wg->state, (uint64_t)n << 32, __ATOMIC_ACQ_REL);
	if (__builtin_expect(counter(state) < 0, 0))
		goat_panicstring("sync: negative WaitGroup counter");
	if ((uint32_t)state == 0)
		return;
	if (__builtin_expect(n > 0 && counter(state) == n, 0))
		goat_panicstring("sync: WaitGroup misuse: Add called concurrently with Wait");
	if (counter(state) == 0)
		goat_waitgroupwake(wg, state);
}

void
goat_waitgroup_done(goat_waitgroup *wg)
{
	goat_waitgroup_add(wg, -1);
}

void
goat_waitgroup_wait(goat_waitgroup *wg)
{
	uint64_t state = __atomic_load_n(&wg->state, __ATOMIC_ACQUIRE);

	do
		if (counter(state) == 0)
			return goat_acquire(wg);
	while (!__atomic_compare_exchange_n(&wg->state, &state, state + 1, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE));
	goat_semacquire(&wg->sema, false, GOAT_WAIT_WAITGROUP);
	goat_acquire(wg);
	if (__atomic_load_n(&wg->state, __ATOMIC_ACQUIRE) != 0)
		goat_panicstring("sync: WaitGroup is reused before previous Wait has returned");
}
