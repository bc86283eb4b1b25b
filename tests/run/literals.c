// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Compound literals that escape are objects of the heap, each evaluation a new one.
#include <goat.h>
#include <string.h>

struct point {
	int x, y;
};
struct line {
	struct point *from, *to;
	int weights[4];
};

int calls;
void *kept[8];

__attribute__((noipa)) void
keep(int i, void *p)
{
	kept[i] = p;
}

int
next(void)
{
	return ++calls;
}

struct point *
simple(int x)
{
	return &(struct point){ x, .y = x + 1 };
}

struct line *
nested(int x)
{
	return &(struct line){ &(struct point){ x, x }, .to = &(struct point){ .y = x },
			       .weights = { 1, [2] = 3 } };
}

int *
array(int n)
{
	return (int[]){ n, n + 1, n + 2 };
}

int *
partial(void)
{
	return (int[100]){ [50] = 7 };
}

char *
text(void)
{
	return (char[]){ "text" };
}

char *
padded(void)
{
	return (char[10]){ "pad" };
}

int *
scalar(int x)
{
	return &(int){ x };
}

struct point *
modified(void)
{
	struct point *p = &(struct point){ 1, 2 };

	p->x += 10;
	return p;
}

// The literal stands once in the source; the compound assignment has it twice in its tree.
int
assigned(void)
{
	int *p;

	struct point *at = &(struct point){ 0 };

	keep(0, at);
	(p = (int[]){ next(), 2 })[0] += 5;
	keep(1, p);
	return *p;
}

struct point **
of_pointers(void)
{
	return (struct point *[]){ &(struct point){ 1, 2 }, NULL, &(struct point){ 3, 4 } };
}

struct point *
chosen(int c)
{
	return c ? &(struct point){ 1, 1 } : &(struct point){ 2, 2 };
}

union number {
	int i;
	double d;
};

union number *
in_union(void)
{
	return &(union number){ .d = 2.5 };
}

const struct point *
constant(void)
{
	return &(const struct point){ 8, 9 };
}

struct list {
	struct list *next;
	int value;
};

struct list *
in_loop(int n)
{
	struct list *l = NULL;

	for (int i = 0; i < n; i++)
		l = &(struct list){ l, i };
	return l;
}

int
staying(void)
{
	int sum = 0;

	for (int i = 0; i < 3; i++) {
		struct point *p = &(struct point){ i };

		p->y += i;
		sum += p->x + p->y;
	}
	return sum;
}

int
main(void)
{
	struct point *a = simple(1), *b = simple(5);
	struct line *l = nested(3);
	int *p, *q;

	printf("%d %d %d %d\n", a->x, a->y, b->x, b->y);
	printf("%d %d %d %d\n", l->from->x, l->to->x, l->to->y, l->weights[2] + l->weights[3]);
	p = array(1);
	q = array(10);
	printf("%d %d %d\n", p[0], p[2], q[1]);
	printf("%d %d %s %s %d\n", partial()[50], partial()[99], text(), padded(), padded()[9]);
	printf("%d %d %d\n", *scalar(4), modified()->x, modified()->y);
	for (int i = 0; i < 4; i++)
		keep(i, &(struct point){ next(), i });
	for (int i = 0; i < 4; i++)
		printf("%d,%d ", ((struct point *)kept[i])->x, ((struct point *)kept[i])->y);
	for (int i = 0; i < 4; i++)
		keep(i, (int[2]){ i });
	printf("%d%d\n", *(int *)kept[1], ((int *)kept[3])[0]);
	printf("%d\n", assigned());
	printf("%d\n", calls);
	printf("%d %d\n", of_pointers()[0]->y, of_pointers()[2]->x);
	printf("%d %d %g %d\n", chosen(1)->x, chosen(0)->y, in_union()->d, constant()->y);
	for (struct list *e = in_loop(4); e != NULL; e = e->next)
		printf("%d ", e->value);
	printf("%d\n", staying());
	return 0;
}
