// SPDX-License-Identifier: GPL-3.0-or-later
//
// map.c: random steps on maps of all kinds of keys, and on a plain array.
//
// TEST_SEED replays a run, TEST_STEPS says how many steps it has.
//
// Layer: tests.

#include "map_model.h"
#include "rng.h"
#include "runtime_alone.h"

#include <criterion/criterion.h>
#include <string.h>

static uint64_t
choose(void *arg, uint64_t n)
{
	return rng_next(arg) % n;
}

// Few keys in most maps, as every step checks all of the map.
static size_t
number_of_keys(uint64_t *state)
{
	switch (rng_below(state, 16)) {
	case 0:
		return MODEL_KEYS;
	case 1: case 2:
		return 300 + rng_below(state, 300);
	default:
		return 2 + rng_below(state, 100);
	}
}

Test(map, does_what_an_array_does, .timeout = 600)
{
	static struct map_model m;
	uint64_t seed = rng_seed(), steps = rng_number("TEST_STEPS", 1000000), state = seed;
	void *before = newest_object();

	goat_randseed(seed);

	while (steps > 0) {
		uint64_t n = 500 + rng_below(&state, 4000), from = state;
		int kind = (int)rng_below(&state, MODEL_KINDS);
		size_t nkeys = number_of_keys(&state);

		memset(&m, 0, sizeof m);
		m.choose = choose;
		m.arg = &state;
		map_model_start(&m, kind, nkeys);
		if (nkeys == MODEL_KEYS)
			n = 6000;
		for (uint64_t i = 0; i < n && steps > 0; i++, steps--) {
			map_model_step(&m);
			cr_assert_null(m.wrong, "TEST_SEED=%llu: %s, %zu keys, step %lu (from %llx): %s",
				       (unsigned long long)seed, map_model_name(kind), nkeys, m.steps,
				       (unsigned long long)from, m.wrong);
		}
		free_objects(before);
	}
}
