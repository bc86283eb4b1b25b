// SPDX-License-Identifier: GPL-3.0-or-later
//
// calls.cc: what a call does with its arguments, and what it makes.
//
// Who knows best is asked first:
//
//	1. the call makes an object: new(T), malloc(n) and friends
//	2. the callee is defined in this unit: its tags, or its own locations while both are solved
//	3. the C library: core/libc.def
//	4. goat_noescape on the prototype, `pure` and `const`, GCC's "fn spec" of its builtins
//	5. nobody: the arguments leak
//
// `malloc`, `returns_nonnull`, `nonnull` and `access` say nothing of what is kept, so they do not
// count. A definition that may be replaced when the program is linked is not believed either.
//
// Go:    as escape/call.go.
// Layer: glue.

#include "glue.h"

#include "libc.h"

namespace {

// Defined here, so that what a library function of this name would do says nothing. An `extern
// inline` definition only stands in for the library's own.
bool
defined_here(tree fn)
{
	return !DECL_EXTERNAL(fn) && unit.by_decl.get(fn) != NULL;
}

// The entry of the C library's table for FN, where FN is the library's and not a namesake.
const struct libc_entry *
libc_entry_of(tree fn, int nargs)
{
	const struct libc_entry *entry;

	if (DECL_NAME(fn) == NULL_TREE || !TREE_PUBLIC(fn))
		return NULL;
	if (!fndecl_built_in_p(fn) && !in_system_header_at(DECL_SOURCE_LOCATION(fn)))
		return NULL;
	entry = libc_lookup(IDENTIFIER_POINTER(DECL_NAME(fn)));
	if (entry == NULL || nargs < entry->arity || (nargs > entry->arity && !entry->variadic))
		return NULL;
	return entry;
}

bool
object_kind_of(tree fn, tree call, enum object_kind *kind)
{
	if (is_goat_new(fn)) {
		*kind = OBJECT_NEW;
		return true;
	}
	if (unit.annotated && is_make_map(fn)) {
		*kind = OBJECT_MAP;
		return true;
	}
	if (slice_object_kind(call, kind))
		return true;
	if (!fndecl_built_in_p(fn, BUILT_IN_NORMAL) || defined_here(fn))
		return false;
	switch (DECL_FUNCTION_CODE(fn)) {
	case BUILT_IN_MALLOC:
		*kind = OBJECT_MALLOC;
		return call_expr_nargs(call) == 1;
	case BUILT_IN_CALLOC:
		*kind = OBJECT_CALLOC;
		return call_expr_nargs(call) == 2;
	case BUILT_IN_ALIGNED_ALLOC:
		*kind = OBJECT_ALIGNED;
		return call_expr_nargs(call) == 2;
	case BUILT_IN_ALLOCA:
		*kind = OBJECT_ALLOCA;
		return call_expr_nargs(call) == 1;
	case BUILT_IN_STRDUP:
		*kind = OBJECT_STRDUP;
		return opt.heap2stack && call_expr_nargs(call) == 1 &&
		       c_strlen(CALL_EXPR_ARG(call, 0), 1) != NULL_TREE;
	default:
		return false;
	}
}

tree
literal_text(tree t)
{
	STRIP_NOPS(t);
	if (TREE_CODE(t) == ADDR_EXPR)
		t = TREE_OPERAND(t, 0);
	if (TREE_CODE(t) == ARRAY_REF)
		t = TREE_OPERAND(t, 0);
	return TREE_CODE(t) == STRING_CST ? t : NULL_TREE;
}

void
describe_new(struct object *o)
{
	o->name = name_of_new(o->expr);
	o->type = TREE_TYPE(TREE_TYPE(CALL_EXPR_ARG(o->expr, 1)));
	o->size = TYPE_SIZE_UNIT(o->type);
	if (o->size == NULL_TREE || VOID_TYPE_P(o->type) || FUNC_OR_METHOD_TYPE_P(o->type)) {
		error_at(point_of_use(o->where), "%qs of a type that has no size", o->name);
		o->size = size_one_node;
		return;
	}
	o->align = TYPE_ALIGN_UNIT(o->type);
}

// The type is left out: it is bytes in the frame, and the runtime's on the heap.
void
describe_map(struct object *o)
{
	o->name = name_of_make_map(o->expr);
	o->size = size_int(frame_of_make_map(o->expr));
	o->align = MALLOC_ABI_ALIGNMENT / BITS_PER_UNIT;
}

void
describe_literal(struct object *o)
{
	o->type = TREE_TYPE(o->expr);
	o->size = TYPE_SIZE_UNIT(o->type);
	o->align = TYPE_ALIGN_UNIT(o->type);
	o->name = spell_object(o->expr);
}

void
describe_block(struct object *o)
{
	tree call = o->expr;

	o->name = spell_object(call);
	o->align = MALLOC_ABI_ALIGNMENT / BITS_PER_UNIT;
	switch (o->kind) {
	case OBJECT_CALLOC:
		o->size = size_binop(MULT_EXPR, fold_convert(sizetype, CALL_EXPR_ARG(call, 0)),
				     fold_convert(sizetype, CALL_EXPR_ARG(call, 1)));
		if (TREE_OVERFLOW(o->size))
			o->size = NULL_TREE;
		return;
	case OBJECT_ALIGNED:
		o->size = CALL_EXPR_ARG(call, 1);
		if (!tree_fits_uhwi_p(CALL_EXPR_ARG(call, 0))) {
			o->size = NULL_TREE;
			return;
		}
		o->align = MAX(o->align, tree_to_uhwi(CALL_EXPR_ARG(call, 0)));
		if (!pow2p_hwi(o->align) || o->align > 4096)
			o->size = NULL_TREE;
		return;
	case OBJECT_STRDUP:
		o->size = size_binop(PLUS_EXPR, fold_convert(sizetype,
							     c_strlen(CALL_EXPR_ARG(call, 0), 1)),
				     size_one_node);
		return;
	default:
		o->size = CALL_EXPR_ARG(call, 0);
	}
}

// Why an object may not be in a frame, or NULL.
const char *
too_large(const struct object *o)
{
	if (o->kind == OBJECT_ALLOCA || o->kind == OBJECT_CAT)
		return NULL;            // it stays where C puts it; what is long is never in the frame
	if (o->size == NULL_TREE || !tree_fits_uhwi_p(o->size))
		return "non-constant size";
	if (tree_to_uhwi(o->size) > MAX_OBJECT)
		return "too large for stack";
	return NULL;
}

void
flow_initialiser(struct walk_state *w, struct object *o, tree literal)
{
	tree init = DECL_INITIAL(COMPOUND_LITERAL_EXPR_DECL(literal));
	location_t outer = w->where;
	struct esc_hole k = esc_hole(o->loc);

	if (init == NULL_TREE || init == error_mark_node)
		return;
	w->where = o->where;
	if (is_box(o->expr))
		k = note_text(k, o->name, "interface-converted", o->where);
	if (TREE_CODE(init) != CONSTRUCTOR && !has_pointers(TREE_TYPE(init)))
		k = carries(TREE_TYPE(init)) ? to_heap() : esc_discard();
	flow_value(w, k, init);
	w->where = outer;
}

// ---------------------------------------------------------------- tags

bool
argument_carries(tree arg)
{
	return carries(TREE_TYPE(arg));
}

void
flow_argument(struct walk_state *w, struct esc_hole k, tree arg, tree call)
{
	if (!argument_carries(arg))
		k = esc_discard();
	flow_value(w, note(k, call, "call parameter"), arg);
}

// The hole of a parameter of a function that is solved: where its tag says it goes.
struct esc_hole
hole_of_tag(struct walk_state *w, struct esc_hole k, const struct esc_leaks *tag)
{
	struct esc_hole to[4];
	size_t n = 0;

	if (tag->heap != ESC_NONE)
		to[n++] = esc_shift(to_heap(), tag->heap);
	if (tag->result != ESC_NONE)
		to[n++] = esc_shift(k, tag->result);
	if (tag->opaque != ESC_NONE)
		to[n++] = esc_shift(esc_hole(&unit.esc->opaque), tag->opaque);
	if (tag->freed != ESC_NONE)
		to[n++] = esc_shift(esc_hole(&unit.esc->freed), tag->freed);
	return join(w, to, n);
}

// The hole of argument I of a call of FN, whose result goes to K.
struct esc_hole
hole_of_param(struct walk_state *w, struct esc_hole k, struct func *fn, size_t i)
{
	struct esc_func *core = fn->core;
	size_t n = core->in_batch ? core->params.n : core->ntags;

	if (stdarg_p(TREE_TYPE(fn->decl)) && i >= n)
		i = n - 1;              // the variable arguments
	if (i >= n || fn->alone)
		return to_heap();
	if (core->in_batch)
		return esc_hole(core->params.at[i]);
	return hole_of_tag(w, k, &core->tags[i]);
}

// What the variable arguments hold is read as pointers where it is one, else not at all.
bool
hidden_in_varargs(struct func *fn, size_t i, tree arg)
{
	size_t fixed = list_length(DECL_ARGUMENTS(fn->decl));

	return stdarg_p(TREE_TYPE(fn->decl)) && i >= fixed && !has_pointers(TREE_TYPE(arg));
}

void
flow_static_call(struct walk_state *w, struct esc_hole k, tree call, struct func *fn)
{
	tree arg;
	call_expr_arg_iterator i;
	size_t n = 0;

	if (!carries(TREE_TYPE(call)))
		k = esc_discard();
	FOR_EACH_CALL_EXPR_ARG(arg, i, call) {
		struct esc_hole to = esc_discard();

		if (argument_carries(arg))
			to = hidden_in_varargs(fn, n, arg) ? to_heap()
							   : hole_of_param(w, k, fn, n);
		// It keeps nothing that it sees; pointers it may copy as the bytes they are given as.
		if (to.dst == NULL && is_hiding_cast(arg))
			to = esc_deref(esc_hole(&unit.esc->opaque));
		flow_argument(w, to, arg, call);
		n++;
	}
	if (fn->core->in_batch && fn->result != NULL && !fn->alone)
		esc_flow(unit.esc, k, fn->result);
}

// ---------------------------------------------------------------- the C library

// The type that the source gives to what ARG points to.
tree
pointee(tree arg)
{
	tree type;

	STRIP_NOPS(arg);
	while (CONVERT_EXPR_P(arg) && POINTER_TYPE_P(TREE_TYPE(TREE_OPERAND(arg, 0))))
		arg = TREE_OPERAND(arg, 0);
	type = TREE_TYPE(arg);
	return POINTER_TYPE_P(type) ? TREE_TYPE(type) : void_type_node;
}

struct library_call {
	struct walk_state *w;
	struct esc_hole k;
	tree call;
	const struct libc_entry *entry;
	auto_vec<struct esc_hole, 16> to;       // holes so far ...
	auto_vec<int, 16> arg;                  // ... and the argument that each is for
};

void
add_hole(struct library_call *c, int arg, struct esc_hole k)
{
	if (k.dst == NULL)
		return;
	c->to.safe_push(k);
	c->arg.safe_push(arg);
}

// A copy of bytes takes pointers along where either side's type has some.
struct esc_hole
hole_of_copy(struct library_call *c, const struct libc_effect *e)
{
	tree from = pointee(CALL_EXPR_ARG(c->call, e->src));
	tree to = pointee(CALL_EXPR_ARG(c->call, e->dst));

	if (has_pointers(from) && !VOID_TYPE_P(to) && !carries(to))
		return esc_shift(esc_hole(&unit.esc->opaque), 1);
	if (has_pointers(from) || has_pointers(to))
		return esc_shift(flow_place_at(c->w, CALL_EXPR_ARG(c->call, e->dst)), 1);
	if (VOID_TYPE_P(from) || VOID_TYPE_P(to))
		return esc_shift(esc_hole(&unit.esc->opaque), 1);
	return esc_discard();
}

void
add_flow(struct library_call *c, const struct libc_effect *e)
{
	struct esc_hole k;

	switch (e->dst) {
	case LIBC_RESULT:
		k = carries(TREE_TYPE(c->call)) ? c->k : esc_discard();
		break;
	case LIBC_HEAP:
		k = to_heap();
		break;
	case LIBC_FREED:
		k = esc_hole(&unit.esc->freed);
		break;
	default:
		if (is_null(CALL_EXPR_ARG(c->call, e->dst)))
			return;
		if (e->src >= 0 && e->src_derefs == 1 && e->dst_derefs == 1)
			return add_hole(c, e->src, hole_of_copy(c, e));
		k = flow_place_at(c->w, CALL_EXPR_ARG(c->call, e->dst));
	}
	if (k.dst != NULL)
		add_hole(c, e->src, esc_shift(k, e->src_derefs));
}

struct func *
callback(tree call, int arg)
{
	tree fn = CALL_EXPR_ARG(call, arg);

	STRIP_NOPS(fn);
	if (TREE_CODE(fn) != ADDR_EXPR || TREE_CODE(TREE_OPERAND(fn, 0)) != FUNCTION_DECL)
		return NULL;
	return unit_function(TREE_OPERAND(fn, 0));
}

// The library calls a function that it is given.
void
add_call(struct library_call *c, const struct libc_effect *e)
{
	struct func *fn = callback(c->call, e->callee);
	bool known = fn != NULL && (fn->core->in_batch || fn->core->solved);

	if (is_null(CALL_EXPR_ARG(c->call, e->callee)))
		return;
	for (int i = 0; i < e->nargs; i++)
		if (e->args[i] >= 0)
			add_hole(c, e->args[i],
				 known ? hole_of_param(c->w, esc_discard(), fn, i) : to_heap());
}

void
flow_library_call(struct walk_state *w, struct esc_hole k, tree call,
		  const struct libc_entry *entry)
{
	struct library_call c;
	const char *cursor = entry->effects;
	struct libc_effect e;
	call_expr_arg_iterator it;
	tree arg;
	int n = 0;

	c.w = w;
	c.k = k;
	c.call = call;
	c.entry = entry;
	while (libc_next_effect(&cursor, &e))
		if (e.kind == LIBC_CALL)
			add_call(&c, &e);
		else
			add_flow(&c, &e);
	FOR_EACH_CALL_EXPR_ARG(arg, it, call) {
		auto_vec<struct esc_hole, 8> to;

		for (unsigned i = 0; i < c.to.length(); i++)
			if (c.arg[i] == n || (c.arg[i] == LIBC_VARARGS && n >= entry->arity))
				to.safe_push(c.to[i]);
		flow_argument(w, join(w, to.address(), to.length()),
			      arg, call);
		n++;
	}
}

// ---------------------------------------------------------------- everything else

void
flow_all_arguments(struct walk_state *w, struct esc_hole k, tree call)
{
	tree arg;
	call_expr_arg_iterator i;

	FOR_EACH_CALL_EXPR_ARG(arg, i, call)
		flow_argument(w, k, arg, call);
}

// Attributes of the callee that say what it does not keep. FN is NULL where it is not known, or may be
// another when the program runs; its type's promises hold in any case.
void
flow_unknown_call(struct walk_state *w, struct esc_hole k, tree call, tree fn)
{
	int flags = call_expr_flags(call);
	attr_fnspec spec = fn != NULL_TREE ? builtin_fnspec(fn) : attr_fnspec();
	tree type = TREE_TYPE(TREE_TYPE(CALL_EXPR_FN(call)));
	unsigned n = 0, returned;
	call_expr_arg_iterator i;
	tree arg;

	if (flags & (ECF_CONST | ECF_PURE))
		return flow_all_arguments(w, carries(TREE_TYPE(call)) ? k : esc_discard(), call);
	FOR_EACH_CALL_EXPR_ARG(arg, i, call) {
		struct esc_hole to = to_heap();

		if (is_goat_noescape(type, n))
			to = esc_discard();
		else if (spec.known_p() && spec.arg_specified_p(n) && spec.arg_noescape_p(n))
			to = spec.returns_arg(&returned) && returned == n ? k : esc_discard();
		flow_argument(w, to, arg, call);
		n++;
	}
}

void
flow_va_start(struct walk_state *w, tree call)
{
	struct esc_hole ap = flow_place_at(w, CALL_EXPR_ARG(call, 0));

	if (w->f->varargs != NULL)
		esc_flow(unit.esc, ap, w->f->varargs);
}

void
flow_va_copy(struct walk_state *w, tree call)
{
	struct esc_hole to = flow_place_at(w, CALL_EXPR_ARG(call, 0));

	flow_value(w, esc_deref(to), CALL_EXPR_ARG(call, 1));
}

// free(v) of a plain variable waits until all that v may hold is known.
bool
flow_free(struct walk_state *w, tree call)
{
	tree v = CALL_EXPR_ARG(call, 0);

	STRIP_NOPS(v);
	if (!opt.heap2stack || TREE_CODE(v) != VAR_DECL || TREE_STATIC(v) || DECL_EXTERNAL(v) ||
	    TREE_ADDRESSABLE(v) || DECL_CONTEXT(v) != w->f->decl)
		return false;
	w->f->frees.safe_push({ call, v, w->arm, w->depth, NULL });
	return true;
}

// Calls that the front end or GCC itself gives a meaning. False: it is a call like others.
bool
flow_builtin(struct walk_state *w, tree call, tree fn)
{
	if (!fndecl_built_in_p(fn, BUILT_IN_NORMAL))
		return false;
	switch (DECL_FUNCTION_CODE(fn)) {
	case BUILT_IN_VA_START:
		flow_va_start(w, call);
		return true;
	case BUILT_IN_VA_COPY:
		flow_va_copy(w, call);
		return true;
	case BUILT_IN_VA_END:
		flow_value(w, esc_discard(), CALL_EXPR_ARG(call, 0));
		return true;
	case BUILT_IN_FREE:
		return call_expr_nargs(call) == 1 && flow_free(w, call);
	default:
		// The sanitizers look at what they are given and report it.
		if (startswith(IDENTIFIER_POINTER(DECL_NAME(fn)), "__builtin___ubsan_")) {
			flow_all_arguments(w, esc_discard(), call);
			return true;
		}
		return false;
	}
}

void
flow_internal_call(struct walk_state *w, tree call)
{
	bool sanitizer = startswith(internal_fn_name(CALL_EXPR_IFN(call)), "UBSAN_");

	flow_all_arguments(w, sanitizer ? esc_discard() : to_heap(), call);
}

bool
is_unconditional(const struct free_site *s, const struct object *o)
{
	const struct arm *arm = s->arm;

	while (arm != NULL && arm->null_test == s->variable)
		arm = arm->outer;
	if (s->depth > o->depth)
		return false;
	for (const struct arm *a = o->arm;; a = a->outer) {
		if (a == arm)
			return true;
		if (a == NULL)
			return false;
	}
}

} // namespace

