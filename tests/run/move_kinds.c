// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Variables of every kind move and stay what they are.
#include <goat.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

struct node {
	struct node *self, *next;
	int value;
};

struct node *
self(void)
{
	struct node x = { .self = &x, .value = 1 };

	return &x;
}

struct node *
pair(void)
{
	struct node a = { .value = 1 }, b = { .self = &b, .next = &a, .value = a.value + 1 };

	a.next = &b;
	a.self = &a;
	return &b;
}

int *
scalar_of_itself(void)
{
	int x = sizeof x;
	int *p = &x, y = *p + x;

	return &y;
}

int *
vla(int n)
{
	int a[n];

	for (int i = 0; i < n; i++)
		a[i] = i;
	return a;
}

int *
vla_in_loop(int n)
{
	int *last = NULL, *first = NULL;

	for (int i = 1; i <= n; i++) {
		int a[i];

		a[i - 1] = 10 * i;
		if (i == 1)
			first = a;
		last = &a[i - 1];
	}
	*last += *first;
	return last;
}

int *
vla_matrix(int n, int m)
{
	int a[n][m];

	for (int i = 0; i < n; i++)
		for (int j = 0; j < m; j++)
			a[i][j] = i * m + j;
	if (sizeof a != n * m * sizeof(int) || sizeof a[0] != m * sizeof(int))
		puts("wrong size");
	return a[n - 1];
}

int *
vla_typedef(int n)
{
	typedef int row[n++];
	row a, b;

	memset(a, 0, sizeof a);
	memset(b, 0, sizeof b);
	a[0] = sizeof(row) / sizeof(int);
	b[0] = n;
	a[1] = b[0];
	return a;
}

int *
vla_side_effect(int *n)
{
	int a[(*n)++];

	a[0] = sizeof a / sizeof *a;
	return a;
}

struct node **
vla_of_pointers(int n)
{
	struct node *a[n];

	for (int i = 0; i < n; i++)
		a[i] = new(struct node, .value = i);
	return a;
}

char *
from_alloca(const char *s)
{
	char *p = __builtin_alloca(strlen(s) + 1);

	strcpy(p, s);
	return p;
}

int *
array(void)
{
	int a[4] = { 1, 2, [3] = 4 };

	return &a[1];
}

int (*
matrix(void))[3]
{
	int a[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };

	return a;
}

char *
text(void)
{
	char s[16] = "hello";

	s[0] = 'j';
	return s;
}

char *
exact_text(void)
{
	char s[] = "exact";

	return s;
}

struct bits {
	int a : 5;
	unsigned b : 11;
	int : 0;
	long c : 40;
};

struct bits *
bit_fields(void)
{
	struct bits b = { -3, 1000, 1L << 38 };

	b.a--;
	b.b++;
	b.c += b.a;
	return &b;
}

struct wide {
	char c;
} __attribute__((aligned(64)));

struct wide *
over_aligned(void)
{
	struct wide w = { 'w' };

	return &w;
}

char *
aligned_variable(void)
{
	char c __attribute__((aligned(256))) = 'a';

	return &c;
}

void *
aligned_page(void)
{
	char c[10] __attribute__((aligned(8192)));

	c[0] = 1;
	return c;
}

int *cleaned;

void
clean(int *p)
{
	cleaned = p;
	*p += 100;
}

int *
with_cleanup(void)
{
	int x __attribute__((cleanup(clean))) = 1;

	x++;
	return &x;
}

void
cleanup_in_loop(void)
{
	for (int i = 0; i < 3; i++) {
		int x __attribute__((cleanup(clean))) = i;

		if (i == 1)
			continue;
		x += 10;
	}
}

const int *
constant(void)
{
	const int x = 5;
	const int *p = &x;

	return p;
}

const int *
constant_array(void)
{
	const int a[3] = { 1, 2, 3 };

	return a;
}

volatile int *
with_volatile(void)
{
	volatile int x = 1;

	x = x + x;
	return &x;
}

_Atomic long *
with_atomic(void)
{
	_Atomic long x = 1;

	x++;
	x *= 3;
	return &x;
}

union word {
	int i;
	float f;
	unsigned char c[4];
};

union word *
in_union(void)
{
	union word w = { .f = 1.0f };

	return &w;
}

_Complex float *
complex_number(void)
{
	_Complex float z = 1 + 2i;

	__real__ z += 1;
	return &z;
}

