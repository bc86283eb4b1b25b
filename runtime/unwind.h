// SPDX-License-Identifier: BSD-3-Clause
//
// unwind.h: from a frame to its caller, fast.
//
// Layer: base.

#ifndef GOAT_UNWIND_H
#define GOAT_UNWIND_H

#include "arch/arch.h"
#include "base.h"

// Where frames were, innermost first: the first TRACE_INNER and the last TRACE_OUTER. A position is
// twice the address within the instruction that was under way, plus 1 where that had been
// interrupted (and not called something).
enum { TRACE_INNER = 50, TRACE_OUTER = 50 };

struct goat_trace {
	uint32_t n;             // all that there were
	uintptr_t inner[TRACE_INNER];
	uintptr_t outer[TRACE_OUTER];   // n - TRACE_INNER of them, in a ring
};

enum goat_walked {
	WALK_PAD,               // a landing pad
	WALK_FOREIGN,           // a frame of another language, which may have a landing pad
	WALK_END,               // the end of the stack
	WALK_LOST,              // a frame without unwind information
};

// Walks from the frame of *REGS outward until something other than a plain frame is found, and
// leaves its registers there. *CFA is its canonical frame address. At a landing pad the registers
// are those to land with. Frames are put into TRACE, the first one unless AGAIN.
GOAT_HIDDEN enum goat_walked goat_walk(struct goat_regs *regs, struct goat_trace *trace, bool again,
				       uintptr_t *cfa);

// From the frame of *REGS to its caller; WALK_PAD: done. Landing pads are not looked at.
GOAT_HIDDEN enum goat_walked goat_step(struct goat_regs *regs, uintptr_t *cfa);

// Puts all frames into TRACE, from that of *REGS.
GOAT_HIDDEN enum goat_walked goat_collect(struct goat_regs *regs, struct goat_trace *trace);

// Where the function of a position in a trace begins, or 0.
GOAT_HIDDEN uintptr_t goat_functionstart(uintptr_t position);

// Whether code at PC may hold a lock that printing needs: it is the C library's or the collector's.
GOAT_HIDDEN bool goat_holdslocks(uintptr_t pc);

// Notes what is loaded: only addresses in that are remembered. Before main.
GOAT_HIDDEN void goat_unwindinit(void);

#endif
