// SPDX-License-Identifier: GPL-3.0-or-later
//
// arm64_switch.c: goat_switch on AArch64, and calls of the system, see arm64.sh. Two goroutines keep numbers in all
// registers that functions preserve, and rounding modes of their own, while they switch.

#include <errno.h>
#include <fenv.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "arch/arm64.h"

struct goat_g {
	uintptr_t sp;
	uint32_t oncpu;
};

void goat_switch(struct goat_g *from, struct goat_g *to);

static struct goat_g first, other;
static int ended;

// Numbers from N on in so many registers that x19 to x28 and d8 to d15 are among them.
__attribute__((noinline)) static long
keep(struct goat_g *me, struct goat_g *to, long n)
{
	register long a asm("x19") = n, b asm("x20") = n + 1, c asm("x21") = n + 2, d asm("x22") = n + 3,
		      e asm("x23") = n + 4, f asm("x24") = n + 5, g asm("x25") = n + 6, h asm("x26") = n + 7,
		      i asm("x27") = n + 8, j asm("x28") = n + 9;
	register double k asm("d8") = n, l asm("d9") = n + 1, m asm("d10") = n + 2, o asm("d11") = n + 3,
			p asm("d12") = n + 4, q asm("d13") = n + 5, r asm("d14") = n + 6,
			s asm("d15") = n + 7;

	asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h), "+r"(i), "+r"(j));
	asm volatile("" : "+w"(k), "+w"(l), "+w"(m), "+w"(o), "+w"(p), "+w"(q), "+w"(r), "+w"(s));
	me->oncpu = to->oncpu = 1;
	goat_switch(me, to);
	asm volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h), "+r"(i), "+r"(j));
	asm volatile("" : "+w"(k), "+w"(l), "+w"(m), "+w"(o), "+w"(p), "+w"(q), "+w"(r), "+w"(s));
	return a + b + c + d + e + f + g + h + i + j + (long)(k + l + m + o + p + q + r + s);
}

static long
sum(long n)
{
	return 10 * n + 45 + 8 * n + 28;
}

void
goat_gostart1(void (*fn)(void *), void *arg)
{
	fn(arg);
	goat_switch(&other, &first);
}

static void
run(void *arg)
{
	long n = *(long *)arg;

	fesetround(FE_UPWARD);
	for (int i = 0; i < 1000; i++)
		if (keep(&other, &first, n + i) != sum(n + i) || fegetround() != FE_UPWARD || first.oncpu != 0)
			abort();
	ended = 1;
}

// A call of the system gets all six arguments, and gives -errno.
static bool
calls(void)
{
	char *p = (char *)arch_syscall6(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*p = 1;
	return arch_syscall6(SYS_close, 99, 0, 0, 0, 0, 0) == -EBADF &&
	       arch_syscall6(SYS_munmap, (long)p, 4096, 0, 0, 0, 0) == 0;
}

int
main(void)
{
	size_t size = 64 << 10;
	char *stack = malloc(size);
	long n = 1000000;

	other.sp = arch_newstack((uintptr_t)stack + size, run, &n);
	fesetround(FE_DOWNWARD);
	for (int i = 0; !ended; i++)
		if (keep(&first, &other, i) != sum(i) || fegetround() != FE_DOWNWARD || other.oncpu != 0)
			abort();
	if (!calls())
		abort();
	puts("kept");
	return 0;
}
