// SPDX-License-Identifier: GPL-3.0-or-later
//
// icall.c: calls through an interface.

#include <goat.h>

#include "row.h"

interface(Shape) {
	long (*Area)(void *self, long scale);
	long (*Sides)(void *self);
};

#define SHAPE(T, sides)                                                                            \
	typedef struct T { long w, h; } T;                                                         \
	method long T##_Area(T *s, long scale) { return s->w * scale + s->h; }                     \
	method long T##_Sides(T *s) { return sides; }

SHAPE(Square, 4)
SHAPE(Triangle, 3)
SHAPE(Pentagon, 5)
SHAPE(Hexagon, 6)

#define CALLEE Shape
#define CALL(c, n) call(c, Area, n)
#include "icall.h"

static Square square = { 1, 2 };
static Triangle triangle = { 3, 4 };
static Pentagon pentagon = { 5, 6 };
static Hexagon hexagon = { 7, 8 };

int
main(void)
{
	Shape four[4] = { as(Shape, &square), as(Shape, &triangle), as(Shape, &pentagon),
			  as(Shape, &hexagon) };

	fill(four);
	row("icall_1", call_1, 1);
	row("icall_4", call_4, 1);
	return 0;
}
