// SPDX-License-Identifier: GPL-3.0-or-later
//
// typeswitch.cc: type_switch, a switch on the number of the first case that fits.
//
// Cases of concrete types that follow each other exclude each other: they are searched by the hash of
// the type. The variable of a case gets its value where it is declared, in the case.
//
// Go:    as walk/switch.go.
// Layer: glue.

#include "lower.h"

namespace {

enum { MANY = 6, LINE = 64 * 8 };     // cases; bits

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

// ---------------------------------------------------------------- the number of the case

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

tree
compare_hash(enum tree_code code, const struct dynamic_type *d, const struct candidate *c)
{
	return compare(code, d->hash, build_int_cst(TREE_TYPE(d->hash), c->hash));
}

// The number of the one of N candidates that it is.
tree
one_of(const struct dynamic_type *d, const struct candidate *c, unsigned n)
{
	enum { FEW = 4 };       // Go: binary search among more than 4
	unsigned half = n / 2;
	tree number = d->none;

	if (n > FEW && c[half - 1].hash != c[half].hash)
		return choose(compare_hash(LT_EXPR, d, &c[half]), one_of(d, c, half),
			      one_of(d, c + half, n - half));
	for (unsigned i = n; i-- > 0;) {
		tree same = both(compare_hash(EQ_EXPR, d, &c[i]),
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
	tree type = TREE_TYPE(v), of_word = TREE_TYPE(first_field(type));
	tree word = new_variable(l->f, UNKNOWN_LOCATION, NULL, of_word);
	location_t where = DECL_SOURCE_LOCATION(v);
	tree get = asserted_word(where, iface, type, false);

	l->variables.safe_push(word);
	DECL_INITIAL(v) = interface_value(l, where, type, word, data_word(where, iface, ""), "");
	return in_order(assign(word, fold_convert(of_word, get)),
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
	// The tests of many cases are close together, and how they lie in lines of the cache makes a quarter of their
	// time: 1.1 ns for a switch of eight, or 1.4.
	if (cases.length() >= MANY && optimize >= 2 && !optimize_size && current_function_decl != NULL_TREE &&
	    DECL_ALIGN(current_function_decl) < LINE)
		SET_DECL_ALIGN(current_function_decl, LINE);
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

} // namespace

// The condition, and the variables of the cases: these have a DECL_EXPR, and get an initial value.
void
lower_type_switch(struct lowering *l, tree t, tree call)
{
	tree iface = CALL_EXPR_ARG(call, 1), type = TREE_TYPE(SWITCH_COND(t));
	location_t where = point_of_use(EXPR_LOCATION(call));
	auto_vec<struct type_case> cases;
	struct case_finder finder = { &cases, NULL_TREE };

	walk_tree_without_duplicates(&SWITCH_BODY(t), find_case, &finder);
	if (!check_interface(where, "type_switch", iface) ||
	    !check_cases(switched_text(iface), iface, cases)) {
		SWITCH_COND(t) = build_int_cst(type, -1);
		return;
	}
	SWITCH_COND(t) = number_of_case(l, once(iface), cases, type);
}
