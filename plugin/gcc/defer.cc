// SPDX-License-Identifier: GPL-3.0-or-later
//
// defer.cc: deferred code, put where it runs.
//
// A deferred call or block stays in its function and stands at the end of it, or of whatever runs
// it. A panic unwinds the stack to a landing pad here, and from there on runs the same code, in
// place, so all variables are where they always were:
//
//	pending = null
//	try { the body, in which `return e` is: result = e; goto run }
//	catch { pending = goat_landed (exception, null); }
//	run:
//	try { the items, newest first, of which each is run once:
//		a call		if (pending) goat_calling (pending);  the call
//		a block		the block, in which recover() is goat_gorecover (pending)
//		then		if (pending) pending = goat_ran (pending)	null if it recovered }
//	catch { pending = goat_landed (exception, pending); goto run }
//	if (pending) goat_resume (pending)
//	return result
//
// Where no item can be met twice, each has a flag, and variables for its arguments. Else there is a
// list of records, the first few in the frame, with the arguments and with copies of those
// variables, or of the pointers to them, that are made anew where the item stands; they are put
// back before it runs.
//
// The way without a panic is to cost nothing. When optimising, it has a copy of the items of its
// own, where they can be copied, without pending.
//
// A block_defer runs in a `finally` around the rest of its block, which GCC puts on all ways out.
//
// D1  An item is marked as run before it runs, so what it panics with does not run it again.
// D2  Nothing between the evaluation of an item's arguments and its mark can panic.
// D3  When a function that is to be left by a panic has a result without a name, it is zero.
//
// Go:    as cmd/compile/internal/ssagen (open-coded) and runtime/panic.go, but there is no record
//        that a panic looks for: the landing pad is all it needs.
// Layer: glue.

#include "deferred.h"

