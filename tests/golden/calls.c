// errorcheck -fgoat-m -fgoat-l
// What is known of a callee: a function of this file by any spelling of its name, `pure` and
// `const` by what they may return. Through a pointer anything may be called.
#include <goat.h>

typedef union {
	int *p;
	const int *q;
} U __attribute__((transparent_union));

struct fp {
	int (*f)(void *);
	void *arg;
};

int *g;
__attribute__((pure)) int cnt(const int *p);
__attribute__((pure)) int *fnd(int *p, int n);
__attribute__((malloc)) void *xm(size_t n, int *why);
__attribute__((nonnull)) void nn(int *p);
_Noreturn void die(const char *f, ...);

void
tu(U u) // ERROR "^leaking param: u$"
{
	g = u.p;
}

void
tu1(void)
{
	int x; // ERROR "^moved to heap: x$"
	tu(&x);
}

int
tu2(U u) // ERROR "^u does not escape$"
{
	return *u.q;
}

int
tu3(void)
{
	int x = 1;
	return tu2(&x);
}

int
at1(void)
{
	int x = 1;
	return cnt(&x);
}

int *
at2(void)
{
	int x[3]; // ERROR "^moved to heap: x$"
	return fnd(x, 2);
}

int
at3(void)
{
	int x[3];
	return *fnd(x, 2);
}

void *
at5(void)
{
	int x; // ERROR "^moved to heap: x$"
	return xm(3, &x);
}

void
at6(void)
{
	int x; // ERROR "^moved to heap: x$"
	nn(&x);
}

int
at7(int *p) // ERROR "^leaking param: p$"
{
	if (!p)
		die("%p", (void *)p);
	return *p;
}

int
cb(struct fp *c) // ERROR "^leaking param content: c$"
{
	return c->f(c->arg);
}

int
cb2(struct fp c, int *x) // ERROR "^leaking param: c$" "^leaking param: x$"
{
	c.arg = x;
	return c.f(c.arg);
}

static int
twice(void *p) // ERROR "^p does not escape$"
{
	return 2 * *(int *)p;
}

int
cb3(void)
{
	int x = 1; // ERROR "^moved to heap: x$"
	struct fp c = { twice, &x };
	return c.f(c.arg);
}

int
cb4(void)
{
	int x = 1;
	return twice(&x);
}

int
cb5(void)
{
	int x = 1; // ERROR "^moved to heap: x$"
	int (*f)(void *) = twice;
	return f(&x);
}

int
cb6(void)
{
	int x = 1;
	return (&twice)(&x) + (*twice)(&x);
}

int
cb7(int c)
{
	int x = 1;
	return (c ? twice : twice)(&x);
}

static int
apply(int (*f)(void *), void *p) // ERROR "^leaking param: p$"
{
	return f(p);
}

int
cb8(void)
{
	int x = 1; // ERROR "^moved to heap: x$"
	return apply(twice, &x);
}

void
fnptab(int i)
{
	static int (*const tab[])(void *) = {};
	int x = 1; // ERROR "^moved to heap: x$"
	tab[i](&x);
}

int
rec(int n, int *p) // ERROR "^p does not escape$"
{
	int x = n;
	if (n == 0)
		return *p;
	return rec(n - 1, &x);
}

int *
recr(int n, int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	int x = n; // ERROR "^moved to heap: x$"
	if (n == 0)
		return p;
	return recr(n - 1, &x);
}

void
recs(int n, int *p) // ERROR "^leaking param: p$"
{
	int x = n; // ERROR "^moved to heap: x$"
	if (n == 0) {
		g = p;
		return;
	}
	recs(n - 1, &x);
}