// `new(T)` as the source spells it where CALL is one of goat_new_, else NULL.
const char *
name_of_new(tree call)
{
	tree fn = get_callee_fndecl(call), text;

	if (fn == NULL_TREE || !is_goat_new(fn))
		return NULL;
	text = literal_text(CALL_EXPR_ARG(call, 0));
	return text != NULL_TREE ? keep(TREE_STRING_POINTER(text)) : "new";
}

// `new` of <goat.h>: goat_new_("new(T)", (T *)0) or goat_new_("new(T)", (T *)0, &(T){...}).
bool
is_goat_new(tree fn)
{
	return DECL_NAME(fn) != NULL_TREE && unit.annotated && DECL_EXTERNAL(fn) &&
	       id_equal(DECL_NAME(fn), "goat_new_");
}

// The compound literal that a call of goat_new_ takes its value from, or NULL.
tree
new_literal(tree call)
{
	tree literal;

	if (call_expr_nargs(call) < 3)
		return NULL_TREE;
	literal = CALL_EXPR_ARG(call, 2);
	STRIP_NOPS(literal);
	return TREE_OPERAND(literal, 0);
}

bool
makes_block(tree expr)
{
	enum object_kind kind;
	tree fn = TREE_CODE(expr) == CALL_EXPR ? get_callee_fndecl(expr) : NULL_TREE;

	if (fn == NULL_TREE || !object_kind_of(fn, expr, &kind))
		return false;
	return kind != OBJECT_NEW || !has_pointers(TREE_TYPE(TREE_TYPE(CALL_EXPR_ARG(expr, 1))));
}

