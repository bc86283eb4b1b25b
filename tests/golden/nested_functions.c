// errorcheck -fgoat-m -fgoat-l
// GNU C's nested functions see the variables around them. What one stores there outlives it; what
// it is called with is followed as in any function of the file.
#include <goat.h>

int *kept;

int looks(int n)
{
	int x = n;
	int inner(int *p) // ERROR "^p does not escape$"
	{
		return x + *p;
	}

	return inner(&x);
}

int *gives(int n)
{
	int x = n; // ERROR "^moved to heap: x$"
	int *inner(void)
	{
		return &x;
	}

	return inner();
}

int stores_outside(void)
{
	int *p = NULL;
	void inner(void)
	{
		int y = 1; // ERROR "^moved to heap: y$"

		p = &y;
	}

	inner();
	return *p;
}

void keeps(void)
{
	int *p = new(int); // ERROR "^new\(int\) escapes to heap$"
	void inner(void)
	{
		kept = p;
	}

	inner();
}

// The label may be jumped back to whenever inner() runs: a loop.
int jumped_back(void)
{
	__label__ again;
	int *q = NULL;

again:;
	int *p = new(int); // ERROR "^new\(int\) escapes to heap$"
	void inner(void)
	{
		goto again;
	}

	if (q != NULL)
		return *q;
	q = p;
	inner();
	return 0;
}
