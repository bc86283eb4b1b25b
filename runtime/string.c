// SPDX-License-Identifier: BSD-3-Clause
//
// string.c: strings that are new.
//
// Each is an object of its own without pointers: even where one operand is empty the other is
// copied, for it may lie in a frame, or in an array that changes.
//
// Go:    as runtime/string.go, which gives a lone operand back as it is.
// Layer: lang.

#include "base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// What goat.h declares; it is not for the runtime itself.
goat_string goat_string_clone(goat_string s);
char *goat_string_cstr(goat_string s);
goat_string goat_string_printf(const char *format, ...) __attribute__((__format__(printf, 1, 2)));
goat_string goat_string_vprintf(const char *format, va_list ap)
	__attribute__((__format__(printf, 1, 0)));

static void *
put(void *to, goat_string s)
{
	return s.len > 0 ? mempcpy(to, s.ptr, s.len) : to;
}

goat_string
goat_concatstrings(void *buf, size_t n, goat_string a, goat_string b)
{
	size_t len;
	char *p = buf;

	if (__builtin_add_overflow(a.len, b.len, &len))
		goat_fatal("string concatenation too long");
	if (len == 0)
		return (goat_string){ 0 };
	if (len > n)
		p = goat_mallocbytes(len);
	put(put(p, a), b);
	return (goat_string){ p, len };
}

goat_string
goat_string_clone(goat_string s)
{
	return goat_concatstrings(NULL, 0, s, (goat_string){ 0 });
}

char *
goat_string_cstr(goat_string s)
{
	char *p = goat_mallocbytes(s.len + 1), *end = put(p, s);

	*end = '\0';
	return p;
}

goat_string
goat_string_vprintf(const char *format, va_list ap)
{
	char small[256], *p = small;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof small, format, ap);
	if (n >= (int)sizeof small) {
		p = goat_mallocbytes((size_t)n + 1);
		n = vsnprintf(p, (size_t)n + 1, format, again);
	}
	va_end(again);
	if (n <= 0)
		return (goat_string){ 0 };
	if (p == small)
		return goat_string_clone((goat_string){ small, (size_t)n });
	return (goat_string){ p, (size_t)n };
}

goat_string
goat_string_printf(const char *format, ...)
{
	goat_string s;
	va_list ap;

	va_start(ap, format);
	s = goat_string_vprintf(format, ap);
	va_end(ap);
	return s;
}
