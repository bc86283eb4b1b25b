// SPDX-License-Identifier: GPL-3.0-or-later
//
// slice.cc: slices, strings and make().
//
// <goat.h> spells what one does with them as calls of functions that do not exist. Such a call lives
// through three stages:
//
//	lowering    its operands are checked, and the call gets the type of its value
//	analysis    the call is known by name: what flows where is said here, as Go's rules have it
//	rewriting   plain code takes its place
//
//	at(xs, i)            i < xs.len || panicbounds(...), xs.ptr + i
//	append(xs, v)        n = xs.len + 1, room = n > xs.cap ? growslice(...) : { xs.ptr, xs.cap },
//	                     room.ptr[xs.len] = v, { room.ptr, n, room.cap }
//	copy(to, from)       memmove() of as many elements as both have
//	subslice(xs, l, h)   h <= xs.cap && l <= h || panicbounds(...), { xs.ptr + l, h - l, xs.cap - l }
//	make(T, n)           { makeslice(...), n, n }, or a place in the frame
//	string_cat(a, b)     concatstrings(...)
//
// The checks are plain comparisons of what the program compares itself, so that GCC drops those that
// it can prove.
//
// make() of a constant size that does not escape is a variable of the function, cleared each time. One
// of a variable size escapes as Go says it does; if only its size is to blame, it lies in the frame as
// long as it is short. So does the result of string_cat() that does not escape.
//
// S1  What has side effects is evaluated once, from left to right, before anything is checked.
// S2  The length that is checked and the pointer that is used are read with nothing between.
// S3  An append() never frees and never writes below xs.len: what it copies from stays as it is.
//
// Go:    as walk/builtin.go, walk/expr.go and ssagen/ssa.go (append, slice). A pointer may end up just
//        past its array, where the collector's objects have a byte more, so it is not masked.
// Layer: glue.

#include "lower.h"

