// SPDX-License-Identifier: GPL-3.0-or-later
//
// model.c: see model.h.
//
// Layer: tests.

#include "model.h"

#include <limits.h>

// ---- From bytes ----

struct bytes {
	const uint8_t *at, *end;
};

static unsigned
next(struct bytes *b, unsigned below)
{
	return b->at < b->end ? *b->at++ % below : 0;
}

static struct model_loc
decode_loc(struct bytes *b, int nfuncs)
{
	static const enum esc_kind kind[] = { ESC_VAR, ESC_VAR, ESC_PARAM, ESC_PARAM, ESC_OBJECT, ESC_TEMP };
	struct model_loc l = { .kind = kind[next(b, 6)], .leaks = esc_no_leaks };
	unsigned place = next(b, 4 * nfuncs);

	l.fn = place % nfuncs;
	l.depth = l.kind == ESC_PARAM ? 1 : 1 + place / nfuncs;
	return l;
}

static struct model_edge
decode_edge(struct bytes *b, const struct model *m)
{
	static const int derefs[] = { 0, -1, 0, -1, 1, 0, -1, 2, -1, 0, 1, 3, 0, -1, 1, 60 };
	struct model_edge edge;

	edge.dst = next(b, m->nlocs);
	edge.src = MODEL_OWN + next(b, m->nlocs - MODEL_OWN);
	edge.derefs = derefs[next(b, 16)];
	return edge;
}

struct model
model_decode(const uint8_t *bytes, size_t n)
{
	static const struct model_loc pseudo[MODEL_OWN] = {
		{ .kind = ESC_HEAP, .fn = -1, .escapes = true },
		{ .kind = ESC_OPAQUE, .fn = -1 },
		{ .kind = ESC_FREED, .fn = -1 },
	};
	struct bytes b = { bytes, bytes + n };
	struct model m = { 0 };
	int own;

	m.nfuncs = 1 + next(&b, MODEL_FUNCS);
	own = 1 + next(&b, MODEL_LOCS - MODEL_OWN - MODEL_FUNCS);
	while (m.nlocs < MODEL_OWN) {
		m.loc[m.nlocs] = pseudo[m.nlocs];
		m.nlocs++;
	}
	for (int i = 0; i < m.nfuncs; i++)
		m.loc[m.nlocs++] = (struct model_loc){ .kind = ESC_RESULT, .fn = i, .depth = 1 };
	while (own-- > 0)
		m.loc[m.nlocs++] = decode_loc(&b, m.nfuncs);
	while (m.nedges < MODEL_EDGES && b.at < b.end)
		m.edge[m.nedges++] = decode_edge(&b, &m);
	return m;
}

static void
print_loc(const struct model *m, int i, FILE *out)
{
	static const char *const prefix[] = { "heap", "opaque", "freed", "", "param:", "ret", "obj:", "temp:" };
	const struct model_loc *l = &m->loc[i];

	fputs(prefix[l->kind], out);
	if (i < MODEL_OWN)
		return;
	if (l->kind != ESC_RESULT)
		fprintf(out, "v%d@%d", i, l->depth);
	fprintf(out, "/%d", l->fn);
}

void
model_print(const struct model *m, FILE *out)
{
	static const char *const sign[] = { "&", "", "*", "**", "***" };

	for (int i = 0; i < m->nedges; i++) {
		const struct model_edge *edge = &m->edge[i];

		print_loc(m, edge->dst, out);
		fputs("=", out);
		if (edge->derefs < 4)
			fputs(sign[edge->derefs + 1], out);
		else
			fprintf(out, "(%d loads)", edge->derefs);
		print_loc(m, edge->src, out);
		fputs(" ", out);
	}
	fputs("\n", out);
}

// ---- Go's algorithm ----

// E1, and no more than the core counts.
static int
add_derefs(int path, int edge)
{
	int derefs = (path < 0 ? 0 : path) + edge;

	return derefs > ESC_MAX_DEREFS ? ESC_MAX_DEREFS : derefs;
}

// Whether what L holds may be there when OTHER is gone.
static bool
outlives(const struct model_loc *l, const struct model_loc *other)
{
	if (l->escapes)
		return true;
	if (l->kind == ESC_OPAQUE)
		return other->kind == ESC_OBJECT;
	if (l->kind == ESC_FREED)
		return false;
	if (l->kind == ESC_RESULT)
		return true;
	return l->fn == other->fn && l->depth < other->depth;
}

