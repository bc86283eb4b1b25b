// SPDX-License-Identifier: GPL-3.0-or-later
//
// map_model.h: a map beside a plain array, through random steps.
//
// The keys of a kind are numbered, and the array says which are there and with what: a step does
// the same to both and compares. Used by tests/prop/map.c and tests/fuzz/map.c.
//
// Layer: tests.

#ifndef GOAT_TESTS_MAP_MODEL_H
#define GOAT_TESTS_MAP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "map.h"

enum { MODEL_KEYS = 2000, MODEL_KINDS = 14 };

struct map_model {
	const struct goat_maptype *t;
	int kind;
	struct goat_hmap *h, frame;
	_Alignas(16) char bucket[4096];         // for `frame`
	size_t nkeys;                   // keys are below this
	bool there[MODEL_KEYS];
	uint64_t elem[MODEL_KEYS];
	size_t count;
	size_t nans;                    // of a kind whose key 0 is NaN: how many
	uint64_t (*choose)(void *arg, uint64_t n);      // a number below n
	void *arg;
	const char *wrong;              // what differs, or NULL
	unsigned long steps;
};

// Zeroed but for choose and arg.
void map_model_start(struct map_model *m, int kind, size_t nkeys);
// One step, and all that there is to check after it.
void map_model_step(struct map_model *m);
const char *map_model_name(int kind);

#endif