namespace {

enum word { MAKE, LEN, CAP, AT, SUBSLICE, SUBSTR, APPEND, APPEND_SLICE, COPY, STRING_CAT, NWORDS };

const struct { const char *function, *text; } words[NWORDS] = {
	{ "goat_make_", "make" },
	{ "goat_len_", "len" },
	{ "goat_cap_", "cap" },
	{ "goat_at_", "at" },
	{ "goat_subslice_", "subslice" },
	{ "goat_substr_", "substr" },
	{ "goat_append_", "append" },
	{ "goat_append_slice_", "append_slice" },
	{ "goat_copy_", "copy" },
	{ "goat_string_cat_", "string_cat" },
};

int
word_of(tree call)
{
	tree fn = TREE_CODE(call) == CALL_EXPR ? get_callee_fndecl(call) : NULL_TREE;

	if (fn == NULL_TREE || !unit.annotated || !DECL_EXTERNAL(fn) || DECL_NAME(fn) == NULL_TREE ||
	    !startswith(IDENTIFIER_POINTER(DECL_NAME(fn)), "goat_"))
		return -1;
	for (int i = 0; i < NWORDS; i++)
		if (id_equal(DECL_NAME(fn), words[i].function))
			return i;
	return -1;
}

tree
element_type(tree holder)
{
	return TREE_TYPE(TREE_TYPE(field_named(TREE_TYPE(holder), "ptr")));
}

// The array literal that append() has its values in.
tree
values_of(tree call)
{
	tree t = CALL_EXPR_ARG(call, 2);

	STRIP_NOPS(t);
	if (TREE_CODE(t) == ADDR_EXPR)
		t = TREE_OPERAND(t, 0);
	if (TREE_CODE(t) == ARRAY_REF)
		t = TREE_OPERAND(t, 0);
	return TREE_CODE(t) == COMPOUND_LITERAL_EXPR ? t : NULL_TREE;
}

// ---------------------------------------------------------------- checks

bool
is_byte(tree type)
{
	return INTEGRAL_TYPE_P(type) && TREE_CODE(type) != BOOLEAN_TYPE &&
	       TYPE_PRECISION(type) == BITS_PER_UNIT;
}

bool
check_holder(location_t where, const char *text, tree t, bool strings)
{
	tree type = TREE_TYPE(t);

	if (strings && goat_is_string(type))
		return true;
	if (!goat_is_slice(type)) {
		error_at(where, strings ? G_("%qs needs a slice or a string, not a value of type %qs")
					: G_("%qs needs a slice, not a value of type %qs"),
			 text, goat_type_text(type));
		return false;
	}
	if (!has_known_size(element_type(t))) {
		error_at(where, "%qs of elements whose size is not known", text);
		return false;
	}
	return true;
}

bool
check_integers(location_t where, const char *text, tree call, int from)
{
	for (int i = from; i < call_expr_nargs(call); i++) {
		tree type = TREE_TYPE(CALL_EXPR_ARG(call, i));

		if (!INTEGRAL_TYPE_P(type)) {
			error_at(where, "%qs needs integers, not a value of type %qs", text,
				 goat_type_text(type));
			return false;
		}
	}
	return true;
}

// Go spec, "Appending to and copying slices": two slices of one type of elements, or of bytes and a
// string.
bool
check_source(location_t where, const char *text, tree to, tree from)
{
	tree want = element_type(to), have;

	if (!check_holder(where, text, from, true))
		return false;
	have = element_type(from);
	if (TYPE_MAIN_VARIANT(want) == TYPE_MAIN_VARIANT(have) ||
	    (goat_is_string(TREE_TYPE(from)) && is_byte(want)) ||
	    comptypes(TYPE_MAIN_VARIANT(want), TYPE_MAIN_VARIANT(have)) == 1)
		return true;
	error_at(where, "%qs of elements of type %qs, but the slice is of %qs", text,
		 goat_type_text(have), goat_type_text(want));
	return false;
}

bool
check_target(location_t where, const char *text, tree to)
{
	if (!TYPE_READONLY(element_type(to)))
		return true;
	error_at(where, "%qs to elements that are %<const%>", text);
	return false;
}

bool
check_append(location_t where, tree call)
{
	tree init, literal = values_of(call);

	if (!check_holder(where, "append", CALL_EXPR_ARG(call, 1), false))
		return false;
	if (literal == NULL_TREE)
		return false;           // there was an error
	init = DECL_INITIAL(COMPOUND_LITERAL_EXPR_DECL(literal));
	if (init != NULL_TREE && TREE_CODE(init) == STRING_CST) {
		error_at(where, "%<append%> of a literal; %<append_slice%> adds the bytes of a string");
		return false;
	}
	return true;
}

bool
check_make_slice(location_t where, tree call, tree type)
{
	tree elem = TREE_TYPE(TREE_TYPE(field_named(type, "ptr")));
	const char *text = text_of(CALL_EXPR_ARG(call, 0));
	int n = call_expr_nargs(call) - 1;

	if (!has_known_size(elem)) {
		error_at(where, "%qs of elements whose size is not known", text);
		return false;
	}
	if (n != 2 && n != 3) {
		error_at(where, "invalid operation: %s expects 2 or 3 arguments; found %d", text, n);
		return false;
	}
	if (!check_integers(where, "make", call, 2))
		return false;
	if (n == 3 && TREE_CODE(CALL_EXPR_ARG(call, 2)) == INTEGER_CST &&
	    TREE_CODE(CALL_EXPR_ARG(call, 3)) == INTEGER_CST &&
	    tree_int_cst_lt(CALL_EXPR_ARG(call, 3), CALL_EXPR_ARG(call, 2))) {
		error_at(where, "invalid argument: length and capacity swapped in %s", text);
		return false;
	}
	return true;
}

bool
check_subslice(location_t where, tree call)
{
	tree x = CALL_EXPR_ARG(call, 1);
	int n = call_expr_nargs(call) - 2;

	if (!check_holder(where, "subslice", x, true) || !check_integers(where, "subslice", call, 2))
		return false;
	if (n < 2 || n > 3 || (n == 3 && goat_is_string(TREE_TYPE(x)))) {
		error_at(where, "%<subslice%> takes two indices, and of a slice a third");
		return false;
	}
	return true;
}

bool
check_word(location_t where, tree call, enum word word)
{
	const char *text = words[word].text;
	tree x = CALL_EXPR_ARG(call, 1);

	switch (word) {
	case LEN:
	case AT:
		return check_holder(where, text, x, true) && check_integers(where, text, call, 2);
	case CAP:
		return check_holder(where, text, x, false);
	case SUBSLICE:
		return check_subslice(where, call);
	case SUBSTR:
		if (call_expr_nargs(call) != 4) {
			error_at(where, "%<substr%> takes a string and two indices");
			return false;
		}
		if (goat_is_string(TREE_TYPE(x)))
			return check_integers(where, text, call, 2);
		error_at(where, "%<substr%> needs a string, not a value of type %qs",
			 goat_type_text(TREE_TYPE(x)));
		return false;
	case APPEND:
		return check_append(where, call);
	case APPEND_SLICE:
		return check_holder(where, text, x, false) &&
		       check_source(where, text, x, CALL_EXPR_ARG(call, 2));
	case COPY:
		return check_holder(where, text, x, false) && check_target(where, text, x) &&
		       check_source(where, text, x, CALL_EXPR_ARG(call, 2));
	default:
		return true;
	}
}

// ---------------------------------------------------------------- lowering

// What stands between the parentheses in the source.
const char *
operands_text(tree call, enum word word)
{
	const char *text = spell(CALL_EXPR_ARG(call, 1));
	tree literal, value;
	unsigned i;

	if (word != APPEND) {
		for (int k = 2; k < call_expr_nargs(call); k++)
			text = joined({ text, ", ", spell(CALL_EXPR_ARG(call, k)) });
		return text;
	}
	literal = DECL_INITIAL(COMPOUND_LITERAL_EXPR_DECL(values_of(call)));
	if (literal != NULL_TREE && TREE_CODE(literal) == CONSTRUCTOR)
		FOR_EACH_CONSTRUCTOR_VALUE(CONSTRUCTOR_ELTS(literal), i, value)
			text = joined({ text, ", ", spell(value) });
	return text;
}

void
spell_word(tree t, tree call, enum word word)
{
	if (word == MAKE)
		called(t, text_of(CALL_EXPR_ARG(call, 0)));
	else if (report_wanted())
		called(t, joined({ words[word].text, "(", operands_text(call, word), ")" }));
}

// Where there was an error.
tree
no_value(struct lowering *l, location_t where, tree call, enum word word)
{
	tree x = CALL_EXPR_ARG(call, 1);

	switch (word) {
	case MAKE:
		return zero_value(l, where, type_argument(call, 1));
	case SUBSLICE:
	case APPEND:
	case APPEND_SLICE:
		return zero_value(l, where, TREE_TYPE(x));
	case SUBSTR:
		return zero_value(l, where, TREE_TYPE(global_declaration("goat_string")));
	default:
		return build_zero_cst(TREE_TYPE(call));
	}
}

tree
lower_make(struct lowering *l, tree call, location_t where)
{
	tree type = TYPE_MAIN_VARIANT(type_argument(call, 1));

	if (goat_is_map(type))
		return lower_make_map(call, where);
	if (goat_is_chan(type))
		return lower_make_chan(call, where);
	if (!goat_is_slice(type)) {
		error_at(where, "invalid argument: cannot make %s: type must be slice, map, or channel",
			 goat_type_text(type));
		return no_value(l, where, call, MAKE);
	}
	if (!check_make_slice(where, call, type))
		return no_value(l, where, call, MAKE);
	TREE_TYPE(call) = type;
	spell_word(call, call, MAKE);
	return call;
}

tree
lower_len(struct lowering *l, tree call, location_t where, enum word word)
{
	tree x = CALL_EXPR_ARG(call, 1), t;

	if (word == LEN && goat_is_map(TREE_TYPE(x)))
		return lower_map_len(x);
	if (goat_is_chan(TREE_TYPE(x)))
		return lower_chan_len(x, word == LEN ? "qcount" : "dataqsiz");
	if (!check_word(where, call, word))
		return no_value(l, where, call, word);
	t = field_of(x, field_named(TREE_TYPE(x), words[word].text));
	spell_word(t, call, word);
	return t;
}

// ---------------------------------------------------------------- flow

// Explanations speak of it, as Go's do.
struct esc_hole
both_holes(struct walk_state *w, struct esc_hole a, struct esc_hole b)
{
	struct esc_hole two[2] = { a, b };

	return esc_tee(unit.esc, w->f->core, w->depth, two, 2);
}

struct esc_hole
contents_to_heap(tree call, const char *why)
{
	return note(esc_deref(to_heap()), call, why);
}

void
flow_append(struct walk_state *w, struct esc_hole k, tree call)
{
	tree xs = CALL_EXPR_ARG(call, 1), literal = values_of(call), init;
	bool pointers = has_pointers(element_type(xs));

	if (pointers)
		k = both_holes(w, k, contents_to_heap(call, "appendee slice"));
	flow_value(w, note(k, call, "call parameter"), xs);
	init = DECL_INITIAL(COMPOUND_LITERAL_EXPR_DECL(literal));
	if (init != NULL_TREE && TREE_CODE(init) == CONSTRUCTOR)
		flow_elements(w, note(to_heap(), call, "call parameter"), init);
}

void
flow_append_slice(struct walk_state *w, struct esc_hole k, tree call)
{
	tree xs = CALL_EXPR_ARG(call, 1), ys = CALL_EXPR_ARG(call, 2);
	struct esc_hole from = esc_discard();

	if (has_pointers(element_type(xs))) {
		k = both_holes(w, k, contents_to_heap(call, "appendee slice"));
		from = contents_to_heap(call, "appended slice...");
	}
	flow_value(w, note(k, call, "call parameter"), xs);
	flow_value(w, note(from, call, "call parameter"), ys);
}

void
flow_copy(struct walk_state *w, tree call)
{
	tree to = CALL_EXPR_ARG(call, 1), from = CALL_EXPR_ARG(call, 2);
	struct esc_hole k = esc_discard();

	if (has_pointers(element_type(to)))
		k = contents_to_heap(call, "copied slice");
	flow_value(w, esc_discard(), to);
	flow_value(w, note(k, call, "call parameter"), from);
}

// The slice or string flows to K, the indices nowhere.
void
flow_part(struct walk_state *w, struct esc_hole k, tree call, const char *why)
{
	flow_value(w, why != NULL ? note(k, call, why) : k, CALL_EXPR_ARG(call, 1));
	for (int i = 2; i < call_expr_nargs(call); i++)
		flow_value(w, esc_discard(), CALL_EXPR_ARG(call, i));
}

// ---------------------------------------------------------------- operands

// THEN, after FIRST if there is anything to be evaluated.
tree
after(tree first, tree then)
{
	return first != NULL_TREE && TREE_SIDE_EFFECTS(first) ? in_order(first, then) : then;
}

// X, a slice or string, as a tree that may stand in several places after *FIRST was evaluated. Of an
// element of something only the address is kept: a copy of all three words is not wanted.
tree
steady(tree x, tree *first)
{
	tree *at = &x;

	*first = NULL_TREE;
	if (!TREE_SIDE_EFFECTS(x) && DECL_P(x))
		return x;
	x = unshare_expr(x);
	while (TREE_CODE(*at) == COMPONENT_REF && !TREE_THIS_VOLATILE(*at))
		at = &TREE_OPERAND(*at, 0);
	if (DECL_P(*at) && !TREE_THIS_VOLATILE(*at))
		return x;
	if (TREE_CODE(*at) == INDIRECT_REF && !TREE_THIS_VOLATILE(*at)) {
		*first = TREE_OPERAND(*at, 0) = once(TREE_OPERAND(*at, 0));
		return x;
	}
	return *first = once(x);
}

tree
part(tree x, const char *name)
{
	return field_of(unshare_expr(x), field_named(TREE_TYPE(x), name));
}

struct index {
	tree first;             // to be evaluated before
	tree value;             // as a size_t; what is negative is very large
	bool is_signed;
};

struct index
index_of(tree t)
{
	tree type = TREE_TYPE(t), most;
	struct index i = { NULL_TREE, NULL_TREE, !TYPE_UNSIGNED(type) };

	if (TREE_CODE(t) == INTEGER_CST && tree_fits_shwi_p(t)) {
		i.is_signed = tree_int_cst_sgn(t) < 0;
		i.value = fold_convert(size_type_node, t);
		return i;
	}
	i.first = t = once(t);
	i.value = fold_convert(size_type_node, t);
	if (TYPE_PRECISION(type) > TYPE_PRECISION(size_type_node)) {
		most = build_all_ones_cst(size_type_node);
		type = unsigned_type_for(type);
		i.value = choose(compare(LE_EXPR, fold_convert(type, t), fold_convert(type, most)),
				 i.value, most);
		i.is_signed = false;
	}
	return i;
}

tree
times(tree n, tree elem)
{
	return fold_build2(MULT_EXPR, sizetype, fold_convert(sizetype, n),
			   fold_convert(sizetype, TYPE_SIZE_UNIT(elem)));
}

tree
element(tree pointer, tree index, tree elem)
{
	return build2(POINTER_PLUS_EXPR, TREE_TYPE(pointer), pointer, times(index, elem));
}

tree
sum(tree a, tree b)
{
	return fold_build2(PLUS_EXPR, size_type_node, a, fold_convert(size_type_node, b));
}

tree
difference(tree a, tree b)
{
	return fold_build2(MINUS_EXPR, size_type_node, a, fold_convert(size_type_node, b));
}

enum bounds {                   // enum goat_bounds of runtime/error.h
	BOUNDS_INDEX,
	BOUNDS_ALEN,
	BOUNDS_ACAP,
	BOUNDS_B,
	BOUNDS_3ALEN,
	BOUNDS_3ACAP,
	BOUNDS_3B,
	BOUNDS_3C,
};

// Panics unless X is less than Y, or as much where OP allows it.
tree
checked(location_t where, struct index x, enum tree_code op, tree y, enum bounds what)
{
	tree call = build_call_expr_loc(where, runtime_function(ENTRY_panicbounds), 4,
					build_int_cst(integer_type_node, what), x.value,
					build_int_cst(integer_type_node, x.is_signed),
					unshare_expr(y));

	return choose(expect(compare(op, x.value, y), true), build_empty_stmt(where), call);
}

// { POINTER, LENGTH, CAPACITY } as a TYPE; a string has no capacity. All are evaluated before one is
// set, for it may be the slice that they come from which is set.
tree
holder(tree type, tree pointer, tree length, tree capacity)
{
	tree f = field_named(type, "ptr"), t;
	vec<constructor_elt, va_gc> *elts = NULL;

	pointer = once(fold_convert(TREE_TYPE(f), pointer));
	length = once(length);
	CONSTRUCTOR_APPEND_ELT(elts, f, pointer);
	CONSTRUCTOR_APPEND_ELT(elts, field_named(type, "len"), length);
	if (capacity != NULL_TREE) {
		capacity = once(capacity);
		CONSTRUCTOR_APPEND_ELT(elts, field_named(type, "cap"), capacity);
	}
	t = build_constructor(TYPE_MAIN_VARIANT(type), elts);
	if (capacity != NULL_TREE)
		t = after(capacity, t);
	return after(pointer, after(length, t));
}

// memmove() of N elements; with none there may be no address either.
tree
moved(location_t where, tree to, tree from, tree n, tree elem)
{
	tree call = build_call_expr_loc(where, builtin_decl_explicit(BUILT_IN_MEMMOVE), 3,
					fold_convert(ptr_type_node, to),
					fold_convert(ptr_type_node, from),
					fold_convert(size_type_node, times(n, elem)));

	// GCC takes the room that there was for the room that there is.
	compat_no_warning(call, OPT_Wstringop_overflow_);
	return choose(compare(NE_EXPR, n, size_zero_node), fold_convert(void_type_node, call),
		      build_empty_stmt(where));
}

tree
descriptor(tree elem)
{
	return fold_convert(ptr_type_node, goat_type_address(elem));
}

// ---------------------------------------------------------------- rewriting

tree
rewritten_at(tree call, location_t where)
{
	tree first, x = steady(CALL_EXPR_ARG(call, 1), &first), elem = element_type(x), t;
	struct index i = index_of(CALL_EXPR_ARG(call, 2));

	t = fold_convert(TREE_TYPE(call), element(part(x, "ptr"), i.value, elem));
	t = in_order(checked(where, i, LT_EXPR, part(x, "len"), BOUNDS_INDEX), t);
	return after(first, after(i.first, t));
}

tree
rewritten_subslice(tree call, location_t where)
{
	tree first, x = steady(CALL_EXPR_ARG(call, 1), &first), elem = element_type(x), limit, t;
	bool is_string = goat_is_string(TREE_TYPE(x)), three = call_expr_nargs(call) > 4;
	struct index lo = index_of(CALL_EXPR_ARG(call, 2)), hi = index_of(CALL_EXPR_ARG(call, 3)), max;
	tree end = once(part(x, is_string ? "len" : "cap")), checks;

	limit = end;
	if (three) {
		max = index_of(CALL_EXPR_ARG(call, 4));
		limit = max.value;
		checks = checked(where, max, LE_EXPR, end, BOUNDS_3ACAP);
		checks = in_order(checks, checked(where, hi, LE_EXPR, limit, BOUNDS_3B));
		checks = in_order(checks, checked(where, lo, LE_EXPR, hi.value, BOUNDS_3C));
	} else {
		checks = checked(where, hi, LE_EXPR, end, is_string ? BOUNDS_ALEN : BOUNDS_ACAP);
		checks = in_order(checks, checked(where, lo, LE_EXPR, hi.value, BOUNDS_B));
	}
	t = holder(TREE_TYPE(call), element(part(x, "ptr"), lo.value, elem),
		   difference(hi.value, lo.value),
		   is_string ? NULL_TREE : difference(limit, lo.value));
	t = in_order(end, in_order(checks, t));
	if (three)
		t = after(max.first, t);
	return after(first, after(lo.first, after(hi.first, t)));
}

// Room for N elements more than the LEN that X has, as a goat_space.
tree
room(location_t where, tree x, tree len, tree n, tree elem)
{
	tree space = TREE_TYPE(TREE_TYPE(runtime_function(ENTRY_growslice))), grown, here, full;
	tree pointer = fold_convert(ptr_type_node, part(x, "ptr"));

	full = compare(GT_EXPR, n, difference(part(x, "cap"), len));
	grown = build_call_expr_loc(where, runtime_function(ENTRY_growslice), 5, descriptor(elem),
				    pointer, len, sum(len, n), part(x, "cap"));
	here = goat_struct_value(space, { { "ptr", unshare_expr(pointer) }, { "cap", part(x, "cap") } });
	return once(choose(expect(full, false), grown, here));
}

// The one value of a literal of an append(), where a register holds it; else NULL.
tree
single_value(tree literal)
{
	tree init = DECL_INITIAL(COMPOUND_LITERAL_EXPR_DECL(literal)), value;

	if (init == NULL_TREE || TREE_CODE(init) != CONSTRUCTOR || CONSTRUCTOR_NELTS(init) != 1 ||
	    !tree_int_cst_equal(TYPE_SIZE_UNIT(TREE_TYPE(literal)),
				TYPE_SIZE_UNIT(TREE_TYPE(TREE_TYPE(literal)))))
		return NULL_TREE;
	value = CONSTRUCTOR_ELT(init, 0)->value;
	return AGGREGATE_TYPE_P(TREE_TYPE(value)) ? NULL_TREE : value;
}

unsigned HOST_WIDE_INT
number_of_values(tree literal)
{
	tree domain = TYPE_DOMAIN(TREE_TYPE(literal));
	tree max = domain != NULL_TREE ? TYPE_MAX_VALUE(domain) : NULL_TREE;

	if (max == NULL_TREE || !tree_fits_uhwi_p(max) ||
	    (integer_zerop(TYPE_SIZE_UNIT(TREE_TYPE(literal))) &&
	     !integer_zerop(TYPE_SIZE_UNIT(TREE_TYPE(TREE_TYPE(literal))))))
		return 0;
	return tree_to_uhwi(max) + 1;
}

enum { FEW = 8 };               // values that are stored one by one

// Stores the N values of an array literal at TO. VALUES is its address.
tree
store_values(location_t where, tree to, tree values, unsigned HOST_WIDE_INT n, tree elem)
{
	tree t = NULL_TREE, size = fold_convert(size_type_node, times(size_int(n), elem)), from;

	if (n > FEW || TREE_CODE(elem) == ARRAY_TYPE)
		return build_call_expr_loc(where, builtin_decl_explicit(BUILT_IN_MEMCPY), 3,
					   fold_convert(ptr_type_node, to),
					   fold_convert(ptr_type_node, values), size);
	to = once(to);
	from = fold_convert(TREE_TYPE(to), values);
	for (unsigned HOST_WIDE_INT i = 0; i < n; i++) {
		tree set = assign(build1(INDIRECT_REF, elem, element(to, size_int(i), elem)),
				  build1(INDIRECT_REF, elem, element(from, size_int(i), elem)));

		t = t != NULL_TREE ? in_order(t, set) : set;
	}
	return t;
}

// All values are evaluated before any is stored: in the literal, where there are several or it is a
// struct.
tree
rewritten_append(tree call, location_t where)
{
	tree first, x = steady(CALL_EXPR_ARG(call, 1), &first);
	tree elem = TYPE_MAIN_VARIANT(element_type(x)), literal = values_of(call);
	tree value = single_value(literal), values, len, n, space, to, store, t;
	unsigned HOST_WIDE_INT number = number_of_values(literal);

	if (number == 0)
		return after(first, x);
	if (value != NULL_TREE)
		values = value = once(value);
	else
		values = once(build1(ADDR_EXPR, build_pointer_type(TREE_TYPE(literal)), literal));
	n = build_int_cst(size_type_node, number);
	len = once(part(x, "len"));
	space = room(where, x, len, n, elem);
	to = element(fold_convert(build_pointer_type(elem), part(space, "ptr")), len, elem);
	store = value != NULL_TREE ? assign(build1(INDIRECT_REF, elem, to), value)
				   : store_values(where, to, values, number, elem);
	t = holder(TREE_TYPE(call), part(space, "ptr"), sum(len, n), part(space, "cap"));
	t = in_order(len, in_order(space, in_order(store, t)));
	return after(first, after(values, t));
}

tree
rewritten_append_slice(tree call, location_t where)
{
	tree first, x = steady(CALL_EXPR_ARG(call, 1), &first), elem = element_type(x);
	tree first_y, y = steady(CALL_EXPR_ARG(call, 2), &first_y), len, n, from, space, to, t;

	len = once(part(x, "len"));
	n = once(part(y, "len"));
	from = once(part(y, "ptr"));
	space = room(where, x, len, n, elem);
	to = fold_convert(build_pointer_type(elem), part(space, "ptr"));
	t = holder(TREE_TYPE(call), part(space, "ptr"), sum(len, n), part(space, "cap"));
	t = in_order(moved(where, element(to, len, elem), from, n, elem), t);
	t = in_order(len, in_order(n, in_order(from, in_order(space, t))));
	return after(first, after(first_y, t));
}

tree
rewritten_copy(tree call, location_t where)
{
	tree first, x = steady(CALL_EXPR_ARG(call, 1), &first), elem = element_type(x);
	tree first_y, y = steady(CALL_EXPR_ARG(call, 2), &first_y), n, t;

	n = once(build2(MIN_EXPR, size_type_node, part(x, "len"), part(y, "len")));
	t = in_order(moved(where, part(x, "ptr"), part(y, "ptr"), n, elem), n);
	return after(first, after(first_y, in_order(n, t)));
}

// ---------------------------------------------------------------- objects

// Nothing that can go wrong: LEN elements in room for CAP.
bool
surely_fits(tree len, tree cap)
{
	return operand_equal_p(len, cap, 0) ||
	       (TREE_CODE(len) == INTEGER_CST && TREE_CODE(cap) == INTEGER_CST &&
		!tree_int_cst_lt(cap, len));
}

tree
from_runtime(const struct object *o, tree pointer_type, tree elem, tree len, tree cap)
{
	tree call;

	if (o->type != NULL_TREE && surely_fits(len, cap))
		return fold_convert(pointer_type, allocation(o->where, o->type, o->size, o->align));
	call = build_call_expr_loc(o->where, runtime_function(ENTRY_makeslice), 3, descriptor(elem), len,
				   cap);
	return fold_convert(pointer_type, call);
}

// GCC clears as few bytes by a string instruction, which takes a while to begin: 15 ns where these
// stores take 2. What is smaller it clears by stores itself, or does not keep in memory at all.
enum : unsigned { STORES_FROM = 64, STORES_UP_TO = 256 };

// SLOT, an array, cleared, then its address as a POINTER_TYPE.
tree
cleared_array(tree slot, tree pointer_type)
{
	unsigned HOST_WIDE_INT size = tree_to_uhwi(DECL_SIZE_UNIT(slot)), at = 0;
	tree address = address_of(slot, pointer_type), t = address;
	tree any = build_pointer_type_for_mode(char_type_node, ptr_mode, true);
	tree pair = build_vector_type(uint64_type_node, 2);

	if (size <= STORES_FROM || size > STORES_UP_TO)
		return cleared(slot, address);
	SET_DECL_ALIGN(slot, MAX(DECL_ALIGN(slot), TYPE_ALIGN(pair)));
	while (at < size) {
		tree type = size - at >= 16  ? pair
			    : size - at >= 8 ? uint64_type_node
					     : unsigned_char_type_node;
		tree place = build2(MEM_REF, type, address_of(slot, any), build_int_cst(any, at));

		t = in_order(assign(place, build_zero_cst(type)), t);
		at += tree_to_uhwi(TYPE_SIZE_UNIT(type));
	}
	return t;
}

// A make() of N elements in the frame, if that are enough.
tree
from_frame(struct func *f, const struct object *o, tree pointer_type, tree elem, tree len, tree cap)
{
	unsigned HOST_WIDE_INT n, size = tree_to_uhwi(TYPE_SIZE_UNIT(elem));
	tree else_heap = from_runtime(o, pointer_type, elem, len, cap), slot, here, fits;
	struct object buffer = *o;

	if (o->in_frame) {
		slot = frame_slot(f, o);
		here = integer_zerop(o->size) ? address_of(slot, pointer_type)
					      : cleared_array(slot, pointer_type);
		return surely_fits(len, cap) ? here
					     : choose(compare(LE_EXPR, len, cap), here, else_heap);
	}
	if (size == 0 || (n = opt.make_stack / size) == 0)
		return else_heap;
	buffer.type = build_array_type_nelts(elem, n);
	slot = frame_slot(f, &buffer);
	fits = compare(LE_EXPR, cap, build_int_cst(size_type_node, n));
	if (!surely_fits(len, cap))
		fits = both(compare(LE_EXPR, len, cap), fits);
	return choose(fits, cleared_array(slot, pointer_type), else_heap);
}

tree
made_slice(struct func *f, const struct object *o, bool frame)
{
	tree call = o->expr, type = TREE_TYPE(call), pointer_type = TREE_TYPE(field_named(type, "ptr"));
	tree elem = TYPE_MAIN_VARIANT(TREE_TYPE(pointer_type)), t;
	bool two = call_expr_nargs(call) > 3;
	struct index len = index_of(CALL_EXPR_ARG(call, 2));
	struct index cap = two ? index_of(CALL_EXPR_ARG(call, 3)) : len;

	t = frame && (o->in_frame || o->buffered)
		    ? from_frame(f, o, pointer_type, elem, len.value, cap.value)
		    : from_runtime(o, pointer_type, elem, len.value, cap.value);
	t = holder(type, t, len.value, cap.value);
	return after(len.first, two ? after(cap.first, t) : t);
}

tree
made_string(struct func *f, const struct object *o, bool frame)
{
	tree call = o->expr, buf = null_pointer_node;
	struct object buffer = *o;

	frame = frame && o->buffered && opt.make_stack > 0;
	if (frame) {
		buffer.type = build_array_type_nelts(char_type_node, opt.make_stack);
		buffer.align = 1;
		buf = address_of(frame_slot(f, &buffer), ptr_type_node);
	}
	return build_call_expr_loc(o->where, runtime_function(ENTRY_concatstrings), 4, buf,
				   size_int(frame ? opt.make_stack : 0), CALL_EXPR_ARG(call, 1),
				   CALL_EXPR_ARG(call, 2));
}

} // namespace