// C11 6.7.4p7: as good as the external definition, wherever that is. GNU's `extern inline` is not:
// it may do anything.
static bool
is_inline_definition(tree decl)
{
	return DECL_EXTERNAL(decl) && DECL_DECLARED_INLINE_P(decl) && !flag_gnu89_inline &&
	       !lookup_attribute("gnu_inline", DECL_ATTRIBUTES(decl));
}

struct func *
unit_function(tree decl)
{
	struct func **f;

	if (decl == NULL_TREE || (f = unit.by_decl.get(decl)) == NULL)
		return NULL;
	if (is_inline_definition(decl))
		return *f;
	if (DECL_EXTERNAL(decl) || compat_replaceable(decl))
		return NULL;
	return *f;
}

// What new() cannot make; the front end knows it as a call that takes any pointer.
static void
check_new(tree call)
{
	tree type = TREE_TYPE(TREE_TYPE(CALL_EXPR_ARG(call, 1)));

	if (FUNC_OR_METHOD_TYPE_P(type))
		error_at(EXPR_LOCATION(call), "%<new%> of function type %qT", type);
	else if (VOID_TYPE_P(type) || !COMPLETE_TYPE_P(type))
		error_at(EXPR_LOCATION(call), "%<new%> of incomplete type %qT", type);
}

