// SPDX-License-Identifier: GPL-3.0-or-later
//
// escape.h: what outlives its frame, decided on a graph.
//
// A function is a set of locations: variables, parameters, its result, and the objects that its
// expressions make. An assignment is an edge from what is written to what is read, weighted by the
// dereferences on the way:
//
//	p = q     0 loads        p = *q     1 load        p = &q     -1: q's address
//
// The heap is a location too: whatever is stored where the analysis does not follow flows there.
// A location escapes when its address flows to one that outlives it: to the heap, to a result, to
// a variable outside the loop it is made in, or to a location that escapes itself. What of a
// parameter flows to the heap or to the result is its tag, and stands for the whole function where
// it is called. Functions are solved callees first; those that call each other are solved together
// and see each other's parameters directly.
//
// E1  An edge's derefs are -1 or more. The derefs of a path are the sum, bounded below by 0 after
//     each address-of, for `r = &l; l = x` brings l's address to r, not x's.
// E2  Once a location escapes, its value flows to the heap.
// E3  A tag's derefs only ever become smaller.
//
// Pure C11: knows names and positions as text, nothing of GCC.
//
// Go:    as cmd/compile/internal/escape. Where Go walks the graph once from each location, we walk
//        once from the heap, once from all results and once for each function that has something
//        to lose in a loop: the same verdicts, near-linear however the code is shaped.
//        Two more pseudo-locations: ESC_OPAQUE, for C can look at a pointer as bytes, and ESC_FREED.
// Layer: core.

#ifndef GOAT_CORE_ESCAPE_H
#define GOAT_CORE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "vec.h"

