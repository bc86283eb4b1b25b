// SPDX-License-Identifier: BSD-3-Clause
//
// rwmutex.c: many readers or one writer.
//
// A writer first locks out the others, then makes the count of readers negative, so that those who
// come now wait, and waits itself for those who read already.
//
// Go:    as sync/rwmutex.go.
// Layer: wait.

#include "sync.h"

#include "sema.h"

void
goat_rwmutex_rlock(goat_rwmutex *m)
{
	if (__builtin_expect(__atomic_add_fetch(&m->readers, 1, __ATOMIC_ACQUIRE) < 0, 0))
		goat_semacquire(&m->readersem, false, GOAT_WAIT_RWMUTEX_R);
	goat_acquire(&m->readersem);
}

static __attribute__((noinline)) void
goat_runlockslow(goat_rwmutex *m, int32_t now)
{
	if (now + 1 == 0 || now + 1 == -RWMUTEX_MAX)
		goat_fatal("sync: RUnlock of unlocked RWMutex");
	if (__atomic_sub_fetch(&m->leaving, 1, __ATOMIC_ACQ_REL) == 0)
		goat_semrelease(&m->writersem, false);
}

void
goat_rwmutex_runlock(goat_rwmutex *m)
{
	int32_t now;

	goat_release(&m->writersem);
	now = __atomic_sub_fetch(&m->readers, 1, __ATOMIC_RELEASE);
	if (__builtin_expect(now < 0, 0))
		goat_runlockslow(m, now);
}

void
goat_rwmutex_lock(goat_rwmutex *m)
{
	int32_t reading;

	goat_mutex_lock(&m->w);
	reading = __atomic_fetch_sub(&m->readers, RWMUTEX_MAX, __ATOMIC_ACQ_REL);
	// Those who have left since have counted below 0.
	if (reading != 0 && __atomic_add_fetch(&m->leaving, reading, __ATOMIC_ACQ_REL) != 0)
		goat_semacquire(&m->writersem, false, GOAT_WAIT_RWMUTEX);
	goat_acquire(&m->readersem);
	goat_acquire(&m->writersem);
}

void
goat_rwmutex_unlock(goat_rwmutex *m)
{
	int32_t waiting;

	goat_release(&m->readersem);
	waiting = __atomic_add_fetch(&m->readers, RWMUTEX_MAX, __ATOMIC_RELEASE);
	if (waiting >= RWMUTEX_MAX)
		goat_fatal("sync: Unlock of unlocked RWMutex");
	while (waiting-- > 0)
		goat_semrelease(&m->readersem, false);
	goat_mutex_unlock(&m->w);
}
