// SPDX-License-Identifier: GPL-3.0-or-later
//
// wrappers.cc: functions that find a method's receiver and call the method.
//
// All functions of an itab are called with a pointer to the value, so a method with a pointer
// receiver stands there itself. For the others there is a function between, which looks up the
// receiver: the value pointed to, a part of it, or what an embedded interface holds.
//
// Go:    as reflectdata/reflect.go (methodWrapper).
// Layer: glue.

#include "methods.h"

namespace {

unsigned HOST_WIDE_INT
offset_of(const struct itab_entry *e)
{
	unsigned HOST_WIDE_INT at = 0;

	for (size_t i = 0; i < e->depth; i++)
		at += tree_to_uhwi(byte_position((tree)e->path[i]->ref));
	return at;
}

// SELF, a pointer to the outermost value, as a pointer to the part that has the method.
tree
part_of(tree self, const struct itab_entry *e)
{
	if (offset_of(e) == 0)
		return self;
	return build2(POINTER_PLUS_EXPR, TREE_TYPE(self), self, size_int(offset_of(e)));
}

// ---------------------------------------------------------------- the call

// The call of ENTRY's method for what SELF points to, with the arguments after the receiver.
tree
call_of_method(location_t where, const struct itab_entry *e, tree self, const vec<tree> &rest)
{
	auto_vec<tree> args;
	tree fn, part = part_of(self, e), type = function_type_of(e), receiver;

	if (const struct slot *s = slot_of(e)) {
		tree of = TREE_TYPE((tree)e->path[e->depth - 1]->ref), iface, tab = first_field(of);

		iface = build1(INDIRECT_REF, of, build1(NOP_EXPR, build_pointer_type(of), part));
		fn = field_of(iface, tab);
		fn = build2(POINTER_PLUS_EXPR, TREE_TYPE(fn), fn,
			    size_int(s->at * (POINTER_SIZE / BITS_PER_UNIT)));
		fn = build1(NOP_EXPR, build_pointer_type(TREE_TYPE(s->field)), fn);
		fn = build1(INDIRECT_REF, TREE_TYPE(s->field), fn);
		receiver = build3(COMPONENT_REF, ptr_type_node, unshare_expr(iface), DECL_CHAIN(tab),
				  NULL_TREE);
	} else {
		fn = build_fold_addr_expr(function_of(e));
		receiver = receiver_type(function_of(e));
		if (e->method->pointer)
			receiver = build1(NOP_EXPR, receiver, part);
		else
			receiver = build1(INDIRECT_REF, receiver,
					  build1(NOP_EXPR, build_pointer_type(receiver), part));
	}
	args.safe_push(receiver);
	for (tree arg : rest)
		args.safe_push(arg);
	return build_call_array_loc(where, TREE_TYPE(type), fn, args.length(), args.address());
}

// ---------------------------------------------------------------- functions of ours

// The type of a function that is called as TYPE is, but with a void * first.
tree
type_with_self(tree type)
{
	tree args = tree_cons(NULL_TREE, ptr_type_node, TREE_CHAIN(TYPE_ARG_TYPES(type)));

	return build_function_type(TREE_TYPE(type), args);
}

tree
add_parameter(tree fn, tree **end, tree type)
{
	tree p = build_decl(DECL_SOURCE_LOCATION(fn), PARM_DECL, NULL_TREE, type);

	DECL_ARG_TYPE(p) = type;
	DECL_CONTEXT(p) = fn;
	DECL_ARTIFICIAL(p) = 1;
	TREE_USED(p) = 1;
	layout_decl(p, 0);
	**end = p;
	*end = &DECL_CHAIN(p);
	return p;
}

} // namespace

void
give_body(tree fn, tree body)
{
	tree result = build_decl(DECL_SOURCE_LOCATION(fn), RESULT_DECL, NULL_TREE,
				 TREE_TYPE(TREE_TYPE(fn)));
	tree block = make_node(BLOCK);

	DECL_ARTIFICIAL(result) = DECL_IGNORED_P(result) = 1;
	DECL_CONTEXT(result) = fn;
	DECL_RESULT(fn) = result;
	if (!VOID_TYPE_P(TREE_TYPE(result))) {
		body = effect(build2(INIT_EXPR, TREE_TYPE(result), result, body));
		body = build1(RETURN_EXPR, void_type_node, body);
	}
	BLOCK_SUPERCONTEXT(block) = fn;
	TREE_USED(block) = 1;
	DECL_INITIAL(fn) = block;
	DECL_SAVED_TREE(fn) = effect(build3(BIND_EXPR, void_type_node, NULL_TREE, effect(body), block));
	allocate_struct_function(fn, false);
	cfun->function_end_locus = DECL_SOURCE_LOCATION(fn);
	set_cfun(NULL);
}

// A new function of the compiler's own.
tree
new_function(location_t where, const char *symbol, tree type, bool shared)
{
	tree fn = build_decl(where, FUNCTION_DECL, get_identifier(symbol), type);

	SET_DECL_ASSEMBLER_NAME(fn, get_identifier(symbol));
	TREE_STATIC(fn) = 1;
	TREE_USED(fn) = 1;
	DECL_ARTIFICIAL(fn) = DECL_IGNORED_P(fn) = 1;
	DECL_NO_INSTRUMENT_FUNCTION_ENTRY_EXIT(fn) = 1;
	DECL_FUNCTION_SPECIFIC_OPTIMIZATION(fn) = optimization_default_node;
	DECL_FUNCTION_SPECIFIC_TARGET(fn) = target_option_default_node;
	if (shared) {
		TREE_PUBLIC(fn) = 1;
		DECL_COMDAT(fn) = 1;
		DECL_VISIBILITY(fn) = VISIBILITY_HIDDEN;
		DECL_VISIBILITY_SPECIFIED(fn) = 1;
	}
	return fn;
}