_Bool *
boolean(void)
{
	_Bool b = 17;

	return &b;
}

enum color { RED, GREEN = 7 };

enum color *
enumeration(void)
{
	enum color c = GREEN;

	return &c;
}

__int128 *
wide_integer(void)
{
	__int128 x = (__int128)1 << 100;

	return &x;
}

int (**
function_pointer(void))(const char *)
{
	int (*f)(const char *) = puts;

	return &f;
}

struct flexible {
	int n;
	char c[];
};

struct flexible *
flexible(void)
{
	struct flexible f = { 3 };

	return &f;
}

struct node *
copied(struct node from)
{
	struct node x = from, y = x;

	y.next = &x;
	return &y;
}

va_list *
variable_arguments(int n, ...)
{
	va_list ap;

	va_start(ap, n);
	n = va_arg(ap, int);
	va_end(ap);
	return n == 3 ? &ap : NULL;
}

int *
shadows(void)
{
	int x = 1, *p = &x;

	{
		int x = 2;

		p = &x;
		{
			int x = 3;

			p = x == 3 ? p : &x;
		}
	}
	return x == 1 ? p : NULL;
}

int *
unused(int which)
{
	int never __attribute__((unused)), x = which;
	int *p = &never;

	return which ? &x : p;
}

int *
conditional(int c)
{
	int x = 1, y = 2;

	return c ? &x : &y;
}

int *
comma(void)
{
	int x = 1;

	return x++, &x;
}

struct holder {
	int *p;
	struct node n;
};

struct holder
in_result(void)
{
	int x = 42;
	struct node n = { .value = 5 };

	n.next = NULL;
	return (struct holder){ &x, n };
}

int *
asm_operand(void)
{
	int x = 1;

	__asm__("addl $4, %0" : "+m"(x));
	return &x;
}

int
main(void)
{
	struct node *n = self(), *b = pair(), *c;
	struct wide *w[3];
	int count = 3;

	printf("%d %d\n", n->self == n, n->value);
	printf("%d %d %d\n", b->self == b, b->next->next == b, b->value + b->next->value);
	printf("%d\n", *scalar_of_itself());
	printf("%d %d %d %d\n", vla(5)[4], *vla_in_loop(4), vla_matrix(3, 4)[3], vla_typedef(6)[0]);
	printf("%d %d, ", vla_typedef(6)[1], vla_side_effect(&count)[0]);
	printf("%d\n", count);
	goat_gc();
	struct node **v = vla_of_pointers(100);
	goat_gc();
	for (int i = 0; i < 1000; i++)
		(void)new(struct node);
	printf("%d %s\n", v[57]->value, from_alloca("alloca"));
	printf("%d %d %d\n", array()[0], array()[2], matrix()[1][2]);
	printf("%s %zu %s %d\n", text(), strlen(text()), exact_text(), text()[15]);
	printf("%d %d %ld\n", bit_fields()->a, bit_fields()->b, (long)bit_fields()->c);
	for (int i = 0; i < 3; i++)
		w[i] = over_aligned();
	printf("%c %d %d\n", w[2]->c, (int)((uintptr_t)w[0] % 64), (int)((uintptr_t)w[1] % 64));
	printf("%c %d %d\n", *aligned_variable(), (int)((uintptr_t)aligned_variable() % 256),
	       (int)((uintptr_t)aligned_page() % 8192));
	int *p = with_cleanup();
	printf("%d %d\n", *p, p == cleaned);
	cleanup_in_loop();
	printf("%d\n", *cleaned);
	printf("%d %d %d %ld\n", *constant(), constant_array()[2], *with_volatile(), *with_atomic());
	printf("%d %g %d %d\n", in_union()->i == 0x3f800000, __real__ *complex_number(), *boolean(),
	       *enumeration());
	printf("%d\n", (int)(*wide_integer() >> 98));
	(*function_pointer())("called");
	printf("%d\n", flexible()->n);
	c = copied(*b);
	printf("%d %d\n", c->value, c->next != c && c->next->value == 2);
	printf("%d\n", variable_arguments(0, 3) != NULL);
	printf("%d %d\n", *shadows(), *unused(7));
	printf("%d %d %d\n", *conditional(1), *conditional(0), *comma());
	printf("%d %d\n", *in_result().p, in_result().n.value);
#ifdef __x86_64__
	printf("%d\n", *asm_operand());
#else
	puts("5");
#endif
	return 0;
}
