// SPDX-License-Identifier: GPL-3.0-or-later
//
// moves.cc: acts on the verdicts.
//
//	a variable that escapes      T *p = goat_mallocgc(sizeof(T), ...) at the top of its block, and
//	                             `*p` wherever it is named (DECL_VALUE_EXPR)
//	a parameter that escapes     the same, beginning with a copy of the argument
//	new(T) that stays            a variable of the function, cleared or set where new() stood
//	new(T) that escapes          goat_mallocgc(), then set
//	(T){...} that escapes        likewise
//	malloc(n) that stays         an array of bytes of the function, with -fgoat-heap2stack; the
//	                             calls of free() that free it and nothing else go away
//
// Each time control passes a definition there is a new object, as in Go. So the object is made at
// the top of the block, where a jump past the definition still finds it, and once more at the
// definition if a loop inside the block leads there again. A block that is jumped into past its
// top has one from the top of the function as well.
//
// Layer: glue.

#include "glue.h"

namespace {

// Functions of the runtime, by the table that both halves read.
enum entry {
#define ENTRY(name, ...) ENTRY_##name,
#include "goat/entry.def"
#undef ENTRY
	NENTRIES
};

tree
entry_type(enum entry e)
{
	tree POINTER = ptr_type_node, SIZE = size_type_node, INT = integer_type_node;

	switch (e) {
#define ENTRY(name, result, ...)                                                                   \
	case ENTRY_##name:                                                                         \
		return build_function_type_list(result, __VA_ARGS__, NULL_TREE);
#include "goat/entry.def"
#undef ENTRY
	default:
		gcc_unreachable();
	}
}

tree
runtime_function(enum entry e)
{
	static const char *const names[] = {
#define ENTRY(name, ...) "goat_" #name,
#include "goat/entry.def"
#undef ENTRY
	};
	static tree made[NENTRIES];
	tree fn = made[e];

	if (fn != NULL_TREE)
		return fn;
	fn = build_decl(UNKNOWN_LOCATION, FUNCTION_DECL, get_identifier(names[e]), entry_type(e));
	TREE_PUBLIC(fn) = 1;
	DECL_EXTERNAL(fn) = 1;
	DECL_ARTIFICIAL(fn) = 1;
	TREE_NOTHROW(fn) = 1;
	return made[e] = fn;
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

// The outermost block of F, made if need be.
tree
outermost(struct func *f)
{
	tree body = DECL_SAVED_TREE(f->decl), block;

	while (TREE_CODE(body) == STATEMENT_LIST && !tsi_end_p(tsi_start(body)) &&
	       tsi_one_before_end_p(tsi_start(body)))
		body = tsi_stmt(tsi_start(body));
	if (TREE_CODE(body) == BIND_EXPR)
		return body;
	block = DECL_INITIAL(f->decl);
	body = build3(BIND_EXPR, void_type_node, NULL_TREE, DECL_SAVED_TREE(f->decl), block);
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

// Declares V in BIND, and in its scope so that debug information has it.
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

// A pointer variable called "&x", as in Go's debug information.
tree
heap_address(struct func *f, tree decl)
{
	const char *name = keep(ACONCAT(("&", IDENTIFIER_POINTER(DECL_NAME(decl)), NULL)));

	return new_variable(f, DECL_SOURCE_LOCATION(decl), name,
			    build_pointer_type(TREE_TYPE(decl)));
}

tree
make_object(tree decl, tree pointer)
{
	return build2(MODIFY_EXPR, void_type_node, pointer,
		      allocation(DECL_SOURCE_LOCATION(decl), TREE_TYPE(decl), DECL_SIZE_UNIT(decl),
				 DECL_ALIGN_UNIT(decl)));
}

// ---------------------------------------------------------------- variables

// What walk_tree looks for, and how often it may: once each.
struct rewrite {
	struct func *f;
	hash_set<tree> met;
	hash_map<tree, tree> pointers;  // of variables that are made again at their definition
};

bool
has_constant_size(tree decl)
{
	return DECL_SIZE_UNIT(decl) != NULL_TREE && TREE_CODE(DECL_SIZE_UNIT(decl)) == INTEGER_CST;
}

void
move_variable(struct rewrite *r, tree decl, struct local *l)
{
	struct func *f = r->f;
	tree bind = l->block ? l->block->bind : outermost(f);
	tree pointer = heap_address(f, decl);
	bool hoisted = l->block != NULL && l->block->entered;

	SET_DECL_VALUE_EXPR(decl, dereference(pointer));
	DECL_HAS_VALUE_EXPR_P(decl) = 1;
	if (!has_constant_size(decl)) {
		declare_in(bind, pointer);
		r->pointers.put(decl, pointer);
		return;
	}
	put_at_top(bind, make_object(decl, pointer));
	if (hoisted) {
		declare_in(outermost(f), pointer);
		put_at_top(outermost(f), make_object(decl, pointer));
	} else {
		declare_in(bind, pointer);
	}
	if (l->depth > l->block_depth)
		r->pointers.put(decl, pointer);
}

// The parameter gets another PARM_DECL in the function's list, and lives on as the heap object.
void
move_parameter(struct func *f, tree decl)
{
	tree bind = outermost(f), pointer = heap_address(f, decl);
	tree incoming = copy_node(decl), shadow;
	tree *at = &DECL_ARGUMENTS(f->decl);

	while (*at != decl)
		at = &DECL_CHAIN(*at);
	*at = incoming;
	DECL_CHAIN(incoming) = DECL_CHAIN(decl);        // copy_node leaves it out
	TREE_ADDRESSABLE(incoming) = 0;
	DECL_CHAIN(decl) = NULL_TREE;
	SET_DECL_VALUE_EXPR(decl, dereference(pointer));
	DECL_HAS_VALUE_EXPR_P(decl) = 1;

	shadow = new_variable(f, DECL_SOURCE_LOCATION(decl), IDENTIFIER_POINTER(DECL_NAME(decl)),
			      TREE_TYPE(decl));
	DECL_ARTIFICIAL(shadow) = 0;
	SET_DECL_VALUE_EXPR(shadow, dereference(pointer));
	DECL_HAS_VALUE_EXPR_P(shadow) = 1;
	declare_in(bind, shadow);
	declare_in(bind, pointer);
	put_at_top(bind, build2(MODIFY_EXPR, void_type_node, dereference(pointer), incoming));
	put_at_top(bind, make_object(decl, pointer));
}

// ---------------------------------------------------------------- objects

// A place in the frame for O, of its type or as bytes.
tree
frame_slot(struct func *f, const struct object *o)
{
	tree type = o->type, slot, bind = outermost(f);

	if (type == NULL_TREE)
		type = build_array_type_nelts(unsigned_char_type_node,
					      MAX((unsigned HOST_WIDE_INT)1, tree_to_uhwi(o->size)));
	type = TYPE_MAIN_VARIANT(type);
	slot = new_variable(f, o->where, NULL, type);
	TREE_ADDRESSABLE(slot) = 1;
	SET_DECL_ALIGN(slot, MAX(DECL_ALIGN(slot), o->align * BITS_PER_UNIT));
	DECL_USER_ALIGN(slot) = 1;
	DECL_CHAIN(slot) = BIND_EXPR_VARS(bind);
	BIND_EXPR_VARS(bind) = slot;
	return slot;
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

// `place = value, result`
tree
set_and_give(tree place, tree value, tree result)
{
	tree set = build2(MODIFY_EXPR, void_type_node, place, value);

	TREE_SIDE_EFFECTS(set) = 1;
	return build2(COMPOUND_EXPR, TREE_TYPE(result), set, result);
}

tree
initialiser_of(const struct object *o)
{
	tree literal = o->expr;

	if (o->kind == OBJECT_NEW) {
		literal = new_literal(o->expr);
		if (literal == NULL_TREE)
			return NULL_TREE;
	}
	return DECL_INITIAL(COMPOUND_LITERAL_EXPR_DECL(literal));
}

// O's address as an expression that makes it in the frame.
tree
made_in_frame(struct func *f, const struct object *o)
{
	tree slot = frame_slot(f, o), type = TREE_TYPE(o->expr), init;
	tree address = address_of(slot, type);

	switch (o->kind) {
	case OBJECT_NEW:
		init = initialiser_of(o);
		if (integer_zerop(o->size))
			return address;
		return set_and_give(slot, init ? init : zero_of(TREE_TYPE(slot)), address);
	case OBJECT_CALLOC:
		return set_and_give(slot, zero_of(TREE_TYPE(slot)), address);
	case OBJECT_STRDUP:
		return fold_convert(type, build_call_expr_loc(o->where,
							      builtin_decl_explicit(BUILT_IN_MEMCPY),
							      3, address, CALL_EXPR_ARG(o->expr, 0),
							      fold_convert(size_type_node, o->size)));
	default:
		return address;
	}
}

// The same from the collector's heap. A compound literal is an lvalue and stays one.
tree
made_on_heap(const struct object *o)
{
	tree pointer = save_expr(allocation(o->where, o->type ? o->type : ptr_type_node, o->size,
					    o->align));
	tree init = o->type ? initialiser_of(o) : NULL_TREE;
	tree made = pointer;

	if (o->kind == OBJECT_ALLOCA)
		return fold_convert(TREE_TYPE(o->expr), pointer);
	if (init != NULL_TREE && !integer_zerop(o->size))
		made = set_and_give(dereference(pointer), init, pointer);
	if (o->kind == OBJECT_LITERAL)
		return dereference(made);
	return fold_convert(TREE_TYPE(o->expr), made);
}

bool
is_removed_free(struct func *f, tree call)
{
	for (const struct free_site &s : f->frees)
		if (s.call == call)
			return s.object != NULL && s.object->in_frame;
	return false;
}

tree rewrite_tree(tree *tp, int *walk_subtrees, void *data);

void
rewrite_below(struct rewrite *r, tree *tp)
{
	walk_tree(tp, rewrite_tree, r, NULL);
}

// A definition: the object is made again, or here for the first time if its size is known only now.
void
rewrite_definition(struct rewrite *r, tree *tp)
{
	tree decl = DECL_EXPR_DECL(*tp), list = NULL_TREE;
	tree *pointer;

	if (!VAR_P(decl))
		return;
	if (DECL_INITIAL(decl) != NULL_TREE && !r->met.add(decl))
		rewrite_below(r, &DECL_INITIAL(decl));
	if ((pointer = r->pointers.get(decl)) == NULL)
		return;
	if (has_constant_size(decl)) {
		append_to_statement_list(make_object(decl, *pointer), &list);
		append_to_statement_list(*tp, &list);
	} else {
		// The sizes in its type are computed where the type is declared.
		tree name = build_decl(DECL_SOURCE_LOCATION(decl), TYPE_DECL, NULL_TREE,
				       TREE_TYPE(decl));

		DECL_ARTIFICIAL(name) = 1;
		DECL_CONTEXT(name) = r->f->decl;
		append_to_statement_list(build1(DECL_EXPR, void_type_node, name), &list);
		append_to_statement_list(make_object(decl, *pointer), &list);
	}
	*tp = list;
}

tree
rewrite_tree(tree *tp, int *walk_subtrees, void *data)
{
	struct rewrite *r = (struct rewrite *)data;
	struct object **o;
	tree t = *tp;

	if (TYPE_P(t)) {
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	switch (TREE_CODE(t)) {
	case BIND_EXPR:
		// Not its variables' initialisers: these are met at their definition.
		*walk_subtrees = 0;
		rewrite_below(r, &BIND_EXPR_BODY(t));
		return NULL_TREE;
	case DECL_EXPR:
		*walk_subtrees = 0;
		rewrite_definition(r, tp);
		return NULL_TREE;
	case SAVE_EXPR:
	case TARGET_EXPR:
		if (r->met.add(t))
			*walk_subtrees = 0;
		return NULL_TREE;
	case COMPOUND_LITERAL_EXPR: {
		tree decl = COMPOUND_LITERAL_EXPR_DECL(t);

		*walk_subtrees = 0;
		if (DECL_INITIAL(decl) != NULL_TREE && !r->met.add(decl))
			rewrite_below(r, &DECL_INITIAL(decl));
		break;
	}
	case CALL_EXPR:
		if (is_removed_free(r->f, t)) {
			*walk_subtrees = 0;
			*tp = build_empty_stmt(EXPR_LOCATION(t));
			return NULL_TREE;
		}
		break;
	default:
		return NULL_TREE;
	}
	if ((o = r->f->objects.get(t)) == NULL || (!(*o)->in_frame && !(*o)->on_heap))
		return NULL_TREE;
	if (TREE_CODE(t) == CALL_EXPR) {
		*walk_subtrees = 0;
		for (int i = 0; i < call_expr_nargs(t); i++)
			rewrite_below(r, &CALL_EXPR_ARG(t, i));
	}
	*tp = (*o)->in_frame ? made_in_frame(r->f, *o) : made_on_heap(*o);
	return NULL_TREE;
}

} // namespace

bool
fits_in_frame(struct func *f, const struct object *o)
{
	unsigned HOST_WIDE_INT size = tree_to_uhwi(o->size);

	if (f->frame + size > MAX_FRAME)
		return false;
	f->frame += size;
	return true;
}

void
act(struct func *f)
{
	struct rewrite r;
	bool any = false;

	r.f = f;
	for (const struct object *o : f->object_order)
		any |= o->in_frame || o->on_heap;
	for (tree decl : f->order) {
		struct local *l = *f->locals.get(decl);

		if (!l->moves)
			continue;
		any = true;
		if (TREE_CODE(decl) == PARM_DECL)
			move_parameter(f, decl);
		else
			move_variable(&r, decl, l);
	}
	if (any)
		rewrite_below(&r, &DECL_SAVED_TREE(f->decl));
}
