// SPDX-License-Identifier: GPL-3.0-or-later
//
// start.cc: main becomes the first goroutine.
//
// The program's main is called goat.main to the linker, and there is another one:
//
//	int main(int argc, char **argv, char **envp) { return goat_rt0(argc, argv, envp, goat.main); }
//
// To debuggers and in traces the program's own is main all the same, and to itself.
//
// Go:    as runtime/asm_amd64.s (rt0_go).
// Layer: glue.

#include "methods.h"

namespace {

tree
find_main(void)
{
	for (struct func *f : unit.funcs)
		if (f->outer == NULL && TREE_PUBLIC(f->decl) && !DECL_EXTERNAL(f->decl) &&
		    MAIN_NAME_P(DECL_NAME(f->decl)) &&
		    strcmp(IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(f->decl)), "main") == 0)
			return f->decl;
	return NULL_TREE;
}

tree
pointer_to_strings(void)
{
	return build_pointer_type(build_pointer_type(char_type_node));
}

} // namespace

// With -ffreestanding main is a function as others are.
void
wrap_main(void)
{
	tree user = find_main(), strings = pointer_to_strings(), fn, rt0, *end;
	auto_vec<tree> args;
	location_t where;

	if (user == NULL_TREE || !flag_hosted)
		return;
	where = UNKNOWN_LOCATION;       // debuggers are to overlook it
	symtab->change_decl_assembler_name(user, get_identifier("goat.main"));
	TREE_PUBLIC(user) = 0;          // else debuggers call it by its symbol
	TREE_ADDRESSABLE(user) = 1;

	fn = new_function(where, "main",
			  build_function_type_list(integer_type_node, integer_type_node, strings, strings,
						   NULL_TREE),
			  false);
	TREE_PUBLIC(fn) = 1;
	DECL_PRESERVE_P(fn) = 1;
	end = &DECL_ARGUMENTS(fn);
	for (tree type : { integer_type_node, strings, strings }) {
		tree p = build_decl(where, PARM_DECL, NULL_TREE, type);

		DECL_ARG_TYPE(p) = type;
		DECL_CONTEXT(p) = fn;
		DECL_ARTIFICIAL(p) = TREE_USED(p) = 1;
		layout_decl(p, 0);
		*end = p;
		end = &DECL_CHAIN(p);
		args.safe_push(p);
	}
	args.safe_push(fold_convert(ptr_type_node, build_fold_addr_expr(user)));
	rt0 = build_decl(UNKNOWN_LOCATION, FUNCTION_DECL, get_identifier("goat_rt0"),
			 build_function_type_list(integer_type_node, integer_type_node, strings, strings,
						  ptr_type_node, NULL_TREE));
	TREE_PUBLIC(rt0) = DECL_EXTERNAL(rt0) = DECL_ARTIFICIAL(rt0) = 1;
	give_body(fn, build_call_array_loc(where, integer_type_node, build_fold_addr_expr(rt0), args.length(),
					   args.address()));
	cgraph_node::finalize_function(fn, true);
}
