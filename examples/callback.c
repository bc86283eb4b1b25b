// SPDX-License-Identifier: BSD-3-Clause
//
// callback.c: out-parameters and callbacks, C's two ways of handing an address down.
//
// An out-parameter costs nothing: the callee writes through it and forgets it. A callback does:
// a call through a function pointer could reach any function, so its arguments leak.

#include <goat.h>
#include <stdlib.h>

// A number goes out. `text` and `out` stay, and so do the caller's variables.
static bool parse(const char *text, long *out)
{
	char *end;

	*out = strtol(text, &end, 10);          // puts `text` into `end`, which stays here
	return end != text && *end == '\0';
}

// A pointer goes out: `text` is stored where `rest` points, and what is stored through a pointer
// leaks.
static long parse_some(const char *text, const char **rest)
{
	char *end;
	long n = strtol(text, &end, 10);

	*rest = end;
	return n;
}

static void each(const int *v, int n, void (*visit)(int value, void *arg), void *arg)
{
	for (int i = 0; i < n; i++)
		visit(v[i], arg);
}

static void add(int value, void *arg)
{
	int *total = arg;

	*total += value;
}

// `each` leaks its `arg`, so the variable moves to the heap. Correct, and slower than need be.
static int total_by_callback(const int *v, int n)
{
	int total = 0;

	each(v, n, add, &total);
	return total;
}

// The same function called by its name is seen through.
static int total_by_name(const int *v, int n)
{
	int total = 0;

	for (int i = 0; i < n; i++)
		add(v[i], &total);
	return total;
}

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

// Of the C library it is known what it does with its arguments. qsort calls its comparator with
// pointers to the elements, and the comparator is named here: nothing leaks.
static int median(void)
{
	int v[] = { 9, 1, 7, 3, 5 };

	qsort(v, 5, sizeof *v, ascending);
	return v[2];
}

int main(void)
{
	static const int v[] = { 1, 2, 3 };
	const char *rest;
	long n;

	if (parse("42", &n))
		printf("%ld\n", n);
	n = parse_some("7 and more", &rest);
	printf("%ld, then%s\n", n, rest);
	printf("%d %d %d\n", total_by_callback(v, 3), total_by_name(v, 3), median());
	return 0;
}
