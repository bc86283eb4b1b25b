// SPDX-License-Identifier: GPL-3.0-or-later
//
// scale.c: the work grows with the code, and not faster.
//
// Layer: tests.

#include "shapes.h"

#include <criterion/criterion.h>

// Counted in steps, so the same on each machine; a factor of 100 would show n^1.06 already.
Test(solve, takes_near_linear_work)
{
	for (const struct shape *s = shapes; s->name != NULL; s++) {
		double small = (double)shape_solve(s, 1000) / 1000;
		double large = (double)shape_solve(s, 100000) / 100000;

		cr_expect(large < 1.3 * small, "%s: %.1f steps a statement at 10^3, %.1f at 10^5", s->name,
			  small, large);
	}
}
