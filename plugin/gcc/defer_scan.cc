// SPDX-License-Identifier: GPL-3.0-or-later
//
// defer_scan.cc: finds a function's deferred code, and follows its flow.
//
// The text is read once, and its labels, jumps, stores and definitions are numbered, so that the
// core can say what may be met again (core/defer.h).
//
// To the analysis a deferred call is a call, and a deferred block the body of a closure: what it
// makes is gone before the variables around it are. What may be met again is kept in records, and
// these may lie on the heap: then the arguments, and the variables that are captured, flow there.
//
// Go:    as escape/stmt.go, goDeferStmt, and typecheck.CaptureVars.
// Layer: glue.

#include "deferred.h"

#include "defer.h"

namespace {

struct met_jump {
	tree label;
	int from;
	struct deferred *around;
};

struct met_label {
	int at;
	struct deferred *around;
};

struct reader {
	struct func *f = NULL;
	struct deferred_code *c = NULL;
	struct deferred *around = NULL; // the innermost deferred block
	int at = 0;
	bool has_nested = false;
	bool parallel = false;
	hash_map<tree, struct met_label> labels;
	auto_vec<struct met_jump> jumps;
	auto_vec<tree> taken;           // labels that may be jumped to from anywhere
	hash_set<tree> met;
};

tree read_tree(tree *tp, int *walk_subtrees, void *data);

void
read_below(struct reader *r, tree *tp)
{
	walk_below(tp, read_tree, r);
}

bool
is_local_of(struct func *f, tree decl)
{
	if (TREE_CODE(decl) == PARM_DECL)
		return DECL_CONTEXT(decl) == f->decl;
	return VAR_P(decl) && !TREE_STATIC(decl) && !DECL_EXTERNAL(decl) &&
	       !DECL_HARD_REGISTER(decl) && DECL_CONTEXT(decl) == f->decl;
}

struct variable *
variable_of(struct deferred_code *c, tree decl)
{
	bool known;
	struct variable *&v = c->variables.get_or_insert(decl, &known);

	if (!known)
		v = XCNEW(struct variable);
	return v;
}

// ---------------------------------------------------------------- uses

void
use(struct reader *r, tree decl)
{
	struct variable **v;
	struct deferred *home;

	if (r->around == NULL || !is_local_of(r->f, decl))
		return;
	v = r->c->variables.get(decl);
	home = v != NULL ? (*v)->around : NULL;
	for (struct deferred *d = r->around; d != NULL && d != home; d = d->around)
		if (!d->captures.contains(decl))
			d->captures.safe_push(decl);
}

tree
use_in_nested(tree *tp, int *walk_subtrees, void *data)
{
	struct reader *r = (struct reader *)data;

	if (TYPE_P(*tp))
		*walk_subtrees = 0;
	else if (DECL_P(*tp))
		use(r, *tp);
	else if (TREE_CODE(*tp) == BIND_EXPR)
		for (tree v = BIND_EXPR_VARS(*tp); v != NULL_TREE; v = DECL_CHAIN(v))
			if (VAR_P(v) && DECL_INITIAL(v) != NULL_TREE)
				walk_tree(&DECL_INITIAL(v), use_in_nested, r, NULL);
	return NULL_TREE;
}

// A nested function uses the variables that are there when it is called.
void
use_function(struct reader *r, tree fn)
{
	if (r->around != NULL && decl_function_context(fn) == r->f->decl && !r->met.add(fn) &&
	    DECL_SAVED_TREE(fn) != NULL_TREE)
		walk_tree(&DECL_SAVED_TREE(fn), use_in_nested, r, NULL);
}

// A nested function, or the block of a go statement, stores to a variable around it.
void
store_outside(struct func *f, tree decl)
{
	for (; f != NULL; f = f->outer)
		if (is_local_of(f, decl))
			variable_of(f->deferred, decl)->stored_elsewhere = true;
}

void
store(struct reader *r, tree lhs)
{
	struct variable *v;

	while (handled_component_p(lhs))
		lhs = TREE_OPERAND(lhs, 0);
	if (!DECL_P(lhs))
		return;
	if (!is_local_of(r->f, lhs))
		return store_outside(r->f->outer, lhs);
	v = variable_of(r->c, lhs);
	v->stores.safe_push(++r->at);
	if (v->around != r->around)
		v->stored_elsewhere = true;
}

// To the front end the address of an array is taken by each a[i].
void
note_address(struct reader *r, tree of)
{
	tree base = get_base_address(of);

	if (base == NULL_TREE || !DECL_P(base))
		return;
	for (struct func *f = r->f; f != NULL; f = f->outer)
		if (is_local_of(f, base))
			variable_of(f->deferred, base)->addressed = true;
}

// ---------------------------------------------------------------- defers

struct scope *
inner_scope(struct deferred_code *c, struct deferred *of)
{
	struct scope *s = XCNEW(struct scope);

	s->of = of;
	c->scopes.safe_push(s);
	return s;
}

struct scope *
scope_at(struct reader *r)
{
	if (r->around == NULL)
		return &r->c->function;
	if (r->around->inner == NULL)
		r->around->inner = inner_scope(r->c, r->around);
	return r->around->inner;
}

void
read_deferred_block(struct reader *r, struct deferred *d, tree *block)
{
	r->around = d;
	read_below(r, block);
	r->around = d->around;
}

void
read_defer(struct reader *r, tree bind)
{
	struct deferred *d = XCNEW(struct deferred);
	tree *stmt = marked_statement(bind), *body = &BIND_EXPR_BODY(bind);

	d->marker = bind;
	d->is_block = TREE_CODE(*stmt) == BIND_EXPR;
	d->copyable = true;
	d->where = point_of_use(DECL_SOURCE_LOCATION(marker_of(bind)));
	d->around = r->around;
	if (r->parallel)
		sorry_at(d->where, "%<defer%> in a parallel region");
	if (lookup_attribute("naked", DECL_ATTRIBUTES(r->f->decl)))
		sorry_at(d->where, "%<defer%> in a naked function");
	if (is_block_defer(bind)) {
		d->scope = inner_scope(r->c, d);
		d->scope->of_block_defer = true;
	} else {
		d->scope = scope_at(r);
	}
	d->scope->items.safe_push(d);
	r->c->items.safe_push(d);
	r->c->by_marker.put(bind, d);
	if (TREE_CODE(*body) == STATEMENT_LIST)
		for (tree_stmt_iterator i = tsi_start(*body); !tsi_one_before_end_p(i); tsi_next(&i))
			read_below(r, tsi_stmt_ptr(i));
	if (!d->is_block)
		read_below(r, stmt);
	d->at = ++r->at;
	if (d->is_block)
		read_deferred_block(r, d, stmt);
}

void
read_go(struct reader *r, tree bind)
{
	location_t where = point_of_use(DECL_SOURCE_LOCATION(marker_of(bind)));

	if (r->parallel)
		sorry_at(where, "%<go%> in a parallel region");
	if (lookup_attribute("naked", DECL_ATTRIBUTES(r->f->decl)))
		sorry_at(where, "%<go%> in a naked function");
	r->c->go_places.put(bind, { ++r->at, r->around });
}

// ---------------------------------------------------------------- the text

void
read_block(struct reader *r, tree bind)
{
	for (tree v = BIND_EXPR_VARS(bind); v != NULL_TREE; v = DECL_CHAIN(v)) {
		if (TREE_CODE(v) == FUNCTION_DECL && r->around != NULL)
			r->around->copyable = false;
		if (!VAR_P(v))
			continue;
		if (is_local_of(r->f, v))
			variable_of(r->c, v)->around = r->around;
		else if (TREE_STATIC(v) && DECL_INITIAL(v) != NULL_TREE)
			read_below(r, &DECL_INITIAL(v));        // addresses of labels
	}
	if (is_defer(bind))
		return read_defer(r, bind);
	read_below(r, &BIND_EXPR_BODY(bind));
	if (is_go(bind))
		read_go(r, bind);
}

void
read_definition(struct reader *r, tree decl)
{
	if (r->around != NULL && TREE_TYPE(decl) != NULL_TREE &&
	    variably_modified_type_p(TREE_TYPE(decl), r->f->decl))
		r->around->copyable = false;
	if (!VAR_P(decl) || !is_local_of(r->f, decl))
		return;
	if (DECL_INITIAL(decl) != NULL_TREE)
		read_below(r, &DECL_INITIAL(decl));
	variable_of(r->c, decl)->declared = ++r->at;
}

void
read_label(struct reader *r, tree label)
{
	r->labels.put(label, { ++r->at, r->around });
	if (DECL_NONLOCAL(label) || FORCED_LABEL(label) ||
	    (r->has_nested && C_DECLARED_LABEL_FLAG(label)))
		r->taken.safe_push(label);
}

void
read_goto(struct reader *r, tree t)
{
	tree label = GOTO_DESTINATION(t);

	if (TREE_CODE(label) == LABEL_DECL)
		r->jumps.safe_push({ label, ++r->at, r->around });
	else
		read_below(r, &GOTO_DESTINATION(t));
}

void
read_asm(struct reader *r, tree t)
{
	for (tree o = ASM_OUTPUTS(t); o != NULL_TREE; o = TREE_CHAIN(o)) {
		store(r, TREE_VALUE(o));
		note_address(r, TREE_VALUE(o));
	}
	for (tree i = ASM_INPUTS(t); i != NULL_TREE; i = TREE_CHAIN(i))
		note_address(r, TREE_VALUE(i));
	for (tree l = ASM_LABELS(t); l != NULL_TREE; l = TREE_CHAIN(l))
		r->jumps.safe_push({ TREE_VALUE(l), ++r->at, r->around });
	if (r->around != NULL)
		r->around->copyable = false;    // it may define a symbol
}

void
read_call(struct reader *r, tree call)
{
	if (call_expr_flags(call) & ECF_RETURNS_TWICE) {
		r->c->returns_twice = true;
		r->c->jumps.safe_push({ DEFER_ANYWHERE, ++r->at, r->around });
	}
	if (is_recover(call) && r->around == NULL)
		r->c->recovers = true;
}

void
read_address(struct reader *r, tree t)
{
	tree of = TREE_OPERAND(t, 0);

	if (TREE_CODE(of) == LABEL_DECL)
		r->taken.safe_push(of);
	else
		note_address(r, of);
}

bool
is_parallel(enum tree_code code)
{
	return startswith(get_tree_code_name(code), "omp_") ||
	       startswith(get_tree_code_name(code), "oacc_") ||
	       startswith(get_tree_code_name(code), "transaction");
}

void
read_parallel(struct reader *r, tree t)
{
	bool outer = r->parallel;

	r->parallel = true;
	if (r->around != NULL)
		r->around->copyable = false;
	walk_operands(t, read_tree, r);
	r->parallel = outer;
}

tree
read_tree(tree *tp, int *walk_subtrees, void *data)
{
	struct reader *r = (struct reader *)data;
	tree t = *tp;

	*walk_subtrees = 0;
	if (TYPE_P(t))
		return NULL_TREE;
	switch (TREE_CODE(t)) {
	case BIND_EXPR:
		read_block(r, t);
		break;
	case DECL_EXPR:
		read_definition(r, DECL_EXPR_DECL(t));
		break;
	case LABEL_EXPR:
		read_label(r, LABEL_EXPR_LABEL(t));
		break;
	case GOTO_EXPR:
		read_goto(r, t);
		break;
	case ASM_EXPR:
		read_asm(r, t);
		*walk_subtrees = 1;
		break;
	case MODIFY_EXPR:
	case INIT_EXPR:
	case PREINCREMENT_EXPR:
	case PREDECREMENT_EXPR:
	case POSTINCREMENT_EXPR:
	case POSTDECREMENT_EXPR:
		walk_operands(t, read_tree, r);
		store(r, TREE_OPERAND(t, 0));
		break;
	case CALL_EXPR:
		walk_operands(t, read_tree, r);
		read_call(r, t);
		break;
	case ADDR_EXPR:
		read_address(r, t);
		*walk_subtrees = 1;
		break;
	case FUNCTION_DECL:
		use_function(r, t);
		break;
	case VAR_DECL:
	case PARM_DECL:
		use(r, t);
		break;
	case COMPOUND_LITERAL_EXPR: {
		tree decl = COMPOUND_LITERAL_EXPR_DECL(t);

		if (r->around != NULL)
			r->around->copyable = false;
		if (!r->met.add(decl) && DECL_INITIAL(decl) != NULL_TREE)
			read_below(r, &DECL_INITIAL(decl));
		break;
	}
	case TARGET_EXPR:
		if (r->around != NULL)
			r->around->copyable = false;
		*walk_subtrees = !r->met.add(t);
		break;
	case SAVE_EXPR:
		*walk_subtrees = !r->met.add(t);
		break;
	default:
		if (is_parallel(TREE_CODE(t)))
			read_parallel(r, t);
		else
			*walk_subtrees = 1;
	}
	return NULL_TREE;
}

void
finish_jumps(struct reader *r)
{
	for (const struct met_jump &j : r->jumps)
		if (struct met_label *to = r->labels.get(j.label))
			if (to->at <= j.from)
				r->c->jumps.safe_push({ j.from, to->at, j.around });
	for (tree label : r->taken)
		if (struct met_label *to = r->labels.get(label)) {
			r->c->jumps.safe_push({ DEFER_ANYWHERE, to->at, to->around });
			for (struct deferred *d = to->around; d != NULL; d = d->around)
				d->copyable = false;
		}
}

// ---------------------------------------------------------------- what may be met again

// The jumps that stay in the deferred block AROUND, or in the function.
void
jumps_in(struct deferred_code *c, const struct deferred *around, vec<struct defer_jump> *jumps)
{
	for (const struct back_jump &j : c->jumps)
		if (j.around == around)
			jumps->safe_push({ j.from, j.to });
}

void
finish_items(struct deferred_code *c)
{
	for (struct deferred *d : c->items) {
		auto_vec<struct defer_jump> jumps;

		if (d->scope->of_block_defer)
			continue;
		jumps_in(c, d->around, &jumps);
		d->again = defer_again(jumps.address(), jumps.length(), d->at);
		d->scope->records |= defer_needs_records(d->scope->items.length(), d->again);
	}
}

// What cannot be copied inside a block cannot be copied with it.
void
finish_copyable(struct deferred_code *c)
{
	for (struct deferred *d : c->items)
		if (!d->copyable || d->inner != NULL || d->scope->of_block_defer)
			for (struct deferred *o = d->inner ? d : d->around; o != NULL; o = o->around)
				o->copyable = false;
}

void
check_result(struct func *f)
{
	struct scope *s = &f->deferred->function;
	tree size = TYPE_SIZE_UNIT(TREE_TYPE(TREE_TYPE(f->decl)));

	if (!s->items.is_empty() && size != NULL_TREE && TREE_CODE(size) != INTEGER_CST)
		sorry_at(s->items[0]->where,
			 "%<defer%> in a function with a result of variable size");
}

void
warn_of_loops(struct deferred_code *c)
{
	for (struct deferred *d : c->items)
		if (d->again && warning_at(d->where, 0, "%<defer%> in a loop"))
			inform(d->where, d->scope->of == NULL
						 ? G_("it runs when the function ends; %<block_defer%> "
						      "runs when its block does")
						 : G_("it runs when the deferred block around it ends; "
						      "%<block_defer%> runs when its own block does"));
}

// ---------------------------------------------------------------- named results

tree
find_result(struct func *f)
{
	for (tree v = BIND_EXPR_VARS(outermost(f)); v != NULL_TREE; v = DECL_CHAIN(v))
		if (VAR_P(v) && is_marked(v, "goat_result"))
			return v;
	return NULL_TREE;
}

// A panic may come before its definition, which goes to the top of the body.
void
define_at_top(tree bind, tree result)
{
	tree *body = &BIND_EXPR_BODY(bind);

	if (TREE_CODE(*body) != STATEMENT_LIST)
		return;
	for (tree_stmt_iterator i = tsi_start(*body); !tsi_end_p(i); tsi_next(&i)) {
		tree t = tsi_stmt(i);

		if (TREE_CODE(t) != DECL_EXPR || DECL_EXPR_DECL(t) != result)
			continue;
		tsi_delink(&i);
		return put_at_top(bind, t);
	}
}

// ---------------------------------------------------------------- flow

bool
is_inner_vla(struct func *f, tree v)
{
	struct local **l = f->locals.get(v);

	return VAR_P(v) && DECL_SIZE_UNIT(v) != NULL_TREE &&
	       TREE_CODE(DECL_SIZE_UNIT(v)) != INTEGER_CST && l != NULL && (*l)->block != NULL &&
	       (*l)->block->bind != outermost(f);
}

// An array of variable size is gone with its block, before the deferred code runs.
void
keep_vla(struct walk_state *w, tree v)
{
	struct local **l;

	if (!is_inner_vla(w->f, v) || (l = w->f->locals.get(v)) == NULL || (*l)->loc == NULL)
		return;
	esc_flow(unit.esc, note(esc_addr(to_heap()), v, "used by deferred code after its block"),
		 (*l)->loc);
}

tree
keep_vlas(tree *tp, int *walk_subtrees, void *data)
{
	if (TYPE_P(*tp))
		*walk_subtrees = 0;
	else if (VAR_P(*tp))
		keep_vla((struct walk_state *)data, *tp);
	return NULL_TREE;
}

void
flow_deferred(struct walk_state *w, struct deferred *d, tree call)
{
	if (TREE_CODE(call) != CALL_EXPR)
		return flow_value(w, esc_discard(), call);
	for (int i = 0; i < call_expr_nargs(call); i++)
		walk_tree_without_duplicates(&CALL_EXPR_ARG(call, i), keep_vlas, w);
	if (d->again)
		flow_call_later(w, call);
	else
		flow_value(w, esc_discard(), call);
}

void
capture(struct walk_state *w, struct deferred *d, tree v)
{
	struct local **l = w->f->locals.get(v);
	struct esc_hole k = esc_hole(d->closure);
	bool by_value;

	keep_vla(w, v);
	if (!d->again || l == NULL || (*l)->loc == NULL)
		return;
	by_value = is_captured_by_value(w->f->deferred, d, v);
	if (by_value && !carries(TREE_TYPE(v)))
		return;
	if (!by_value)
		k = note(esc_addr(k), v, "reference");
	esc_flow(unit.esc, note(k, v, "captured by a closure"), (*l)->loc);
}

void
flow_block(struct walk_state *w, struct deferred *d, tree block)
{
	struct arm *outer = w->arm;

	d->closure = esc_loc(unit.esc, ESC_OBJECT, w->f->core, "func literal", w->depth);
	if (d->again)
		esc_flow(unit.esc, note_text(esc_addr(to_heap()), "func literal", "defer", d->where),
			 d->closure);
	for (tree v : d->captures)
		capture(w, d, v);
	w->arm = XCNEW(struct arm);
	w->arm->outer = outer;
	w->depth++;
	flow_value(w, esc_discard(), block);
	w->depth--;
	w->arm = outer;
}

} // namespace

