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

#endif
