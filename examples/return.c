// SPDX-License-Identifier: BSD-3-Clause
//
// return.c: returning the address of a local variable, which C forbids and Go does not.
//
// In annotated C (a file that includes <goat.h>) a local lives as long as something points to it.
// One that is pointed to after its function has returned is made on the heap from the start.

#include <goat.h>
#include <string.h>

// The classic mistake of C: the buffer is gone when the caller reads it. Here it is not.
static char *greeting(const char *name)
{
	char buf[64];

	snprintf(buf, sizeof buf, "hello, %s", name);
	return buf;
}

// The same buffer, but only a number leaves. It stays in the frame; snprintf keeps nothing.
static size_t greeting_length(const char *name)
{
	char buf[64];

	snprintf(buf, sizeof buf, "hello, %s", name);
	return strlen(buf);
}

// What comes in may go out: the result points to what one of the parameters points to, and no
// further. The caller's x and y are as good as before.
static int *larger(int *a, int *b)
{
	return *a > *b ? a : b;
}

struct pair {
	int *first, *second;
};

// A struct is returned by value, and the addresses in it count as returned.
static struct pair make_pair(int n)
{
	int twice = 2 * n;
	struct pair p = { &n, &twice };

	return p;
}

// Returned a level down: the pointer in *p leaves, not p.
static int *first(const struct pair *p)
{
	return p->first;
}

int main(void)
{
	int x = 3, y = 4;
	struct pair p = make_pair(21);

	puts(greeting("world"));
	printf("%zu\n", greeting_length("world"));
	*larger(&x, &y) = 0;
	printf("%d %d\n", x, y);
	printf("%d %d\n", *first(&p), *p.second);
	return 0;
}
