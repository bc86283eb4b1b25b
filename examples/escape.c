// SPDX-License-Identifier: BSD-3-Clause
// escape.c: three points; the compiler finds out which of them outlives its function.
#include <goat.h>

struct point { int x, y; };

// Reads what p points to and forgets p.
static int sum(const struct point *p)
{
	return p->x + p->y;
}

// p is a copy of the argument. Its address is returned, so it has to outlive the call.
static struct point *shifted(struct point p)
{
	p.x += 10;
	return &p;
}

int main(void)
{
	struct point a = { 1, 2 };
	struct point *b = new(struct point, .x = 3, .y = 4);
	struct point *c = shifted(*b);

	printf("%d %d %d\n", sum(&a), sum(b), sum(c));
}
