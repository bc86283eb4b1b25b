// SPDX-License-Identifier: GPL-3.0-or-later
//
// maps_khash.c: khash of htslib, measured by maps.h.

#include <htslib/khash.h>

#include "maps_c.h"

KHASH_MAP_INIT_INT64(number, int64_t)
KHASH_MAP_INIT_STR(word, int64_t)

typedef khash_t(number) *numbers;
typedef khash_t(word) *words;

static numbers
numbers_new(size_t n)
{
	numbers m = kh_init(number);

	// It grows when it is three quarters full.
	if (n > 0)
		kh_resize(number, m, n + n / 3 + 1);
	return m;
}

static void
numbers_free(numbers m)
{
	kh_destroy(number, m);
}

static inline void
numbers_set(numbers m, int64_t key, int64_t value)
{
	int there;
	khint_t i = kh_put(number, m, (khint64_t)key, &there);

	kh_val(m, i) = value;
}

static inline int64_t
numbers_get(numbers m, int64_t key)
{
	khint_t i = kh_get(number, m, (khint64_t)key);

	return i != kh_end(m) ? kh_val(m, i) : 0;
}

static inline void
numbers_delete(numbers m, int64_t key)
{
	khint_t i = kh_get(number, m, (khint64_t)key);

	if (i != kh_end(m))
		kh_del(number, m, i);
}

static int64_t
numbers_sum(numbers m)
{
	int64_t sum = 0;

	for (khint_t i = kh_begin(m); i != kh_end(m); i++)
		if (kh_exist(m, i))
			sum += (int64_t)kh_key(m, i) + kh_val(m, i);
	return sum;
}

static words
words_new(void)
{
	return kh_init(word);
}

static void
words_free(words m)
{
	kh_destroy(word, m);
}

static inline void
words_set(words m, struct text key, int64_t value)
{
	int there;
	khint_t i = kh_put(word, m, key.ptr, &there);

	kh_val(m, i) = value;
}

static inline int64_t
words_get(words m, struct text key)
{
	khint_t i = kh_get(word, m, key.ptr);

	return i != kh_end(m) ? kh_val(m, i) : 0;
}

#include "maps.h"