void
finish_function(tree fn)
{
	if (TREE_PUBLIC(fn))
		make_decl_one_only(fn, DECL_ASSEMBLER_NAME(fn));
	cgraph_node::finalize_function(fn, false);
}

// ---------------------------------------------------------------- recover

namespace {

tree
find_recover(tree *tp, int *walk_subtrees, void *)
{
	if (TYPE_P(*tp))
		*walk_subtrees = 0;
	return is_call_of(*tp, "goat_recover") ? *tp : NULL_TREE;
}

// Whether what ENTRY calls may ask for a panic that is not the affair of the function between.
bool
may_recover(const struct itab_entry *e)
{
	tree fn = function_of(e);

	if (fn == NULL_TREE || DECL_SAVED_TREE(fn) == NULL_TREE)
		return true;
	return walk_tree_without_duplicates(&DECL_SAVED_TREE(fn), find_recover, NULL) != NULL_TREE;
}

// An instruction that does nothing, by which recover() knows a function that is to be overlooked: a
// method called through an interface by `defer` is called by defer. See runtime/panic.c.
tree
mark_of_wrapper(void)
{
	const char *code = ".byte 0x0f, 0x1f, 0x80, 0x67, 0x6f, 0x61, 0x74";     // nopl "goat"(%rax)
	tree mark = build5(ASM_EXPR, void_type_node, build_string(strlen(code), code), NULL_TREE,
			   NULL_TREE, NULL_TREE, NULL_TREE);

	ASM_INPUT_P(mark) = ASM_VOLATILE_P(mark) = 1;
	return effect(mark);
}

// ---------------------------------------------------------------- the function between

// A panic if SELF, a T *, is nil where a T is to be copied. Go: runtime.panicwrap.
tree
check_not_nil(location_t where, const struct methods_of *of, const struct itab_entry *e, tree self)
{
	const char *type = of->type.name;
	const char *text = joined({ "value method ", type, ".", e->method->name,
				    " called using nil ", type, " * pointer" });
	tree panic = build_call_expr_loc(where, runtime_function(ENTRY_panicwrap), 1,
					 text_address(text));
	tree test = build2(NE_EXPR, boolean_type_node, self, null_pointer_node);

	return effect(build3(COND_EXPR, void_type_node, test, build_empty_stmt(where), panic));
}

// A function that finds the receiver of ENTRY in what its first argument points to, and calls.
tree
function_between(const struct methods_of *of, const struct itab_entry *e)
{
	const char *text = joined({ of->type.name, ".", e->method->name });
	uint32_t hash = goat_fnv1a(goat_fnv1a(FNV_BASIS, text), signature(e->method));
	const char *symbol;
	tree fn, method_type = function_type_of(e), type = type_with_self(method_type), *end, self;
	tree call;
	auto_vec<tree> rest;
	location_t where = DECL_SOURCE_LOCATION(declaration_of(e));

	for (size_t j = 0; j < e->depth; j++)
		hash = goat_fnv1a(hash, e->path[j]->name ? e->path[j]->name : ".");
	symbol = goat_symbol("method", text, hash);
	if ((fn = already_made(symbol)) != NULL_TREE)
		return fn;
	fn = new_function(where, symbol, type, !is_private(e));
	DECL_IGNORED_P(fn) = 0;         // the method is inlined into it, and has to be found in traces
	note_made(symbol, fn);
	if (stdarg_p(method_type)) {
		sorry_at(where, "method %qs of %qs needs a function that passes on variable arguments",
			 e->method->name, of->type.name);
		return fn;
	}
	end = &DECL_ARGUMENTS(fn);
	self = add_parameter(fn, &end, ptr_type_node);
	for (tree arg = TREE_CHAIN(TYPE_ARG_TYPES(method_type)); arg != void_list_node;
	     arg = TREE_CHAIN(arg))
		rest.safe_push(add_parameter(fn, &end, TREE_VALUE(arg)));
	call = call_of_method(where, e, self, rest);
	if (e->depth == 0 && !e->method->pointer)
		call = in_order(check_not_nil(where, of, e, self), call);
	give_body(fn, call);
#ifdef __x86_64__
	if (may_recover(e)) {
		put_at_top(DECL_SAVED_TREE(fn), mark_of_wrapper());
		DECL_UNINLINABLE(fn) = 1;
	}
#endif
	finish_function(fn);
	return fn;
}

} // namespace

bool
is_private(const struct itab_entry *e)
{
	return function_of(e) != NULL_TREE && !TREE_PUBLIC(function_of(e));
}

tree
function_type_of(const struct itab_entry *e)
{
	return slot_of(e) != NULL ? slot_of(e)->type : TREE_TYPE(function_of(e));
}

// Whether ENTRY's method is not to be called with a pointer to the value as it is.
bool
needs_function(const struct itab_entry *e)
{
	return !e->method->pointer || e->owner->interface || offset_of(e) != 0;
}

// What an itab has for ENTRY.
tree
function_for(const struct methods_of *of, const struct itab_entry *e)
{
	return needs_function(e) ? function_between(of, e) : function_of(e);
}

tree
goat_direct_call(location_t where, tree type, const char *method, tree self, const vec<tree> &rest)
{
	bool by_pointer;
	struct methods_of *of = methods_of_value(type, &by_pointer);
	const struct itab_entry *e = itab_find(set_of(of), method);

	if (e == NULL || e->ambiguous || e->owner->interface)
		return NULL_TREE;
	return call_of_method(where, e, self, rest);
}
