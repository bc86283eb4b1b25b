// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// new() of every kind of type, escaping and staying, zeroed or set, wherever an expression may be.
#include <goat.h>
#include <setjmp.h>
#include <string.h>

struct point {
	int x, y;
};
struct tree {
	struct tree *left, *right;
	int value;
};
struct big {
	char c[1000];
	int n;
};
struct empty {
};
union both {
	int i;
	double d;
	char c[12];
};
struct aligned {
	char c __attribute__((aligned(64)));
};
struct flexible {
	int n;
	int a[];
};

void *kept;

__attribute__((noipa)) void
dirty_stack(void)
{
	volatile char junk[4096];

	for (size_t i = 0; i < sizeof junk; i++)
		junk[i] = 0x55;
}

__attribute__((noipa)) int
is_zero(const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((const char *)p)[i] != 0)
			return 0;
	return 1;
}

// Every one of these stays: is_zero is in this unit and keeps nothing.
int
zeroed(void)
{
	int good = 0;

	dirty_stack();
	good += is_zero(new(int), sizeof(int));
	good += is_zero(new(char), 1);
	good += is_zero(new(double), sizeof(double));
	good += is_zero(new(struct point), sizeof(struct point));
	good += is_zero(new(struct big), sizeof(struct big));
	good += is_zero(new(int[3]), sizeof(int[3]));
	good += is_zero(new(char[60000]), 60000);
	good += is_zero(new(union both), sizeof(union both));
	good += is_zero(new(struct tree *), sizeof(void *));
	good += is_zero(new(_Complex double), sizeof(_Complex double));
	good += is_zero(new(long double), sizeof(long double));
	good += is_zero(new(_Bool), 1);
	good += is_zero(new(struct aligned), sizeof(struct aligned));
	good += is_zero(new(struct flexible), sizeof(struct flexible));
	good += is_zero(new(_Atomic int), sizeof(int));
	good += is_zero(new(const int), sizeof(int));
	good += is_zero(new(volatile long), sizeof(long));
	good += is_zero(new(struct point[2][3]), sizeof(struct point[2][3]));
	good += is_zero(new(struct empty), 0);
	return good;
}

int
zeroed_on_heap(void)
{
	int good = 0;

	good += is_zero(kept = new(int), sizeof(int));
	good += is_zero(kept = new(struct big), sizeof(struct big));
	good += is_zero(kept = new(char[100000]), 100000);
	good += is_zero(kept = new(struct aligned), sizeof(struct aligned));
	good += (uintptr_t)kept % 64 == 0;
	good += is_zero(kept = new(struct empty), 0);
	good += kept != NULL;
	good += is_zero(kept = new(union both), sizeof(union both));
	good += is_zero(kept = new(int[3]), sizeof(int[3]));
	return good;
}

// Each round the object is zero again, though the last round wrote to it.
int
zeroed_each_time(void)
{
	int sum = 0;

	for (int i = 0; i < 100; i++) {
		struct point *p = new(struct point);
		int *a = *new(int[4]);

		sum += p->x + p->y + a[0] + a[3];
		p->x = p->y = a[3] = i;
		a[0]++;
	}
	return sum;
}

int calls;

int
next(void)
{
	return ++calls;
}

int
initialised(void)
{
	struct point *p = new(struct point, 1, 2), *q = new(struct point, .y = 3);
	int *n = new(int, 7), *a = *new(int[5], 1, 2, [4] = 5);
	char *s = *new(char[8], "new");
	const char **names = *new(const char *[3], "a", "b");
	union both *u = new(union both, .d = 0.5);
	struct tree *t = new(struct tree, new(struct tree, .value = 10), .value = 20);

	printf("%d %d %d %d %d\n", p->x, p->y, q->x, q->y, *n);
	printf("%d %d %d %s %d %s %d %g\n", a[1], a[2], a[4], s, s[7], names[1], names[2] == NULL,
	       u->d);
	printf("%d %d %d\n", t->value, t->left->value, t->right == NULL);
	p = new(struct point, next(), next());
	q = new(struct point, .y = p->x + p->y, .x = next());
	p = new(struct point, p->y, p->x);
	printf("%d %d %d %d, %d calls\n", p->x < 3, p->x + p->y, q->x, q->y, calls);
	p = new(struct point, *new(int, *new(int, next())), new(struct point, 5)->x);
	printf("%d %d, %d calls\n", p->x, p->y, calls);
	return 0;
}

