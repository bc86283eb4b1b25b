// errorcheck -fgoat-m -fgoat-l
// Functions whose control flow or arguments are not to be seen are left alone: their variables
// stay, what they make escapes, what they are given leaks.
#include <goat.h>

#include <setjmp.h>
#include <stdlib.h>

jmp_buf env;
int *kept;

int returns_twice(int *p) // ERROR "^leaking param: p$"
{
	int *q = new(int); // ERROR "^new\(int\) escapes to heap$"
	int *r = malloc(4); // ERROR "^malloc\(4\) escapes to heap$"
	int x = 1;

	if (setjmp(env) == 0)
		return *p + *q;
	kept = &x;
	free(r);
	return 0;
}

int calls_it(void)
{
	int x = 1; // ERROR "^moved to heap: x$"

	return returns_twice(&x);
}

static inline int passes_on(int *p, ...) // ERROR "^leaking param: p$"
{
	void *result = __builtin_apply((void (*)())returns_twice, __builtin_apply_args(), 64);

	return result != NULL && p != NULL;
}

int uses(void)
{
	int x = 1; // ERROR "^moved to heap: x$"

	return passes_on(&x, 1);
}
