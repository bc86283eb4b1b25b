// SPDX-License-Identifier: GPL-3.0-or-later
//
// defer.h: what the shape of a function's text says about its deferred code.
//
// Positions number the text from front to back. Control comes back to a place only by a jump to an
// earlier position, so a place may be met again if and only if some jump leads back over it.
//
// Deferred code that is met at most once is open-coded: its arguments lie in variables, a flag says
// whether it was met, and it stands at the function's end. Where one may be met again there is a
// list of records instead, for that function; so there is for many.
//
// Go:    as cmd/compile's open-coded defers, which have a limit of eight, and of exits, for each has a
//        copy there.
// Layer: core.

#ifndef GOAT_CORE_DEFER_H
#define GOAT_CORE_DEFER_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	DEFER_ANYWHERE = 0x7fffffff,    // a jump that may come from any position
	// Go's limit for a variable that is captured as a copy: closurevar.go, 128 bytes.
	DEFER_MAX_COPY = 128,
	// Each flag is known to each landing pad, which makes more of them expensive to compile.
	DEFER_MAX_OPEN = 32,
};

struct defer_jump {
	int from, to;           // jumps forward do no harm
};

// Whether control may come to position AT again after it has been there.
bool defer_again(const struct defer_jump *jumps, size_t n, int at);

// Whether N items of a function, of which AGAIN: some may be met again, need records.
bool defer_needs_records(size_t n, bool again);

// Whether a store at position STORED may hit the same variable, which is made anew each time that
// control passes DECLARED, after its value was captured at position CAPTURED.
bool defer_stored_later(const struct defer_jump *jumps, size_t n, int declared, int captured,
			int stored);

#ifdef __cplusplus
}
#endif

#endif
