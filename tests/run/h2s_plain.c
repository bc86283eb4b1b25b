// run -fgoat-heap2stack
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Plain C whose heap blocks may move to the frame: the program does what it did. Its expected
// output is that of plain gcc.
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pair {
	int a, b;
};
struct list {
	struct list *next;
	int n;
};

__attribute__((noinline)) static int
sum(const int *p, int n)
{
	int total = 0;

	for (int i = 0; i < n; i++)
		total += p[i];
	return total;
}

static int
simple(int n)
{
	int *p = malloc(sizeof *p), r;

	*p = n;
	r = *p + 1;
	free(p);
	return r;
}

static int
checked(int n)
{
	int *p = malloc(4 * sizeof *p), r;

	if (p == NULL)
		return -1;
	for (int i = 0; i < 4; i++)
		p[i] = n + i;
	r = sum(p, 4);
	free(p);
	return r;
}

static int
checked_otherwise(int n)
{
	struct pair *p;

	if (!(p = malloc(sizeof *p)))
		abort();
	p->a = n;
	p->b = 2 * n;
	n = p->a + p->b;
	if (p)
		free(p);
	return n;
}

static int
cleared(void)
{
	int r = 0;

	for (int i = 0; i < 10; i++) {
		int *p = calloc(8, sizeof *p);

		if (p == NULL)
			break;
		r += sum(p, 8);
		p[i % 8] = 100;
		free(p);
	}
	return r;
}

static int
early(int n)
{
	char *p = malloc(16);

	if (p == NULL)
		return -1;
	strcpy(p, "early");
	if (n == 1) {
		free(p);
		return 1;
	}
	if (n == 2)
		return p[0];
	n = strlen(p);
	free(p);
	return n;
}

static int
cleanup_chain(int n)
{
	char *a = NULL, *b = NULL, *c = NULL;
	int r = -1;

	a = malloc(8);
	if (a == NULL)
		goto out;
	b = malloc(16);
	if (b == NULL || n == 1)
		goto free_a;
	c = calloc(1, 32);
	if (c == NULL || n == 2)
		goto free_b;
	strcpy(a, "a");
	strcpy(b, "bb");
	strcat(strcpy(c, a), b);
	r = strlen(c);
	free(c);
free_b:
	free(b);
free_a:
	free(a);
out:
	return r;
}

static int
leaked(int n)
{
	int *p = malloc(sizeof *p);

	*p = n;
	return *p;
}

static int
grown(int n)
{
	int *p = malloc(2 * sizeof *p), r;

	p[0] = p[1] = n;
	p = realloc(p, 100 * sizeof *p);
	p[99] = 1;
	r = p[0] + p[1] + p[99];
	free(p);
	return r;
}

static void
release(void *p)
{
	free(p);
}

static int
freed_by_callee(int n)
{
	int *p = malloc(sizeof *p), r;

	r = *p = n;
	release(p);
	return r;
}

static int
freed_by_alias(int n)
{
	int *p = malloc(sizeof *p), *q = p, r;

	*q = n;
	r = *p;
	free(q);
	return r;
}

static int
freed_if(int n)
{
	int *p = malloc(sizeof *p), r = *(volatile int *)&n;

	*p = r;
	r = *p;
	if (n > 2)
		free(p);
	return r;
}

static int
freed_by_pointer(int n)
{
	void (*volatile f)(void *) = free;
	int *p = malloc(sizeof *p), r;

	r = *p = n;
	f(p);
	return r;
}

static int
chosen(int n)
{
	int *p = n > 1 ? malloc(sizeof *p) : calloc(1, sizeof *p), r;

	if (n > 1)
		*p = n;
	r = *p;
	free(p);
	return r;
}

static int
or_static(int n)
{
	static char fixed[8];
	char *p = n > 8 ? malloc(64) : fixed;

	memset(p, n, 8);
	n = p[7];
	if (p != fixed)
		free(p);
	return n;
}

static int
of_pointers(int n)
{
	int *a[4], r = 0;

	for (int i = 0; i < 4; i++) {
		a[i] = malloc(sizeof *a[i]);
		*a[i] = i * n;
	}
	for (int i = 0; i < 4; i++)
		r = r * 10 + *a[i];
	for (int i = 0; i < 4; i++)
		free(a[i]);
	return r;
}

static int
members(int n)
{
	struct {
		struct pair *p;
		int *q;
	} s;

	s.p = malloc(sizeof *s.p);
	s.q = malloc(sizeof *s.q);
	s.p->a = n;
	*s.q = s.p->a + 1;
	n = *s.q;
	free(s.p);
	free(s.q);
	return n;
}

