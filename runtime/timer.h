// SPDX-License-Identifier: BSD-3-Clause
//
// timer.h: something that happens at a time.
//
// Go:    as struct timer of runtime/time.go.
// Layer: wait.

#ifndef GOAT_TIMER_H
#define GOAT_TIMER_H

#include "runtime2.h"

// Zeroed is ready for use; set f. Only time.c looks at the rest. Where it lies must
// stay as long as it is pending.
struct goat_rtimer {
	int64_t when;                   // in goat_now() time
	// Called on whatever stack by whoever runs timers, with a P: must not park. T is the timer, if its memory
	// is still one. Go: timer.f; what that is given lies around the timer here.
	void (*f)(struct goat_rtimer *t);
	struct goat_p *p;               // whose heap it is in, or was
	uint32_t id;                    // there, from 1; 0: it is not pending
};

// f is called at WHEN or as soon as possible after. Gives whether it was pending before,
// and is not called for the earlier time then. Go: timer.modify.
GOAT_HIDDEN bool goat_timermod(struct goat_rtimer *t, int64_t when);
// It is not called any more, though it may be on its way just now. Gives whether it was pending.
GOAT_HIDDEN bool goat_timerdel(struct goat_rtimer *t);

// goat.h's, for the runtime, which cannot include that.
typedef struct goat_timer {
	void *impl;
} goat_timer;

void goat_sleep(int64_t ns);
void *goat_after(int64_t ns);
void *goat_timer_start(goat_timer *t, int64_t ns);
bool goat_timer_stop(goat_timer *t);
bool goat_timer_reset(goat_timer *t, int64_t ns);

#endif
