// SPDX-License-Identifier: GPL-3.0-or-later
//
// escape.c: on random graphs, the core and Go's algorithm give the same verdicts.
//
// TEST_SEED replays one run, TEST_GRAPHS makes it longer.
//
// Layer: tests.

#include "model.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

static uint64_t
number_from(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

// Small graphs mostly: it is in these that a difference can be read.
static struct model
random_model(uint64_t *state)
{
	uint8_t bytes[MODEL_BYTES];
	size_t n = 2 + model_random(state) % (model_random(state) % 4 ? 60 : sizeof(bytes) - 2);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(model_random(state) >> 32);
	if (model_random(state) % 4)
		bytes[1] %= 8;
	return model_decode(bytes, n);
}

Test(escape, agrees_with_go_on_random_graphs)
{
	uint64_t seed = number_from("TEST_SEED", (uint64_t)time(NULL)), state = seed;
	uint64_t graphs = number_from("TEST_GRAPHS", 30000);

	for (uint64_t i = 0; i < graphs; i++) {
		struct model m = random_model(&state);
		const char *what;

		model_solve(&m);
		what = model_difference(&m);
		if (what != NULL)
			model_print(&m, stderr);
		cr_assert_null(what, "graph %llu of TEST_SEED=%llu: %s", (unsigned long long)i,
			       (unsigned long long)seed, what);
	}
}
