// SPDX-License-Identifier: GPL-3.0-or-later
//
// glue.h: what the files of plugin/gcc share.
//
//	plugin.cc   options, callbacks, the unit pass
//	markers.cc  the statements that <goat.h> adds, from the macro's loop to a marked block
//	scan.cc     a function's loops, blocks and calls, before its flow is followed
//	defer_scan.cc  defers: what may be met again, what is captured, their flow
//	defer.cc    puts deferred code where it runs
//	outline.cc  makes a function of the block of a go statement
//	go.cc       go statements: what they capture, and the call of the runtime
//	chan.cc     channels and select
//	preempt.cc  polls in loops
//	strip.cc    loops that count, done in strips
//	frames.cc   variables that are too large for a small stack
//	threadlocal.cc  errno and thread-local variables
//	start.cc    main becomes the first goroutine
//	flow.cc     GENERIC -> the core's graph
//	calls.cc    calls: this unit's functions, the C library, attributes, objects
//	names.cc    trees as the source spells them
//	report.cc   notes, JSON, errors
//	moves.cc    acts on the verdicts
//	trees.cc    builds trees: calls of the runtime, variables, objects
//	types.cc    descriptors of types
//	slice.cc    slices, strings, make()
//	methods.cc  methods and interfaces of the unit; methods.h names the files around it
//	lower.cc    the words of <goat.h> become plain trees; lower.h names the files around it
//
// Layer: glue.

#ifndef GOAT_GCC_GLUE_H
#define GOAT_GCC_GLUE_H

#include "compat.h"

#include <initializer_list>

#include "escape.h"

// -fgoat-X[=V], see goatcc(1).
struct options {
	int m;                  // 0, 1 or 2
	bool no_inline;         // -fgoat-l
	bool heap2stack;
	bool wdefer_loop;       // warn of a defer in a loop
	unsigned make_stack;    // bytes in the frame for make() of a variable size
	const char *json;       // file name or NULL
	const char *dot;        // file name or NULL
	bool dump_itabs;
	bool no_preempt;        // no polls
	const char *filter;     // a regular expression on function names, or NULL
};
extern struct options opt;

// Go's limits, in bytes (cmd/compile/internal/ir/cfg.go).
enum : unsigned {
	MAX_VARIABLE = 10 * 1024 * 1024,
	MAX_OBJECT = 64 * 1024,
	// Ours: what -fgoat-heap2stack may add to the frame of one function, where Go, whose stacks
	// grow, has no limit.
	MAX_FRAME = 128 * 1024,
};

// What an expression allocates.
enum object_kind {
	OBJECT_NEW,             // new(T, ...)
	OBJECT_LITERAL,         // (T){...}
	OBJECT_MALLOC,
	OBJECT_CALLOC,
	OBJECT_ALIGNED,         // aligned_alloc
	OBJECT_STRDUP,          // of a literal
	OBJECT_ALLOCA,
	OBJECT_MAP,             // make(map(K, V))
	OBJECT_MAKE,            // make() of a slice
	OBJECT_CAT,             // string_cat()
};

struct object {
	enum object_kind kind;
	tree expr;              // the CALL_EXPR or COMPOUND_LITERAL_EXPR
	tree type;              // of the object; NULL where it is bytes
	tree size;              // in bytes; INTEGER_CST or an expression
	unsigned HOST_WIDE_INT align;   // in bytes
	const char *name;
	location_t where;
	struct esc_loc *loc;    // while its batch is solved
	struct arm *arm;        // where it is made
	int depth;
	bool escapes;           // the verdict
	bool in_frame;          // what is done about it: it gets a place in the frame,
	bool on_heap;           // or one from the collector
	// make() of a variable size, which escapes for its size alone: as if that were known.
	struct esc_loc *sizeless;
	bool buffered;          // on the heap, but a short one is in the frame
};

// A part of a function that runs only sometimes: one side of an `if`, a case.
struct arm {
	struct arm *outer;
	tree null_test;         // the variable that the condition compares with null, or NULL
};

// A block of the source, as a BIND_EXPR.
struct block {
	struct block *outer;
	tree bind;
	bool entered;           // a jump from outside leads into it
	vec<tree> entries;      // these jumps; a NULL among them: others that we do not see
};

// What is known of a local variable.
struct local {
	struct esc_loc *loc;    // while its batch is solved
	struct block *block;    // NULL for a parameter
	int depth;              // loop depth of its declaration
	int block_depth;        // loop depth of its block
	int stores;             // of something else than null
	tree stored;            // the last of them
	bool moves;
};

struct goto_loop {
	tree last;              // the last goto that jumps back to the label
	bool closed;            // the list that holds the label has ended
	bool open;
};

