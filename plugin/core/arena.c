// SPDX-License-Identifier: GPL-3.0-or-later
//
// arena.c: memory that is freed all at once; see arena.h.
//
// Layer: core.

#include "arena.h"

#include <stdalign.h>

struct arena_block {
	struct arena_block *next;
	size_t size;            // bytes that follow this header
};

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

static size_t
aligned(size_t n)
{
	return (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static void *
checked(void *p)
{
	if (p == NULL) {
		fputs("goat: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

void *
core_alloc(size_t n)
{
	return checked(calloc(1, n ? n : 1));
}

void *
core_realloc(void *p, size_t n)
{
	return checked(realloc(p, n));
}

static void
add_block(struct arena *a, size_t n)
{
	size_t size = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
	struct arena_block *b;

	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < n)
		size = n;
	b = core_alloc(aligned(sizeof(*b)) + size);
	b->next = a->blocks;
	b->size = size;
	a->blocks = b;
	a->free = (char *)b + aligned(sizeof(*b));
	a->end = a->free + size;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	n = aligned(n ? n : 1);
	if ((size_t)(a->end - a->free) < n)
		add_block(a, n);
	a->free += n;
	return a->free - n;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(arena_alloc(a, n), s, n);
}

void
arena_free(struct arena *a)
{
	while (a->blocks != NULL) {
		struct arena_block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	a->free = a->end = NULL;
}