static int
assigned_twice(int n)
{
	int *p = malloc(sizeof *p), r;

	*p = n;
	r = *p;
	free(p);
	p = malloc(2 * sizeof *p);
	p[1] = n;
	r += p[1];
	free(p);
	return r;
}

static void
replace(int **p)
{
	free(*p);
	*p = malloc(sizeof **p);
	**p = 77;
}

static int
address_taken(int n)
{
	int *p = malloc(sizeof *p), r;

	*p = n;
	replace(&p);
	r = *p;
	free(p);
	return r;
}

static int
kept_in_loop(int n)
{
	struct list *l = NULL, *next;
	int r = 0;

	for (int i = 0; i < n; i++) {
		struct list *e = malloc(sizeof *e);

		e->next = l;
		e->n = i;
		l = e;
	}
	for (; l != NULL; l = next) {
		next = l->next;
		r = r * 10 + l->n;
		free(l);
	}
	return r;
}

static int
last_round(int n)
{
	int *p = NULL, r;

	for (int i = 0; i < n; i++) {
		free(p);
		p = malloc(sizeof *p);
		*p = i;
	}
	r = *p;
	free(p);
	return r;
}

static int
by_goto(int n)
{
	int *last = NULL, *p, r = 0;

again:
	p = malloc(sizeof *p);
	*p = n;
	if (last != NULL)
		r = r * 10 + *last;
	last = p;
	if (n-- > 0)
		goto again;
	return r;
}

static int
by_computed_goto(int n)
{
	static void *const to[] = { &&again, &&out };
	int *last = NULL, *p, r = 0;

again:
	p = malloc(sizeof *p);
	*p = n;
	if (last != NULL)
		r = r * 10 + *last;
	last = p;
	goto *to[n-- <= 0];
out:
	return r;
}

static int
by_nested_goto(int n)
{
	__label__ again;
	int *last = NULL, *p, r = 0;

	void back(void) { goto again; }

again:
	p = malloc(sizeof *p);
	*p = n;
	if (last != NULL)
		r = r * 10 + *last;
	last = p;
	if (n-- > 0)
		back();
	return r;
}

static int
usable(void)
{
	char *p = malloc(20);
	int ok = malloc_usable_size(p) >= 20;

	free(p);
	return ok;
}

static jmp_buf env;

static int
jumps(int n)
{
	volatile int rounds = 0;
	int *volatile p = NULL;

	if (setjmp(env) < 3) {
		int *fresh = malloc(sizeof *fresh);

		*fresh = p ? *p + n : 0;
		free(p);
		p = fresh;
		rounds++;
		longjmp(env, rounds);
	}
	n = *p;
	free(p);
	return n;
}

static void
leave(int n)
{
	int *p = malloc(sizeof *p);

	*p = n;
	if (n > 0)
		longjmp(env, *p);
	free(p);
}

static int
left_by_jump(int n)
{
	int r = setjmp(env);

	if (r == 0)
		leave(n);
	return r;
}

static long
recursive(int depth)
{
	long *p = malloc(8 * sizeof *p), r;

	for (int i = 0; i < 8; i++)
		p[i] = depth;
	r = depth == 0 ? 0 : recursive(depth - 1);
	for (int i = 0; i < 8; i++)
		r += p[i];
	free(p);
	return r;
}

static void *
thread(void *arg)
{
	int *in = arg, *own = malloc(64 * sizeof *own), *out = malloc(sizeof *out);

	for (int i = 0; i < 64; i++)
		own[i] = *in;
	*out = sum(own, 64);
	free(own);
	free(in);
	return out;
}

static int
threads(void)
{
	pthread_t t[3];
	int total = 0;

	for (int i = 0; i < 3; i++) {
		int *arg = malloc(sizeof *arg);

		*arg = i;
		pthread_create(&t[i], NULL, thread, arg);
	}
	for (int i = 0; i < 3; i++) {
		void *out;

		pthread_join(t[i], &out);
		total += *(int *)out;
		free(out);
	}
	return total;
}

// More than a block, and more than a frame may hold.
static int
big(void)
{
	char *limit = malloc(65536), *over = malloc(65537), *a = malloc(50000), *b = malloc(50000);
	int r;

	limit[65535] = over[65536] = a[49999] = b[49999] = 1;
	r = limit[65535] + over[65536] + a[49999] + b[49999];
	free(limit);
	free(over);
	free(a);
	free(b);
	return r;
}

