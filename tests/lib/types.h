// SPDX-License-Identifier: GPL-3.0-or-later
//
// types.h: random types as descriptors, random values of them, and equality in the naive way.
//
// Layer: tests.

#ifndef GOAT_TESTS_TYPES_H
#define GOAT_TESTS_TYPES_H

#include "type.h"

#include <stdio.h>

// A named type of its kind with equal and hasher as the plugin chooses them; t->size, align, elem,
// len and fields have to be set.
void types_finish(struct goat_type *t, const char *name);

// A type that can be compared. Some of those that interfaces hold cannot be.
const struct goat_type *types_random(uint64_t *rng, int depth);

// Makes the object at P, all of whose bytes are overwritten, a random value of few.
void types_fill(uint64_t *rng, const struct goat_type *t, void *p);
// Copies a value member by member; what is padding in TO becomes random. Interfaces may get another
// descriptor of the same type, and strings another address.
void types_copy(uint64_t *rng, const struct goat_type *t, void *to, const void *from);
// Changes a part of the value at P, or not.
void types_change(uint64_t *rng, const struct goat_type *t, void *p);

// 1, 0, or -1: it panics.
int types_equal(const struct goat_type *t, const void *p, const void *q);
// Whether hashing it panics.
bool types_unhashable(const struct goat_type *t, const void *p);

void types_print(const struct goat_type *t, FILE *f);

#endif
