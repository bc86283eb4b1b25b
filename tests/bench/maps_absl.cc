// SPDX-License-Identifier: GPL-3.0-or-later
//
// maps_absl.cc: flat_hash_map of Abseil, measured by maps.h.

#include <absl/container/flat_hash_map.h>

#include <string_view>

#include "maps_c.h"

typedef absl::flat_hash_map<int64_t, int64_t> *numbers;
typedef absl::flat_hash_map<std::string_view, int64_t> *words;

static numbers
numbers_new(size_t n)
{
	numbers m = new absl::flat_hash_map<int64_t, int64_t>;

	m->reserve(n);
	return m;
}

static void
numbers_free(numbers m)
{
	delete m;
}

static inline void
numbers_set(numbers m, int64_t key, int64_t value)
{
	(*m)[key] = value;
}

static inline int64_t
numbers_get(numbers m, int64_t key)
{
	auto i = m->find(key);

	return i != m->end() ? i->second : 0;
}

static inline void
numbers_delete(numbers m, int64_t key)
{
	m->erase(key);
}

static int64_t
numbers_sum(numbers m)
{
	int64_t sum = 0;

	for (const auto &e : *m)
		sum += e.first + e.second;
	return sum;
}

static words
words_new(void)
{
	return new absl::flat_hash_map<std::string_view, int64_t>;
}

static void
words_free(words m)
{
	delete m;
}

static inline void
words_set(words m, struct text key, int64_t value)
{
	(*m)[std::string_view(key.ptr, key.len)] = value;
}

static inline int64_t
words_get(words m, struct text key)
{
	auto i = m->find(std::string_view(key.ptr, key.len));

	return i != m->end() ? i->second : 0;
}

#include "maps.h"
