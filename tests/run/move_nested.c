// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Nested functions see the moved variables of the function around them.
#include <goat.h>

int *kept;

int *
returns_outer(int start)
{
	int x = start;

	int *address(void) { return &x; }
	void add(int n) { x += n; }

	add(1);
	*address() += 10;
	add(100);
	return address();
}

int *
of_parameter(int x)
{
	int *address(void)
	{
		x++;
		return &x;
	}

	address();
	return address();
}

int
two_levels(int a)
{
	int b = a + 1;

	int *middle(int c)
	{
		int d = c + 1;

		int *inner(void)
		{
			a++;
			b++;
			c++;
			d++;
			kept = a + b + c + d > 0 ? &b : &a;
			return &d;
		}

		inner();
		kept = inner();
		return &c;
	}

	int *c = middle(10), sum = a + b;

	return sum * 10000 + *c * 100 + *kept;
}

int *
own_variable(void)
{
	int *(own)(int n)
	{
		int x = n;

		return &x;
	}
	int *p = own(1), *q = own(2);

	*p += 10 * *q;
	return p;
}

int *
in_block(void)
{
	int *p = NULL;

	for (int i = 0; i < 3; i++) {
		int x = i, *last = p;

		void link(void) { p = &x; }

		link();
		if (last != NULL)
			x += *last * 10;
	}
	return p;
}

int *
array_outer(int n)
{
	int a[n], b[3] = { 1, 2, 3 };

	int *get(int i) { return i < 3 ? &b[i] : &a[i - 3]; }

	a[0] = 4;
	a[1] = 5;
	return *get(2) == 3 ? get(4) : NULL;
}

int
call_twice(int (*f)(int *), int *p)
{
	return f(p) + f(p);
}

int *
passed_on(void)
{
	int total = 0, x = 3;

	int add(int *p)
	{
		kept = p;
		total += *p;
		return total;
	}

	x = call_twice(add, &x);
	kept = &total;
	return &x;
}

int *
leaves_by_goto(int n)
{
	__label__ out;
	int x = n;

	void leave(void)
	{
		x++;
		goto out;
	}

	leave();
	x = 0;
out:
	return &x;
}

int
main(void)
{
	printf("%d %d\n", *returns_outer(1), *of_parameter(5));
	printf("%d\n", two_levels(1));
	printf("%d %d\n", *own_variable(), *in_block());
	printf("%d\n", *array_outer(2));
	printf("%d, ", *passed_on());
	printf("%d\n", *kept);
	printf("%d\n", *leaves_by_goto(6));
	return 0;
}
