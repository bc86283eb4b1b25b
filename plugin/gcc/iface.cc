// SPDX-License-Identifier: GPL-3.0-or-later
//
// iface.cc: as(), type_assert(), type_switch and their like become plain trees.
//
// <goat.h> spells them as calls of functions that do not exist, with the texts and the types that
// the plugin has to know. Before the analysis reads a function, each such call is replaced:
//
//	as(any, x)              { &type, new(x) }       of a value; a pointer is the data word itself
//	as(I, x)                { itab, new(x) }
//	as(I, i)                { i.tab ? assertE2I(I, type of i) : NULL, i.data }
//	type_assert(i, T)       type of i == T || panicdottype(...), *(T *)i.data
//	type_assert(i, I)       { assertE2I(I, type of i), i.data }
//	type_switch (i)         a switch on the number of the first case that fits
//
// The object that a converted value becomes is one that new() makes, so that the analysis and the
// rewrite treat it as any other. What is evaluated once in the source is a SAVE_EXPR here.
//
// L1  A marker that is not lowered would be an undefined symbol when linking; each is replaced, even
//     after an error.
// L2  What is inside a marker is lowered before the marker is.
//
// Go:    as walk/convert.go and walk/expr.go (walkDotType), walk/switch.go.
// Layer: glue.

#include "glue.h"

