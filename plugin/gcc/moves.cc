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
//	n / d in annotated C         after a look at d
//
// Each time control passes a definition there is a new object, as in Go. So the object is made at
// the top of the block, where a jump past the definition still finds it, and once more at the
// definition if a loop inside the block leads there again. Where a jump (goto, switch) leads into
// a block past its top, the object is made before the jump.
//
// A function that is left alone (setjmp) keeps its variables; its new() are from the heap.
//
// Layer: glue.

#include "glue.h"

namespace {

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
		      allocation(DECL_SOURCE_LOCATION(decl), TREE_TYPE(decl),
				 unshare_expr(DECL_SIZE_UNIT(decl)),
				 DECL_ALIGN_UNIT(decl)));
}

// ---------------------------------------------------------------- variables

// What walk_tree looks for, and how often it may: once each.
struct rewrite {
	struct func *f;
	hash_set<tree> met;
	hash_map<tree, tree> pointers;  // of variables that are made again at their definition
	hash_map<tree, tree> before;    // by jump: a list that makes what is in the blocks it enters
	hash_map<tree, tree> incoming;  // by PARM_DECL that moves: the one that has the argument
	bool before_body = false;
	hash_map<tree, tree> literals;  // by COMPOUND_LITERAL_EXPR on the heap: the address, evaluated once
};

void
make_before_jump(struct rewrite *r, tree jump, tree decl, tree pointer)
{
	bool known;
	tree &list = r->before.get_or_insert(jump, &known);

	if (!known)
		list = NULL_TREE;
	append_to_statement_list(make_object(decl, pointer), &list);
}

// The top of a switch's body is never reached, and GCC warns of what stands there.
bool
is_switch_body(struct block *block)
{
	if (block == NULL)
		return false;
	for (tree jump : block->entries)
		if (jump != NULL_TREE && TREE_CODE(jump) == SWITCH_EXPR &&
		    SWITCH_BODY(jump) == block->bind)
			return true;
	return false;
}

// DECL's block is entered past its top: its pointer lives in the whole function.
void
make_at_entries(struct rewrite *r, tree decl, tree pointer, struct block *block)
{
	tree top = outermost(r->f);
	bool unseen = false;

	for (tree jump : block->entries)
		if (jump == NULL_TREE)
			unseen = true;
		else
			make_before_jump(r, jump, decl, pointer);
	declare_in(top, pointer);
	put_at_top(top, unseen ? make_object(decl, pointer)
			       : build2(MODIFY_EXPR, void_type_node, pointer,
					build_zero_cst(TREE_TYPE(pointer))));
}

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
	bool hoisted = l->block != NULL && l->block->entered && bind != outermost(f);

	SET_DECL_VALUE_EXPR(decl, dereference(pointer));
	DECL_HAS_VALUE_EXPR_P(decl) = 1;
	if (!has_constant_size(decl)) {
		declare_in(bind, pointer);
		r->pointers.put(decl, pointer);
		return;
	}
	if (!is_switch_body(l->block))
		put_at_top(bind, make_object(decl, pointer));
	if (hoisted)
		make_at_entries(r, decl, pointer, l->block);
	else
		declare_in(bind, pointer);
	if (l->depth > l->block_depth)
		r->pointers.put(decl, pointer);
}

tree
use_incoming(tree *tp, int *, void *data)
{
	struct rewrite *r = (struct rewrite *)data;

	if (TREE_CODE(*tp) == PARM_DECL)
		if (tree *incoming = r->incoming.get(*tp))
			*tp = *incoming;
	return NULL_TREE;
}

// The sizes in a parameter's type are computed before there is a heap object.
void
sizes_use_incoming(struct rewrite *r, tree type)
{
	for (; type != NULL_TREE; type = TREE_TYPE(type)) {
		if (!POINTER_TYPE_P(type) && TREE_CODE(type) != ARRAY_TYPE)
			return;
		if (!variably_modified_type_p(type, r->f->decl))
			return;
		if (TREE_CODE(type) != ARRAY_TYPE)
			continue;
		walk_tree_without_duplicates(&TYPE_SIZE(type), use_incoming, r);
		walk_tree_without_duplicates(&TYPE_SIZE_UNIT(type), use_incoming, r);
		if (TYPE_DOMAIN(type) != NULL_TREE)
			walk_tree_without_duplicates(&TYPE_MAX_VALUE(TYPE_DOMAIN(type)),
						     use_incoming, r);
	}
}

