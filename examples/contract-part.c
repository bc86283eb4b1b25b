// SPDX-License-Identifier: BSD-3-Clause
//
// contract-part.c: the other file of contract.c.

#include <goat.h>

// On a definition goat_noescape is verified, not believed.
unsigned checksum(const void *data goat_noescape, size_t n)
{
	const unsigned char *p = data;
	unsigned sum = 0;

	while (n-- > 0)
		sum = 31 * sum + *p++;
	return sum;
}

unsigned checksum_unmarked(const void *data, size_t n)
{
	return checksum(data, n);
}
