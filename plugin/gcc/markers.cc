// SPDX-License-Identifier: GPL-3.0-or-later
//
// markers.cc: the statements that <goat.h> adds to C, from the macro's loop to a marked block.
//
// A macro that takes a statement can only be a loop around it:
//
//	defer STATEMENT		for (char goat_deferred_ __attribute__((goat_defer));;) goat_label_1: STATEMENT
//	type_switch (i) ...	for (__auto_type goat_switch_ __attribute__((goat_switch)) = (i);;) switch ...
//	case_type (T, v) ...	for (T v __attribute__((goat_case));;) ...
//	map_range (m, k, v) ...	two of them around a loop that the program does have, and two in it
//	slice_range (xs, i, v) ...	for (__auto_type goat_range_ __attribute__((goat_range)) = (xs);;)
//				for (...) for (size_t i __attribute__((goat_each)) = ...;;) for (T v ...) ...
//	chan_range (c, v) ...	the same around for (;;) for (T v __attribute__((goat_received)); NEXT;) ...
//	go STATEMENT		as defer
//	chan_select ...		for (char goat_select_ __attribute__((goat_select));;) switch (...) ...
//	case_recv (c, v) ...	for (T v __attribute__((goat_comm));; OPERANDS) ...
//
// When a function has been parsed, and before the front end makes labels and gotos of its loops,
// the loop is taken out and what was in it put in its place. What is left is a BIND_EXPR that
// declares the marked variable, and then
//
//	of defer	a CALL_EXPR, or the BIND_EXPR of a block: nothing else, or there was an error
//	of type_switch	the SWITCH_STMT
//	of a case	its statement, and a `break`
//	of map_range	the loop, or in it the statement
//	of slice_range	the loop, in which the variables of a round are marked in the same way
//	of chan_range	the loop, in it the variable of a round, `if (!NEXT) break`, and the statement
//	of go		the call; of a block, it has become the body of a nested function (outline.cc)
//	of chan_select	the SWITCH_STMT, of which the condition is a call with the operands of all cases
//
// So `break` and `continue` mean what the user sees around them. Those that had nothing but our loop
// around them, and jumps into or out of a deferred block, are errors here, where they still have
// their names.
//
// A block without declarations leaves no trace in the front end's trees. So there is a label before
// a deferred statement, whose attribute asks for the next block to leave one.
//
// Layer: glue.

#include "glue.h"

