// SPDX-License-Identifier: GPL-3.0-or-later
//
// methods.h: types with methods, as core's itab.h has them, for the files that read them.
//
//	methods.cc      the methods of the unit, by type
//	implements.cc   whether a type implements an interface
//	wrappers.cc     functions that find the receiver
//	itabs.cc        tables of functions
//	methodsets.cc   lists for the runtime
//
// The ref of core's itab_method is a FUNCTION_DECL, or for a method that an interface lists a struct
// slot; that of an itab_member is a FIELD_DECL.
//
// Layer: glue.

#ifndef GOAT_GCC_METHODS_H
#define GOAT_GCC_METHODS_H

#include "glue.h"

#include "itab.h"

// What an interface lists: ref of its itab_method.
struct slot {
	tree field;             // of a struct I_itab
	tree type;              // of the function
	unsigned at;            // which of the fn
};

// All that is known of a type with methods, or one that embeds.
struct methods_of {
	struct itab_type type;
	struct itab_set set;
	bool collected;
};

// methods.cc
extern struct arena method_arena;
tree receiver_type(tree fn);
const char *without_keyword(const char *text);
const char *signature(const struct itab_method *m);
tree itab_struct(tree type);            // the struct I_itab of an interface
// BASE: a struct or union, named or not; an interface; an enumeration; a typedef.
struct methods_of *methods_of(tree base);
// What a value of TYPE has, and whether as a pointer to what has it.
struct methods_of *methods_of_value(tree type, bool *by_pointer);
const struct itab_set *set_of(struct methods_of *m);
const struct slot *slot_of(const struct itab_entry *e); // NULL where it is a function
tree function_of(const struct itab_entry *e);           // NULL where it is a slot
tree declaration_of(const struct itab_entry *e);        // either

// wrappers.cc
bool is_private(const struct itab_entry *e);    // other units cannot name what it calls
tree function_type_of(const struct itab_entry *e);
bool needs_function(const struct itab_entry *e);
tree function_for(const struct methods_of *of, const struct itab_entry *e);
tree new_function(location_t where, const char *symbol, tree type, bool shared);
void give_body(tree fn, tree body);
void finish_function(tree fn);

// itabs.cc
// Comdat symbols that were made: itabs, functions between, sets.
tree already_made(const char *symbol);
void note_made(const char *symbol, tree decl);

#endif