void
scan_call(struct func *f, tree call)
{
	tree fn = get_callee_fndecl(call);
	struct func *callee;
	const struct libc_entry *entry;
	const char *cursor;
	struct libc_effect e;

	if (fn == NULL_TREE)
		return;
	if (is_goat_new(fn))
		return check_new(call);
	if ((callee = unit_function(fn)) != NULL)
		return esc_call(f->core, callee->core);
	if (defined_here(fn) || (entry = libc_entry_of(fn, call_expr_nargs(call))) == NULL)
		return;
	for (cursor = entry->effects; libc_next_effect(&cursor, &e);)
		if (e.kind == LIBC_CALL && (callee = callback(call, e.callee)) != NULL)
			esc_call(f->core, callee->core);
}

struct object *
object_at(struct walk_state *w, tree expr, enum object_kind kind)
{
	struct object **known = w->f->objects.get(expr);
	struct object *o;
	const char *why;

	if (known != NULL)
		return *known;
	o = XCNEW(struct object);
	o->kind = kind;
	o->expr = expr;
	o->arm = w->arm;
	o->depth = w->depth;
	o->where = kind == OBJECT_LITERAL
			   ? DECL_SOURCE_LOCATION(COMPOUND_LITERAL_EXPR_DECL(expr))
			   : EXPR_LOCATION(expr);
	w->f->objects.put(expr, o);
	w->f->object_order.safe_push(o);
	if (kind == OBJECT_NEW)
		describe_new(o);
	else if (kind == OBJECT_LITERAL)
		describe_literal(o);
	else if (kind == OBJECT_MAP)
		describe_map(o);
	else if (kind == OBJECT_MAKE || kind == OBJECT_CAT)
		describe_slice_object(o);
	else
		describe_block(o);
	o->loc = esc_loc(unit.esc, ESC_OBJECT, w->f->core, o->name, w->depth);
	o->loc->ref = o;
	if ((why = too_large(o)) != NULL)
		esc_flow(unit.esc, note_text(esc_addr(to_heap()), o->name, why, o->where), o->loc);
	if (kind == OBJECT_MAKE && o->size == NULL_TREE) {
		o->sizeless = esc_loc(unit.esc, ESC_OBJECT, w->f->core, o->name, w->depth);
		o->sizeless->ref = o;
	}
	if (kind == OBJECT_LITERAL)
		flow_initialiser(w, o, expr);
	return o;
}

