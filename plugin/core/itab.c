// SPDX-License-Identifier: GPL-3.0-or-later
//
// itab.c: which methods a type has, and whether they are those of an interface.
//
// What a struct embeds is searched level by level. A name that is found at a level counts there, be
// it a method or a field, and hides what lies deeper; one that is found twice at a level counts as
// neither (Go spec, "Selectors").
//
// I1  A set is sorted by name and has no name twice.
//
// Layer: core.

#include "itab.h"

// ---------------------------------------------------------------- collecting

struct place {
	const struct itab_type *type;
	const struct itab_member **path;
	size_t depth;
};

typedef VEC(struct place) places;

// A name that was met, and what it means.
struct meaning {
	const char *name;
	struct itab_entry entry;        // method is NULL where it is a field
	size_t depth;
	size_t times;                   // met at that depth
};

struct search {
	struct arena *arena;
	VEC(struct meaning) met;
};

static void
meet(struct search *s, const char *name, const struct itab_method *method, const struct place *at)
{
	struct meaning m = { .name = name, .depth = at->depth, .times = 1 };

	for (size_t i = 0; i < s->met.n; i++)
		if (strcmp(s->met.at[i].name, name) == 0) {
			if (s->met.at[i].depth == at->depth)
				s->met.at[i].times++;
			return;
		}
	m.entry.method = method;
	m.entry.owner = at->type;
	m.entry.path = at->path;
	m.entry.depth = at->depth;
	vec_push(&s->met, m);
}

static void
add_embedded(struct search *s, const struct place *at, const struct itab_member *m, places *deeper)
{
	struct place p = { m->embedded, NULL, at->depth + 1 };

	p.path = arena_alloc(s->arena, p.depth * sizeof(*p.path));
	if (at->depth > 0)
		memcpy(p.path, at->path, at->depth * sizeof(*p.path));
	p.path[at->depth] = m;
	vec_push(deeper, p);
}

static bool
is_own_method(const struct itab_type *type, const char *name)
{
	for (size_t i = 0; i < type->methods.n; i++)
		if (strcmp(type->methods.at[i].name, name) == 0)
			return true;
	return false;
}

static void
search_place(struct search *s, const struct place *at, places *deeper)
{
	for (size_t i = 0; i < at->type->methods.n; i++)
		meet(s, at->type->methods.at[i].name, &at->type->methods.at[i], at);
	for (size_t i = 0; i < at->type->members.n; i++) {
		const struct itab_member *m = &at->type->members.at[i];

		// Go forbids a field and a method of one name; in C they are no neighbours.
		if (m->name != NULL && !is_own_method(at->type, m->name))
			meet(s, m->name, NULL, at);
		if (m->embedded != NULL)
			add_embedded(s, at, m, deeper);
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct itab_entry *x = a, *y = b;

	return strcmp(x->method->name, y->method->name);
}

void
itab_collect(struct arena *a, const struct itab_type *type, struct itab_set *set)
{
	struct search s = { .arena = a };
	places level = { 0 }, deeper = { 0 };
	struct place first = { type, NULL, 0 };

	vec_push(&level, first);
	while (level.n > 0) {
		places old = level;

		for (size_t i = 0; i < level.n; i++)
			search_place(&s, &level.at[i], &deeper);
		level = deeper;
		deeper = old;
		deeper.n = 0;
	}
	for (size_t i = 0; i < s.met.n; i++)
		if (s.met.at[i].entry.method != NULL) {
			s.met.at[i].entry.ambiguous = s.met.at[i].times > 1;
			vec_push(&set->entries, s.met.at[i].entry);
		}
	if (set->entries.n > 1)
		qsort(set->entries.at, set->entries.n, sizeof(*set->entries.at), by_name);
	vec_free(&s.met);
	vec_free(&level);
	vec_free(&deeper);
}

const struct itab_entry *
itab_find(const struct itab_set *set, const char *name)
{
	for (size_t i = 0; i < set->entries.n; i++)
		if (strcmp(set->entries.at[i].method->name, name) == 0)
			return &set->entries.at[i];
	return NULL;
}

// ---------------------------------------------------------------- matching

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

// How many characters to change, add, drop or swap with the next; case does not count. Names longer
// than 31 are far from each other.
static size_t
distance(const char *a, const char *b)
{
	enum { LONGEST = 31 };
	size_t n = strlen(a), m = strlen(b), d[LONGEST + 1][LONGEST + 1];

	if (n > LONGEST || m > LONGEST)
		return LONGEST;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++)
		for (size_t j = 1; j <= m; j++) {
			size_t best = d[i - 1][j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]) && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[n][m];
}

