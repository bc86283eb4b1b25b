// SPDX-License-Identifier: BSD-3-Clause
//
// slice.c: making slices and letting them grow.
//
// What is common is compiled into the program: checks, copies, an append that has room. Here is what
// allocates.
//
// A slice grows by Go's rule and then by what the collector has left in the object, less one byte:
// a pointer past the last element must not be one to the next object.
//
// Go:    as runtime/slice.go.
// Layer: lang.

#include "error.h"

#include <string.h>

enum { DOUBLING = 256 };        // up to this capacity it doubles; Go: threshold in nextslicecap

// Go: runtime.maxAlloc, what the machine can address.
static const size_t max_alloc = sizeof(void *) == 8 ? (size_t)1 << 48 : SIZE_MAX / 2;

static bool
too_many(const struct goat_type *elem, size_t n)
{
	size_t bytes;

	return __builtin_mul_overflow(elem->size, n, &bytes) || bytes > max_alloc ||
	       n > PTRDIFF_MAX;
}

void *
goat_makeslice(void *type, size_t len, size_t cap)
{
	const struct goat_type *elem = type;

	// A bad length is told of before a bad capacity: make(T, n) has both.
	if (__builtin_expect(too_many(elem, cap) || len > cap, 0))
		goat_panicerror(too_many(elem, len) ? "makeslice: len out of range"
						    : "makeslice: cap out of range");
	return goat_mallocgc(cap * elem->size, elem->align, elem->ptrdata == 0);
}

// Go: runtime.nextslicecap.
static size_t
next_cap(size_t newlen, size_t cap)
{
	size_t newcap = cap;

	if (newlen > cap + cap)
		return newlen;
	if (cap < DOUBLING)
		return cap + cap;
	while (newcap < newlen)
		newcap += (newcap + 3 * DOUBLING) >> 2;
	return newcap;
}

goat_space
goat_growslice(void *type, void *ptr, size_t len, size_t newlen, size_t cap)
{
	const struct goat_type *elem = type;
	bool noscan = elem->ptrdata == 0;
	size_t newcap, used, size;
	char *p;

	if (newlen < len || newlen > PTRDIFF_MAX)
		goat_panicerror("growslice: len out of range");
	if (elem->size == 0)
		return (goat_space){ goat_mallocgc(0, 1, true), newlen };
	newcap = next_cap(newlen, cap);
	if (too_many(elem, newcap))
		goat_panicerror("growslice: len out of range");
	size = newcap * elem->size;
	p = goat_mallocroom(&size, elem->align, noscan);
	used = len * elem->size;
	if (used > 0)
		memcpy(p, ptr, used);
	if (noscan)
		memset(p + used, 0, size - used);
	return (goat_space){ p, size / elem->size };
}
