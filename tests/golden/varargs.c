// errorcheck -fgoat-m -fgoat-l
// Variable arguments are one parameter more: what va_arg reads of it is known, a va_list may be
// passed on, and what may be read as an integer is kept as one.
#include <goat.h>

#include <stdarg.h>

struct pair {
	int *a, *b;
};

int *kept;

int *first(int n, ...)
{
	va_list ap;
	int *p;

	va_start(ap, n);
	p = va_arg(ap, int *);
	va_end(ap);
	return p;
}

int *gives_first(void)
{
	int x = 1; // ERROR "^moved to heap: x$"

	return first(1, &x);
}

int sum(int n, ...)
{
	va_list ap;
	int total = 0;

	va_start(ap, n);
	while (n-- > 0)
		total += *va_arg(ap, int *);
	va_end(ap);
	return total;
}

int sums(void)
{
	int x = 1, y = 2;

	return sum(2, &x, &y);
}

static void keep_from(va_list ap) // ERROR "^leaking param content: ap$"
{
	kept = va_arg(ap, int *);
}

void passes_list(int n, ...)
{
	va_list ap, copy;

	va_start(ap, n);
	va_copy(copy, ap);
	keep_from(copy);
	va_end(copy);
	va_end(ap);
}

void uses_list(void)
{
	int x = 1; // ERROR "^moved to heap: x$"

	passes_list(1, &x);
}

int print(const char *format, ...) // ERROR "^format does not escape$"
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vprintf(format, ap);
	va_end(ap);
	return n;
}

int prints(void)
{
	int x = 1;

	return print("%p", (void *)&x);
}

void content(int n, ...)
{
	va_list ap;

	va_start(ap, n);
	kept = *va_arg(ap, int **);
	va_end(ap);
}

void gives_content(void)
{
	int x = 1; // ERROR "^moved to heap: x$"
	int *p = &x;

	content(1, &p);
}

void structs(int n, ...)
{
	va_list ap;

	va_start(ap, n);
	kept = va_arg(ap, struct pair).b;
	va_end(ap);
}

void gives_struct(void)
{
	int x = 1; // ERROR "^moved to heap: x$"
	struct pair p = { .a = &x };

	structs(1, p);
}

int *as_integer(int n, ...)
{
	va_list ap;
	uintptr_t a;

	va_start(ap, n);
	a = va_arg(ap, uintptr_t);
	va_end(ap);
	return (int *)a;
}

int *gives_pointer(void)
{
	return as_integer(1, new(int)); // ERROR "^new\(int\) escapes to heap$"
}

void gives_integer(void)
{
	int x = 1; // ERROR "^moved to heap: x$"

	print("%lx", (uintptr_t)&x);
}
