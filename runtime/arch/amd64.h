// SPDX-License-Identifier: BSD-3-Clause
//
// amd64.h: registers of x86-64 as the System V ABI has them.
//
// Layer: arch.

#define ARCH_NREGS 17
#define ARCH_FP 6
#define ARCH_SP 7
#define ARCH_PC 16
#define ARCH_NSAVED 6
#define ARCH_SAVED(X) X(0, 3) X(1, 6) X(2, 12) X(3, 13) X(4, 14) X(5, 15)
#define ARCH_REDZONE 128
#define ARCH_REGS_SIZE 144

// Where goat_switch keeps these in a struct goat_g.
#define ARCH_G_SP 0
#define ARCH_G_ONCPU 8
// What it leaves on the stack: from the saved stack pointer, control words, r15 r14 r13 r12 rbx rbp
// and the return address.
#define ARCH_SWITCH_FRAME 64

#ifndef __ASSEMBLER__
#define arch_pause() __asm__ volatile("pause")

static inline long
arch_syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}

// What was blocked when the signal came whose handler returns to the frame of these registers.
#define arch_mask(regs) (&((const ucontext_t *)(regs)->r[ARCH_SP])->uc_sigmask)

// The registers as they are here, into the struct goat_regs at REGS.
#define arch_here(regs)                                                                            \
	__asm__ volatile("movq %%rbx, 24(%0)\n\tmovq %%rbp, 48(%0)\n\tmovq %%rsp, 56(%0)\n\t"      \
			 "movq %%r12, 96(%0)\n\tmovq %%r13, 104(%0)\n\tmovq %%r14, 112(%0)\n\t"      \
			 "movq %%r15, 120(%0)\n\tleaq 0(%%rip), %%rax\n\tmovq %%rax, 128(%0)\n\t"     \
			 "movq $1, 136(%0)"                                                        \
			 :                                                                         \
			 : "r"(regs)                                                               \
			 : "rax", "memory")
#endif
