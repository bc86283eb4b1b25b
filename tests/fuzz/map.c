// SPDX-License-Identifier: GPL-3.0-or-later
//
// map.c: a map does what an array does, and its invariants hold, whatever is done to it.
//
//	clang -fsanitize=fuzzer,address,undefined ...   a libFuzzer target
//	cc -DSTANDALONE ...                             tries COUNT inputs from SEED: ./map COUNT SEED
//
// The bytes are the choices of tests/lib/map_model.c, the first two the kind of keys and how many;
// when they are used up, it ends.
//
// Layer: tests.

#include "map_model.h"
#include "rng.h"
#include "runtime_alone.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct input {
	const uint8_t *p, *end;
};

static uint64_t
choose(void *arg, uint64_t n)
{
	struct input *in = arg;
	uint64_t v = 0;

	for (uint64_t most = n - 1; most != 0 && in->p < in->end; most >>= 8)
		v = v << 8 | *in->p++;
	return v % n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct map_model m;
	struct input in = { bytes, bytes + n };
	void *before = newest_object();

	goat_randseed(1);
	memset(&m, 0, sizeof m);
	m.choose = choose;
	m.arg = &in;
	map_model_start(&m, (int)choose(&in, MODEL_KINDS), 2 + (size_t)choose(&in, 256));
	while (in.p < in.end && m.wrong == NULL)
		map_model_step(&m);
	if (m.wrong != NULL) {
		fprintf(stderr, "%s, %zu keys, step %lu: %s\n", map_model_name(m.kind), m.nkeys,
			m.steps, m.wrong);
		abort();
	}
	free_objects(before);
	return 0;
}

#ifdef STANDALONE
int
main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	static uint8_t bytes[8192];

	for (unsigned long i = 0; i < count; i++) {
		uint64_t state = seed + i;      // so that the one that fails can be had alone
		size_t n = rng_below(&state, sizeof bytes);

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)(rng_next(&state) >> 32);
		LLVMFuzzerTestOneInput(bytes, n);
	}
	printf("%lu maps from seed %llu: all as arrays\n", count, (unsigned long long)seed);
	return 0;
}
#endif
