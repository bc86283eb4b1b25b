// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Variables that are larger than the stack of a goroutine, when there are so many that stacks are small.
#include <goat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARKED = 400, EACH = 8 };

struct large {
	int n;
	char text[200000];
};

static bool all(const char *p, size_t n, int v)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != (char)v)
			return false;
	return true;
}

static struct large make_large(int v)
{
	struct large l = { .n = v };

	memset(l.text, v, sizeof l.text);
	return l;
}

static __attribute__((noinline)) bool is_all(struct large l, int v)
{
	goat_yield();
	return l.n == v && all(l.text, sizeof l.text, v);
}

static bool (*volatile passed)(struct large l, int v) = is_all;

static bool passes(int i)
{
	static struct large l[EACH + 1];

	l[i] = make_large(i);
	make_large(1);
	return passed(l[i], i);
}

static bool by_value(int i)
{
	struct large a = make_large(i), b;
	char text[150000], *p = i % 2 ? &text[7] : &a.text[3];
	volatile char seen[3000];
	int small = i;

	goat_yield();
	b = a;
	memset(text, 50 + i, sizeof text);
	*p = 77;
	seen[small] = *p;
	return a.n == i && small == i && seen[i] == 77 && (i % 2 ? text[7] : a.text[3]) == 77 &&
	       all(b.text, sizeof b.text, i) && all(text + 8, sizeof text - 8, 50 + i);
}

static bool deep(int n, int v)
{
	char text[60000];
	bool ok;

	memset(text, v + n, sizeof text);
	goat_yield();
	ok = n == 0 || deep(n - 1, v);
	return ok && all(text, sizeof text, v + n);
}

static bool is_deep(int i)
{
	return deep(100, i) && deep(10, i + 1);
}

static bool huge(int i)
{
	char text[9000000];

	memset(text, i, sizeof text);
	goat_yield();
	return all(text, sizeof text, i);
}

static bool many_small(int i)
{
	int a[3000], b[3000], c[3000], d[3000], e[3000];

	for (int k = 0; k < 3000; k++) {
		a[k] = k + i;
		b[k] = a[k] + 1;
		c[k] = b[k] + 1;
		d[k] = c[k] + 1;
		e[k] = d[k] + 1;
	}
	goat_yield();
	for (int k = 0; k < 3000; k++)
		if (a[k] != k + i || e[k] - d[k] + c[k] - b[k] != 2)
			return false;
	return true;
}

// The only pointers are in a large variable.
static bool keeps_objects(int i)
{
	int *at[20000];

	for (int k = 0; k < 20000; k++)
		at[k] = k % 1000 ? NULL : new(int, i + k);
#ifndef __SANITIZE_THREAD__             // which holds back the signals that stop who computes
	if (i == 3)
		goat_gc();
#endif
	goat_yield();
	for (int k = 0; k < 100; k++)
		*new(int) = -1;
	for (int k = 0; k < 20000; k += 1000)
		if (*at[k] != i + k)
			return false;
	return true;
}

static bool of_size(int n, int v)
{
	char text[n];
	bool ok = true;

	memset(text, v, (size_t)n);
	goat_yield();
	for (int i = 0; i < 3 && n > 5000; i++) {
		char more[n / 2];
		char *p = __builtin_alloca(30000 * i);

		memset(more, i, sizeof more);
		memset(p, 9, 30000 * i);
		ok = ok && of_size(n / 2, v + 1) && all(more, sizeof more, i) && all(p, 30000 * i, 9);
	}
	return ok && all(text, sizeof text, v);
}

static bool of_variable_size(int i)
{
	return of_size(150000 + i, i);
}

static void panics(int v, char *out)
{
	char text[100000];

	memset(text, v, sizeof text);
	defer { *out = text[v]; }
	goat_yield();
	panic("large");
}

static void calls_what_panics(int i, char *out, bool *seen)
{
	char text[50000];

	memset(text, i, sizeof text);
	defer { *seen = !is_nil(recover()) && all(text, sizeof text, i); }
	panics(i, out);
}

static bool recovers(int i)
{
	char text[100000], out = 0;
	bool seen = false;

	memset(text, i, sizeof text);
	for (int k = 1; k <= 3; k++)
		calls_what_panics(k, &out, &seen);
	return seen && out == 3 && all(text, sizeof text, i);
}

static void one(bool (*f)(int), int i, chan(bool) done)
{
	chan_send(done, f(i));
}

static void parked(chan(bool) forever)
{
	chan_recv(forever);
}

static void test(const char *name, bool (*f)(int))
{
	chan(bool) done = make(chan(bool), 0);
	bool ok = true;

	for (int i = 1; i <= EACH; i++)
		go one(f, i, done);
	for (int i = 1; i <= EACH; i++)
		ok = chan_recv(done) && ok;
	printf("%s: %s\n", name, ok ? "ok" : "wrong");
}

int main(void)
{
	chan(bool) forever = make(chan(bool), 0);

	for (int i = 0; i < PARKED; i++)
		go parked(forever);
	goat_yield();
	test("passes", passes);
	test("by value", by_value);
	test("deep", is_deep);
	test("huge", huge);
	test("many small", many_small);
	test("keeps objects", keeps_objects);
	test("of variable size", of_variable_size);
	test("recovers", recovers);
	return 0;
}
