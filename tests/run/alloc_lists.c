// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Small objects come from lists of each thread, which collections find half changed: while goroutines allocate
// objects of all sizes and kinds, and look whether those that they keep are theirs alone, others collect.
#include <goat.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 6, KEPT = 200, ROUNDS = 150000, COLLECTIONS = 60, LARGEST = 300 };

struct object {
	struct object *self;            // NULL where the collector does not look
	uint32_t size, mark;
	unsigned char rest[];
};

// What new() and make() become.
void *goat_mallocgc(size_t size, size_t align, int noscan);

static uint64_t seed;
static int64_t wrong, left = WORKERS;

static uint64_t
next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static bool
zeros(const void *p, size_t n)
{
	const unsigned char *at = p;

	while (n > 0 && *at == 0)
		at++, n--;
	return n == 0;
}

static bool
intact(const struct object *o)
{
	for (size_t i = 0; i < o->size - sizeof *o; i++)
		if (o->rest[i] != (unsigned char)(o->mark + i))
			return false;
	return o->self == NULL || o->self == o;
}

static struct object *
made(uint64_t *x)
{
	size_t size = sizeof(struct object) + next(x) % (LARGEST - sizeof(struct object));
	bool noscan = next(x) % 2 == 0;
	struct object *o = goat_mallocgc(size, 8, noscan);

	if (!zeros(o, size))
		__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
	o->self = noscan ? NULL : o;
	o->size = (uint32_t)size;
	o->mark = (uint32_t)next(x);
	for (size_t i = 0; i < size - sizeof *o; i++)
		o->rest[i] = (unsigned char)(o->mark + i);
	return o;
}

static void
work(int n)
{
	struct object *kept[KEPT] = { NULL };
	uint64_t x = seed + (uint64_t)n * 0x9e3779b97f4a7c15;

	for (int i = 0; i < ROUNDS; i++) {
		struct object **at = &kept[next(&x) % KEPT];

		if (*at != NULL && !intact(*at))
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		*at = made(&x);
		if (i % 1000 == 0)
			goat_yield();
	}
	__atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED);
}

int
main(void)
{
	const char *given = getenv("TEST_SEED");

	seed = given != NULL ? strtoull(given, NULL, 0) : (uint64_t)goat_now() | 1;
	goat_maxprocs(4);
	for (int i = 0; i < WORKERS; i++)
		go work(i);
	for (int i = 0; i < COLLECTIONS || __atomic_load_n(&left, __ATOMIC_RELAXED) > 0; i++) {
		goat_gc();
		goat_yield();
	}
	if (wrong != 0)
		printf("TEST_SEED=%llu: %lld objects were not what they should be\n", (unsigned long long)seed,
		       (long long)wrong);
	else
		puts("good");
	return wrong != 0;
}
