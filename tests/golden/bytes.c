// errorcheck -fgoat-m -fgoat-l
// C can look at a pointer as bytes. Where that may have been, objects go to the heap; variables
// keep their verdicts, as in Go, which has no such looks.
#include <goat.h>

#include <string.h>

union cell {
	int *p;
	double d;
	unsigned half[2];
	char c;
};

int *copied_by_memcpy(void)
{
	int *p = new(int), *q; // ERROR "^new\(int\) escapes to heap$"

	memcpy(&q, &p, sizeof(q));
	return q;
}

int *by_way_of_bytes(void)
{
	int *p = new(int), *q; // ERROR "^new\(int\) escapes to heap$"
	char buf[sizeof(p)];

	memcpy(buf, &p, sizeof(buf));
	memcpy(&q, buf, sizeof(q));
	return q;
}

static void copy_bytes(char *to, const char *from, size_t n) // ERROR "^to does not escape$" "^from does not escape$"
{
	while (n-- > 0)
		*to++ = *from++;
}

int *by_a_loop(void)
{
	int *p = new(int), *q; // ERROR "^new\(int\) escapes to heap$"

	copy_bytes((char *)&q, (char *)&p, sizeof(q));
	return q;
}

int *by_elements(void)
{
	int *p = new(int), *q; // ERROR "^new\(int\) escapes to heap$"

	for (size_t i = 0; i < sizeof(q); i++)
		((char *)&q)[i] = ((char *)&p)[i];
	return q;
}

int *by_a_cast(void)
{
	int *p = new(int); // ERROR "^new\(int\) escapes to heap$"
	uintptr_t n = *(uintptr_t *)&p;

	return (int *)n;
}

int *stored_in_bytes(void)
{
	_Alignas(int *) char buf[sizeof(int *)];

	*(int **)buf = new(int); // ERROR "^new\(int\) escapes to heap$"
	return *(int **)buf;
}

int *by_halves(void)
{
	union cell from = { new(int) }, to; // ERROR "^new\(int\) escapes to heap$"

	to.half[0] = from.half[0];
	to.half[1] = from.half[1];
	return to.p;
}

int *by_double(void)
{
	union cell from = { new(int) }; // ERROR "^new\(int\) escapes to heap$"
	union cell to = { .d = from.d };

	return to.p;
}

// Too small to hide an address.
char tag_only(void)
{
	union cell one = { new(int) }; // ERROR "^new\(int\) does not escape$"

	return one.c;
}

// What the bytes are of has no pointers in it.
int number_as_bytes(void)
{
	int *p = new(int); // ERROR "^new\(int\) does not escape$"

	*p = 7;
	return ((char *)p)[0];
}
