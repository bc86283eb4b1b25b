// errorcheck -fgoat-m -fgoat-l
// Every form of expression that has a value passes its value on.
#include <goat.h>

typedef int quad __attribute__((vector_size(16)));
typedef long one __attribute__((vector_size(8)));

struct pair {
	int *a, *b;
	int n;
};

int *kept;
struct pair saved;

int *generic(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	return _Generic(p, int *: p, default: kept);
}

int *typed(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	typeof(p) q = p;
	__auto_type r = q;

	return r;
}

int *chosen(int *p, int *q) // ERROR "^leaking param: p to result ~r0 level=0$" "^q does not escape$"
{
	return __builtin_choose_expr(sizeof(*p) == 4, p, q);
}

int *expected(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	return (int *)__builtin_expect((long)p, 1);
}

int *aligned(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	return __builtin_assume_aligned(p, 16);
}

struct pair struct_choice(struct pair x, struct pair y, int c) // ERROR "^leaking param: x to result ~r0 level=0$" "^leaking param: y to result ~r0 level=0$"
{
	return c ? x : y;
}

int *member_of_choice(struct pair x, struct pair y, int c) // ERROR "^leaking param: x to result ~r0 level=0$" "^leaking param: y to result ~r0 level=0$"
{
	return (c ? x : y).a;
}

int *member_of_statement(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	return ({ struct pair s = { p }; s; }).b;
}

int *member_of_assignment(struct pair x, int *p) // ERROR "^leaking param: x to result ~r0 level=0$" "^p does not escape$"
{
	struct pair y;

	y.a = p;
	return (y = x).a;
}

int *comma(int *p, int *q) // ERROR "^p does not escape$" "^leaking param: q to result ~r0 level=0$"
{
	return (void)*p, q;
}

int *chain(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	int *q, *r;

	q = r = p;
	return q;
}

quad vectors(quad *p) // ERROR "^p does not escape$"
{
	return *p + *p;
}

int *in_a_vector(void)
{
	one v = (one)(long)new(int); // ERROR "^new\(int\) escapes to heap$"

	return (int *)(long)v;
}

_Complex double complex_numbers(_Complex double *p) // ERROR "^p does not escape$"
{
	return *p * *p;
}

int compared(int *p, int *q) // ERROR "^p does not escape$" "^q does not escape$"
{
	return p == q || (p && !q) || p < q;
}

int dereferenced(int **pp) // ERROR "^pp does not escape$"
{
	return **pp + pp[0][0] + (*pp)[1];
}

int *row(void)
{
	int grid[2][3][4] = { 0 }; // ERROR "^moved to heap: grid$"

	return grid[1][2];
}

int (*rows(void))[4]
{
	int grid[3][4] = { 0 }; // ERROR "^moved to heap: grid$"

	return &grid[1];
}

int *variable_length(int n)
{
	int v[n]; // ERROR "^moved to heap: v$"

	v[0] = 1;
	return v;
}

int variable_length_stays(int n)
{
	int v[n];
	int *p = v;

	return *p;
}

struct flexible {
	int n;
	int *v[];
};

int *last_of(struct flexible *f) // ERROR "^leaking param: f to result ~r0 level=1$"
{
	return f->v[f->n - 1];
}

struct anonymous {
	int tag;
	union {
		int *i;
		char *c;
	};
	struct {
		int *left, *right;
	};
};

char *other_name(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	struct anonymous a = { .i = p };

	return a.c;
}

int *inner_member(struct anonymous a) // ERROR "^leaking param: a to result ~r0 level=0$"
{
	return a.right;
}

int *old_style(p, q)
	int *p; // ERROR "^leaking param: p$"
	int *q; // ERROR "^leaking param: q to result ~r0 level=0$"
{
	kept = p;
	return q;
}
