// SPDX-License-Identifier: GPL-3.0-or-later
//
// libc.c: finds and reads the rows of libc.def.
//
// The names are in an open-addressed table of row numbers, at most half full, that the first
// lookup fills in static storage: nothing is allocated, so nothing leaks.
//
// N1  A name is looked up as it is first. Only names that are reserved to the implementation are
//     then tried in another form: a program's own read64 or list_remove_unlocked is not ours, so
//     the *64 and *_unlocked functions that exist have rows.
// N2  Rows enter the index in their order, so each has one place. Threads whose first lookups
//     overlap write the same numbers to the same slots, and need no lock.
//
// Go:    has no counterpart.
// Layer: core.
#include "libc.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

// The arity is read when compiling: rows stay constant data.
#define ARITY(s)                     ((s)[0] - '0')
#define ROW(name, arity, effects)    { name, ARITY(arity), sizeof(arity) == 3, effects },
#define LIBC(name, arity, effects)   ROW(#name, arity, effects)
#define LIBC64(name, arity, effects) ROW(#name, arity, effects) ROW(#name "64", arity, effects)
static const struct libc_entry table[] = {
#include "libc.def"
};
#undef LIBC
#undef LIBC64

enum { NROWS = sizeof table / sizeof *table, NSLOTS = 8192, MAX_NAME = 64 };

static_assert(NROWS * 2 <= NSLOTS, "the index is at most half full");

// Row number plus one; 0 is an empty slot.
static _Atomic uint16_t slots[NSLOTS];
static atomic_bool indexed; // set last: who reads true reads a full index

// FNV-1a.
static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h ^ h >> 15;
}

// The slot that holds name, or the empty one where it belongs.
static _Atomic uint16_t *
slot_of(const char *name)
{
	uint32_t i = hash(name) % NSLOTS;

	while (slots[i] != 0 && strcmp(table[slots[i] - 1].name, name) != 0)
		i = (i + 1) % NSLOTS;
	return &slots[i];
}

static const struct libc_entry *
find(const char *name)
{
	uint16_t row;

	if (!indexed) {
		for (uint16_t i = 0; i < NROWS; i++)
			*slot_of(table[i].name) = i + 1;
		indexed = true;
	}
	row = *slot_of(name);
	return row == 0 ? NULL : &table[row - 1];
}

// What follows prefix in name, or NULL when name does not begin with it.
static const char *
after(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(name, prefix, n) == 0 ? name + n : NULL;
}

// The length of name without its size (_1, _2, _4, _8 or _16), or 0 when it has none.
static size_t
without_size(const char *name)
{
	const char *size = strrchr(name, '_');

	if (size == NULL)
		return 0;
	for (const char *const *s = (const char *const[]){ "1", "2", "4", "8", "16", NULL }; *s;
	     s++)
		if (strcmp(size + 1, *s) == 0)
			return (size_t)(size - name);
	return 0;
}

// __atomic_load_8 is the row __atomic_load_n; __atomic_fetch_add_8 and __sync_..._8 have no _n.
static const struct libc_entry *
find_sized(const char *name)
{
	const struct libc_entry *fn;
	char base[MAX_NAME];
	size_t n = without_size(name);

	if (n == 0 || n + sizeof "_n" > sizeof base)
		return NULL;
	snprintf(base, sizeof base, "%.*s_n", (int)n, name);
	if ((fn = find(base)) != NULL)
		return fn;
	base[n] = '\0';
	return find(base);
}

const struct libc_entry *
libc_lookup(const char *name)
{
	const struct libc_entry *fn;
	const char *rest;

	if ((fn = find(name)) != NULL)
		return fn;
	if ((rest = after(name, "__builtin_")) != NULL)
		return find(rest); // __builtin___memcpy_chk is __memcpy_chk
	if ((rest = after(name, "__isoc99_")) != NULL || (rest = after(name, "__isoc23_")) != NULL)
		return find(rest);
	if (after(name, "__atomic_") != NULL || after(name, "__sync_") != NULL)
		return find_sized(name);
	return NULL;
}

static bool
read_index(const char **s, int *out)
{
	if (**s < '0' || **s > '9')
		return false;
	*out = *(*s)++ - '0';
	return true;
}

static int
read_stars(const char **s)
{
	int n = 0;

	for (; **s == '*'; ++*s)
		n++;
	return n;
}

// The arguments of a callback, after the opening parenthesis.
static bool
read_call(const char **s, struct libc_effect *e)
{
	e->kind = LIBC_CALL;
	if (**s == ')')
		return ++*s, true;
	do {
		if (e->nargs == LIBC_MAX_ARGS)
			return false;
		if (**s == '-')
			e->args[e->nargs] = LIBC_NONE, ++*s;
		else if (!read_index(s, &e->args[e->nargs]))
			return false;
		e->nargs++;
	} while (*(*s)++ == ',');
	return (*s)[-1] == ')';
}

// Where a flow goes, after the `>`.
static bool
read_dst(const char **s, struct libc_effect *e)
{
	static const struct {
		char letter;
		int dst;
	} row[] = {
		{ 'r', LIBC_RESULT },
		{ 'h', LIBC_HEAP },
		{ 'f', LIBC_FREED },
	};

	if ((e->dst_derefs = read_stars(s)) > 0)
		return read_index(s, &e->dst);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		if (**s == row[i].letter) {
			e->dst = row[i].dst;
			++*s;
			return true;
		}
	}
	return false;
}

static bool
read_effect(const char **s, struct libc_effect *e)
{
	const char *rest;

	e->src_derefs = read_stars(s);
	if ((rest = after(*s, "...")) != NULL) {
		e->src = LIBC_VARARGS;
		*s = rest;
	} else if (!read_index(s, &e->src)) {
		return false;
	}
	if (**s == '(' && e->src >= 0 && e->src_derefs == 0) {
		e->callee = e->src;
		e->src = LIBC_NONE;
		++*s;
		return read_call(s, e);
	}
	return *(*s)++ == '>' && read_dst(s, e);
}

bool
libc_next_effect(const char **cursor, struct libc_effect *out)
{
	const char *s = *cursor;

	*out = (struct libc_effect){
		.kind = LIBC_FLOW, .src = LIBC_NONE, .dst = LIBC_NONE, .callee = LIBC_NONE
	};
	while (*s == ' ')
		s++;
	if (*s == '\0') {
		*cursor = s;
		return false;
	}
	if (!read_effect(&s, out) || (*s != ' ' && *s != '\0'))
		return false;
	*cursor = s;
	return true;
}

size_t
libc_count(void)
{
	return NROWS;
}

const struct libc_entry *
libc_row(size_t i)
{
	return &table[i];
}
