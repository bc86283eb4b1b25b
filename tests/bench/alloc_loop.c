// SPDX-License-Identifier: GPL-3.0-or-later
//
// alloc_loop.c: a loop that makes a 24-byte struct, lets another function read it, and lets it die.
// alloc.sh compiles it once for each way to make one.
//
// The reader is not inlined, so the struct is really in memory, whichever way it got there.

#include <stdio.h>
#include <stdlib.h>
#ifdef WITH_NEW
#include <goat.h>
#endif

struct s {
	long a, b, c;
};

static __attribute__((noinline)) long
sum(const struct s *p)
{
	return p->a + p->b + p->c;
}

static __attribute__((noinline)) long
loop(long n)
{
	long total = 0;

	for (long i = 0; i < n; i++) {
#if defined WITH_NEW
		struct s *p = new(struct s, .a = i, .b = 2, .c = 3);
		total += sum(p);
#elif defined WITH_MALLOC
		struct s *p = malloc(sizeof *p);
		*p = (struct s){ .a = i, .b = 2, .c = 3 };
		total += sum(p);
		free(p);
#else
		struct s local = { .a = i, .b = 2, .c = 3 };
		total += sum(&local);
#endif
	}
	return total;
}

int
main(int argc, char **argv)
{
	printf("%ld\n", loop(argc > 1 ? atol(argv[1]) : 1));
	return 0;
}
