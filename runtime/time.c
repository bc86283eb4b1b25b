// SPDX-License-Identifier: BSD-3-Clause
//
// time.c: the clock.
//
// Go:    as runtime/time_nofake.go.
// Layer: base.

#include "base.h"

#include <time.h>

int64_t goat_now(void);

int64_t
goat_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
