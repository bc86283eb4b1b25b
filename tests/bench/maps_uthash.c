// SPDX-License-Identifier: GPL-3.0-or-later
//
// maps_uthash.c: uthash, measured by maps.h. An entry is an object of its own, and no room can be
// made for entries to come.

#include <uthash.h>

#include "maps_c.h"

struct number {
	int64_t key, value;
	UT_hash_handle hh;
};

struct word {
	struct text key;
	int64_t value;
	UT_hash_handle hh;
};

// uthash's own map is a pointer to an entry, which changes.
typedef struct { struct number *first; } *numbers;
typedef struct { struct word *first; } *words;

static numbers
numbers_new(size_t n)
{
	return calloc(1, sizeof(*(numbers)0));
}

static void
numbers_free(numbers m)
{
	struct number *e, *next;

	HASH_ITER(hh, m->first, e, next) {
		HASH_DEL(m->first, e);
		free(e);
	}
	free(m);
}

static inline struct number *
find_number(numbers m, int64_t key)
{
	struct number *e;

	HASH_FIND(hh, m->first, &key, sizeof key, e);
	return e;
}

static inline void
numbers_set(numbers m, int64_t key, int64_t value)
{
	struct number *e = find_number(m, key);

	if (e == NULL) {
		e = malloc(sizeof *e);
		e->key = key;
		HASH_ADD(hh, m->first, key, sizeof e->key, e);
	}
	e->value = value;
}

static inline int64_t
numbers_get(numbers m, int64_t key)
{
	struct number *e = find_number(m, key);

	return e != NULL ? e->value : 0;
}

static inline void
numbers_delete(numbers m, int64_t key)
{
	struct number *e = find_number(m, key);

	if (e != NULL) {
		HASH_DEL(m->first, e);
		free(e);
	}
}

static int64_t
numbers_sum(numbers m)
{
	int64_t sum = 0;

	for (struct number *e = m->first; e != NULL; e = e->hh.next)
		sum += e->key + e->value;
	return sum;
}

static words
words_new(void)
{
	return calloc(1, sizeof(*(words)0));
}

static void
words_free(words m)
{
	struct word *e, *next;

	HASH_ITER(hh, m->first, e, next) {
		HASH_DEL(m->first, e);
		free(e);
	}
	free(m);
}

static inline void
words_set(words m, struct text key, int64_t value)
{
	struct word *e;

	HASH_FIND(hh, m->first, key.ptr, key.len, e);
	if (e == NULL) {
		e = malloc(sizeof *e);
		e->key = key;
		HASH_ADD_KEYPTR(hh, m->first, e->key.ptr, e->key.len, e);
	}
	e->value = value;
}

static inline int64_t
words_get(words m, struct text key)
{
	struct word *e;

	HASH_FIND(hh, m->first, key.ptr, key.len, e);
	return e != NULL ? e->value : 0;
}

#include "maps.h"