#ifdef __cplusplus
extern "C" {
#endif

enum esc_kind {
	ESC_HEAP,       // outlives everything
	ESC_OPAQUE,     // seen through a type that hides pointers, as bytes: objects stay on the heap
	ESC_FREED,      // given to free() where we cannot tell which object that is
	ESC_VAR,        // a variable
	ESC_PARAM,      // a parameter; ESC_VARARGS of a variadic function
	ESC_RESULT,     // the result; outlives the function
	ESC_OBJECT,     // new(T), malloc(n), &(T){...}
	ESC_TEMP,       // joins several holes
};

enum {
	ESC_NONE = -1,          // in a tag: does not flow there
	ESC_MAX_DEREFS = 100,   // deeper is the same as this deep
};

// Where a parameter's value flows: the fewest loads on a path there, or ESC_NONE.
struct esc_leaks {
	signed char heap, result, opaque, freed;
};

// One step of an explanation: `from WHAT (WHY) at WHERE`. Notes form a list, inside to outside.
struct esc_note {
	const struct esc_note *next;
	const char *what, *why, *where;
};

struct esc_edge {
	struct esc_loc *src;
	int derefs;
	const struct esc_note *notes;
};

// How a walk reached a location: over which edge of which location, with how many loads.
struct esc_label {
	unsigned gen;           // the walk this label is of; 0: none
	unsigned edge;          // index in dst->edges
	struct esc_loc *dst;    // NULL at the walk's start
	struct esc_loc *root;   // where the walk started; NULL when it does not matter where
	int derefs;
	bool visited;           // and its edges followed
	bool explained;         // a block tells of this leak
};

struct esc_loc {
	enum esc_kind kind;
	int depth;              // loop depth: 1 in the function's body, +1 in each loop
	struct esc_func *fn;
	const char *name;       // as the source spells it; NULL for a temporary
	void *ref;              // the glue's own
	VEC(struct esc_edge) edges;     // what flows in
	struct esc_leaks leaks; // of a parameter
	bool escapes;           // the verdict
	bool freed;             // of an object: may be given to a free() we do not know
	bool addressed;         // its address flows somewhere
	bool unseen;            // a temporary that explanations see through
	unsigned serial;        // the order they were made in
	unsigned path;          // the last explanation that came by
	struct esc_label heap;  // the heap's walk, kept for the whole batch
	struct esc_label walk;  // the walk under way: the root that is nearest
	struct esc_label next;  // and the nearest of the other roots
};

// A place that a value goes to. `dst` NULL: nowhere, the value is dropped.
struct esc_hole {
	struct esc_loc *dst;
	int derefs;
	const struct esc_note *notes;
};

// A function of the unit. Parameters are numbered from 0; the variable arguments of a variadic
// function are one more parameter behind the last.
struct esc_func {
	const char *name;
	void *ref;              // the glue's own
	VEC(struct esc_func *) callees;
	VEC(struct esc_loc *) params;   // while its batch is solved
	struct esc_loc *result;         // likewise
	struct esc_leaks *tags; // one a parameter, once solved; owned by struct esc
	size_t ntags;
	int max_depth;
	bool in_batch, solved;
	unsigned index, lowlink;        // of Tarjan's algorithm
	bool on_stack;
};

// Why a decision fell: a path of edges from the thing decided out to what outlives it.
struct esc_step {
	const struct esc_loc *dst, *src;
	int derefs;
	const struct esc_note *notes;
};

struct esc_block {
	bool leak;              // a parameter's leak, else an escape
	const struct esc_loc *loc, *root;
	int derefs;
	bool truncated;         // the path ran in a circle
	VEC(struct esc_step) steps;
};

struct esc {
	struct arena lasting;   // functions and tags
	struct arena batch;     // locations and notes of the batch being solved
	VEC(struct esc_func *) funcs;
	VEC(struct esc_loc *) locs;     // of the batch, the pseudo-locations not among them
	struct esc_loc heap, opaque, freed;
	VEC(struct esc_block) blocks;   // explanations, of the batch
	bool explain;           // keep notes and make blocks
	unsigned gen;
	unsigned paths;         // explanations so far
	unsigned long steps;    // edges followed so far, a measure of the work done
};

struct esc *esc_new(bool explain);
void esc_free(struct esc *e);

// Call graph (batch.c).

// A function of the unit; NAME and REF must outlive e.
struct esc_func *esc_func(struct esc *e, const char *name, void *ref);
void esc_call(struct esc_func *caller, struct esc_func *callee);

// Calls SOLVE once for each strongly connected component of the call graph, callees before
// callers. SOLVE builds the graph of the N functions it is given and calls esc_solve.
void esc_components(struct esc *e, void (*solve)(void *arg, struct esc_func **fn, size_t n), void *arg);

// Building a batch (graph.c).

// Forgets the last batch and begins one of these functions.
void esc_begin(struct esc *e, struct esc_func **fn, size_t n);
// NAME must live as long as the batch.
struct esc_loc *esc_loc(struct esc *e, enum esc_kind kind, struct esc_func *fn, const char *name,
			int depth);
struct esc_hole esc_hole(struct esc_loc *dst);
struct esc_hole esc_discard(void);
struct esc_hole esc_deref(struct esc_hole k);
// The hole for a thing whose address goes into K.
struct esc_hole esc_addr(struct esc_hole k);
struct esc_hole esc_shift(struct esc_hole k, int derefs);
// K with the step WHAT (WHY) at WHERE before the ones it has. The texts are copied.
struct esc_hole esc_note(struct esc *e, struct esc_hole k, const char *what, const char *why,
			 const char *where);
// One hole for N, none of which takes an address.
struct esc_hole esc_tee(struct esc *e, struct esc_func *fn, int depth, const struct esc_hole *k,
			size_t n);
void esc_flow(struct esc *e, struct esc_hole k, struct esc_loc *src);

// Solving a batch (solve.c): sets `escapes` and `leaks` of all its locations, the tags of its
// functions and, with `explain`, the blocks.
void esc_solve(struct esc *e, struct esc_func **fn, size_t n);

// Tags (leaks.c).
extern const struct esc_leaks esc_no_leaks;
extern const struct esc_leaks esc_all_leaks;
void leaks_add(struct esc_leaks *l, enum esc_kind sink, int derefs);
// Drops what a shorter way to the heap implies.
void leaks_optimize(struct esc_leaks *l);
// Calls EACH with the text of each line that Go prints for a parameter with these leaks.
void leaks_describe(const struct esc_leaks *l, const char *param, const char *result,
		    void (*each)(void *arg, const char *text), void *arg);

// Text (explain.c).

// The lines of a block as `-m=2` prints them after the position, the header first.
void esc_explain(const struct esc_block *b, void (*each)(void *arg, const char *line),
		 void *arg);
// The batch's graph for dot(1).
void esc_dump_dot(const struct esc *e, FILE *out);

#ifdef __cplusplus
}
#endif

#endif
