// SPDX-License-Identifier: GPL-3.0-or-later
//
// maps.c: our maps, measured by maps.h.

#include <gc/gc.h>
#include <goat.h>
#include <stdint.h>

struct text {
	const char *ptr;
	size_t len;
};

typedef map(int64_t, int64_t) numbers;
typedef map(string, int64_t) words;

static numbers
numbers_new(size_t n)
{
	return make(numbers, n);
}

// It is the collector's, which runs before what is measured begins.
static void
numbers_free(numbers m)
{
	GC_gcollect();
}

static inline void
numbers_set(numbers m, int64_t key, int64_t value)
{
	map_set(m, key, value);
}

static inline int64_t
numbers_get(numbers m, int64_t key)
{
	return map_get(m, key);
}

static inline void
numbers_delete(numbers m, int64_t key)
{
	map_delete(m, key);
}

static int64_t
numbers_sum(numbers m)
{
	int64_t sum = 0;

	map_range (m, key, value)
		sum += key + value;
	return sum;
}

static words
words_new(void)
{
	return make(words);
}

static void
words_free(words m)
{
	GC_gcollect();
}

static inline void
words_set(words m, struct text key, int64_t value)
{
	map_set(m, ((string){ key.ptr, key.len }), value);
}

static inline int64_t
words_get(words m, struct text key)
{
	return map_get(m, ((string){ key.ptr, key.len }));
}

static double
heap_bytes(void)
{
	GC_gcollect();
	return (double)(GC_get_heap_size() - GC_get_free_bytes());
}

#define WITHOUT_COLLECTOR() GC_disable()
#define WITH_COLLECTOR() GC_enable()

#include "maps.h"
