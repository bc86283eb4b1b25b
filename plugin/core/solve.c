// SPDX-License-Identifier: GPL-3.0-or-later
//
// solve.c: the fixed point of a batch.
//
// A walk goes from its roots backwards along the edges and finds, for every location whose value
// or address reaches a root, the fewest loads on the way. Locations wait in buckets by that number,
// fewest first, so that a location is looked at again only when an address-of lowers it.
//
// There are as many walks as there are kinds of things that outlive others:
//
//	one from all results            each outlives its function
//	one for each function           in rounds: what lives at loop depth d or less outlives what
//	                                is deeper; a round adds the next depth to the roots
//	one from the opaque location    objects only
//	one from the freed location     objects only; marks, does not move
//	one from the heap, last         its labels are kept, so that each location that escapes in
//	                                another walk just becomes one more start of this one (E2)
//
// The walk from the results keeps two labels a location, of the two nearest results. More are not
// needed: a parameter's value in the result of another function counts as in the heap, and what is
// in the heap with as few loads need not be in the result too.
//
// S1  A label's derefs only become smaller during a walk.
// S2  When the heap's walk ends, no location that reaches it by address has `escapes` unset.
// S3  Only the heap's walk goes on from a location that escapes: it gets there with no more loads.
// S4  The walk for a function need not go on from a result: what reaches that by address escapes.
//
// Tried: Go's walk from every location. On a chain of 10^5 assignments it is quadratic.
// Tried: a walk from each (function, depth) and from each result. Quadratic in the depth of nested
//        loops, and in the number of functions that call each other.
// Go:    the same verdicts, with one exception that takes some ten thousand lines of functions that
//        all call each other; see crosses().
// Layer: core.

#include "escape.h"

enum {
	NBUCKETS = ESC_MAX_DEREFS + 2,          // derefs -1 .. ESC_MAX_DEREFS
	CROSSINGS = 1 << 17,                    // see crosses()
	CROSSINGS_PER_LOC = 1,
};

struct leak {
	struct esc_loc *loc, *root;
};

struct walk {
	struct esc *e;
	enum esc_kind kind;             // of the roots; ESC_VAR for the walk for a function
	struct esc_func *fn;            // of ESC_VAR: what lives in it, at this depth or less
	int depth;
	unsigned gen;
	int lowest;                     // no bucket below this one has anything in it
	size_t waiting;                 // in all buckets
	size_t crossings;               // that the walks for the functions may still make
	VEC(struct esc_loc *) bucket[NBUCKETS];
	VEC(struct esc_loc *) escaped;  // found by this walk, to be explained
	VEC(struct leak) leaking;       // likewise
};

static bool
is_set(const struct walk *w, const struct esc_label *at)
{
	return at->gen == w->gen;
}

static struct esc_label *
nearest(const struct walk *w, struct esc_loc *l)
{
	return w->kind == ESC_HEAP ? &l->heap : &l->walk;
}

// Where to put a label with this root and these derefs; NULL when L has a better one.
static struct esc_label *
better_label(const struct walk *w, struct esc_loc *l, int derefs, const struct esc_loc *root)
{
	struct esc_label *near = nearest(w, l);

	if (!is_set(w, near))
		return near;
	if (near->root == root)
		return derefs < near->derefs ? near : NULL;
	if (derefs >= near->derefs)
		return !is_set(w, &l->next) || derefs < l->next.derefs ? &l->next : NULL;
	l->next = *near;
	return near;
}

static void
reach(struct walk *w, struct esc_loc *l, struct esc_label new)
{
	struct esc_label *at;

	if (new.derefs > ESC_MAX_DEREFS)
		new.derefs = ESC_MAX_DEREFS;
	w->e->steps++;
	if ((at = better_label(w, l, new.derefs, new.root)) == NULL)
		return;
	new.gen = w->gen;
	*at = new;
	vec_push(&w->bucket[new.derefs + 1], l);
	w->waiting++;
	if (new.derefs < w->lowest)
		w->lowest = new.derefs;
}

static void
start(struct walk *w, struct esc_loc *l)
{
	reach(w, l, (struct esc_label){ .root = l->kind == ESC_RESULT ? l : NULL });
}

// Whether what this walk starts from may be there when L's frame, or L's round of a loop, is gone.
static bool
outlives(const struct walk *w, const struct esc_loc *l)
{
	switch (w->kind) {
	case ESC_VAR:
		return w->fn == l->fn && w->depth < l->depth;
	case ESC_OPAQUE:
		return l->kind == ESC_OBJECT;
	case ESC_FREED:
		return false;
	default:
		return true;            // the heap, or a result: who knows what callers do with it
	}
}