struct tree *
grow(int depth)
{
	if (depth == 0)
		return NULL;
	return new(struct tree, grow(depth - 1), grow(depth - 1), depth);
}

int
weight(const struct tree *t)
{
	return t == NULL ? 0 : weight(t->left) + weight(t->right) + t->value;
}

#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define SQUARE(p) (*(p) * *(p))

int
in_places(int n)
{
	int sum = 0;

	if (new(int, n))
		sum++;
	if (*new(int, n) == 3 && new(struct point, .y = n)->y == 3)
		sum++;
	for (int *i = new(int), *end = new(int, n); *i < *end; ++*i, sum += *new(int, 10))
		sum += *new(int, *i);
	while (*new(int, n--) > 1)
		sum += 100;
	switch (*new(int, 2)) {
	case 2:
		sum += *new(int, 1000);
	}
	sum += MAX(*new(int, 1), *new(int, 2));
	sum += SQUARE(new(int, 4));
	sum += sizeof(*new(int[10])) == 40;
	sum += (new(int, 1), *new(int, 5));
	sum += n ? *new(int, 6) : *new(int, 7);
	sum += new(struct point[2], { 1, 2 }, { 3, 4 })[0][1].y;
	sum += *({ new(int, 3); });
	return sum;
}

int
in_array_size(void)
{
	int a[*new(int, 3)], b[(kept = new(int, 4), *(int *)kept)];

	return sizeof a / sizeof *a * 10 + sizeof b / sizeof *b;
}

int *
in_return(int n)
{
	return new(int, n);
}

// The last object is read while the next is made.
int
from_previous(int n)
{
	struct tree *t = NULL;

	for (int i = 0; i < n; i++)
		t = new(struct tree, .left = t, .value = t ? t->value + t->value : 1);
	return t->value;
}

int
from_previous_by_goto(int n)
{
	struct tree *t = NULL;

again:
	t = new(struct tree, .left = t, .value = t ? t->value + 1 : 1);
	if (t->value < n)
		goto again;
	return weight(t);
}

int
from_previous_computed(int n)
{
	static void *to[] = { &&again, &&out };
	struct tree *t = NULL;
	int i = 0;

again:
	t = new(struct tree, .left = t, .value = ++i);
	goto *to[i == n];
out:
	return weight(t);
}

int
with_setjmp(int n)
{
	jmp_buf env;
	volatile int rounds = 0;
	struct tree *volatile t = NULL;

	setjmp(env);
	t = new(struct tree, .left = t, .value = n);
	rounds++;
	if (rounds < 3)
		longjmp(env, 1);
	return weight(t) + *new(int, 100);
}

int
in_nested(int n)
{
	int *total = new(int);

	void add(int k)
	{
		int *p = new(int, k);

		*total += *p + n;
	}

	add(1);
	add(2);
	return *total;
}

typedef struct {
	int anonymous;
} tagless;

int
of_typedefs(void)
{
	typedef int matrix[2][2];
	typedef struct local {
		int l;
	} local;

	return new(tagless, 5)->anonymous + (*new(matrix, { 1, 2 }, { 3, 4 }))[1][0] +
	       new(local, 7)->l + *new(typeof(int), 1) + **new(int *, new(int, 2));
}

int
main(void)
{
	printf("%d %d %d\n", zeroed(), zeroed_on_heap(), zeroed_each_time());
	initialised();
	printf("%d\n", weight(grow(5)));
	printf("%d\n", in_places(3));
	printf("%d %d\n", in_array_size(), *in_return(9));
	printf("%d %d %d\n", from_previous(11), from_previous_by_goto(10), from_previous_computed(10));
	printf("%d %d %d\n", with_setjmp(7), in_nested(5), of_typedefs());
	printf("%d\n", *goat_new(int, 11));
	return 0;
}
