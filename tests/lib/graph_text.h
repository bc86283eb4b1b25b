// SPDX-License-Identifier: GPL-3.0-or-later
//
// graph_text.h: flow graphs written as text, solved.
//
//	p=&x q=*p r=**q         assignments
//	heap=q ret=*p           the heap, the result; likewise opaque and freed
//	param:p obj:o temp:t    kinds, at the first mention; a variable otherwise
//	x@2                     the loop depth, at the first mention; 1 otherwise
//	f: p=&x ; g: ...        several functions; one called f when nothing is said
//	d=g(p,&x) g(p)          calls: by g's tags, or by its own locations when in one batch
//
// Functions are solved callees first, as the glue does it. Names are per function.
//
// Layer: tests.

#ifndef GOAT_TEST_GRAPH_TEXT_H
#define GOAT_TEST_GRAPH_TEXT_H

#include "escape.h"

// All of static storage, overwritten by the next call.

// The names of what escapes, in the order of the text's functions and first mentions.
const char *escapes_of(const char *text);
// Objects that may be freed by a free() we do not know.
const char *freed_of(const char *text);
// The tags of parameters: `p` does not leak, `p:h0` to the heap, `p:h2,r1` its content, and to the
// result with one load; likewise o and f.
const char *tags_of(const char *text);
// The explanations as printed; a flow has its token of the text as its only step, at `here`.
const char *explanations_of(const char *text);
// The order functions are solved in, those of one batch joined by +.
const char *batches_of(const char *text);
// What dot(1) would get, without the addresses.
const char *dot_of(const char *text);

#endif
