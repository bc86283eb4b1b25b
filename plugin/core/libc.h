// SPDX-License-Identifier: GPL-3.0-or-later
//
// libc.h: ask what a C library function does with its arguments. The answers are in libc.def.
//
//	const struct libc_entry *fn = libc_lookup("strtol");
//	const char *cursor = fn->effects;
//	struct libc_effect e;
//
//	while (libc_next_effect(&cursor, &e))
//		...
//
// Layer: core.
#ifndef GOAT_CORE_LIBC_H
#define GOAT_CORE_LIBC_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum libc_effect_kind {
	LIBC_FLOW, // src flows to dst
	LIBC_CALL, // argument `callee` is called with args
};

// Operands that are not an argument's index.
enum {
	LIBC_NONE = -1,    // in args: something the library makes
	LIBC_RESULT = -2,  // as dst: the result
	LIBC_HEAP = -3,    // as dst: kept after the call
	LIBC_FREED = -4,   // as dst: src is a malloc block, which may be freed
	LIBC_VARARGS = -5, // as src: every argument after the fixed ones
};

enum { LIBC_MAX_ARGS = 4 };

struct libc_effect {
	enum libc_effect_kind kind;
	int src, src_derefs;     // LIBC_FLOW: an argument or LIBC_VARARGS; 1 for what it points to
	int dst, dst_derefs;     // LIBC_FLOW: an argument (then derefs >= 1), or one of the above
	int callee;              // LIBC_CALL: the argument that is called
	int nargs;               // LIBC_CALL: how many of args are set
	int args[LIBC_MAX_ARGS]; // each an argument or LIBC_NONE
};

struct libc_entry {
	const char *name; // as in the table: strtol when asked for __isoc23_strtol
	int arity;        // fixed parameters
	bool variadic;
	const char *effects; // for libc_next_effect
};

// Find a function by its name or by one that GCC or a header puts in its place:
// __builtin_memcpy, __isoc99_sscanf, __atomic_load_8, __sync_fetch_and_add_4. NULL if unknown.
const struct libc_entry *libc_lookup(const char *name);

// Read the effect at *cursor and move past it; false, with *cursor at the end of the string, when
// there is none left. A malformed one also ends the list, but leaves *cursor before it.
bool libc_next_effect(const char **cursor, struct libc_effect *out);

// The number of rows, and each of them, in the table's order.
size_t libc_count(void);
const struct libc_entry *libc_row(size_t i);

#ifdef __cplusplus
}
#endif

#endif
