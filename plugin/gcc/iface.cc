// SPDX-License-Identifier: GPL-3.0-or-later
//
// iface.cc: interfaces as trees: their two words, the type that they hold, questions about them.
//
//	interface_value    { first, data }
//	first_word         tab, or the type of an any
//	data_word          the pointer to the value, or the pointer that is the value
//	type_in            the type, NULL for nil
//	unboxed            the value again
//
// Go:    as walk/expr.go (walkDotType) and walk/compare.go.
// Layer: glue.

#include "lower.h"

namespace {

hash_map<tree, const char *> *converted;        // by CONSTRUCTOR: what is in it as it was, or ""

tree
descriptor_pointer_type(void)
{
	return TREE_TYPE(first_field(goat_any_type()));
}

tree
same_type(tree have, tree want)
{
	tree same = build_call_expr(runtime_function(ENTRY_sametype), 2,
				    fold_convert(ptr_type_node, have),
				    fold_convert(ptr_type_node, want));

	return fold_convert(integer_type_node, same);
}

} // namespace

// ---------------------------------------------------------------- words

tree
type_address(tree type)
{
	return fold_convert(descriptor_pointer_type(), goat_type_address(type));
}

tree
no_type(void)
{
	return build_zero_cst(descriptor_pointer_type());
}

tree
first_word(tree iface)
{
	return field_of(iface, first_field(TREE_TYPE(iface)));
}

// IFACE evaluated once, word by word where it is read through a pointer: a copy of all of it, which may fault, would
// stay where the words are all that is used. The first word faults if anything does, and a load of the second that
// is not used can go. But a load that never faults may be moved to before the pointer is tested: so it is by
// an address that GCC does not know before the first word is there.
tree
iface_once(tree iface)
{
	tree place = iface, type = TYPE_MAIN_VARIANT(TREE_TYPE(iface)), f = first_field(type), at, first, out, in, hide;
	vec<constructor_elt, va_gc> *elts = NULL;

	if (TREE_CODE(place) == NOP_EXPR)       // from a qualified type
		place = TREE_OPERAND(place, 0);
	if (TREE_CODE(place) != INDIRECT_REF || TREE_THIS_VOLATILE(place) || !optimize)
		return once(iface);
	at = build_decl(EXPR_LOCATION(iface), VAR_DECL, NULL_TREE, build_pointer_type(type));
	DECL_CONTEXT(at) = current_function_decl;
	DECL_ARTIFICIAL(at) = DECL_IGNORED_P(at) = TREE_USED(at) = 1;
	layout_decl(at, 0);
	place = build4(TARGET_EXPR, TREE_TYPE(at), at, fold_convert(TREE_TYPE(at), TREE_OPERAND(place, 0)), NULL_TREE,
		       NULL_TREE);
	first = once(field_of(build1(INDIRECT_REF, type, at), f));
	out = build_tree_list(build_tree_list(NULL_TREE, build_string(3, "=r")), at);
	in = build_tree_list(build_tree_list(NULL_TREE, build_string(2, "0")), at);
	TREE_CHAIN(in) = build_tree_list(build_tree_list(NULL_TREE, build_string(2, "r")), first);
	hide = build5(ASM_EXPR, void_type_node, build_string(1, ""), out, in, NULL_TREE, NULL_TREE);
	CONSTRUCTOR_APPEND_ELT(elts, f, first);
	CONSTRUCTOR_APPEND_ELT(elts, DECL_CHAIN(f), field_of(dereference(at), DECL_CHAIN(f)));
	return once(in_order(effect(place),
			     in_order(first, in_order(effect(hide), build_constructor(type, elts)))));
}

// The data word of IFACE, where the source has TEXT.
tree
data_word(location_t where, tree iface, const char *text)
{
	tree f = DECL_CHAIN(first_field(TREE_TYPE(iface)));

	return called(build3_loc(where, COMPONENT_REF, TREE_TYPE(f), iface, f, NULL_TREE), text);
}

