// SPDX-License-Identifier: GPL-3.0-or-later
//
// strip.h: loops that count, done in strips. Included by preempt.cc and strip.cc.
//
// Layer: glue.

#ifndef GOAT_GCC_STRIP_H
#define GOAT_GCC_STRIP_H

#include "glue.h"

// A loop that goes on while COUNTER CODE BOUND holds, which it asks in each round; COUNTER grows by STEP.
struct counting {
	class loop *loop;
	edge stay, leave;       // the test's, out of one block
	tree counter, bound;    // what is compared
	tree start;             // what COUNTER is in the first test, less AHEAD
	enum tree_code code;    // NE, or LT or LE for a positive STEP, GT or GE for a negative one
	HOST_WIDE_INT step, ahead;
};

// Whether L counts, and how. Needs the dominators.
bool counts(class loop *l, struct counting *c);

// Let C's test, after LENGTH rounds, lead to a block on the way back into the loop: the block is returned.
// LENGTH times the step must fit the counter (strip_fits).
basic_block strip_mine(const struct counting *c, unsigned length);
bool strip_fits(const struct counting *c, unsigned length);

#endif
