// SPDX-License-Identifier: GPL-3.0-or-later
//
// defer.c: what the text's shape says of deferred code. A row is a text, a character a position:
//
//	( )	a loop: a jump from the one back to the other
//	v	a variable is declared
//	=	it is stored to
//	d	deferred code captures it
//	<	a label that may be jumped to from anywhere

#include <criterion/criterion.h>
#include <string.h>

#include "defer.h"

struct text {
	struct defer_jump jump[16];
	size_t n;
	int declared, captured, stored;
};

static struct text
read_text(const char *row)
{
	struct text t = { .declared = -1, .captured = -1, .stored = -1 };
	int open[16], depth = 0;

	for (int at = 0; row[at]; at++)
		switch (row[at]) {
		case '(':
			open[depth++] = at;
			break;
		case ')':
			t.jump[t.n++] = (struct defer_jump){ at, open[--depth] };
			break;
		case '<':
			t.jump[t.n++] = (struct defer_jump){ DEFER_ANYWHERE, at };
			break;
		case '>':
			t.jump[t.n++] = (struct defer_jump){ at, at + 3 };
			break;
		case 'v':
			t.declared = at;
			break;
		case 'd':
			t.captured = at;
			break;
		case '=':
			t.stored = at;
			break;
		}
	return t;
}

Test(defer, met_again)
{
	static const struct { const char *text; bool again; } row[] = {
		{ "d", false },         { "d()", false },       { "()d", false },
		{ "(d)", true },        { "((d))", true },      { "(()d)", true },
		{ "(())d()", false },   { "<d", true },         { "d<", false },
		{ ">d..", false },      { "(.)d(.)", false },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct text t = read_text(row[i].text);

		cr_expect_eq(defer_again(t.jump, t.n, t.captured), row[i].again, "%s", row[i].text);
	}
}

Test(defer, stored_later)
{
	static const struct { const char *text; bool later; } row[] = {
		{ "v=d", false },       { "vd=", true },        { "v(=d)", true },
		{ "(v=d)", false },     { "(v(=)d)", false },   { "(vd=)", true },
		{ "(v(=)(d))", false }, { "v(=)d", false },     { "v((=)d)", true },
		{ "v<=d", true },       { "<v=d", false },      { "v=<d", false },
		{ "v=(d)", false },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct text t = read_text(row[i].text);

		cr_expect_eq(defer_stored_later(t.jump, t.n, t.declared, t.captured, t.stored),
			     row[i].later, "%s", row[i].text);
	}
}

Test(defer, needs_records)
{
	cr_expect(!defer_needs_records(0, false));
	cr_expect(!defer_needs_records(DEFER_MAX_OPEN, false));
	cr_expect(defer_needs_records(DEFER_MAX_OPEN + 1, false));
	cr_expect(defer_needs_records(1, true));
}
