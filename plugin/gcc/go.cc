// SPDX-License-Identifier: GPL-3.0-or-later
//
// go.cc: go statements.
//
//	go f(a, b)      struct { a, b } args = { a, b }; newproc(thunk, &args, sizeof args)
//	                with static void thunk(args *p) { f(p->a, p->b); }
//	go { block }    the same, of what the block captures; the function is the block, see outline.cc
//
// A variable that nothing is stored to when the block has been met, and that is small, is captured by
// value. All others are captured by reference, so they escape: what is captured is the pointer to the
// object on the heap, which the variable has become.
//
// In the block's function each of them is a variable of the same name, with the value in it, or one
// that stands for what the pointer points to.
//
// Go:    as escape/call.go (goDeferStmt), walk/closure.go and walk/stmt.go (wrapCall).
// Layer: glue.

#include "deferred.h"
#include "methods.h"

// A go statement with a block.
struct go_site {
	tree marker, fn;
	location_t where;
	struct esc_loc *closure;        // while its batch is solved
};

namespace {

hash_set<tree> *copies;         // variables of blocks that hold what was captured by value

// ---------------------------------------------------------------- captures

struct capturing {
	tree fn;
	location_t where;
	vec<tree> *found;
	hash_set<tree> met;
};

// Whether FN stands in OUTER, at any depth.
bool
is_inside(tree fn, tree outer)
{
	for (; fn != NULL_TREE; fn = decl_function_context(fn))
		if (fn == outer)
			return true;
	return false;
}

bool
is_automatic(tree decl)
{
	return (TREE_CODE(decl) == PARM_DECL ||
		(VAR_P(decl) && !TREE_STATIC(decl) && !DECL_EXTERNAL(decl))) &&
	       DECL_CONTEXT(decl) != NULL_TREE && TREE_CODE(DECL_CONTEXT(decl)) == FUNCTION_DECL;
}

tree find_captures(tree *tp, int *walk_subtrees, void *data);

void
find_below(struct capturing *c, tree *tp)
{
	walk_below(tp, find_captures, c);
}

// Sizes of arrays are part of their types.
void
walk_sizes(tree type, walk_tree_fn visit, void *data)
{
	for (; type != NULL_TREE; type = TREE_TYPE(type)) {
		if (!POINTER_TYPE_P(type) && TREE_CODE(type) != ARRAY_TYPE)
			return;
		if (TREE_CODE(type) != ARRAY_TYPE || !variably_modified_type_p(type, NULL_TREE))
			continue;
		walk_below(&TYPE_SIZE(type), visit, data);
		walk_below(&TYPE_SIZE_UNIT(type), visit, data);
		if (TYPE_DOMAIN(type) != NULL_TREE)
			walk_below(&TYPE_MAX_VALUE(TYPE_DOMAIN(type)), visit, data);
	}
}

void
use_function(struct capturing *c, tree fn)
{
	tree outer = decl_function_context(fn);

	if (outer == NULL_TREE || DECL_SAVED_TREE(fn) == NULL_TREE || c->met.add(fn))
		return;
	if (is_inside(outer, c->fn))
		find_below(c, &DECL_SAVED_TREE(fn));
	else
		sorry_at(c->where, "go block that uses the nested function %qD, whose frame may be gone", fn);
}

tree
find_captures(tree *tp, int *walk_subtrees, void *data)
{
	struct capturing *c = (struct capturing *)data;
	tree t = *tp;

	if (TYPE_P(t)) {
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	switch (TREE_CODE(t)) {
	case VAR_DECL:
	case PARM_DECL:
		if (is_automatic(t) && !is_inside(DECL_CONTEXT(t), c->fn) && !c->met.add(t))
			c->found->safe_push(t);
		break;
	case FUNCTION_DECL:
		use_function(c, t);
		break;
	case DECL_EXPR:
		walk_sizes(TREE_TYPE(DECL_EXPR_DECL(t)), find_captures, c);
		break;
	case COMPOUND_LITERAL_EXPR: {
		tree decl = COMPOUND_LITERAL_EXPR_DECL(t);

		if (!c->met.add(decl) && DECL_INITIAL(decl) != NULL_TREE)
			find_below(c, &DECL_INITIAL(decl));
		break;
	}
	case SAVE_EXPR:
	case TARGET_EXPR:
		*walk_subtrees = !c->met.add(t);
		break;
	default:
		break;
	}
	return NULL_TREE;
}

// The variables around the block's function FN that it uses, and what is in it.
void
captures_of(tree fn, location_t where, vec<tree> *found)
{
	struct capturing c;

	c.fn = fn;
	c.where = where;
	c.found = found;
	find_below(&c, &DECL_SAVED_TREE(fn));
}

struct go_site *
site_of(struct func *f, tree fn)
{
	for (struct go_site *s : f->go_sites)
		if (s->fn == fn)
			return s;
	return NULL;
}

// Whether the block's function FN, for which a go statement of F is met, may as well hold a copy of V.
bool
is_by_value(struct func *f, tree marker, tree v)
{
	if (DECL_CONTEXT(v) == f->decl)
		return is_kept_by_value(f->deferred, marker, v);
	// A variable of a function around F, which is a copy in F itself if F is a block that has one.
	if (f->outer == NULL || !is_go_block(f->decl))
		return false;
	for (struct go_site *s : f->outer->go_sites)
		if (s->fn == f->decl)
			return is_by_value(f->outer, s->marker, v);
	return false;
}

// ---------------------------------------------------------------- flow

struct local *
known_local(struct func *f, tree v)
{
	struct local **l;

	if ((f = owner_of(f, v)) == NULL || (l = f->locals.get(v)) == NULL || (*l)->loc == NULL)
		return NULL;
	return *l;
}

void
flow_captures(struct walk_state *w, struct go_site *s)
{
	auto_vec<tree> found;

	captures_of(s->fn, s->where, &found);
	for (tree v : found) {
		struct local *l = known_local(w->f, v);
		struct esc_hole k = esc_hole(s->closure);
		bool by_value = is_by_value(w->f, s->marker, v);

		if (l == NULL || (by_value && !carries(TREE_TYPE(v))))
			continue;
		if (!by_value)
			k = note_text(esc_addr(k), spell(v), "reference", s->where);
		k = note_text(k, spell(v), "captured by a closure", s->where);
		esc_flow(unit.esc, k, l->loc);
	}
}

// The function that the go statement of BIND calls, if that is a block.
tree
block_called(tree stmt)
{
	tree fn = TREE_CODE(stmt) == CALL_EXPR ? get_callee_fndecl(stmt) : NULL_TREE;

	return fn != NULL_TREE && is_go_block(fn) ? fn : NULL_TREE;
}

// ---------------------------------------------------------------- what the goroutine is given

struct given {
	struct func *f;
	location_t where;
	auto_vec<tree> values;          // in F
	auto_vec<tree> fields;
	tree record = NULL_TREE;
};

// A field for VALUE; its number.
unsigned
give(struct given *g, tree value)
{
	tree f = build_decl(g->where, FIELD_DECL, NULL_TREE, TYPE_MAIN_VARIANT(TREE_TYPE(value)));

	if (g->record == NULL_TREE)
		g->record = make_node(RECORD_TYPE);
	// The copy that the goroutine gets is aligned to 16 bytes.
	if (TYPE_ALIGN_UNIT(TREE_TYPE(f)) > 16)
		DECL_PACKED(f) = 1;
	DECL_CONTEXT(f) = g->record;
	if (!g->fields.is_empty())
		DECL_CHAIN(g->fields.last()) = f;
	else
		TYPE_FIELDS(g->record) = f;
	g->fields.safe_push(f);
	g->values.safe_push(value);
	return g->fields.length() - 1;
}

// PARM_DECL of FN, a pointer to what it is given.
tree
parameter_of(tree fn, struct given *g)
{
	tree type = g->record != NULL_TREE ? build_pointer_type(g->record) : ptr_type_node;
	tree p = build_decl(g->where, PARM_DECL, NULL_TREE, type);

	TREE_TYPE(fn) = build_function_type_list(void_type_node, ptr_type_node, NULL_TREE);
	DECL_ARG_TYPE(p) = type;
	DECL_CONTEXT(p) = fn;
	DECL_ARTIFICIAL(p) = TREE_USED(p) = 1;
	layout_decl(p, 0);
	DECL_ARGUMENTS(fn) = p;
	return p;
}

tree
given_field(tree parameter, struct given *g, unsigned i)
{
	return field_of(dereference(parameter), g->fields[i]);
}

// What the marker BIND becomes: the values are put into a struct, of which the goroutine gets a copy. With
// UNLESS_NIL the runtime is given no function where the first value is nil.
void
start(struct given *g, tree bind, tree fn, bool unless_nil)
{
	tree list = NULL_TREE, address = null_pointer_node, size = size_zero_node, args, what;

	TREE_ADDRESSABLE(fn) = 1;
	what = fold_convert(ptr_type_node, build_fold_addr_expr(fn));

	BIND_EXPR_VARS(bind) = NULL_TREE;
	BIND_EXPR_BLOCK(bind) = NULL_TREE;
	if (g->record != NULL_TREE) {
		args = new_variable(g->f, g->where, NULL, g->record);
		TREE_ADDRESSABLE(args) = 1;
		declare_in(bind, args);
		for (unsigned i = 0; i < g->values.length(); i++)
			append_to_statement_list(assign(field_of(args, g->fields[i]), g->values[i]), &list);
		address = address_of(args, ptr_type_node);
		size = TYPE_SIZE_UNIT(g->record);
		if (unless_nil) {
			tree pointer = field_of(args, g->fields[0]);

			what = build3(COND_EXPR, ptr_type_node,
				      build2(NE_EXPR, boolean_type_node, pointer, build_zero_cst(TREE_TYPE(pointer))),
				      what, null_pointer_node);
		}
	}
	append_to_statement_list(build_call_expr_loc(g->where, runtime_function(ENTRY_newproc), 3, what, address,
						     fold_convert(size_type_node, size)),
				 &list);
	BIND_EXPR_BODY(bind) = list;
}

// ---------------------------------------------------------------- calls

// Whether the thunk finds T in what it is given; else T is the same there.
bool
give_operand(struct given *g, tree t)
{
	if (!needs_keeping(t))
		return false;
	if (!has_fixed_size(TREE_TYPE(t))) {
		sorry_at(g->where, "%<go%> of a call with an argument of variable size");
		return false;
	}
	give(g, variably_modified_type_p(TREE_TYPE(t), NULL_TREE) ? fold_convert(ptr_type_node, t) : t);
	return true;
}

tree
new_thunk(location_t where)
{
	static unsigned n;
	char symbol[32];
	tree fn;

	snprintf(symbol, sizeof symbol, "goat.go.%u", n++);
	fn = new_function(where, symbol, build_function_type_list(void_type_node, ptr_type_node, NULL_TREE),
			  false);
	DECL_IGNORED_P(fn) = 0;         // what is inlined into it has to be found in traces
	return fn;
}

void
lower_go_call(struct func *f, tree bind, tree call, location_t where)
{
	tree fn = get_callee_fndecl(call), thunk, parameter;
	auto_vec<tree *> given;
	struct given g;
	bool pointer_only;

	if (is_tied_to_its_place(call)) {
		sorry_at(where, "%<go%> of a call that belongs to its place");
		return;
	}
	if (fn != NULL_TREE && decl_function_context(fn) != NULL_TREE) {
		sorry_at(where, "%<go%> of the nested function %qD, whose frame may be gone", fn);
		return;
	}
	g.f = f;
	g.where = where;
	call = copy_node(call);
	if (CALL_EXPR_FN(call) != NULL_TREE && give_operand(&g, CALL_EXPR_FN(call)))
		given.safe_push(&CALL_EXPR_FN(call));
	for (int i = 0; i < call_expr_nargs(call); i++)
		if (give_operand(&g, CALL_EXPR_ARG(call, i)))
			given.safe_push(&CALL_EXPR_ARG(call, i));
	// As in Go, where others are called by a function that has been made for it and fail there.
	pointer_only = given.length() == 1 && given[0] == &CALL_EXPR_FN(call) && call_expr_nargs(call) == 0 &&
		       VOID_TYPE_P(TREE_TYPE(call));
	if (g.record != NULL_TREE)
		layout_type(g.record);
	thunk = new_thunk(where);
	parameter = parameter_of(thunk, &g);
	for (unsigned i = 0; i < given.length(); i++)
		*given[i] = given_field(parameter, &g, i);
	start(&g, bind, thunk, pointer_only);
	give_body(thunk, effect(call));
	finish_function(thunk);
}

// ---------------------------------------------------------------- blocks

struct replacing {
	hash_map<tree, tree> with;
	hash_set<tree> met;
};

tree
replace(tree *tp, int *walk_subtrees, void *data)
{
	struct replacing *r = (struct replacing *)data;
	tree t = *tp;

	if (TYPE_P(t)) {
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	switch (TREE_CODE(t)) {
	case VAR_DECL:
	case PARM_DECL:
		if (tree *v = r->with.get(t))
			*tp = *v;
		break;
	case DECL_EXPR:
		if (!r->met.add(DECL_EXPR_DECL(t)))
			walk_sizes(TREE_TYPE(DECL_EXPR_DECL(t)), replace, r);
		break;
	case COMPOUND_LITERAL_EXPR: {
		tree decl = COMPOUND_LITERAL_EXPR_DECL(t);

		if (!r->met.add(decl) && DECL_INITIAL(decl) != NULL_TREE)
			walk_below(&DECL_INITIAL(decl), replace, r);
		break;
	}
	case SAVE_EXPR:
	case TARGET_EXPR:
		*walk_subtrees = !r->met.add(t);
		break;
	default:
		break;
	}
	return NULL_TREE;
}

void
replace_in(struct replacing *r, cgraph_node *node)
{
	walk_below(&DECL_SAVED_TREE(node->decl), replace, r);
	for (cgraph_node *n = first_nested_function(node); n; n = next_nested_function(n))
		replace_in(r, n);
}

bool
is_va_list(tree type)
{
	tree va = va_list_type_node;

	if (TYPE_MAIN_VARIANT(type) == TYPE_MAIN_VARIANT(va))
		return true;
	return TREE_CODE(va) == ARRAY_TYPE && POINTER_TYPE_P(type) &&
	       TYPE_MAIN_VARIANT(TREE_TYPE(type)) == TYPE_MAIN_VARIANT(TREE_TYPE(va));
}

// What the block gets of V; NULL: it cannot be had.
tree
captured(struct func *f, tree marker, tree v, location_t where)
{
	if (variably_modified_type_p(TREE_TYPE(v), NULL_TREE) || !has_fixed_size(TREE_TYPE(v)))
		sorry_at(where, "go block uses %qD, of variable size", v);
	else if (is_va_list(TREE_TYPE(v)))
		sorry_at(where, "go block uses %qD, arguments of a call that may be gone", v);
	else if (VAR_P(v) && DECL_HARD_REGISTER(v))
		sorry_at(where, "go block uses %qD, which is in a register", v);
	else if (DECL_HAS_VALUE_EXPR_P(v))
		return TREE_OPERAND(DECL_VALUE_EXPR(v), 0);
	else if ((copies != NULL && copies->contains(v)) || is_by_value(f, marker, v))
		return v;
	else
		sorry_at(where, "go block uses %qD, which changes, in a function that is left alone", v);
	return NULL_TREE;
}

// V as a variable of FN.
tree
shadow_of(tree fn, tree v, tree type)
{
	tree s = build_decl(DECL_SOURCE_LOCATION(v), VAR_DECL, DECL_NAME(v), type);

	DECL_CONTEXT(s) = fn;
	DECL_ARTIFICIAL(s) = DECL_ARTIFICIAL(v);
	DECL_IGNORED_P(s) = DECL_IGNORED_P(v);
	TREE_USED(s) = 1;
	layout_decl(s, 0);
	return s;
}

void
lower_go_block(struct func *f, tree bind, tree fn, location_t where)
{
	struct func *block = *unit.by_decl.get(fn);
	auto_vec<tree> found, kept;
	struct replacing r;
	struct given g;
	tree parameter, body = outermost(block), list = NULL_TREE;

	captures_of(fn, where, &found);
	g.f = f;
	g.where = where;
	for (tree v : found)
		if (tree value = captured(f, bind, v, where)) {
			give(&g, value);
			kept.safe_push(v);
		}
	if (g.record != NULL_TREE)
		layout_type(g.record);
	parameter = parameter_of(fn, &g);
	if (copies == NULL)
		copies = new hash_set<tree>;
	for (unsigned i = 0; i < kept.length(); i++) {
		tree v = kept[i], s = shadow_of(fn, v, TREE_TYPE(v)), holds = s;

		if (g.values[i] != v) {
			holds = shadow_of(fn, g.values[i], TREE_TYPE(g.values[i]));
			declare_in(body, holds);
			SET_DECL_VALUE_EXPR(s, dereference(holds));
			DECL_HAS_VALUE_EXPR_P(s) = 1;
		} else {
			TREE_READONLY(s) = 0;
			copies->add(s);
		}
		declare_in(body, s);
		append_to_statement_list(assign(holds, given_field(parameter, &g, i)), &list);
		r.with.put(v, s);
		if (holds != s)
			r.with.put(g.values[i], holds);
	}
	replace_in(&r, cgraph_node::get(fn));
	append_to_statement_list(BIND_EXPR_BODY(body), &list);
	BIND_EXPR_BODY(body) = list;
	start(&g, bind, fn, false);
}

// ---------------------------------------------------------------- the walk

tree
lower_tree(tree *tp, int *walk_subtrees, void *data)
{
	struct func *f = (struct func *)data;
	tree t = *tp;

	if (TYPE_P(t)) {
		*walk_subtrees = 0;
	} else if (TREE_CODE(t) == BIND_EXPR && is_go(t)) {
		tree stmt = *marked_statement(t), fn = block_called(stmt);
		location_t where = point_of_use(DECL_SOURCE_LOCATION(marker_of(t)));
		tree before = NULL_TREE, body = BIND_EXPR_BODY(t), list = NULL_TREE;

		if (TREE_CODE(body) == STATEMENT_LIST)
			for (tree_stmt_iterator i = tsi_start(body); !tsi_one_before_end_p(i); tsi_next(&i))
				if (TREE_CODE(tsi_stmt(i)) != DECL_EXPR || !VAR_P(DECL_EXPR_DECL(tsi_stmt(i))))
					append_to_statement_list(tsi_stmt(i), &before);
		if (fn != NULL_TREE)
			lower_go_block(f, t, fn, where);
		else if (TREE_CODE(stmt) == CALL_EXPR)
			lower_go_call(f, t, stmt, where);
		else
			sorry_at(where, "%<go%> of a word of %<<goat.h>%> that is no function");
		if (before != NULL_TREE) {
			append_to_statement_list(before, &list);
			append_to_statement_list(BIND_EXPR_BODY(t), &list);
			BIND_EXPR_BODY(t) = list;
		}
		*walk_subtrees = 0;
	}
	return NULL_TREE;
}

} // namespace

void
flow_go(struct walk_state *w, tree bind)
{
	tree stmt = *marked_statement(bind), list = BIND_EXPR_BODY(bind), fn = block_called(stmt);
	struct go_site *s;

	if (TREE_CODE(list) == STATEMENT_LIST)
		for (tree_stmt_iterator i = tsi_start(list); !tsi_one_before_end_p(i); tsi_next(&i))
			flow_value(w, esc_discard(), tsi_stmt(i));
	if (fn == NULL_TREE)
		return TREE_CODE(stmt) == CALL_EXPR ? flow_call_later(w, stmt)
						    : flow_value(w, esc_discard(), stmt);
	if ((s = site_of(w->f, fn)) == NULL) {
		s = XCNEW(struct go_site);
		s->marker = bind;
		s->fn = fn;
		s->where = point_of_use(DECL_SOURCE_LOCATION(marker_of(bind)));
		w->f->go_sites.safe_push(s);
	}
	s->closure = esc_loc(unit.esc, ESC_OBJECT, w->f->core, "func literal", w->depth);
	esc_flow(unit.esc, note_text(esc_addr(to_heap()), "func literal", "spill", s->where), s->closure);
	flow_captures(w, s);
}

void
decide_go(struct func *f)
{
	for (const struct go_site *s : f->go_sites)
		report(f, s->where, HEAP, "func literal", "func literal escapes to heap", s->closure, NULL);
}

void
lower_go(struct func *f)
{
	walk_tree_without_duplicates(&DECL_SAVED_TREE(f->decl), lower_tree, f);
}

// All of F is there: a block's function stands on its own from here on.
void
finish_go_block(struct func *f)
{
	cgraph_node *node = cgraph_node::get(f->decl);
	tree outer = f->decl;

	if (!is_go_block(f->decl))
		return;
	while (decl_function_context(outer) != NULL_TREE)
		outer = decl_function_context(outer);
	take_out_function(node);
	DECL_CONTEXT(f->decl) = DECL_CONTEXT(outer);
	cgraph_node::finalize_function(f->decl, true);
}
