// SPDX-License-Identifier: GPL-3.0-or-later
//
// rng.h: random numbers that a seed replays.
//
// Layer: tests.

#ifndef GOAT_TESTS_RNG_H
#define GOAT_TESTS_RNG_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

// splitmix64.
static inline uint64_t
rng_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline uint64_t
rng_below(uint64_t *state, uint64_t n)
{
	return rng_next(state) % n;
}

// The number in the environment's VARIABLE, or OTHERWISE.
static inline uint64_t
rng_number(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

// TEST_SEED, or another one each time.
static inline uint64_t
rng_seed(void)
{
	return rng_number("TEST_SEED", (uint64_t)time(NULL));
}

#endif
