// SPDX-License-Identifier: BSD-3-Clause
//
// sync.h: goat.h's mutexes, wait groups and so on, for the runtime, which cannot include that.
//
// The layouts are goat.h's.
//
// Go:    as package sync.
// Layer: wait.

#ifndef GOAT_SYNC_H
#define GOAT_SYNC_H

#include "base.h"

typedef struct goat_mutex {
	int32_t state;                  // of enum goat_mutexstate
	uint32_t sema;
} goat_mutex;

enum goat_mutexstate {
	MUTEX_LOCKED = 1,
	MUTEX_WOKEN = 2,                // somebody is awake and will try: no need to wake another
	MUTEX_STARVING = 4,             // it goes from hand to hand, in the order of the queue
	MUTEX_WAITER = 8,               // and more: how many wait
};

void goat_mutex_lock(goat_mutex *m);
bool goat_mutex_trylock(goat_mutex *m);
void goat_mutex_unlock(goat_mutex *m);
// What goat.h's inline functions call where one instruction is not enough. NOW: the state after it
// has been unlocked.
void goat_mutex_lockslow(goat_mutex *m);
void goat_mutex_unlockslow(goat_mutex *m, int32_t now);

typedef struct goat_rwmutex {
	goat_mutex w;                   // among writers
	uint32_t writersem;             // for a writer, until the readers have left
	uint32_t readersem;             // for readers, until the writer has
	int32_t readers;                // how many read or want to; less RWMUTEX_MAX while one writes
	int32_t leaving;                // how many a writer still waits for
} goat_rwmutex;

enum { RWMUTEX_MAX = 1 << 30 };

void goat_rwmutex_lock(goat_rwmutex *m);
void goat_rwmutex_unlock(goat_rwmutex *m);
void goat_rwmutex_rlock(goat_rwmutex *m);
void goat_rwmutex_runlock(goat_rwmutex *m);

typedef struct goat_waitgroup {
	uint64_t state;                 // the counter in the upper half; how many wait
	uint32_t sema;
} goat_waitgroup;

void goat_waitgroup_add(goat_waitgroup *wg, int n);
void goat_waitgroup_done(goat_waitgroup *wg);
void goat_waitgroup_wait(goat_waitgroup *wg);

typedef struct goat_once {
	uint32_t done;
	goat_mutex m;
} goat_once;

void goat_once_do(goat_once *once, void (*f)(void));
void goat_once_slow(goat_once *once, void (*f)(void));

#endif
