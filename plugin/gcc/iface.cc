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
//	call(i, M)              M itself, where what i holds is seen; if not, it is left as it is,
//	                        but for i's side effects, which are there twice
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
	MARKER_MAKE,
	MARKER_LEN,
	MARKER_MAP_CLEAR,
	MARKER_MAP_SHRINK,
	MARKER_MAP_STATS,
	MARKER_MAP_BEGIN,
	MARKER_MAP_NEXT,
	NMARKERS,
};

const char *const marker_names[NMARKERS] = {
	"goat_as_",     "goat_assert_",   "goat_assert_ok_", "goat_switch_index_",
	"goat_is_nil_", "goat_iface_eq_", "goat_type_name_",
	"goat_make_",    "goat_len_",      "goat_map_clear_", "goat_map_shrink_",
	"goat_map_stats_", "goat_map_begin_", "goat_map_next_",
};

struct conversion {
	tree type;              // of what was converted
};

hash_set<tree> *boxes;          // calls of goat_new_() for a converted value
hash_map<tree, const char *> *converted;        // by CONSTRUCTOR: what is in it as it was, or ""
hash_map<tree, const char *> *spelled;  // what trees of ours are in the source; "": nothing
hash_map<tree, struct conversion> *conversions; // by literal, and by variable that only ever is it
hash_set<tree> *assigned;       // variables that are assigned to after their definition
hash_set<tree> *not_null;       // the same, not with null

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

} // namespace
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
namespace {

} // namespace
// The T of an argument (T *)0.
tree
type_argument(tree call, int i)
{
	return TREE_TYPE(TREE_TYPE(CALL_EXPR_ARG(call, i)));
}
namespace {

} // namespace
tree
first_field(tree record)
{
	tree f = TYPE_FIELDS(record);

	while (TREE_CODE(f) != FIELD_DECL)
		f = DECL_CHAIN(f);
	return f;
}
namespace {

// The word of an interface that says what it holds: `tab`, or the `type` of an any.
tree
first_word(tree iface)
{
	tree f = first_field(TREE_TYPE(iface));

	return build3(COMPONENT_REF, TREE_TYPE(f), iface, f, NULL_TREE);
}

} // namespace
// T, which the source has as TEXT.
tree
called(tree t, const char *text)
{
	spelled->put(t, text);
	return t;
}
namespace {

// The data word of IFACE, where the source has TEXT.
tree
data_word(location_t where, tree iface, const char *text)
{
	tree f = DECL_CHAIN(first_field(TREE_TYPE(iface)));

	return called(build3_loc(where, COMPONENT_REF, TREE_TYPE(f), iface, f, NULL_TREE), text);
}

bool
is_plain_local(tree decl)
{
	return TREE_CODE(decl) == VAR_DECL && !TREE_STATIC(decl) && !DECL_EXTERNAL(decl) &&
	       !TREE_ADDRESSABLE(decl) && !TREE_THIS_VOLATILE(decl);
}

} // namespace
// A tree for the value of T that may stand in several places, of which the first is evaluated first.
tree
once(tree t)
{
	tree plain = t;

	STRIP_NOPS(plain);
	if (CONSTANT_CLASS_P(plain) || TREE_CODE(t) == SAVE_EXPR)
		return t;
	if (is_plain_local(plain) || (TREE_CODE(plain) == PARM_DECL && !TREE_ADDRESSABLE(plain) &&
				      !TREE_THIS_VOLATILE(plain)))
		return t;
	t = build1_loc(EXPR_LOCATION(t), SAVE_EXPR, TYPE_MAIN_VARIANT(TREE_TYPE(t)), t);
	TREE_SIDE_EFFECTS(t) = 1;
	return t;
}
namespace {

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

} // namespace
tree
compare(enum tree_code code, tree a, tree b)
{
	return build2(code, integer_type_node, a, fold_convert(TREE_TYPE(a), b));
}
namespace {

} // namespace
tree
in_order(tree first, tree then)
{
	tree t = build2(COMPOUND_EXPR, TREE_TYPE(then), first, then);

	TREE_SIDE_EFFECTS(t) = TREE_SIDE_EFFECTS(first) | TREE_SIDE_EFFECTS(then);
	return t;
}
namespace {

} // namespace
tree
choose(tree cond, tree a, tree b)
{
	tree t = build3(COND_EXPR, TREE_TYPE(a), cond, a, b);

	TREE_SIDE_EFFECTS(t) = TREE_SIDE_EFFECTS(cond) | TREE_SIDE_EFFECTS(a) | TREE_SIDE_EFFECTS(b);
	return t;
}
namespace {

} // namespace
tree
expect(tree cond, bool value)
{
	tree call = build_call_expr(builtin_decl_explicit(BUILT_IN_EXPECT), 2,
				    fold_convert(long_integer_type_node, cond),
				    build_int_cst(long_integer_type_node, value));

	return compare(NE_EXPR, call, integer_zero_node);
}
namespace {

// (TYPE){INIT}, a value that may be used as an lvalue.
tree
literal(struct lowering *l, location_t where, tree type, tree init)
{
	tree decl = build_decl(where, VAR_DECL, NULL_TREE, type), t;

	DECL_CONTEXT(decl) = l->f->decl;
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

// { FIRST, DATA }; FROM is what was converted, if it is there as it was.
tree
interface_value(struct lowering *l, location_t where, tree type, tree first, tree data,
		const char *from)
{
	tree f = first_field(type), init;
	vec<constructor_elt, va_gc> *elts = NULL;

	CONSTRUCTOR_APPEND_ELT(elts, f, fold_convert(TREE_TYPE(f), first));
	CONSTRUCTOR_APPEND_ELT(elts, DECL_CHAIN(f), fold_convert(TREE_TYPE(DECL_CHAIN(f)), data));
	init = build_constructor(TYPE_MAIN_VARIANT(type), elts);
	converted->put(init, from);
	return literal(l, where, TYPE_MAIN_VARIANT(type), init);
}

} // namespace
bool
has_known_size(tree type)
{
	return !VOID_TYPE_P(type) && !FUNC_OR_METHOD_TYPE_P(type) && COMPLETE_TYPE_P(type) &&
	       tree_fits_uhwi_p(TYPE_SIZE_UNIT(type));
}
namespace {

tree
zero_value(struct lowering *l, location_t where, tree type)
{
	if (!has_known_size(type))
		return build1(INDIRECT_REF, type, build_zero_cst(build_pointer_type(type)));
	type = TYPE_MAIN_VARIANT(type);
	return AGGREGATE_TYPE_P(type) ? literal(l, where, type, zero_of(type)) : zero_of(type);
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
	tree record = TREE_TYPE(descriptor_pointer_type()), f = TYPE_FIELDS(record);

	while (TREE_CODE(f) != FIELD_DECL || !id_equal(DECL_NAME(f), "hash"))
		f = DECL_CHAIN(f);
	return build3(COMPONENT_REF, TREE_TYPE(f), build1(INDIRECT_REF, record, have), f, NULL_TREE);
}

tree
both(tree a, tree b)
{
	return build2(TRUTH_ANDIF_EXPR, integer_type_node, a, b);
}

tree
either(tree a, tree b)
{
	return build2(TRUTH_ORIF_EXPR, integer_type_node, a, b);
}

tree
same_type(tree have, tree want)
{
	tree same = build_call_expr(runtime_function(ENTRY_sametype), 2,
				    fold_convert(ptr_type_node, have),
				    fold_convert(ptr_type_node, want));

	return fold_convert(integer_type_node, same);
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

// What DATA, the data word of an interface that holds a TYPE, stands for.
tree
unboxed(tree data, tree type)
{
	type = goat_type_itself(type);
	if (goat_is_direct(type))
		return build1(NOP_EXPR, type, data);
	data = build1(NOP_EXPR, build_pointer_type(build_qualified_type(type, TYPE_QUAL_CONST)), data);
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
	call = build_call_expr_loc(o->where, maker(), 3, text,
				   build_zero_cst(build_pointer_type(type)),
				   build1(ADDR_EXPR, build_pointer_type(type), object));
	boxes->add(call);
	return call;
}

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
	    (is_plain_local(v) && !not_null->contains(v) && DECL_INITIAL(v) != NULL_TREE &&
	     is_null(DECL_INITIAL(v))))
		warning_at(o->where, 0, "%qs is NULL here; the %s that holds it will not be nil",
			   o->text, goat_type_text(to));
}

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
		conversions->put(value, { o.type });
	return called(value, conversion_text(&o, to));
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
	iface = once(iface);
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

} // namespace
// *P, where P is a pointer as in the source.
tree
target_of(tree p)
{
	STRIP_NOPS(p);
	if (TREE_CODE(p) == ADDR_EXPR)
		return TREE_OPERAND(p, 0);
	return build1(INDIRECT_REF, TREE_TYPE(TREE_TYPE(p)), p);
}
namespace {

} // namespace
tree
assign(tree place, tree value)
{
	tree t = build2(MODIFY_EXPR, void_type_node, place, value);

	TREE_SIDE_EFFECTS(t) = 1;
	return t;
}
namespace {

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
	const char *of = text_of(CALL_EXPR_ARG(call, 0));
	const char *text = joined({ "type_assert(", of, ", ", text_of(CALL_EXPR_ARG(call, 1)), ")" });

