// SPDX-License-Identifier: GPL-3.0-or-later
//
// devirtualise.cc: calls of methods through an interface.
//
//	call(i, M)              M itself, where what i holds is seen; if not, it is left as it is,
//	                        but for i's side effects, which are there twice
//
// What i holds is seen where i is a conversion, or a variable that is defined as one and never
// assigned to.
//
// Go:    as devirtualize/devirtualize.go.
// Layer: glue.

#include "lower.h"

namespace {

hash_map<tree, tree> *conversions;      // what is in an interface: by literal, and by variable
hash_set<tree> *assigned;       // variables that are assigned to after their definition

// The place of the interface that a member is taken of, at P and below conversions, or NULL.
tree *
interface_at(tree *p)
{
	while (CONVERT_EXPR_P(*p))
		p = &TREE_OPERAND(*p, 0);
	return TREE_CODE(*p) == COMPONENT_REF && is_interface(TREE_TYPE(TREE_OPERAND(*p, 0)))
		       ? &TREE_OPERAND(*p, 0)
		       : NULL;
}

// The interface that CALL calls a method of, i in i.tab->M(i.data, ...), or NULL; its two places.
tree
called_interface(tree call, tree **in_fn, tree **in_data)
{
	tree fn = CALL_EXPR_FN(call);

	if (fn == NULL_TREE || call_expr_nargs(call) < 1 || TREE_CODE(fn) != COMPONENT_REF)
		return NULL_TREE;
	while (TREE_CODE(fn) == COMPONENT_REF)
		fn = TREE_OPERAND(fn, 0);
	if (TREE_CODE(fn) != INDIRECT_REF)
		return NULL_TREE;
	*in_fn = interface_at(&TREE_OPERAND(fn, 0));
	*in_data = interface_at(&CALL_EXPR_ARG(call, 0));
	if (*in_fn == NULL || *in_data == NULL ||
	    TYPE_MAIN_VARIANT(TREE_TYPE(**in_fn)) != TYPE_MAIN_VARIANT(TREE_TYPE(**in_data)))
		return NULL_TREE;
	return **in_fn;
}

location_t
spelled_at(tree t)
{
	return linemap_resolve_location(line_table, EXPR_LOCATION(t), LRK_SPELLING_LOCATION, NULL);
}

tree
field_called(tree call)
{
	return TREE_OPERAND(CALL_EXPR_FN(call), 1);
}

// VALUE, NULL where it is not seen, is stored in PLACE.
void
note_store(tree place, tree value)
{
	tree variable = get_base_address(place);

	if (variable == NULL_TREE || !DECL_P(variable))
		return;
	assigned->add(variable);
	note_value(variable, value);
}

tree
note_assignment(tree *tp, int *walk_subtrees, void *)
{
	tree t = *tp;

	if (TYPE_P(t))
		*walk_subtrees = 0;
	switch (TREE_CODE(t)) {
	case MODIFY_EXPR:
		note_store(TREE_OPERAND(t, 0), TREE_OPERAND(t, 1));
		return NULL_TREE;
	case INIT_EXPR:
	case PREINCREMENT_EXPR:
	case PREDECREMENT_EXPR:
	case POSTINCREMENT_EXPR:
	case POSTDECREMENT_EXPR:
		note_store(TREE_OPERAND(t, 0), NULL_TREE);
		return NULL_TREE;
	case ASM_EXPR:
		for (tree o = ASM_OUTPUTS(t); o != NULL_TREE; o = TREE_CHAIN(o))
			note_store(TREE_VALUE(o), NULL_TREE);
		return NULL_TREE;
	default:
		return NULL_TREE;
	}
}

} // namespace

// call(next(), M) has next() in two places, for the macro has it so.
void
evaluate_once(tree call)
{
	tree *in_fn, *in_data, iface = called_interface(call, &in_fn, &in_data), one;

	if (iface == NULL_TREE || !TREE_SIDE_EFFECTS(iface) || !TREE_SIDE_EFFECTS(*in_data) ||
	    TREE_CODE(iface) != TREE_CODE(*in_data) || spelled_at(iface) != spelled_at(*in_data))
		return;
	one = effect(build1_loc(EXPR_LOCATION(iface), SAVE_EXPR, TREE_TYPE(iface), iface));
	*in_fn = *in_data = one;
}

void
find_assignments(void)
{
	conversions = new hash_map<tree, tree>;
	assigned = new hash_set<tree>;
	for (struct func *f : unit.funcs)
		walk_tree_without_duplicates(&DECL_SAVED_TREE(f->decl), note_assignment, NULL);
}

void
note_conversion(tree value, tree type)
{
	conversions->put(value, type);
}

// A variable that is defined as a conversion and never anything else.
void
note_definition(tree decl)
{
	tree *held = conversions->get(DECL_INITIAL(decl));

	if (held != NULL && is_plain_local(decl) && !assigned->contains(decl))
		note_conversion(decl, *held);
}

// The steps of a flow say call(i, M), and nothing of i.data.
void
spell_call(tree call)
{
	tree *in_fn, *in_data, iface = called_interface(call, &in_fn, &in_data);
	const char *text;

	if (iface == NULL_TREE || !flow_wanted())
		return;
	text = joined({ "call(", spell(iface), ", ",
			IDENTIFIER_POINTER(DECL_NAME(field_called(call))) });
	for (int i = 1; i < call_expr_nargs(call); i++)
		text = joined({ text, ", ", spell(CALL_EXPR_ARG(call, i)) });
	called(call, joined({ text, ")" }));
	for (tree arg = CALL_EXPR_ARG(call, 0); arg != *in_data; arg = TREE_OPERAND(arg, 0))
		called(arg, "");
}

// Go: devirtualize/devirtualize.go; an interface whose type is seen is called directly.
void
devirtualise(struct lowering *l, tree *tp)
{
	tree call = *tp, *in_fn, *in_data, iface = called_interface(call, &in_fn, &in_data), direct;
	tree *held;
	auto_vec<tree> rest;
	const char *name;

	if (iface == NULL_TREE || iface != *in_data)
		return;
	held = conversions->get(TREE_CODE(iface) == SAVE_EXPR ? TREE_OPERAND(iface, 0) : iface);
	if (held == NULL)
		return;
	for (int i = 1; i < call_expr_nargs(call); i++)
		rest.safe_push(CALL_EXPR_ARG(call, i));
	name = IDENTIFIER_POINTER(DECL_NAME(field_called(call)));
	direct = goat_direct_call(EXPR_LOCATION(call), *held, name, CALL_EXPR_ARG(call, 0), rest);
	if (direct == NULL_TREE)
		return;
	if (report_wanted()) {
		char *text = concat("devirtualizing ", spell(iface), ".", name, " to ",
				    goat_type_text(*held), NULL);

		report(l->f, EXPR_LOCATION(call), NOTICE, NULL, text, NULL, NULL);
		free(text);
	}
	copy_text(call, direct);
	*tp = direct;
}