static void
leak_to(struct model_loc *l, const struct model_loc *sink, int derefs)
{
	if (!sink->escapes && sink->kind == ESC_RESULT && sink->fn == l->fn)
		leaks_add(&l->leaks, ESC_RESULT, derefs);
	else if (sink->kind == ESC_OPAQUE || sink->kind == ESC_FREED)
		leaks_add(&l->leaks, sink->kind, derefs);
	else
		leaks_add(&l->leaks, ESC_HEAP, derefs);
}

// L is reached from ROOT. Returns whether the walk goes on from it.
static bool
reached(struct model_loc *root, struct model_loc *l, int derefs)
{
	bool address = derefs < 0;

	if (address)
		derefs = 0;
	if (l->kind == ESC_PARAM && (outlives(root, l) || root->kind == ESC_OPAQUE || root->kind == ESC_FREED))
		leak_to(l, root, derefs);
	if (address && root->kind == ESC_FREED)
		l->freed = true;
	if (address && outlives(root, l) && !l->escapes) {
		l->escapes = l->queued_walk = true;
		return false;
	}
	return true;
}

static int
first_queued(const struct model *m)
{
	for (int i = 0; i < m->nlocs; i++)
		if (m->loc[i].queued_step)
			return i;
	return -1;
}

static void
lower_sources(struct model *m, const struct model_loc *root, int l)
{
	for (int i = 0; i < m->nedges; i++) {
		struct model_loc *src = &m->loc[m->edge[i].src];
		int d = add_derefs(m->loc[l].derefs, m->edge[i].derefs);

		if (m->edge[i].dst != l || (src->escapes && root->kind != ESC_FREED))
			continue;
		if (d < src->derefs) {
			src->derefs = d;
			src->queued_step = true;
		}
	}
}

static void
walk_one(struct model *m, struct model_loc *root)
{
	for (int i = 0; i < m->nlocs; i++)
		m->loc[i].derefs = INT_MAX;
	root->derefs = 0;
	root->queued_step = true;
	for (int l; (l = first_queued(m)) >= 0;) {
		m->loc[l].queued_step = false;
		if (reached(root, &m->loc[l], m->loc[l].derefs))
			lower_sources(m, root, l);
	}
}

// Go says so when the edge is made.
static void
escape_at_once(struct model *m)
{
	for (int i = 0; i < m->nedges; i++) {
		struct model_edge *edge = &m->edge[i];

		if (m->loc[edge->dst].escapes && edge->derefs < 0)
			m->loc[edge->src].escapes = true;
	}
}

void
model_solve(struct model *m)
{
	bool any = true;

	escape_at_once(m);
	for (int i = 0; i < m->nlocs; i++) {
		m->loc[i].leaks = esc_no_leaks;
		m->loc[i].queued_walk = true;
	}
	while (any) {
		any = false;
		for (int i = 0; i < m->nlocs; i++)
			if (m->loc[i].queued_walk) {
				m->loc[i].queued_walk = false;
				walk_one(m, &m->loc[i]);
				any = true;
			}
	}
	for (int i = 0; i < m->nlocs; i++)
		leaks_optimize(&m->loc[i].leaks);
}

// ---- The core on the same graph ----

static void
build(struct esc *e, const struct model *m, struct esc_func **fn, struct esc_loc **loc)
{
	static const char names[MODEL_LOCS][4] = {
		"", "", "", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14",
		"v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27",
		"v28", "v29", "v30", "v31",
	};

	loc[MODEL_HEAP] = &e->heap;
	loc[MODEL_OPAQUE] = &e->opaque;
	loc[MODEL_FREED] = &e->freed;
	for (int i = MODEL_OWN; i < m->nlocs; i++) {
		const struct model_loc *l = &m->loc[i];

		loc[i] = esc_loc(e, l->kind, fn[l->fn], names[i], l->depth);
		if (l->kind == ESC_RESULT)
			fn[l->fn]->result = loc[i];
		if (l->kind == ESC_PARAM)
			vec_push(&fn[l->fn]->params, loc[i]);
	}
	for (int i = 0; i < m->nedges; i++) {
		const struct model_edge *edge = &m->edge[i];
		struct esc_hole k = esc_shift(esc_hole(loc[edge->dst]), edge->derefs);

		esc_flow(e, esc_note(e, k, "e", "assign", "1"), loc[edge->src]);
	}
}

static char difference[256];

static const char *
differs(int i, const char *what, int want, int got)
{
	snprintf(difference, sizeof(difference), "v%d: %s is %d, Go says %d", i, what, got, want);
	return difference;
}