// The method that was perhaps meant: the nearest name, at most a third of it wrong.
static const struct itab_entry *
nearest(const struct itab_set *set, const char *name)
{
	const struct itab_entry *best = NULL;
	size_t least = strlen(name) / 3 + 1;

	for (size_t i = 0; i < set->entries.n; i++) {
		size_t d = distance(set->entries.at[i].method->name, name);

		if (d < least) {
			least = d;
			best = &set->entries.at[i];
		}
	}
	return best;
}

static enum itab_verdict
judge(const struct itab_method *want, const struct itab_entry *have, bool by_pointer)
{
	if (have == NULL)
		return ITAB_MISSING;
	if (have->ambiguous)
		return ITAB_AMBIGUOUS;
	if (strcmp(want->params, have->method->params) != 0 ||
	    strcmp(want->result, have->method->result) != 0)
		return ITAB_WRONG;
	if (have->method->pointer && !by_pointer)
		return ITAB_POINTER;
	return ITAB_FITS;
}

struct itab_mismatch
itab_match(const struct itab_type *inter, const struct itab_set *set, bool by_pointer)
{
	struct itab_mismatch m = { ITAB_FITS, NULL, NULL };

	for (size_t i = 0; i < inter->methods.n; i++) {
		const struct itab_method *want = &inter->methods.at[i];
		const struct itab_entry *have = itab_find(set, want->name);
		enum itab_verdict v = judge(want, have, by_pointer);

		if (v == ITAB_FITS || (m.want != NULL && strcmp(m.want->name, want->name) < 0))
			continue;
		m.verdict = v;
		m.want = want;
		m.have = v == ITAB_MISSING ? nearest(set, want->name) : have;
	}
	return m;
}

// ---------------------------------------------------------------- words

static const char *
cat(struct arena *a, const char *const *parts)
{
	size_t n = 1;
	char *text, *end;

	for (size_t i = 0; parts[i] != NULL; i++)
		n += strlen(parts[i]);
	text = end = arena_alloc(a, n);
	for (size_t i = 0; parts[i] != NULL; i++) {
		size_t len = strlen(parts[i]);

		memcpy(end, parts[i], len);
		end += len;
	}
	return text;
}

#define CAT(a, ...) cat(a, (const char *const[]){ __VA_ARGS__, NULL })

// Weight(int) int
static const char *
signature(struct arena *a, const struct itab_method *m)
{
	bool nothing = strcmp(m->params, "void") == 0, procedure = strcmp(m->result, "void") == 0;

	return CAT(a, m->name, "(", nothing ? "" : m->params, ")", procedure ? "" : " ",
		   procedure ? "" : m->result);
}

static const char *
have_and_want(struct arena *a, const char *what, const struct itab_mismatch *m)
{
	return CAT(a, what, m->want->name, "\n\t\thave ", signature(a, m->have->method), "\n\t\twant ",
		   signature(a, m->want));
}

const char *
itab_reason(struct arena *a, const struct itab_mismatch *m, const char *type)
{
	switch (m->verdict) {
	case ITAB_MISSING:
		return m->have != NULL ? have_and_want(a, "missing method ", m)
				       : CAT(a, "missing method ", m->want->name);
	case ITAB_POINTER:
		return CAT(a, "method ", m->want->name, " has pointer receiver");
	case ITAB_WRONG:
		return have_and_want(a, "wrong type for method ", m);
	case ITAB_AMBIGUOUS:
		return CAT(a, "ambiguous selector ", type, ".", m->want->name);
	default:
		return "";
	}
}
