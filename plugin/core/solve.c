// SPDX-License-Identifier: GPL-3.0-or-later
//
// solve.c: the fixed point of a batch.
//
// A walk goes from a root backwards along the edges and finds, for every location whose value or
// address reaches the root, the fewest loads on the way. Locations wait in buckets by that number,
// fewest first, so that a location is looked at again only when an address-of lowers it.
//
// There are as many walks as there are things that outlive others:
//
//	one from each result            outlives its function
//	one from each (function, d)     what lives at loop depth d or less outlives what is deeper
//	one from the opaque location    objects only
//	one from the freed location     objects only; marks, does not move
//	one from the heap, last         its labels are kept, so that each location that escapes in
//	                                another walk just becomes one more start of this one (E2)
//
// S1  A label's derefs only become smaller during a walk.
// S2  When the heap's walk ends, no location that reaches it by address has `escapes` unset.
//
// Tried: Go's walk from every location. On a chain of 10^5 assignments it is quadratic.
// Layer: core.

#include "escape.h"

enum { NBUCKETS = ESC_MAX_DEREFS + 2 };         // derefs -1 .. ESC_MAX_DEREFS

struct walk {
	struct esc *e;
	struct esc_loc *root;           // NULL for a walk from a loop depth
	struct esc_func *fn;            // with depth: the walk of what lives at that depth or less
	int depth;
	unsigned gen;
	int lowest;                     // no bucket below this one has anything in it
	VEC(struct esc_loc *) bucket[NBUCKETS];
	VEC(struct esc_loc *) escaped, leaking;         // found by this walk, to be explained
};

static struct esc_label *
label(const struct walk *w, struct esc_loc *l)
{
	return w->root == &w->e->heap ? &l->heap : &l->walk;
}

static void
reach(struct walk *w, struct esc_loc *l, int derefs, struct esc_loc *dst, unsigned edge)
{
	struct esc_label *at = label(w, l);

	if (derefs > ESC_MAX_DEREFS)
		derefs = ESC_MAX_DEREFS;
	if (at->gen == w->gen && at->derefs <= derefs)
		return;
	*at = (struct esc_label){ w->gen, derefs, dst, edge };
	vec_push(&w->bucket[derefs + 1], l);
	if (derefs < w->lowest)
		w->lowest = derefs;
	w->e->steps++;
}

// Whether what this walk starts from may be there when L's frame, or L's round of a loop, is gone.
static bool
outlives(const struct walk *w, const struct esc_loc *l)
{
	if (w->root == NULL)
		return w->fn == l->fn && w->depth < l->depth;
	switch (w->root->kind) {
	case ESC_OPAQUE:
		return l->kind == ESC_OBJECT;
	case ESC_FREED:
		return false;
	default:
		return true;            // the heap, or a result: who knows what callers do with it
	}
}

static void
leak_param(struct walk *w, struct esc_loc *l, int derefs)
{
	enum esc_kind sink;

	if (w->root == NULL)
		return;
	sink = w->root->kind;
	if (sink == ESC_RESULT && w->root->fn != l->fn)
		sink = ESC_HEAP;
	leaks_add(&l->leaks, sink, derefs);
	if (w->e->explain && !l->escapes && !l->queued && (sink == ESC_HEAP || sink == ESC_RESULT)) {
		l->queued = true;
		vec_push(&w->leaking, l);
	}
}

// L was reached. Its address flows to the root if derefs are negative, its value in any case.
static void
visit(struct walk *w, struct walk *heap, struct esc_loc *l)
{
	int derefs = label(w, l)->derefs;
	bool address = derefs < 0;

	if (address)
		derefs = 0;             // E1
	if (l->kind == ESC_PARAM && !(address && label(w, l)->dst == &w->e->heap))
		leak_param(w, l, derefs);
	else if (l->kind == ESC_PARAM)
		leaks_add(&l->leaks, ESC_HEAP, 0);
	if (address && w->root == &w->e->freed)
		l->freed = true;
	if (address && !l->escapes && outlives(w, l)) {
		l->escapes = true;
		vec_push(&w->escaped, l);
		if (w != heap)
			reach(heap, l, 0, NULL, 0);
	}
	for (size_t i = 0; i < l->edges.n; i++)
		reach(w, l->edges.at[i].src, derefs + l->edges.at[i].derefs, l, (unsigned)i);
}

static void
run(struct walk *w, struct walk *heap)
{
	while (w->lowest <= ESC_MAX_DEREFS) {
		struct esc_loc *l;

		if (w->bucket[w->lowest + 1].n == 0) {
			w->lowest++;
			continue;
		}
		l = vec_pop(&w->bucket[w->lowest + 1]);
		if (label(w, l)->derefs == w->lowest)   // else it went on at fewer loads
			visit(w, heap, l);
	}
}

