// SPDX-License-Identifier: GPL-3.0-or-later
//
// implements.cc: whether a type implements an interface, and the error that says why not.
//
// Go:    as types2/lookup.go (missingMethod), types2/expr.go (the words).
// Layer: glue.

#include "methods.h"

namespace {

const char *
kind_of_operand(tree value)
{
	STRIP_NOPS(value);
	if (CONSTANT_CLASS_P(value))
		return "constant";
	return lvalue_p(value) && TREE_CODE(value) != COMPOUND_LITERAL_EXPR &&
			       !(DECL_P(value) && DECL_NAME(value) == NULL_TREE)
		       ? "variable"
		       : "value";
}

// A function that would be the method had it been declared as one.
const char *
unmarked_function(const struct itab_mismatch *m, const char *type)
{
	const char *name = joined({ without_keyword(type), "_", m->want->name });

	if (m->verdict != ITAB_MISSING || m->have != NULL)
		return "";
	for (struct func *f : unit.funcs)
		if (f->outer == NULL && id_equal(DECL_NAME(f->decl), name))
			return joined({ "\n\t\thave function ", name, " without 'method' before it" });
	return "";
}

// "TYPE does not implement I (missing method Quack)" and more lines.
const char *
complaint(const struct itab_mismatch *m, const struct methods_of *of, tree type, tree inter)
{
	const char *text = goat_type_text(type), *reason, *more;
	char *first;

	if (goat_is_direct(type) && RECORD_OR_UNION_TYPE_P(TREE_TYPE(type)) &&
	    goat_is_interface(TREE_TYPE(type)))
		return joined({ text, " does not implement ", goat_type_text(inter), " (type ", text,
				" is pointer to interface, not interface)" });
	reason = itab_reason(&method_arena, m, of->type.name ? of->type.name : text);
	if ((more = strchr(reason, '\n')) == NULL)
		more = unmarked_function(m, of->type.name ? of->type.name : "");
	first = xstrndup(reason, strcspn(reason, "\n"));
	reason = keep(first);
	free(first);
	return joined({ text, " does not implement ", goat_type_text(inter), " (", reason, ")",
			more });
}

void
point_at_method(const struct itab_mismatch *m)
{
	if (m->have != NULL && m->verdict != ITAB_AMBIGUOUS)
		inform(DECL_SOURCE_LOCATION(declaration_of(m->have)), "declared here");
}

} // namespace

bool
goat_check_conversion(location_t where, tree value, tree type, const char *text, tree to)
{
	const struct itab_type *inter = &methods_of(TYPE_MAIN_VARIANT(to))->type;
	struct itab_mismatch m;
	struct methods_of *of;
	bool by_pointer;

	of = methods_of_value(type, &by_pointer);
	if (of->type.interface)
		by_pointer = true;
	m = itab_match(inter, set_of(of), by_pointer);
	if (m.verdict == ITAB_FITS)
		return true;
	error_at(where, "cannot use %qs (%s of type %s) as %s value: %s", text,
		 kind_of_operand(value), goat_type_text(type), goat_type_text(to),
		 complaint(&m, of, type, to));
	point_at_method(&m);
	return false;
}

bool
goat_check_assertion(location_t where, bool in_switch, const char *text, tree from, tree type)
{
	const struct itab_type *inter = &methods_of(TYPE_MAIN_VARIANT(from))->type;
	const char *name = goat_type_text(type), *why;
	struct itab_mismatch m;
	struct methods_of *of;
	bool by_pointer;

	of = methods_of_value(type, &by_pointer);
	if (of->type.interface)
		return true;
	m = itab_match(inter, set_of(of), by_pointer);
	if (m.verdict == ITAB_FITS)
		return true;
	why = complaint(&m, of, type, from);
	if (in_switch)
		why = joined({ name, "\n\t", text, " of type ", goat_type_text(from),
			       " cannot hold it: ", why });
	else
		why = joined({ "type_assert(", text, ", ", name, ")\n\t", why });
	error_at(where, "impossible type %s: %s", in_switch ? "switch case" : "assertion", why);
	point_at_method(&m);
	return false;
}