namespace {

// ---------------------------------------------------------------- attributes

// A function with a named result may end, or return, without a value.
hash_set<tree> *with_result;
int return_type_warning;        // -Wreturn-type outside of such functions

bool
is_variable_of_function(tree decl)
{
	return VAR_P(decl) && !TREE_STATIC(decl) && !DECL_EXTERNAL(decl) &&
	       current_function_decl != NULL_TREE;
}

tree
misused(tree name, bool *no_add_attrs)
{
	error("%qE attribute is only for the words of %<<goat.h>%>", name);
	*no_add_attrs = true;
	return NULL_TREE;
}

tree
handle_marker(tree *node, tree name, tree args, int, bool *no_add_attrs)
{
	if (!is_variable_of_function(*node) ||
	    (args != NULL_TREE && TREE_CODE(TREE_VALUE(args)) != STRING_CST))
		return misused(name, no_add_attrs);
	TREE_USED(*node) = 1;
	DECL_READ_P(*node) = 1;
	return NULL_TREE;
}

// On the label before a deferred statement: is it a block?
tree
handle_block(tree *node, tree name, tree, int, bool *no_add_attrs)
{
	if (TREE_CODE(*node) != LABEL_DECL)
		return misused(name, no_add_attrs);
	TREE_USED(*node) = 1;
	keep_next_level();
	return NULL_TREE;
}

// On a label in the block that is to end with something of ours: an invisible declaration keeps it.
tree
handle_scope(tree *node, tree name, tree, int, bool *no_add_attrs)
{
	tree keeper;

	if (TREE_CODE(*node) != LABEL_DECL)
		return misused(name, no_add_attrs);
	TREE_USED(*node) = 1;
	keeper = build_decl(DECL_SOURCE_LOCATION(*node), TYPE_DECL, NULL_TREE, char_type_node);
	DECL_ARTIFICIAL(keeper) = DECL_IGNORED_P(keeper) = 1;
	TREE_USED(keeper) = 1;
	pushdecl(keeper);
	return NULL_TREE;
}

bool
is_keeper(tree decl)
{
	return TREE_CODE(decl) == TYPE_DECL && DECL_NAME(decl) == NULL_TREE && DECL_IGNORED_P(decl) &&
	       TREE_TYPE(decl) == char_type_node;
}

// In this function a return without a value is nothing that the front end knows enough of.
void
loosen_returns(void)
{
	if (with_result == NULL)
		with_result = new hash_set<tree>;
	if (with_result->is_empty())
		return_type_warning = warn_return_type;
	with_result->add(current_function_decl);
	warn_return_type = 0;
}

tree
handle_result(tree *node, tree name, tree, int, bool *no_add_attrs)
{
	if (!is_variable_of_function(*node))
		return misused(name, no_add_attrs);
	TREE_USED(*node) = 1;
	DECL_READ_P(*node) = 1;
	current_function_returns_value = 1;
	loosen_returns();
	return NULL_TREE;
}

// ---- maps

// Each spelling of a type is read once for each place that a macro has it in.
bool
told_before(location_t where, tree type)
{
	static hash_map<tree, location_t> *told;
	location_t *last;

	if (told == NULL)
		told = new hash_map<tree, location_t>;
	if ((last = told->get(type)) != NULL && *last == where)
		return true;
	told->put(type, where);
	return false;
}

bool
is_char_pointer(tree type)
{
	return TREE_CODE(type) == POINTER_TYPE &&
	       TYPE_MAIN_VARIANT(TREE_TYPE(type)) == char_type_node;
}

// A type as the source has it: by its typedef, where it is spelled so.
const char *
type_as_written(tree type)
{
	tree name = TYPE_NAME(type);

	if (name != NULL_TREE && TREE_CODE(name) == TYPE_DECL && DECL_NAME(name) != NULL_TREE)
		return IDENTIFIER_POINTER(DECL_NAME(name));
	return goat_type_text(type);
}

void
check_key(location_t where, tree key)
{
	if (error_operand_p(key) || told_before(where, key))
		return;
	if (!goat_is_comparable(key) || TREE_CODE(key) == ARRAY_TYPE)
		error_at(where, "invalid map key type %s", type_as_written(key));
	else if (is_char_pointer(key))
		warning_at(where, 0, "a map keyed by %qs compares addresses, not text; "
			   "%<string%> keys compare text", type_as_written(key));
}

// map(K, V) of <goat.h>: nothing of the attribute stays, so that the type is one wherever it stands.
tree
handle_map(tree *node, tree name, tree, int, bool *no_add_attrs)
{
	*no_add_attrs = true;
	if (!TYPE_P(*node) || !goat_is_map(*node))
		return misused(name, no_add_attrs);
	check_key(point_of_use(input_location), goat_map_key(*node));
	return NULL_TREE;
}

// The type of the argument's keys.
tree
handle_key_of(tree *node, tree name, tree args, int, bool *no_add_attrs)
{
	tree map = TREE_VALUE(args);

	*no_add_attrs = true;
	if (error_operand_p(map))
		return NULL_TREE;
	if (!TYPE_P(*node) || TREE_CODE(map) == IDENTIFIER_NODE || TREE_TYPE(map) == NULL_TREE)
		return misused(name, no_add_attrs);
	if (goat_is_map(TREE_TYPE(map)))
		*node = goat_map_key(TREE_TYPE(map));
	return NULL_TREE;
}

// The variables of map_range get their types from the map.
tree
handle_range_variable(tree *node, tree name, tree args, int, bool *no_add_attrs)
{
	tree map = TREE_VALUE(args), type;

	if (error_operand_p(map)) {
		*no_add_attrs = true;
		return NULL_TREE;
	}
	if (!is_variable_of_function(*node) || !VAR_P(map))
		return misused(name, no_add_attrs);
	TREE_USED(*node) = 1;
	DECL_READ_P(*node) = 1;
	if (!goat_is_map(TREE_TYPE(map))) {
		if (id_equal(name, "goat_key"))
			error_at(point_of_use(DECL_SOURCE_LOCATION(map)),
				 "%<map_range%> needs a map, not a value of type %qT", TREE_TYPE(map));
		return NULL_TREE;
	}
	type = id_equal(name, "goat_key") ? goat_map_key(TREE_TYPE(map)) : goat_map_elem(TREE_TYPE(map));
	TREE_TYPE(*node) = build_qualified_type(type, TYPE_UNQUALIFIED);
	relayout_decl(*node);
	return NULL_TREE;
}

// ---- channels and goroutines

// chan(T) of <goat.h>: as with map(K, V).
tree
handle_chan(tree *node, tree name, tree, int, bool *no_add_attrs)
{
	*no_add_attrs = true;
	if (!TYPE_P(*node) || !goat_is_chan(*node))
		return misused(name, no_add_attrs);
	return NULL_TREE;
}

// (WHAT, c): the type becomes that of the values of c, which is only looked at. Go: types2, recv and
// send of a non-channel.
tree
handle_elem_of(tree *node, tree name, tree args, int, bool *no_add_attrs)
{
	tree c = TREE_VALUE(TREE_CHAIN(args)), elem;
	const char *what;
	location_t where = point_of_use(input_location);

	*no_add_attrs = true;
	if (!TYPE_P(*node) || TREE_CODE(TREE_VALUE(args)) != STRING_CST ||
	    TREE_CODE(c) == IDENTIFIER_NODE)
		return misused(name, no_add_attrs);
	*node = integer_type_node;
	if (error_operand_p(c) || TREE_TYPE(c) == NULL_TREE)
		return NULL_TREE;
	what = TREE_STRING_POINTER(TREE_VALUE(args));
	if (!goat_is_chan(TREE_TYPE(c))) {
		if (strcmp(what, "range over") == 0)
			error_at(where, "%<chan_range%> needs a channel, not a value of type %qs",
				 goat_type_text(TREE_TYPE(c)));
		else
			error_at(where, "invalid operation: cannot %s non-channel %s (%s of type %s)", what,
				 spell(c), DECL_P(c) ? "variable" : "value", goat_type_text(TREE_TYPE(c)));
		return NULL_TREE;
	}
	elem = goat_chan_elem(TREE_TYPE(c));
	if (VOID_TYPE_P(elem) || FUNC_OR_METHOD_TYPE_P(elem) || !COMPLETE_TYPE_P(elem) ||
	    !tree_fits_uhwi_p(TYPE_SIZE_UNIT(elem)))
		error_at(where, "invalid operation: cannot %s %s (%s of type %s): its elements have no size",
			 what, spell(c), DECL_P(c) ? "variable" : "value", goat_type_text(TREE_TYPE(c)));
	else
		*node = elem;
	return NULL_TREE;
}

// A go block may `return;` in a function that has a result.
tree
handle_go(tree *node, tree name, tree, int, bool *no_add_attrs)
{
	if (!is_variable_of_function(*node))
		return misused(name, no_add_attrs);
	TREE_USED(*node) = 1;
	DECL_READ_P(*node) = 1;
	loosen_returns();
	return NULL_TREE;
}

void
end_of_function(void *fn, void *)
{
	if (with_result == NULL || with_result->is_empty())
		return;
	with_result->remove((tree)fn);
	if (with_result->is_empty())
		warn_return_type = return_type_warning;
}

const struct attribute_spec attributes[] = {
	{ "goat_defer", 0, 1, true, false, false, false, handle_marker, NULL },
	{ "goat_block", 0, 0, true, false, false, false, handle_block, NULL },
	{ "goat_scope", 0, 0, true, false, false, false, handle_scope, NULL },
	{ "goat_switch", 1, 1, true, false, false, false, handle_marker, NULL },
	{ "goat_case", 1, 1, true, false, false, false, handle_marker, NULL },
	{ "goat_range", 0, 1, true, false, false, false, handle_marker, NULL },
	{ "goat_each", 0, 1, true, false, false, false, handle_marker, NULL },
	{ "goat_iter", 0, 0, true, false, false, false, handle_marker, NULL },
	{ "goat_key", 1, 1, true, false, false, false, handle_range_variable, NULL },
	{ "goat_elem", 1, 1, true, false, false, false, handle_range_variable, NULL },
	{ "goat_key_of", 1, 1, false, true, false, false, handle_key_of, NULL },
	{ "goat_map", 0, 0, false, true, false, false, handle_map, NULL },
	{ "goat_chan", 0, 0, false, true, false, false, handle_chan, NULL },
	{ "goat_elem_of", 2, 2, false, true, false, false, handle_elem_of, NULL },
	{ "goat_received", 0, 0, true, false, false, false, handle_marker, NULL },
	{ "goat_select", 0, 0, true, false, false, false, handle_marker, NULL },
	{ "goat_comm", 1, 1, true, false, false, false, handle_marker, NULL },
	{ "goat_ok", 0, 0, true, false, false, false, handle_marker, NULL },
	{ "goat_go", 0, 0, true, false, false, false, handle_go, NULL },
	{ "goat_result", 0, 0, true, false, false, false, handle_result, NULL },
};

// ---------------------------------------------------------------- the walk

// Where a statement stands.
struct around {
	tree deferred;          // the innermost deferred block, by its marker, or NULL
	tree scope;             // the innermost block_defer before it in its block or one around it
	bool loop;              // in the deferred block, or in the function: a loop around it,
	bool breakable;         // a loop or switch,
	bool cases;             // a switch
	tree switch_scope;      // where that stands
	tree select;            // the call that a chan_select has for its condition, directly around it
};

struct jump {
	tree label;             // NULL: to any label whose address is taken
	struct around from;
	location_t where;
};

struct walk {
	tree fn;
	struct around at = {};
	tree outermost = NULL_TREE;             // the block that is the body
	tree result = NULL_TREE;                // result(T, r), once it was met
	hash_map<tree, struct around> labels;
	hash_map<tree, tree> scopes;            // of a block_defer: the one around it
	hash_map<tree, tree> around;            // of a deferred or go block: the one around it
	auto_vec<struct jump> jumps;
	auto_vec<tree> taken;                   // labels whose address is taken
	auto_vec<tree> ours;                    // labels of the macros, and those that go blocks take along
	auto_vec<location_t> bare_returns;
	auto_vec<tree> go_blocks;               // by their markers, outer ones first
	hash_set<tree> met;                     // shared trees
};

tree visit(tree *tp, int *walk_subtrees, void *data);
tree without_casts(tree t);

void
visit_below(struct walk *w, tree *tp)
{
	walk_below(tp, visit, w);
}

void
walk_loop(struct walk *w, tree t)
{
	struct around outer = w->at;

	w->at.loop = w->at.breakable = true;
	w->at.select = NULL_TREE;
	walk_operands(t, visit, w);
	w->at = outer;
}

void
walk_switch(struct walk *w, tree t)
{
	struct around outer = w->at;

	visit_below(w, &SWITCH_STMT_COND(t));
	w->at.breakable = w->at.cases = true;
	w->at.switch_scope = w->at.scope;
	w->at.select = NULL_TREE;
	if (is_call_of(without_casts(SWITCH_STMT_COND(t)), "goat_select_index_"))
		w->at.select = t;
	visit_below(w, &SWITCH_STMT_BODY(t));
	w->at = outer;
}

bool
is_our_label(tree t)
{
	if (TREE_CODE(t) != LABEL_EXPR)
		return false;
	return is_marked(LABEL_EXPR_LABEL(t), "goat_block") ||
	       is_marked(LABEL_EXPR_LABEL(t), "goat_scope");
}

// Puts what follows I in its list into the block of the block_defer at I.
void
take_rest(struct walk *w, tree_stmt_iterator i)
{
	tree bind = tsi_stmt(i), rest = NULL_TREE, outer = w->at.scope;
	tree_stmt_iterator last = tsi_last(BIND_EXPR_BODY(bind));

	for (tsi_next(&i); !tsi_end_p(i);) {
		append_to_statement_list_force(tsi_stmt(i), &rest);
		tsi_delink(&i);
	}
	if (rest == NULL_TREE)
		return;
	rest = build3(BIND_EXPR, void_type_node, NULL_TREE, rest, NULL_TREE);
	TREE_SIDE_EFFECTS(rest) = 1;
	tsi_link_before(&last, rest, TSI_SAME_STMT);
	w->scopes.put(bind, outer);
	w->at.scope = bind;
	visit_below(w, &BIND_EXPR_BODY(rest));
	w->at.scope = outer;
}

void
walk_list(struct walk *w, tree list)
{
	for (tree_stmt_iterator i = tsi_start(list); !tsi_end_p(i);) {
		if (is_our_label(tsi_stmt(i))) {
			w->ours.safe_push(LABEL_EXPR_LABEL(tsi_stmt(i)));
			tsi_delink(&i);
			continue;
		}
		visit_below(w, tsi_stmt_ptr(i));
		if (is_block_defer(tsi_stmt(i)))
			take_rest(w, i);
		tsi_next(&i);
	}
}

// ---------------------------------------------------------------- markers

// The loop of the macro.
tree *
loop_of_marker(tree bind)
{
	tree *at = marked_statement(bind);

	return TREE_CODE(*at) == FOR_STMT ? at : NULL;
}

// Types of a size known only now that are spelled in the deferred call are declared before it.
void
declare_before(tree bind, tree decl_expr)
{
	tree list = BIND_EXPR_BODY(bind);
	tree_stmt_iterator last = tsi_last(list);

	tsi_link_before(&last, decl_expr, TSI_SAME_STMT);
}

// Drops the macro's label from what follows `defer`, and gives the statement that is left, or NULL.
tree
deferred_statement(struct walk *w, tree bind, tree body)
{
	tree last = NULL_TREE;

	if (TREE_CODE(body) == BIND_EXPR && TREE_CODE(BIND_EXPR_BODY(body)) == STATEMENT_LIST)
		body = BIND_EXPR_BODY(body);    // of the loop itself: a type was defined in the call
	if (TREE_CODE(body) != STATEMENT_LIST)
		return body;
	for (tree_stmt_iterator i = tsi_start(body); !tsi_end_p(i); tsi_next(&i)) {
		tree t = tsi_stmt(i);

		if (is_our_label(t))
			w->ours.safe_push(LABEL_EXPR_LABEL(t));
		else if (TREE_CODE(t) == DECL_EXPR && TREE_CODE(DECL_EXPR_DECL(t)) == TYPE_DECL)
			declare_before(bind, t);
		else if (TREE_CODE(t) != DEBUG_BEGIN_STMT && TREE_CODE(t) != PREDICT_EXPR)
			last = t;
	}
	return last;
}

tree
without_casts(tree t)
{
	while (CONVERT_EXPR_P(t) || TREE_CODE(t) == NON_LVALUE_EXPR)
		t = TREE_OPERAND(t, 0);
	return t;
}

void take_case(struct walk *w, tree bind, tree *loop);

// The call that STMT is, or that a word of ours is to the front end: ((void)0, *call), *call = value.
tree
called_in(tree stmt)
{
	tree t = without_casts(stmt);

	if (TREE_CODE(t) == COMPOUND_EXPR && integer_zerop(without_casts(TREE_OPERAND(t, 0))))
		t = without_casts(TREE_OPERAND(t, 1));
	// The front end has folded (void)(*call = 9).
	if (TREE_CODE(t) == COMPOUND_EXPR && is_chan_send(TREE_OPERAND(t, 0)) &&
	    !TREE_SIDE_EFFECTS(TREE_OPERAND(t, 1)))
		t = TREE_OPERAND(t, 0);
	if (is_chan_send(t))
		return t;
	if (TREE_CODE(t) == INDIRECT_REF)
		t = without_casts(TREE_OPERAND(t, 0));
	return TREE_CODE(t) == CALL_EXPR ? t : NULL_TREE;
}

// An `if` or a loop is a block too, of one statement, that begins where it does. With
// -ftrack-macro-expansion=0 all of a macro is at one place, and we cannot tell.
bool
is_braced(tree bind)
{
	tree body = BIND_EXPR_BODY(bind), last = body;

	if (TREE_CODE(body) == STATEMENT_LIST)
		last = tsi_end_p(tsi_last(body)) ? NULL_TREE : tsi_stmt(tsi_last(body));
	if (marker_of(bind) != NULL_TREE)
		return false;
	if (last == NULL_TREE || !cpp_get_options(parse_in)->track_macro_expansion)
		return true;
	switch (TREE_CODE(last)) {
	case COND_EXPR:
	case FOR_STMT:
	case WHILE_STMT:
	case DO_STMT:
	case SWITCH_STMT:
		return EXPR_LOCATION(last) != EXPR_LOCATION(bind);
	default:
		return true;
	}
}

void
walk_deferred_block(struct walk *w, tree bind, tree *block)
{
	struct around outer = w->at;

	if (outer.deferred != NULL_TREE)
		w->around.put(bind, outer.deferred);
	w->at = {};
	w->at.deferred = bind;
	visit_below(w, block);
	w->at = outer;
}

void
take_deferred(struct walk *w, tree bind, tree *loop)
{
	tree stmt = deferred_statement(w, bind, FOR_BODY(*loop)), call;

	loop = loop_of_marker(bind);
	*loop = build_empty_stmt(UNKNOWN_LOCATION);
	if (stmt != NULL_TREE && error_operand_p(stmt))
		return;
	if (stmt != NULL_TREE && TREE_CODE(stmt) == BIND_EXPR && is_braced(stmt)) {
		*loop = stmt;
		if (is_go(bind))
			w->go_blocks.safe_push(bind);
		return walk_deferred_block(w, bind, loop);
	}
	call = stmt != NULL_TREE ? called_in(stmt) : NULL_TREE;
	if (call != NULL_TREE) {
		*loop = call;
		return visit_below(w, loop);
	}
	error_at(stmt != NULL_TREE && EXPR_HAS_LOCATION(stmt)
			 ? EXPR_LOCATION(stmt)
			 : point_of_use(DECL_SOURCE_LOCATION(marker_of(bind))),
		 "expression in %s must be function call", is_go(bind) ? "go" : "defer");
}

// { if (!NEXT) break; the statement }
void
take_received(struct walk *w, tree bind, tree *loop)
{
	tree list = NULL_TREE, next = FOR_COND(*loop), body = FOR_BODY(*loop);

	next = build3(COND_EXPR, void_type_node, next, build_empty_stmt(UNKNOWN_LOCATION),
		      compat_build_break());
	TREE_SIDE_EFFECTS(next) = 1;
	append_to_statement_list_force(next, &list);
	append_to_statement_list(body, &list);
	*loop = list;
	visit_below(w, &BIND_EXPR_BODY(bind));
}

// The operands of a case go to the condition of its chan_select.
void
take_comm(struct walk *w, tree bind, tree *loop)
{
	tree select = w->at.select, *cond, call, *args, operands = FOR_EXPR(*loop);
	location_t where = point_of_use(DECL_SOURCE_LOCATION(marker_of(bind)));
	int n;

	if (select == NULL_TREE) {
		error_at(where, "a case of %<chan_select%> that does not stand in one");
		*loop = build_empty_stmt(where);
		return;
	}
	cond = &SWITCH_STMT_COND(select);
	while (CONVERT_EXPR_P(*cond) || TREE_CODE(*cond) == NON_LVALUE_EXPR)
		cond = &TREE_OPERAND(*cond, 0);
	call = *cond;
	n = call_expr_nargs(call);
	args = XALLOCAVEC(tree, n + 1);
	for (int i = 0; i < n; i++)
		args[i] = CALL_EXPR_ARG(call, i);
	args[n] = operands;
	*cond = build_call_array_loc(EXPR_LOCATION(call), TREE_TYPE(call), CALL_EXPR_FN(call), n + 1, args);
	TREE_SIDE_EFFECTS(*cond) = 1;
	visit_below(w, &CALL_EXPR_ARG(*cond, n));
	w->at.select = NULL_TREE;
	take_case(w, bind, loop);
	w->at.select = select;
}

// A case ends with its block.
void
take_case(struct walk *w, tree bind, tree *loop)
{
	tree list = NULL_TREE;

	append_to_statement_list(FOR_BODY(*loop), &list);
	append_to_statement_list_force(compat_build_break(), &list);
	*loop = list;
	visit_below(w, &BIND_EXPR_BODY(bind));
}

void
take_marker(struct walk *w, tree bind, tree marker)
{
	tree *loop = loop_of_marker(bind);

	if (loop == NULL) {
		error_at(DECL_SOURCE_LOCATION(marker),
			 "attribute of %qD is only for the words of %<<goat.h>%>", marker);
		return;
	}
	if (is_marked(marker, "goat_defer") || is_marked(marker, "goat_go"))
		return take_deferred(w, bind, loop);
	if (is_marked(marker, "goat_case"))
		return take_case(w, bind, loop);
	if (is_marked(marker, "goat_comm"))
		return take_comm(w, bind, loop);
	if (is_marked(marker, "goat_received"))
		return take_received(w, bind, loop);
	*loop = FOR_BODY(*loop);
	visit_below(w, &BIND_EXPR_BODY(bind));
}

// ---------------------------------------------------------------- named results

void
meet_result(struct walk *w, tree bind, tree r)
{
	tree type = TREE_TYPE(TREE_TYPE(w->fn));
	location_t where = DECL_SOURCE_LOCATION(r);

	if (error_operand_p(r))
		return;
	if (bind != w->outermost)
		error_at(where, "named result %qD is not in the outermost block of its function", r);
	else if (w->result != NULL_TREE)
		error_at(where, "named result %qD, but %qD is the result already", r, w->result);
	else if (!comptypes(TYPE_MAIN_VARIANT(TREE_TYPE(r)), TYPE_MAIN_VARIANT(type)))
		error_at(where, "named result %qD of type %qT in a function that returns %qT", r,
			 TREE_TYPE(r), type);
	w->result = r;
}

void
set_variables(tree bind, tree vars)
{
	BIND_EXPR_VARS(bind) = vars;
	if (tree block = BIND_EXPR_BLOCK(bind))
		BLOCK_VARS(block) = vars;
}

void
forget_keepers(tree bind)
{
	tree vars = BIND_EXPR_VARS(bind);

	for (tree *at = &vars; *at != NULL_TREE;)
		if (is_keeper(*at))
			*at = DECL_CHAIN(*at);
		else
			at = &DECL_CHAIN(*at);
	if (vars != BIND_EXPR_VARS(bind))
		set_variables(bind, vars);
}

void
walk_block(struct walk *w, tree bind)
{
	tree marker = marker_of(bind);

	if (w->outermost == NULL_TREE)
		w->outermost = bind;
	forget_keepers(bind);
	for (tree v = BIND_EXPR_VARS(bind); v != NULL_TREE; v = DECL_CHAIN(v)) {
		if (VAR_P(v) && is_marked(v, "goat_result"))
			meet_result(w, bind, v);
		if (VAR_P(v) && DECL_INITIAL(v) != NULL_TREE)
			visit_below(w, &DECL_INITIAL(v));
	}
	if (marker != NULL_TREE)
		take_marker(w, bind, marker);
	else
		visit_below(w, &BIND_EXPR_BODY(bind));
}

// ---------------------------------------------------------------- jumps

const char *
name_of_block(tree bind)
{
	return is_go(bind) ? "go block" : "deferred block";
}

void
leave(struct walk *w, tree *tp, bool allowed, const char *word, const char *alone)
{
	location_t where = EXPR_LOCATION(*tp);

	if (allowed)
		return;
	if (w->at.deferred != NULL_TREE)
		error_at(where, "%qs out of a %s", word, name_of_block(w->at.deferred));
	else
		error_at(where, "%s", alone);
	*tp = build_empty_stmt(where);
}

// The front end takes a return in a go block for one of the function, and says nothing where there is
// such a block.
void
meet_return(struct walk *w, tree *tp)
{
	tree t = *tp, value = TREE_OPERAND(t, 0), type = TREE_TYPE(TREE_TYPE(w->fn));

	if (w->at.deferred != NULL_TREE && is_go(w->at.deferred)) {
		if (value != NULL_TREE)
			error_at(EXPR_LOCATION(t), "too many return values in a go block");
		return;
	}
	leave(w, tp, w->at.deferred == NULL_TREE, "return", "");
	if (w->at.deferred == NULL_TREE && value == NULL_TREE && !VOID_TYPE_P(type))
		w->bare_returns.safe_push(EXPR_LOCATION(t));
}

// Said of functions where handle_go has kept the front end quiet.
void
warn_of_bare_returns(struct walk *w)
{
	if (w->go_blocks.is_empty() || w->result != NULL_TREE || return_type_warning == 0)
		return;
	for (location_t where : w->bare_returns)
		warning_at(where, 0,
			   "%<return%> with no value, in function returning non-void");
}

// Whether what is after the block_defer FROM, or none, is in the scope of the block_defer TO too.
bool
in_scope(struct walk *w, tree from, tree to)
{
	while (to != from && from != NULL_TREE)
		from = *w->scopes.get(from);
	return from == to;
}

bool
in_go_block(struct walk *w)
{
	for (tree at = w->at.deferred; at != NULL_TREE;) {
		tree *outer = w->around.get(at);

		if (is_go(at))
			return true;
		at = outer != NULL ? *outer : NULL_TREE;
	}
	return false;
}

void
meet_case(struct walk *w, tree t)
{
	if (w->at.deferred != NULL_TREE && !w->at.cases)
		error_at(EXPR_LOCATION(t), "switch jumps into a %s", name_of_block(w->at.deferred));
	else if (!in_scope(w, w->at.switch_scope, w->at.scope))
		error_at(EXPR_LOCATION(t), "switch jumps into the scope of a %<block_defer%>");
}

void
meet_goto(struct walk *w, tree t)
{
	tree label = GOTO_DESTINATION(t);
	bool computed = TREE_CODE(label) != LABEL_DECL;

	w->jumps.safe_push({ computed ? NULL_TREE : label, w->at, EXPR_LOCATION(t) });
	if (computed)
		visit_below(w, &GOTO_DESTINATION(t));
}

void
meet_asm(struct walk *w, tree t)
{
	for (tree l = ASM_LABELS(t); l != NULL_TREE; l = TREE_CHAIN(l))
		w->jumps.safe_push({ TREE_VALUE(l), w->at, EXPR_LOCATION(t) });
}

// A label of the function around this one.
void
outside_label(struct walk *w, const struct jump *j, tree label)
{
	for (tree at = j->from.deferred; at != NULL_TREE;) {
		if (is_go(at))
			return error_at(j->where, "jump to label %qD out of a go block", label);
		tree *outer = w->around.get(at);

		at = outer != NULL ? *outer : NULL_TREE;
	}
}

void
check_jump(struct walk *w, const struct jump *j, tree label)
{
	const struct around *to = w->labels.get(label);

	if (to == NULL)
		return outside_label(w, j, label);
	if (to->deferred != j->from.deferred && j->from.deferred != NULL_TREE)
		error_at(j->where, "jump to label %qD out of a %s", label,
			 name_of_block(j->from.deferred));
	else if (to->deferred != j->from.deferred)
		error_at(j->where, "jump to label %qD into a %s", label, name_of_block(to->deferred));
	else if (!in_scope(w, j->from.scope, to->scope))
		error_at(j->where, "jump to label %qD into the scope of a %<block_defer%>", label);
}

void
check_jumps(struct walk *w)
{
	for (const struct jump &j : w->jumps)
		if (j.label != NULL_TREE)
			check_jump(w, &j, j.label);
		else
			for (tree label : w->taken)
				check_jump(w, &j, label);
}

// ---------------------------------------------------------------- a function

tree
visit(tree *tp, int *walk_subtrees, void *data)
{
	struct walk *w = (struct walk *)data;
	tree t = *tp;

	*walk_subtrees = 0;
	if (TYPE_P(t))
		return NULL_TREE;
	switch (TREE_CODE(t)) {
	case STATEMENT_LIST:
		walk_list(w, t);
		break;
	case BIND_EXPR:
		walk_block(w, t);
		break;
	case FOR_STMT:
	case WHILE_STMT:
	case DO_STMT:
		walk_loop(w, t);
		break;
	case SWITCH_STMT:
		walk_switch(w, t);
		break;
	case BREAK_STMT:
		leave(w, tp, w->at.breakable, "break", "break statement not within loop or switch");
		break;
	case CONTINUE_STMT:
		leave(w, tp, w->at.loop, "continue", "continue statement not within a loop");
		break;
	case RETURN_EXPR:
		walk_operands(t, visit, w);
		meet_return(w, tp);
		break;
	case CASE_LABEL_EXPR:
		meet_case(w, t);
		break;
	case LABEL_EXPR:
		w->labels.put(LABEL_EXPR_LABEL(t), w->at);
		if (in_go_block(w))
			w->ours.safe_push(LABEL_EXPR_LABEL(t));
		break;
	case GOTO_EXPR:
		meet_goto(w, t);
		break;
	case ASM_EXPR:
		meet_asm(w, t);
		*walk_subtrees = 1;
		break;
	case ADDR_EXPR:
		if (TREE_CODE(TREE_OPERAND(t, 0)) == LABEL_DECL)
			w->taken.safe_push(TREE_OPERAND(t, 0));
		*walk_subtrees = 1;
		break;
	case COMPOUND_LITERAL_EXPR: {
		tree decl = COMPOUND_LITERAL_EXPR_DECL(t);

		if (!w->met.add(decl) && DECL_INITIAL(decl) != NULL_TREE)
			visit_below(w, &DECL_INITIAL(decl));
		break;
	}
	case SAVE_EXPR:
	case TARGET_EXPR:
		*walk_subtrees = !w->met.add(t);
		break;
	default:
		*walk_subtrees = 1;
	}
	return NULL_TREE;
}

// The labels of the macros are declared with the function's own.
void
forget_labels(struct walk *w)
{
	hash_set<tree> ours;
	tree vars;

	if (w->ours.is_empty() || w->outermost == NULL_TREE)
		return;
	for (tree label : w->ours)
		ours.add(label);
	vars = BIND_EXPR_VARS(w->outermost);
	for (tree *at = &vars; *at != NULL_TREE;)
		if (ours.contains(*at))
			*at = DECL_CHAIN(*at);
		else
			at = &DECL_CHAIN(*at);
	set_variables(w->outermost, vars);
}

void
take_markers(tree fn)
{
	struct walk w;
	cgraph_node *node = cgraph_node::get(fn);

	if (DECL_SAVED_TREE(fn) == NULL_TREE)
		return;
	w.fn = fn;
	visit_below(&w, &DECL_SAVED_TREE(fn));
	check_jumps(&w);
	forget_labels(&w);
	warn_of_bare_returns(&w);
	if (!seen_error())
		for (tree bind : w.go_blocks)
			outline_go_block(bind);
	if (node == NULL)
		return;
	for (cgraph_node *n = first_nested_function(node); n; n = next_nested_function(n))
		if (!is_go_block(n->decl))
			take_markers(n->decl);
}

void
before_generic(void *fn, void *)
{
	if (unit.annotated)
		take_markers((tree)fn);
}

} // namespace

