// SPDX-License-Identifier: GPL-3.0-or-later
//
// batch.c: functions are solved callees first, those that call each other together.
//
// Layer: tests.

#include "graph_text.h"

#include <criterion/criterion.h>

Test(batch, callees_come_first)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ "f: ; g:", "f g" },
		{ "f: g() ; g:", "g f" },
		{ "f: f()", "f" },
		{ "f: g() h() ; g: h() ; h:", "h g f" },
		{ "f: g() ; g: f()", "f+g" },
		{ "f: g() ; g: h() ; h: f() ; i: f()", "f+g+h i" },
		{ "f: g() ; g: h() i() ; h: g() ; i:", "i g+h f" },
		{ "f: g() g() g() ; g:", "g f" },
		{ "a: b() ; b: c() ; c: a() d() ; d: e() ; e: d()", "d+e a+b+c" },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		cr_expect_str_eq(batches_of(row[i].text), row[i].want, "%s: %s", row[i].text,
				 batches_of(row[i].text));
}

struct seen {
	struct esc *e;
	size_t batches, funcs, largest;
	bool in_order;
};

// In a chain each function calls the next one, so the last one made comes first.
static void
see(void *arg, struct esc_func **fn, size_t n)
{
	struct seen *s = arg;

	if (n == 1 && fn[0] != s->e->funcs.at[s->e->funcs.n - 1 - s->batches])
		s->in_order = false;
	s->batches++;
	s->funcs += n;
	if (n > s->largest)
		s->largest = n;
}

static struct seen
walk_chain(size_t n, bool closed)
{
	struct seen s = { .e = esc_new(false), .in_order = true };
	struct esc_func *first = esc_func(s.e, "f", NULL), *last = first;

	for (size_t i = 1; i < n; i++) {
		struct esc_func *next = esc_func(s.e, "f", NULL);

		esc_call(last, next);
		last = next;
	}
	if (closed)
		esc_call(last, first);
	esc_components(s.e, see, &s);
	esc_free(s.e);
	return s;
}

// With a stack of the machine's this would end it.
Test(batch, chains_may_be_as_long_as_the_file)
{
	enum { N = 1000000 };
	struct seen open = walk_chain(N, false), closed = walk_chain(N, true);

	cr_expect_eq(open.batches, N);
	cr_expect(open.in_order);
	cr_expect_eq(closed.batches, 1);
	cr_expect_eq(closed.largest, N);
	cr_expect_eq(closed.funcs, N);
}