static const char *
compare(const struct model *m, struct esc_loc **loc)
{
	for (int i = MODEL_OWN; i < m->nlocs; i++) {
		const struct model_loc *want = &m->loc[i];
		const struct esc_loc *got = loc[i];

		if (want->escapes != got->escapes)
			return differs(i, "escapes", want->escapes, got->escapes);
		if (!want->escapes && want->freed != got->freed)
			return differs(i, "freed", want->freed, got->freed);
		if (want->kind != ESC_PARAM)
			continue;
		if (want->leaks.heap != got->leaks.heap)
			return differs(i, "heap leak", want->leaks.heap, got->leaks.heap);
		if (want->leaks.result != got->leaks.result)
			return differs(i, "result leak", want->leaks.result, got->leaks.result);
		if (want->leaks.opaque != got->leaks.opaque)
			return differs(i, "opaque leak", want->leaks.opaque, got->leaks.opaque);
		if (want->leaks.freed != got->leaks.freed)
			return differs(i, "freed leak", want->leaks.freed, got->leaks.freed);
	}
	return NULL;
}

// S1, S2: the heap's labels are a fixed point, and who has a negative one escapes.
static const char *
check_labels(const struct model *m, struct esc_loc **loc)
{
	for (int i = 0; i < m->nlocs; i++) {
		const struct esc_loc *l = loc[i];

		if (l->heap.gen == 0)
			continue;
		if (l->heap.derefs < 0 && !l->escapes)
			return differs(i, "(S2) escapes", 1, 0);
		for (size_t k = 0; k < l->edges.n; k++) {
			const struct esc_loc *src = l->edges.at[k].src;
			int derefs = add_derefs(l->heap.derefs, l->edges.at[k].derefs);

			if (src->heap.gen == 0 || src->heap.derefs > derefs)
				return differs(i, "(S1) label of a source", derefs, src->heap.derefs);
		}
	}
	return NULL;
}

static void
count_line(void *arg, const char *line)
{
	*(size_t *)arg += line[0] != '\0';
}

// A block's steps are edges of the graph, each starts where the last one ended, and they come to
// its root with the derefs it tells of.
static const char *
check_block(const struct esc_block *b)
{
	const struct esc_loc *at = b->loc;
	size_t lines = 0;
	int derefs = 0;

	for (size_t i = 0; i < b->steps.n; i++) {
		if (b->steps.at[i].src != at)
			return "a step does not start where the last one ended";
		at = b->steps.at[i].dst;
	}
	if (at != b->root)
		return "the steps do not end at the root";
	if (b->truncated)
		return NULL;
	for (size_t i = b->steps.n; i-- > 0;)
		derefs = add_derefs(derefs, b->steps.at[i].derefs);
	if (!b->leak && derefs >= 0)
		return "the steps of an escape do not lead to an address";
	if (!b->leak && !b->root->escapes && b->root->kind != ESC_RESULT && b->root->kind != ESC_OPAQUE &&
	    b->root->depth >= b->loc->depth)
		return "an escape ends at what does not outlive it";
	if (b->leak && (derefs < 0 ? 0 : derefs) != b->derefs)
		return "the steps of a leak do not add up";
	esc_explain(b, count_line, &lines);
	return lines == 1 + 2 * b->steps.n ? NULL : "a line of the text is missing";
}

static const char *
check_blocks(const struct esc *e)
{
	const char *what = NULL;

	for (size_t i = 0; what == NULL && i < e->blocks.n; i++)
		what = check_block(&e->blocks.at[i]);
	return what;
}

static const char *
solve_and_compare(struct esc *e, const struct model *m, struct esc_func **fn)
{
	struct esc_loc *loc[MODEL_LOCS];
	const char *what;

	esc_begin(e, fn, m->nfuncs);
	build(e, m, fn, loc);
	esc_solve(e, fn, m->nfuncs);
	if ((what = compare(m, loc)) != NULL || (what = check_labels(m, loc)) != NULL)
		return what;
	return check_blocks(e);
}

const char *
model_difference(const struct model *m)
{
	static const char *const name[MODEL_FUNCS] = { "f0", "f1", "f2", "f3" };
	struct esc_func *fn[MODEL_FUNCS];
	const char *what = NULL;

	for (int explain = 0; what == NULL && explain < 2; explain++) {
		struct esc *e = esc_new(explain);

		for (int i = 0; i < m->nfuncs; i++) {
			fn[i] = esc_func(e, name[i], NULL);
			fn[i]->index = (unsigned)i + 1;
		}
		what = solve_and_compare(e, m, fn);
		esc_free(e);
	}
	return what;
}