bool
is_marked(tree decl, const char *attribute)
{
	return lookup_attribute(attribute, DECL_ATTRIBUTES(decl)) != NULL_TREE;
}

bool
is_range_iterator(tree decl)
{
	return VAR_P(decl) && is_marked(decl, "goat_iter");
}

const char *
range_text(tree elem)
{
	tree map = TREE_VALUE(TREE_VALUE(lookup_attribute("goat_elem", DECL_ATTRIBUTES(elem))));

	return TREE_STRING_POINTER(
		TREE_VALUE(TREE_VALUE(lookup_attribute("goat_range", DECL_ATTRIBUTES(map)))));
}

tree
marker_of(tree t)
{
	if (TREE_CODE(t) != BIND_EXPR)
		return NULL_TREE;
	for (tree v = BIND_EXPR_VARS(t); v != NULL_TREE; v = DECL_CHAIN(v))
		if (VAR_P(v))
			for (const char *of : { "goat_defer", "goat_switch", "goat_case", "goat_range",
						"goat_each", "goat_iter", "goat_key", "goat_elem", "goat_go",
						"goat_received", "goat_select", "goat_comm", "goat_ok" })
				if (is_marked(v, of))
					return v;
	return NULL_TREE;
}

bool
is_defer(tree t)
{
	tree marker = marker_of(t);

	return marker != NULL_TREE && is_marked(marker, "goat_defer");
}

