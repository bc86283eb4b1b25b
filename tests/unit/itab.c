// SPDX-License-Identifier: GPL-3.0-or-later
//
// itab.c: method sets and what Go says of them.
//
// Types are given as text, each after those that it embeds:
//
//	Cat{*Quack(void)void Weight(int)int name +Base}
//
// a method, with a * where its receiver is a pointer; a field; an embedded type. `!` after the name
// of a type: it is an interface.
//
// Layer: tests.

#include "itab.h"

#include <criterion/criterion.h>
#include <ctype.h>

enum { MOST = 16 };

struct world {
	struct arena arena;
	struct itab_type types[MOST];
	size_t n;
};

static const char *
cut(struct world *w, const char **p, const char *ends)
{
	size_t n = strcspn(*p, ends);
	char *s = arena_alloc(&w->arena, n + 1);

	memcpy(s, *p, n);
	*p += n;
	return s;
}

static struct itab_type *
type_called(struct world *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->types[i].name, name) == 0)
			return &w->types[i];
	cr_assert_fail("no type %s", name);
	return NULL;
}

static void
read_part(struct world *w, struct itab_type *t, const char **p)
{
	struct itab_member member = { 0 };
	struct itab_method method = { 0 };

	if (**p == '+') {
		++*p;
		member.name = cut(w, p, " }");
		member.embedded = type_called(w, member.name);
		vec_push(&t->members, member);
		return;
	}
	if ((method.pointer = **p == '*'))
		++*p;
	method.name = member.name = cut(w, p, "( }");
	if (**p != '(') {
		vec_push(&t->members, member);
		return;
	}
	++*p;
	method.params = cut(w, p, ")");
	++*p;
	method.result = cut(w, p, " }");
	vec_push(&t->methods, method);
}

static void
read_types(struct world *w, const char *p)
{
	while (*(p += strspn(p, " ")) != '\0') {
		struct itab_type *t = &w->types[w->n];

		t->name = cut(w, &p, "!{");
		if ((t->interface = *p == '!'))
			p++;
		for (p++; *(p += strspn(p, " ")) != '}';)
			read_part(w, t, &p);
		p++;
		w->n++;
	}
}

static void
forget(struct world *w, struct itab_set *set)
{
	for (size_t i = 0; i < w->n; i++) {
		vec_free(&w->types[i].methods);
		vec_free(&w->types[i].members);
	}
	vec_free(&set->entries);
	arena_free(&w->arena);
}

// "Quack Weight:Base Name?" of the last type: where from, and ? for what is ambiguous.
static void
describe_set(const char *types, char *out)
{
	struct world w = { 0 };
	struct itab_set set = { 0 };

	read_types(&w, types);
	itab_collect(&w.arena, &w.types[w.n - 1], &set);
	*out = '\0';
	for (size_t i = 0; i < set.entries.n; i++) {
		const struct itab_entry *e = &set.entries.at[i];

		sprintf(out + strlen(out), "%s%s", i ? " " : "", e->method->name);
		for (size_t k = 0; k < e->depth; k++)
			sprintf(out + strlen(out), ":%s", e->path[k]->name);
		if (e->ambiguous)
			strcat(out, "?");
	}
	forget(&w, &set);
}