bool
goat_is_slice(tree type)
{
	return TREE_CODE(type) == RECORD_TYPE && COMPLETE_TYPE_P(type) &&
	       lookup_attribute("goat_slice", TYPE_ATTRIBUTES(TYPE_MAIN_VARIANT(type)));
}

bool
is_slice_word(tree call)
{
	int word = word_of(call);

	return word >= 0 && word != STRING_CAT;
}

bool
is_at(tree call)
{
	return word_of(call) == AT;
}

// A word that <goat.h> looks through a pointer for, whose value is a slice or string.
bool
gives_holder(tree call)
{
	int word = word_of(call);

	return word == MAKE || word == SUBSLICE || word == SUBSTR || word == APPEND ||
	       word == APPEND_SLICE;
}

const char *
holder_word(tree call)
{
	return words[word_of(call)].text;
}

tree
subslice_operand(tree call)
{
	int word = word_of(call);

	return word == SUBSLICE || word == SUBSTR ? CALL_EXPR_ARG(call, 1) : NULL_TREE;
}

tree
lower_slice_word(struct lowering *l, tree call, location_t where)
{
	enum word word = (enum word)word_of(call);

	switch (word) {
	case MAKE:
		return lower_make(l, call, where);
	case LEN:
	case CAP:
		return lower_len(l, call, where, word);
	default:
		break;
	}
	if (!check_word(where, call, word))
		return no_value(l, where, call, word);
	if (word == AT)
		TREE_TYPE(call) = build_pointer_type(element_type(CALL_EXPR_ARG(call, 1)));
	else if (word != COPY)
		TREE_TYPE(call) = TYPE_MAIN_VARIANT(TREE_TYPE(CALL_EXPR_ARG(call, 1)));
	spell_word(call, call, word);
	return call;
}

