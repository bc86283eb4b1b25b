// SPDX-License-Identifier: GPL-3.0-or-later
//
// threadlocal.cc: what belongs to the thread, in code that may go on in another one.
//
// GCC takes the address of a thread-local variable for the same all through a function, and that of
// errno too, for <errno.h> says `const`. In a goroutine it is not: whatever it calls may park it.
//
//	errno                   __errno_location() is const no more, nor are its like
//	v, a thread-local       *goat.tls.N(), a function that gives &v, of which GCC does not know what it does
//	v = f()                 f() first
//	v[f()]                  likewise
//
// An address that the program keeps itself is its own affair.
//
// Layer: glue.

#include "methods.h"

namespace {

hash_map<tree, tree> *places;   // by variable: the function that gives its address

const char *const locations[] = {
	"__errno_location",   "__errno",       "___errno",          "__h_errno_location",
	"pthread_self",       "thrd_current",  "__ctype_b_loc",     "__ctype_tolower_loc",
	"__ctype_toupper_loc",
};

bool
is_location(tree fn)
{
	if (DECL_NAME(fn) == NULL_TREE || !TREE_PUBLIC(fn) || !DECL_FILE_SCOPE_P(fn))
		return false;
	for (const char *name : locations)
		if (id_equal(DECL_NAME(fn), name))
			return true;
	return false;
}

void
forget_const(tree decl)
{
	if (TREE_CODE(decl) != FUNCTION_DECL || !is_location(decl))
		return;
	TREE_READONLY(decl) = 0;
	DECL_PURE_P(decl) = 0;
	DECL_ATTRIBUTES(decl) = remove_attribute("const", DECL_ATTRIBUTES(decl));
	DECL_ATTRIBUTES(decl) = remove_attribute("__const__", DECL_ATTRIBUTES(decl));
}

void
after_declaration(void *decl, void *)
{
	if (unit.annotated && decl != NULL)
		forget_const((tree)decl);
}

// A function that gives the address of V.
tree
place_of(tree v)
{
	static unsigned n;
	char symbol[32];
	tree fn, type = build_pointer_type(TREE_TYPE(v));

	if (places == NULL)
		places = new hash_map<tree, tree>;
	if (tree *known = places->get(v))
		return *known;
	snprintf(symbol, sizeof symbol, "goat.tls.%u", n++);
	fn = new_function(DECL_SOURCE_LOCATION(v), symbol, build_function_type_list(type, NULL_TREE), false);
	TREE_NOTHROW(fn) = 1;
	DECL_UNINLINABLE(fn) = 1;
	for (const char *name : { "noinline", "noclone", "no_icf", "noipa" })
		DECL_ATTRIBUTES(fn) = tree_cons(get_identifier(name), NULL_TREE, DECL_ATTRIBUTES(fn));
	places->put(v, fn);
	TREE_ADDRESSABLE(v) = 1;
	give_body(fn, build1(ADDR_EXPR, type, v));
	finish_function(fn);
	return fn;
}

tree
depends(tree *tp, int *walk_subtrees, void *)
{
	tree t = *tp;

	if (TYPE_P(t))
		*walk_subtrees = 0;
	if (is_of_thread(t))
		return t;
	if (TREE_CODE(t) == CALL_EXPR && get_callee_fndecl(t) != NULL_TREE &&
	    is_location(get_callee_fndecl(t)))
		return t;
	return NULL_TREE;
}

tree
calls(tree *tp, int *walk_subtrees, void *)
{
	if (TYPE_P(*tp))
		*walk_subtrees = 0;
	return TREE_CODE(*tp) == CALL_EXPR ? *tp : NULL_TREE;
}

} // namespace

bool
is_of_thread(tree t)
{
	return VAR_P(t) && DECL_THREAD_LOCAL_P(t) && !C_DECL_THREADPRIVATE_P(t);
}

// V, a variable of the thread, wherever that is now.
tree
place_in_thread(tree v)
{
	tree fn = place_of(v), t;

	t = build_call_expr_loc(DECL_SOURCE_LOCATION(v), fn, 0);
	TREE_SIDE_EFFECTS(t) = 1;
	return dereference(t);
}

// Whether T, an assignment, stores to what belongs to the thread, but calls something first.
bool
stores_late(tree t)
{
	tree lhs = TREE_OPERAND(t, 0), rhs = TREE_OPERAND(t, 1);

	return TREE_SIDE_EFFECTS(rhs) && TREE_CODE(TREE_TYPE(rhs)) != VOID_TYPE &&
	       walk_tree_without_duplicates(&lhs, depends, NULL) != NULL_TREE &&
	       walk_tree_without_duplicates(&rhs, calls, NULL) != NULL_TREE;
}

// The indices of T, a reference to a part of a variable of the thread, that call something, each as a
// tree to be evaluated before; NULL: there are none.
tree
early_indices(tree t)
{
	tree base = get_base_address(t), first = NULL_TREE;

	if (base == NULL_TREE || !is_of_thread(base))
		return NULL_TREE;
	for (; handled_component_p(t); t = TREE_OPERAND(t, 0)) {
		tree *index = &TREE_OPERAND(t, 1);

		if (TREE_CODE(t) != ARRAY_REF ||
		    walk_tree_without_duplicates(index, calls, NULL) == NULL_TREE)
			continue;
		*index = save_expr(*index);
		first = first != NULL_TREE ? in_order(*index, first) : *index;
	}
	return first;
}

void
forget_const_locations(void)
{
	for (const char *name : locations)
		if (tree decl = identifier_global_value(get_identifier(name)))
			forget_const(decl);
}

void
register_threadlocal(const char *plugin)
{
	register_callback(plugin, PLUGIN_FINISH_DECL, after_declaration, NULL);
}
