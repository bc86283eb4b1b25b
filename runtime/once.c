// SPDX-License-Identifier: BSD-3-Clause
//
// once.c: what is done once.
//
// Compiled with -fexceptions, unlike the rest: a panic comes through here.
//
// Go:    as sync/once.go.
// Layer: wait.

#include "sync.h"

#include "runtime2.h"

// However f is left: by a panic and by goexit too.
static void
done(goat_once **once)
{
	goat_release(*once);
	__atomic_store_n(&(*once)->done, 1, __ATOMIC_RELEASE);
	goat_mutex_unlock(&(*once)->m);
}

void
goat_once_slow(goat_once *once, void (*f)(void))
{
	goat_mutex_lock(&once->m);
	if (once->done != 0)
		return goat_mutex_unlock(&once->m);
	{
		__attribute__((cleanup(done))) goat_once *running = once;

		(void)running;
		f();
	}
}

void
goat_once_do(goat_once *once, void (*f)(void))
{
	if (__builtin_expect(__atomic_load_n(&once->done, __ATOMIC_ACQUIRE) == 0, 0))
		goat_once_slow(once, f);
	goat_acquire(once);
}
