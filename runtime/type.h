// SPDX-License-Identifier: BSD-3-Clause
//
// type.h: descriptors of types, as the runtime uses them.
//
// The layouts are in goat/abi.h, what compiled code calls in goat/entry.def.
//
// Layer: lang.

#ifndef GOAT_TYPE_H
#define GOAT_TYPE_H

#include "base.h"

#define ALG(equal, hash)                                                                           \
	bool goat_##equal(const struct goat_type *t, const void *p, const void *q);                \
	uint64_t goat_##hash(const struct goat_type *t, const void *p, uint64_t seed);
#include "goat/alg.def"
#undef ALG

// FNV-1a of a text: the hash of a name, and the sighash of a method.
static inline uint32_t
goat_fnv1a(const char *text)
{
	uint32_t h = 2166136261u;

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

// The address of the value in an interface, whose data word is at DATA.
static inline const void *
goat_datap(const struct goat_type *t, void *const *data)
{
	return t->flags & GOAT_DIRECT ? (const void *)data : *data;
}

// The type of what an interface other than any holds, or NULL.
static inline const struct goat_type *
goat_tabtype(const void *tab)
{
	return tab ? ((const struct goat_itab *)((const char *)tab -
						 offsetof(struct goat_itab, fn)))->type : NULL;
}

// error.c: `interface conversion: ...`. HAVE was in an IFACE (or in what is not known, NULL), and is
// NULL (nil), not a WANT, or lacks the method MISSING.
_Noreturn void goat_panicassert(const struct goat_type *iface, const struct goat_type *have,
				const struct goat_type *want, const char *missing);
// Of the runtime's own types; a NULL ends them.
extern const struct goat_methodset *const goat_errormethods[];

// dl.c: the shared library that P lies in, if it does, will not be unloaded.
void goat_stay(const void *p);

// iface.c
// The first method of INTER, by name, that TYPE lacks; NULL if it has them all.
const char *goat_missingmethod(const struct goat_type *inter, const struct goat_type *type);

#endif
