// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Deferred code in every kind of place: what runs, in which order, and what it sees.
#include <goat.h>
#include <stdarg.h>

static char log_[4096];

static void
say(const char *s)
{
	strcat(log_, s);
	strcat(log_, " ");
}

static void
num(int n)
{
	sprintf(log_ + strlen(log_), "%d ", n);
}

static void
done(const char *name)
{
	size_t n = strlen(log_);

	printf("%s: %.*s\n", name, (int)(n > 0 ? n - 1 : 0), log_);
	log_[0] = 0;
}

static void
branches(int n)
{
	if (n & 1)
		defer say("odd");
	else
		defer say("even");
	switch (n) {
	case 0:
		defer { say("zero"); }
		break;
	case 1:
	case 2:
		defer say("small");
		/* fall through */
	default:
		defer num(n);
	}
	if (n == 2)
		return;
	defer say("late");
}

static void
loops(int n)
{
	for (int i = 0; i < n; i++) {
		int sq = i * i;
		int live = i;

		defer num(i);
		defer { num(sq); num(live); live++; }
		live += 100;
		if (i == 3)
			continue;
		if (i == 5)
			break;
		defer num(-i);
	}
}

static void
gotos(int n)
{
	int i = 0;
	goto in;
again:
	defer num(i);
in:
	defer { num(100 + i); }
	if (i++ < n)
		goto again;
	if (n == 7)
		goto out;
	defer say("passed");
out:
	defer say("out");
}

static int
nested_scopes(int n)
{
	result(int, r);

	if (n > 0) {
		int a = n;
		{
			int b = a + 1;

			defer { r += a * 10 + b; num(a); num(b); }
			a++;
			b += 5;
		}
		a++;
	}
	return 1000;
}

struct big { int x[40]; };

static struct big
made(int n)
{
	struct big b = { { n } };

	defer { b.x[0] = -1; }
	defer { n++; }
	b.x[39] = n;
	return b;
}

static struct big
named(int n)
{
	result(struct big, b);

	b.x[1] = 5;
	defer { b.x[2] = b.x[0] + 1; }
	return made(n);
}

static int
vla(int n)
{
	int v[n], sum = 0;

	for (int i = 0; i < n; i++)
		v[i] = i;
	defer { for (int i = 0; i < n; i++) num(v[i]); }
	{
		int w[n + 1];

		for (int i = 0; i <= n; i++)
			w[i] = 10 * i;
		defer { for (int i = 0; i <= n; i++) num(w[i]); }
		sum = w[n];
	}
	for (int k = 1; k < 3; k++) {
		int u[8];

		memset(u, k, sizeof(u));
		defer { num(u[7]); }
	}
	return sum;
}

static int
variadic(int n, ...)
{
	result(int, sum);
	va_list ap;

	va_start(ap, n);
	defer va_end(ap);
	for (int i = 0; i < n; i++)
		sum += va_arg(ap, int);
	defer { sum *= 2; }
	return sum;
}

static void
outer_with_nested(int n)
{
	int local = 3;
	void inner(int k)
	{
		defer { local += k; num(local); }
		if (k > 1)
			return;
		local *= 2;
	}

	defer inner(n);
	defer { inner(5); }
	for (int i = 0; i < 2; i++)
		defer inner(i);
}

static int
stmt_expr(int n)
{
	int v = ({ defer num(n); n * 2; });

	n++;
	v += ({ if (n > 3) return v; 1; });
	defer num(v);
	return v + 1;
}

static void
block_defers(int n)
{
	for (int i = 0; i < n; i++) {
		block_defer num(i);
		block_defer { say("b"); }
		if (i == 1)
			continue;
		if (i == 3)
			break;
		say("body");
	}
	{
		block_defer say("x");
		say("y");
	}
	if (n)
		block_defer say("at once");
	while (n-- > 3)
		{ block_defer { say("w"); } say("v"); }
	switch (n) {
	default: ;
		block_defer say("sw");
		say("in");
		break;
	}
	block_defer say("end");
	return;
}

static int
block_result(void)
{
	result(int, r);
	block_defer { r++; }
	return 4;
}

static void
inner_defers(void)
{
	defer {
		defer say("i1");
		for (int i = 0; i < 10; i++) {
			int k = i;
			defer { num(k); }
		}
		say("blk");
	}
	say("body");
}

static double
floats(double a, float b, long double c)
{
	result(double, r);
	for (int i = 0; i < 2; i++) {
		double d = a * i;
		float f = b * i;
		long double l = c * i;
		defer { r += d + f + l; }
	}
	return 0.5;
}

struct small { char c; short s; };

static void
by_struct(struct small s, struct big b, char c, _Bool t)
{
	num(s.c); num(s.s); num(b.x[39]); num(c); num(t);
}

static void
struct_args(int n)
{
	struct small s = { 1, 2 };
	struct big b = { { 0 } };

	for (int i = 0; i < n; i++) {
		b.x[39] = i;
		s.c++;
		defer by_struct(s, b, i + 'a', i);
		s.s = 7;
	}
	defer by_struct(s, b, 30, 300);
	memset(&s, 0, sizeof(s));
	memset(&b, 0, sizeof(b));
}

static long long
recursion(int n)
{
	result(long long, r);

	defer { r = r * 3 + n; }
	if (n == 0)
		return 1;
	return recursion(n - 1);
}

static int (*pick(int n))(const char *)
{
	defer num(n);
	return puts;
}

static void
many(int n)
{
	long sum = 0;

	defer { num(sum % 1000007); }
	for (int i = 0; i < n; i++) {
		int k = i;

		defer { sum += k; }
	}
}

static int
computed(int n)
{
	static void *const to[] = { &&a, &&b, &&c };
	int k = 0;

	goto *to[n];
a:
	defer say("a");
b:
	defer say("b");
	if (k++ < 2)
		goto *to[k];
c:
	defer { say("c"); num(k); }
	return k;
}

static void
empty(void)
{
	defer {}
	defer { ; }
	defer { say("e"); }
}

static const int *
const_capture(void)
{
	for (int i = 0; i < 3; i++) {
		const int c = i + 1;
		const struct small k = { 3, i };
		const int arr[3] = { i, 2, 3 };
		defer { num(c); num(k.s); num(arr[0]); }
	}
	return NULL;
}

int main(int argc, char **argv)
{
	(void)argv;
	for (int i = 0; i < 5; i++) {
		branches(i);
		done("branches");
	}
	loops(9);
	done("loops");
	gotos(2);
	done("gotos");
	gotos(7);
	done("gotos");
	num(nested_scopes(2));
	num(nested_scopes(0));
	done("scopes");
	struct big b = named(6);
	num(b.x[0]);
	num(b.x[1]);
	num(b.x[2]);
	num(b.x[39]);
	done("structs");
	num(vla(4));
	done("vla");
	num(variadic(3, 1, 2, 3));
	done("variadic");
	outer_with_nested(4);
	done("nested");
	num(stmt_expr(1));
	num(stmt_expr(5));
	done("statement expression");
	block_defers(6);
	done("block_defer");
	num(block_result());
	done("block result");
	inner_defers();
	done("inner");
	printf("%g\n", floats(1.5, 2.5f, 3.0L));
	struct_args(2);
	done("struct arguments");
	num(recursion(5));
	done("recursion");
	pick(3);
	done("function pointer result");
	many(100000);
	done("many");
	for (int i = 0; i < 3; i++) {
		num(computed(i));
		done("computed");
	}
	empty();
	done("empty");
	const_capture();
	done("const");
	defer { puts("main's"); }
	return argc - 1;
}
