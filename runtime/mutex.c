// SPDX-License-Identifier: BSD-3-Clause
//
// mutex.c: mutual exclusion of goroutines.
//
// A mutex is in one of two modes. Normally who wakes up competes with those who come just then, and
// often loses: they run already, and may take it many times before anybody else would have woken.
// One who has waited for longer than a millisecond switches to starving: then unlocking hands it to
// the first in the queue, and those who come queue up. The last of the queue, or one who has waited
// for less, switches back.
//
// Go:    as internal/sync/mutex.go.
// Layer: wait.

#include "sync.h"

#include "sema.h"

enum {
	STARVING_NS = 1000000,
	SPINS = 4,                      // Go: active_spin
	PAUSES = 30,                    // Go: active_spin_cnt
};

int64_t goat_now(void);

void
goat_mutex_lock(goat_mutex *m)
{
	int32_t unlocked = 0;

	if (__builtin_expect(!__atomic_compare_exchange_n(&m->state, &unlocked, MUTEX_LOCKED, false,
							  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED), 0))
		goat_mutex_lockslow(m);
	goat_acquire(m);
}

bool
goat_mutex_trylock(goat_mutex *m)
{
	int32_t old = __atomic_load_n(&m->state, __ATOMIC_RELAXED);

	if (old & (MUTEX_LOCKED | MUTEX_STARVING) ||
	    !__atomic_compare_exchange_n(&m->state, &old, old | MUTEX_LOCKED, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	goat_acquire(m);
	return true;
}

static void
spin(void)
{
	for (int i = 0; i < PAUSES; i++)
		arch_pause();
}

// Who has been woken owns a mutex that starves, but it is not marked as locked.
static void
own(goat_mutex *m, int32_t old, bool starving)
{
	int32_t delta = MUTEX_LOCKED - MUTEX_WAITER;

	if (old & (MUTEX_LOCKED | MUTEX_WOKEN) || old < MUTEX_WAITER)
		goat_fatal("sync: inconsistent mutex state");
	if (!starving || old / MUTEX_WAITER == 1)
		delta -= MUTEX_STARVING;
	__atomic_add_fetch(&m->state, delta, __ATOMIC_ACQUIRE);
	goat_acquire(m);
}

void
goat_mutex_lockslow(goat_mutex *m)
{
	int64_t since = 0;
	bool starving = false, awoke = false;
	int spins = 0;
	int32_t old = __atomic_load_n(&m->state, __ATOMIC_RELAXED), new;

	for (;;) {
		if ((old & (MUTEX_LOCKED | MUTEX_STARVING)) == MUTEX_LOCKED &&
		    spins < SPINS && goat_canspin()) {
			// So that unlocking does not wake anybody meanwhile.
			if (!awoke && (old & MUTEX_WOKEN) == 0 && old >= MUTEX_WAITER &&
			    __atomic_compare_exchange_n(&m->state, &old, old | MUTEX_WOKEN, false,
							__ATOMIC_RELAXED, __ATOMIC_RELAXED))
				awoke = true;
			spin();
			spins++;
			old = __atomic_load_n(&m->state, __ATOMIC_RELAXED);
			continue;
		}
		new = old;
		if ((old & MUTEX_STARVING) == 0)
			new |= MUTEX_LOCKED;
		if (old & (MUTEX_LOCKED | MUTEX_STARVING))
			new += MUTEX_WAITER;
		// One that is not locked does not starve: unlocking it expects waiters.
		if (starving && old & MUTEX_LOCKED)
			new |= MUTEX_STARVING;
		if (awoke) {
			if ((new & MUTEX_WOKEN) == 0)
				goat_fatal("sync: inconsistent mutex state");
			new &= ~MUTEX_WOKEN;
		}
		if (!__atomic_compare_exchange_n(&m->state, &old, new, false, __ATOMIC_ACQUIRE,
						 __ATOMIC_RELAXED))
			continue;
		if ((old & (MUTEX_LOCKED | MUTEX_STARVING)) == 0)
			return goat_acquire(m);
		// Who has waited before is the first again.
		if (since == 0) {
			since = goat_now();
			goat_semacquire(&m->sema, false, GOAT_WAIT_MUTEX);
		} else {
			goat_semacquire(&m->sema, true, GOAT_WAIT_MUTEX);
		}
		starving = starving || goat_now() - since > STARVING_NS;
		old = __atomic_load_n(&m->state, __ATOMIC_RELAXED);
		if (old & MUTEX_STARVING)
			return own(m, old, starving);
		awoke = true;
		spins = 0;
	}
}

void
goat_mutex_unlock(goat_mutex *m)
{
	int32_t now;

	goat_release(m);
	now = __atomic_sub_fetch(&m->state, MUTEX_LOCKED, __ATOMIC_RELEASE);
	if (__builtin_expect(now != 0, 0))
		goat_mutex_unlockslow(m, now);
}

void
goat_mutex_unlockslow(goat_mutex *m, int32_t now)
{
	if (((now + MUTEX_LOCKED) & MUTEX_LOCKED) == 0)
		goat_fatal("sync: unlock of unlocked mutex");
	if (now & MUTEX_STARVING)
		return goat_semrelease(&m->sema, true);
	// Until nobody waits, or somebody has come who will see to it.
	while (now >= MUTEX_WAITER && (now & (MUTEX_LOCKED | MUTEX_WOKEN | MUTEX_STARVING)) == 0)
		if (__atomic_compare_exchange_n(&m->state, &now,
						(now - MUTEX_WAITER) | MUTEX_WOKEN, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return goat_semrelease(&m->sema, false);
}
