// SPDX-License-Identifier: BSD-3-Clause
//
// error.h: panics of the runtime. Any layer may raise one.
//
// Their values are errors: they have the method Error, of goat_error and of every interface like it.
//
// Layer: base.

#ifndef GOAT_ERROR_H
#define GOAT_ERROR_H

#include "base.h"

// `invalid memory address or nil pointer dereference`. Allocates nothing.
_Noreturn void goat_panicmem(void);
// `integer overflow`: the quotient of INT_MIN and -1. Allocates nothing.
_Noreturn void goat_panicoverflow(void);
// `runtime error: TEXT`; TEXT must stay.
_Noreturn void goat_panicerror(const char *text);
// `runtime error: TEXT` and the name of the type; TEXT must stay.
_Noreturn void goat_panictype(const char *text, const struct goat_type *type);
// TEXT, without anything before it: `assignment to entry in nil map`.
_Noreturn void goat_panicplain(const char *text);
// panic(TEXT), a string, as a library of Go's raises it; TEXT must stay.
_Noreturn void goat_panicstring(const char *text);

// What an index or a slice expression has done wrong, with x and, where the text has one, y.
// Go: abi.BoundsErrorCode.
enum goat_bounds {
	GOAT_BOUNDS_INDEX,      // s[x], 0 <= x < len(s) fails, y = len(s)
	GOAT_BOUNDS_ALEN,       // s[?:x], 0 <= x <= len(s) fails
	GOAT_BOUNDS_ACAP,       // the same with cap(s)
	GOAT_BOUNDS_B,          // s[x:y], 0 <= x <= y fails
	GOAT_BOUNDS_3ALEN,      // s[::x], 0 <= x <= len(s) fails
	GOAT_BOUNDS_3ACAP,      // the same with cap(s)
	GOAT_BOUNDS_3B,         // s[:x:y], 0 <= x <= y fails
	GOAT_BOUNDS_3C,         // s[x:y:], 0 <= x <= y fails
};
// goat_panicbounds, which raises them, is in goat/entry.def; where x is signed, it is an int64_t.

// The error of panic() with a nil interface. Go 1.21: runtime.PanicNilError.
goat_any goat_panicnilerror(void);

// If the value has a method Error, or else String, that gives a string, sets *TEXT to what it says.
// ERROR, where not NULL, is set to whether it was Error. Runs the method, which may panic.
bool goat_errortext(goat_any value, goat_string *text, bool *error);
// Whether it is a panic of the runtime, as opposed to one of the program. Go: runtime.Error.
bool goat_isruntimeerror(goat_any value);

#endif