// Walks what is computed before the body's block begins.
void
walk_before_body(struct rewrite *r, walk_tree_fn fn)
{
	tree body = outermost(r->f), list = DECL_SAVED_TREE(r->f->decl);

	while (list != body && TREE_CODE(list) == STATEMENT_LIST) {
		tree_stmt_iterator i = tsi_start(list);

		for (; !tsi_one_before_end_p(i); tsi_next(&i))
			walk_tree(tsi_stmt_ptr(i), fn, r, NULL);
		list = tsi_stmt(i);
	}
}

void
begin_with_incoming(struct rewrite *r)
{
	for (tree p = DECL_ARGUMENTS(r->f->decl); p != NULL_TREE; p = DECL_CHAIN(p))
		sizes_use_incoming(r, TREE_TYPE(p));
	walk_before_body(r, use_incoming);
}

// The parameter gets another PARM_DECL in the function's list, and lives on as the heap object.
void
move_parameter(struct rewrite *r, tree decl)
{
	struct func *f = r->f;
	tree bind = outermost(f), pointer = heap_address(f, decl);
	tree incoming = copy_node(decl), shadow;
	tree *at = &DECL_ARGUMENTS(f->decl);

	while (*at != decl)
		at = &DECL_CHAIN(*at);
	*at = incoming;
	DECL_CHAIN(incoming) = DECL_CHAIN(decl);
	r->incoming.put(decl, incoming);
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

// What malloc of the C library aligns to, in bits; GCC's MALLOC_ABI_ALIGNMENT is less than that.
unsigned
libc_align(void)
{
	return 2 * POINTER_SIZE;
}

} // namespace

tree
frame_slot(struct func *f, const struct object *o)
{
	tree type = o->type, slot, bind = outermost(f);

	if (type == NULL_TREE)
		type = build_array_type_nelts(unsigned_char_type_node,
					      MAX((unsigned HOST_WIDE_INT)1, tree_to_uhwi(o->size)));
	type = TYPE_MAIN_VARIANT(type);
	slot = new_variable(f, o->where, NULL, type);
	DECL_ARTIFICIAL(slot) = 0;      // else AddressSanitizer takes no interest in it
	TREE_ADDRESSABLE(slot) = 1;
	SET_DECL_ALIGN(slot, MAX(DECL_ALIGN(slot), o->align * BITS_PER_UNIT));
	if (o->type == NULL_TREE)
		SET_DECL_ALIGN(slot, MAX(DECL_ALIGN(slot), libc_align()));
	DECL_USER_ALIGN(slot) = 1;
	DECL_CHAIN(slot) = BIND_EXPR_VARS(bind);
	BIND_EXPR_VARS(bind) = slot;
	return slot;
}

namespace {

// Whether a value of TYPE leaves bytes of its place as they were: long double on x86.
bool
has_padding(tree type)
{
	if (TREE_CODE(type) == COMPLEX_TYPE)
		type = TREE_TYPE(type);
	return SCALAR_FLOAT_TYPE_P(type) &&
	       TYPE_PRECISION(type) < tree_to_uhwi(TYPE_SIZE(type));
}

} // namespace

tree
cleared(tree slot, tree address)
{
	if (!has_padding(TREE_TYPE(slot)))
		return set_and_give(slot, zero_of(TREE_TYPE(slot)), address);
	return fold_convert(TREE_TYPE(address),
			    build_call_expr(builtin_decl_explicit(BUILT_IN_MEMSET), 3, address,
					    integer_zero_node,
					    fold_convert(size_type_node, DECL_SIZE_UNIT(slot))));
}

