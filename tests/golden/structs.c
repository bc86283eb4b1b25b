// errorcheck -fgoat-m -fgoat-l
// Structs, arrays of them, arrays in them, and lists: one location each.
#include <goat.h>

struct pr {
	int *a, *b;
	int n;
};

struct wr {
	struct pr in;
	int *arr[3];
	struct wr *next;
	char name[8];
};

struct parr {
	int *v[4];
};

struct pr gp;

struct wr
di(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	struct wr w = { .in.a = p, .arr[1] = p, .name = "abc" };
	return w;
}

int *
di2(void)
{
	int x = 1; // ERROR "^moved to heap: x$"
	struct wr w[2] = { [1] = { .arr = { [2] = &x } } };
	return w[0].in.a;
}

int *
di3(void)
{
	int x = 1; // ERROR "^moved to heap: x$"
	struct wr w = { { &x } };
	struct wr v = w;
	return v.arr[0];
}

int
aos(struct pr *v, int n) // ERROR "^v does not escape$"
{
	int s = 0;
	for (int i = 0; i < n; i++)
		s += *v[i].a;
	return s;
}

int *
aos2(struct pr *v, int n) // ERROR "^leaking param: v to result ~r0 level=1$"
{
	return v[n].a;
}

struct pr *
aos3(struct pr *v, int n) // ERROR "^leaking param: v to result ~r0 level=0$"
{
	return &v[n];
}

int **
aos4(struct pr *v, int n) // ERROR "^leaking param: v to result ~r0 level=0$"
{
	return &v[n].b;
}

void
aos5(struct pr *v, int n, int *p) // ERROR "^v does not escape$" "^leaking param: p$"
{
	v[n].b = p;
}

void
aos6(int *p) // ERROR "^leaking param: p$"
{
	struct pr v[3];
	v[1].a = p;
	gp = v[2];
}

int
aos7(int *p) // ERROR "^p does not escape$"
{
	struct pr v[3];
	v[1].a = p;
	return *v[2].a;
}

char *
nm(struct wr *w) // ERROR "^leaking param: w to result ~r0 level=0$"
{
	return w->name;
}

char
nm3(struct wr w) // ERROR "^w does not escape$"
{
	return w.name[0];
}

int *
lst(struct wr *w) // ERROR "^leaking param: w to result ~r0 level=1$"
{
	while (w->next)
		w = w->next;
	return w->in.a;
}

void
app(struct wr **head, struct wr *w) // ERROR "^head does not escape$" "^leaking param: w$"
{
	while (*head)
		head = &(*head)->next;
	*head = w;
}

struct wr *
rev(struct wr *l) // ERROR "^leaking param: l$"
{
	struct wr *r = 0;
	while (l) {
		struct wr *n = l->next;
		l->next = r;
		r = l;
		l = n;
	}
	return r;
}

void
sw2(int **a, int **b) // ERROR "^leaking param content: a$" "^leaking param content: b$"
{
	int *t = *a;
	*a = *b;
	*b = t;
}

int
usesw(void)
{
	int x = 1, y = 2; // ERROR "^moved to heap: x$" "^moved to heap: y$"
	int *p = &x, *q = &y;
	sw2(&p, &q);
	return *p;
}

int
arrp(int (*v)[3]) // ERROR "^v does not escape$"
{
	return (*v)[1];
}

int *
arrp2(int (*v)[3]) // ERROR "^leaking param: v to result ~r0 level=0$"
{
	return v[1];
}

int **
arrp3(int *(*v)[3]) // ERROR "^leaking param: v to result ~r0 level=0$"
{
	return *v;
}

int *
arrp4(int *(*v)[3]) // ERROR "^leaking param: v to result ~r0 level=1$"
{
	return (*v)[1];
}

int *
arrp5(int n, int (*v)[n]) // ERROR "^leaking param: v to result ~r0 level=0$"
{
	return v[n - 1];
}

int
mat(int n, int v[n][n]) // ERROR "^v does not escape$"
{
	return v[0][n - 1];
}

struct parr
mkp(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	return (struct parr){ { p } };
}

int *
tmp3(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	return mkp(p).v[1];
}

int
tmp4(int *p) // ERROR "^p does not escape$"
{
	int **q = mkp(p).v;
	return **q;
}