// Writes the path from L to the first location outwards that outlives it into a block.
static void
explain(struct walk *w, struct esc_loc *l, bool leak)
{
	struct esc_block b = { .leak = leak, .loc = l };
	struct esc_loc *src = l;
	size_t limit = w->e->locs.n + 1;

	b.derefs = label(w, l)->derefs < 0 ? 0 : label(w, l)->derefs;
	for (;;) {
		const struct esc_label *at = label(w, src);
		const struct esc_edge *edge;

		if (at->dst == NULL)
			break;
		edge = &at->dst->edges.at[at->edge];
		vec_push(&b.steps, ((struct esc_step){ at->dst, src, edge->derefs, edge->notes }));
		src = at->dst;
		if (src->escapes || src == w->root)
			break;
		if (b.steps.n > limit) {
			b.truncated = true;
			b.steps.n = 1;
			break;
		}
	}
	b.root = src;
	if (b.steps.n > 0 && !(leak && l->told == src)) {
		vec_push(&w->e->blocks, b);
		if (leak)
			l->told = src;
	} else {
		vec_free(&b.steps);
	}
}

static void
explain_all(struct walk *w)
{
	for (size_t i = 0; i < w->leaking.n; i++) {
		w->leaking.at[i]->queued = false;
		explain(w, w->leaking.at[i], true);
	}
	if (w->e->explain)
		for (size_t i = 0; i < w->escaped.n; i++)
			explain(w, w->escaped.at[i], false);
	w->escaped.n = w->leaking.n = 0;
}

static void
begin(struct walk *w, struct esc *e, struct esc_loc *root, struct esc_func *fn, int depth)
{
	w->e = e;
	w->root = root;
	w->fn = fn;
	w->depth = depth;
	w->gen = ++e->gen;
	w->lowest = NBUCKETS;
}

static void
walk_from(struct walk *w, struct walk *heap, struct esc_loc *root)
{
	begin(w, heap->e, root, NULL, 0);
	reach(w, root, 0, NULL, 0);
	run(w, heap);
	explain_all(w);
}

// What lives at DEPTH or less of FN outlives what is deeper.
static void
walk_from_depth(struct walk *w, struct walk *heap, struct esc_func *fn, int depth,
		struct esc_loc *const *loc, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any |= loc[i]->addressed && !loc[i]->escapes && loc[i]->depth > depth;
	if (!any)
		return;
	begin(w, heap->e, NULL, fn, depth);
	for (size_t i = 0; i < n; i++)
		if (loc[i]->depth <= depth)
			reach(w, loc[i], 0, NULL, 0);
	run(w, heap);
	explain_all(w);
}

// A function's locations stand together, for functions are built one after the other.
static void
walk_from_depths(struct walk *w, struct walk *heap)
{
	const struct esc *e = heap->e;

	for (size_t from = 0, to; from < e->locs.n; from = to) {
		struct esc_func *fn = e->locs.at[from]->fn;

		for (to = from; to < e->locs.n && e->locs.at[to]->fn == fn;)
			to++;
		for (int depth = 1; depth < fn->max_depth; depth++)
			walk_from_depth(w, heap, fn, depth, e->locs.at + from, to - from);
	}
}

static int
by_function(const void *a, const void *b)
{
	const struct esc_loc *const *x = a, *const *y = b;

	if ((*x)->fn != (*y)->fn)
		return (*x)->fn->index < (*y)->fn->index ? -1 : 1;
	return 0;
}

static void
finish(struct esc *e, struct esc_func *f)
{
	f->ntags = f->params.n;
	f->tags = arena_alloc(&e->lasting, f->ntags * sizeof(*f->tags));
	for (size_t i = 0; i < f->ntags; i++) {
		leaks_optimize(&f->params.at[i]->leaks);
		f->tags[i] = f->params.at[i]->leaks;
	}
	f->in_batch = false;
	f->solved = true;
}

// What the heap is given the address of has the shortest explanation there is; it is told before any
// walk finds a longer one, as in Go.
static void
escape_at_once(struct walk *heap)
{
	struct esc_loc *h = &heap->e->heap;

	for (size_t i = 0; i < h->edges.n; i++) {
		struct esc_loc *l = h->edges.at[i].src;

		if (h->edges.at[i].derefs >= 0 || l->escapes)
			continue;
		l->escapes = true;
		reach(heap, l, -1, h, (unsigned)i);
		vec_push(&heap->escaped, l);
	}
}

void
esc_solve(struct esc *e, struct esc_func **fn, size_t n)
{
	struct walk *heap = core_alloc(sizeof(*heap));
	struct walk *w = core_alloc(sizeof(*w));

	if (n > 1)
		qsort(e->locs.at, e->locs.n, sizeof(*e->locs.at), by_function);
	begin(heap, e, &e->heap, NULL, 0);
	reach(heap, &e->heap, 0, NULL, 0);
	escape_at_once(heap);
	for (size_t i = 0; i < n; i++)
		if (fn[i]->result != NULL)
			walk_from(w, heap, fn[i]->result);
	walk_from_depths(w, heap);
	walk_from(w, heap, &e->opaque);
	run(heap, heap);
	explain_all(heap);
	walk_from(w, heap, &e->freed);
	for (size_t i = 0; i < n; i++)
		finish(e, fn[i]);
	for (size_t i = 0; i < NBUCKETS; i++) {
		vec_free(&w->bucket[i]);
		vec_free(&heap->bucket[i]);
	}
	vec_free(&w->escaped);
	vec_free(&w->leaking);
	vec_free(&heap->escaped);
	vec_free(&heap->leaking);
	free(w);
	free(heap);
}
