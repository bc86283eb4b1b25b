// SPDX-License-Identifier: GPL-3.0-or-later
//
// leaks.c: tags, and the lines that Go prints of them.
//
// Layer: tests.

#include "escape.h"

#include <criterion/criterion.h>

static void
tell(void *arg, const char *text)
{
	char *out = arg;

	strcat(out, *out ? "; " : "");
	strcat(out, text);
}

Test(leaks, are_worded_as_in_go)
{
	static const struct {
		struct esc_leaks leaks;
		const char *want;
	} row[] = {
		{ { ESC_NONE, ESC_NONE, ESC_NONE, ESC_NONE }, "p does not escape" },
		{ { 0, ESC_NONE, ESC_NONE, ESC_NONE }, "leaking param: p" },
		{ { 1, ESC_NONE, ESC_NONE, ESC_NONE }, "leaking param content: p" },
		{ { 7, ESC_NONE, ESC_NONE, ESC_NONE }, "leaking param content: p" },
		{ { ESC_NONE, 0, ESC_NONE, ESC_NONE }, "leaking param: p to result ~r0 level=0" },
		{ { ESC_NONE, 2, ESC_NONE, ESC_NONE }, "leaking param: p to result ~r0 level=2" },
		{ { 1, 0, ESC_NONE, ESC_NONE },
		  "leaking param content: p; leaking param: p to result ~r0 level=0" },
		{ { ESC_NONE, ESC_NONE, 0, 0 }, "p does not escape" },
	};
	char out[256];

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		*out = '\0';
		leaks_describe(&row[i].leaks, "p", "~r0", tell, out);
		cr_expect_str_eq(out, row[i].want);
	}
}

// E3
Test(leaks, only_become_smaller)
{
	struct esc_leaks l = esc_no_leaks;

	leaks_add(&l, ESC_RESULT, 3);
	leaks_add(&l, ESC_RESULT, 5);
	cr_expect_eq(l.result, 3);
	leaks_add(&l, ESC_RESULT, 1);
	leaks_add(&l, ESC_HEAP, ESC_MAX_DEREFS);
	leaks_add(&l, ESC_OPAQUE, 0);
	leaks_add(&l, ESC_FREED, 2);
	cr_expect_eq(l.result, 1);
	cr_expect_eq(l.heap, ESC_MAX_DEREFS);
	cr_expect_eq(l.opaque, 0);
	cr_expect_eq(l.freed, 2);
}

Test(leaks, drop_what_the_heap_implies)
{
	struct esc_leaks l = { 1, 1, 2, 0 };

	leaks_optimize(&l);
	cr_expect_eq(l.heap, 1);
	cr_expect_eq(l.result, ESC_NONE);
	cr_expect_eq(l.opaque, ESC_NONE);
	cr_expect_eq(l.freed, 0);
	l = (struct esc_leaks){ ESC_NONE, 0, 0, 0 };
	leaks_optimize(&l);
	cr_expect_eq(l.result, 0);
}
