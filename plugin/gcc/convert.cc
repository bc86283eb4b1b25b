// SPDX-License-Identifier: GPL-3.0-or-later
//
// convert.cc: as(), from a value or an interface to an interface.
//
//	as(any, x)              { &type, new(x) }       of a value; a pointer is the data word itself
//	as(I, x)                { itab, new(x) }
//	as(I, i)                { i.tab ? assertE2I(I, type of i) : NULL, i.data }
//
// The object that a converted value becomes is one that new() makes, so that the analysis and the
// rewrite treat it as any other.
//
// Go:    as walk/convert.go.
// Layer: glue.

#include "lower.h"

namespace {

// What is converted, as the language sees it.
struct operand {
	tree value, type;
	const char *text;
	location_t where;
};

hash_set<tree> *boxes;          // calls of goat_new_() for a converted value

hash_set<tree> *not_null;       // variables that are given something else than null later

// ---------------------------------------------------------------- the operand

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

const char *
after_blanks(const char *p)
{
	while (ISSPACE(*p))
		p++;
	return p;
}

// What follows the bracket that P is at, and what it encloses; NULL where that does not end.
const char *
after_brackets(const char *p)
{
	int depth = 0;

	for (; *p; p++) {
		if (*p == '"' || *p == '\'') {
			char quote = *p;

			for (p++; *p != quote; p++)
				if (*p == '\0' || (*p == '\\' && *++p == '\0'))
					return NULL;
		} else if (strchr("([{", *p)) {
			depth++;
		} else if (strchr(")]}", *p) && --depth == 0) {
			return p + 1;
		}
	}
	return NULL;
}

// Whether P is one operand, with what stands before and after it, and no operator between two.
bool
is_operand(const char *p)
{
	bool seen = false;

	for (p = after_blanks(p); *p; p = after_blanks(p)) {
		if (!seen && strchr("+-~!*&", *p)) {
			p++;
		} else if (ISALNUM(*p) || *p == '_' || *p == '.') {
			if (seen && *p != '.')
				return false;
			while (ISALNUM(*p) || *p == '_' || *p == '.' ||
			       (strchr("+-", *p) && strchr("eEpP", p[-1]) && ISALNUM(p[1])))
				p++;
			seen = true;
		} else if (startswith(p, "->")) {
			p += 2;
			seen = false;
		} else if (*p == '(' || (seen && *p == '[')) {
			if ((p = after_brackets(p)) == NULL)
				return false;
			seen = true;
		} else {
			return false;
		}
	}
	return seen;
}

// The type that a value is cast to in TEXT, where it is a typedef with methods: (Celsius)31 is an int
// to the front end, which keeps no typedef in the type of a cast.
tree
type_of_cast(const char *text, tree type)
{
	const char *p = after_blanks(text), *end;
	char *name;
	tree named;

	if (AGGREGATE_TYPE_P(type) || *p != '(')
		return type;
	p = after_blanks(p + 1);
	for (end = p; ISALNUM(*end) || *end == '_'; end++)
		;
	if (end == p || *after_blanks(end) != ')' || !is_operand(after_blanks(end) + 1))
		return type;
	name = xstrndup(p, end - p);
	named = goat_typedef_with_methods(name);
	free(name);
	if (named == NULL_TREE || TYPE_MAIN_VARIANT(named) != TYPE_MAIN_VARIANT(type))
		return type;
	return named;
}

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
	o->type = goat_type_itself(type_of_cast(o->text, o->type));
	o->value = unpromoted(o->value, o->type);
}

// ---------------------------------------------------------------- conversion

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
	text = text_address(o->text);
	call = build_call_expr_loc(o->where, maker(), 3, text,
				   build_zero_cst(build_pointer_type(type)),
				   build1(ADDR_EXPR, build_pointer_type(type), object));
	if (boxes == NULL)
		boxes = new hash_set<tree>;
	boxes->add(call);
	return call;
}

const char *
conversion_text(const struct operand *o, tree to)
{
	return joined({ "as(", goat_type_text(to), ", ", o->text, ")" });
}

// IFACE as another interface.
tree
converted_interface(struct lowering *l, const struct operand *o, tree to)
{
	location_t where = o->where;
	tree iface = o->value;
	tree have, tab;

	if (goat_same_type(TREE_TYPE(iface), to))
		return iface;
	iface = once(iface);
	have = type_in(iface);
	if (!goat_is_any(to)) {
		tab = tab_at_site(where, iface, to, true);
		have = choose(compare(NE_EXPR, first_word(iface), null_pointer_node), tab,
			      null_pointer_node);
	}
	return interface_value(l, where, to, have, data_word(where, iface, ""),
			       conversion_text(o, to));
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

// A pointer that is nil here makes an interface that is not.
void
warn_of_nil(const struct operand *o, tree to)
{
	tree v = o->value;

	STRIP_NOPS(v);
	if (!goat_is_direct(o->type) || in_system_header_at(o->where))
		return;
	if (is_null(v) ||
	    (is_plain_local(v) && !(not_null && not_null->contains(v)) && DECL_INITIAL(v) != NULL_TREE &&
	     is_null(DECL_INITIAL(v))))
		warning_at(o->where, 0, "%qs is NULL here; the %s that holds it will not be nil",
			   o->text, goat_type_text(to));
}

} // namespace

tree
lower_as(struct lowering *l, tree call, location_t where)
{
	const char *inter = text_of(CALL_EXPR_ARG(call, 0));
	tree to = type_argument(call, 2), value;
	struct operand o = { CALL_EXPR_ARG(call, 4), type_argument(call, 3),
			     text_of(CALL_EXPR_ARG(call, 1)), where };

	settle_operand(&o, strcmp(inter, "panic") == 0);
	if (!check_operand(&o, to))
		return zero_value(l, where, to);
	if (!goat_check_conversion(where, o.value, o.type, o.text, to))
		return zero_value(l, where, to);
	if (is_interface(o.type))
		return called(converted_interface(l, &o, to), conversion_text(&o, to));
	warn_of_nil(&o, to);
	value = interface_value(l, where, to,
				goat_is_any(to) ? type_address(o.type) : goat_itab_address(to, o.type),
				data_of(l, &o), goat_is_direct(o.type) ? conversion_text(&o, to) : "");
	if (!goat_is_any(to))
		note_conversion(value, o.type);
	return called(value, conversion_text(&o, to));
}

void
note_value(tree variable, tree value)
{
	if (not_null == NULL)
		not_null = new hash_set<tree>;
	if (value == NULL_TREE || !is_null(value))
		not_null->add(variable);
}

bool
is_box(tree call)
{
	return boxes != NULL && boxes->contains(call);
}
