// SPDX-License-Identifier: GPL-3.0-or-later
//
// icall_table.c: what C programs write in place of an interface. Plain C.

#include "row.h"

struct ops {
	long (*area)(void *self, long scale);
	long (*sides)(void *self);
};

struct shape {
	const struct ops *ops;
	void *self;
};

struct figure {
	long w, h;
};

#define SHAPE(name, n)                                                                             \
	static long name##_area(void *self, long scale)                                            \
	{                                                                                          \
		struct figure *s = self;                                                           \
                                                                                                   \
		return s->w * scale + s->h;                                                        \
	}                                                                                          \
	static long name##_sides(void *self) { (void)self; return n; }                             \
	static const struct ops name##_ops = { name##_area, name##_sides };

SHAPE(square, 4)
SHAPE(triangle, 3)
SHAPE(pentagon, 5)
SHAPE(hexagon, 6)

#define CALLEE struct shape
#define CALL(c, n) (c).ops->area((c).self, n)
#include "icall.h"

static struct figure figure[4] = { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } };

int
main(void)
{
	struct shape four[4] = { { &square_ops, &figure[0] }, { &triangle_ops, &figure[1] },
				 { &pentagon_ops, &figure[2] }, { &hexagon_ops, &figure[3] } };

	fill(four);
	row("icall_1", call_1, 1);
	row("icall_4", call_4, 1);
	return 0;
}
