// SPDX-License-Identifier: GPL-3.0-or-later
//
// shapes.c: see shapes.h.
//
// Layer: tests.

#include "shapes.h"

static struct esc_loc *
var(struct esc *e, struct esc_func *fn, int depth)
{
	return esc_loc(e, ESC_VAR, fn, "v", depth);
}

static struct esc_loc *
param(struct esc *e, struct esc_func *fn)
{
	struct esc_loc *p = esc_loc(e, ESC_PARAM, fn, "p", 1);

	vec_push(&fn->params, p);
	return p;
}

static void
flow(struct esc *e, struct esc_loc *dst, int derefs, struct esc_loc *src)
{
	esc_flow(e, esc_shift(esc_hole(dst), derefs), src);
}

static size_t
one(size_t n)
{
	return 1;
}

static size_t
one_each(size_t n)
{
	return n / 2 > 1 ? n / 2 : 2;
}

static size_t
one_in_twenty(size_t n)
{
	return n / 20 > 1 ? n / 20 : 2;
}

// p1 = p0; p2 = p1; ... the last one to the heap, or back, or with a load.
static void
chain(struct esc *e, struct esc_func *fn, size_t n, struct esc_loc *last, int load)
{
	struct esc_loc *p = last;

	for (size_t i = 0; i < n; i++) {
		struct esc_loc *q = var(e, fn, 1);

		flow(e, p, load, q);
		p = q;
	}
	flow(e, p, -1, var(e, fn, 1));
}

static void
chain_to_heap(struct esc *e, struct esc_func **fn, size_t n)
{
	chain(e, fn[0], n, &e->heap, 0);
}

static void
chain_to_result(struct esc *e, struct esc_func **fn, size_t n)
{
	chain(e, fn[0], n, fn[0]->result, 0);
}

static void
chain_of_loads(struct esc *e, struct esc_func **fn, size_t n)
{
	chain(e, fn[0], n, &e->heap, 1);
}

// p1 = &p0; p2 = &p1; ...
static void
chain_of_addresses(struct esc *e, struct esc_func **fn, size_t n)
{
	chain(e, fn[0], n, &e->heap, -1);
}

// p1 = &p0, p2 = *p1 by turns.
static void
loads_and_addresses(struct esc *e, struct esc_func **fn, size_t n)
{
	struct esc_loc *p = &e->heap;

	for (size_t i = 0; i < n; i++) {
		struct esc_loc *q = var(e, fn[0], 1 + (int)(i % 3));

		flow(e, p, i % 5 < 3 ? (int)(i % 2) : -1, q);
		p = q;
	}
}

static void
many_addresses(struct esc *e, struct esc_func **fn, size_t n)
{
	struct esc_loc *p = var(e, fn[0], 1), *q = p;

	for (size_t i = 0; i < n; i++) {
		if (i % 16 == 0)
			q = var(e, fn[0], 1);
		flow(e, q, -1, var(e, fn[0], 1 + (int)(i % 2)));
		if (i % 16 == 0)
			flow(e, p, 0, q);
	}
	flow(e, &e->heap, 1, p);
}

// One pointer that points to everything, and everything to all of that.
static void
hub(struct esc *e, struct esc_func **fn, size_t n)
{
	struct esc_loc *p = var(e, fn[0], 1), *q = var(e, fn[0], 2);

	for (size_t i = 0; i < n; i += 3) {
		struct esc_loc *x = var(e, fn[0], 2);

		flow(e, q, -1, x);
		flow(e, x, 0, q);
		flow(e, x, 1, q);
	}
	flow(e, p, 2, q);
}

// for (...) { T *p = outer; U x; p = &x; ... n deep
static void
nested_loops(struct esc *e, struct esc_func **fn, size_t n)
{
	struct esc_loc *outer = var(e, fn[0], 1);

	for (size_t i = 0; i < n; i += 3) {
		int depth = 2 + (int)(i / 3);
		struct esc_loc *p = var(e, fn[0], depth), *x = var(e, fn[0], depth);

		flow(e, p, 0, outer);
		flow(e, p, -1, x);
		flow(e, x, 1, p);
		outer = p;
	}
}

