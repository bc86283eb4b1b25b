// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Ten million objects that do not escape fit in a small stack, and in no heap at all.
#include <goat.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct item {
	long a, b, c;
};

long
sum(const struct item *p)
{
	return p->a + p->b + p->c;
}

int
main(int argc, char **argv)
{
	struct rlimit small = { 1 << 18, 1 << 18 };
	long total = 0;

	if (argc == 1) {
		setrlimit(RLIMIT_STACK, &small);
		execl("/proc/self/exe", argv[0], "again", NULL);
		return 1;
	}
	for (long i = 0; i < 10000000; i++) {
		struct item *p = new(struct item, .a = i, .c = 1);
		char *text = *new(char[100]);

		text[i % 100] = 1;
		total += sum(p) - text[i % 100] - text[(i + 1) % 100];
	}
	printf("%ld\n", total);
	return 0;
}
