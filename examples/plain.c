// SPDX-License-Identifier: BSD-3-Clause
//
// plain.c: C as it is, without <goat.h>, and what -fgoat-heap2stack makes of it.
//
// A malloc() of a size known when compiling, whose pointer does not leave the function and which
// is freed by that function or not at all, becomes a variable of the frame; its free() goes away.
//
//	goatcc -fgoat-m -fgoat-heap2stack plain.c -o plain
//	valgrind ./plain
//
// Built with -O0, valgrind counts 4,002 allocations without -fgoat-heap2stack and 2,002 with it.
// The report is the same in both cases: it says what does not escape, not what was moved.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct date {
	int year, month, day;
};

// Moved: allocated, used and freed here. The null check stays, and is never true.
static int days(int year, int month, int day)
{
	struct date *d = malloc(sizeof *d);
	int n;

	if (d == NULL)
		abort();
	*d = (struct date){ year, month, day };
	n = 365 * d->year + 30 * d->month + d->day;
	free(d);
	return n;
}

// Moved: calloc's block is cleared at each call, as before.
static int vowels(const char *s)
{
	int *count = calloc(256, sizeof *count), n;

	for (; *s != '\0'; s++)
		count[(unsigned char)*s]++;
	n = count['a'] + count['e'] + count['i'] + count['o'] + count['u'];
	free(count);
	return n;
}

// Not moved: it escapes, for it is returned.
static struct date *today(void)
{
	struct date *d = malloc(sizeof *d);

	if (d == NULL)
		abort();
	*d = (struct date){ 2024, 2, 29 };
	return d;
}

// Not moved: the size is not known when compiling.
static size_t doubled(const char *s)
{
	size_t n = strlen(s);
	char *both = malloc(2 * n + 1);

	if (both == NULL)
		abort();
	memcpy(both, s, n);
	memcpy(both + n, s, n + 1);
	n = strlen(both);
	free(both);
	return n;
}

static void release(struct date *d)
{
	free(d);
}

// Does not escape, and is not moved all the same: another function frees it.
static int leap_day(void)
{
	struct date *d = malloc(sizeof *d);
	int n;

	if (d == NULL)
		abort();
	d->day = 29;
	n = d->day;
	release(d);
	return n;
}

int main(void)
{
	struct date *d = today();
	long total = 0;

	for (int i = 0; i < 1000; i++)
		total += days(i, 1, 1) + vowels("escape analysis") + (long)doubled("ab") + leap_day();
	printf("%ld %d\n", total, d->year);
	free(d);
	return 0;
}