tree
interface_value(struct lowering *l, location_t where, tree type, tree first, tree data,
		const char *from)
{
	tree f = first_field(type), init;
	vec<constructor_elt, va_gc> *elts = NULL;

	CONSTRUCTOR_APPEND_ELT(elts, f, fold_convert(TREE_TYPE(f), first));
	CONSTRUCTOR_APPEND_ELT(elts, DECL_CHAIN(f), fold_convert(TREE_TYPE(DECL_CHAIN(f)), data));
	init = build_constructor(TYPE_MAIN_VARIANT(type), elts);
	if (converted == NULL)
		converted = new hash_map<tree, const char *>;
	converted->put(init, from);
	return literal(l, where, TYPE_MAIN_VARIANT(type), init);
}

const char *
converted_text(tree constructor)
{
	const char **text = converted != NULL ? converted->get(constructor) : NULL;

	return text != NULL ? *text : NULL;
}

// The descriptor of what IFACE, which may stand in several places, holds; NULL for nil.
tree
type_in(tree iface)
{
	tree word = first_word(iface), at;
	int back = POINTER_SIZE / BITS_PER_UNIT + 8;    // from fn of struct goat_itab to type

	if (goat_is_any(TREE_TYPE(iface)))
		return word;
	at = build2(POINTER_PLUS_EXPR, TREE_TYPE(word), word, size_int(-back));
	at = build1(NOP_EXPR, build_pointer_type(descriptor_pointer_type()), at);
	at = build1(INDIRECT_REF, descriptor_pointer_type(), at);
	return choose(compare(NE_EXPR, word, null_pointer_node), at, no_type());
}

// The hash in the descriptor at HAVE.
tree
hash_of(tree have)
{
	tree record = TREE_TYPE(descriptor_pointer_type());

	return field_of(build1(INDIRECT_REF, record, have), field_named(record, "hash"));
}

// Whether HAVE, a descriptor's address that may stand in several places, is of TYPE, as its hash is.
tree
is_of_hashed_type(tree have, tree type)
{
	tree want = type_address(type);

	return either(expect(compare(EQ_EXPR, have, want), true), same_type(have, want));
}

// The same of any HAVE. The address decides in all programs but those that load libraries with
// descriptors of their own.
tree
is_of_type(tree have, tree type)
{
	tree want = type_address(type), hash, slow;

	hash = hash_of(have);
	slow = compare(EQ_EXPR, hash, build_int_cst(TREE_TYPE(hash), goat_type_hash(type)));
	slow = both(compare(NE_EXPR, have, null_pointer_node), both(slow, same_type(have, want)));
	return either(compare(EQ_EXPR, have, want), expect(slow, false));
}

// No cast that bytes could be copied by.
tree
checked_cast(tree type, tree data)
{
	tree cast = build1(NOP_EXPR, type, data);

	unit.checked.add(cast);
	return cast;
}

// What DATA, the data word of an interface that holds a TYPE, stands for.
tree
unboxed(tree data, tree type)
{
	type = goat_type_itself(type);
	if (goat_is_direct(type))
		return checked_cast(type, data);
	data = checked_cast(build_pointer_type(build_qualified_type(type, TYPE_QUAL_CONST)), data);
	return called(build1(INDIRECT_REF, type, data), "");
}

bool
is_interface(tree type)
{
	return RECORD_OR_UNION_TYPE_P(type) && goat_is_interface(type);
}

// A diagnostic where the value stands: the source has an interface here that is none.
bool
check_interface(location_t where, const char *what, tree t)
{
	if (is_interface(TREE_TYPE(t)))
		return true;
	error_at(where, "%qs needs an interface, not a value of type %qs", what,
		 goat_type_text(TREE_TYPE(t)));
	return false;
}

// ---------------------------------------------------------------- interfaces from others