// One loop after the other.
static void
many_loops(struct esc *e, struct esc_func **fn, size_t n)
{
	struct esc_loc *all = var(e, fn[0], 1);

	for (size_t i = 0; i < n; i += 3) {
		struct esc_loc *p = var(e, fn[0], 2), *x = var(e, fn[0], 2);

		flow(e, p, -1, x);
		flow(e, all, 1, p);
		flow(e, x, 0, all);
	}
}

// if (...) p = &x1; else if (...) p = x2; ...
static void
many_branches(struct esc *e, struct esc_func **fn, size_t n)
{
	struct esc_loc *p = var(e, fn[0], 1), *q = param(e, fn[0]);

	for (size_t i = 0; i < n; i++)
		flow(e, p, (int)(i % 3) - 1, i % 3 == 1 ? q : var(e, fn[0], 1));
	flow(e, fn[0]->result, 0, p);
}

// Each calls the next one with its parameter and the address of a loop's variable, and returns
// what that returns; the last calls the first.
static void
ring_of_functions(struct esc *e, struct esc_func **fn, size_t n)
{
	size_t nfuncs = one_each(n);
	struct esc_loc *first = param(e, fn[0]), *p = first;

	for (size_t i = 0; i < nfuncs; i++) {
		size_t callee = (i + 1) % nfuncs;
		struct esc_loc *q = callee == 0 ? first : param(e, fn[callee]);

		flow(e, q, 0, p);
		flow(e, q, -1, var(e, fn[i], 2));
		flow(e, fn[i]->result, 0, fn[callee]->result);
		p = q;
	}
	flow(e, fn[0]->result, 0, p);
}

static void
body(struct esc *e, struct esc_func *fn, struct esc_loc *p, struct esc_loc *const *callee, size_t ncallees)
{
	struct esc_loc *q = p;

	for (size_t i = 0; i < 16; i++) {
		struct esc_loc *x = var(e, fn, 1 + (int)(i % 3));

		flow(e, x, (int)(i % 4) - 1, q);
		if (i % 4 == 0)
			flow(e, callee[i / 4 % ncallees], -1, x);
		q = x;
	}
	for (size_t i = 0; i < ncallees; i++)
		flow(e, callee[i], 0, p);
	flow(e, fn->result, 1, q);
}

// Functions of twenty lines, each of which calls four others, somewhere in the file.
static void
knot_of_functions(struct esc *e, struct esc_func **fn, size_t n)
{
	size_t nfuncs = one_in_twenty(n);
	struct esc_loc **p = core_alloc(nfuncs * sizeof(*p));

	for (size_t i = 0; i < nfuncs; i++)
		p[i] = param(e, fn[i]);
	for (size_t i = 0; i < nfuncs; i++) {
		struct esc_loc *callee[4];

		for (size_t k = 0; k < 4; k++) {
			size_t to = (i * 7919 + k * 104729 + 1) % nfuncs;

			callee[k] = p[to];
			flow(e, fn[i]->result, (int)(k % 2), fn[to]->result);
		}
		body(e, fn[i], p[i], callee, 4);
	}
	free(p);
}

const struct shape shapes[] = {
	{ "chain to heap", one, chain_to_heap },
	{ "chain to result", one, chain_to_result },
	{ "chain of loads", one, chain_of_loads },
	{ "chain of addresses", one, chain_of_addresses },
	{ "loads and addresses", one, loads_and_addresses },
	{ "many addresses", one, many_addresses },
	{ "hub", one, hub },
	{ "nested loops", one, nested_loops },
	{ "many loops", one, many_loops },
	{ "many branches", one, many_branches },
	{ "ring of functions", one_each, ring_of_functions },
	{ "knot of functions", one_in_twenty, knot_of_functions },
	{ 0 },
};

unsigned long
shape_solve(const struct shape *s, size_t n)
{
	struct esc *e = esc_new(false);
	size_t nfuncs = s->funcs(n);
	unsigned long steps;

	for (size_t i = 0; i < nfuncs; i++)
		esc_func(e, "f", NULL)->index = (unsigned)i + 1;
	esc_begin(e, e->funcs.at, nfuncs);
	for (size_t i = 0; i < nfuncs; i++)
		e->funcs.at[i]->result = esc_loc(e, ESC_RESULT, e->funcs.at[i], "~r0", 1);
	s->build(e, e->funcs.at, n);
	esc_solve(e, e->funcs.at, nfuncs);
	steps = e->steps;
	esc_free(e);
	return steps;
}
