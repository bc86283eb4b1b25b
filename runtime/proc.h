// SPDX-License-Identifier: BSD-3-Clause
//
// proc.h: what the scheduler's files share.
//
// Layer: sched.

#ifndef GOAT_PROC_H
#define GOAT_PROC_H

#include "runtime2.h"

#include <signal.h>

// Go: schedt of runtime2.go.
struct goat_sched {
	struct goat_lock lock;          // of the lists here, and of who has which P
	struct goat_m *idlem, *allm;    // allm is only ever added to
	uint32_t nidlem, nm;
	struct goat_p *idlep;
	uint32_t npidle;                // atomic
	uint32_t spinning;              // atomic: Ms that look for work
	uint32_t nprocs;                // atomic
	uint32_t nalloc;                // atomic: entries of goat_allp; more than nprocs after that was lowered
	uint64_t ids;                   // atomic
	int64_t ngo;                    // atomic: as P's, of those who had none
	int64_t lastpoll;               // atomic: about when the poller was asked last; 0: somebody sleeps in it
	int64_t seen;                   // atomic: when sysmon last looked
	int64_t polluntil;              // atomic: and until when, 0: for ever
	int32_t bound, parked;          // bound Gs; of these, parked (atomic)
	struct goat_g *boundgs;         // by nextbound
	int32_t coming;                 // atomic: threads that are made and have no G yet
	uint32_t sysmonnote;
	bool sysmonwait;                // atomic: sysmon sleeps until there is work
	bool mainexited;                // by goexit
	bool started;                   // atomic
	bool barrier;                   // membarrier works
	int64_t patience;               // how long a thread may use no time before its P is taken
	sigset_t mask;                  // of signals that are blocked in Ms
};

// M has woken up, having been put to sleep by the scheduler; and it has found that its P is gone.
GOAT_HIDDEN void goat_awake1(struct goat_m *m);
GOAT_HIDDEN void goat_robbed(struct goat_m *m);

static inline void
goat_awake(struct goat_m *m)
{
	if (__builtin_expect(m->counting > 0, 0))
		goat_awake1(m);
}

extern GOAT_HIDDEN struct goat_sched goat_sched;

// How long a goroutine may run, in nanoseconds. Go: forcePreemptNS.
enum { GOAT_MAXRUN = 10000000 };

// Somebody runs P, or an idle one if that is NULL. SPINNING: it is counted as such already. Go: startm.
GOAT_HIDDEN void goat_startm(struct goat_p *p, bool spinning);
// There is new work: another M looks for it, unless one does already. Go: wakep.
GOAT_HIDDEN void goat_wakep(void);
// With the lock: P is idle.
GOAT_HIDDEN void goat_pidleput(struct goat_p *p);
// sysmon is going to have goroutines in hand that are in no queue, or has let go of them: as long as it may, it is
// no deadlock when all others are idle.
GOAT_HIDDEN void goat_sysmonhas(bool some);
// Whether something can run that is in a queue.
GOAT_HIDDEN bool goat_anywork(void);

// sysmon.c: never returns.
GOAT_HIDDEN void *goat_sysmon(void *arg);
// A P is not idle any more.
GOAT_HIDDEN void goat_wakesysmon(void);

#endif