namespace {

enum marker {
	MARKER_AS,
	MARKER_ASSERT,
	MARKER_ASSERT_OK,
	MARKER_SWITCH_INDEX,
	MARKER_IS_NIL,
	MARKER_IFACE_EQ,
	MARKER_TYPE_NAME,
	NMARKERS,
};

const char *const marker_names[NMARKERS] = {
	"goat_as_",     "goat_assert_",   "goat_assert_ok_", "goat_switch_index_",
	"goat_is_nil_", "goat_iface_eq_", "goat_type_name_",
};

struct lowering {
	tree fn;                // the function that is being lowered
	auto_vec<tree> variables;       // made below the innermost block, not yet in it
	hash_set<tree> met;
};

tree lower_tree(tree *tp, int *walk_subtrees, void *data);

void
lower_below(struct lowering *l, tree *tp)
{
	if (*tp != NULL_TREE)
		walk_tree(tp, lower_tree, l, NULL);
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

// The T of an argument (T *)0.
tree
type_argument(tree call, int i)
{
	return TREE_TYPE(TREE_TYPE(CALL_EXPR_ARG(call, i)));
}

tree
first_field(tree record)
{
	tree f = TYPE_FIELDS(record);

	while (TREE_CODE(f) != FIELD_DECL)
		f = DECL_CHAIN(f);
	return f;
}

bool
is_any(tree type)
{
	return TYPE_MAIN_VARIANT(type) == TYPE_MAIN_VARIANT(goat_any_type());
}

// The word of an interface that says what it holds: `tab`, or the `type` of an any.
tree
first_word(tree iface)
{
	tree f = first_field(TREE_TYPE(iface));

	return build3(COMPONENT_REF, TREE_TYPE(f), iface, f, NULL_TREE);
}

tree
data_word(tree iface)
{
	tree f = DECL_CHAIN(first_field(TREE_TYPE(iface)));

	return build3(COMPONENT_REF, TREE_TYPE(f), iface, f, NULL_TREE);
}

// A tree for the value of T that may stand in several places, of which the first is evaluated first.
tree
once(tree t)
{
	tree plain = t;

	STRIP_NOPS(plain);
	if (CONSTANT_CLASS_P(plain) || TREE_CODE(t) == SAVE_EXPR)
		return t;
	if ((TREE_CODE(plain) == VAR_DECL || TREE_CODE(plain) == PARM_DECL) &&
	    !TREE_ADDRESSABLE(plain) && !TREE_STATIC(plain) && !DECL_EXTERNAL(plain) &&
	    !TREE_THIS_VOLATILE(plain))
		return t;
	t = build1_loc(EXPR_LOCATION(t), SAVE_EXPR, TYPE_MAIN_VARIANT(TREE_TYPE(t)), t);
	TREE_SIDE_EFFECTS(t) = 1;
	return t;
}

tree
descriptor_pointer_type(void)
{
	return TREE_TYPE(first_field(goat_any_type()));
}

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
compare(enum tree_code code, tree a, tree b)
{
	return build2(code, integer_type_node, a, fold_convert(TREE_TYPE(a), b));
}

tree
in_order(tree first, tree then)
{
	tree t = build2(COMPOUND_EXPR, TREE_TYPE(then), first, then);

	TREE_SIDE_EFFECTS(t) = TREE_SIDE_EFFECTS(first) | TREE_SIDE_EFFECTS(then);
	return t;
}

tree
choose(tree cond, tree a, tree b)
{
	tree t = build3(COND_EXPR, TREE_TYPE(a), cond, a, b);

	TREE_SIDE_EFFECTS(t) = TREE_SIDE_EFFECTS(cond) | TREE_SIDE_EFFECTS(a) | TREE_SIDE_EFFECTS(b);
	return t;
}

tree
expect(tree cond, bool value)
{
	tree call = build_call_expr(builtin_decl_explicit(BUILT_IN_EXPECT), 2,
				    fold_convert(long_integer_type_node, cond),
				    build_int_cst(long_integer_type_node, value));

	return compare(NE_EXPR, call, integer_zero_node);
}

// (TYPE){INIT}, a value that may be used as an lvalue.
tree
literal(struct lowering *l, location_t where, tree type, tree init)
{
	tree decl = build_decl(where, VAR_DECL, NULL_TREE, type), t;

	DECL_CONTEXT(decl) = l->fn;
	DECL_ARTIFICIAL(decl) = 1;
	DECL_IGNORED_P(decl) = 1;
	TREE_USED(decl) = 1;
	DECL_INITIAL(decl) = init;
	TREE_READONLY(decl) = 0;
	TREE_ADDRESSABLE(decl) = 1;
	layout_decl(decl, 0);
	t = build1_loc(where, COMPOUND_LITERAL_EXPR, type,
		       build1_loc(where, DECL_EXPR, void_type_node, decl));
	TREE_SIDE_EFFECTS(t) = 1;
	return t;
}

tree
interface_value(struct lowering *l, location_t where, tree type, tree first, tree data)
{
	tree f = first_field(type);
	vec<constructor_elt, va_gc> *elts = NULL;

	CONSTRUCTOR_APPEND_ELT(elts, f, fold_convert(TREE_TYPE(f), first));
	CONSTRUCTOR_APPEND_ELT(elts, DECL_CHAIN(f), fold_convert(TREE_TYPE(DECL_CHAIN(f)), data));
	return literal(l, where, TYPE_MAIN_VARIANT(type),
		       build_constructor(TYPE_MAIN_VARIANT(type), elts));
}

tree
nil_value(struct lowering *l, location_t where, tree type)
{
	return literal(l, where, TYPE_MAIN_VARIANT(type), zero_of(TYPE_MAIN_VARIANT(type)));
}

// The descriptor of what IFACE, which may stand in several places, holds; NULL for nil.
tree
type_in(tree iface)
{
	tree word = first_word(iface), at;
	int back = POINTER_SIZE / BITS_PER_UNIT + 8;    // from fn of struct goat_itab to type

	if (is_any(TREE_TYPE(iface)))
		return word;
	at = build2(POINTER_PLUS_EXPR, TREE_TYPE(word), word, size_int(-back));
	at = build1(NOP_EXPR, build_pointer_type(descriptor_pointer_type()), at);
	at = build1(INDIRECT_REF, descriptor_pointer_type(), at);
	return choose(compare(NE_EXPR, word, null_pointer_node), at, no_type());
}

// Whether HAVE, a descriptor's address that may stand in several places, is of TYPE. The address
// decides in all programs but those that load libraries with descriptors of their own.
tree
is_of_type(tree have, tree type)
{
	tree want = type_address(type), hash, same;
	tree record = TREE_TYPE(descriptor_pointer_type());
	tree f = TYPE_FIELDS(record);

	while (TREE_CODE(f) != FIELD_DECL || !id_equal(DECL_NAME(f), "hash"))
		f = DECL_CHAIN(f);
	hash = build3(COMPONENT_REF, TREE_TYPE(f), build1(INDIRECT_REF, record, have), f, NULL_TREE);
	same = build_call_expr(runtime_function(ENTRY_sametype), 2,
			       fold_convert(ptr_type_node, have), fold_convert(ptr_type_node, want));
	same = fold_convert(integer_type_node, same);
	same = build2(TRUTH_ANDIF_EXPR, integer_type_node,
		      compare(EQ_EXPR, hash, build_int_cst(TREE_TYPE(f), goat_type_hash(type))), same);
	same = build2(TRUTH_ANDIF_EXPR, integer_type_node,
		      compare(NE_EXPR, have, null_pointer_node), same);
	return build2(TRUTH_ORIF_EXPR, integer_type_node,
		      compare(EQ_EXPR, have, want), expect(same, false));
}

// What DATA, the data word of an interface that holds a TYPE, stands for.
tree
unboxed(tree data, tree type)
{
	type = goat_type_itself(type);
	if (goat_is_direct(type))
		return build1(NOP_EXPR, type, data);
	return build1(INDIRECT_REF, type,
		      build1(NOP_EXPR, build_pointer_type(build_qualified_type(type, TYPE_QUAL_CONST)),
			     data));
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

// ---------------------------------------------------------------- conversion

// Undoes what C does to an argument of a variadic function.
tree
unpromoted(tree value, tree type)
{
	tree inner = value;

	if (AGGREGATE_TYPE_P(type))
		return value;
	while (CONVERT_EXPR_P(inner) && INTEGRAL_TYPE_P(TREE_TYPE(inner))) {
		inner = TREE_OPERAND(inner, 0);
		if (TYPE_MAIN_VARIANT(TREE_TYPE(inner)) == TYPE_MAIN_VARIANT(type))
			return inner;
	}
	if (TREE_CODE(value) == NOP_EXPR && SCALAR_FLOAT_TYPE_P(TREE_TYPE(value)) &&
	    TYPE_MAIN_VARIANT(TREE_TYPE(TREE_OPERAND(value, 0))) == TYPE_MAIN_VARIANT(type))
		return TREE_OPERAND(value, 0);
	return fold_convert(type, value);
}

bool
is_char_pointer(tree type)
{
	return POINTER_TYPE_P(type) &&
	       TYPE_MAIN_VARIANT(TREE_TYPE(type)) == TYPE_MAIN_VARIANT(char_type_node);
}

tree
string_literal_in(tree value)
{
	STRIP_NOPS(value);
	if (TREE_CODE(value) != ADDR_EXPR)
		return NULL_TREE;
	value = TREE_OPERAND(value, 0);
	if (TREE_CODE(value) == ARRAY_REF && integer_zerop(TREE_OPERAND(value, 1)))
		value = TREE_OPERAND(value, 0);
	if (TREE_CODE(value) != STRING_CST ||
	    TYPE_MAIN_VARIANT(TREE_TYPE(TREE_TYPE(value))) != TYPE_MAIN_VARIANT(char_type_node))
		return NULL_TREE;
	return value;
}

tree
string_value(tree pointer, tree length)
{
	tree name = global_declaration("goat_string");

	return goat_struct_value(TYPE_MAIN_VARIANT(TREE_TYPE(name)),
				 { { "ptr", pointer }, { "len", length } });
}

// What is converted, as the language sees it.
struct operand {
	tree value, type;
	const char *text;
	location_t where;
};

// An array is the pointer that C makes of it; a literal, and where PANICKING any char *, a string.
void
settle_operand(struct operand *o, bool panicking)
{
	tree text = string_literal_in(o->value);

	if (text != NULL_TREE && TREE_CODE(o->type) == ARRAY_TYPE) {
		o->value = string_value(o->value, size_int(TREE_STRING_LENGTH(text) - 1));
		o->type = TREE_TYPE(o->value);
		return;
	}
	if (TREE_CODE(o->type) == ARRAY_TYPE || FUNC_OR_METHOD_TYPE_P(o->type))
		o->type = TREE_TYPE(o->value);
	if (panicking && is_char_pointer(o->type)) {
		tree p = once(o->value);
		tree n = build_call_expr(builtin_decl_explicit(BUILT_IN_STRLEN), 1, p);

		n = choose(compare(NE_EXPR, p, null_pointer_node), n, size_zero_node);
		o->value = string_value(p, n);
		o->type = TREE_TYPE(o->value);
		return;
	}
	o->type = goat_type_itself(o->type);
	o->value = unpromoted(o->value, o->type);
}

// goat_new_() of <goat.h>.
tree
maker(void)
{
	static tree fn;

	if (fn != NULL_TREE)
		return fn;
	fn = build_decl(UNKNOWN_LOCATION, FUNCTION_DECL, get_identifier("goat_new_"),
			build_varargs_function_type_list(ptr_type_node, ptr_type_node, NULL_TREE));
	TREE_PUBLIC(fn) = DECL_EXTERNAL(fn) = DECL_ARTIFICIAL(fn) = 1;
	return fn;
}

// The data word for a value of TYPE.
tree
data_of(struct lowering *l, const struct operand *o)
{
	tree type = o->type, object, text, call;

	if (goat_is_direct(type))
		return build1(NOP_EXPR, ptr_type_node, o->value);
	object = literal(l, o->where, type, o->value);
	text = build_string_literal(strlen(o->text) + 1, o->text);
	call = build_call_expr_loc(o->where, maker(), 3, text, build_zero_cst(build_pointer_type(type)),
				   build1(ADDR_EXPR, build_pointer_type(type), object));
	goat_mark_converted(call);
	return call;
}

// IFACE as another interface.
tree
converted_interface(struct lowering *l, location_t where, tree iface, tree to)
{
	tree have, tab;

	if (goat_same_type(TREE_TYPE(iface), to))
		return iface;
	iface = once(iface);
	have = type_in(iface);
	if (!is_any(to)) {
		tab = build_call_expr_loc(where, runtime_function(ENTRY_assertE2I), 2,
					  fold_convert(ptr_type_node, type_address(to)),
					  fold_convert(ptr_type_node, have));
		have = choose(compare(NE_EXPR, first_word(iface), null_pointer_node), tab,
			      null_pointer_node);
	}
	return interface_value(l, where, to, have, data_word(iface));
}

bool
check_operand(const struct operand *o, tree to)
{
	tree size = TYPE_SIZE_UNIT(o->type);

	if (!is_interface(to)) {
		error_at(o->where, "%qs is not an interface", goat_type_text(to));
		return false;
	}
	if (is_interface(o->type) || goat_is_direct(o->type))
		return true;
	if (size == NULL_TREE || !tree_fits_uhwi_p(size)) {
		error_at(o->where, "cannot use %qs as %s value: its size is not known when compiling",
			 o->text, goat_type_text(to));
		return false;
	}
	return true;
}

tree
lower_as(struct lowering *l, tree call, location_t where)
{
	const char *inter = text_of(CALL_EXPR_ARG(call, 0));
	tree to = type_argument(call, 2), first;
	struct operand o = { CALL_EXPR_ARG(call, 4), type_argument(call, 3),
			     text_of(CALL_EXPR_ARG(call, 1)), where };

	settle_operand(&o, strcmp(inter, "panic") == 0);
	if (!check_operand(&o, to))
		return is_interface(to) ? nil_value(l, where, to)
					: literal(l, where, to, zero_of(to));
	if (!goat_check_conversion(&o.where, o.value, o.type, o.text, to))
		return nil_value(l, where, to);
	if (is_interface(o.type))
		return converted_interface(l, where, o.value, to);
	first = is_any(to) ? type_address(o.type) : goat_itab_address(to, o.type);
	return interface_value(l, where, to, first, data_of(l, &o));
}

// ---------------------------------------------------------------- assertion

tree
panic_dottype(location_t where, tree have, tree want, tree iface_type)
{
	return build_call_expr_loc(where, runtime_function(ENTRY_panicdottype), 3,
				   fold_convert(ptr_type_node, have),
				   fold_convert(ptr_type_node, type_address(want)),
				   fold_convert(ptr_type_node, type_address(iface_type)));
}

// The first word of an interface TO for what IFACE holds; NULL if it does not fit, or with PANICS
// a panic.
tree
asserted_word(location_t where, tree iface, tree to, bool panics)
{
	tree have = type_in(iface);

	if (!is_any(to))
		return build_call_expr_loc(
			where,
			runtime_function(panics ? ENTRY_assertE2I : ENTRY_assertE2I2), 2,
			fold_convert(ptr_type_node, type_address(to)), fold_convert(ptr_type_node, have));
	if (!panics)
		return have;
	have = once(have);
	return in_order(choose(expect(compare(NE_EXPR, have, null_pointer_node), true),
			       build_empty_stmt(where),
			       panic_dottype(where, no_type(), to, TREE_TYPE(iface))),
			have);
}

// Whether an assertion to TYPE can hold; an error if not. WHAT is "assertion" or "switch case".
bool
check_assertion(location_t where, const char *what, const char *text, tree iface, tree type)
{
	return goat_check_assertion(where, what, text, TREE_TYPE(iface), type);
}

tree
lower_assert(struct lowering *l, tree call, location_t where)
{
	tree type = type_argument(call, 2), iface = CALL_EXPR_ARG(call, 3), have, check;

	if (!check_interface(where, "type_assert", iface) ||
	    !check_assertion(where, "assertion", text_of(CALL_EXPR_ARG(call, 0)), iface, type))
		return literal(l, where, TYPE_MAIN_VARIANT(type), zero_of(TYPE_MAIN_VARIANT(type)));
	iface = once(iface);
	if (is_interface(type))
		return in_order(iface, interface_value(l, where, type,
						       asserted_word(where, iface, type, true),
						       data_word(iface)));
	have = once(type_in(iface));
	check = choose(expect(is_of_type(have, type), true), build_empty_stmt(where),
		       panic_dottype(where, have, type, TREE_TYPE(iface)));
	return in_order(iface, in_order(have, in_order(check, unboxed(data_word(iface), type))));
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

// *P, where P is a pointer as in the source.
tree
target_of(tree p)
{
	STRIP_NOPS(p);
	if (TREE_CODE(p) == ADDR_EXPR)
		return TREE_OPERAND(p, 0);
	return build1(INDIRECT_REF, TREE_TYPE(TREE_TYPE(p)), p);
}

tree
assign(tree place, tree value)
{
	tree t = build2(MODIFY_EXPR, void_type_node, place, value);

	TREE_SIDE_EFFECTS(t) = 1;
	return t;
}

bool
is_decl_address(tree p)
{
	STRIP_NOPS(p);
	return TREE_CODE(p) == ADDR_EXPR && DECL_P(TREE_OPERAND(p, 0));
}

tree
lower_assert_ok(struct lowering *l, tree call, location_t where)
{
	tree type = type_argument(call, 2), iface = CALL_EXPR_ARG(call, 3), p = CALL_EXPR_ARG(call, 4);
	tree ok, value, set, first, zero, result;

	if (!check_interface(where, "type_assert_ok", iface) || !check_target(where, p, type) ||
	    !check_assertion(where, "assertion", text_of(CALL_EXPR_ARG(call, 0)), iface, type))
		return boolean_false_node;
	type = TYPE_MAIN_VARIANT(type);
	iface = once(iface);
	if (!is_null(p) && !is_decl_address(p))
		p = once(p);
	if (is_interface(type)) {
		first = once(asserted_word(where, iface, type, false));
		ok = compare(NE_EXPR, first, null_pointer_node);
		value = interface_value(l, where, type, first, data_word(iface));
		zero = nil_value(l, where, type);
	} else {
		first = once(type_in(iface));
		ok = is_of_type(first, type);
		value = unboxed(data_word(iface), type);
		zero = AGGREGATE_TYPE_P(type) ? literal(l, where, type, zero_of(type)) : zero_of(type);
	}
	ok = once(fold_convert(boolean_type_node, ok));
	result = in_order(in_order(iface, in_order(p, first)), ok);
	if (is_null(p))
		return result;
	// Two stores and not a choice of values: a struct is not copied twice.
	set = choose(ok, assign(target_of(p), value), assign(target_of(p), zero));
	TREE_TYPE(set) = void_type_node;
	return in_order(result, in_order(set, ok));
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
	iface = once(iface);
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
	a = once(a);
	b = once(b);
	have_a = once(type_in(a));
	have_b = once(type_in(b));
	same = build_call_expr(runtime_function(ENTRY_sametype), 2,
			       fold_convert(ptr_type_node, have_a), fold_convert(ptr_type_node, have_b));
	same = fold_convert(integer_type_node, same);
	same = build2(TRUTH_ANDIF_EXPR, integer_type_node,
		      compare(NE_EXPR, have_b, null_pointer_node), same);
	same = build2(TRUTH_ANDIF_EXPR, integer_type_node,
		      compare(NE_EXPR, have_a, null_pointer_node), same);
	same = build2(TRUTH_ORIF_EXPR, integer_type_node, compare(EQ_EXPR, have_a, have_b), same);
	equal = build_call_expr_loc(where, runtime_function(ENTRY_efaceeq), 3,
				    fold_convert(ptr_type_node, have_a), data_word(a), data_word(b));
	equal = choose(same, fold_convert(boolean_type_node, equal), boolean_false_node);
	return in_order(a, in_order(b, in_order(have_a, in_order(have_b, equal))));
}

// ---------------------------------------------------------------- type switch

struct type_case {
	tree label;             // its CASE_LABEL_EXPR
	tree variable;
	const char *text;
};

// The variable of a case, with its mark, that BIND begins with.
tree
case_variable(tree bind)
{
	if (TREE_CODE(bind) != BIND_EXPR)
		return NULL_TREE;
	for (tree v = BIND_EXPR_VARS(bind); v != NULL_TREE; v = DECL_CHAIN(v))
		if (TREE_CODE(v) == VAR_DECL && lookup_attribute("goat_case", DECL_ATTRIBUTES(v)))
			return v;
	return NULL_TREE;
}

struct case_finder {
	vec<struct type_case> *cases;
	tree label;             // the last one met
};

tree
find_case(tree *tp, int *walk_subtrees, void *data)
{
	struct case_finder *c = (struct case_finder *)data;
	tree v;

	switch (TREE_CODE(*tp)) {
	case CASE_LABEL_EXPR:
		c->label = *tp;
		return NULL_TREE;
	case SWITCH_EXPR:
		*walk_subtrees = 0;
		return NULL_TREE;
	case BIND_EXPR:
		if (c->label != NULL_TREE && (v = case_variable(*tp)) != NULL_TREE) {
			tree a = lookup_attribute("goat_case", DECL_ATTRIBUTES(v));

			*walk_subtrees = 0;
			c->cases->safe_push({ c->label, v,
					      TREE_STRING_POINTER(TREE_VALUE(TREE_VALUE(a))) });
			c->label = NULL_TREE;
		}
		return NULL_TREE;
	default:
		if (TYPE_P(*tp))
			*walk_subtrees = 0;
		return NULL_TREE;
	}
}

bool
is_nil_case(const struct type_case *c)
{
	return id_equal(DECL_NAME(c->variable), "goat_nil_");
}

bool
is_default_case(const struct type_case *c)
{
	return id_equal(DECL_NAME(c->variable), "goat_default_");
}

// Go: types2, "duplicate case in type switch".
bool
check_cases(location_t where, const char *text, tree iface, const vec<struct type_case> &cases)
{
	bool good = true;

	for (unsigned i = 0; i < cases.length(); i++) {
		location_t at = DECL_SOURCE_LOCATION(cases[i].variable);

		if (is_default_case(&cases[i]))
			continue;
		if (!is_nil_case(&cases[i]))
			good &= check_assertion(at, "switch case", text, iface,
						TREE_TYPE(cases[i].variable));
		for (unsigned j = 0; j < i; j++) {
			if (is_default_case(&cases[j]) ||
			    is_nil_case(&cases[i]) != is_nil_case(&cases[j]))
				continue;
			if (is_nil_case(&cases[i]))
				error_at(at, "multiple nil cases in type switch");
			else if (goat_same_type(TREE_TYPE(cases[i].variable),
						TREE_TYPE(cases[j].variable)))
				error_at(at, "duplicate case %s in type switch", cases[i].text);
			else
				continue;
			inform(DECL_SOURCE_LOCATION(cases[j].variable), "previous case");
			good = false;
			break;
		}
	}
	(void)where;
	return good;
}

// Declares V in BIND with its initial value.
void
initialise(tree bind, tree v, tree init)
{
	DECL_INITIAL(v) = init;
	(void)bind;
}

tree
variable(struct lowering *l, tree type)
{
	tree v = build_decl(UNKNOWN_LOCATION, VAR_DECL, NULL_TREE, type);

	DECL_CONTEXT(v) = l->fn;
	DECL_ARTIFICIAL(v) = 1;
	DECL_IGNORED_P(v) = 1;
	TREE_USED(v) = 1;
	layout_decl(v, 0);
	return v;
}

// The condition becomes: each case's test in turn, giving the number of the first that holds.
tree
number_of_case(struct lowering *l, tree iface, const vec<struct type_case> &cases, tree type)
{
	tree none = build_int_cst(type, -1), number = none, nil = none, have = once(type_in(iface));

	for (unsigned i = cases.length(); i-- > 0;) {
		const struct type_case *c = &cases[i];
		tree v = c->variable, label = CASE_LOW(c->label), test, of = TREE_TYPE(v);
		location_t where = DECL_SOURCE_LOCATION(v);

		if (is_default_case(c))
			continue;
		label = fold_convert(type, label);
		if (is_nil_case(c)) {
			nil = label;
			continue;
		}
		if (is_interface(of)) {
			tree word = variable(l, TREE_TYPE(first_field(of)));
			tree get = asserted_word(where, iface, of, false);

			l->variables.safe_push(word);
			test = in_order(assign(word, fold_convert(TREE_TYPE(word), get)),
					compare(NE_EXPR, word, null_pointer_node));
			initialise(NULL_TREE, v,
				   interface_value(l, where, of, word, data_word(iface)));
		} else {
			test = is_of_type(have, of);
			initialise(NULL_TREE, v, unboxed(data_word(iface), of));
		}
		number = choose(test, label, number);
	}
	number = choose(compare(NE_EXPR, have, null_pointer_node), number, nil);
	return in_order(have, number);
}

// Variables of a case that have no initial value yet get theirs: a DECL_EXPR there is already.
void
lower_type_switch(struct lowering *l, tree t)
{
	tree call = SWITCH_COND(t), iface, type;
	location_t where;
	auto_vec<struct type_case> cases;
	struct case_finder finder = { &cases, NULL_TREE };

	while (CONVERT_EXPR_P(call))
		call = TREE_OPERAND(call, 0);
	iface = CALL_EXPR_ARG(call, 1);
	type = TREE_TYPE(SWITCH_COND(t));
	where = point_of_use(EXPR_LOCATION(call));
	walk_tree_without_duplicates(&SWITCH_BODY(t), find_case, &finder);
	if (!check_interface(where, "type_switch", iface) ||
	    !check_cases(where, spell(iface), iface, cases)) {
		SWITCH_COND(t) = build_int_cst(type, -1);
		return;
	}
	SWITCH_COND(t) = number_of_case(l, once(iface), cases, type);
}

bool
is_type_switch(tree t)
{
	tree call = SWITCH_COND(t);

	while (call != NULL_TREE && CONVERT_EXPR_P(call))
		call = TREE_OPERAND(call, 0);
	return call != NULL_TREE && called_marker(call) == MARKER_SWITCH_INDEX;
}

// ---------------------------------------------------------------- the walk

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
	default:
		return NULL_TREE;
	}
}

// A marker that gives an address, where the value at that address is wanted.
tree
marker_below(tree t)
{
	tree call = TREE_OPERAND(t, 0);
	int marker;

	while (CONVERT_EXPR_P(call))
		call = TREE_OPERAND(call, 0);
	marker = called_marker(call);
	return marker == MARKER_AS || marker == MARKER_ASSERT ? call : NULL_TREE;
}

void
lower_load(struct lowering *l, tree *tp)
{
	tree call = marker_below(*tp);

	lower_arguments(l, call);
	*tp = lowered(l, call);
}

void
lower_call(struct lowering *l, tree *tp)
{
	tree call = *tp, value;
	int marker = called_marker(call);

	lower_arguments(l, call);
	if ((value = lowered(l, call)) == NULL_TREE) {
		goat_lower_method_call(l->fn, tp);
		return;
	}
	if (marker == MARKER_AS || marker == MARKER_ASSERT) {
		// Its address is wanted, or nothing at all.
		tree type = TYPE_MAIN_VARIANT(TREE_TYPE(value));

		value = literal(l, EXPR_LOCATION(call), type, value);
		value = build1(ADDR_EXPR, build_pointer_type(type), value);
		TREE_SIDE_EFFECTS(value) = 1;
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
	if (VAR_P(decl) && DECL_INITIAL(decl) != NULL_TREE && !l->met.add(decl))
		lower_below(l, &DECL_INITIAL(decl));
}

void
lower_switch(struct lowering *l, tree t)
{
	if (is_type_switch(t)) {
		tree call = SWITCH_COND(t);

		while (CONVERT_EXPR_P(call))
			call = TREE_OPERAND(call, 0);
		lower_arguments(l, call);
		lower_type_switch(l, t);
	} else {
		lower_below(l, &SWITCH_COND(t));
	}
	lower_below(l, &SWITCH_BODY(t));
}

void
lower_bind(struct lowering *l, tree t)
{
	unsigned before = l->variables.length();

	lower_below(l, &BIND_EXPR_BODY(t));
	while (l->variables.length() > before) {
		tree v = l->variables.pop();

		DECL_CHAIN(v) = BIND_EXPR_VARS(t);
		BIND_EXPR_VARS(t) = v;
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
	case INDIRECT_REF:
		if (marker_below(t) != NULL_TREE) {
			*walk_subtrees = 0;
			lower_load(l, tp);
		}
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
lower_interfaces(void)
{
	for (struct func *f : unit.funcs) {
		struct lowering l;

		l.fn = f->decl;
		lower_below(&l, &DECL_SAVED_TREE(f->decl));
	}
}

void
finish_interfaces(void)
{
	goat_types_finish(goat_emit_methods);
}
