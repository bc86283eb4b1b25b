// SPDX-License-Identifier: GPL-3.0-or-later
//
// model.h: escape analysis as Go does it, to hold ours to.
//
// A model is one batch: a few functions, their locations and edges. It is read from bytes, so that
// a fuzzer and a random number generator can both make one. model_solve is Go's algorithm as Go has
// it, a walk from every location until nothing changes; model_difference builds the same graph with
// the core's own calls, solves it and names the first verdict or invariant that is not as it should
// be.
//
// Go:    as escape/solve.go; what is C's own (the opaque and the freed location) as escape.h says.
// Layer: tests.

#ifndef GOAT_TEST_MODEL_H
#define GOAT_TEST_MODEL_H

#include "escape.h"

#include <stdint.h>

enum {
	MODEL_FUNCS = 4,
	MODEL_LOCS = 32,
	MODEL_EDGES = 64,
	MODEL_BYTES = 2 + 2 * MODEL_LOCS + 3 * MODEL_EDGES,     // more are not looked at
};

// The first three locations of a model.
enum { MODEL_HEAP, MODEL_OPAQUE, MODEL_FREED, MODEL_OWN };

struct model_loc {
	enum esc_kind kind;
	int fn, depth;
	bool escapes, freed;
	struct esc_leaks leaks;
	int derefs;                     // in the walk under way; INT_MAX when not reached
	bool queued_walk, queued_step;
};

struct model_edge {
	int dst, src, derefs;
};

struct model {
	int nfuncs, nlocs, nedges;
	struct model_loc loc[MODEL_LOCS];
	struct model_edge edge[MODEL_EDGES];
};

// Any bytes make a model.
struct model model_decode(const uint8_t *bytes, size_t n);
void model_solve(struct model *m);
// NULL when the core agrees with M, which is solved; else what it does not agree on. Static storage.
const char *model_difference(const struct model *m);
void model_print(const struct model *m, FILE *out);

// Bytes from a seed.
static inline uint64_t
model_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;     // splitmix64

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

#endif