// free(v), v a variable of this function that nothing else can change.
struct free_site {
	tree call, variable;
	struct arm *arm;
	int depth;
	struct object *object;  // the one object that v can hold, or NULL
};

// A function of the unit.
struct func {
	tree decl;
	struct esc_func *core;
	struct func *outer;     // of a nested function
	bool alone;             // left alone: setjmp, OpenMP; everything in it may happen
	bool reported;          // -fgoat-m speaks of it
	const char *why_alone;
	struct esc_loc *result, *varargs;
	hash_map<tree, struct local *> locals;
	vec<tree> order;        // the keys of locals, in source order
	hash_map<tree, struct object *> objects;        // by expression
	vec<struct object *> object_order;
	hash_map<tree, struct goto_loop *> loops;    // by LABEL_DECL: the ones that are jumped back to
	hash_map<tree, tree> loop_ends;         // by GOTO_EXPR: the label whose loop it ends
	hash_set<tree> met;     // shared trees that were followed already
	vec<struct free_site> frees;    // with -fgoat-heap2stack
	unsigned HOST_WIDE_INT frame;   // bytes of heap blocks that went to the frame
	struct deferred_code *deferred; // in annotated C
	tree named_result;      // result(T, r), or NULL
	vec<struct go_site *> go_sites; // its go statements with blocks
};

// The unit being compiled.
struct unit {
	struct esc *esc;
	bool annotated;         // includes <goat.h>
	vec<struct func *> funcs;
	hash_map<tree, struct func *> by_decl;
	hash_set<tree> checked; // casts of the data word of an interface to what it was seen to hold
};
extern struct unit unit;

// markers.cc
bool is_marked(tree decl, const char *attribute);
bool is_range_iterator(tree decl);      // what steps through a map
const char *range_text(tree elem);      // the map_range that ELEM is the value of
// The marked variable of a statement of ours (goat_defer, goat_switch or goat_case), if T is one.
tree marker_of(tree t);
bool is_defer(tree t);          // block_defer too
bool is_block_defer(tree t);
bool is_go(tree t);
bool is_chan_send(tree t);      // *goat_chan_send_("", c) = value
tree *marked_statement(tree bind);      // what is marked: the call or block, the switch, the case
void register_markers(const char *plugin);
void register_marker_attributes(void);

struct walk_state;

// scan.cc
void scan_function(struct func *f);
bool is_null(tree t);
struct func *owner_of(struct func *f, tree decl);       // F or one around it

// defer_scan.cc
void scan_deferred(struct func *f);
void flow_defer(struct walk_state *w, tree bind);
void decide_deferred(struct func *f);

// defer.cc
void lower_deferred(struct func *f);
bool needs_keeping(tree arg);           // what a call is given is not the same in any case
bool is_tied_to_its_place(tree call);
bool has_fixed_size(tree type);

// threadlocal.cc
bool is_of_thread(tree t);              // a variable that each thread has for itself
tree place_in_thread(tree v);
bool stores_late(tree t);
tree early_indices(tree t);
void forget_const_locations(void);
void register_threadlocal(const char *plugin);

// preempt.cc
void register_preempt(const char *plugin);
void prepare_preempt(void);
// Whether functions of the unit look whether the stack goes on elsewhere.
bool unit_looks(void);

// start.cc
void wrap_main(void);

// outline.cc
void outline_go_block(tree bind);       // of the marker: its block becomes a nested function, which it calls
bool is_go_block(tree fn);
void take_out_function(cgraph_node *node);

// go.cc
void flow_go(struct walk_state *w, tree bind);
void decide_go(struct func *f);
void lower_go(struct func *f);
void finish_go_block(struct func *f);   // F's body will not change any more

// flow.cc
struct walk_state {
	struct func *f;
	int depth;
	struct arm *arm;
	location_t where;       // of what is being initialised, for braces have no place of their own
};
void flow_function(struct func *f);
void flow_value(struct walk_state *w, struct esc_hole k, tree t);
void flow_elements(struct walk_state *w, struct esc_hole k, tree constructor);
struct esc_hole flow_place(struct walk_state *w, tree lhs);
struct esc_hole flow_place_at(struct walk_state *w, tree pointer);      // *pointer
bool is_returned_address(tree value);
bool has_pointers(tree type);
bool carries(tree type);
bool is_hiding_cast(tree pointer);
struct esc_hole join(struct walk_state *w, const struct esc_hole *k, size_t n);
struct esc_hole note(struct esc_hole k, tree t, const char *why);
struct esc_hole note_text(struct esc_hole k, const char *what, const char *why, location_t where);

static inline struct esc_hole
to_heap(void)
{
	return esc_hole(&unit.esc->heap);
}