namespace {

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
	case OBJECT_MAP:
		return fold_convert(type, made_map(o->expr, slot));
	case OBJECT_NEW:
		init = initialiser_of(o);
		if (integer_zerop(o->size))
			return address;
		return init ? set_and_give(slot, init, address) : cleared(slot, address);
	case OBJECT_CALLOC:
		return cleared(slot, address);
	case OBJECT_STRDUP:
		return fold_convert(type, build_call_expr_loc(o->where,
							      builtin_decl_explicit(BUILT_IN_MEMCPY),
							      3, address, CALL_EXPR_ARG(o->expr, 0),
							      fold_convert(size_type_node, o->size)));
	default:
		return address;
	}
}

tree
allocated(const struct object *o, tree init)
{
	tree pointer = save_expr(allocation(o->where, o->type, o->size, o->align));

	if (init == NULL_TREE || integer_zerop(o->size))
		return pointer;
	return set_and_give(dereference(pointer), init, pointer);
}

// The numbers below 256, for values that nobody writes to.
// Go: runtime.staticuint64s.
tree
small_numbers(void)
{
	static tree v;
	auto_vec<tree> values;
	vec<constructor_elt, va_gc> *elts = NULL;
	tree type;

	if (v != NULL_TREE)
		return v;
	type = build_array_type_nelts(uint64_type_node, 256);
	for (unsigned i = 0; i < 256; i++)
		CONSTRUCTOR_APPEND_ELT(elts, size_int(i), build_int_cst(uint64_type_node, i));
	return v = goat_constant("goat.small", type, build_constructor(type, elts), true);
}

// A scalar's bits as an unsigned number, or NULL.
tree
bits_of(tree value)
{
	tree type = TREE_TYPE(value);
	unsigned HOST_WIDE_INT bits;

	if (AGGREGATE_TYPE_P(type) || !tree_fits_uhwi_p(TYPE_SIZE(type)))
		return NULL_TREE;
	bits = tree_to_uhwi(TYPE_SIZE(type));
	if (bits > 64 || !pow2p_hwi(bits) || bits < BITS_PER_UNIT)
		return NULL_TREE;
	type = build_nonstandard_integer_type(bits, 1);
	if (INTEGRAL_TYPE_P(TREE_TYPE(value)))
		return fold_convert(type, value);
	return build1(VIEW_CONVERT_EXPR, type, value);
}

// Where the number INDEX, of SIZE bytes, lies among the small numbers.
tree
small_number(tree index, unsigned size, tree type)
{
	tree at = address_of(small_numbers(), ptr_type_node);
	tree offset = build2(MULT_EXPR, sizetype, fold_convert(sizetype, index), size_int(8));

	if (BYTES_BIG_ENDIAN)
		offset = build2(PLUS_EXPR, sizetype, offset, size_int(8 - size));
	return fold_convert(type, build2(POINTER_PLUS_EXPR, ptr_type_node, at, offset));
}

// The object of a converted value that is known when compiling, or NULL.
tree
constant_box(const struct object *o)
{
	tree init;

	if (o->kind != OBJECT_NEW || !is_box(o->expr) || integer_zerop(o->size))
		return NULL_TREE;
	init = initialiser_of(o);
	if (TREE_SIDE_EFFECTS(init) || initializer_constant_valid_p(init, o->type) == NULL_TREE)
		return NULL_TREE;
	return address_of(goat_constant(NULL, o->type, init, false), TREE_TYPE(o->expr));
}

// The object of a value converted to an interface, on the heap; a small number is there already.
tree
boxed(const struct object *o)
{
	tree init = initialiser_of(o), type = build_pointer_type(o->type), bits, t, heap;
	unsigned size = tree_to_uhwi(o->size);

	if (bits_of(init) == NULL_TREE)
		return allocated(o, init);
	init = save_expr(init);
	bits = bits_of(init);
	if (size == 1)
		return small_number(bits, size, type);
	heap = fold_convert(type, allocated(o, init));
	t = build2(LT_EXPR, integer_type_node, bits, build_int_cst(TREE_TYPE(bits), 256));
	t = build3(COND_EXPR, type, t, small_number(bits, size, type), heap);
	TREE_SIDE_EFFECTS(t) = 1;
	return t;
}

