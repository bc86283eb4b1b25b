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

#include "goat/abi.h"

// What runs for each message and each switch lies together: what the kernel does in between throws
// code out of the cache, so each line and page of it is fetched anew.
#define GOAT_HOT __attribute__((hot))

// Functions that compiled code calls.
#define NOTHROW
#define THROWS
#define NORETURN _Noreturn
#define VOID void
#define BOOL bool
#define INT int
#define SIZE size_t
#define POINTER void *
#define ANY goat_any
#define STRING goat_string
#define SPACE goat_space
#define NONE void
#define ENTRY(name, flags, result, ...) flags result goat_##name(__VA_ARGS__);
#include "goat/entry.def"
#undef ENTRY
#undef NOTHROW
#undef THROWS
#undef NORETURN
#undef VOID
#undef BOOL
#undef INT
#undef SIZE
#undef POINTER
#undef ANY
#undef STRING
#undef SPACE
#undef NONE

// Ends the program with status 2 and Go's `fatal error: TEXT`. Flushes stdio first.
_Noreturn void goat_fatal(const char *text);

// P, where that is not NULL.
static inline void *
goat_checked(void *p)
{
	if (__builtin_expect(p == NULL, 0))
		goat_fatal("runtime: out of memory");
	return p;
}

// Bytes without pointers, for one who writes them all: not cleared. SIZE is not 0.
void *goat_mallocbytes(size_t size);
// Room for *SIZE bytes or more, which *SIZE is set to; zeroed unless NOSCAN. Like goat_mallocgc.
void *goat_mallocroom(size_t *size, size_t align, bool noscan);

void goat_gc(void);

// Nanoseconds, from some moment on.
int64_t goat_now(void);

void goat_threadinit(void);
// Whether the collector knows this thread; threadenter makes it so.
extern _Thread_local bool goat_threadknown __attribute__((tls_model("initial-exec")));
void goat_threadenter(void);

#endif
