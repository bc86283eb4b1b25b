// SPDX-License-Identifier: BSD-3-Clause
//
// knobs.h: what can be set from outside.
//
// Layer: base.

#ifndef GOAT_KNOBS_H
#define GOAT_KNOBS_H

#include "arch/arch.h"

#define KNOB(name, value, text) extern GOAT_HIDDEN int goat_knob_##name;
#define KNOBWORD(name, word, value)
#include "knobs.def"
#undef KNOB
#undef KNOBWORD

// For GOATDEBUG=gcstress=N, see malloc.c: collects at every N-th call.
GOAT_HIDDEN void goat_gcstress1(void);

static inline void
goat_gcstress(void)
{
	if (__builtin_expect(goat_knob_gcstress > 0, 0))
		goat_gcstress1();
}

#endif