// calls.cc
void flow_call(struct walk_state *w, struct esc_hole k, tree call);
// A call that may be made when this round of a loop is over: its arguments are kept on the heap.
void flow_call_later(struct walk_state *w, tree call);
// The function of the unit that DECL is, if its body may be relied on; else NULL.
struct func *unit_function(tree decl);
void scan_call(struct func *f, tree call);
// Pairs each free() with the object that it frees; after the function's flow.
void match_frees(struct func *f);
bool is_goat_new(tree fn);
tree new_literal(tree call);
const char *name_of_new(tree call);
// Whether EXPR makes an object that nothing has been stored in yet.
bool makes_block(tree expr);
struct object *object_at(struct walk_state *w, tree expr, enum object_kind kind);

// names.cc
// Text of T as the source has it, blanks folded; belongs to the caller until the unit ends.
const char *spell(tree t);
const char *spell_type(tree type);
tree strip_anonymous(tree ref);
// The name of the object that a literal or a call makes.
const char *spell_object(tree t);
const char *spell_location(location_t where);
location_t point_of_use(location_t where);
const char *keep(const char *text);
const char *joined(std::initializer_list<const char *> parts);  // kept

// report.cc
enum decision_kind { MOVED, HEAP, STACK, NOESCAPE, LEAK, NOTICE };
void report(const struct func *f, location_t where, enum decision_kind kind, const char *object,
	    const char *text, const struct esc_loc *loc, const char *action);
void report_flow_error(location_t where, const struct esc_loc *loc, const char *text);
void report_finish(void);
// Opens the file of -fgoat-OPTION=NAME for writing; an error and NULL if it cannot be.
FILE *open_output(const char *option, const char *name);
bool report_wanted(void);
bool flow_wanted(void);

// slice.cc
bool goat_is_slice(tree type);
bool is_at(tree call);
// The source's text for a call that makes an object, or NULL if it is none of ours.
const char *name_of_slice_object(tree call);
// Sends what a word about slices does with its operands where it goes; false if CALL is no such word.
bool flow_slice_word(struct walk_state *w, struct esc_hole k, tree call);
// Plain code for it, or NULL if it is none.
tree rewritten_slice_word(tree call);
bool slice_object_kind(tree call, enum object_kind *kind);
void describe_slice_object(struct object *o);
// The value of make() or string_cat(), in the frame only where FRAME.
tree made_slice_object(struct func *f, const struct object *o, bool frame);
// What subslice() or substr() takes a part of, or NULL if CALL is neither.
tree subslice_operand(tree call);

// moves.cc
// A place in the frame for O, of its type or as bytes.
tree frame_slot(struct func *f, const struct object *o);
tree cleared(tree slot, tree address);
// Whether a block of C's own heap may become an object of the frame; takes its part of the budget.
bool fits_in_frame(struct func *f, const struct object *o);
void act(struct func *f);
// What is left to do in a function that is left alone: new() comes from the heap.
void act_alone(struct func *f);

// trees.cc
enum entry {                    // functions of the runtime
#define ENTRY(name, ...) ENTRY_##name,
#include "goat/entry.def"
#undef ENTRY
	NENTRIES
};
tree runtime_function(enum entry e);
bool is_runtime_function(tree fn);
// A function of goat/map_inline.h, for calls that are not the program's own.
tree runtime_inline(const char *name, bool throws);
// Whether FN is such a one. They are not analysed.
bool is_part_of_runtime(tree fn);
tree global_declaration(const char *name);      // one of <goat.h>
// A new object of TYPE from the collector, as a pointer to it; SIZE and ALIGN in bytes.
tree allocation(location_t where, tree type, tree size, unsigned HOST_WIDE_INT align);
tree dereference(tree pointer);                 // *pointer, which is not null
tree address_of(tree slot, tree type);          // &slot as a TYPE
tree zero_of(tree type);
tree assign(tree place, tree value);
tree set_and_give(tree place, tree value, tree result);         // place = value, result
tree effect(tree t);                            // T, which does something
// A tree for the value of T that may stand in several places, of which the first is evaluated first.
tree once(tree t);
bool is_plain_local(tree decl);                 // a variable that nothing but its name refers to
tree in_order(tree first, tree then);           // first, then
tree choose(tree cond, tree a, tree b);         // cond ? a : b
tree compare(enum tree_code code, tree a, tree b);
tree both(tree a, tree b);
tree either(tree a, tree b);
tree expect(tree cond, bool value);
tree first_field(tree record);
tree field_named(tree record, const char *name);
tree field_of(tree record, tree field);
tree text_address(const char *text);            // as a constant of the program
struct member_type {
	const char *name;
	tree type;
};
tree new_record(std::initializer_list<struct member_type> members);
bool is_call_of(tree t, const char *name);      // of a function that <goat.h> declares
// walk_tree of what *TP points to, if anything; of the operands of T.
void walk_below(tree *tp, walk_tree_fn visit, void *data);
void walk_operands(tree t, walk_tree_fn visit, void *data);
// The block of the source that is F's body, made if there is none. Sizes in the types of parameters
// are computed before it.
tree outermost(struct func *f);
void put_at_top(tree bind, tree stmt);
// Declares V in BIND, and in its scope so that debug information has it.
void declare_in(tree bind, tree v);
tree new_variable(struct func *f, location_t where, const char *name, tree type);

