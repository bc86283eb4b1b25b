// SPDX-License-Identifier: GPL-3.0-or-later
//
// explain.c: the text of -m=2, and of the dump for dot(1).
//
// Layer: tests.

#include "graph_text.h"

#include <criterion/criterion.h>

static void
expect(const char *text, const char *want)
{
	cr_expect_str_eq(explanations_of(text), want, "%s:\n%s", text, explanations_of(text));
}

Test(explain, an_escape_is_a_path_outwards)
{
	expect("p=&x", "");
	expect("p=&x heap=p",
	       "x escapes to heap:\n"
	       "  flow: p = &x:\n"
	       "    from p=&x (assign) at here\n"
	       "  flow: {heap} = p:\n"
	       "    from heap=p (assign) at here");
	expect("ret=&x",
	       "x escapes to heap:\n"
	       "  flow: ~r0 = &x:\n"
	       "    from ret=&x (assign) at here");
}

Test(explain, a_path_ends_at_what_outlives)
{
	expect("p@2=&x@2 q=p r=q heap=*r",
	       "x escapes to heap:\n"
	       "  flow: p = &x:\n"
	       "    from p@2=&x@2 (assign) at here\n"
	       "  flow: q = p:\n"
	       "    from q=p (assign) at here");
	expect("obj:o=&x heap=&o",
	       "o escapes to heap:\n"
	       "  flow: {heap} = &{storage for o}:\n"
	       "    from heap=&o (assign) at here\n"
	       "x escapes to heap:\n"
	       "  flow: {storage for o} = &x:\n"
	       "    from obj:o=&x (assign) at here");
}

Test(explain, a_leak_says_where_to_and_how_deep)
{
	expect("param:p ret=**p",
	       "parameter p leaks to ~r0 with derefs=2:\n"
	       "  flow: ~r0 = **p:\n"
	       "    from ret=**p (assign) at here");
	expect("param:p heap=*p ret=p",
	       "parameter p leaks to ~r0 with derefs=0:\n"
	       "  flow: ~r0 = p:\n"
	       "    from ret=p (assign) at here\n"
	       "parameter p leaks to {heap} with derefs=1:\n"
	       "  flow: {heap} = *p:\n"
	       "    from heap=*p (assign) at here");
	expect("param:p temp:t=*p ret=t",
	       "parameter p leaks to ~r0 with derefs=1:\n"
	       "  flow: {temp} = *p:\n"
	       "    from temp:t=*p (assign) at here\n"
	       "  flow: ~r0 = {temp}:\n"
	       "    from ret=t (assign) at here");
	// Two headers for one decision, as in Go; `heap = &p` has only one.
	expect("param:p ret=&p",
	       "parameter p leaks to ~r0 with derefs=0:\n"
	       "  flow: ~r0 = &p:\n"
	       "    from ret=&p (assign) at here\n"
	       "p escapes to heap:\n"
	       "  flow: ~r0 = &p:\n"
	       "    from ret=&p (assign) at here");
	expect("param:p heap=&p",
	       "p escapes to heap:\n"
	       "  flow: {heap} = &p:\n"
	       "    from heap=&p (assign) at here");
}

Test(explain, a_circle_is_cut)
{
	expect("opaque=*b b=&a a=&b a=&obj:o",
	       "o escapes to heap:\n"
	       "  flow: a = &{storage for o}:\n"
	       "    from a=&obj:o (assign) at here\n"
	       "  flow: b = &a:\n"
	       "    from b=&a (assign) at here\n"
	       "  flow: a = &b:\n"
	       "    from a=&b (assign) at here\n"
	       "  warning: truncated explanation due to assignment cycle");
	// Not where something on the way escapes: its own block goes on.
	expect("heap=*b b=&a a=&b a=&x",
	       "x escapes to heap:\n"
	       "  flow: a = &x:\n"
	       "    from a=&x (assign) at here\n"
	       "b escapes to heap:\n"
	       "  flow: a = &b:\n"
	       "    from a=&b (assign) at here\n"
	       "a escapes to heap:\n"
	       "  flow: b = &a:\n"
	       "    from b=&a (assign) at here");
}

Test(explain, the_graph_is_drawn)
{
	cr_expect_str_eq(dot_of("heap=p p=&x"),
			 "[label=\"{heap}\", style=filled] ->[label=\"0\"] [label=\"{opaque}\"] [label=\"{freed}\"] "
			 "[label=\"~r0\"] [label=\"p\"] ->[label=\"-1\"] [label=\"x\", style=filled]");
	cr_expect_not_null(strstr(dot_of("heap=&\"\\"), "[label=\"\\\"\\\\\", style=filled]"));
}

Test(explain, notes_cost_nothing_when_nobody_asks)
{
	struct esc *e = esc_new(false);
	struct esc_func *fn = esc_func(e, "f", NULL);
	struct esc_hole k;

	esc_begin(e, &fn, 1);
	k = esc_note(e, esc_hole(&e->heap), "x", "assign", "here");
	cr_expect_null(k.notes);
	esc_flow(e, esc_addr(k), esc_loc(e, ESC_VAR, fn, "x", 1));
	esc_solve(e, &fn, 1);
	cr_expect_eq(e->blocks.n, 0);
	esc_free(e);
}