namespace {

enum {
	IN_FRAME = 8,           // records in the frame ...
	IN_CHUNK = 32,          // ... and in each piece from the collector
};

struct lowering {
	struct func *f = NULL;
	struct deferred_code *c = NULL;
	struct deferred *around = NULL; // the deferred block that is being walked
	tree result = NULL_TREE;        // the variable that has the result, or NULL
	bool returns = false;           // a return goes to `leave`
	tree leave = NULL_TREE;         // the label where the function ends
	location_t end = UNKNOWN_LOCATION;      // of the function
	hash_set<tree> met;
};

// ---------------------------------------------------------------- trees

void
add(tree *list, tree stmt)
{
	if (stmt != NULL_TREE)
		append_to_statement_list_force(stmt, list);
}

tree
when(tree condition, tree stmt, tree otherwise)
{
	return effect(build3(COND_EXPR, void_type_node, condition, stmt, otherwise));
}

tree
is_set(tree pointer)
{
	return build2(NE_EXPR, boolean_type_node, pointer, build_zero_cst(TREE_TYPE(pointer)));
}

tree
is_null_now(tree pointer)
{
	return build2(EQ_EXPR, boolean_type_node, pointer, build_zero_cst(TREE_TYPE(pointer)));
}

tree
jump_to(tree label)
{
	TREE_USED(label) = 1;
	return effect(build1(GOTO_EXPR, void_type_node, label));
}

tree
label_here(tree label)
{
	return effect(build1(LABEL_EXPR, void_type_node, label));
}

tree
new_label(struct lowering *w)
{
	tree label = create_artificial_label(w->end);

	DECL_CONTEXT(label) = w->f->decl;
	return label;
}

// The exception that a landing pad is given.
tree
exception(void)
{
	return build_call_expr(builtin_decl_explicit(BUILT_IN_EH_POINTER), 1, integer_zero_node);
}

tree
catch_all(tree body, tree handler)
{
	tree pad = effect(build2(CATCH_EXPR, void_type_node, NULL_TREE, handler));

	return effect(build2(TRY_CATCH_EXPR, void_type_node, body, pad));
}

// pending = goat_landed (exception, old)
tree
land(struct lowering *w, struct scope *s, tree old)
{
	tree call = build_call_expr_loc(w->end, runtime_function(ENTRY_landed), 2, exception(), old);

	return assign(s->pending, call);
}

tree
variable(struct lowering *w, tree bind, tree type, tree initial)
{
	tree v = new_variable(w->f, w->end, NULL, type);

	// What is kept in a register when longjmp() comes back is lost.
	if (w->c->returns_twice)
		TREE_THIS_VOLATILE(v) = TREE_SIDE_EFFECTS(v) = 1;
	declare_in(bind, v);
	if (initial != NULL_TREE)
		put_at_top(bind, assign(v, initial));
	return v;
}

// ---------------------------------------------------------------- recover

// recover() in a deferred block that PENDING runs.
tree
recover_from(tree pending)
{
	tree call = build_call_expr(runtime_function(ENTRY_gorecover), 1, pending);
	tree nil = build_constructor(TREE_TYPE(call), NULL);

	return effect(build3(COND_EXPR, TREE_TYPE(call), is_set(pending), call, nil));
}

// CALL of `defer recover()`: the panic that runs the block around it is the one, or that which has
// called this function, if none runs this.
tree
deferred_recover(struct deferred *d, tree call)
{
	tree outer = d->around ? recover_from(d->around->scope->pending) : call;

	return when(is_null_now(d->scope->pending), outer, NULL_TREE);
}

// ---------------------------------------------------------------- records

tree
record_field(tree *fields, const char *name, tree type)
{
	tree f = build_decl(UNKNOWN_LOCATION, FIELD_DECL, get_identifier(name), type);

	DECL_CHAIN(f) = *fields;
	return *fields = f;
}

tree
finished(enum tree_code code, const char *name, tree type, tree fields)
{
	if (type == NULL_TREE)
		type = make_node(code);
	finish_builtin_struct(type, name, fields, NULL_TREE);
	return type;
}

// What D keeps, in a struct.
tree
kept_type(struct deferred *d)
{
	tree fields = NULL_TREE;

	for (tree v : d->kept)
		d->fields.safe_push(record_field(&fields, "v", TYPE_MAIN_VARIANT(TREE_TYPE(v))));
	return finished(RECORD_TYPE, "kept", NULL_TREE, fields);
}

enum { LINK, WHICH, PARTS };

tree
nth_field(tree record, int n)
{
	tree f = TYPE_FIELDS(record);

	while (n-- > 0)
		f = DECL_CHAIN(f);
	return f;
}

void
make_record_type(struct scope *s)
{
	tree fields = NULL_TREE, parts = NULL_TREE;

	s->record = make_node(RECORD_TYPE);
	for (struct deferred *d : s->items)
		if (!d->kept.is_empty())
			d->part = record_field(&parts, "of", kept_type(d));
	record_field(&fields, "link", build_pointer_type(s->record));
	record_field(&fields, "which", integer_type_node);
	if (parts != NULL_TREE)
		record_field(&fields, "kept", finished(UNION_TYPE, "parts", NULL_TREE, parts));
	finished(RECORD_TYPE, "deferred", s->record, fields);
}

// The place in the record at POINTER for the I'th thing that D keeps.
tree
kept_at(struct scope *s, tree pointer, struct deferred *d, unsigned i)
{
	tree parts = field_of(dereference(pointer), nth_field(s->record, PARTS));

	return field_of(field_of(parts, d->part), d->fields[i]);
}

void
declare_records(struct lowering *w, struct scope *s)
{
	tree pointer, some, array, first;

	make_record_type(s);
	pointer = build_pointer_type(s->record);
	array = build_array_type_nelts(s->record, IN_FRAME);
	some = new_variable(w->f, w->end, NULL, array);
	TREE_ADDRESSABLE(some) = 1;
	declare_in(s->bind, some);
	first = fold_convert(pointer, build1(ADDR_EXPR, build_pointer_type(array), some));
	s->top = variable(w, s->bind, pointer, build_zero_cst(pointer));
	s->free = variable(w, s->bind, pointer, first);
	s->end = variable(w, s->bind, pointer,
			  fold_build_pointer_plus(first, TYPE_SIZE_UNIT(array)));
}

tree
next_record(struct scope *s, tree pointer, int n)
{
	tree size = TYPE_SIZE_UNIT(s->record);

	return fold_build_pointer_plus(pointer, size_binop(MULT_EXPR, size, size_int(n)));
}

tree
refill(struct lowering *w, struct scope *s)
{
	tree size = size_binop(MULT_EXPR, TYPE_SIZE_UNIT(s->record), size_int(IN_CHUNK));
	tree call = build_call_expr_loc(w->end, runtime_function(ENTRY_mallocgc), 3, size,
					size_int(TYPE_ALIGN_UNIT(s->record)), integer_zero_node);
	tree list = NULL_TREE;

	add(&list, assign(s->free, fold_convert(TREE_TYPE(s->free), call)));
	add(&list, assign(s->end, next_record(s, s->free, IN_CHUNK)));
	return when(build2(EQ_EXPR, boolean_type_node, s->free, s->end), list, NULL_TREE);
}

int
number_of(struct deferred *d)
{
	int i = 0;

	while (d->scope->items[i] != d)
		i++;
	return i;
}

void
record(struct lowering *w, struct deferred *d, tree *list)
{
	struct scope *s = d->scope;
	tree which = build_int_cst(integer_type_node, number_of(d));

