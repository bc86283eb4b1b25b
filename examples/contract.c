// SPDX-License-Identifier: BSD-3-Clause
//
// contract.c: goat_noescape and goat_stack, two promises that the compiler holds you to.
//
// Of a function in another file nothing is known, so its arguments leak. goat_noescape on the
// prototype says that it does not keep the pointer, and is believed; the analysis of the file that
// has the definition, contract-part.c, verifies it there.
//
// goat_stack on a variable says that it must stay in the frame: no hidden allocation in this path.
// Where it would move, compiling ends with an error that tells the flow. Try:
//
//	goatcc -DWRONG -c contract.c

#include <goat.h>

unsigned checksum(const void *data goat_noescape, size_t n);
unsigned checksum_unmarked(const void *data, size_t n);

struct packet {
	unsigned char bytes[16];
};

// Stays, for `checksum` promises to keep nothing.
static unsigned marked(void)
{
	struct packet p goat_stack = { { 1, 2, 3 } };

	return checksum(&p, sizeof p);
}

// Moves, for nothing is known of `checksum_unmarked`.
static unsigned unmarked(void)
{
	struct packet p = { { 1, 2, 3 } };

	return checksum_unmarked(&p, sizeof p);
}

#ifdef WRONG

static struct packet *last;

static void remember(struct packet *p)
{
	last = p;
}

// An error: `remember` keeps the address.
void broken_promise(void)
{
	struct packet p goat_stack = { { 0 } };

	remember(&p);
}

// An error: this function keeps what it says it does not.
void broken_contract(struct packet *p goat_noescape)
{
	last = p;
}

#endif

int main(void)
{
	printf("%u %u\n", marked(), unmarked());
	return 0;
}
