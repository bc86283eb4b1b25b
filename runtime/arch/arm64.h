// SPDX-License-Identifier: BSD-3-Clause
//
// arm64.h: what arm64.S and who makes a new stack for it agree on.
//
// Layer: arch.

// Where goat_switch keeps these in a struct goat_g.
#define ARCH_G_SP 0
#define ARCH_G_ONCPU 8
// What it leaves on the stack: from the saved stack pointer, x29 x30, x19 to x28, d8 to d15, fpcr
// and a word that is not used.
#define ARCH_SWITCH_FRAME 176

#ifndef __ASSEMBLER__
#include <stdint.h>

#define arch_pause() __asm__ volatile("isb")

static inline long
arch_syscall6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
		      x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

void goat_gostart(void);

// See arch.h.
static inline uintptr_t
arch_newstack(uintptr_t top, void *fn, void *arg)
{
	uintptr_t *frame = (uintptr_t *)((top & -(uintptr_t)16) - ARCH_SWITCH_FRAME);

	for (int i = 0; i < ARCH_SWITCH_FRAME / 8; i++)
		frame[i] = 0;
	frame[1] = (uintptr_t)goat_gostart;     // x30
	frame[2] = (uintptr_t)fn;               // x19
	frame[3] = (uintptr_t)arg;              // x20
	return (uintptr_t)frame;
}
#endif
