// SPDX-License-Identifier: GPL-3.0-or-later
//
// core.c: any graph is solved as Go would, and every explanation adds up.
//
//	clang -fsanitize=fuzzer,address,undefined ...   a libFuzzer target
//	cc -DSTANDALONE ...                             tries COUNT inputs from SEED: ./core COUNT SEED
//
// The bytes are a model, see tests/lib/model.h: a difference to Go's algorithm, a label that is no
// fixed point, or an explanation whose steps do not lead where it says, aborts.
//
// Layer: tests.

#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct model m = model_decode(bytes, n);
	const char *what;

	model_solve(&m);
	what = model_difference(&m);
	if (what != NULL) {
		fprintf(stderr, "%s\n", what);
		model_print(&m, stderr);
		abort();
	}
	return 0;
}

#ifdef STANDALONE
int
main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 10000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	uint8_t bytes[MODEL_BYTES];

	for (unsigned long i = 0; i < count; i++) {
		uint64_t state = seed + i;      // so that the one that fails can be had alone
		size_t n = model_random(&state) % sizeof(bytes);

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)(model_random(&state) >> 32);
		fflush(stderr);
		LLVMFuzzerTestOneInput(bytes, n);
	}
	printf("%lu graphs from seed %llu: all as Go has them\n", count, (unsigned long long)seed);
	return 0;
}
#endif