// The same from the collector's heap.
tree
made_on_heap(const struct object *o)
{
	if (o->kind == OBJECT_NEW && is_box(o->expr) && !integer_zerop(o->size))
		return boxed(o);
	return allocated(o, initialiser_of(o));
}

// A compound literal is an lvalue and stays one. The front end may have put the tree in two places
// of one expression.
tree
literal_on_heap(struct rewrite *r, const struct object *o)
{
	bool known;
	tree &made = r->literals.get_or_insert(o->expr, &known);

	if (!known)
		made = save_expr(made_on_heap(o));
	return dereference(made);
}

// ---------------------------------------------------------------- types of blocks

// A program may allocate less than a whole struct, if it knows how much of it will be used. GCC
// lets it do that on the heap. In the frame it takes for granted that a variable and a larger
// struct are not the same place. So we look at what a block is used as: the type that malloc's
// result is converted to, or, where it is first kept as void *, any that such a pointer becomes.
struct uses {
	struct func *f = NULL;
	hash_map<tree, unsigned HOST_WIDE_INT> by_call;
	unsigned HOST_WIDE_INT others = 0;
};

tree
note_use(tree *tp, int *walk_subtrees, void *data)
{
	struct uses *u = (struct uses *)data;
	tree t = *tp, size, from;

	if (TYPE_P(t))
		*walk_subtrees = 0;
	if (!CONVERT_EXPR_P(t) || !POINTER_TYPE_P(TREE_TYPE(t)))
		return NULL_TREE;
	size = TYPE_SIZE_UNIT(TREE_TYPE(TREE_TYPE(t)));
	if (size == NULL_TREE || !tree_fits_uhwi_p(size))
		return NULL_TREE;
	from = TREE_OPERAND(t, 0);
	STRIP_NOPS(from);
	if (TREE_CODE(from) == CALL_EXPR) {
		unsigned HOST_WIDE_INT &used = u->by_call.get_or_insert(from);

		used = MAX(used, tree_to_uhwi(size));
	} else if (POINTER_TYPE_P(TREE_TYPE(from))) {
		u->others = MAX(u->others, tree_to_uhwi(size));
	}
	return NULL_TREE;
}

unsigned HOST_WIDE_INT
size_used(struct func *f, const struct object *o)
{
	static struct uses *u;
	unsigned HOST_WIDE_INT *known;

	if (u == NULL || u->f != f) {
		delete u;
		u = new uses;
		u->f = f;
		walk_tree_without_duplicates(&DECL_SAVED_TREE(f->decl), note_use, u);
	}
	known = u->by_call.get(o->expr);
	return known != NULL ? *known : u->others;
}

// The frame's objects belong to the body's block, so there are none before it.
tree
replacement(struct rewrite *r, const struct object *o)
{
	tree type = TREE_TYPE(o->expr), constant = constant_box(o);

	if (o->kind == OBJECT_MAKE || o->kind == OBJECT_CAT)
		return made_slice_object(r->f, o, !r->before_body);
	if (constant != NULL_TREE)
		return constant;
	if (o->in_frame && r->before_body && o->kind != OBJECT_NEW && o->kind != OBJECT_MAP)
		return o->expr;
	if (o->in_frame && !r->before_body)
		return made_in_frame(r->f, o);
	if (o->kind == OBJECT_MAP)
		return fold_convert(type, made_map(o->expr, NULL_TREE));
	if (o->kind == OBJECT_LITERAL)
		return literal_on_heap(r, o);
	if (o->kind == OBJECT_ALLOCA)
		return fold_convert(type, allocation(o->where, ptr_type_node,
						     CALL_EXPR_ARG(o->expr, 0), o->align));
	return fold_convert(type, made_on_heap(o));
}

