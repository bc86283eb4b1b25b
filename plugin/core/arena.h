// SPDX-License-Identifier: GPL-3.0-or-later
//
// arena.h: memory that is freed all at once.
//
// The graph of a batch, its notes and explanations live exactly as long as the batch. They are cut
// from blocks that double in size, so that an allocation is an addition and freeing is a short
// list walk. Memory is zeroed and aligned for any type. Out of memory ends the program, as in gcc.
//
// Layer: core.

#ifndef GOAT_CORE_ARENA_H
#define GOAT_CORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct arena_block;

struct arena {
	struct arena_block *blocks;     // the newest first
	char *free, *end;               // what is left of the newest
};

// Zeroed; freed by free().
void *core_alloc(size_t n);
void *core_realloc(void *p, size_t n);

void *arena_alloc(struct arena *a, size_t n);
char *arena_strdup(struct arena *a, const char *s);
void arena_free(struct arena *a);

#define arena_new(a, T) ((T *)arena_alloc((a), sizeof(T)))

#ifdef __cplusplus
}
#endif

#endif
