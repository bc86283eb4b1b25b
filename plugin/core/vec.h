// SPDX-License-Identifier: GPL-3.0-or-later
//
// vec.h: a growing array of any type, `VEC(int) v = {0}`.
//
// The fields are public: v.at[i] is an element, v.n the count. A push may move the array.
//
// Layer: core.

#ifndef GOAT_CORE_VEC_H
#define GOAT_CORE_VEC_H

#include "arena.h"

#define VEC(T)                                                                                     \
	struct {                                                                                   \
		T *at;                                                                             \
		size_t n, cap;                                                                     \
	}

#define vec_push(v, x)                                                                             \
	do {                                                                                       \
		if ((v)->n == (v)->cap)                                                            \
			(v)->at = vec_typed((v), vec_grow((v)->at, &(v)->cap,              \
							   sizeof(*(v)->at)));                             \
		(v)->at[(v)->n++] = (x);                                                           \
	} while (0)

#define vec_pop(v) ((v)->at[--(v)->n])

#define vec_free(v)                                                                                \
	do {                                                                                       \
		free((v)->at);                                                                     \
		(v)->at = NULL;                                                                    \
		(v)->n = (v)->cap = 0;                                                             \
	} while (0)

// Room for one more: doubles *CAP elements of ELEM bytes.
static inline void *
vec_grow(void *at, size_t *cap, size_t elem)
{
	*cap = *cap ? *cap * 2 : 2;        // most locations have one edge or two
	return core_realloc(at, *cap * elem);
}

#ifdef __cplusplus
#define vec_typed(v, p) ((decltype((v)->at))(p))
#else
#define vec_typed(v, p) (p)
#endif

#endif
