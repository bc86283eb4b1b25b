// SPDX-License-Identifier: GPL-3.0-or-later
//
// itabs.cc: the table of an interface's functions for a type.
//
// An itab is a constant: what struct goat_itab of <goat/abi.h> begins with, then the interface's own
// struct of function pointers.
//
// Go:    as reflectdata/reflect.go (writeITab).
// Layer: glue.

#include "methods.h"

namespace {

hash_map<nofree_string_hash, tree> *made;

} // namespace

tree
already_made(const char *symbol)
{
	tree *there = made != NULL ? made->get(symbol) : NULL;

	return there != NULL ? *there : NULL_TREE;
}

void
note_made(const char *symbol, tree decl)
{
	if (made == NULL)
		made = new hash_map<nofree_string_hash, tree>;
	made->put(symbol, decl);
}

namespace {

// struct goat_itab with the functions of one interface.
tree
itab_record(tree itab)
{
	static hash_map<tree, tree> *records;
	tree record;

	if (records == NULL)
		records = new hash_map<tree, tree>;
	if (tree *there = records->get(itab))
		return *there;
	record = new_record({ { "inter", ptr_type_node },
			      { "type", ptr_type_node },
			      { "hash", uint32_type_node },
			      { "unused", uint32_type_node },
			      { "fn", itab } });
	records->put(itab, record);
	return record;
}

// All functions of an interface, as its struct has them.
tree
functions_value(tree itab, struct methods_of *of, bool *is_static)
{
	vec<constructor_elt, va_gc> *elts = NULL;

	for (tree f = TYPE_FIELDS(itab); f != NULL_TREE; f = DECL_CHAIN(f)) {
		const struct itab_entry *e;
		tree value;

		if (TREE_CODE(f) != FIELD_DECL)
			continue;
		if (DECL_NAME(f) == NULL_TREE) {
			value = functions_value(TREE_TYPE(f), of, is_static);
		} else {
			e = itab_find(set_of(of), IDENTIFIER_POINTER(DECL_NAME(f)));
			*is_static |= is_private(e);
			value = build1(NOP_EXPR, TREE_TYPE(f),
				       build_fold_addr_expr(function_for(of, e)));
		}
		CONSTRUCTOR_APPEND_ELT(elts, f, value);
	}
	return build_constructor(itab, elts);
}

void
dump_itab(tree inter, tree type, struct methods_of *of)
{
	const struct itab_type *i = &methods_of(TYPE_MAIN_VARIANT(inter))->type;

	if (!opt.dump_itabs)
		return;
	fprintf(stderr, "itab %s, %s\n", goat_type_text(inter), goat_type_text(type));
	for (size_t k = 0; k < i->methods.n; k++) {
		const struct itab_entry *e = itab_find(set_of(of), i->methods.at[k].name);

		fprintf(stderr, "\t%-16s %s\n", i->methods.at[k].name,
			IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(function_for(of, e))));
	}
}

} // namespace

tree
goat_itab_address(tree inter, tree type)
{
	bool by_pointer, is_static = false;
	struct methods_of *of = methods_of_value(type, &by_pointer);
	tree itab = itab_struct(inter), record = itab_record(itab), v, init;
	uint32_t hash = goat_type_hash(inter) * 31 + goat_type_hash(type);
	const char *text = joined({ goat_type_text(inter), ",", goat_type_text(type) });
	const char *symbol = goat_symbol("itab", text, hash);

	if ((v = already_made(symbol)) == NULL_TREE) {
		tree functions = functions_value(itab, of, &is_static);

		init = goat_struct_value(
			record,
			{ { "inter", goat_type_address(inter) },
			  { "type", goat_type_address(type) },
			  { "hash", build_int_cst(uint32_type_node, goat_type_hash(type)) },
			  { "fn", functions } });
		v = goat_constant(symbol, record, init, !is_static);
		note_made(symbol, v);
		dump_itab(inter, type, of);
	}
	return build_fold_addr_expr(field_of(v, field_named(record, "fn")));
}
