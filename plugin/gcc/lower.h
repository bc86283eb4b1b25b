// SPDX-License-Identifier: GPL-3.0-or-later
//
// lower.h: what the files share that make plain trees of the words of <goat.h>.
//
//	lower.cc         finds the words in a function
//	convert.cc       as()
//	assert.cc        type_assert(), type_assert_ok()
//	typeswitch.cc    type_switch
//	iface.cc         what an interface is made of; is_nil(), type_name(), iface_eq()
//	map.cc           map_get(), map_set() and all other words for maps
//	chan.cc          chan_send(), chan_select and all other words for channels
//	devirtualise.cc  calls through an interface
//	slice.cc         slices, strings, make()
//
// Layer: glue.

#ifndef GOAT_GCC_LOWER_H
#define GOAT_GCC_LOWER_H

#include "glue.h"

struct lowering {
	struct func *f;         // that is being lowered
	auto_vec<tree> variables;       // made below the innermost block, not yet in it
	hash_set<tree> met;
};

// lower.cc
const char *text_of(tree literal);
tree type_argument(tree call, int i);           // the T of an argument (T *)0
tree called(tree t, const char *text);          // T, which the source has as TEXT
tree without_conversions(tree t);
void copy_text(tree from, tree to);             // TO takes the place of FROM
tree literal(struct lowering *l, location_t where, tree type, tree init);
tree zero_value(struct lowering *l, location_t where, tree type);
bool has_known_size(tree type);

// iface.cc
// { FIRST, DATA }; FROM is what was converted, if it is there as it was.
tree interface_value(struct lowering *l, location_t where, tree type, tree first, tree data,
		     const char *from);
tree type_address(tree type);           // of its descriptor
tree no_type(void);
tree iface_once(tree iface);
tree first_word(tree iface);            // what says what it holds: `tab`, or the `type` of an any
tree data_word(location_t where, tree iface, const char *text);
tree type_in(tree iface);
tree hash_of(tree have);
tree is_of_type(tree have, tree type);
tree is_of_hashed_type(tree have, tree type);
tree unboxed(tree data, tree type);
bool is_interface(tree type);
bool check_interface(location_t where, const char *what, tree t);
tree tab_at_site(location_t where, tree iface, tree to, bool panics);
tree lower_is_nil(tree call, location_t where);
tree lower_type_name(tree call, location_t where);
tree lower_iface_eq(tree call, location_t where);

// convert.cc
tree lower_as(struct lowering *l, tree call, location_t where);
// A variable is given VALUE after its definition.
void note_value(tree variable, tree value);

// assert.cc
tree asserted_word(location_t where, tree iface, tree to, bool panics);
bool check_assertion(location_t where, bool in_switch, const char *text, tree iface, tree type);
tree target_of(tree p);                 // *P, where P is a pointer as in the source
tree lower_assert(struct lowering *l, tree call, location_t where);
tree lower_assert_ok(struct lowering *l, tree call, location_t where);

// typeswitch.cc
// Its condition, of which CALL is the marker, and the variables of its cases.
void lower_type_switch(struct lowering *l, tree t, tree call);

// map.cc
enum map_function { MAP_CLEAR, MAP_SHRINK, MAP_STATS, MAP_BEGIN, MAP_NEXT };
tree lower_map_word(tree call, enum map_function what);
// What is looked up, or deleted, by CALL, a call through a map; NULL where it is none.
tree lower_map_call(tree call);
bool is_map_get(tree t);                // *call
// map_set(): an assignment to what such a call points to.
bool is_map_set(tree t);
tree lower_map_set(tree t);
bool is_map_delete(tree t);
tree lower_deferred_delete(tree call);
tree lower_make_map(tree call, location_t where);
tree lower_map_len(tree map);
void spell_range_value(tree v);

// chan.cc
enum chan_word { CHAN_RECV, CHAN_RECV_OK, CHAN_CLOSE, CHAN_NEXT };
tree lower_chan_send(struct lowering *l, tree t);       // of is_chan_send()
tree lower_chan_word(struct lowering *l, tree call, enum chan_word what);
// What a go or defer statement is to do, as one call with arguments; NULL: T is no word of channels.
tree lower_called_chan_word(struct lowering *l, tree t);
tree lower_unused_recv(struct lowering *l, tree call);
tree lower_make_chan(tree call, location_t where);
tree lower_chan_len(tree c, const char *field);
// The condition of a chan_select, and the variables of its cases.
void lower_select(struct lowering *l, tree t, tree call);

// slice.cc
bool is_slice_word(tree call);
bool gives_holder(tree call);
const char *holder_word(tree call);
tree lower_slice_word(struct lowering *l, tree call, location_t where);

// devirtualise.cc
void find_assignments(void);            // of the unit
void note_conversion(tree value, tree type);
void note_definition(tree decl);
void evaluate_once(tree call);
void spell_call(tree call);
void devirtualise(struct lowering *l, tree *tp);

#endif