namespace {

enum built_in_function
atomic_load_of_pointer(void)
{
	return POINTER_SIZE == 64 ? BUILT_IN_ATOMIC_LOAD_8 : BUILT_IN_ATOMIC_LOAD_4;
}

// A struct goat_site of its own, without an answer yet.
tree
new_site(void)
{
	static unsigned n;
	char name[32];
	vec<constructor_elt, va_gc> *elts = NULL;
	tree type = build_array_type_nelts(ptr_type_node, 3), v;

	snprintf(name, sizeof name, "goat.site.%u", n++);
	v = build_decl(UNKNOWN_LOCATION, VAR_DECL, get_identifier(name), type);
	TREE_STATIC(v) = TREE_ADDRESSABLE(v) = TREE_USED(v) = 1;
	DECL_ARTIFICIAL(v) = DECL_IGNORED_P(v) = 1;
	CONSTRUCTOR_APPEND_ELT(elts, size_zero_node, build1(ADDR_EXPR, ptr_type_node, v));
	DECL_INITIAL(v) = build_constructor(type, elts);
	TREE_CONSTANT(DECL_INITIAL(v)) = TREE_STATIC(DECL_INITIAL(v)) = 1;
	layout_decl(v, 0);
	varpool_node::finalize_decl(v);
	return v;
}

} // namespace

// The tab of what IFACE holds as a TO. A site goes by the first word, of which there is one for a
// type, mostly; so the type itself need not be loaded.
tree
tab_at_site(location_t where, tree iface, tree to, bool panics)
{
	tree site = new_site(), at = build1(ADDR_EXPR, ptr_type_node, site), key, tab, call;
	tree word = once(fold_convert(ptr_type_node, first_word(iface)));

	// Acquire: pairs with the store in keep_answer of runtime/iface.c.
	key = build_call_expr(builtin_decl_explicit(atomic_load_of_pointer()), 2, at,
			      build_int_cst(integer_type_node, __ATOMIC_ACQUIRE));
	key = fold_convert(ptr_type_node, key);
	tab = build4(ARRAY_REF, ptr_type_node, site, size_one_node, NULL_TREE, NULL_TREE);
	call = build_call_expr_loc(
		where, runtime_function(panics ? ENTRY_assertE2I : ENTRY_assertE2I2), 4,
		fold_convert(ptr_type_node, type_address(to)),
		fold_convert(ptr_type_node, type_in(iface)), at, word);
	return in_order(word, choose(expect(compare(EQ_EXPR, key, word), true), tab, call));
}

// ---------------------------------------------------------------- questions

tree
lower_is_nil(tree call, location_t where)
{
	tree iface = CALL_EXPR_ARG(call, 1);

	if (!check_interface(where, "is_nil", iface))
		return boolean_false_node;
	return fold_convert(boolean_type_node,
			    compare(EQ_EXPR, first_word(iface), null_pointer_node));
}

tree
lower_type_name(tree call, location_t where)
{
	tree iface = CALL_EXPR_ARG(call, 1), name;

	if (!check_interface(where, "type_name", iface))
		return build_zero_cst(TREE_TYPE(call));
	iface = iface_once(iface);
	name = build_call_expr_loc(where, runtime_function(ENTRY_typename), 1,
				   fold_convert(ptr_type_node, type_in(iface)));
	return in_order(iface, fold_convert(TREE_TYPE(call), name));
}

tree
lower_iface_eq(tree call, location_t where)
{
	tree a = CALL_EXPR_ARG(call, 1), b = CALL_EXPR_ARG(call, 2), have_a, have_b, same, equal;

	if (!check_interface(where, "iface_eq", a) || !check_interface(where, "iface_eq", b))
		return boolean_false_node;
	a = iface_once(a);
	b = iface_once(b);
	have_a = once(type_in(a));
	have_b = once(type_in(b));
	same = both(compare(NE_EXPR, have_a, null_pointer_node),
		    both(compare(NE_EXPR, have_b, null_pointer_node), same_type(have_a, have_b)));
	same = either(compare(EQ_EXPR, have_a, have_b), same);
	equal = build_call_expr_loc(where, runtime_function(ENTRY_efaceeq), 3,
				    fold_convert(ptr_type_node, have_a), data_word(where, a, ""),
				    data_word(where, b, ""));
	equal = choose(same, fold_convert(boolean_type_node, equal), boolean_false_node);
	return in_order(a, in_order(b, in_order(have_a, in_order(have_b, equal))));
}