static int
huge(void)
{
	volatile size_t most = PTRDIFF_MAX;
	char *p = malloc(most), *q = calloc(SIZE_MAX / 2, 3);
	int r = p == NULL && q == NULL && errno == ENOMEM;

	free(p);
	free(q);
	return r;
}

static int
aligned(void)
{
	char *a = malloc(1), *b = malloc(40), *c = aligned_alloc(256, 512), *d = calloc(3, 1);
	int r = (((uintptr_t)a | (uintptr_t)b | (uintptr_t)d) % 16 == 0) + ((uintptr_t)c % 256 == 0);

	c[511] = 1;
	free(a);
	free(b);
	free(c);
	free(d);
	return r;
}

static int
duplicated(void)
{
	char *p = strdup("duplicate"), *q = strdup(&"other text"[6]);
	int r;

	p[0] = 'D';
	r = strcmp(p, "Duplicate") == 0 && strcmp(q, "text") == 0;
	free(p);
	free(q);
	return r;
}

// The block is used as one type after the other.
__attribute__((noinline)) static float
retyped(int n)
{
	void *block = malloc(8);
	int *i = block;
	float *f = block, r;

	*i = n;
	n = *i;
	*f = n + 0.5f;
	r = *f;
	memcpy(block, &n, sizeof n);
	r += *i;
	free(block);
	return r;
}

struct tail {
	long n;
	char c[256];
};

// Less than a whole struct, as programs do that know how much of the tail they need.
__attribute__((noinline)) static int
cut_short(int n)
{
	struct tail *p = calloc(1, 16), *q = calloc(1, 24), *which = n ? p : q;
	int r;

	r = which->n + which->c[0];
	which->n = n + 1;
	r += p->n + q->n;
	free(p);
	free(q);
	return r;
}

static int
compared(void)
{
	char *p = malloc(1), *q = malloc(1), *z = malloc(0);
	int r = (p != q) + (p != NULL) + (q != NULL);

	free(z);
	free(q);
	free(p);
	return r;
}

static char *
returned(int n)
{
	char *p = malloc(16), *q = malloc(16);

	sprintf(p, "%d", n);
	strcpy(q, "unused");
	free(q);
	return p;
}

static int *kept;

static int
stored(int n)
{
	int *p = malloc(sizeof *p);

	*p = n;
	kept = p;
	return *p;
}

static int
in_switch(int n)
{
	char *p;

	switch (n) {
	case 0:
		p = malloc(8);
		break;
	default:
		p = malloc(16);
	}
	strcpy(p, "switch");
	n = p[5];
	free(p);
	return n;
}

static int
in_statement_expression(int n)
{
	int *p = ({
		int *q = malloc(sizeof *q);

		*q = n;
		q;
	});

	n = *p * 2;
	free(p);
	return n;
}

static int
used_in_size(int n)
{
	int *p = malloc(sizeof *p);

	*p = n;
	{
		char a[*p + 1];

		n = sizeof a;
	}
	free(p);
	return n;
}

static int
null_after(int n)
{
	int *p = malloc(sizeof *p);

	*p = n;
	n = *p;
	free(p);
	p = NULL;
	return p == NULL ? n : -1;
}

int
main(void)
{
	char *text;

	for (int n = 0; n < 4; n++) {
		printf("%d: %d %d %d %d %d %d", n, simple(n), checked(n), checked_otherwise(n),
		       early(n), cleanup_chain(n), leaked(n));
		printf(" %d %d %d %d %d", grown(n), freed_by_callee(n), freed_by_alias(n), freed_if(n),
		       freed_by_pointer(n));
		printf(" %d %d %d %d", chosen(n), or_static(5 * n), of_pointers(n), members(n));
		printf(" %d %d %d", assigned_twice(n), address_taken(n), kept_in_loop(n));
		printf(" %d %d %d", by_goto(n), by_computed_goto(n), by_nested_goto(n));
		printf(" %d %d %g %d", jumps(n), left_by_jump(n), retyped(n), cut_short(n));
		printf(" %d %d %d %d\n", in_switch(n), in_statement_expression(n), used_in_size(n),
		       null_after(n));
	}
	printf("%d %d %d %d %d %d", cleared(), last_round(5), usable(), threads(), big(), huge());
	printf(" %d %d %d %ld\n", aligned(), duplicated(), compared(), recursive(1000));
	text = returned(42);
	printf("%s %d", text, stored(9));
	printf(" %d\n", *kept);
	free(text);
	free(kept);
	return 0;
}