bool
is_recover(tree call)
{
	return is_call_of(call, "goat_recover");
}

bool
is_made_again(struct deferred_code *c, const struct deferred *d, tree v)
{
	struct variable **known = c->variables.get(v);
	auto_vec<struct defer_jump> jumps;

	if (!d->again || known == NULL || (*known)->declared == 0 || (*known)->around != d->around)
		return false;
	jumps_in(c, d->around, &jumps);
	return defer_again(jumps.address(), jumps.length(), (*known)->declared);
}

// Whether a copy of V that is made at AT in AROUND is as good as V itself from there on.
static bool
is_steady(struct deferred_code *c, int at, const struct deferred *around, tree v)
{
	struct variable **known = c->variables.get(v);
	auto_vec<struct defer_jump> jumps;
	tree size = DECL_SIZE_UNIT(v);

	if (is_marked(v, "goat_result") || DECL_NONLOCAL(v) || TREE_THIS_VOLATILE(v) || size == NULL_TREE || !tree_fits_uhwi_p(size) ||
	    tree_to_uhwi(size) > DEFER_MAX_COPY)
		return false;
	if (known == NULL)
		return true;            // a parameter that nothing is stored to
	if ((*known)->stored_elsewhere || (*known)->addressed)
		return false;
	jumps_in(c, around, &jumps);
	for (int stored : (*known)->stores)
		if ((*known)->around != around ||
		    defer_stored_later(jumps.address(), jumps.length(), (*known)->declared, at, stored))
			return false;
	return true;
}

