// SPDX-License-Identifier: BSD-3-Clause
//
// amd64_fault.c: the context of a fault, and of a goroutine that does not run.
//
// Layer: arch.

#include "arch.h"

#include <string.h>

#if defined(__x86_64__) && !defined(__ILP32__)

void
arch_readcontext(const ucontext_t *uc, struct goat_regs *regs)
{
	static const uint8_t dwarf[ARCH_NREGS] = {
		REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
		REG_R9,	 REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
	};

	for (int i = 0; i < ARCH_NREGS; i++)
		regs->r[i] = (uintptr_t)uc->uc_mcontext.gregs[dwarf[i]];
	regs->exact = 1;
}

void
arch_goon(ucontext_t *uc, uintptr_t pc, uintptr_t sp)
{
	enum { DIRECTION = 0x400 };     // functions expect that flag to be off

	uc->uc_mcontext.gregs[REG_RSP] = (greg_t)sp;
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
	uc->uc_mcontext.gregs[REG_EFL] &= ~DIRECTION;
}

void
arch_leavebadcall(struct goat_regs *regs)
{
	// In the call, not behind it: a frame that a signal has left is looked up as it stands.
	regs->r[ARCH_PC] = *(const uintptr_t *)regs->r[ARCH_SP] - 1;
	regs->r[ARCH_SP] += sizeof(uintptr_t);
}

// The processor raises one fault for a divisor of zero and for a quotient that does not fit.
bool
arch_dividesbyzero(const struct goat_regs *regs)
{
	static const uint8_t dwarf[] = { 0, 2, 1, 3, 7, 6, 4, 5 };      // rax rcx rdx rbx ...
	const uint8_t *p = (const uint8_t *)regs->r[ARCH_PC];
	unsigned rex = 0, r;
	bool wide, half = *p == 0x66;
	uintptr_t v;

	p += half;
	if ((*p & 0xf0) == 0x40)
		rex = *p++;
	if ((p[0] & 0xfe) != 0xf6 || p[1] < 0xc0)
		return true;            // in memory, and not looked for
	wide = p[0] == 0xf7;
	r = (p[1] & 7) | (rex & 1) << 3;
	if (!wide && rex == 0 && r >= 4)
		return (regs->r[dwarf[r - 4]] >> 8 & 0xff) == 0;        // ah ch dh bh
	v = regs->r[r < 8 ? dwarf[r] : r];
	return (!wide ? (uint8_t)v : half ? (uint16_t)v : rex & 8 ? v : (uint32_t)v) == 0;
}

GOAT_HIDDEN void goat_gostart(void);

// As goat_switch leaves it.
struct frame {
	uint32_t mxcsr;
	uint16_t fcw, unused;
	uintptr_t r15, r14, r13, r12, rbx, rbp, rip;
};

_Static_assert(sizeof(struct frame) == ARCH_SWITCH_FRAME, "amd64.S has it");

uintptr_t
arch_newstack(uintptr_t top, void *fn, void *arg)
{
	struct frame *f = (struct frame *)((top & -(uintptr_t)16) - sizeof *f);

	// What a process begins with.
	f->mxcsr = 0x1f80;
	f->fcw = 0x37f;
	f->rbx = (uintptr_t)fn;
	f->r12 = (uintptr_t)arg;
	f->rbp = 0;
	f->rip = (uintptr_t)goat_gostart;
	return (uintptr_t)f;
}

void
arch_readswitch(uintptr_t sp, struct goat_regs *regs)
{
	const struct frame *f = (const struct frame *)sp;

	memset(regs, 0, sizeof *regs);
	regs->r[3] = f->rbx;
	regs->r[ARCH_FP] = f->rbp;
	regs->r[12] = f->r12;
	regs->r[13] = f->r13;
	regs->r[14] = f->r14;
	regs->r[15] = f->r15;
	regs->r[ARCH_SP] = sp + sizeof *f;
	regs->r[ARCH_PC] = f->rip;
}
#endif