	if (!check_interface(where, "type_assert_ok", iface) || !check_target(where, p, type) ||
	    !check_assertion(where, false, of, iface, type))
		return boolean_false_node;
	type = TYPE_MAIN_VARIANT(type);
	iface = once(iface);
	if (!is_null(p) && !is_decl_address(p))
		p = once(p);
	if (is_interface(type)) {
		first = once(asserted_word(where, iface, type, false));
		ok = compare(NE_EXPR, first, null_pointer_node);
		value = interface_value(l, where, type, first, data_word(where, iface, text), "");
		zero = zero_value(l, where, type);
	} else {
		first = once(type_in(iface));
		ok = is_of_type(first, type);
		value = unboxed(data_word(where, iface, text), type);
		zero = zero_value(l, where, type);
	}
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
	same = both(compare(NE_EXPR, have_a, null_pointer_node),
		    both(compare(NE_EXPR, have_b, null_pointer_node), same_type(have_a, have_b)));
	same = either(compare(EQ_EXPR, have_a, have_b), same);
	equal = build_call_expr_loc(where, runtime_function(ENTRY_efaceeq), 3,
				    fold_convert(ptr_type_node, have_a), data_word(where, a, ""),
				    data_word(where, b, ""));
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
check_cases(const char *text, tree iface, const vec<struct type_case> &cases)
{
	bool good = true;

	for (unsigned i = 0; i < cases.length(); i++) {
		location_t at = point_of_use(DECL_SOURCE_LOCATION(cases[i].variable));

		if (is_default_case(&cases[i]))
			continue;
		if (!is_nil_case(&cases[i]))
			good &= check_assertion(at, true, text, iface,
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
			inform(point_of_use(DECL_SOURCE_LOCATION(cases[j].variable)),
			       "previous case");
			good = false;
			break;
		}
	}
	return good;
}

tree
variable(struct lowering *l, tree type)
{
	tree v = build_decl(UNKNOWN_LOCATION, VAR_DECL, NULL_TREE, type);

	DECL_CONTEXT(v) = l->f->decl;
	DECL_ARTIFICIAL(v) = 1;
	DECL_IGNORED_P(v) = 1;
	TREE_USED(v) = 1;
	layout_decl(v, 0);
	return v;
}

// A concrete type among the cases, and its number.
struct candidate {
	uint32_t hash;
	tree type, number;
};

int
by_hash(const void *a, const void *b)
{
	const struct candidate *x = (const struct candidate *)a, *y = (const struct candidate *)b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

// What the dynamic type, not nil, is compared with.
struct dynamic_type {
	tree have, hash;
	tree none;              // the number of no case
};

// The number of the one of N candidates that it is.
tree
one_of(const struct dynamic_type *d, const struct candidate *c, unsigned n)
{
	enum { FEW = 4 };       // Go: binary search among more than 4
	unsigned half = n / 2;
	tree number = d->none;

	if (n > FEW && c[half - 1].hash != c[half].hash)
		return choose(compare(LT_EXPR, d->hash,
				      build_int_cst(TREE_TYPE(d->hash), c[half].hash)),
			      one_of(d, c, half), one_of(d, c + half, n - half));
	for (unsigned i = n; i-- > 0;) {
		tree same = compare(EQ_EXPR, d->hash,
				    build_int_cst(TREE_TYPE(d->hash), c[i].hash));

		same = build2(TRUTH_ANDIF_EXPR, integer_type_node, same,
			      is_of_hashed_type(d->have, c[i].type));
		number = choose(same, c[i].number, number);
	}
	return number;
}

// The same, REST where it is none of them.
tree
one_of_or(const struct dynamic_type *d, auto_vec<struct candidate> *run, tree rest)
{
	tree number;

	if (run->is_empty())
		return rest;
	if (run->length() > 1)
		run->qsort(by_hash);
	if (run->length() == 1)
		number = choose(is_of_type(d->have, (*run)[0].type), (*run)[0].number, d->none);
	else
		number = one_of(d, run->address(), run->length());
	run->truncate(0);
	if (rest == d->none)
		return number;
	number = once(number);
	return choose(compare(NE_EXPR, number, d->none), number, rest);
}

// Whether it is an interface of the type of V, which is V's value then.
tree
case_of_interface(struct lowering *l, tree iface, tree v)
{
	tree type = TREE_TYPE(v), word = variable(l, TREE_TYPE(first_field(type)));
	location_t where = DECL_SOURCE_LOCATION(v);
	tree get = asserted_word(where, iface, type, false);

	l->variables.safe_push(word);
	DECL_INITIAL(v) = interface_value(l, where, type, word, data_word(where, iface, ""), "");
	return in_order(assign(word, fold_convert(TREE_TYPE(word), get)),
			compare(NE_EXPR, word, null_pointer_node));
}

// The number of the first case that fits: from the last case to the first, each before what is there.
// Cases of concrete types that follow each other exclude each other, and are searched by hash.
tree
number_of_case(struct lowering *l, tree iface, const vec<struct type_case> &cases, tree type)
{
	struct dynamic_type d = { once(type_in(iface)), NULL_TREE, build_int_cst(type, -1) };
	tree number = d.none, nil = d.none;
	auto_vec<struct candidate> run;

	d.hash = once(hash_of(d.have));
	for (unsigned i = cases.length(); i-- > 0;) {
		const struct type_case *c = &cases[i];
		tree label, of = TREE_TYPE(c->variable);

		if (is_default_case(c))
			continue;
		label = fold_convert(type, CASE_LOW(c->label));
		if (is_nil_case(c)) {
			nil = label;
		} else if (is_interface(of)) {
			number = one_of_or(&d, &run, number);
			number = choose(case_of_interface(l, iface, c->variable), label, number);
		} else {
			run.safe_push({ goat_type_hash(of), of, label });
			DECL_INITIAL(c->variable) =
				unboxed(data_word(DECL_SOURCE_LOCATION(c->variable), iface, ""), of);
		}
	}
	number = one_of_or(&d, &run, number);
	number = choose(compare(NE_EXPR, d.have, null_pointer_node), number, nil);
	return in_order(d.have, number);
}

// The operand of type_switch, of which IFACE is a copy.
const char *
switched_text(tree iface)
{
	tree a = VAR_P(iface) ? lookup_attribute("goat_switch", DECL_ATTRIBUTES(iface)) : NULL_TREE;

	return a != NULL_TREE ? TREE_STRING_POINTER(TREE_VALUE(TREE_VALUE(a))) : spell(iface);
}

// The condition, and the variables of the cases: these have a DECL_EXPR, and get an initial value.
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
	    !check_cases(switched_text(iface), iface, cases)) {
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

// ---------------------------------------------------------------- markers

void
lower_arguments(struct lowering *l, tree call)
{
	if (CALL_EXPR_FN(call) != NULL_TREE)
		lower_below(l, &CALL_EXPR_FN(call));
	for (int i = 0; i < call_expr_nargs(call); i++)
		lower_below(l, &CALL_EXPR_ARG(call, i));
}

// make(T, ...): by the kind of T.
tree
lower_make(tree call, location_t where)
{
	tree type = type_argument(call, 1);

	if (goat_is_map(type))
		return lower_make_map(call, where);
	error_at(where, "invalid argument: cannot make %s; type must be slice, map, or channel",
		 goat_type_text(type));
	return build1(INDIRECT_REF, type, build_zero_cst(build_pointer_type(type)));
}

// len(x): by the kind of x.
tree
lower_len(tree call, location_t where)
{
	tree of = CALL_EXPR_ARG(call, 1), f;

	if (goat_is_map(TREE_TYPE(of)))
		return lower_map_len(of);
	if (RECORD_OR_UNION_TYPE_P(TREE_TYPE(of)))
		for (f = TYPE_FIELDS(TREE_TYPE(of)); f != NULL_TREE; f = DECL_CHAIN(f))
			if (TREE_CODE(f) == FIELD_DECL && DECL_NAME(f) != NULL_TREE &&
			    id_equal(DECL_NAME(f), "len"))
				return build3_loc(where, COMPONENT_REF, TREE_TYPE(f), of, f, NULL_TREE);
	error_at(where, "invalid argument: value of type %s for %<len%>", goat_type_text(TREE_TYPE(of)));
	return size_zero_node;
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
	case MARKER_MAKE:
		return lower_make(call, where);
	case MARKER_LEN:
		return lower_len(call, where);
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
	default:
		return NULL_TREE;
	}
}

bool
gives_address(int marker)
{
	return marker == MARKER_AS || marker == MARKER_ASSERT || marker == MARKER_MAKE;
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
	return gives_address(marker) ? call : NULL_TREE;
}

void
lower_load(struct lowering *l, tree *tp)
{
	tree call = marker_below(*tp);

	lower_arguments(l, call);
	*tp = lowered(l, call);
}

// ---------------------------------------------------------------- calls

// The interface that CALL calls a method of, i in i.tab->M(i.data, ...), or NULL; its two places.
tree
called_interface(tree call, tree **in_fn, tree **in_data)
{
	tree fn = CALL_EXPR_FN(call), *p;

	if (fn == NULL_TREE || call_expr_nargs(call) < 1 || TREE_CODE(fn) != COMPONENT_REF)
		return NULL_TREE;
	while (TREE_CODE(fn) == COMPONENT_REF)
		fn = TREE_OPERAND(fn, 0);
	if (TREE_CODE(fn) != INDIRECT_REF)
		return NULL_TREE;
	for (p = &TREE_OPERAND(fn, 0); CONVERT_EXPR_P(*p); p = &TREE_OPERAND(*p, 0))
		;
	if (TREE_CODE(*p) != COMPONENT_REF || !is_interface(TREE_TYPE(TREE_OPERAND(*p, 0))))
		return NULL_TREE;
	*in_fn = &TREE_OPERAND(*p, 0);
	for (p = &CALL_EXPR_ARG(call, 0); CONVERT_EXPR_P(*p); p = &TREE_OPERAND(*p, 0))
		;
	if (TREE_CODE(*p) != COMPONENT_REF ||
	    TYPE_MAIN_VARIANT(TREE_TYPE(TREE_OPERAND(*p, 0))) !=
		    TYPE_MAIN_VARIANT(TREE_TYPE(**in_fn)))
		return NULL_TREE;
	*in_data = &TREE_OPERAND(*p, 0);
	return **in_fn;
}

location_t
spelled_at(tree t)
{
	return linemap_resolve_location(line_table, EXPR_LOCATION(t), LRK_SPELLING_LOCATION, NULL);
}

// call(next(), M) has next() in two places, for the macro has it so.
void
evaluate_once(tree call)
{
	tree *in_fn, *in_data, iface = called_interface(call, &in_fn, &in_data), one;

	if (iface == NULL_TREE || !TREE_SIDE_EFFECTS(iface) || !TREE_SIDE_EFFECTS(*in_data) ||
	    TREE_CODE(iface) != TREE_CODE(*in_data) || spelled_at(iface) != spelled_at(*in_data))
		return;
	one = build1_loc(EXPR_LOCATION(iface), SAVE_EXPR, TREE_TYPE(iface), iface);
	TREE_SIDE_EFFECTS(one) = 1;
	*in_fn = *in_data = one;
}

tree
note_assignment(tree *tp, int *walk_subtrees, void *)
{
	tree t = *tp, to;

	if (TYPE_P(t))
		*walk_subtrees = 0;
	switch (TREE_CODE(t)) {
	case MODIFY_EXPR:
	case INIT_EXPR:
	case PREINCREMENT_EXPR:
	case PREDECREMENT_EXPR:
	case POSTINCREMENT_EXPR:
	case POSTDECREMENT_EXPR:
		to = get_base_address(TREE_OPERAND(t, 0));
		if (to == NULL_TREE || !DECL_P(to))
			return NULL_TREE;
		assigned->add(to);
		if (TREE_CODE(t) != MODIFY_EXPR || !is_null(TREE_OPERAND(t, 1)))
			not_null->add(to);
		return NULL_TREE;
	case ASM_EXPR:
		for (tree o = ASM_OUTPUTS(t); o != NULL_TREE; o = TREE_CHAIN(o))
			if ((to = get_base_address(TREE_VALUE(o))) != NULL_TREE && DECL_P(to)) {
				assigned->add(to);
				not_null->add(to);
			}
		return NULL_TREE;
	default:
		return NULL_TREE;
	}
}

// A variable that is defined as a conversion and never anything else.
void
note_definition(tree decl)
{
	tree init = DECL_INITIAL(decl);
	struct conversion *c;

	if (!is_plain_local(decl) || assigned->contains(decl))
		return;
	if ((c = conversions->get(init)) != NULL) {
		struct conversion copy = *c;

		conversions->put(decl, copy);
	}
}

tree
field_called(tree call)
{
	return TREE_OPERAND(CALL_EXPR_FN(call), 1);
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
	struct conversion *c;
	auto_vec<tree> rest;
	const char *name;

	if (iface == NULL_TREE || iface != *in_data)
		return;
	c = conversions->get(TREE_CODE(iface) == SAVE_EXPR ? TREE_OPERAND(iface, 0) : iface);
	if (c == NULL)
		return;
	for (int i = 1; i < call_expr_nargs(call); i++)
		rest.safe_push(CALL_EXPR_ARG(call, i));
	name = IDENTIFIER_POINTER(DECL_NAME(field_called(call)));
	direct = goat_direct_call(EXPR_LOCATION(call), c->type, name, CALL_EXPR_ARG(call, 0), rest);
	if (direct == NULL_TREE)
		return;
	if (report_wanted()) {
		char *text = concat("devirtualizing ", spell(iface), ".", name, " to ",
				    goat_type_text(c->type), NULL);

		report(l->f, EXPR_LOCATION(call), NOTICE, NULL, text, NULL, NULL);
		free(text);
	}
	if (const char **text = spelled->get(call))
		spelled->put(direct, *text);
	*tp = direct;
}

// ---------------------------------------------------------------- the walk

void
lower_call(struct lowering *l, tree *tp)
{
	tree call = *tp, value;
	int marker = called_marker(call);

	evaluate_once(call);
	lower_arguments(l, call);
	if ((value = lower_map_call(l, call)) != NULL_TREE) {
		*tp = value;
		return;
	}
	if ((value = lowered(l, call)) == NULL_TREE) {
		spell_call(call);
		return devirtualise(l, tp);
	}
	if (gives_address(marker)) {
		// Its address is wanted, or nothing at all.
		tree type = TYPE_MAIN_VARIANT(TREE_TYPE(value));

		if (!has_known_size(type)) {    // there was an error
			*tp = build_zero_cst(TREE_TYPE(call));
			return;
		}
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
	if (VAR_P(decl) && DECL_INITIAL(decl) != NULL_TREE && !l->met.add(decl)) {
		lower_below(l, &DECL_INITIAL(decl));
		note_definition(decl);
	}
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
	tree call = TREE_OPERAND(TREE_OPERAND(*tp, 0), 0);

	while (CONVERT_EXPR_P(call))
		call = TREE_OPERAND(call, 0);
	lower_arguments(l, call);
	lower_below(l, &TREE_OPERAND(*tp, 1));
	*tp = lower_map_set(l, *tp);
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
	case MODIFY_EXPR:
		if (is_map_set(t)) {
			*walk_subtrees = 0;
			lower_set(l, tp);
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
lower_interfaces(void)
{
	boxes = new hash_set<tree>;
	converted = new hash_map<tree, const char *>;
	spelled = new hash_map<tree, const char *>;
	conversions = new hash_map<tree, struct conversion>;
	assigned = new hash_set<tree>;
	not_null = new hash_set<tree>;
	for (struct func *f : unit.funcs)
		walk_tree_without_duplicates(&DECL_SAVED_TREE(f->decl), note_assignment, NULL);
	for (struct func *f : unit.funcs) {
		struct lowering l;

		l.f = f;
		current_function_decl = f->decl;
		lower_below(&l, &DECL_SAVED_TREE(f->decl));
	}
	current_function_decl = NULL_TREE;
}

void
finish_interfaces(void)
{
	goat_types_finish(goat_emit_methods);
}

const char *
lowered_text(tree t)
{
	const char **text = spelled != NULL ? spelled->get(t) : NULL;

	return text != NULL ? *text : NULL;
}

bool
is_box(tree call)
{
	return boxes != NULL && boxes->contains(call);
}

const char *
converted_text(tree constructor)
{
	const char **text = converted != NULL ? converted->get(constructor) : NULL;

	return text != NULL ? *text : NULL;
}
