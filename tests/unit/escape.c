// SPDX-License-Identifier: GPL-3.0-or-later
//
// escape.c: what escapes and what leaks, on graphs small enough to check by eye. For graphs of any
// shape see tests/prop/escape.c.
//
// Layer: tests.

#include "graph_text.h"

#include <criterion/criterion.h>

struct row {
	const char *text, *want;
};

static void
expect(const char *(*answer)(const char *), const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect_str_eq(answer(row[i].text), row[i].want, "%s\n  wants `%s`\n  has   `%s`", row[i].text,
				 row[i].want, answer(row[i].text));
}

#define EXPECT(answer, row) expect(answer, row, sizeof(row) / sizeof(*row))

Test(solve, an_address_in_the_heap_escapes)
{
	static const struct row row[] = {
		{ "", "" },
		{ "p=&x", "" },
		{ "heap=&x", "x" },
		{ "heap=x", "" },
		{ "p=&x heap=p", "x" },
		{ "p=&x q=*p heap=q", "" },             // x's value leaves, its address does not
		{ "p=&x q=&p heap=q", "p x" },
		{ "p=&x q=&p heap=*q", "x" },
		{ "p=&x q=&p heap=**q", "" },
		{ "p=&x q=&p r=&q heap=***r", "" },
		{ "p=&x q=&p r=&q heap=**r", "x" },
		{ "p=&x q=&p r=&q heap=*r", "p x" },
		{ "heap=p p=q q=r r=&x", "x" },         // whatever the order
		{ "p=&x p=&y heap=p", "x y" },
		{ "obj:o p=&o heap=p", "o" },
	};

	EXPECT(escapes_of, row);
}

Test(solve, what_an_escaped_location_holds_escapes)
{
	static const struct row row[] = {
		{ "p=&x heap=&p", "p x" },
		{ "obj:o o=&x p=&o heap=p", "o x" },
		{ "x=&y y=&z heap=&x", "x y z" },
		{ "x=y y=&z heap=&x", "x z" },
		{ "x=*y y=&z z=&w heap=&x", "x w" },
		{ "heap=&x x=*x x=&y", "x y" },
	};

	EXPECT(escapes_of, row);
}

// E1: l's address comes to r, and what l holds comes no further than to be read there.
Test(solve, a_path_has_no_fewer_than_zero_loads_behind_an_address)
{
	static const struct row row[] = {
		{ "r=&l l=x heap=*r", "" },
		{ "r=&l l=&x heap=*r", "x" },
		{ "r=&l l=x x=&y heap=*r", "y" },
		{ "r=&l l=x heap=r", "l" },
		{ "r=&l l=*x x=&y heap=r", "l" },
		{ "r=&l l=*x x=&y y=&z heap=r", "l z" },
		{ "p=&p heap=*p", "p" },
		{ "p=&q q=&p heap=**p", "p q" },
	};

	EXPECT(escapes_of, row);
}

Test(solve, a_variable_outside_the_loop_outlives)
{
	static const struct row row[] = {
		{ "p=&x@2", "x" },
		{ "p@2=&x@2", "" },
		{ "p@2=&x", "" },
		{ "p@2=&x@3", "x" },
		{ "p=q@2 q=&x@2", "x" },
		{ "p=*q@2 q=&x@2", "" },
		{ "p=*q@2 q=&r@2 r=&x@2", "x" },
		{ "p@2=&x@3 q=&y@2 r@3=&z@3", "x y" },
		{ "q@3=&x@3 p@2=q", "x" },
		{ "obj:o@2 p=&o", "o" },
		{ "obj:o@2 p@2=&o o=&x@2", "" },
		{ "p=&o@2 o=&x@2", "o x" },             // and takes along what it points to
		{ "p@2=&x@2 p=&y@5 x=&z@5", "y z" },
		{ "param:p=&x@2", "x" },
	};

	EXPECT(escapes_of, row);
}

Test(solve, a_result_outlives_its_function)
{
	static const struct row row[] = {
		{ "ret=&x", "x" },
		{ "ret=x x=&y", "y" },
		{ "ret=*x x=&y", "" },
		{ "ret=x", "" },
		{ "param:p ret=&p", "p" },
		{ "param:p ret=p", "" },
		{ "obj:o ret=&o o=&x", "o x" },
	};

	EXPECT(escapes_of, row);
}

