// SPDX-License-Identifier: GPL-3.0-or-later
//
// shapes.h: graphs of any size, in the shapes in which code grows.
//
// A shape of N statements is the graph that the glue would build of so many. tests/unit/scale.c
// holds the work they take to be near-linear, tests/bench/scale_core.c measures the time.
//
// Layer: tests.

#ifndef GOAT_TEST_SHAPES_H
#define GOAT_TEST_SHAPES_H

#include "escape.h"

struct shape {
	const char *name;
	size_t (*funcs)(size_t n);      // how many functions N statements make
	void (*build)(struct esc *e, struct esc_func **fn, size_t n);
};

extern const struct shape shapes[];     // the last one has no name

// Builds and solves it as one batch; returns the steps taken.
unsigned long shape_solve(const struct shape *s, size_t n);

#endif
