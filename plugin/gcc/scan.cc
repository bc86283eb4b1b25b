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
	tree label;
	struct block *from;
};

struct scan {
	struct func *f = NULL;
	struct block *block = NULL;
	struct block *switch_block = NULL;      // where the innermost switch stands
	hash_map<tree, struct block *> labels;  // the block of each label met so far
	auto_vec<struct jump> jumps;
	auto_vec<tree> taken;           // labels whose address is taken
	hash_set<tree> once;            // shared trees met so far
};

void scan_tree(struct scan *s, tree t);

void
leave_alone(struct scan *s, const char *why)
{
	if (!s->f->alone)
		s->f->why_alone = why;
	s->f->alone = true;
}

// A nested function jumps to LABEL of one around it, and ends all between.
void
leave_alone_around(struct scan *s, tree label)
{
	const char *why = "a nested function jumps out of itself";

	leave_alone(s, why);
	for (struct func *f = s->f->outer; f != NULL; f = f->outer) {
		f->alone = true;
		f->why_alone = why;
		if (f->decl == DECL_CONTEXT(label))
			break;
	}
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
	s->f->blocks.put(t, b);
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
}

void
loop_from(struct scan *s, tree label, tree last)
{
	struct loop **known = s->f->loops.get(label);
	struct loop *l = known ? *known : XCNEW(struct loop);

	l->last = last;
	s->f->loops.put(label, l);
}

void
scan_goto(struct scan *s, tree t)
{
	tree label = GOTO_DESTINATION(t);

	if (TREE_CODE(label) != LABEL_DECL)
		return scan_tree(s, label);
	if (DECL_CONTEXT(label) != NULL_TREE && DECL_CONTEXT(label) != s->f->decl)
		return leave_alone_around(s, label);
	if (s->labels.get(label))
		loop_from(s, label, t);
	s->jumps.safe_push({ label, s->block });
}

// Every block between the label's and the one that the jump comes from is entered past its top.
void
mark_entered(struct block *label, struct block *from)
{
	for (struct block *b = label; b != NULL; b = b->outer) {
		for (struct block *c = from; c != NULL; c = c->outer)
			if (c == b)
				return;
		b->entered = true;
	}
}

void
scan_switch(struct scan *s, tree t)
{
	struct block *outer = s->switch_block;

	scan_tree(s, SWITCH_COND(t));
	s->switch_block = s->block;
	scan_tree(s, SWITCH_BODY(t));
	s->switch_block = outer;
}

void
scan_decl(struct scan *s, tree decl)
{
	if (TREE_CODE(decl) != VAR_DECL || TREE_STATIC(decl) || DECL_EXTERNAL(decl))
		return;
	if (DECL_INITIAL(decl) != NULL_TREE && DECL_INITIAL(decl) != error_mark_node) {
		scan_tree(s, DECL_INITIAL(decl));
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
		s->jumps.safe_push({ label, s->block });
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
	case ADDR_EXPR:
		if (TREE_CODE(TREE_OPERAND(t, 0)) == LABEL_DECL)
			s->taken.safe_push(TREE_OPERAND(t, 0));
		return scan_operands(s, t);
	case CASE_LABEL_EXPR:
		return mark_entered(s->block, s->switch_block);
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
	default:
		if (unknown_control(TREE_CODE(t)))
			leave_alone(s, "it has parallel regions");
		if (EXPR_P(t))
			scan_operands(s, t);
		return;
	}
}

void
finish_jumps(struct scan *s)
{
	for (const struct jump &j : s->jumps)
		if (struct block **b = s->labels.get(j.label))
			mark_entered(*b, j.from);
	// A computed goto may lead to any label whose address is taken, from anywhere.
	for (tree label : s->taken)
		if (struct block **b = s->labels.get(label)) {
			loop_from(s, label, NULL_TREE);
			mark_entered(*b, NULL);
		}
	for (auto l : s->f->loops)
		if (l.second->last != NULL_TREE)
			s->f->loop_ends.put(l.second->last, l.first);
}

} // namespace

tree
body_of(tree decl)
{
	return DECL_SAVED_TREE(decl);
}

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
	if (f->outer != NULL && f->outer->alone)
		leave_alone(&s, "the function around it is left alone");
	scan_tree(&s, body_of(f->decl));
	finish_jumps(&s);
}