bool
flow_slice_word(struct walk_state *w, struct esc_hole k, tree call)
{
	switch (word_of(call)) {
	case AT:
		flow_part(w, k, call, NULL);
		return true;
	case SUBSLICE:
	case SUBSTR:
		flow_part(w, k, call, "slice");
		return true;
	case APPEND:
		flow_append(w, k, call);
		return true;
	case APPEND_SLICE:
		flow_append_slice(w, k, call);
		return true;
	case COPY:
		flow_copy(w, call);
		return true;
	default:
		return false;
	}
}

tree
rewritten_slice_word(tree call)
{
	location_t where = EXPR_LOCATION(call);

	switch (word_of(call)) {
	case AT:
		return rewritten_at(call, where);
	case SUBSLICE:
	case SUBSTR:
		return rewritten_subslice(call, where);
	case APPEND:
		return rewritten_append(call, where);
	case APPEND_SLICE:
		return rewritten_append_slice(call, where);
	case COPY:
		return rewritten_copy(call, where);
	default:
		return NULL_TREE;
	}
}

bool
slice_object_kind(tree call, enum object_kind *kind)
{
	int word = word_of(call);

	if (word == MAKE && goat_is_slice(TREE_TYPE(call)))
		*kind = OBJECT_MAKE;
	else if (word == STRING_CAT)
		*kind = OBJECT_CAT;
	else
		return false;
	return true;
}

