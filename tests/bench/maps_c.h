// SPDX-License-Identifier: GPL-3.0-or-later
//
// maps_c.h: for maps of C and C++: texts, and what malloc has given out.

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct text {
	const char *ptr;        // ends with '\0'
	size_t len;
};

static double
heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return (double)(m.uordblks + m.hblkhd);
}
