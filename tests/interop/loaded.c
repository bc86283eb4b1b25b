// SPDX-License-Identifier: GPL-3.0-or-later
//
// loaded.c: a library that panics. See loads.c.

#include <goat.h>

void work(int fails);

void work(int fails)
{
	defer { puts("deferred in the library"); }
	if (fails)
		panic("from the library");
}