bool
is_captured_by_value(struct deferred_code *c, const struct deferred *d, tree v)
{
	return is_steady(c, d->at, d->around, v);
}

bool
is_kept_by_value(struct deferred_code *c, tree marker, tree v)
{
	const struct go_place *at = c->go_places.get(marker);

	return at != NULL && is_steady(c, at->at, at->around, v);
}

void
scan_deferred(struct func *f)
{
	struct reader r;
	cgraph_node *node = cgraph_node::get(f->decl);

	r.f = f;
	r.c = f->deferred = new deferred_code();
	r.has_nested = node != NULL && first_nested_function(node) != NULL;
	if ((f->named_result = find_result(f)) != NULL_TREE)
		define_at_top(outermost(f), f->named_result);
	read_below(&r, &DECL_SAVED_TREE(f->decl));
	finish_jumps(&r);
	finish_items(r.c);
	finish_copyable(r.c);
	check_result(f);
	if (opt.wdefer_loop)
		warn_of_loops(r.c);
}

void
flow_defer(struct walk_state *w, tree bind)
{
	struct deferred **known = w->f->deferred->by_marker.get(bind), *d;
	tree *stmt = marked_statement(bind), list = BIND_EXPR_BODY(bind);

	if (TREE_CODE(list) == STATEMENT_LIST)
		for (tree_stmt_iterator i = tsi_start(list); !tsi_one_before_end_p(i); tsi_next(&i))
			flow_value(w, esc_discard(), tsi_stmt(i));
	if (known == NULL)
		return flow_value(w, esc_discard(), *stmt);
	d = *known;
	if (!d->is_block)
		flow_deferred(w, d, *stmt);
	else if (d->scope->of_block_defer)
		flow_value(w, esc_discard(), *stmt);
	else
		flow_block(w, d, *stmt);
}

void
decide_deferred(struct func *f)
{
	for (const struct deferred *d : f->deferred->items) {
		const struct esc_loc *l = d->closure;
		const char *text;

		if (l == NULL)
			continue;
		text = l->escapes ? "func literal escapes to heap" : "func literal does not escape";
		report(f, d->where, l->escapes ? HEAP : STACK, "func literal", text,
		       l->escapes ? l : NULL, NULL);
	}
}
