// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Escaping locals of blocks: each time control enters the block there is a new object, whichever
// way it comes in.
#include <goat.h>

enum { N = 4 };
int *kept[16];
int n;

__attribute__((noipa)) void
keep(int *p)
{
	kept[n++] = p;
}

__attribute__((noipa)) void
show(const char *what)
{
	bool apart = true;

	printf("%s:", what);
	for (int i = 0; i < n; i++) {
		printf(" %d", *kept[i]);
		for (int j = 0; j < i; j++)
			apart &= kept[i] != kept[j];
	}
	printf("%s\n", apart ? "" : " shared");
	n = 0;
}

void
for_loop(void)
{
	for (int i = 0; i < N; i++) {
		int x = i * i;

		keep(&x);
	}
	show("for");
}

// A C `for` has one i for all rounds.
void
for_variable(void)
{
	for (int i = 0; i < N; i++)
		keep(&i);
	show("for variable");
}

void
while_loop(void)
{
	int i = 0;

	while (i < N) {
		int x;

		x = i++;
		keep(&x);
		x += 10;
	}
	show("while");
}

void
do_loop(void)
{
	int i = 0;

	do {
		int x = i;
		int y = -i;

		keep(&x);
		if (i == 2)
			continue;
		keep(&y);
	} while (++i < N && i != 2);
	show("do");
}

void
goto_loop(void)
{
	int i = 0;

again:;
	int x = i;

	keep(&x);
	if (++i < N)
		goto again;
	show("goto loop");
}

void
goto_block_loop(void)
{
	int i = 0;

again: {
	int x = 3 * i;

	keep(&x);
}
	if (++i < N)
		goto again;
	show("goto block loop");
}

// The definitions in a switch are jumped over.
void
switch_block(void)
{
	for (int i = 0; i < N; i++)
		switch (i) {
			int x, y;
		case 0:
			x = 1;
			y = 2;
			keep(&y);
			// fall through
		case 1:
			x = 5 + i;
			keep(&x);
			break;
		case 2: {
			int x = 30;

			keep(&x);
			break;
		}
		default:
			x = 40;
			keep(&x);
		}
	show("switch");
}

// What falls through from one case to the next is the same object.
void
switch_through(void)
{
	for (int i = 0; i < 2; i++)
		switch (i) {
			int x;
		case 0:
			x = 1;
			keep(&x);
		case 1:
			x = 2 + i;
			keep(&x);
		}
	show("switch through");
}

void
duff(int count)
{
	int i = 0;

	switch (count % 3) {
		do {
			int x;
	case 0:
			x = 100 + i++;
			keep(&x);
	case 2:
			x = 200 + i++;
			keep(&x);
	case 1:
			x = 300 + i++;
			keep(&x);
		} while ((count -= 3) > 0);
	}
	show("duff");
}

void
into_block(int way)
{
	if (way == 1)
		goto inside;
	if (way == 2)
		goto deeper;
	{
		int x = 7;

		keep(&x);
	inside:
		x = 8;
		keep(&x);
		{
			int y = 9;

			keep(&y);
		deeper:
			y = 10;
			x = 11;
			keep(&y);
			keep(&x);
		}
	}
	show("into block");
}

void
into_loop(void)
{
	int i = 0;

	goto middle;
	while (i < N) {
		int x;

		x = -1;
		keep(&x);
	middle:
		x = i++;
		keep(&x);
	}
	show("into loop");
}

// Each jump into the block makes its objects.
void
into_often(void)
{
	int i = 0;

again:
	goto inside;
	{
		int x;

	inside:
		x = i;
		keep(&x);
	}
	if (++i < N)
		goto again;
	show("into often");
}

void
computed(void)
{
	void *to[] = { &&a, &&b, &&a, &&c };
	int i = 0;

	while (i < N) {
		goto *to[i];
		{
			int x;

		a:
			x = 100 + i;
			keep(&x);
			goto next;
		b:
			x = 200 + i;
			keep(&x);
		}
	next:
		i++;
		continue;
	c:;
		int y = 300 + i++;

		keep(&y);
	}
	show("computed");
}

void
statement_expression(void)
{
	int sum = 0;

	for (int i = 0; i < N; i++)
		sum += ({
			int x = i;

			keep(&x);
			x + 1;
		});
	printf("sum %d, ", sum);
	show("statement expression");
}

// Twice the same block, so that one object could have the other's place.
int *
after_block(bool first)
{
	int *p = NULL, *q = NULL;

	{
		int x = 1;

		p = &x;
	}
	{
		int x = 2;

		q = &x;
	}
	return first ? p : q;
}

int
main(void)
{
	for_loop();
	for_variable();
	while_loop();
	do_loop();
	goto_loop();
	goto_block_loop();
	switch_block();
	switch_through();
	duff(7);
	duff(5);
	into_block(0);
	into_block(1);
	into_block(2);
	into_loop();
	into_often();
	computed();
	statement_expression();
	printf("after block: %d %d\n", *after_block(true), *after_block(false));
	return 0;
}
