// SPDX-License-Identifier: GPL-3.0-or-later
//
// outline.cc: the block of a go statement becomes a function.
//
// When a function has been parsed, and its jumps were checked, the block is taken out of it and made
// the body of a nested function, as GNU C has them, which the marker then calls. So all that is known
// of functions holds for it: `return` ends it, and defers in it run at its end. Until the analysis is
// done its uses of the variables around it are just that; then go.cc gives it a struct of what it
// captures, and it is nested no more.
//
// Go:    names as in Go's traces: f.func1, and f.func1.1 for a block inside of it.
// Layer: glue.

#include "glue.h"

namespace {

struct outlining {
	tree from, to;
};

void
adopt_decl(struct outlining *o, tree decl)
{
	cgraph_node *node;

	if (DECL_CONTEXT(decl) != o->from)
		return;
	DECL_CONTEXT(decl) = o->to;
	if (TREE_CODE(decl) != FUNCTION_DECL || DECL_SAVED_TREE(decl) == NULL_TREE ||
	    (node = cgraph_node::get(decl)) == NULL)
		return;
	take_out_function(node);
	maybe_record_nested_function(node);
}

// Whatever is declared in the block.
tree
adopt(tree *tp, int *walk_subtrees, void *data)
{
	struct outlining *o = (struct outlining *)data;
	tree t = *tp;

	if (TYPE_P(t)) {
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	switch (TREE_CODE(t)) {
	case BIND_EXPR:
		for (tree v = BIND_EXPR_VARS(t); v != NULL_TREE; v = DECL_CHAIN(v))
			adopt_decl(o, v);
		break;
	case LABEL_EXPR:
		adopt_decl(o, LABEL_EXPR_LABEL(t));
		break;
	case CASE_LABEL_EXPR:
		adopt_decl(o, CASE_LABEL(t));
		break;
	case TARGET_EXPR:
		adopt_decl(o, TARGET_EXPR_SLOT(t));
		break;
	case COMPOUND_LITERAL_EXPR: {
		tree decl = COMPOUND_LITERAL_EXPR_DECL(t);

		if (DECL_CONTEXT(decl) == o->from) {
			adopt_decl(o, decl);
			if (DECL_INITIAL(decl) != NULL_TREE)
				walk_tree(&DECL_INITIAL(decl), adopt, o, NULL);
		}
		break;
	}
	default:
		break;
	}
	return NULL_TREE;
}

// What the goroutine is called in traces.
const char *
name_in(tree outer)
{
	static hash_map<tree, int> *numbers;
	static hash_set<nofree_string_hash> *used;
	const char *base = IDENTIFIER_POINTER(DECL_NAME(outer)), *name;
	char end[32];

	if (numbers == NULL) {
		numbers = new hash_map<tree, int>;
		used = new hash_set<nofree_string_hash>;
	}
	do {
		int &n = numbers->get_or_insert(outer);

		snprintf(end, sizeof end, is_go_block(outer) ? ".%d" : ".func%d", ++n);
		name = joined({ base, end });
	} while (used->add(name));
	return name;
}

tree
new_nested(location_t where, tree outer, tree body)
{
	tree name = get_identifier(name_in(outer)), result, block = make_node(BLOCK);
	tree fn = build_decl(where, FUNCTION_DECL, name,
			     build_function_type_list(void_type_node, NULL_TREE));

	SET_DECL_ASSEMBLER_NAME(fn, name);
	TREE_STATIC(fn) = TREE_USED(fn) = TREE_ADDRESSABLE(fn) = 1;
	DECL_CONTEXT(fn) = outer;
	DECL_ATTRIBUTES(fn) = tree_cons(get_identifier("goat_go_block"), NULL_TREE, NULL_TREE);
	for (const char *kept : { "no_sanitize", "no_sanitize_address", "no_sanitize_thread" })
		if (tree a = lookup_attribute(kept, DECL_ATTRIBUTES(outer)))
			DECL_ATTRIBUTES(fn) = tree_cons(TREE_PURPOSE(a), TREE_VALUE(a), DECL_ATTRIBUTES(fn));
	DECL_NO_INSTRUMENT_FUNCTION_ENTRY_EXIT(fn) = DECL_NO_INSTRUMENT_FUNCTION_ENTRY_EXIT(outer);
	DECL_FUNCTION_SPECIFIC_OPTIMIZATION(fn) = DECL_FUNCTION_SPECIFIC_OPTIMIZATION(outer);
	DECL_FUNCTION_SPECIFIC_TARGET(fn) = DECL_FUNCTION_SPECIFIC_TARGET(outer);
	result = build_decl(where, RESULT_DECL, NULL_TREE, void_type_node);
	DECL_ARTIFICIAL(result) = DECL_IGNORED_P(result) = 1;
	DECL_CONTEXT(result) = fn;
	DECL_RESULT(fn) = result;
	BLOCK_SUPERCONTEXT(block) = fn;
	TREE_USED(block) = 1;
	DECL_INITIAL(fn) = block;
	DECL_SAVED_TREE(fn) = effect(build3(BIND_EXPR, void_type_node, NULL_TREE, body, block));
	push_struct_function(fn);
	cfun->function_start_locus = where;
	cfun->function_end_locus = where;
	pop_cfun();
	return fn;
}

} // namespace

// NODE is nested in nothing any more; GCC forgets what is nested in it, too.
void
take_out_function(cgraph_node *node)
{
	auto_vec<cgraph_node *> inner;

	for (cgraph_node *n = first_nested_function(node); n; n = next_nested_function(n))
		inner.safe_push(n);
	unnest_function(node);
	for (unsigned i = inner.length(); i-- > 0;)
		maybe_record_nested_function(inner[i]);
}

bool
is_go_block(tree fn)
{
	return is_marked(fn, "goat_go_block");
}

void
outline_go_block(tree bind)
{
	tree marker = marker_of(bind), *block = marked_statement(bind);
	location_t where = point_of_use(DECL_SOURCE_LOCATION(marker));
	struct outlining o = { DECL_CONTEXT(marker), NULL_TREE };

	o.to = new_nested(where, o.from, *block);
	walk_tree_without_duplicates(block, adopt, &o);
	cgraph_node::get_create(o.to);
	*block = effect(build_call_expr_loc(where, o.to, 0));
}
