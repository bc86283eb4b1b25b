// errorcheck -fgoat-m -fgoat-l
// An integer as wide as a pointer is followed like one, through arithmetic, bits, conditions and
// offsets. A narrower one is a number. Go: unsafeValue in escape/expr.go.
#include <goat.h>

#include <stdlib.h>

uintptr_t kept;

uintptr_t as_number(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	return (uintptr_t)p;
}

void keeps_number(int *p) // ERROR "^leaking param: p$"
{
	kept = (uintptr_t)p;
}

int *masked(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	uintptr_t a = (uintptr_t)p;

	a += 8;
	a &= ~(uintptr_t)7;
	a |= 1;
	return (int *)(a ^ 1);
}

int *negated(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	long n = -(long)p;

	return (int *)(n < 0 ? -n : n);
}

// An offset in bytes may know the address ...
int *from_null(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	char *q = NULL;

	q += (uintptr_t)p;
	return (int *)q;
}

// ... an index does not: this is a hash table.
int *bucket(int **table, int *key) // ERROR "^leaking param: table to result ~r0 level=1$" "^key does not escape$"
{
	return table[(uintptr_t)key % 64];
}

unsigned hash(int *p) // ERROR "^p does not escape$"
{
	return (unsigned)((uintptr_t)p >> 4) * 2654435761u;
}

// Memory is read as what it is declared as: a pointer stored as an integer is stored for good.
struct number {
	long n;
	unsigned long bits : 48;
};

int *through_memory(void)
{
	int *p = new(int); // ERROR "^new\(int\) escapes to heap$"
	struct number s = { .n = (long)p };

	return (int *)s.n;
}

int *through_bits(void)
{
	int *p = new(int); // ERROR "^new\(int\) escapes to heap$"
	struct number s = { .bits = (unsigned long)p };

	return (int *)(unsigned long)s.bits;
}

// A double holds every address there is.
int *through_double(void)
{
	int *p = new(int); // ERROR "^new\(int\) escapes to heap$"
	double d = (double)(uintptr_t)p;

	return (int *)(uintptr_t)d;
}

long difference(char *p, char *q) // ERROR "^p does not escape$" "^q does not escape$"
{
	return p - q;
}

int *divided(int *p) // ERROR "^leaking param: p to result ~r0 level=0$"
{
	__int128 wide = (__int128)(uintptr_t)p << 64;

	return (int *)(uintptr_t)(wide >> 64);
}
