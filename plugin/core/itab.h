// SPDX-License-Identifier: GPL-3.0-or-later
//
// itab.h: which methods a type has, and whether they are those of an interface.
//
//	itab_collect   a type's own methods and those that it gets from what it embeds
//	itab_match     these, against an interface
//	itab_reason    why it does not fit, in Go's words
//
// Types of parameters and results are text here, spelled in one way each, so that equal text is the
// equal type. The glue hangs its trees on `ref`.
//
// Layer: core.

#ifndef GOAT_CORE_ITAB_H
#define GOAT_CORE_ITAB_H

#include "arena.h"
#include "vec.h"

#ifdef __cplusplus
extern "C" {
#endif

struct itab_type;

// A method as declared on a type, or as an interface lists it.
struct itab_method {
	const char *name;
	const char *params;     // without the receiver: "int, double", "void"
	const char *result;
	bool pointer;           // has a pointer receiver
	const void *ref;
};

// A member of a struct. Only those without a name of their own embed.
struct itab_member {
	const char *name;       // of the field; of what is embedded, the type's
	const struct itab_type *embedded;       // or NULL
	const void *ref;
};

struct itab_type {
	const char *name;
	bool interface;                         // its methods are those of whatever it holds
	VEC(struct itab_method) methods;        // its own
	VEC(struct itab_member) members;
};

// A method that a type has.
struct itab_entry {
	const struct itab_method *method;
	const struct itab_type *owner;          // on which it was declared
	const struct itab_member **path;        // the embedded members that lead there
	size_t depth;                           // how many
	bool ambiguous;                         // two of this name, equally deep: it has neither
};

// Sorted by name, one of each.
struct itab_set {
	VEC(struct itab_entry) entries;
};

// Fills SET with what TYPE has. Paths are from A.
void itab_collect(struct arena *a, const struct itab_type *type, struct itab_set *set);

// The entry of that name, or NULL.
const struct itab_entry *itab_find(const struct itab_set *set, const char *name);

enum itab_verdict {
	ITAB_FITS,
	ITAB_MISSING,
	ITAB_POINTER,           // there, with a pointer receiver
	ITAB_WRONG,             // there, of another type
	ITAB_AMBIGUOUS,
};

struct itab_mismatch {
	enum itab_verdict verdict;
	const struct itab_method *want;         // the interface's
	const struct itab_entry *have;          // or one that was perhaps meant, or NULL
};

// Whether a value whose type has SET is an INTER. BY_POINTER: it is a pointer to that type. Gives
// the first method, by name, that does not fit.
struct itab_mismatch itab_match(const struct itab_type *inter, const struct itab_set *set,
				bool by_pointer);

// "missing method Quack" and its like, for "TYPE does not implement I (...)". Text after the first
// newline goes on behind the parenthesis. From A.
const char *itab_reason(struct arena *a, const struct itab_mismatch *m, const char *type);

#ifdef __cplusplus
}
#endif

#endif
