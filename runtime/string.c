// SPDX-License-Identifier: BSD-3-Clause
//
// string.c: strings.
//
// Go:    as runtime/string.go.
// Layer: lang.

#include "base.h"

#include <string.h>

// What goat.h declares; it is not for the runtime itself.
bool goat_string_eq(goat_string a, goat_string b);
goat_string goat_string_cat(goat_string a, goat_string b);

bool
goat_string_eq(goat_string a, goat_string b)
{
	return a.len == b.len && (a.ptr == b.ptr || a.len == 0 ||
				 memcmp(a.ptr, b.ptr, a.len) == 0);
}

goat_string
goat_string_cat(goat_string a, goat_string b)
{
	char *p;

	if (b.len == 0)
		return a;
	if (a.len == 0)
		return b;
	if (a.len > SIZE_MAX - b.len)
		goat_fatal("string concatenation too long");
	p = goat_mallocgc(a.len + b.len, 1, true);
	memcpy(p, a.ptr, a.len);
	memcpy(p + a.len, b.ptr, b.len);
	return (goat_string){ p, a.len + b.len };
}