bool
is_go(tree t)
{
	tree marker = marker_of(t);

	return marker != NULL_TREE && is_marked(marker, "goat_go");
}

bool
is_chan_send(tree t)
{
	tree to;

	if (TREE_CODE(t) != MODIFY_EXPR || TREE_CODE(TREE_OPERAND(t, 0)) != INDIRECT_REF)
		return false;
	to = without_casts(TREE_OPERAND(TREE_OPERAND(t, 0), 0));
	return is_call_of(to, "goat_chan_send_");
}

// defer("block") is block_defer.
bool
is_block_defer(tree t)
{
	return is_defer(t) &&
	       TREE_VALUE(lookup_attribute("goat_defer", DECL_ATTRIBUTES(marker_of(t)))) != NULL_TREE;
}

tree *
marked_statement(tree bind)
{
	tree *at = &BIND_EXPR_BODY(bind);

	if (TREE_CODE(*at) == STATEMENT_LIST && !tsi_end_p(tsi_last(*at))) {
		tree_stmt_iterator last = tsi_last(*at);

		at = tsi_stmt_ptr(last);
	}
	return at;
}

void
register_markers(const char *plugin)
{
	register_callback(plugin, PLUGIN_PRE_GENERICIZE, before_generic, NULL);
	register_callback(plugin, PLUGIN_FINISH_PARSE_FUNCTION, end_of_function, NULL);
}

void
register_marker_attributes(void)
{
	for (const struct attribute_spec &a : attributes)
		register_attribute(&a);
}
