// SPDX-License-Identifier: GPL-3.0-or-later
//
// trap.h: catching panics without the plugin. Needs -fexceptions.
//
// Layer: tests.

#ifndef GOAT_TESTS_TRAP_H
#define GOAT_TESTS_TRAP_H

#include <setjmp.h>
#include <stdbool.h>

struct trap {
	jmp_buf out;
	bool armed;
};

static inline void
trap_leave(struct trap **t)
{
	if ((*t)->armed)
		longjmp((*t)->out, 1);
}

// Whether f(arg) panics.
static __attribute__((noinline, noclone, unused)) bool
panics(void (*f)(void *), void *arg)
{
	struct trap t = { .armed = true };

	if (setjmp(t.out) != 0)
		return true;
	{
		struct trap *guard __attribute__((cleanup(trap_leave))) = &t;

		f(arg);
		guard->armed = false;
	}
	return false;
}

#endif