Test(itab, collects_what_is_promoted)
{
	static const struct { const char *types, *want; } row[] = {
		{ "T{}", "" },
		{ "T{*B(void)void A(void)void x}", "A B" },
		{ "B{A(void)void} T{+B}", "A:B" },
		{ "B{A(void)void} T{+B A(void)int}", "A" },
		{ "B{A(void)void} C{+B} T{+C}", "A:C:B" },
		// A field hides what lies deeper, and is no method.
		{ "B{A(void)void} T{+B A}", "" },
		{ "B{A(void)void} C{+B A} T{+C}", "" },
		// Two at a level cancel each other, and hide what lies deeper.
		{ "B{A(void)void} C{A(void)void} T{+B +C}", "A:B?" },
		{ "B{A(void)void} C{A} T{+B +C}", "A:B?" },
		{ "D{A(void)void} B{+D} C{A(void)void} T{+B +C}", "A:C" },
		{ "D{A(void)void} B{+D} C{+D} T{+B +C}", "A:B:D?" },
		{ "B{A(void)void} C{A(void)void} D{+B +C} T{+D A(void)void}", "A" },
		// C has no rule that a field and a method of one type differ in name.
		{ "T{A(void)void A}", "A" },
		{ "I!{Len(void)int Less(int)int} T{+I Less(int)int}", "Len:I Less" },
	};
	char out[256];

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		describe_set(row[i].types, out);
		cr_expect_str_eq(out, row[i].want, "%s: %s", row[i].types, out);
	}
}

// The last type but one against the last, which is the interface.
static void
reason_of(const char *types, bool by_pointer, char *out)
{
	struct world w = { 0 };
	struct itab_set set = { 0 };
	struct itab_mismatch m;

	read_types(&w, types);
	itab_collect(&w.arena, &w.types[w.n - 2], &set);
	m = itab_match(&w.types[w.n - 1], &set, by_pointer);
	strcpy(out, itab_reason(&w.arena, &m, w.types[w.n - 2].name));
	forget(&w, &set);
}

Test(itab, says_why_in_words_of_go)
{
	static const struct { const char *types; bool by_pointer; const char *want; } row[] = {
		{ "T{} I!{}", false, "" },
		{ "T{A(void)void} I!{A(void)void}", false, "" },
		{ "T{*A(void)void} I!{A(void)void}", true, "" },
		{ "T{A(void)void} I!{A(void)void}", true, "" },
		{ "T{*A(void)void} I!{A(void)void}", false, "method A has pointer receiver" },
		{ "T{} I!{B(void)void A(void)void}", false, "missing method A" },
		{ "T{A(double)int} I!{A(int)int}", false,
		  "wrong type for method A\n\t\thave A(double) int\n\t\twant A(int) int" },
		{ "T{A(void)void} I!{A(void)int}", false,
		  "wrong type for method A\n\t\thave A()\n\t\twant A() int" },
		// The type is wrong, whatever the receiver is.
		{ "T{*A(void)void} I!{A(void)int}", false,
		  "wrong type for method A\n\t\thave A()\n\t\twant A() int" },
		{ "B{A(void)void} C{A(void)void} T{+B +C} I!{A(void)void}", false,
		  "ambiguous selector T.A" },
		// One that was perhaps meant.
		{ "T{quack(void)void} I!{Quack(void)void}", false,
		  "missing method Quack\n\t\thave quack()\n\t\twant Quack()" },
		{ "T{Qauck(int)void Q(void)void} I!{Quack(void)void}", false,
		  "missing method Quack\n\t\thave Qauck(int)\n\t\twant Quack()" },
		{ "T{Honk(void)void} I!{Quack(void)void}", false, "missing method Quack" },
		{ "T{B(void)void} I!{A(void)void}", false, "missing method A" },
	};
	char out[256];

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		reason_of(row[i].types, row[i].by_pointer, out);
		cr_expect_str_eq(out, row[i].want, "%s: %s", row[i].types, out);
	}
}

Test(itab, finds_by_name)
{
	struct world w = { 0 };
	struct itab_set set = { 0 };

	read_types(&w, "B{Z(void)void} T{+B M(void)void A(void)void}");
	itab_collect(&w.arena, &w.types[1], &set);
	cr_expect_eq(set.entries.n, 3);
	cr_expect_str_eq(itab_find(&set, "Z")->owner->name, "B");
	cr_expect_null(itab_find(&set, "Y"));
	for (size_t i = 1; i < set.entries.n; i++)      // I1
		cr_expect_lt(strcmp(set.entries.at[i - 1].method->name,
				    set.entries.at[i].method->name), 0);
	forget(&w, &set);
}
