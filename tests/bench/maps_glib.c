// SPDX-License-Identifier: GPL-3.0-or-later
//
// maps_glib.c: GHashTable, measured by maps.h. A number is kept in the pointer, hashed by its low 32
// bits; no room can be made for entries to come.

#include <glib.h>

#include "maps_c.h"

typedef GHashTable *numbers;
typedef GHashTable *words;

static numbers
numbers_new(size_t n)
{
	return g_hash_table_new(NULL, NULL);
}

static void
numbers_free(numbers m)
{
	g_hash_table_destroy(m);
}

static inline void
numbers_set(numbers m, int64_t key, int64_t value)
{
	g_hash_table_insert(m, (void *)key, (void *)value);
}

static inline int64_t
numbers_get(numbers m, int64_t key)
{
	return (int64_t)g_hash_table_lookup(m, (void *)key);
}

static inline void
numbers_delete(numbers m, int64_t key)
{
	g_hash_table_remove(m, (void *)key);
}

static int64_t
numbers_sum(numbers m)
{
	int64_t sum = 0;
	GHashTableIter i;
	void *key, *value;

	g_hash_table_iter_init(&i, m);
	while (g_hash_table_iter_next(&i, &key, &value))
		sum += (int64_t)key + (int64_t)value;
	return sum;
}

static words
words_new(void)
{
	return g_hash_table_new(g_str_hash, g_str_equal);
}

static void
words_free(words m)
{
	g_hash_table_destroy(m);
}

static inline void
words_set(words m, struct text key, int64_t value)
{
	g_hash_table_insert(m, (void *)key.ptr, (void *)value);
}

static inline int64_t
words_get(words m, struct text key)
{
	return (int64_t)g_hash_table_lookup(m, key.ptr);
}

#include "maps.h"