// types.cc
enum : uint32_t { FNV_BASIS = 2166136261u };
struct member_value {
	const char *name;
	tree value;
};
tree goat_any_type(void);
tree goat_type_itself(tree type);
const char *goat_type_text(tree type);
// "int, double"; "void"; "" without prototype. The first SKIP are left out.
const char *goat_parameters_text(tree function_type, unsigned skip);
uint32_t goat_type_hash(tree type);
uint32_t goat_fnv1a(uint32_t h, const char *text);
bool goat_same_type(tree a, tree b);
bool goat_is_direct(tree type);
bool goat_is_comparable(tree type);     // it has an equality
bool goat_is_regular(tree type);        // all of its bytes decide
bool goat_has_padding(tree type);       // all of its bytes but padding do
void goat_value_bits(tree type, vec<unsigned char> *bits);      // its size in bytes, zeros where there is padding
bool goat_is_string(tree type);
tree goat_algorithm(tree type, const char *what, tree pointer_type);
tree goat_bytes_algorithm(tree type, const char *what, tree pointer_type);      // all bytes
bool goat_is_chan(tree type);
tree goat_chan_elem(tree chan);
bool goat_is_map(tree type);
tree goat_map_key(tree map);
tree goat_map_elem(tree map);
tree goat_type_address(tree type);
const char *goat_symbol(const char *what, const char *text, uint32_t hash);
tree goat_constant(const char *symbol, tree type, tree init, bool shared);
void goat_define(tree constant, tree init);
tree goat_struct_value(tree record, std::initializer_list<struct member_value> members);
tree goat_constant_array(tree elt_type, const vec<tree> &values);        // a pointer to its first
void goat_types_finish(void (*each)(tree type));

// methods.cc
bool goat_has_methods(tree base);
tree goat_typedef_with_methods(const char *name);       // NULL where there is none
bool goat_is_interface(tree type);      // any is one too
bool goat_is_any(tree type);
uint32_t goat_interface_hash(uint32_t h, tree type);
void register_methods(const char *plugin);
void register_method_attributes(void);

// implements.cc
// Whether a value of TYPE, in the source TEXT, converts to the interface TO; an error if not.
bool goat_check_conversion(location_t where, tree value, tree type, const char *text, tree to);
// Whether an interface of type FROM, in the source TEXT, can hold a TYPE; an error if not.
bool goat_check_assertion(location_t where, bool in_switch, const char *text, tree from, tree type);

// itabs.cc
tree goat_itab_address(tree inter, tree type);          // of its fn, what `tab` is

// wrappers.cc
// The call of METHOD of what an interface, converted from a TYPE, holds at SELF, its data word; NULL
// where that is not one function.
tree goat_direct_call(location_t where, tree type, const char *method, tree self,
		      const vec<tree> &rest);

// methodsets.cc
tree goat_interface_methods(tree type, tree pointer_type, size_t *n);
void goat_emit_methods(tree type);

// lower.cc
void lower_words(void);
// The source's text for a tree made for it, "" where there is none; NULL for all other trees.
const char *lowered_text(tree t);

// iface.cc
// What was converted, of the braces of an interface that the source does not have; "" where it is
// no pointer, NULL for any other braces.
const char *converted_text(tree constructor);

// convert.cc
// Whether CALL makes the object of a converted value, which nobody will write to.
bool is_box(tree call);

// map.cc
// goat_makemap_(), what make() of a map is until the analysis is done.
bool is_make_map(tree fn);
const char *name_of_make_map(tree call);
unsigned HOST_WIDE_INT frame_of_make_map(tree call);    // bytes
tree made_map(tree call, tree slot);
bool flow_map_call(struct walk_state *w, struct esc_hole k, tree call, tree fn);

// chan.cc
// Where the value that is put into DECL goes, if that is sent on a channel.
bool is_sent(tree decl);

// attrs, plugin.cc
bool is_goat_stack(tree decl);
bool is_goat_noescape(tree function_type, unsigned arg);

#endif