static void
leak_param(struct walk *w, struct esc_loc *l, const struct esc_label *at, int derefs)
{
	enum esc_kind sink = w->kind;

	if (sink == ESC_VAR)
		return;
	if (sink == ESC_RESULT && at->root->fn != l->fn)
		sink = ESC_HEAP;
	leaks_add(&l->leaks, sink, derefs);
	if (!w->e->explain || l->escapes || (sink != ESC_HEAP && sink != ESC_RESULT))
		return;
	if (!(at->derefs < 0 && at->dst == &w->e->heap))        // `heap = &p` just moves p
		vec_push(&w->leaking, ((struct leak){ l, at->root }));
}

static void
escape(struct walk *w, struct walk *heap, struct esc_loc *l)
{
	l->escapes = true;
	vec_push(&w->escaped, l);
	if (w != heap)
		reach(heap, l, (struct esc_label){ 0 });
}

// Whether a walk for a function goes on from parameter L to an argument in a caller of the batch.
// It must to find, as Go does, what comes back as an argument deeper in the recursion. It need not
// to be safe: a callee's frame is gone before any round of its caller's loop is over, and what is
// stored in frames further out is in the heap. So it stops to do that when there are so many
// functions that the batch would take too long.
static bool
crosses(struct walk *w, const struct esc_loc *l, const struct esc_loc *src)
{
	if (src->fn != w->fn && w->crossings > 0)
		w->crossings--;
	return l->kind != ESC_PARAM || src->fn == l->fn || w->crossings > 0;
}

static bool
enters(struct walk *w, const struct esc_loc *l, const struct esc_edge *edge)
{
	if (w->kind == ESC_HEAP || w->kind == ESC_FREED)
		return true;
	if (edge->src->escapes)
		return false;           // S3
	if (w->kind != ESC_VAR)
		return true;
	if (edge->src->kind == ESC_RESULT && edge->derefs >= 0)
		return false;           // S4
	return crosses(w, l, edge->src);
}

// L was reached. Its address flows to the root if derefs are negative, its value in any case.
static void
visit(struct walk *w, struct walk *heap, struct esc_loc *l, struct esc_label *at)
{
	const struct esc_label label = *at;     // for an edge may lead to L again
	bool address = label.derefs < 0;
	int derefs = address ? 0 : label.derefs;        // E1

	at->visited = true;
	if (l->kind == ESC_PARAM)
		leak_param(w, l, &label, derefs);
	if (address && w->kind == ESC_FREED)
		l->freed = true;
	if (address && !l->escapes && outlives(w, l))
		escape(w, heap, l);
	if (l->escapes && w->kind != ESC_HEAP && w->kind != ESC_FREED)
		return;                 // S3
	for (size_t i = 0; i < l->edges.n; i++) {
		const struct esc_edge *edge = &l->edges.at[i];

		if (enters(w, l, edge))
			reach(w, edge->src,
			      (struct esc_label){ .derefs = derefs + edge->derefs, .root = label.root,
						  .dst = l, .edge = (unsigned)i });
	}
}

static void
visit_if_due(struct walk *w, struct walk *heap, struct esc_loc *l, struct esc_label *at, int derefs)
{
	// Else it went on at fewer loads.
	if (is_set(w, at) && at->derefs == derefs && !at->visited)
		visit(w, heap, l, at);
}

static void
run(struct walk *w, struct walk *heap)
{
	while (w->waiting > 0) {
		int derefs = w->lowest;
		struct esc_loc *l;

		if (w->bucket[derefs + 1].n == 0) {
			w->lowest++;
			continue;
		}
		l = vec_pop(&w->bucket[derefs + 1]);
		w->waiting--;
		if (w->kind == ESC_HEAP) {
			visit_if_due(w, heap, l, &l->heap, derefs);
		} else {
			visit_if_due(w, heap, l, &l->next, derefs);
			visit_if_due(w, heap, l, &l->walk, derefs);
		}
	}
}

// The label of L on a path from this root. Two others that are as near may have taken its place:
// then the farther of these.
static struct esc_label *
label_of(const struct walk *w, struct esc_loc *l, const struct esc_loc *root)
{
	struct esc_label *near = nearest(w, l);

	return near->root != root && is_set(w, &l->next) ? &l->next : near;
}

static bool
ends_path(const struct walk *w, const struct esc_loc *src, const struct esc_loc *l)
{
	if (src->escapes)
		return true;
	return w->kind == ESC_VAR && src->fn == l->fn && src->depth < l->depth;
}

// Writes the path from L to the first location outwards that outlives it into a block.
static void
explain(struct walk *w, struct esc_loc *l, struct esc_label *at, bool leak)
{
	struct esc_block b = { .leak = leak, .loc = l, .derefs = at->derefs < 0 ? 0 : at->derefs };
	struct esc_loc *src = l;

	w->e->paths++;
	for (; at->dst != NULL; at = label_of(w, src, at->root)) {
		const struct esc_edge *edge = &at->dst->edges.at[at->edge];

		if (src->path == w->e->paths) {
			b.truncated = true;
			break;
		}
		src->path = w->e->paths;
		vec_push(&b.steps, ((struct esc_step){ at->dst, src, edge->derefs, edge->notes }));
		src = at->dst;
		if (ends_path(w, src, l))
			break;
	}
	b.root = src;
	// A value that came to the result through what escapes: the heap's walk tells of it.
	if (b.steps.n == 0 || (leak && w->kind == ESC_RESULT && src->escapes && !b.truncated))
		vec_free(&b.steps);
	else
		vec_push(&w->e->blocks, b);
}

