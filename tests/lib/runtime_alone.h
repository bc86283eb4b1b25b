// SPDX-License-Identifier: GPL-3.0-or-later
//
// runtime_alone.h: what parts of the runtime need from the rest, for tests of these parts: memory
// without a collector, and panics that a test catches.
//
// Layer: tests.

#ifndef GOAT_TESTS_RUNTIME_ALONE_H
#define GOAT_TESTS_RUNTIME_ALONE_H

#include "error.h"
#include "type.h"

// Runs f(arg). What the panic or the fatal error says that it raised, or "" where it raised none. One
// thread at a time.
const char *panic_of(void (*f)(void *arg), void *arg);

// How many objects have been allocated.
extern size_t allocations;

// Frees what was allocated since newest_object() gave SINCE.
void *newest_object(void);
void free_objects(void *since);

#endif
