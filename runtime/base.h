// SPDX-License-Identifier: BSD-3-Clause
//
// base.h: what every file of the runtime starts from.
//
// Layer: base.

#ifndef GOAT_BASE_H
#define GOAT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Functions that compiled code calls.
#define POINTER void *
#define SIZE size_t
#define INT int
#define ENTRY(name, result, ...) result goat_##name(__VA_ARGS__);
#include "goat/entry.def"
#undef ENTRY
#undef POINTER
#undef SIZE
#undef INT

// Ends the program with status 2 and Go's `fatal error: TEXT`. Flushes stdio first.
_Noreturn void goat_fatal(const char *text);

void goat_gc(void);

void goat_threadinit(void);
// Whether the collector knows this thread; threadenter makes it so.
extern _Thread_local bool goat_threadknown __attribute__((tls_model("initial-exec")));
void goat_threadenter(void);

#endif