	add(list, refill(w, s));
	add(list, assign(field_of(dereference(s->free), nth_field(s->record, LINK)), s->top));
	add(list, assign(field_of(dereference(s->free), nth_field(s->record, WHICH)), which));
	for (unsigned i = 0; i < d->kept.length(); i++)
		add(list, assign(kept_at(s, s->free, d, i), d->kept[i]));
	add(list, assign(s->top, s->free));
	add(list, assign(s->free, next_record(s, s->free, 1)));
}

// ---------------------------------------------------------------- where a defer stands

} // namespace

// What the callee is given must be kept where it is not the same in any case.
bool
needs_keeping(tree arg)
{
	tree t = arg;

	STRIP_NOPS(t);
	if (CONSTANT_CLASS_P(t))
		return false;
	if (TREE_CODE(t) != ADDR_EXPR)
		return true;
	t = TREE_OPERAND(t, 0);
	while (TREE_CODE(t) == ARRAY_REF && integer_zerop(TREE_OPERAND(t, 1)))
		t = TREE_OPERAND(t, 0);
	return TREE_CODE(t) != STRING_CST && TREE_CODE(t) != FUNCTION_DECL;
}

namespace {

} // namespace

bool
has_fixed_size(tree type)
{
	return TYPE_SIZE_UNIT(type) != NULL_TREE && TREE_CODE(TYPE_SIZE_UNIT(type)) == INTEGER_CST;
}

namespace {

// Evaluates *OPERAND now, and leaves a variable in its place.
void
keep_operand(struct lowering *w, struct deferred *d, tree bind, tree *operand, tree *list)
{
	tree type = TYPE_MAIN_VARIANT(TREE_TYPE(*operand)), v;

	if (!needs_keeping(*operand))
		return;
	if (!has_fixed_size(type)) {
		sorry_at(d->where, "%<defer%> of a call with an argument of variable size");
		return;
	}
	v = variable(w, bind, type, NULL_TREE);
	add(list, assign(v, *operand));
	*operand = v;
	d->kept.safe_push(v);
}

} // namespace

// Builtins that are no calls of a function at a place in the code.
bool
is_tied_to_its_place(tree call)
{
	tree fn = get_callee_fndecl(call);

	if (call_expr_flags(call) & ECF_RETURNS_TWICE)
		return true;
	if (fn == NULL_TREE || !fndecl_built_in_p(fn, BUILT_IN_NORMAL))
		return false;
	switch (DECL_FUNCTION_CODE(fn)) {
	case BUILT_IN_VA_START:
	case BUILT_IN_NEXT_ARG:
	case BUILT_IN_APPLY:
	case BUILT_IN_APPLY_ARGS:
	case BUILT_IN_VA_ARG_PACK:
	case BUILT_IN_VA_ARG_PACK_LEN:
	case BUILT_IN_SETJMP:
	CASE_BUILT_IN_ALLOCA:
		return true;
	default:
		return false;
	}
}

