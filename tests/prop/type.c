// SPDX-License-Identifier: GPL-3.0-or-later
//
// type.c: random values of random types are equal when a naive model says so, and then their hashes
// are; what cannot be compared panics, and only when it is reached.
//
// TEST_SEED replays one run, TEST_TYPES makes it longer.
//
// Layer: tests.

#include "rng.h"
#include "runtime_alone.h"
#include "types.h"

#include <criterion/criterion.h>
#include <string.h>

struct pair {
	const struct goat_type *type;
	void *p, *q;
	uint64_t seed, hash;
	bool equal;
};

static void
compare(void *arg)
{
	struct pair *pair = arg;

	pair->equal = pair->type->equal(pair->type, pair->p, pair->q);
}

static void
hash(void *arg)
{
	struct pair *pair = arg;

	pair->hash = pair->type->hasher(pair->type, pair->p, pair->seed);
}

// What is wrong, or NULL.
static const char *
try_pair(struct pair *pair)
{
	int wanted = types_equal(pair->type, pair->p, pair->q);
	struct pair other = *pair;
	const char *panic = panic_of(compare, pair);
	bool unhashable = types_unhashable(pair->type, pair->p);

	if (strncmp(panic, "runtime error: comparing uncomparable type ", wanted == -1 ? 43 : 0) != 0)
		return "does not panic as it should";
	if (wanted != -1 && *panic != '\0')
		return panic;
	if (wanted != -1 && pair->equal != (wanted == 1))
		return wanted ? "is not equal" : "is equal";
	panic = panic_of(hash, pair);
	if (unhashable != (*panic != '\0'))
		return unhashable ? "has a hash" : panic;
	if (unhashable || wanted != 1)
		return NULL;
	other.p = pair->q;
	panic_of(hash, &other);
	return pair->hash == other.hash ? NULL : "is equal but has another hash";
}

Test(type, equality_and_hash_of_random_values)
{
	uint64_t seed = rng_seed(), rng = seed, types = rng_number("TEST_TYPES", 3000);
	size_t equals = 0, panics = 0;

	for (uint64_t i = 0; i < types; i++) {
		struct pair pair = { .type = types_random(&rng, 3) };

		pair.p = aligned_alloc(32, (pair.type->size + 63) & ~(size_t)31);
		pair.q = aligned_alloc(32, (pair.type->size + 63) & ~(size_t)31);
		for (int round = 0; round < 6; round++) {
			const char *what;

			pair.seed = rng_next(&rng);
			types_fill(&rng, pair.type, pair.p);
			types_copy(&rng, pair.type, pair.q, pair.p);
			if (round > 1)
				types_change(&rng, pair.type, pair.q);
			what = try_pair(&pair);
			if (what != NULL)
				types_print(pair.type, stderr);
			cr_assert_null(what, "type %llu of TEST_SEED=%llu: %s", (unsigned long long)i,
				       (unsigned long long)seed, what);
			equals += types_equal(pair.type, pair.p, pair.q) == 1;
			panics += types_equal(pair.type, pair.p, pair.q) == -1;
		}
		free(pair.p);
		free(pair.q);
	}
	cr_expect(equals > types && panics > 0, "TEST_SEED=%llu: %zu equal, %zu panics",
		  (unsigned long long)seed, equals, panics);
}

// Values that differ in one bit, or in one byte of a string, hardly ever share the low bits of a hash.
Test(type, hashes_spread)
{
	enum { N = 4096 };
	unsigned char used[N] = { 0 };
	size_t filled = 0;

	for (uint64_t v = 0; v < N; v++) {
		uint64_t n = v << 20;

		used[goat_memhash64(NULL, &n, 1) % N] = 1;
	}
	for (size_t i = 0; i < N; i++)
		filled += used[i];
	cr_expect(filled > N * 6 / 10 && filled < N * 67 / 100, "%zu of %d", filled, N);   // at random 63 %
}
