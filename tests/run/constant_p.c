// run
// The operand of __builtin_constant_p is not evaluated: it faults no more than under plain gcc.
#include <goat.h>

static int constant(const int *p, int zero)
{
	return __builtin_constant_p(*p) + __builtin_constant_p(p[123456789]) +
	       __builtin_constant_p(1 / zero);
}

int main(void)
{
	int *volatile nowhere = NULL;
	volatile int zero = 0;

	printf("%d\n", constant(nowhere, zero));
	return 0;
}
