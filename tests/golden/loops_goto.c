// errorcheck -fgoat-m -fgoat-l
// What makes a loop: every `while`, `for` and `do` that can come round, a label that is jumped back
// to, a label whose address is taken. `do { } while (0)` is none.
#include <goat.h>

int once(int n)
{
	int *p = NULL;

	do {
		int x = n;

		p = &x;
	} while (0);
	return *p;
}

// Go: `for { ... break }` is a loop too.
int forever(int n)
{
	int *p = NULL;

	while (1) {
		int x = n; // ERROR "^moved to heap: x$"

		p = &x;
		break;
	}
	return *p;
}

int in_condition(int n)
{
	int *p = NULL;

	while (({ int x = n; p = &x; n-- > 0; })) // ERROR "^moved to heap: x$"
		;
	return *p;
}

int in_step(int n)
{
	int *p = NULL;

	for (; n > 0; ({ int x = n--; p = &x; })) // ERROR "^moved to heap: x$"
		;
	return p ? *p : 0;
}

// C's own: the variables of a `for` are one object.
int for_variable(int n)
{
	int *p = NULL;

	for (int i = 0; i < n; i++)
		p = &i;
	return p == NULL;
}

int with_continue(int n)
{
	int *p = NULL;

	for (int i = 0; i < n; i++) {
		int x = i; // ERROR "^moved to heap: x$"

		if (i & 1)
			continue;
		p = &x;
	}
	return p ? *p : 0;
}

int into_a_loop(int n)
{
	int *p = NULL;

	switch (n) {
		while (n-- > 0) {
	case 1:;
			int x = n; // ERROR "^moved to heap: x$"

			p = &x;
		}
	}
	return p ? *p : 0;
}

// The loop ends where the label's block does, as in Go.
int after_the_label(int n)
{
	int *p = NULL;

	{
again:;
		int x = n; // ERROR "^moved to heap: x$"

		p = &x;
		if (n-- > 0)
			goto again;
	}
	{
		int y = 1;

		p = &y;
	}
	return *p;
}

int back_into_a_block(int n)
{
	int *q = NULL;

	{
again:;
		int *p = new(int, n); // ERROR "^new\(int\) escapes to heap$"

		if (q != NULL)
			return *q;
		q = p;
	}
	goto again;
}

int computed(int n)
{
	static const void *const to[] = { &&first, &&last };
	int *q = NULL;

	goto *to[n];
first: {
	int *p = new(int, n); // ERROR "^new\(int\) escapes to heap$"

	if (q != NULL)
		return *q;
	q = p;
	goto *to[0];
}
last:
	return 0;
}

int by_asm(int n)
{
	int *q = NULL;

again:;
	int *p = new(int, n); // ERROR "^new\(int\) escapes to heap$"

	if (q != NULL)
		return *q;
	q = p;
	__asm__ goto("" : : : : again);
	return 0;
}

int two_levels(int n)
{
	int t = 0;

	for (int i = 0; i < n; i++) {
		int x = i;
		int *q = &x;

		for (int j = 0; j < n; j++) {
			int *p = q;

			t += *p;
		}
	}
	return t;
}
