// SPDX-License-Identifier: GPL-3.0-or-later
//
// lower.cc: the words of <goat.h> become plain trees.
//
// <goat.h> spells them as calls of functions that do not exist, with the texts and the types that
// the plugin has to know. Before the analysis reads a function, each such call, a marker, is replaced.
// Here is the walk that finds them; what each becomes is in the files that lower.h names. What is
// evaluated once in the source is a SAVE_EXPR then.
//
// L1  A marker that is not lowered would be an undefined symbol when linking; each is replaced, even
//     after an error.
// L2  What is inside a marker is lowered before the marker is.
//
// Layer: glue.

#include "lower.h"

namespace {

enum marker {
	MARKER_AS,
	MARKER_ASSERT,
	MARKER_ASSERT_OK,
	MARKER_SWITCH_INDEX,
	MARKER_IS_NIL,
	MARKER_IFACE_EQ,
	MARKER_TYPE_NAME,
	MARKER_MAP_CLEAR,
	MARKER_MAP_SHRINK,
	MARKER_MAP_STATS,
	MARKER_MAP_BEGIN,
	MARKER_MAP_NEXT,
	MARKER_CHAN_RECV,
	MARKER_CHAN_RECV_OK,
	MARKER_CHAN_CLOSE,
	MARKER_CHAN_NEXT,
	MARKER_SELECT_INDEX,
	NMARKERS,
};

const char *const marker_names[NMARKERS] = {
	"goat_as_",     "goat_assert_",   "goat_assert_ok_", "goat_switch_index_",
	"goat_is_nil_", "goat_iface_eq_", "goat_type_name_",
	"goat_map_clear_", "goat_map_shrink_",
	"goat_map_stats_", "goat_map_begin_", "goat_map_next_",
	"goat_chan_recv_", "goat_chan_recv_ok_", "goat_chan_close_", "goat_chan_next_",
	"goat_select_index_",
};

hash_map<tree, const char *> *spelled;  // what trees of ours are in the source; "": nothing

tree lower_tree(tree *tp, int *walk_subtrees, void *data);

void
lower_below(struct lowering *l, tree *tp)
{
	walk_below(tp, lower_tree, l);
}

int
called_marker(tree t)
{
	tree fn = TREE_CODE(t) == CALL_EXPR ? get_callee_fndecl(t) : NULL_TREE;

	if (fn == NULL_TREE || DECL_NAME(fn) == NULL_TREE || !DECL_EXTERNAL(fn) ||
	    !startswith(IDENTIFIER_POINTER(DECL_NAME(fn)), "goat_"))
		return -1;
	for (int i = 0; i < NMARKERS; i++)
		if (id_equal(DECL_NAME(fn), marker_names[i]))
			return i;
	return -1;
}

} // namespace

// ---------------------------------------------------------------- pieces

const char *
text_of(tree literal)
{
	STRIP_NOPS(literal);
	if (TREE_CODE(literal) == ADDR_EXPR)
		literal = TREE_OPERAND(literal, 0);
	if (TREE_CODE(literal) == ARRAY_REF)
		literal = TREE_OPERAND(literal, 0);
	return TREE_CODE(literal) == STRING_CST ? keep(TREE_STRING_POINTER(literal)) : "";
}

tree
without_conversions(tree t)
{
	while (CONVERT_EXPR_P(t))
		t = TREE_OPERAND(t, 0);
	return t;
}

tree
type_argument(tree call, int i)
{
	return TREE_TYPE(TREE_TYPE(CALL_EXPR_ARG(call, i)));
}

tree
called(tree t, const char *text)
{
	spelled->put(t, text);
	return t;
}

void
copy_text(tree from, tree to)
{
	if (const char **text = spelled->get(from))
		called(to, *text);
}

tree
literal(struct lowering *l, location_t where, tree type, tree init)
{
	tree decl = new_variable(l->f, where, NULL, type);

	DECL_INITIAL(decl) = init;
	TREE_READONLY(decl) = 0;
	TREE_ADDRESSABLE(decl) = 1;
	return effect(build1_loc(where, COMPOUND_LITERAL_EXPR, type,
				 build1_loc(where, DECL_EXPR, void_type_node, decl)));
}

bool
has_known_size(tree type)
{
	return !VOID_TYPE_P(type) && !FUNC_OR_METHOD_TYPE_P(type) && COMPLETE_TYPE_P(type) &&
	       tree_fits_uhwi_p(TYPE_SIZE_UNIT(type));
}

