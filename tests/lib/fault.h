// SPDX-License-Identifier: GPL-3.0-or-later
//
// fault.h: allocations that fail.
//
// Layer: tests.

#ifndef GOAT_TESTS_FAULT_H
#define GOAT_TESTS_FAULT_H

#include <stdbool.h>

// The so-manieth allocation from now on fails, and only that one; 0: none.
extern unsigned long fault_in;

static inline bool
fault_now(void)
{
	return fault_in != 0 && --fault_in == 0;
}

#endif
