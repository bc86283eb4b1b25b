// errorcheck -Wall
// Returns without a value are right in go blocks only.
#include <goat.h>

void use(void *);

int returns(int x)
{
	go {
		use(&x);
		return;
	}
	if (x > 3)
		return; // ERROR "^'return' with no value, in function returning non-void$"
	return x;
}

int named(int x)
{
	result(int, r);

	go {
		r++;
		return;
	}
	r = x;
	return;
}

int falls_off(int x)
{
	go { return; }
	if (x)
		return 1;
} // ERROR "^control reaches end of non-void function"
