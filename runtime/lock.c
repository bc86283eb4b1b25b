// SPDX-License-Identifier: BSD-3-Clause
//
// lock.c: what is below the scheduler: locks that spin, and futexes.
//
// A goat_lock guards a few instructions, so who finds it taken spins; if that lasts, the holder's
// thread does not run, and the spinner gives up the processor. To release it is a plain store,
// which saves an atomic instruction (5 ns here) against a lock whose waiters sleep.
//
// Who finds it taken stays away for a while, 1.6 us here, even if it may be free the next moment: what it guards
// comes to another processor in 50 to 100 ns, and two that take turns pay that each time. In that time the other one
// does a hundred things with the lock. Four goroutines that send to four, on two processors: 16 to 40 ns a value,
// not 110 to 250; 10000 that are started and end: 230 ns each, not 355.
//
// Go:    as runtime/lock_spinbit.go and lock_futex.go in what they are for.
// Layer: base.

#include "runtime2.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SPINS = 64, YIELDS = 64, PAUSES = 30 };  // Go: active_spin_cnt

void
goat_spin(uint32_t *turn)
{
	uint32_t n = (*turn)++;

	if (n < SPINS)
		arch_pause();
	else if (n < SPINS + YIELDS)
		sched_yield();
	else
		nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
}

void
goat_lockslow(struct goat_lock *l)
{
	uint32_t turn = 0;

	do {
		for (int i = 0; i < PAUSES; i++)
			arch_pause();
		while (__atomic_load_n(&l->held, __ATOMIC_RELAXED) != 0)
			goat_spin(&turn);
	} while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE) != 0);
}

void
goat_futexsleep(uint32_t *at, uint32_t value, int64_t ns)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	// ThreadSanitizer holds signals back, the collector's too, while a thread sleeps in a call
	// that it does not know.
	if (__builtin_expect(__tsan_acquire != NULL, 0)) {
		usleep(ns < 0 || ns > 100000 ? 100 : 1 + (useconds_t)ns / 1000);
		return;
	}
	syscall(SYS_futex, at, FUTEX_WAIT_PRIVATE, value, ns < 0 ? NULL : &t, NULL, 0);
}

void
goat_futexwake(uint32_t *at, uint32_t n)
{
	syscall(SYS_futex, at, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}
