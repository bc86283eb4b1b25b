// SPDX-License-Identifier: GPL-3.0-or-later
//
// graph.c: locations, holes and edges of a batch.
//
// Go:    as escape/graph.go.
// Layer: core.

#include "escape.h"

static void
reset_loc(struct esc_loc *l)
{
	vec_free(&l->edges);
	l->leaks = esc_no_leaks;
	l->heap = l->walk = l->next = (struct esc_label){ 0 };
}

static void
clear_batch(struct esc *e)
{
	for (size_t i = 0; i < e->locs.n; i++)
		vec_free(&e->locs.at[i]->edges);
	for (size_t i = 0; i < e->blocks.n; i++)
		vec_free(&e->blocks.at[i].steps);
	e->locs.n = e->blocks.n = 0;
	reset_loc(&e->heap);
	reset_loc(&e->opaque);
	reset_loc(&e->freed);
	arena_free(&e->batch);
}

struct esc *
esc_new(bool explain)
{
	struct esc *e = core_alloc(sizeof(*e));

	e->explain = explain;
	e->heap.kind = ESC_HEAP;
	e->heap.escapes = true;
	e->opaque.kind = ESC_OPAQUE;
	e->freed.kind = ESC_FREED;
	return e;
}

void
esc_free(struct esc *e)
{
	clear_batch(e);
	for (size_t i = 0; i < e->funcs.n; i++) {
		vec_free(&e->funcs.at[i]->callees);
		vec_free(&e->funcs.at[i]->params);
	}
	vec_free(&e->funcs);
	vec_free(&e->locs);
	vec_free(&e->blocks);
	arena_free(&e->lasting);
	free(e);
}

void
esc_begin(struct esc *e, struct esc_func **fn, size_t n)
{
	clear_batch(e);
	for (size_t i = 0; i < n; i++) {
		fn[i]->in_batch = true;
		fn[i]->params.n = 0;
		fn[i]->result = NULL;
		fn[i]->max_depth = 1;
	}
}

struct esc_loc *
esc_loc(struct esc *e, enum esc_kind kind, struct esc_func *fn, const char *name, int depth)
{
	struct esc_loc *l = arena_new(&e->batch, struct esc_loc);

	l->kind = kind;
	l->fn = fn;
	l->name = name;
	l->depth = depth;
	l->leaks = esc_no_leaks;
	l->serial = (unsigned)e->locs.n;
	if (depth > fn->max_depth)
		fn->max_depth = depth;
	vec_push(&e->locs, l);
	return l;
}

struct esc_hole
esc_hole(struct esc_loc *dst)
{
	return (struct esc_hole){ .dst = dst };
}

struct esc_hole
esc_discard(void)
{
	return (struct esc_hole){ .dst = NULL };
}

struct esc_hole
esc_shift(struct esc_hole k, int derefs)
{
	k.derefs += derefs;
	if (k.derefs < -1)
		k.derefs = -1;          // the address of an address that lies nowhere
	if (k.derefs > ESC_MAX_DEREFS)
		k.derefs = ESC_MAX_DEREFS;
	return k;
}

struct esc_hole
esc_deref(struct esc_hole k)
{
	return esc_shift(k, 1);
}

struct esc_hole
esc_addr(struct esc_hole k)
{
	return esc_shift(k, -1);
}

struct esc_hole
esc_note(struct esc *e, struct esc_hole k, const char *what, const char *why, const char *where)
{
	struct esc_note *note;

	if (!e->explain || k.dst == NULL)
		return k;
	note = arena_new(&e->batch, struct esc_note);
	note->next = k.notes;
	note->what = arena_strdup(&e->batch, what);
	note->why = why;
	note->where = arena_strdup(&e->batch, where);
	k.notes = note;
	return k;
}

struct esc_hole
esc_tee(struct esc *e, struct esc_func *fn, int depth, const struct esc_hole *k, size_t n)
{
	struct esc_hole only = esc_discard();
	struct esc_loc *temp;
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		if (k[i].dst != NULL) {
			only = k[i];
			used++;
		}
	if (used < 2)
		return only;
	// `l1 = _; l2 = *_` becomes `temp = _; l1 = temp; l2 = *temp`.
	temp = esc_loc(e, ESC_TEMP, fn, NULL, depth);
	for (size_t i = 0; i < n; i++)
		esc_flow(e, k[i], temp);
	return esc_hole(temp);
}

void
esc_flow(struct esc *e, struct esc_hole k, struct esc_loc *src)
{
	struct esc_edge edge = { src, k.derefs, k.notes };

	(void)e;
	if (k.dst == NULL || (k.dst == src && k.derefs >= 0))
		return;
	if (k.derefs < 0)
		src->addressed = true;
	vec_push(&k.dst->edges, edge);
}