const char *
name_of_slice_object(tree call)
{
	enum object_kind kind;

	return slice_object_kind(call, &kind) ? keep(text_of(CALL_EXPR_ARG(call, 0))) : NULL;
}

// Its size, and its type as an array of that size, where that is known and not too large.
void
describe_slice_object(struct object *o)
{
	tree call = o->expr, elem, n;
	offset_int size;

	o->name = keep(text_of(CALL_EXPR_ARG(call, 0)));
	o->align = 1;
	if (o->kind != OBJECT_MAKE)
		return;
	elem = TYPE_MAIN_VARIANT(TREE_TYPE(TREE_TYPE(field_named(TREE_TYPE(call), "ptr"))));
	o->align = TYPE_ALIGN_UNIT(elem);
	n = CALL_EXPR_ARG(call, call_expr_nargs(call) - 1);
	if (TREE_CODE(n) != INTEGER_CST)
		return;
	size = wi::to_offset(n) * wi::to_offset(TYPE_SIZE_UNIT(elem));
	if (wi::neg_p(size, SIGNED) || !wi::fits_uhwi_p(size))
		size = MAX_OBJECT + 1;
	o->size = size_int(size.to_uhwi());
	if (size.to_uhwi() <= MAX_OBJECT && !wi::neg_p(wi::to_offset(n), SIGNED) &&
	    tree_fits_uhwi_p(n) && tree_to_uhwi(n) <= MAX_OBJECT)
		o->type = build_array_type_nelts(elem, MAX((unsigned HOST_WIDE_INT)1, tree_to_uhwi(n)));
	else
		o->size = size_int(MAX(size.to_uhwi(), (unsigned HOST_WIDE_INT)MAX_OBJECT + 1));
}

tree
made_slice_object(struct func *f, const struct object *o, bool frame)
{
	return o->kind == OBJECT_MAKE ? made_slice(f, o, frame) : made_string(f, o, frame);
}