Test(solve, parameters_have_tags)
{
	static const struct row row[] = {
		{ "param:p", "p" },
		{ "param:p heap=p", "p:h0" },
		{ "param:p heap=*p", "p:h1" },
		{ "param:p heap=***p", "p:h3" },
		{ "param:p heap=&p", "p:h0" },
		{ "param:p heap=**p heap=*p", "p:h1" },
		{ "param:p ret=p", "p:r0" },
		{ "param:p ret=*p", "p:r1" },
		{ "param:p q=*p ret=*q", "p:r2" },
		{ "param:p ret=&p", "p:h0" },
		{ "param:p param:q ret=p heap=*q", "p:r0 q:h1" },
		{ "param:p param:q p=q ret=p", "p:r0 q:r0" },
		{ "param:p q=&p ret=*q", "p:r0" },
		{ "param:p q=&p heap=q", "p:h0" },
		{ "param:p x=p heap=&x", "p:h0" },      // in what escapes is in the heap
		{ "param:p x=*p heap=&x", "p:h1" },
		{ "param:p x@2=p y=&x", "p:h0" },
		{ "param:p opaque=p", "p:o0" },
		{ "param:p freed=*p", "p:f1" },
		{ "param:p heap=&ret ret=p", "p:h0" },
	};

	EXPECT(tags_of, row);
}

Test(solve, the_heap_says_it_all)
{
	static const struct row row[] = {
		{ "param:p heap=p ret=p", "p:h0" },
		{ "param:p heap=*p ret=*p", "p:h1" },
		{ "param:p heap=p ret=*p", "p:h0" },
		{ "param:p heap=*p ret=p", "p:h1,r0" },
		{ "param:p heap=**p ret=*p freed=p", "p:h2,r1,f0" },
		{ "param:p heap=p opaque=p freed=p", "p:h0" },
	};

	EXPECT(tags_of, row);
}

Test(solve, derefs_have_an_upper_end)
{
	cr_expect_str_eq(tags_of("param:p a=**********p b=**********a c=**********b d=**********c "
				 "e=**********d g=**********e h=**********g i=**********h "
				 "j=**********i k=**********j heap=k"), "p:h100");
	cr_expect_str_eq(tags_of("param:p a=**********p b=**********a c=**********b d=**********c "
				 "e=**********d g=**********e h=**********g i=**********h "
				 "j=**********i k=**********j l=**********k heap=l"), "p:h100");
}

Test(solve, calls_go_by_tags)
{
	static const struct row row[] = {
		{ "f: g(&x) ; g: param:p", "" },
		{ "f: g(&x) ; g: param:p heap=p", "x" },
		{ "f: g(&x) ; g: param:p heap=*p", "" },
		{ "f: q=&x g(&q) ; g: param:p heap=*p", "x" },
		{ "f: q=g(&x) ; g: param:p ret=p", "" },
		{ "f: ret=g(&x) ; g: param:p ret=p", "x" },
		{ "f: ret=g(&x) ; g: param:p ret=*p", "" },
		{ "f: ret=g(&x) x=&y ; g: param:p ret=*p", "y" },
		{ "f: q=g(&x@2) ; g: param:p ret=p", "x" },
		{ "f: ret=g(&x,&y) ; g: param:p param:q ret=q", "y" },
		{ "f: ret=g(&x,&y) x=&z ; g: param:p param:q heap=*p ret=q", "y z" },
		{ "f: q=g(&x) x=&y ; g: param:p ret=p heap=*p", "y" },
		{ "f: g(&x) ; g: param:p h(p) ; h: param:q heap=q", "x" },
		{ "f: g(&x) g(&y) ; g: param:p", "" },
		{ "f: g(&obj:o) ; g: param:p opaque=p", "o" },
		{ "f: g(&x) ; g: param:p opaque=p", "" },
	};

	EXPECT(escapes_of, row);
}

Test(solve, functions_that_call_each_other_see_each_other)
{
	static const struct row row[] = {
		{ "f: param:p f(p)", "" },
		{ "f: param:p f(&x)", "" },
		{ "f: param:p f(&x@2)", "x" },                          // as Go has it
		{ "f: param:p g(&x) ; g: param:q f(q)", "" },
		{ "f: param:p g(&x@2) ; g: param:q f(q)", "x" },
		{ "f: param:p g(&x@2) ; g: param:q f(*q)", "" },
		{ "f: param:p g(&x) ; g: param:q f(q) heap=q", "x" },
		{ "f: param:p g(&x) ; g: param:q f(q) heap=*q", "" },
		{ "f: param:p g(&x@2) ; g: param:q f(0)", "" },
		// The result of another function of the batch counts as the heap.
		{ "f: param:p q=g(&x) ; g: param:q ret=q f(q)", "x" },
		{ "f: param:p q=f(&x) ret=p", "x" },
	};
	static const struct row tags[] = {
		{ "f: param:p f(p)", "p" },
		{ "f: param:p f(*p) heap=p", "p:h0" },
		{ "f: param:p ret=p f(p)", "p:r0" },
		{ "f: param:p ret=f(p)", "p" },
		{ "f: param:p ret=p ; g: param:q ret=f(q)", "p:r0 q:r0" },
		{ "f: param:p ret=p g(p) ; g: param:q ret=f(q)", "p:h0 q:h0" },
		{ "f: param:p g(p) ; g: param:q f(q) heap=*q", "p:h1 q:h1" },
		{ "f: param:p g(*p) ; g: param:q f(*q) heap=q", "p:h1 q:h0" },
		{ "f: param:p ret=*p g(p) ; g: param:q ret=q f(q)", "p:h0 q:h1,r0" },
	};

	EXPECT(escapes_of, row);
	EXPECT(tags_of, tags);
}

