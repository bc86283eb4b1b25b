// run -Wno-old-style-definition
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Parameters that escape begin with the argument, whatever they are.
#include <goat.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

struct big {
	int a[20];
	char *name;
};
struct bits {
	unsigned a : 3, b : 9;
	_Bool c : 1;
};

int *
simple(int x)
{
	x++;
	return &x;
}

struct big *
by_value(struct big b, int last)
{
	b.a[19] = last;
	return &b;
}

struct bits *
bit_fields(struct bits b)
{
	b.a++;
	return &b;
}

int *
old_style(c, x, s, f)
	char c;
	short s;
	float f;
	int x;
{
	x += c + s + f;
	return &x;
}

char *
old_char(c)
	char c;
{
	return &c;
}

float *
old_float(f)
	float f;
{
	return &f;
}

int *
sum(int count, ...)
{
	va_list ap;

	va_start(ap, count);
	for (int i = count; i > 0; i--)
		count += va_arg(ap, int);
	va_end(ap);
	return &count;
}

int *
sum_of_last(int a, int count, ...)
{
	va_list ap;
	int total = a;

	va_start(ap, count);
	while (count-- > 0)
		total += va_arg(ap, int);
	va_end(ap);
	count = total;
	return &count;
}

volatile int *
with_volatile(volatile int x)
{
	x += 2;
	x += 3;
	return &x;
}

const int *
with_const(const int x)
{
	return &x;
}

_Atomic int *
with_atomic(_Atomic int x)
{
	x++;
	x += 5;
	atomic_fetch_add(&x, 10);
	return &x;
}

int *
of_array(int n, int a[n])
{
	n += a[n - 1];
	return &n;
}

int *
of_matrix(int rows, int columns, int m[rows][columns])
{
	int total = 0;

	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++)
			total += m[i][j];
	columns += total;
	rows = columns;
	if (sizeof *m != 3 * sizeof(int))
		puts("the size of a row changed");
	return rows ? &columns : &rows;
}

size_t *
of_size(size_t n, char (*p)[n + 1])
{
	n = sizeof *p;
	return &n;
}

int **
pointer(int *p)
{
	return &p;
}

typedef int vec4 __attribute__((vector_size(16)));

vec4 *
vector(vec4 v)
{
	v += 1;
	return &v;
}

_Complex double *
complex_number(_Complex double z)
{
	z *= 2;
	return &z;
}

int *
many(int a, int b, int c, int d, int e, int f, int g, int h)
{
	h += a + b + c + d + e + f + g;
	return &h;
}

struct empty {
};

struct empty *
nothing(struct empty e)
{
	return &e;
}

int *
inner_use(int x, int y)
{
	void add(void) { x += y; }

	add();
	add();
	return &x;
}

int *
recursive(int depth, int *below)
{
	if (below != NULL)
		depth += *below - *below;
	if (depth == 0)
		return &depth;
	return recursive(depth - 1, &depth) != NULL ? &depth : NULL;
}

int *
unnamed(int, int x);

int *
unnamed(int unused __attribute__((unused)), int x)
{
	return &x;
}

int *
in_register(register int r, int x)
{
	x += r;
	return &x;
}

long double *
long_one(long double x)
{
	return &x;
}

// The array is the caller's; the parameter is a pointer and moves.
int **
decayed(int a[3])
{
	a++;
	return &a;
}

int
main(void)
{
	struct big b = { { 1, 2, 3 }, "big" }, *pb;
	struct bits bits = { 7, 300, 1 }, *p_bits;
	int m[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } }, *p1, *p2, row[3] = { 1, 2, 3 };
	char text[8];
	vec4 *v;

	p1 = simple(1);
	p2 = simple(10);
	printf("%d %d\n", *p1, *p2);
	pb = by_value(b, 9);
	printf("%s %d %d %d\n", pb->name, pb->a[2], pb->a[19], b.a[19]);
	p_bits = bit_fields(bits);
	printf("%d %d %d\n", p_bits->a, p_bits->b, p_bits->c);
	printf("%d %c %g\n", *old_style(1, 2, 3, 4.5), *old_char('c'), *old_float(2.5));
	printf("%d %d\n", *sum(3, 10, 20, 30), *sum_of_last(5, 2, 1, 2));
	printf("%d %d %d\n", *with_volatile(1), *with_const(2), *with_atomic(3));
	printf("%d %d %zu\n", *of_array(3, row), *of_matrix(2, 3, m), *of_size(7, &text));
	printf("%d\n", **pointer(&row[1]));
	v = vector((vec4){ 1, 2, 3, 4 });
	printf("%d %d, aligned %d\n", (*v)[0], (*v)[3], (int)((uintptr_t)v % 16));
	printf("%g %g\n", __real__ *complex_number(1 + 2i), __imag__ *complex_number(1 + 2i));
	printf("%d\n", *many(1, 2, 3, 4, 5, 6, 7, 8));
	printf("%d\n", nothing((struct empty){}) != NULL);
	printf("%d %d\n", *inner_use(1, 10), *recursive(5, NULL));
	printf("%d %d %Lg\n", *unnamed(1, 2), *in_register(3, 4), *long_one(1.25L));
	printf("%d\n", **decayed(row));
	return 0;
}