namespace {

// The arguments of a deferred call are evaluated where the defer stands.
void
keep_arguments(struct lowering *w, struct deferred *d, tree bind, tree *list)
{
	tree call = d->stmt;

	if (TREE_CODE(call) != CALL_EXPR || is_recover(call))
		return;
	if (is_tied_to_its_place(call)) {
		sorry_at(d->where, "%<defer%> of a call that belongs to its place");
		return;
	}
	d->stmt = call = copy_node(call);
	if (CALL_EXPR_FN(call) != NULL_TREE)
		keep_operand(w, d, bind, &CALL_EXPR_FN(call), list);
	for (int i = 0; i < call_expr_nargs(call); i++)
		keep_operand(w, d, bind, &CALL_EXPR_ARG(call, i), list);
}

// The variable that finds V: V, or the pointer to where it moved.
tree
finder(tree v)
{
	tree at;

	if (!DECL_HAS_VALUE_EXPR_P(v))
		return v;
	at = DECL_VALUE_EXPR(v);
	gcc_assert(TREE_CODE(at) == INDIRECT_REF && VAR_P(TREE_OPERAND(at, 0)));
	return TREE_OPERAND(at, 0);
}

void
keep_captures(struct lowering *w, struct deferred *d)
{
	for (tree v : d->captures) {
		if (!is_made_again(w->c, d, v))
			continue;
		if (variably_modified_type_p(TREE_TYPE(v), w->f->decl)) {
			sorry_at(d->where, "deferred block in a loop uses %qD, of variable size", v);
			continue;
		}
		if (!DECL_HAS_VALUE_EXPR_P(v) && !is_captured_by_value(w->c, d, v)) {
			sorry_at(d->where, "deferred block in a loop uses %qD, which changes, in a "
					   "function that is left alone", v);
			continue;
		}
		v = finder(v);
		TREE_READONLY(v) = 0;           // it is put back from the record
		d->kept.safe_push(v);
	}
}

// Where D stands: evaluates what it needs and notes that it was met.
tree
arm(struct lowering *w, struct deferred *d)
{
	struct scope *s = d->scope;
	tree list = NULL_TREE, body = BIND_EXPR_BODY(d->marker);

	if (TREE_CODE(body) == STATEMENT_LIST)
		for (tree_stmt_iterator i = tsi_start(body); !tsi_one_before_end_p(i); tsi_next(&i))
			if (TREE_CODE(tsi_stmt(i)) != DECL_EXPR ||
			    !VAR_P(DECL_EXPR_DECL(tsi_stmt(i))))
				add(&list, tsi_stmt(i));
	keep_arguments(w, d, s->bind, &list);
	if (s->records)
		keep_captures(w, d);
	else
		add(&list, assign(d->armed, boolean_true_node));
	return list;
}

// ---------------------------------------------------------------- copies of blocks

struct copying {
	struct lowering *w;
	hash_map<tree, tree> map;       // variables, labels and shared trees
};

tree copy_one(tree *tp, int *walk_subtrees, void *data);

void
copy_below(struct copying *c, tree *tp)
{
	walk_below(tp, copy_one, c);
}

tree
copy_variable(struct copying *c, tree v)
{
	tree copy = copy_node(v);

	c->map.put(v, copy);
	DECL_CHAIN(copy) = NULL_TREE;
	DECL_IGNORED_P(copy) = 1;
	TREE_USED(copy) = 1;
	return copy;
}

void
copy_value_expr(struct copying *c, tree from)
{
	tree to = *c->map.get(from), value;

	if (!DECL_HAS_VALUE_EXPR_P(from))
		return;
	value = unshare_expr(DECL_VALUE_EXPR(from));
	copy_below(c, &value);
	SET_DECL_VALUE_EXPR(to, value);
}

// Types, functions and static variables are the same in both.
bool
is_own_variable(tree v)
{
	return VAR_P(v) && !TREE_STATIC(v) && !DECL_EXTERNAL(v);
}

void
copy_bind(struct copying *c, tree bind)
{
	tree *end, vars = BIND_EXPR_VARS(bind);

	BIND_EXPR_VARS(bind) = NULL_TREE;
	BIND_EXPR_BLOCK(bind) = NULL_TREE;
	end = &BIND_EXPR_VARS(bind);
	for (tree v = vars; v != NULL_TREE; v = DECL_CHAIN(v))
		if (is_own_variable(v)) {
			*end = copy_variable(c, v);
			end = &DECL_CHAIN(*end);
		}
	for (tree v = vars; v != NULL_TREE; v = DECL_CHAIN(v))
		if (is_own_variable(v)) {
			tree copy = *c->map.get(v);

			copy_value_expr(c, v);
			copy_below(c, &DECL_INITIAL(copy));
		}
	copy_below(c, &BIND_EXPR_BODY(bind));
}

tree
copy_label(struct copying *c, tree label)
{
	tree copy = new_label(c->w);

	c->map.put(label, copy);
	return copy;
}

// The block's own labels, before any jump to one is met.
tree
copy_labels(tree *tp, int *walk_subtrees, void *data)
{
	if (TYPE_P(*tp))
		*walk_subtrees = 0;
	else if (TREE_CODE(*tp) == LABEL_EXPR)
		copy_label((struct copying *)data, LABEL_EXPR_LABEL(*tp));
	return NULL_TREE;
}

tree
copy_one(tree *tp, int *walk_subtrees, void *data)
{
	struct copying *c = (struct copying *)data;
	tree t = *tp, *known;

	if (TYPE_P(t)) {
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	if ((known = c->map.get(t)) != NULL) {
		*tp = *known;
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	if (DECL_P(t)) {
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	if (TREE_CODE(t) == CASE_LABEL_EXPR) {
		*tp = copy_node(t);
		copy_label(c, CASE_LABEL(t));
		CASE_LABEL(*tp) = *c->map.get(CASE_LABEL(t));
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	copy_tree_r(tp, walk_subtrees, NULL);
	if (TREE_CODE(t) == SAVE_EXPR)
		c->map.put(t, *tp);
	if (TREE_CODE(t) == BIND_EXPR) {
		*walk_subtrees = 0;
		copy_bind(c, *tp);
	}
	return NULL_TREE;
}

tree
copied(struct lowering *w, struct deferred *d)
{
	struct copying c;
	tree copy = d->stmt;

	if (!d->is_block)
		return copy_node(d->stmt);
	c.w = w;
	walk_tree_without_duplicates(&copy, copy_labels, &c);
	copy_below(&c, &copy);
	return copy;
}

enum { MAX_COPIED = 400 };      // trees

tree
count_tree(tree *tp, int *walk_subtrees, void *data)
{
	if (TYPE_P(*tp) || DECL_P(*tp))
		*walk_subtrees = 0;
	else
		++*(int *)data;
	return NULL_TREE;
}

bool
is_copied(struct deferred *d)
{
	int n = 0;

	if (!d->is_block)
		return TREE_CODE(d->stmt) == CALL_EXPR;
	if (!d->copyable || d->inner != NULL)
		return false;
	walk_tree_without_duplicates(&d->stmt, count_tree, &n);
	return n <= MAX_COPIED;
}

// ---------------------------------------------------------------- running it

// if (pending) pending = goat_ran (pending)
tree
after_item(struct lowering *w, struct scope *s)
{
	tree call = build_call_expr_loc(w->end, runtime_function(ENTRY_ran), 1, s->pending);

	return when(is_set(s->pending), assign(s->pending, call), NULL_TREE);
}

// The function that CALL calls may become part of this one, and what it calls would seem to be called
// by deferred code itself. So GCC is not to know which it is.
tree
called_unseen(struct lowering *w, struct deferred *d, tree call, tree *list)
{
	tree fn = get_callee_fndecl(call), at, out, in;

	if (fn == NULL_TREE || fndecl_built_in_p(fn))
		return call;
	if (decl_function_context(fn) != NULL_TREE) {
		DECL_UNINLINABLE(fn) = 1;       // its address would need code on the stack
		return call;
	}
	at = variable(w, d->scope->bind, TREE_TYPE(CALL_EXPR_FN(call)), NULL_TREE);
	out = build_tree_list(build_tree_list(NULL_TREE, build_string(3, "=r")), at);
	in = build_tree_list(build_tree_list(NULL_TREE, build_string(2, "0")), CALL_EXPR_FN(call));
	add(list, effect(build5(ASM_EXPR, void_type_node, build_string(1, ""), out, in, NULL_TREE,
				NULL_TREE)));
	call = copy_node(call);
	CALL_EXPR_FN(call) = at;
	return call;
}

// A call that pending runs, and the function called may recover.
tree
called_by_panic(struct lowering *w, struct deferred *d, tree call)
{
	tree list = NULL_TREE, pending = d->scope->pending;

	add(&list, build_call_expr_loc(w->end, runtime_function(ENTRY_calling), 1, pending));
	add(&list, effect(called_unseen(w, d, call, &list)));
	add(&list, assign(pending, build_call_expr_loc(w->end, runtime_function(ENTRY_ran), 1, pending)));
	return list;
}

// STMT is D's code; PANICS: it may be that pending runs it.
void
run_item(struct lowering *w, struct deferred *d, tree stmt, bool panics, tree *list)
{
	struct scope *s = d->scope;

	if (is_recover(stmt)) {
		add(list, deferred_recover(d, stmt));
	} else if (panics && TREE_CODE(stmt) == CALL_EXPR) {
		add(list, when(is_set(s->pending), called_by_panic(w, d, stmt), copy_node(stmt)));
	} else {
		add(list, effect(stmt));
		if (panics)
			add(list, after_item(w, s));
	}
}

tree
run_open(struct lowering *w, struct scope *s, bool panics, bool copy)
{
	tree list = NULL_TREE;

	for (unsigned i = s->items.length(); i-- > 0;) {
		struct deferred *d = s->items[i];
		tree run = NULL_TREE;

		add(&run, assign(d->armed, boolean_false_node));   // D1
		run_item(w, d, copy ? copied(w, d) : d->stmt, panics, &run);
		add(&list, when(d->armed, run, NULL_TREE));
	}
	return list;
}

tree
run_records(struct lowering *w, struct scope *s)
{
	tree again = new_label(w), done = new_label(w), list = NULL_TREE, chain = NULL_TREE;
	tree r = variable(w, s->bind, TREE_TYPE(s->top), NULL_TREE);

	add(&list, label_here(again));
	add(&list, when(is_null_now(s->top), jump_to(done), NULL_TREE));
	add(&list, assign(r, s->top));
	add(&list, assign(s->top, field_of(dereference(r), nth_field(s->record, LINK))));  // D1
	for (unsigned i = 0; i < s->items.length(); i++) {
		struct deferred *d = s->items[i];
		tree run = NULL_TREE, which = field_of(dereference(r), nth_field(s->record, WHICH));

		for (unsigned k = 0; k < d->kept.length(); k++)
			add(&run, assign(d->kept[k], kept_at(s, r, d, k)));
		run_item(w, d, d->stmt, true, &run);
		if (i == 0)
			chain = run;
		else
			chain = when(build2(EQ_EXPR, boolean_type_node, which,
					    build_int_cst(integer_type_node, i)),
				     run, chain);
	}
	add(&list, chain);
	add(&list, jump_to(again));
	add(&list, label_here(done));
	return list;
}

tree
resume(struct lowering *w, struct scope *s)
{
	tree call = build_call_expr_loc(w->end, runtime_function(ENTRY_resume), 1, s->pending);

	return when(is_set(s->pending), call, NULL_TREE);
}

// Whether the way without a panic has its own copy of S's items.
bool
is_run_apart(struct lowering *w, struct scope *s)
{
	if (s->records || !optimize || optimize_size || w->c->returns_twice)
		return false;
	for (struct deferred *d : s->items)
		if (!is_copied(d))
			return false;
	return true;
}

// Runs S's items; control comes here from the end of the body, and at LANDED from the landing pad.
void
run_scope(struct lowering *w, struct scope *s, tree landed, tree *list)
{
	tree done = new_label(w), pad = NULL_TREE;
	bool apart = is_run_apart(w, s);

	if (apart && s->of_block_defer)         // its landing pad leads into the `finally` too
		add(list, when(is_set(s->pending), jump_to(landed), NULL_TREE));
	if (apart) {
		add(&pad, land(w, s, null_pointer_node));
		add(&pad, jump_to(landed));
		add(list, catch_all(run_open(w, s, false, false), pad));
		add(list, jump_to(done));
		pad = NULL_TREE;
	}
	add(list, label_here(landed));
	add(&pad, land(w, s, s->pending));
	add(&pad, jump_to(landed));
	add(list, catch_all(s->records ? run_records(w, s) : run_open(w, s, true, apart), pad));
	add(list, resume(w, s));
	add(list, label_here(done));
}

// Puts S's code around what is in its block. ZERO: the result, where a panic is to leave zero. LEAVE: a
// label for the end of the body, or NULL.
void
finish_scope(struct lowering *w, struct scope *s, tree zero, tree leave)
{
	tree list = NULL_TREE, pad = NULL_TREE, landed = new_label(w), before;

	before = BIND_EXPR_BODY(s->bind);
	BIND_EXPR_BODY(s->bind) = NULL_TREE;
	add(&pad, land(w, s, null_pointer_node));
	if (zero != NULL_TREE)
		add(&pad, assign(zero, zero_of(TREE_TYPE(zero))));         // D3
	add(&pad, jump_to(landed));
	add(&list, catch_all(before, pad));
	if (leave != NULL_TREE)
		add(&list, label_here(leave));
	run_scope(w, s, landed, &list);
	BIND_EXPR_BODY(s->bind) = list;
}

// ---------------------------------------------------------------- scopes

void
declare_scope(struct lowering *w, struct scope *s, tree bind, tree *initial)
{
	tree body = BIND_EXPR_BODY(bind);

	s->bind = bind;
	BIND_EXPR_BODY(bind) = NULL_TREE;
	s->pending = variable(w, bind, ptr_type_node, null_pointer_node);
	for (struct deferred *d : s->items)
		if (!s->records)
			d->armed = variable(w, bind, boolean_type_node, boolean_false_node);
	*initial = BIND_EXPR_BODY(bind);
	BIND_EXPR_BODY(bind) = body;
}

tree lower_tree(tree *tp, int *walk_subtrees, void *data);

void
lower_below(struct lowering *w, tree *tp)
{
	walk_below(tp, lower_tree, w);
}

// Lowers what is in BIND, whose end runs S.
void
lower_scope(struct lowering *w, struct scope *s, tree bind, tree zero, tree leave)
{
	tree initial, list = NULL_TREE;

	declare_scope(w, s, bind, &initial);
	lower_below(w, &BIND_EXPR_BODY(bind));
	if (s->records) {
		tree body = BIND_EXPR_BODY(bind);

		// The records' layout is known only when their items are.
		BIND_EXPR_BODY(bind) = initial;
		declare_records(w, s);
		initial = BIND_EXPR_BODY(bind);
		BIND_EXPR_BODY(bind) = body;
		for (struct deferred *d : s->items)
			record(w, d, &BIND_EXPR_BODY(d->marker));
	}
	finish_scope(w, s, zero, leave);
	add(&list, initial);
	add(&list, BIND_EXPR_BODY(bind));
	BIND_EXPR_BODY(bind) = list;
}

void
lower_stmt(struct lowering *w, struct deferred *d, tree *stmt)
{
	struct deferred *outer = w->around;

	if (d->is_block) {
		w->around = d;
		if (d->inner != NULL)
			lower_scope(w, d->inner, *stmt, NULL_TREE, NULL_TREE);
		else
			lower_below(w, stmt);
		w->around = outer;
	} else if (TREE_CODE(*stmt) == CALL_EXPR) {
		for (int i = 0; i < TREE_OPERAND_LENGTH(*stmt); i++)
			lower_below(w, &TREE_OPERAND(*stmt, i));
	}
	d->stmt = *stmt;
}

// The marker becomes the block in which the item is armed.
void
lower_defer(struct lowering *w, struct deferred *d)
{
	tree bind = d->marker;
	tree *stmt = marked_statement(bind), body = BIND_EXPR_BODY(bind);

	if (TREE_CODE(body) == STATEMENT_LIST)
		for (tree_stmt_iterator i = tsi_start(body); !tsi_one_before_end_p(i); tsi_next(&i))
			lower_below(w, tsi_stmt_ptr(i));
	lower_stmt(w, d, stmt);
	BIND_EXPR_BODY(bind) = arm(w, d);
	BIND_EXPR_VARS(bind) = NULL_TREE;
	BIND_EXPR_BLOCK(bind) = NULL_TREE;
}

// The block of a block_defer: { marker; the rest of its block; what is deferred }.
void
lower_block_defer(struct lowering *w, struct deferred *d)
{
	struct scope *s = d->scope;
	tree bind = d->marker, *stmt = marked_statement(bind), rest = NULL_TREE, list = NULL_TREE;
	tree body = BIND_EXPR_BODY(bind), initial, run = NULL_TREE, pad = NULL_TREE, landed;

	declare_scope(w, s, bind, &initial);
	add(&list, initial);
	lower_stmt(w, d, stmt);
	for (tree_stmt_iterator i = tsi_start(body); !tsi_one_before_end_p(i); tsi_next(&i)) {
		tree t = tsi_stmt(i);

		if (TREE_CODE(t) == BIND_EXPR)
			rest = t;
		else if (TREE_CODE(t) != DECL_EXPR || !VAR_P(DECL_EXPR_DECL(t)))
			add(&list, t);
	}
	keep_arguments(w, d, bind, &list);
	add(&list, assign(d->armed, boolean_true_node));
	lower_below(w, &rest);
	add(&pad, land(w, s, null_pointer_node));
	landed = new_label(w);
	run_scope(w, s, landed, &run);
	add(&list, effect(build2(TRY_FINALLY_EXPR, void_type_node,
				 rest != NULL_TREE ? catch_all(rest, pad)
						   : build_empty_stmt(d->where),
				 run)));
	BIND_EXPR_BODY(bind) = list;
}

// ---------------------------------------------------------------- returns

// The value of a return statement, NULL where it has none.
tree
returned_value(struct lowering *w, tree t)
{
	tree value = TREE_OPERAND(t, 0);

	if (value == NULL_TREE || TREE_CODE(value) == RESULT_DECL || error_operand_p(value))
		return NULL_TREE;
	// `return 0` at the end of main is the front end's.
	if (w->f->named_result != NULL_TREE && EXPR_LOCATION(t) == BUILTINS_LOCATION)
		return NULL_TREE;
	return value;
}

// result = e, where e may panic after a part of it is there already.
void
set_result(struct lowering *w, tree value, tree *list)
{
	tree type = TREE_TYPE(w->result), copy;

	if (!AGGREGATE_TYPE_P(type) || w->f->named_result == NULL_TREE) {
		add(list, assign(w->result, fold_convert_loc(EXPR_LOCATION(value), type, value)));
		return;
	}
	copy = variable(w, outermost(w->f), TYPE_MAIN_VARIANT(type), NULL_TREE);
	add(list, assign(copy, value));
	add(list, assign(w->result, copy));
}

void
lower_return(struct lowering *w, tree *tp)
{
	tree value = returned_value(w, *tp), list = NULL_TREE;
	location_t where = EXPR_LOCATION(*tp);

	if (value != NULL_TREE) {
		lower_below(w, &TREE_OPERAND(*tp, 0));
		value = TREE_OPERAND(*tp, 0);
		if ((TREE_CODE(value) == MODIFY_EXPR || TREE_CODE(value) == INIT_EXPR) &&
		    TREE_CODE(TREE_OPERAND(value, 0)) == RESULT_DECL) {
			set_result(w, TREE_OPERAND(value, 1), &list);
			SET_EXPR_LOCATION(tsi_stmt(tsi_last(list)), where);
		} else {
			add(&list, value);
		}
	}
	add(&list, jump_to(w->leave));
	SET_EXPR_LOCATION(tsi_stmt(tsi_last(list)), where);
	*tp = list;
}

// ---------------------------------------------------------------- a function

tree
lower_tree(tree *tp, int *walk_subtrees, void *data)
{
	struct lowering *w = (struct lowering *)data;
	tree t = *tp;

	*walk_subtrees = 0;
	if (TYPE_P(t))
		return NULL_TREE;
	switch (TREE_CODE(t)) {
	case BIND_EXPR:
		if (struct deferred **d = w->c->by_marker.get(t)) {
			if ((*d)->scope->of_block_defer)
				lower_block_defer(w, *d);
			else
				lower_defer(w, *d);
			break;
		}
		lower_below(w, &BIND_EXPR_BODY(t));
		break;
	case DECL_EXPR: {
		tree decl = DECL_EXPR_DECL(t);

		if (VAR_P(decl) && !TREE_STATIC(decl) && DECL_INITIAL(decl) != NULL_TREE)
			lower_below(w, &DECL_INITIAL(decl));
		break;
	}
	case COMPOUND_LITERAL_EXPR: {
		tree decl = COMPOUND_LITERAL_EXPR_DECL(t);

		if (!TREE_STATIC(decl) && DECL_INITIAL(decl) != NULL_TREE && !w->met.add(decl))
			lower_below(w, &DECL_INITIAL(decl));
		break;
	}
	case SAVE_EXPR:
	case TARGET_EXPR:
		*walk_subtrees = !w->met.add(t);
		break;
	case RETURN_EXPR:
		if (w->returns)
			lower_return(w, tp);
		else
			*walk_subtrees = 1;
		break;
	case CALL_EXPR:
		if (is_recover(t) && w->around != NULL)
			*tp = recover_from(w->around->scope->pending);
		else
			*walk_subtrees = 1;
		break;
	default:
		*walk_subtrees = 1;
	}
	return NULL_TREE;
}

// A variable for the result of a function that gives it none.
tree
unnamed_result(struct lowering *w)
{
	tree type = TREE_TYPE(TREE_TYPE(w->f->decl)), v;

	if (VOID_TYPE_P(type))
		return NULL_TREE;
	v = new_variable(w->f, w->end, NULL, TYPE_MAIN_VARIANT(type));
	compat_no_warning(v, OPT_Wuninitialized);       // main may end without
	declare_in(outermost(w->f), v);
	return v;
}

// What the function does when its deferred code has run.
tree
finish_function(struct lowering *w)
{
	tree fn = w->f->decl, result = DECL_RESULT(fn);

	if (TREE_THIS_VOLATILE(fn))     // a panic was recovered in a function that does not return
		return build_call_expr_loc(w->end, builtin_decl_explicit(BUILT_IN_TRAP), 0);
	if (w->result == NULL_TREE)
		return effect(build1(RETURN_EXPR, void_type_node, NULL_TREE));
	return effect(build1(RETURN_EXPR, void_type_node,
			     assign(result, fold_convert(TREE_TYPE(result), w->result))));
}

// recover() compares the frame that it is called from two calls up.
void
keep_frame(tree fn)
{
	DECL_UNINLINABLE(fn) = 1;
	DECL_DISREGARD_INLINE_LIMITS(fn) = 0;
	DECL_ATTRIBUTES(fn) = remove_attribute("always_inline", DECL_ATTRIBUTES(fn));
	for (const char *name : { "noinline", "noclone", "noipa" })
		if (lookup_attribute(name, DECL_ATTRIBUTES(fn)) == NULL_TREE)
			DECL_ATTRIBUTES(fn) = tree_cons(get_identifier(name), NULL_TREE,
							DECL_ATTRIBUTES(fn));
}

// A variable of a block that deferred code looks at when the block was left, or was not entered.
void
expect_captures(struct deferred_code *c)
{
	for (struct deferred *d : c->items)
		for (tree v : d->captures)
			if (VAR_P(v))
				compat_no_warning(v, OPT_Wuninitialized);
}

} // namespace

void
lower_deferred(struct func *f)
{
	struct lowering w;
	struct scope *s;
	tree bind = outermost(f), list = NULL_TREE;

	w.f = f;
	w.c = f->deferred;
	w.end = DECL_STRUCT_FUNCTION(f->decl) ? DECL_STRUCT_FUNCTION(f->decl)->function_end_locus
					      : DECL_SOURCE_LOCATION(f->decl);
	s = &w.c->function;
	if (w.c->recovers)
		keep_frame(f->decl);
	if (w.c->items.is_empty() && f->named_result == NULL_TREE)
		return;
	expect_captures(w.c);
	w.returns = f->named_result != NULL_TREE || !s->items.is_empty();
	if (w.returns) {
		w.leave = new_label(&w);
		w.result = f->named_result ? f->named_result : unnamed_result(&w);
	}
	if (!s->items.is_empty()) {
		lower_scope(&w, s, bind, f->named_result ? NULL_TREE : w.result, w.leave);
		add(&list, BIND_EXPR_BODY(bind));
	} else {
		lower_below(&w, &BIND_EXPR_BODY(bind));
		add(&list, BIND_EXPR_BODY(bind));
		if (w.returns)
			add(&list, label_here(w.leave));
	}
	if (w.returns)
		add(&list, finish_function(&w));
	BIND_EXPR_BODY(bind) = list;
}
