// SPDX-License-Identifier: GPL-3.0-or-later
//
// frames.h: variables that are too large for a small stack. Included by preempt.cc and frames.cc.
//
// Layer: glue.

#ifndef GOAT_GCC_FRAMES_H
#define GOAT_GCC_FRAMES_H

#include "glue.h"

// Bytes that FUN has in its frame. Those of its variables that should not be there go to LARGE, and *ROOM is what
// they take elsewhere, and what it passes by value.
unsigned HOST_WIDE_INT frame_size(function *fun, vec<tree> *large, unsigned HOST_WIDE_INT *room);

// The variables of LARGE are taken by alloca at the top of BB, which is passed before any of them is used, and once.
void take_by_alloca(function *fun, const vec<tree> &large, basic_block bb);

#endif