// new() in a place whose flow was not followed.
void
make_unknown_object(tree call, struct object *o)
{
	o->kind = OBJECT_NEW;
	o->expr = call;
	o->type = TREE_TYPE(TREE_TYPE(CALL_EXPR_ARG(call, 1)));
	o->size = TYPE_SIZE_UNIT(o->type);
	o->align = TYPE_ALIGN_UNIT(o->type);
	o->where = EXPR_LOCATION(call);
	o->on_heap = true;
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

// Sizes of arrays are part of their types.
void
rewrite_sizes(struct rewrite *r, tree type)
{
	for (; type != NULL_TREE; type = TREE_TYPE(type)) {
		if (!POINTER_TYPE_P(type) && TREE_CODE(type) != ARRAY_TYPE)
			return;
		if (!variably_modified_type_p(type, NULL_TREE) || r->met.add(type))
			return;
		if (TREE_CODE(type) != ARRAY_TYPE)
			continue;
		rewrite_below(r, &TYPE_SIZE(type));
		rewrite_below(r, &TYPE_SIZE_UNIT(type));
		if (TYPE_DOMAIN(type) != NULL_TREE)
			rewrite_below(r, &TYPE_MAX_VALUE(TYPE_DOMAIN(type)));
	}
}

// A definition: the object is made again, or here for the first time if its size is known only now.
void
rewrite_definition(struct rewrite *r, tree *tp)
{
	tree decl = DECL_EXPR_DECL(*tp), list = NULL_TREE;
	tree *pointer;

	rewrite_sizes(r, TREE_TYPE(decl));
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

// A jump into a block past its top.
void
rewrite_jump(struct rewrite *r, tree *tp)
{
	tree *before = r->before.get(*tp), list;

	if (before == NULL)
		return;
	list = *before;
	append_to_statement_list_force(*tp, &list);
	*tp = list;
}

// va_start(ap, last): GCC looks at which parameter that is.
void
rewrite_va_start(struct rewrite *r, tree call)
{
	tree fn = get_callee_fndecl(call);

	if (fn == NULL_TREE || !fndecl_built_in_p(fn, BUILT_IN_NORMAL) ||
	    (DECL_FUNCTION_CODE(fn) != BUILT_IN_VA_START &&
	     DECL_FUNCTION_CODE(fn) != BUILT_IN_NEXT_ARG))
		return;
	for (int i = 0; i < call_expr_nargs(call); i++)
		walk_tree_without_duplicates(&CALL_EXPR_ARG(call, i), use_incoming, r);
}

tree
faulting(tree *tp, int *, void *)
{
	return EXPR_P(*tp) && tree_could_trap_p(*tp) ? *tp : NULL_TREE;
}

// __builtin_constant_p(*p) does not look at *p. GCC loads it, and counts on the load going away, but
// faults stay: what can fault is no constant.
bool
is_constant_p_of_fault(tree call, tree fn)
{
	return fn != NULL_TREE && fndecl_built_in_p(fn, BUILT_IN_NORMAL) && unit.annotated &&
	       DECL_FUNCTION_CODE(fn) == BUILT_IN_CONSTANT_P && call_expr_nargs(call) == 1 &&
	       !TREE_SIDE_EFFECTS(CALL_EXPR_ARG(call, 0)) &&
	       walk_tree_without_duplicates(&CALL_EXPR_ARG(call, 0), faulting, NULL) != NULL_TREE;
}

void
rewrite_arguments(struct rewrite *r, tree call)
{
	for (int i = 0; i < call_expr_nargs(call); i++)
		rewrite_below(r, &CALL_EXPR_ARG(call, i));
}

void
rewrite_call(struct rewrite *r, tree *tp)
{
	tree call = *tp, fn, t;
	struct object **o, unknown = {};

	if (is_removed_free(r->f, call)) {
		*tp = build_empty_stmt(EXPR_LOCATION(call));
		return;
	}
	if (is_constant_p_of_fault(call, get_callee_fndecl(call))) {
		*tp = build_zero_cst(TREE_TYPE(call));
		return;
	}
	if (CALL_EXPR_FN(call) != NULL_TREE)
		rewrite_below(r, &CALL_EXPR_FN(call));
	rewrite_arguments(r, call);
	if (!r->incoming.is_empty())
		rewrite_va_start(r, call);
	if ((o = r->f->objects.get(call)) != NULL) {
		if ((*o)->in_frame || (*o)->on_heap)
			*tp = replacement(r, *o);
	} else if ((fn = get_callee_fndecl(call)) != NULL_TREE && is_goat_new(fn)) {
		make_unknown_object(call, &unknown);
		*tp = replacement(r, &unknown);
	} else if (fn != NULL_TREE && unit.annotated && is_make_map(fn)) {
		*tp = fold_convert(TREE_TYPE(call), made_map(call, NULL_TREE));
	} else if (slice_object_kind(call, &unknown.kind)) {
		unknown.expr = call;
		unknown.where = EXPR_LOCATION(call);
		unknown.on_heap = true;
		describe_slice_object(&unknown);
		*tp = replacement(r, &unknown);
	} else if ((t = rewritten_slice_word(call)) != NULL_TREE) {
		*tp = t;
	}
}

void
rewrite_literal(struct rewrite *r, tree *tp)
{
	tree decl = COMPOUND_LITERAL_EXPR_DECL(*tp);
	struct object **o = r->f->objects.get(*tp);

	if (DECL_INITIAL(decl) != NULL_TREE && !r->met.add(decl))
		rewrite_below(r, &DECL_INITIAL(decl));
	if (o != NULL && ((*o)->in_frame || (*o)->on_heap))
		*tp = replacement(r, *o);
}

// n / d and n % d: a look at d first. The instruction would fault, but GCC knows better than to leave
// it in 0 / d or d / d. Go: the check that cmd/compile puts before each division.
void
rewrite_division(struct rewrite *r, tree *tp)
{
	tree t = *tp, n, d, zero, check;

	walk_operands(t, rewrite_tree, r);
	d = TREE_OPERAND(t, 1);
	if (!unit.annotated || !INTEGRAL_TYPE_P(TREE_TYPE(t)) || TREE_CODE(d) == INTEGER_CST)
		return;
	TREE_OPERAND(t, 1) = d = save_expr(d);
	zero = build2(EQ_EXPR, boolean_type_node, d, build_zero_cst(TREE_TYPE(d)));
	check = build3(COND_EXPR, void_type_node, zero,
		       build_call_expr_loc(EXPR_LOCATION(t), runtime_function(ENTRY_panicdivide), 0),
		       void_node);
	n = TREE_OPERAND(t, 0);
	if (TREE_SIDE_EFFECTS(n)) {
		TREE_OPERAND(t, 0) = n = save_expr(n);
		check = build2(COMPOUND_EXPR, void_type_node, n, check);
	}
	TREE_SIDE_EFFECTS(check) = 1;
	*tp = build2(COMPOUND_EXPR, TREE_TYPE(t), check, t);
}

// What is stored comes first, then the place, which may be another thread's by now.
void
rewrite_late_store(struct rewrite *r, tree *tp)
{
	tree t = *tp, value;

	walk_operands(t, rewrite_tree, r);
	value = TREE_OPERAND(t, 1) = save_expr(TREE_OPERAND(t, 1));
	*tp = build2(COMPOUND_EXPR, TREE_TYPE(t), value, t);
	TREE_SIDE_EFFECTS(*tp) = 1;
}

void
rewrite_with_indices(struct rewrite *r, tree *tp)
{
	tree first = early_indices(*tp), *base = tp;

	rewrite_below(r, &first);
	while (handled_component_p(*base)) {
		if (TREE_CODE(*base) == ARRAY_REF)
			rewrite_below(r, &TREE_OPERAND(*base, 1));
		base = &TREE_OPERAND(*base, 0);
	}
	*base = place_in_thread(*base);
	TREE_OPERAND(*base, 0) = in_order(first, TREE_OPERAND(*base, 0));
}

tree
rewrite_tree(tree *tp, int *walk_subtrees, void *data)
{
	struct rewrite *r = (struct rewrite *)data;
	tree t = *tp;

	if (TYPE_P(t)) {
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	if (unit.annotated && is_of_thread(t)) {
		*tp = place_in_thread(t);
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	switch (TREE_CODE(t)) {
	case MODIFY_EXPR:
	case INIT_EXPR:
		if (unit.annotated && stores_late(t)) {
			*walk_subtrees = 0;
			rewrite_late_store(r, tp);
		}
		return NULL_TREE;
	case ARRAY_REF:
	case COMPONENT_REF:
		if (unit.annotated && early_indices(t) != NULL_TREE) {
			*walk_subtrees = 0;
			rewrite_with_indices(r, tp);
		}
		return NULL_TREE;
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
	case COMPOUND_LITERAL_EXPR:
		*walk_subtrees = 0;
		rewrite_literal(r, tp);
		return NULL_TREE;
	case CALL_EXPR:
		*walk_subtrees = 0;
		rewrite_call(r, tp);
		return NULL_TREE;
	case SWITCH_EXPR:
		*walk_subtrees = 0;
		rewrite_below(r, &SWITCH_COND(t));
		rewrite_below(r, &SWITCH_BODY(t));
		rewrite_jump(r, tp);
		return NULL_TREE;
	case TRUNC_DIV_EXPR:
	case TRUNC_MOD_EXPR:
		*walk_subtrees = 0;
		rewrite_division(r, tp);
		return NULL_TREE;
	case GOTO_EXPR:
	case ASM_EXPR:
		if (r->before.get(t)) {
			*walk_subtrees = 0;
			walk_operands(t, rewrite_tree, r);
			rewrite_jump(r, tp);
		}
		return NULL_TREE;
	default:
		return NULL_TREE;
	}
}

// `return &x`, which the front end made `return (&x, 0)`.
tree
warn_of_address(tree *tp, int *walk_subtrees, void *)
{
	tree t = *tp, value;

	if (TYPE_P(t))
		*walk_subtrees = 0;
	if (TREE_CODE(t) != RETURN_EXPR)
		return NULL_TREE;
	value = TREE_OPERAND(t, 0);
	if (value != NULL_TREE &&
	    (TREE_CODE(value) == MODIFY_EXPR || TREE_CODE(value) == INIT_EXPR))
		value = TREE_OPERAND(value, 1);
	if (value != NULL_TREE && is_returned_address(value))
		warning_at(EXPR_LOCATION(t), OPT_Wreturn_local_addr,
			   "function returns address of local variable");
	return NULL_TREE;
}

void
rewrite_body(struct rewrite *r)
{
	r->before_body = true;
	walk_before_body(r, rewrite_tree);
	r->before_body = false;
	rewrite_below(r, &BIND_EXPR_BODY(outermost(r->f)));
}

} // namespace

bool
fits_in_frame(struct func *f, const struct object *o)
{
	unsigned HOST_WIDE_INT size = tree_to_uhwi(o->size);

	if (f->frame + size > MAX_FRAME || size < size_used(f, o))
		return false;
	f->frame += size;
	return true;
}

void
act(struct func *f)
{
	struct rewrite r;
	bool any = unit.annotated;

	r.f = f;
	for (const struct object *o : f->object_order)
		any |= o->in_frame || o->on_heap;
	for (tree decl : f->order) {
		struct local *l = *f->locals.get(decl);

		if (!l->moves)
			continue;
		if (TREE_CODE(decl) == PARM_DECL)
			move_parameter(&r, decl);
		else
			move_variable(&r, decl, l);
	}
	if (!r.incoming.is_empty())
		begin_with_incoming(&r);
	if (any)
		rewrite_body(&r);
}

void
act_alone(struct func *f)
{
	struct rewrite r;

	r.f = f;
	walk_tree_without_duplicates(&DECL_SAVED_TREE(f->decl), warn_of_address, NULL);
	rewrite_body(&r);
}
