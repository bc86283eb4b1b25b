// SPDX-License-Identifier: GPL-3.0-or-later
//
// scan.cc: a function's shape, before its flow is followed.
//
// By the time the parser returns, the C front end has made loops of labels and gotos. One pass in
// the order of the text finds what the later ones need to know beforehand:
//
//	which labels are jumped back to (a loop), and the last goto that does so (its end);
//	which blocks are jumped into from outside, so that their first line may never run;
//	how often each local variable is assigned, and what;
//	which functions of the unit are called;
//	whether there is anything that makes us leave the function alone.
//
// Go:    as the label pass of escape/escape.go, for loops too.
// Layer: glue.

#include "glue.h"

namespace {

struct jump {
	tree label;             // NULL: to any label whose address is taken
	struct block *from;
	tree stmt;
};

struct scan {
	struct func *f = NULL;
	struct block *block = NULL;
	struct block *switch_block = NULL;      // where the innermost switch stands
	tree switch_stmt = NULL_TREE;
	hash_map<tree, struct block *> labels;  // the block of each label met so far
	auto_vec<struct jump> jumps;
	auto_vec<tree> taken;           // labels whose address is taken, or that others may jump to
	hash_set<tree> once;            // shared trees met so far
	bool has_nested = false;        // nested functions, which may jump to __label__s
};

void scan_tree(struct scan *s, tree t);

void
leave_alone(struct scan *s, const char *why)
{
	if (!s->f->alone)
		s->f->why_alone = why;
	s->f->alone = true;
}

void
count_store(struct scan *s, tree lhs, tree rhs)
{
	struct func *f;
	struct local **known;

	if (TREE_CODE(lhs) != VAR_DECL || (f = owner_of(s->f, lhs)) == NULL)
		return;
	known = f->locals.get(lhs);
	if (known == NULL || (rhs != NULL_TREE && is_null(rhs)))
		return;
	(*known)->stores += f == s->f ? 1 : 2;
	(*known)->stored = rhs;
}

void
scan_bind(struct scan *s, tree t)
{
	struct block *b = XCNEW(struct block);
	struct block *outer = s->block;

	b->bind = t;
	b->outer = outer;
	s->block = b;
	for (tree v = BIND_EXPR_VARS(t); v != NULL_TREE; v = DECL_CHAIN(v)) {
		struct local *l;

		if (TREE_CODE(v) == VAR_DECL && TREE_STATIC(v))
			scan_tree(s, DECL_INITIAL(v));          // of labels
		if (TREE_CODE(v) != VAR_DECL || TREE_STATIC(v) || DECL_EXTERNAL(v) ||
		    s->f->locals.get(v))
			continue;
		l = XCNEW(struct local);
		l->block = b;
		s->f->locals.put(v, l);
		s->f->order.safe_push(v);
	}
	scan_tree(s, BIND_EXPR_BODY(t));
	s->block = outer;
}

void
scan_label(struct scan *s, tree label)
{
	s->labels.put(label, s->block);
	if (C_DECLARED_LABEL_FLAG(label) && s->has_nested && !s->once.add(label))
		s->taken.safe_push(label);
}

void
loop_from(struct scan *s, tree label, tree last)
{
	struct goto_loop **known = s->f->loops.get(label);
	struct goto_loop *l = known ? *known : XCNEW(struct goto_loop);

	l->last = last;
	s->f->loops.put(label, l);
}

void
scan_goto(struct scan *s, tree t)
{
	tree label = GOTO_DESTINATION(t);

	if (TREE_CODE(label) != LABEL_DECL) {
		s->jumps.safe_push({ NULL_TREE, s->block, t });
		return scan_tree(s, label);
	}
	if (s->labels.get(label))
		loop_from(s, label, t);
	s->jumps.safe_push({ label, s->block, t });
}

// Every block between the label's and the one that the jump comes from is entered past its top.
void
mark_entered(struct block *label, struct block *from, tree jump)
{
	for (struct block *b = label; b != NULL; b = b->outer) {
		for (struct block *c = from; c != NULL; c = c->outer)
			if (c == b)
				return;
		b->entered = true;
		if (b->entries.is_empty() || b->entries.last() != jump)
			b->entries.safe_push(jump);
	}
}

void
scan_switch(struct scan *s, tree t)
{
	struct block *outer = s->switch_block;
	tree outer_stmt = s->switch_stmt;

	scan_tree(s, SWITCH_COND(t));
	s->switch_block = s->block;
	s->switch_stmt = t;
	scan_tree(s, SWITCH_BODY(t));
	s->switch_block = outer;
	s->switch_stmt = outer_stmt;
}

void
scan_decl(struct scan *s, tree decl)
{
	if (TREE_CODE(decl) != VAR_DECL || DECL_EXTERNAL(decl))
		return;
	if (DECL_INITIAL(decl) != NULL_TREE && DECL_INITIAL(decl) != error_mark_node) {
		scan_tree(s, DECL_INITIAL(decl));       // of a static one too: it may have && in it
		if (!TREE_STATIC(decl))
			count_store(s, decl, DECL_INITIAL(decl));
	}
}

void
scan_operands(struct scan *s, tree t)
{
	for (int i = 0; i < TREE_OPERAND_LENGTH(t); i++)
		scan_tree(s, TREE_OPERAND(t, i));
}

void
scan_asm(struct scan *s, tree t)
{
	for (tree o = ASM_OUTPUTS(t); o != NULL_TREE; o = TREE_CHAIN(o)) {
		count_store(s, TREE_VALUE(o), NULL_TREE);
		scan_tree(s, TREE_VALUE(o));
	}
	for (tree i = ASM_INPUTS(t); i != NULL_TREE; i = TREE_CHAIN(i))
		scan_tree(s, TREE_VALUE(i));
	for (tree l = ASM_LABELS(t); l != NULL_TREE; l = TREE_CHAIN(l)) {
		tree label = TREE_VALUE(l);

		if (s->labels.get(label))
			loop_from(s, label, NULL_TREE);
		s->jumps.safe_push({ label, s->block, t });
	}
}

// Constructs with parallel or transactional meaning: we do not know what runs when.
bool
unknown_control(enum tree_code code)
{
	const char *name = get_tree_code_name(code);

	return startswith(name, "omp_") || startswith(name, "oacc_") ||
	       startswith(name, "transaction");
}

// Builtins that take the parameters as they lie, or variable arguments by no va_list.
bool
passes_all_arguments(tree call)
{
	tree fn = get_callee_fndecl(call);

	if (fn == NULL_TREE || !fndecl_built_in_p(fn, BUILT_IN_NORMAL))
		return false;
	switch (DECL_FUNCTION_CODE(fn)) {
	case BUILT_IN_APPLY:
	case BUILT_IN_APPLY_ARGS:
	case BUILT_IN_VA_ARG_PACK:
	case BUILT_IN_NEXT_ARG:
	case BUILT_IN_SAVEREGS:
		return true;
	default:
		return false;
	}
}

void
scan_tree(struct scan *s, tree t)
{
	if (t == NULL_TREE || t == error_mark_node || TYPE_P(t))
		return;
	switch (TREE_CODE(t)) {
	case STATEMENT_LIST:
		for (tree_stmt_iterator i = tsi_start(t); !tsi_end_p(i); tsi_next(&i))
			scan_tree(s, tsi_stmt(i));
		return;
	case BIND_EXPR:
		return scan_bind(s, t);
	case DECL_EXPR:
		return scan_decl(s, DECL_EXPR_DECL(t));
	case LABEL_EXPR:
		return scan_label(s, LABEL_EXPR_LABEL(t));
	case CASE_LABEL_EXPR:
		return mark_entered(s->block, s->switch_block, s->switch_stmt);
	case GOTO_EXPR:
		return scan_goto(s, t);
	case SWITCH_EXPR:
		return scan_switch(s, t);
	case ASM_EXPR:
		return scan_asm(s, t);
	case MODIFY_EXPR:
	case INIT_EXPR:
		scan_operands(s, t);
		return count_store(s, TREE_OPERAND(t, 0), TREE_OPERAND(t, 1));
	case PREINCREMENT_EXPR:
	case PREDECREMENT_EXPR:
	case POSTINCREMENT_EXPR:
	case POSTDECREMENT_EXPR:
		count_store(s, TREE_OPERAND(t, 0), NULL_TREE);
		return scan_operands(s, t);
	case CALL_EXPR:
		scan_call(s->f, t);
		if (call_expr_flags(t) & ECF_RETURNS_TWICE)
			leave_alone(s, "it calls a function that returns twice");
		if (passes_all_arguments(t))
			leave_alone(s, "it passes on all its arguments");
		return scan_operands(s, t);
	case COMPOUND_LITERAL_EXPR:
		if (!s->once.add(t))
			scan_decl(s, COMPOUND_LITERAL_EXPR_DECL(t));
		return;
	case CONSTRUCTOR: {
		unsigned i;
		tree elt;

		FOR_EACH_CONSTRUCTOR_VALUE(CONSTRUCTOR_ELTS(t), i, elt)
			scan_tree(s, elt);
		return;
	}
	case SAVE_EXPR:
	case TARGET_EXPR:
		if (!s->once.add(t))
			scan_operands(s, t);
		return;
	case ADDR_EXPR:
		if (TREE_CODE(TREE_OPERAND(t, 0)) == LABEL_DECL && !s->once.add(TREE_OPERAND(t, 0)))
			s->taken.safe_push(TREE_OPERAND(t, 0));
		return scan_operands(s, t);
	default:
		if (unknown_control(TREE_CODE(t)))
			leave_alone(s, "it has parallel regions");
		if (EXPR_P(t))
			scan_operands(s, t);
		return;
	}
}

// A computed goto may lead to any label whose address is taken.
void
finish_computed(struct scan *s, const struct jump *j)
{
	for (tree label : s->taken)
		if (struct block **b = s->labels.get(label))
			mark_entered(*b, j->from, j->stmt);
}

void
finish_jumps(struct scan *s)
{
	for (const struct jump &j : s->jumps)
		if (j.label == NULL_TREE)
			finish_computed(s, &j);
		else if (struct block **b = s->labels.get(j.label))
			mark_entered(*b, j.from, j.stmt);
	for (tree label : s->taken)
		if (struct block **b = s->labels.get(label)) {
			loop_from(s, label, NULL_TREE);
			if (s->has_nested)
				mark_entered(*b, NULL, NULL_TREE);
		}
	for (auto l : s->f->loops)
		if (l.second->last != NULL_TREE)
			s->f->loop_ends.put(l.second->last, l.first);
}

} // namespace

struct func *
owner_of(struct func *f, tree decl)
{
	while (f != NULL && f->decl != DECL_CONTEXT(decl))
		f = f->outer;
	return f;
}

// Whether T is a null pointer constant, whatever it was converted to.
bool
is_null(tree t)
{
	STRIP_NOPS(t);
	return integer_zerop(t) && !TREE_SIDE_EFFECTS(t);
}

void
scan_function(struct func *f)
{
	struct scan s;

	s.f = f;
	s.has_nested = first_nested_function(cgraph_node::get(f->decl)) != NULL;
	if (f->outer != NULL && f->outer->alone)
		leave_alone(&s, "the function around it is left alone");
	if (lookup_attribute("naked", DECL_ATTRIBUTES(f->decl)))
		leave_alone(&s, "it is assembler only");
	scan_tree(&s, DECL_SAVED_TREE(f->decl));
	finish_jumps(&s);
}