static void
flow_object(struct walk_state *w, struct esc_hole k, tree call, enum object_kind kind)
{
	struct object *o = object_at(w, call, kind);

	if (kind == OBJECT_NEW) {
		tree literal = new_literal(call);

		if (literal != NULL_TREE)
			flow_initialiser(w, o, literal);
	} else {
		flow_all_arguments(w, esc_discard(), call);
	}
	esc_flow(unit.esc, note_text(esc_addr(k), o->name, "spill", o->where), o->loc);
	if (o->sizeless != NULL)
		esc_flow(unit.esc, esc_addr(k), o->sizeless);
}

void
flow_call(struct walk_state *w, struct esc_hole k, tree call)
{
	tree fn = get_callee_fndecl(call);
	enum object_kind kind;
	const struct libc_entry *entry;
	struct func *callee;

	if (k.dst != NULL && k.derefs < 0) {
		// The address of a part of a struct result: it lies in a temporary.
		struct esc_loc *temp = esc_loc(unit.esc, ESC_TEMP, w->f->core, NULL, w->depth);

		esc_flow(unit.esc, k, temp);
		k = esc_hole(temp);
	}
	if (CALL_EXPR_FN(call) == NULL_TREE)
		return flow_internal_call(w, call);
	if (fn == NULL_TREE) {
		flow_value(w, esc_discard(), CALL_EXPR_FN(call));
		return flow_unknown_call(w, k, call, fn);
	}
	if (object_kind_of(fn, call, &kind))
		return flow_object(w, k, call, kind);
	if (flow_slice_word(w, k, call))
		return;
	if ((callee = unit_function(fn)) != NULL)
		return flow_static_call(w, k, call, callee);
	// The runtime's own keep nothing but the value of a panic, which the program passes itself.
	if (is_runtime_function(fn)) {
		if (!flow_map_call(w, k, call, fn))
			flow_all_arguments(w, esc_discard(), call);
		return;
	}
	if (defined_here(fn))
		return flow_unknown_call(w, k, call, NULL_TREE);
	if (flow_builtin(w, call, fn))
		return;
	if ((entry = libc_entry_of(fn, call_expr_nargs(call))) != NULL)
		return flow_library_call(w, k, call, entry);
	flow_unknown_call(w, k, call, fn);
}

void
flow_call_later(struct walk_state *w, tree call)
{
	if (CALL_EXPR_FN(call) != NULL_TREE)
		flow_value(w, esc_discard(), CALL_EXPR_FN(call));
	flow_all_arguments(w, to_heap(), call);
}

void
match_frees(struct func *f)
{
	for (struct free_site &s : f->frees) {
		struct local **l = f->locals.get(s.variable);
		struct object **o = NULL;
		tree stored = l != NULL && (*l)->stores == 1 ? (*l)->stored : NULL_TREE;

		if (stored != NULL_TREE) {
			STRIP_NOPS(stored);
			o = f->objects.get(stored);
		}
		if (o != NULL && (*o)->kind != OBJECT_ALLOCA && (*o)->kind != OBJECT_NEW &&
		    is_unconditional(&s, *o))
			s.object = *o;
		else if (l != NULL && (*l)->loc != NULL)
			esc_flow(unit.esc, esc_hole(&unit.esc->freed), (*l)->loc);
	}
}
