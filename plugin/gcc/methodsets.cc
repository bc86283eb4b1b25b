// SPDX-License-Identifier: GPL-3.0-or-later
//
// methodsets.cc: lists of methods in the program, by which the runtime finds out what a type has.
//
//	interface's descriptor ---> its methods, sorted by name
//	section goat_methods   ---> for each type with a descriptor: the type, its methods, functions
//
// The constructor of a program or library gives the section to goat_addmethods.
//
// Go:    as reflectdata/reflect.go (uncommon types), runtime/symtab.go (modules).
// Layer: glue.

#include "methods.h"

namespace {

tree
record_of_descriptor_member(const char *member)
{
	tree descriptor = TYPE_MAIN_VARIANT(TREE_TYPE(TREE_TYPE(first_field(goat_any_type()))));

	return TYPE_MAIN_VARIANT(TREE_TYPE(TREE_TYPE(field_named(descriptor, member))));
}

tree
method_value(tree record, const struct itab_method *m, unsigned slot, tree fn)
{
	const char *sig = signature(m);

	return goat_struct_value(
		record, { { "name", text_address(m->name) },
			  { "sig", text_address(sig) },
			  { "sighash", build_int_cst(uint32_type_node, goat_fnv1a(FNV_BASIS, sig)) },
			  { "pointer", size_int(m->pointer) },
			  { "slot", size_int(slot) },
			  { "fn", fn ? build1(NOP_EXPR, ptr_type_node, build_fold_addr_expr(fn))
				     : null_pointer_node } });
}

} // namespace

// The list for INTER's descriptor, sorted by name.
tree
goat_interface_methods(tree type, tree pointer_type, size_t *n)
{
	struct methods_of *m = methods_of(TYPE_MAIN_VARIANT(type));
	tree record = TYPE_MAIN_VARIANT(TREE_TYPE(pointer_type));
	auto_vec<tree> values;

	for (size_t k = 0; k < set_of(m)->entries.n; k++) {
		const struct itab_entry *e = &set_of(m)->entries.at[k];

		values.safe_push(method_value(record, e->method, slot_of(e)->at, NULL_TREE));
	}
	*n = values.length();
	return goat_constant_array(record, values);
}

namespace {

// A pointer to the linker's symbol at one end of the section goat_methods.
tree
end_of_section(const char *symbol)
{
	tree v = build_decl(UNKNOWN_LOCATION, VAR_DECL, get_identifier(symbol), ptr_type_node);

	TREE_PUBLIC(v) = DECL_EXTERNAL(v) = DECL_ARTIFICIAL(v) = TREE_USED(v) = 1;
	DECL_VISIBILITY(v) = VISIBILITY_HIDDEN;
	DECL_VISIBILITY_SPECIFIED(v) = 1;
	return build_fold_addr_expr(v);
}

// A pointer in the section of that name, which stays though nothing refers to it. A section is comdat
// for all that is in it or for nothing, so each unit has its own.
void
pointer_in_section(const char *section, tree value)
{
	tree v = goat_constant(NULL, ptr_type_node, NULL_TREE, false);

	TREE_TYPE(v) = ptr_type_node;
	TREE_READONLY(v) = 0;
	DECL_PRESERVE_P(v) = 1;
	set_decl_section_name(v, section);
	goat_define(v, fold_convert(ptr_type_node, value));
	varpool_node::get_create(v)->force_output = 1;
}

// Each program or library gives its sets to the runtime when it is loaded, before constructors of
// the program's. Each unit has the constructor called, so it counts.
void
make_constructor(void)
{
	static bool done;
	const char *symbol = "goat.addmethods";
	tree fn, again, add, body;

	if (done)
		return;
	done = true;
	again = goat_constant("goat.added", boolean_type_node, NULL_TREE, true);
	TREE_TYPE(again) = boolean_type_node;
	TREE_READONLY(again) = 0;
	DECL_VISIBILITY(again) = VISIBILITY_HIDDEN;
	goat_define(again, boolean_false_node);
	add = build_call_expr(runtime_function(ENTRY_addmethods), 2,
			      end_of_section("__start_goat_methods"),
			      end_of_section("__stop_goat_methods"));
	body = in_order(assign(again, boolean_true_node), add);
	body = build3(COND_EXPR, void_type_node, again, build_empty_stmt(BUILTINS_LOCATION), body);
	fn = new_function(BUILTINS_LOCATION, symbol,
			  build_function_type_list(void_type_node, NULL_TREE), true);
	DECL_STATIC_CONSTRUCTOR(fn) = 1;
	SET_DECL_INIT_PRIORITY(fn, MAX_RESERVED_INIT_PRIORITY + 1);
	give_body(fn, body);
	finish_function(fn);
}

tree
methodset_record(void)
{
	static tree record;

	if (record == NULL_TREE)
		record = new_record({ { "type", ptr_type_node },
				      { "n", size_type_node },
				      { "methods", ptr_type_node } });
	return record;
}

void
dump_methods(struct methods_of *of)
{
	const struct itab_set *set = set_of(of);

	if (!opt.dump_itabs)
		return;
	fprintf(stderr, "methods of %s\n", of->type.name);
	for (size_t k = 0; k < set->entries.n; k++) {
		const struct itab_entry *e = &set->entries.at[k];

		fprintf(stderr, "\t%-16s %s%s%s%s%s\n", e->method->name, signature(e->method),
			e->method->pointer ? ", pointer receiver" : "",
			e->depth > 0 ? ", from " : "", e->depth > 0 ? e->owner->name : "",
			e->ambiguous ? ", ambiguous" : "");
	}
}

void
emit_set(tree type, struct methods_of *of)
{
	tree record = record_of_descriptor_member("methods"), list;
	auto_vec<tree> values;
	uint32_t hash = goat_type_hash(type);
	bool is_static = false;
	const char *symbol;
	tree v;

	for (size_t k = 0; k < set_of(of)->entries.n; k++) {
		const struct itab_entry *e = &set_of(of)->entries.at[k];

		// What cannot be called with a pointer is not found when the program runs.
		if (e->ambiguous || (needs_function(e) && stdarg_p(function_type_of(e))))
			continue;
		values.safe_push(method_value(record, e->method, 0, function_for(of, e)));
		hash = goat_fnv1a(goat_fnv1a(hash, e->method->name), signature(e->method));
		is_static |= is_private(e);
	}
	dump_methods(of);
	if (values.is_empty())
		return;
	list = goat_constant_array(record, values);
	symbol = goat_symbol("methods", goat_type_text(type), hash);
	v = goat_constant(symbol, methodset_record(),
			  goat_struct_value(methodset_record(),
					    { { "type", goat_type_address(type) },
					      { "n", size_int(values.length()) },
					      { "methods", list } }),
			  !is_static);
	pointer_in_section("goat_methods", build_fold_addr_expr(v));
	make_constructor();
}

} // namespace

// The methods of a type that has a descriptor, for assertions when the program runs.
void
goat_emit_methods(tree type)
{
	struct methods_of *of;
	bool by_pointer;

	if (goat_is_direct(type) || (RECORD_OR_UNION_TYPE_P(type) &&
				     (goat_is_interface(type) || !COMPLETE_TYPE_P(type))))
		return;
	of = methods_of_value(type, &by_pointer);
	if (set_of(of)->entries.n > 0)
		emit_set(type, of);
}