Test(solve, bytes_seen_keep_objects_on_the_heap)
{
	static const struct row row[] = {
		{ "opaque=&x", "" },
		{ "opaque=&obj:o", "o" },
		{ "p=&obj:o opaque=p", "o" },
		{ "p=&obj:o opaque=*p", "" },
		{ "x=&obj:o opaque=&x", "o" },
		{ "obj:a=&obj:b opaque=&a", "a b" },
		{ "obj:a=&x opaque=&a", "a x" },        // a escapes, and takes x along
	};

	EXPECT(escapes_of, row);
}

Test(solve, what_is_freed_is_marked_and_stays)
{
	static const struct row row[] = {
		{ "freed=&obj:o", "o" },
		{ "p=&obj:o freed=p", "o" },
		{ "p=&obj:o freed=*p", "" },
		{ "f: p=&obj:o g(p) ; g: param:q freed=q", "o" },
		{ "f: p=&obj:o g(&p) ; g: param:q freed=*q", "o" },
	};

	EXPECT(freed_of, row);
	cr_expect_str_eq(escapes_of("freed=&obj:o p=&obj:o freed=p"), "");
}

static struct esc *e;
static struct esc_func *fn;

static void
begin(void)
{
	e = esc_new(true);
	fn = esc_func(e, "f", NULL);
	esc_begin(e, &fn, 1);
}

static void
finish(void)
{
	esc_free(e);
}

Test(graph, a_tee_joins_holes, .init = begin, .fini = finish)
{
	struct esc_loc *p = esc_loc(e, ESC_VAR, fn, "p", 1), *x = esc_loc(e, ESC_VAR, fn, "x", 1);
	struct esc_hole one[] = { esc_discard(), esc_deref(esc_hole(p)) };
	struct esc_hole two[] = { esc_hole(p), esc_discard(), esc_deref(esc_hole(&e->heap)) };
	struct esc_hole k;

	cr_expect_null(esc_tee(e, fn, 1, NULL, 0).dst);
	cr_expect_null(esc_tee(e, fn, 1, one, 1).dst);
	k = esc_tee(e, fn, 1, one, 2);
	cr_expect_eq(k.dst, p, "one hole needs no temporary");
	cr_expect_eq(k.derefs, 1);
	k = esc_tee(e, fn, 2, two, 3);
	cr_assert_eq(k.dst->kind, ESC_TEMP);
	cr_expect_eq(k.dst->depth, 2);
	cr_expect_eq(p->edges.n, 1);
	esc_flow(e, esc_addr(k), x);
	x->kind = ESC_VAR;
	esc_solve(e, &fn, 1);
	cr_expect_not(x->escapes, "heap=*x only, and p=&x stays at x's depth");
}

Test(graph, holes_have_limits, .init = begin, .fini = finish)
{
	struct esc_hole k = esc_hole(esc_loc(e, ESC_VAR, fn, "p", 1));

	cr_expect_eq(esc_addr(k).derefs, -1);
	cr_expect_eq(esc_addr(esc_addr(k)).derefs, -1);
	cr_expect_eq(esc_deref(esc_addr(k)).derefs, 0);
	cr_expect_eq(esc_shift(k, 1000).derefs, ESC_MAX_DEREFS);
	esc_flow(e, k, k.dst);
	cr_expect_eq(k.dst->edges.n, 0, "p=p says nothing");
	esc_flow(e, esc_discard(), k.dst);
	esc_flow(e, esc_addr(k), k.dst);
	cr_expect_eq(k.dst->edges.n, 1);
	cr_expect(k.dst->addressed);
}

// A batch forgets the one before, its functions keep their tags.
Test(graph, batches_follow_each_other, .init = begin, .fini = finish)
{
	struct esc_loc *p = esc_loc(e, ESC_PARAM, fn, "p", 1);
	struct esc_func *other = esc_func(e, "g", NULL);

	vec_push(&fn->params, p);
	esc_flow(e, esc_deref(esc_hole(&e->heap)), p);
	esc_solve(e, &fn, 1);
	cr_assert_eq(fn->ntags, 1);
	esc_begin(e, &other, 1);
	cr_expect_eq(e->locs.n, 0);
	cr_expect_eq(e->heap.edges.n, 0);
	esc_solve(e, &other, 1);
	cr_expect_eq(fn->tags[0].heap, 1);
	cr_expect(fn->solved && !fn->in_batch);
	cr_expect_eq(other->ntags, 0);
}
