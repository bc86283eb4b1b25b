// SPDX-License-Identifier: GPL-3.0-or-later
//
// batch.c: the call graph, solved bottom-up.
//
// Tarjan's algorithm hands out strongly connected components in the order we want, callees first.
// It is written with a stack of its own: a chain of calls may be as long as the file.
//
// Source: R. Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972).
// Go:     as ir.VisitFuncsBottomUp.
// Layer:  core.

#include "escape.h"

struct frame {
	struct esc_func *fn;
	size_t next;            // the callee to look at next
};

struct tarjan {
	unsigned index;
	VEC(struct esc_func *) stack;
	VEC(struct frame) frames;
};

struct esc_func *
esc_func(struct esc *e, const char *name, void *ref)
{
	struct esc_func *f = arena_new(&e->lasting, struct esc_func);

	f->name = name;
	f->ref = ref;
	vec_push(&e->funcs, f);
	return f;
}

void
esc_call(struct esc_func *caller, struct esc_func *callee)
{
	vec_push(&caller->callees, callee);
}

static void
enter(struct tarjan *t, struct esc_func *f)
{
	f->index = f->lowlink = ++t->index;
	f->on_stack = true;
	vec_push(&t->stack, f);
	vec_push(&t->frames, ((struct frame){ f, 0 }));
}

// The callee of the topmost frame that has not been visited yet, or NULL when there is none left.
static struct esc_func *
next_callee(struct tarjan *t)
{
	struct frame *top = &t->frames.at[t->frames.n - 1];

	while (top->next < top->fn->callees.n) {
		struct esc_func *callee = top->fn->callees.at[top->next++];

		if (callee->index == 0)
			return callee;
		if (callee->on_stack && callee->index < top->fn->lowlink)
			top->fn->lowlink = callee->index;
	}
	return NULL;
}

static void
leave(struct tarjan *t, void (*solve)(void *, struct esc_func **, size_t), void *arg)
{
	struct esc_func *f = vec_pop(&t->frames).fn;
	size_t start = t->stack.n;

	if (t->frames.n > 0) {
		struct esc_func *caller = t->frames.at[t->frames.n - 1].fn;

		if (f->lowlink < caller->lowlink)
			caller->lowlink = f->lowlink;
	}
	if (f->lowlink != f->index)
		return;
	do
		t->stack.at[--start]->on_stack = false;
	while (t->stack.at[start] != f);
	solve(arg, t->stack.at + start, t->stack.n - start);
	t->stack.n = start;
}

void
esc_components(struct esc *e, void (*solve)(void *, struct esc_func **, size_t), void *arg)
{
	struct tarjan t = { 0 };

	for (size_t i = 0; i < e->funcs.n; i++) {
		if (e->funcs.at[i]->index != 0)
			continue;
		enter(&t, e->funcs.at[i]);
		while (t.frames.n > 0) {
			struct esc_func *callee = next_callee(&t);

			if (callee != NULL)
				enter(&t, callee);
			else
				leave(&t, solve, arg);
		}
	}
	vec_free(&t.stack);
	vec_free(&t.frames);
}
