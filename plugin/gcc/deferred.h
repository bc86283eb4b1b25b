// SPDX-License-Identifier: GPL-3.0-or-later
//
// deferred.h: a function's deferred code, as defer_scan.cc finds it and defer.cc lowers it.
//
// A scope runs deferred code when it ends: the function, a deferred block that has defers of its
// own, or what a block_defer reaches over.
//
// Layer: glue.

#ifndef GOAT_GCC_DEFERRED_H
#define GOAT_GCC_DEFERRED_H

#include "glue.h"

struct scope;

// One defer or block_defer.
struct deferred {
	tree marker;            // the BIND_EXPR
	bool is_block;          // else a call
	bool again;             // may be met again before its scope ends
	location_t where;
	int at;                 // its position in the text
	struct scope *scope;    // runs it
	struct deferred *around;        // the innermost deferred block that it stands in
	struct scope *inner;    // of a block: its own defers, or NULL
	bool copyable;          // of a block: may stand twice in the code
	vec<tree> captures;     // of a block: variables of the function from outside of it
	struct esc_loc *closure;        // while its batch is solved: what Go would make of the block

	// Lowering.
	tree stmt;              // the call with its arguments in variables, or the block
	tree armed;             // whether it was met; open-coded
	vec<tree> kept;         // variables that have to be as they were when it was met
	vec<tree> fields;       // ... and where a record holds them
	tree part;              // these fields' struct in the record
};

struct scope {
	struct deferred *of;    // the block, the block_defer; NULL: the function
	bool of_block_defer;
	vec<struct deferred *> items;
	bool records;           // some item may be met again

	// Lowering.
	tree bind;              // where its variables are declared
	tree pending;           // the panic that runs deferred code here, or null
	tree top, free, end;    // records: the newest, the next free one, the end of these
	tree record;            // their type
};

// What the text says of a local variable.
struct variable {
	int declared;
	struct deferred *around;
	vec<int> stores;
	bool addressed;         // & of it, or of a part
	bool stored_elsewhere;  // in a deferred block that it was not declared in
};

struct back_jump {
	int from, to;
	struct deferred *around;
};

// Where a go statement stands.
struct go_place {
	int at;
	struct deferred *around;
};

struct deferred_code {
	struct scope function;
	hash_map<tree, struct go_place> go_places;      // by marker
	vec<struct scope *> scopes;     // inner ones and block_defers
	vec<struct deferred *> items;
	hash_map<tree, struct deferred *> by_marker;
	hash_map<tree, struct variable *> variables;
	vec<struct back_jump> jumps;
	bool returns_twice;     // calls setjmp or the like
	bool recovers;          // recover() outside of a deferred block
};

// defer_scan.cc
bool is_recover(tree call);
// Whether V, which D captures, is another variable each time that D is met.
bool is_made_again(struct deferred_code *c, const struct deferred *d, tree v);
// Whether D may as well hold a copy of V.
bool is_captured_by_value(struct deferred_code *c, const struct deferred *d, tree v);
// The same of the go statement MARKER.
bool is_kept_by_value(struct deferred_code *c, tree marker, tree v);

#endif