tree
zero_value(struct lowering *l, location_t where, tree type)
{
	if (!has_known_size(type))
		return build1(INDIRECT_REF, type, build_zero_cst(build_pointer_type(type)));
	type = TYPE_MAIN_VARIANT(type);
	return AGGREGATE_TYPE_P(type) ? literal(l, where, type, zero_of(type)) : zero_of(type);
}

// ---------------------------------------------------------------- markers

namespace {

void
lower_arguments(struct lowering *l, tree call)
{
	if (CALL_EXPR_FN(call) != NULL_TREE)
		lower_below(l, &CALL_EXPR_FN(call));
	for (int i = 0; i < call_expr_nargs(call); i++)
		lower_below(l, &CALL_EXPR_ARG(call, i));
}

// The value that a marker stands for, or NULL if CALL is none; its operands are lowered.
tree
lowered(struct lowering *l, tree call)
{
	location_t where = point_of_use(EXPR_LOCATION(call));

	if (is_slice_word(call))
		return lower_slice_word(l, call, where);
	switch (called_marker(call)) {
	case MARKER_AS:
		return lower_as(l, call, where);
	case MARKER_ASSERT:
		return lower_assert(l, call, where);
	case MARKER_ASSERT_OK:
		return lower_assert_ok(l, call, where);
	case MARKER_IS_NIL:
		return lower_is_nil(call, where);
	case MARKER_IFACE_EQ:
		return lower_iface_eq(call, where);
	case MARKER_TYPE_NAME:
		return lower_type_name(call, where);
	case MARKER_SWITCH_INDEX:
		return build_int_cst(TREE_TYPE(call), -1);
	case MARKER_MAP_CLEAR:
		return lower_map_word(call, MAP_CLEAR);
	case MARKER_MAP_SHRINK:
		return lower_map_word(call, MAP_SHRINK);
	case MARKER_MAP_STATS:
		return lower_map_word(call, MAP_STATS);
	case MARKER_MAP_BEGIN:
		return lower_map_word(call, MAP_BEGIN);
	case MARKER_MAP_NEXT:
		return lower_map_word(call, MAP_NEXT);
	case MARKER_CHAN_RECV:
		return lower_chan_word(l, call, CHAN_RECV);
	case MARKER_CHAN_RECV_OK:
		return lower_chan_word(l, call, CHAN_RECV_OK);
	case MARKER_CHAN_CLOSE:
		return lower_chan_word(l, call, CHAN_CLOSE);
	case MARKER_CHAN_NEXT:
		return lower_chan_word(l, call, CHAN_NEXT);
	case MARKER_SELECT_INDEX:
		return build_int_cst(TREE_TYPE(call), -1);
	default:
		return NULL_TREE;
	}
}

// A marker that gives an address, where the value at that address is wanted.
tree
marker_below(tree t)
{
	tree call = without_conversions(TREE_OPERAND(t, 0));
	int marker = called_marker(call);

	return marker == MARKER_AS || marker == MARKER_ASSERT || marker == MARKER_CHAN_RECV ||
			       gives_holder(call)
		       ? call
		       : NULL_TREE;
}

void
lower_load(struct lowering *l, tree *tp)
{
	tree call = marker_below(*tp);

	lower_arguments(l, call);
	*tp = lowered(l, call);
}

// at() gives an address of the type that the macro casts it to: there is no void * between.
void
lower_at(struct lowering *l, tree *tp)
{
	tree call = without_conversions(*tp);

	lower_arguments(l, call);
	*tp = fold_convert(TREE_TYPE(*tp), lowered(l, call));
}

// ---------------------------------------------------------------- the walk

void
lower_call(struct lowering *l, tree *tp)
{
	tree call = *tp, value;
	int marker = called_marker(call);

	evaluate_once(call);
	lower_arguments(l, call);
	if (CALL_EXPR_FN(call) != NULL_TREE && goat_is_chan(TREE_TYPE(CALL_EXPR_FN(call)))) {
		error_at(point_of_use(EXPR_LOCATION(call)), "a channel is not a function");
		*tp = build_zero_cst(TREE_TYPE(call));
		return;
	}
	if ((value = lower_map_call(call)) != NULL_TREE) {
		*tp = value;
		return;
	}
	if ((value = lowered(l, call)) == NULL_TREE) {
		spell_call(call);
		return devirtualise(l, tp);
	}
	if (marker == MARKER_AS || marker == MARKER_ASSERT || marker == MARKER_CHAN_RECV ||
	    gives_holder(call)) {
		// Its address is wanted, or nothing at all.
		tree type = TYPE_MAIN_VARIANT(TREE_TYPE(value));

		if (!has_known_size(type)) {    // there was an error
			*tp = build_zero_cst(TREE_TYPE(call));
			return;
		}
		value = literal(l, EXPR_LOCATION(call), type, value);
		value = effect(build1(ADDR_EXPR, build_pointer_type(type), value));
	}
	*tp = fold_convert(TREE_TYPE(call), value);
}

// Sizes of arrays are part of their types.
void
lower_sizes(struct lowering *l, tree type)
{
	for (; type != NULL_TREE && !l->met.add(type); type = TREE_TYPE(type)) {
		if (!POINTER_TYPE_P(type) && TREE_CODE(type) != ARRAY_TYPE)
			return;
		if (TREE_CODE(type) != ARRAY_TYPE || !variably_modified_type_p(type, NULL_TREE))
			continue;
		lower_below(l, &TYPE_SIZE(type));
		lower_below(l, &TYPE_SIZE_UNIT(type));
		if (TYPE_DOMAIN(type) != NULL_TREE)
			lower_below(l, &TYPE_MAX_VALUE(TYPE_DOMAIN(type)));
	}
}

void
lower_decl(struct lowering *l, tree decl)
{
	if (!VAR_P(decl) && TREE_CODE(decl) != TYPE_DECL)
		return;
	lower_sizes(l, TREE_TYPE(decl));
	if (VAR_P(decl) && DECL_INITIAL(decl) != NULL_TREE && !l->met.add(decl)) {
		lower_below(l, &DECL_INITIAL(decl));
		note_definition(decl);
		if (is_marked(decl, "goat_elem"))
			spell_range_value(decl);
	}
}

void
lower_switch(struct lowering *l, tree t)
{
	tree call = SWITCH_COND(t);

	if (call != NULL_TREE)
		call = without_conversions(call);
	if (call != NULL_TREE && called_marker(call) == MARKER_SWITCH_INDEX) {
		lower_arguments(l, call);
		lower_type_switch(l, t, call);
	} else if (call != NULL_TREE && called_marker(call) == MARKER_SELECT_INDEX) {
		lower_arguments(l, call);
		lower_select(l, t, call);
	} else {
		lower_below(l, &SWITCH_COND(t));
	}
	lower_below(l, &SWITCH_BODY(t));
}

// A word that is deferred, or a goroutine, is to be one call of the runtime.
void
lower_called_word(struct lowering *l, tree *tp)
{
	tree t = *tp;

	if (is_map_delete(t)) {
		lower_arguments(l, t);
		*tp = lower_deferred_delete(t);
	} else if (is_chan_send(t) || called_marker(t) == MARKER_CHAN_RECV) {
		if (is_chan_send(t)) {
			lower_below(l, &TREE_OPERAND(TREE_OPERAND(t, 0), 0));
			lower_below(l, &TREE_OPERAND(t, 1));
		} else {
			lower_arguments(l, t);
		}
		*tp = lower_called_chan_word(l, t);
	}
}

void
lower_bind(struct lowering *l, tree t)
{
	unsigned before = l->variables.length();

	if (is_defer(t) || is_go(t))
		lower_called_word(l, marked_statement(t));
	lower_below(l, &BIND_EXPR_BODY(t));
	while (l->variables.length() > before) {
		tree v = l->variables.pop();

		DECL_CHAIN(v) = BIND_EXPR_VARS(t);
		BIND_EXPR_VARS(t) = v;
	}
}

// What an interface holds is not written to.
void
check_assigned(struct lowering *l, tree *place)
{
	tree *base = place;

	while (handled_component_p(*base))
		base = &TREE_OPERAND(*base, 0);
	if (TREE_CODE(*base) != INDIRECT_REF || marker_below(*base) == NULL_TREE)
		return;
	error_at(point_of_use(EXPR_LOCATION(marker_below(*base))),
		 "lvalue required as left operand of assignment");
	*base = literal(l, UNKNOWN_LOCATION, TREE_TYPE(*base), zero_of(TREE_TYPE(*base)));
}

void
lower_set(struct lowering *l, tree *tp)
{
	lower_arguments(l, without_conversions(TREE_OPERAND(TREE_OPERAND(*tp, 0), 0)));
	lower_below(l, &TREE_OPERAND(*tp, 1));
	*tp = lower_map_set(*tp);
}

// `append(xs, 1);` changes nothing that anybody sees. Go: an error, `is not used`.
void
warn_of_unused(tree list)
{
	for (tree_stmt_iterator i = tsi_start(list); !tsi_end_p(i); tsi_next(&i)) {
		tree t = tsi_stmt(i);

		if (TREE_CODE(t) != INDIRECT_REF && !POINTER_TYPE_P(TREE_TYPE(t)))
			continue;
		if (TREE_CODE(t) == INDIRECT_REF)
			t = TREE_OPERAND(t, 0);
		t = without_conversions(t);
		if (gives_holder(t))
			warning_at(point_of_use(EXPR_LOCATION(t)), OPT_Wunused_value,
				   "value of %qs is not used", holder_word(t));
	}
}

void
lower_send(struct lowering *l, tree *tp)
{
	lower_arguments(l, without_conversions(TREE_OPERAND(TREE_OPERAND(*tp, 0), 0)));
	lower_below(l, &TREE_OPERAND(*tp, 1));
	*tp = lower_chan_send(l, *tp);
}

// chan_recv(c) as a statement: ((void)0, *call), perhaps cast to void.
tree
unused_recv(tree t)
{
	t = without_conversions(t);
	if (TREE_CODE(t) == COMPOUND_EXPR && integer_zerop(without_conversions(TREE_OPERAND(t, 0))))
		t = without_conversions(TREE_OPERAND(t, 1));
	if (TREE_CODE(t) == INDIRECT_REF)
		t = without_conversions(TREE_OPERAND(t, 0));
	return called_marker(t) == MARKER_CHAN_RECV ? t : NULL_TREE;
}

void
lower_unused(struct lowering *l, tree list)
{
	for (tree_stmt_iterator i = tsi_start(list); !tsi_end_p(i); tsi_next(&i))
		if (tree call = unused_recv(tsi_stmt(i))) {
			lower_arguments(l, call);
			*tsi_stmt_ptr(i) = lower_unused_recv(l, call);
		}
}

tree
lower_tree(tree *tp, int *walk_subtrees, void *data)
{
	struct lowering *l = (struct lowering *)data;
	tree t = *tp;

	if (TYPE_P(t)) {
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	switch (TREE_CODE(t)) {
	case STATEMENT_LIST:
		warn_of_unused(t);
		lower_unused(l, t);
		return NULL_TREE;
	case BIND_EXPR:
		*walk_subtrees = 0;
		lower_bind(l, t);
		return NULL_TREE;
	case DECL_EXPR:
		*walk_subtrees = 0;
		lower_decl(l, DECL_EXPR_DECL(t));
		return NULL_TREE;
	case COMPOUND_LITERAL_EXPR:
		*walk_subtrees = 0;
		lower_decl(l, COMPOUND_LITERAL_EXPR_DECL(t));
		return NULL_TREE;
	case SAVE_EXPR:
	case TARGET_EXPR:
		if (l->met.add(t))
			*walk_subtrees = 0;
		return NULL_TREE;
	CASE_CONVERT:
		if (is_at(without_conversions(t))) {
			*walk_subtrees = 0;
			lower_at(l, tp);
		}
		return NULL_TREE;
	case INDIRECT_REF:
		if (marker_below(t) != NULL_TREE) {
			*walk_subtrees = 0;
			lower_load(l, tp);
		} else if (is_map_get(t)) {
			*walk_subtrees = 0;
			lower_below(l, &TREE_OPERAND(t, 0));
			copy_text(TREE_OPERAND(t, 0), t);
		}
		return NULL_TREE;
	case MODIFY_EXPR:
		if (is_map_set(t)) {
			*walk_subtrees = 0;
			lower_set(l, tp);
			return NULL_TREE;
		}
		if (is_chan_send(t)) {
			*walk_subtrees = 0;
			lower_send(l, tp);
			return NULL_TREE;
		}
		check_assigned(l, &TREE_OPERAND(t, 0));
		return NULL_TREE;
	case PREINCREMENT_EXPR:
	case PREDECREMENT_EXPR:
	case POSTINCREMENT_EXPR:
	case POSTDECREMENT_EXPR:
		check_assigned(l, &TREE_OPERAND(t, 0));
		return NULL_TREE;
	case CALL_EXPR:
		*walk_subtrees = 0;
		lower_call(l, tp);
		return NULL_TREE;
	case SWITCH_EXPR:
		*walk_subtrees = 0;
		lower_switch(l, t);
		return NULL_TREE;
	default:
		return NULL_TREE;
	}
}

} // namespace

void
lower_words(void)
{
	spelled = new hash_map<tree, const char *>;
	find_assignments();
	for (struct func *f : unit.funcs) {
		struct lowering l;

		l.f = f;
		current_function_decl = f->decl;
		lower_below(&l, &DECL_SAVED_TREE(f->decl));
	}
	current_function_decl = NULL_TREE;
}

const char *
lowered_text(tree t)
{
	const char **text = spelled != NULL ? spelled->get(t) : NULL;

	return text != NULL ? *text : NULL;
}