static void
explain_leak(struct walk *w, const struct leak *leak)
{
	struct esc_label *at = label_of(w, leak->loc, leak->root);

	if (!at->explained)
		explain(w, leak->loc, at, true);
	at->explained = true;
}

static void
explain_all(struct walk *w)
{
	for (size_t i = 0; i < w->leaking.n; i++)
		explain_leak(w, &w->leaking.at[i]);
	if (w->e->explain)
		for (size_t i = 0; i < w->escaped.n; i++)
			explain(w, w->escaped.at[i], nearest(w, w->escaped.at[i]), false);
	w->escaped.n = w->leaking.n = 0;
}

static void
begin(struct walk *w, struct esc *e, enum esc_kind kind)
{
	w->e = e;
	w->kind = kind;
	w->gen = ++e->gen;
	w->lowest = ESC_MAX_DEREFS;
}

static void
walk_from(struct walk *w, struct walk *heap, struct esc_loc *root)
{
	begin(w, heap->e, root->kind);
	start(w, root);
	run(w, heap);
	explain_all(w);
}

static void
walk_from_results(struct walk *w, struct walk *heap, struct esc_func **fn, size_t n)
{
	begin(w, heap->e, ESC_RESULT);
	for (size_t i = 0; i < n; i++)
		if (fn[i]->result != NULL)
			start(w, fn[i]->result);
	run(w, heap);
	explain_all(w);
}

// The last depth at which something of the function still outlives what has an address.
static int
last_depth(struct esc_loc *const *loc, size_t n)
{
	int deepest = 0;

	for (size_t i = 0; i < n; i++)
		if (loc[i]->addressed && !loc[i]->escapes && loc[i]->depth > deepest)
			deepest = loc[i]->depth;
	return deepest - 1;
}

// The walk for one function, whose locations are these, by depth.
static void
walk_for(struct walk *w, struct walk *heap, struct esc_loc *const *loc, size_t n)
{
	int last = last_depth(loc, n);
	size_t i = 0;

	begin(w, heap->e, ESC_VAR);
	w->fn = loc[0]->fn;
	while (i < n && loc[i]->depth <= last) {
		w->depth = loc[i]->depth;
		for (; i < n && loc[i]->depth == w->depth; i++)
			if (loc[i]->kind != ESC_RESULT && !loc[i]->escapes)
				start(w, loc[i]);
		run(w, heap);
		explain_all(w);
	}
}

static int
by_function_and_depth(const void *a, const void *b)
{
	const struct esc_loc *x = *(const struct esc_loc *const *)a;
	const struct esc_loc *y = *(const struct esc_loc *const *)b;

	if (x->fn != y->fn)
		return x->fn->index < y->fn->index ? -1 : 1;
	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static void
sort(struct esc_loc **loc, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (by_function_and_depth(&loc[i - 1], &loc[i]) > 0) {
			qsort(loc, n, sizeof(*loc), by_function_and_depth);
			return;
		}
}

static void
walk_for_functions(struct walk *w, struct walk *heap)
{
	const struct esc *e = heap->e;

	sort(e->locs.at, e->locs.n);
	w->crossings = CROSSINGS + CROSSINGS_PER_LOC * e->locs.n;
	for (size_t from = 0, to; from < e->locs.n; from = to) {
		for (to = from; to < e->locs.n && e->locs.at[to]->fn == e->locs.at[from]->fn;)
			to++;
		walk_for(w, heap, e->locs.at + from, to - from);
	}
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
		vec_push(&heap->escaped, l);
		reach(heap, l, (struct esc_label){ .derefs = -1, .dst = h, .edge = (unsigned)i });
	}
}

static void
free_walk(struct walk *w)
{
	for (size_t i = 0; i < NBUCKETS; i++)
		vec_free(&w->bucket[i]);
	vec_free(&w->escaped);
	vec_free(&w->leaking);
	free(w);
}

void
esc_solve(struct esc *e, struct esc_func **fn, size_t n)
{
	struct walk *heap = core_alloc(sizeof(*heap));
	struct walk *w = core_alloc(sizeof(*w));

	begin(heap, e, ESC_HEAP);
	start(heap, &e->heap);
	escape_at_once(heap);
	walk_from_results(w, heap, fn, n);
	walk_for_functions(w, heap);
	walk_from(w, heap, &e->opaque);
	run(heap, heap);
	explain_all(heap);
	walk_from(w, heap, &e->freed);
	for (size_t i = 0; i < n; i++)
		finish(e, fn[i]);
	free_walk(w);
	free_walk(heap);
}
