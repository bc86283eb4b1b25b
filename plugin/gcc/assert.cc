// SPDX-License-Identifier: GPL-3.0-or-later
//
// assert.cc: type_assert() and type_assert_ok().
//
//	type_assert(i, T)       type of i == T || panicdottype(...), *(T *)i.data
//	type_assert(i, I)       { assertE2I(I, type of i), i.data }
//
// Go:    as walk/expr.go (walkDotType).
// Layer: glue.

#include "lower.h"

namespace {

tree
panic_dottype(location_t where, tree have, tree want, tree iface_type)
{
	return build_call_expr_loc(where, runtime_function(ENTRY_panicdottype), 3,
				   fold_convert(ptr_type_node, have),
				   fold_convert(ptr_type_node, type_address(want)),
				   fold_convert(ptr_type_node, type_address(iface_type)));
}

// Whether P may point to what an assertion to TYPE gives.
bool
check_target(location_t where, tree p, tree type)
{
	tree of = POINTER_TYPE_P(TREE_TYPE(p)) ? TREE_TYPE(TREE_TYPE(p)) : NULL_TREE;

	if (is_null(p))
		return true;
	if (of == NULL_TREE || !comptypes(TYPE_MAIN_VARIANT(of), TYPE_MAIN_VARIANT(type))) {
		error_at(where, "%<type_assert_ok%> needs a pointer to %qs, not a value of type %qs",
			 goat_type_text(type), goat_type_text(TREE_TYPE(p)));
		return false;
	}
	if (TYPE_READONLY(of)) {
		error_at(where, "%<type_assert_ok%> cannot write to what is %<const%>");
		return false;
	}
	return true;
}

bool
is_decl_address(tree p)
{
	STRIP_NOPS(p);
	return TREE_CODE(p) == ADDR_EXPR && DECL_P(TREE_OPERAND(p, 0));
}

} // namespace

tree
target_of(tree p)
{
	STRIP_NOPS(p);
	if (TREE_CODE(p) == ADDR_EXPR)
		return TREE_OPERAND(p, 0);
	return build1(INDIRECT_REF, TREE_TYPE(TREE_TYPE(p)), p);
}

// The first word of an interface TO for what IFACE holds; NULL if it does not fit, or with PANICS
// a panic.
tree
asserted_word(location_t where, tree iface, tree to, bool panics)
{
	tree have;

	if (!goat_is_any(to))
		return tab_at_site(where, iface, to, panics);
	have = type_in(iface);
	if (!panics)
		return have;
	have = once(have);
	return in_order(choose(expect(compare(NE_EXPR, have, null_pointer_node), true),
			       build_empty_stmt(where),
			       panic_dottype(where, no_type(), to, TREE_TYPE(iface))),
			have);
}

// Whether an assertion of an interface, in the source TEXT, to TYPE can hold; an error if not.
bool
check_assertion(location_t where, bool in_switch, const char *text, tree iface, tree type)
{
	const char *name = goat_type_text(type);

	if (TREE_CODE(type) == ARRAY_TYPE || FUNC_OR_METHOD_TYPE_P(type)) {
		error_at(where, "an interface does not hold %qs, but a pointer to it", name);
		return false;
	}
	if (!has_known_size(type)) {
		error_at(where, "an interface does not hold %qs, which has no size", name);
		return false;
	}
	return goat_check_assertion(where, in_switch, text, TREE_TYPE(iface), type);
}

tree
lower_assert(struct lowering *l, tree call, location_t where)
{
	tree type = type_argument(call, 2), iface = CALL_EXPR_ARG(call, 3), have, check, value;
	const char *of = text_of(CALL_EXPR_ARG(call, 0));
	const char *text = joined({ "type_assert(", of, ", ", text_of(CALL_EXPR_ARG(call, 1)), ")" });

	if (!check_interface(where, "type_assert", iface) ||
	    !check_assertion(where, false, of, iface, type))
		return zero_value(l, where, type);
	iface = iface_once(iface);
	value = data_word(where, iface, text);
	if (is_interface(type)) {
		have = asserted_word(where, iface, type, true);
		value = in_order(iface, interface_value(l, where, type, have, value, ""));
		return called(value, text);
	}
	have = once(type_in(iface));
	check = choose(expect(is_of_type(have, type), true), build_empty_stmt(where),
		       panic_dottype(where, have, type, TREE_TYPE(iface)));
	value = in_order(iface, in_order(have, in_order(check, unboxed(value, type))));
	return called(value, text);
}

tree
lower_assert_ok(struct lowering *l, tree call, location_t where)
{
	tree type = type_argument(call, 2), iface = CALL_EXPR_ARG(call, 3), p = CALL_EXPR_ARG(call, 4);
	tree ok, value, set, first, zero, result;
	const char *of = text_of(CALL_EXPR_ARG(call, 0));
	const char *text = joined({ "type_assert(", of, ", ", text_of(CALL_EXPR_ARG(call, 1)), ")" });

	if (!check_interface(where, "type_assert_ok", iface) || !check_target(where, p, type) ||
	    !check_assertion(where, false, of, iface, type))
		return boolean_false_node;
	type = TYPE_MAIN_VARIANT(type);
	iface = iface_once(iface);
	if (!is_null(p) && !is_decl_address(p))
		p = once(p);
	if (is_interface(type)) {
		first = once(asserted_word(where, iface, type, false));
		ok = compare(NE_EXPR, first, null_pointer_node);
		value = interface_value(l, where, type, first, data_word(where, iface, text), "");
	} else {
		first = once(type_in(iface));
		ok = is_of_type(first, type);
		value = unboxed(data_word(where, iface, text), type);
	}
	zero = zero_value(l, where, type);
	ok = once(fold_convert(boolean_type_node, ok));
	result = in_order(in_order(iface, in_order(p, first)), ok);
	text = joined({ "type_assert_ok(", of, ", ", text_of(CALL_EXPR_ARG(call, 1)), ", ", spell(p),
			")" });
	if (is_null(p))
		return called(result, text);
	// Two stores and not a choice of values: a struct is not copied twice.
	value = assign(target_of(p), value);
	SET_EXPR_LOCATION(value, where);
	set = choose(ok, called(value, text), assign(target_of(p), zero));
	TREE_TYPE(set) = void_type_node;
	return called(in_order(result, in_order(set, ok)), text);
}
