// SPDX-License-Identifier: GPL-3.0-or-later
//
// trees.cc: the trees that the rewrites build.
//
// Calls of the runtime are declared from runtime/include/goat/entry.def, which the runtime's own
// prototypes come from too.
//
// Layer: glue.

#include "glue.h"

namespace {

hash_set<tree> *runtime_functions;      // all that were made

enum entry_flags { NOTHROW, THROWS, NORETURN };

tree
entry_type(enum entry e)
{
	tree VOID = void_type_node, BOOL = boolean_type_node, INT = integer_type_node;
	tree SIZE = size_type_node, POINTER = ptr_type_node, NONE = NULL_TREE;

#define ANY goat_any_type()
	switch (e) {
#define ENTRY(name, flags, result, ...)                                                            \
	case ENTRY_##name:                                                                         \
		return build_function_type_list(result, __VA_ARGS__, NULL_TREE);
#include "goat/entry.def"
#undef ENTRY
	default:
		gcc_unreachable();
	}
#undef ANY
}

// The type of an allocator: argument 1 is the size and 2 the alignment of what it gives, which
// __builtin_object_size and the checks of _FORTIFY_SOURCE go by.
tree
allocator_type(tree type)
{
	tree size = tree_cons(get_identifier("alloc_size"),
			      build_tree_list(NULL_TREE, integer_one_node), NULL_TREE);
	tree both = tree_cons(get_identifier("alloc_align"),
			      build_tree_list(NULL_TREE, build_int_cst(integer_type_node, 2)), size);

	return build_type_attribute_variant(type, both);
}

} // namespace

tree
runtime_function(enum entry e)
{
	static const struct {
		const char *name;
		enum entry_flags flags;
	} table[] = {
#define ENTRY(name, flags, ...) { "goat_" #name, flags },
#include "goat/entry.def"
#undef ENTRY
	};
	static tree made[NENTRIES];
	tree fn = made[e];

	if (fn != NULL_TREE)
		return fn;
	fn = build_decl(UNKNOWN_LOCATION, FUNCTION_DECL, get_identifier(table[e].name),
			entry_type(e));
	TREE_PUBLIC(fn) = 1;
	DECL_EXTERNAL(fn) = 1;
	DECL_ARTIFICIAL(fn) = 1;
	TREE_NOTHROW(fn) = table[e].flags == NOTHROW;
	TREE_THIS_VOLATILE(fn) = table[e].flags == NORETURN;
	if (e == ENTRY_mallocgc) {
		DECL_IS_MALLOC(fn) = 1;
		TREE_TYPE(fn) = allocator_type(TREE_TYPE(fn));
	}
	if (runtime_functions == NULL)
		runtime_functions = new hash_set<tree>;
	runtime_functions->add(fn);
	return made[e] = fn;
}

// The front end has forgotten what its names stand for by the time of the unit pass.
tree
global_declaration(const char *name)
{
	tree id = get_identifier(name);

	for (tree t : *all_translation_units)
		for (tree d = BLOCK_VARS(DECL_INITIAL(t)); d != NULL_TREE; d = DECL_CHAIN(d))
			if (DECL_NAME(d) == id)
				return d;
	gcc_unreachable();
}

bool
is_runtime_function(tree fn)
{
	return runtime_functions != NULL && runtime_functions->contains(fn);
}

tree
allocation(location_t where, tree type, tree size, unsigned HOST_WIDE_INT align)
{
	tree call = build_call_expr_loc(where, runtime_function(ENTRY_mallocgc), 3,
					fold_convert(size_type_node, size), size_int(align),
					has_pointers(type) ? integer_zero_node : integer_one_node);

	return fold_convert(build_pointer_type(type), call);
}

tree
dereference(tree pointer)
{
	tree ref = build1(INDIRECT_REF, TREE_TYPE(TREE_TYPE(pointer)), pointer);

	TREE_THIS_NOTRAP(ref) = 1;
	if (TYPE_VOLATILE(TREE_TYPE(ref)))
		TREE_THIS_VOLATILE(ref) = TREE_SIDE_EFFECTS(ref) = 1;
	return ref;
}

tree
outermost(struct func *f)
{
	tree body = DECL_SAVED_TREE(f->decl);

	while (TREE_CODE(body) == STATEMENT_LIST && !tsi_end_p(tsi_start(body)))
		body = tsi_stmt(tsi_last(body));
	if (TREE_CODE(body) == BIND_EXPR)
		return body;
	body = build3(BIND_EXPR, void_type_node, NULL_TREE, DECL_SAVED_TREE(f->decl), NULL_TREE);
	TREE_SIDE_EFFECTS(body) = 1;
	DECL_SAVED_TREE(f->decl) = body;
	return body;
}

void
put_at_top(tree bind, tree stmt)
{
	tree list = NULL_TREE;

	append_to_statement_list(stmt, &list);
	append_to_statement_list(BIND_EXPR_BODY(bind), &list);
	BIND_EXPR_BODY(bind) = list;
}

void
declare_in(tree bind, tree v)
{
	DECL_CHAIN(v) = BIND_EXPR_VARS(bind);
	BIND_EXPR_VARS(bind) = v;
	if (tree block = BIND_EXPR_BLOCK(bind))
		BLOCK_VARS(block) = v;
}

tree
new_variable(struct func *f, location_t where, const char *name, tree type)
{
	tree v = build_decl(where, VAR_DECL, name ? get_identifier(name) : NULL_TREE, type);

	DECL_CONTEXT(v) = f->decl;
	DECL_ARTIFICIAL(v) = 1;
	DECL_IGNORED_P(v) = name == NULL;
	TREE_USED(v) = 1;
	layout_decl(v, 0);
	return v;
}

tree
zero_of(tree type)
{
	if (AGGREGATE_TYPE_P(type))
		return build_constructor(type, NULL);
	return build_zero_cst(type);
}

tree
address_of(tree slot, tree type)
{
	return fold_convert(type, build1(ADDR_EXPR, build_pointer_type(TREE_TYPE(slot)), slot));
}

tree
set_and_give(tree place, tree value, tree result)
{
	tree set = build2(MODIFY_EXPR, void_type_node, place, value);

	TREE_SIDE_EFFECTS(set) = 1;
	return build2(COMPOUND_EXPR, TREE_TYPE(result), set, result);
}
