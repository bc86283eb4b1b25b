// SPDX-License-Identifier: BSD-3-Clause
//
// arch.h: what the runtime has to know of the processor. Each has a header, a .S and a _fault.c
// file here.
//
// A header gives
//
//	ARCH_NREGS, ARCH_SP, ARCH_FP, ARCH_PC   DWARF's numbers of registers; ARCH_PC is the column
//	                                        of the return address
//	ARCH_SAVED(X)                           X(i, n): what functions preserve: number n, the i-th
//	ARCH_NSAVED                             how many these are
//	ARCH_REDZONE                            bytes below the stack pointer that a leaf may use
//	ARCH_REGS_SIZE                          the size of struct goat_regs
//	arch_mask(REGS)                         signals to block again when a handler is left
//	arch_here(REGS)                         the registers of who says this
//	arch_pause()                            for loops that wait for another processor
//	arch_syscall6(NR, A, ... F)             a call of the system; gives -errno
//	ARCH_G_SP, ARCH_G_ONCPU                 where these are in a struct goat_g
//
// and the .S file goat_gopanic, goat_resume, goat_goexit and goat_recover, which hand the registers
// of their caller to the function of that name with a 1, and what is declared at the end here.
//
// Layer: arch.

#ifndef GOAT_ARCH_H
#define GOAT_ARCH_H

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>
#endif

#if defined(__x86_64__) && !defined(__ILP32__)
#include "amd64.h"
#else
#error "goat has not been ported to this processor: see runtime/arch/arch.h"
#endif

#ifndef __ASSEMBLER__
#define GOAT_HIDDEN __attribute__((__visibility__("hidden")))

// The registers of a frame.
struct goat_regs {
	uintptr_t r[ARCH_NREGS];        // by DWARF's numbers; r[ARCH_PC] is where it goes on
	uintptr_t exact;                // 1: r[ARCH_PC] is where a signal came, 0: behind a call
};
_Static_assert(sizeof(struct goat_regs) == ARCH_REGS_SIZE, "the .S file knows it");

// Goes on at r[ARCH_PC] with these registers, as a landing pad for EXC.
_Noreturn GOAT_HIDDEN void goat_land(const struct goat_regs *regs, void *exc);
// As if the frame of these registers had called goat_foreign1(ARG).
_Noreturn GOAT_HIDDEN void goat_foreign(const struct goat_regs *regs, void *arg);
// Calls fn(arg), below which no frame is seen when unwinding; on the stack that ends at TOP, unless
// that is NULL.
GOAT_HIDDEN void goat_bottom(void (*fn)(void *), void *arg, void *top);
// Where a signal handler lets a thread go on, with the stack pointer at a struct goat_regs, that
// of the fault, with what else is there. Unwinds as a signal's frame.
GOAT_HIDDEN void goat_sigpanic(void);

// Leaves FROM, whose registers that functions preserve are kept on its stack, for TO, which once left
// the same way or is new. When FROM's stack is not in use any more, its oncpu is 0. Returns in TO.
struct goat_g;
GOAT_HIDDEN void goat_switch(struct goat_g *from, struct goat_g *to);
// The stack pointer for goat_switch of a new goroutine whose stack ends at TOP: it calls
// goat_gostart1(fn, arg), which must not return.
GOAT_HIDDEN uintptr_t arch_newstack(uintptr_t top, void *fn, void *arg);
// The registers of who has left by way of goat_switch, as they are behind that call.
GOAT_HIDDEN void arch_readswitch(uintptr_t sp, struct goat_regs *regs);

// The _fault.c file. The registers of a fault; where to go on instead; out of a call of what
// is no code, to the caller; and whether the division there is by zero, rather than too large.
GOAT_HIDDEN void arch_readcontext(const ucontext_t *uc, struct goat_regs *regs);
GOAT_HIDDEN void arch_goon(ucontext_t *uc, uintptr_t pc, uintptr_t sp);
GOAT_HIDDEN void arch_leavebadcall(struct goat_regs *regs);
GOAT_HIDDEN bool arch_dividesbyzero(const struct goat_regs *regs);
#endif

#endif
