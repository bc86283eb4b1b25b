// SPDX-License-Identifier: GPL-3.0-or-later
//
// strip.cc: strip mining, so that a loop has a place which is reached in every so many rounds, at no cost to
// the others.
//
// The test of the loop, i < n, becomes i < near, and near a variable of the loop, at first and again
// whenever it is reached, as many rounds ahead as a strip has, and at most n:
//
//	near = n - i	number of steps to go, without sign: right for i <= n, also where i + length wraps
//	     = min (near, length * step)
//	     = i + near
//
// Before the loop n may be below i: then max (n, i) - i, which is 0, lets the first test fail, and what
// follows the test asks again with n. A test for != has no order, only n - i steps to go, as ever many.
//
// Source: the technique as in Wolfe, "More iteration space tiling", 1989; HotSpot's loops do it for
//         safepoints (loopTransform.cpp, UseCountedLoopSafepoints).
// Layer: glue.

#include "strip.h"

namespace {

// The way into L; NULL where there are several, or a jump leads there that cannot be led elsewhere.
edge
entry_edge(class loop *l)
{
	edge e, entry = NULL;
	edge_iterator i;

	FOR_EACH_EDGE(e, i, l->header->preds) {
		if (e->flags & EDGE_COMPLEX)
			return NULL;
		if (flow_bb_inside_loop_p(l, e->src))
			continue;
		if (entry != NULL)
			return NULL;
		entry = e;
	}
	return entry;
}

// What all ways back into the loop give PHI; NULL where they differ.
tree
next_of(gphi *phi, class loop *l)
{
	tree next = NULL_TREE;

	for (unsigned i = 0; i < gimple_phi_num_args(phi); i++) {
		if (!flow_bb_inside_loop_p(l, gimple_phi_arg_edge(phi, i)->src))
			continue;
		if (next != NULL_TREE && next != gimple_phi_arg_def(phi, i))
			return NULL_TREE;
		next = gimple_phi_arg_def(phi, i);
	}
	return next;
}

bool
is_outside(tree v, class loop *l)
{
	if (TREE_CODE(v) != SSA_NAME)
		return is_gimple_min_invariant(v);
	return SSA_NAME_IS_DEFAULT_DEF(v) || !flow_bb_inside_loop_p(l, gimple_bb(SSA_NAME_DEF_STMT(v)));
}

// SUM is OF plus a constant: the constant.
bool
is_plus(tree sum, tree of, HOST_WIDE_INT *step)
{
	gimple *s = TREE_CODE(sum) == SSA_NAME ? SSA_NAME_DEF_STMT(sum) : NULL;
	tree by;

	if (s == NULL || !is_gimple_assign(s) || gimple_assign_rhs1(s) != of ||
	    (gimple_assign_rhs_code(s) != PLUS_EXPR && gimple_assign_rhs_code(s) != POINTER_PLUS_EXPR))
		return false;
	by = gimple_assign_rhs2(s);
	if (TREE_CODE(by) != INTEGER_CST || TYPE_PRECISION(TREE_TYPE(by)) > HOST_BITS_PER_WIDE_INT ||
	    integer_zerop(by))
		return false;
	*step = wi::to_wide(by).to_shwi();
	return true;
}

// COUNTER is a variable of the loop that each round adds a constant to, before or after the addition.
bool
is_counter(tree v, class loop *l, struct counting *c)
{
	edge entry = entry_edge(l);
	gphi_iterator i;

	if (entry == NULL || TREE_CODE(v) != SSA_NAME || !(TREE_CODE(TREE_TYPE(v)) == INTEGER_TYPE || POINTER_TYPE_P(TREE_TYPE(v))) ||
	    !type_has_mode_precision_p(TREE_TYPE(v)))
		return false;
	for (i = gsi_start_phis(l->header); !gsi_end_p(i); gsi_next(&i)) {
		tree now = gimple_phi_result(i.phi()), next;

		if (virtual_operand_p(now) || (next = next_of(i.phi(), l)) == NULL_TREE ||
		    (v != now && v != next) || !is_plus(next, now, &c->step))
			continue;
		c->counter = v;
		c->start = PHI_ARG_DEF_FROM_EDGE(i.phi(), entry);
		c->ahead = v == next ? c->step : 0;
		return true;
	}
	return false;
}

// The test at the end of BB.
bool
is_test(basic_block bb, class loop *l, struct counting *c)
{
	gcond *test = safe_dyn_cast<gcond *>(gsi_stmt(gsi_last_bb(bb)));
	edge on, off;
	tree a, b;

	if (test == NULL || bb->loop_father != l)
		return false;
	extract_true_false_edges_from_block(bb, &on, &off);
	if (flow_bb_inside_loop_p(l, on->dest) == flow_bb_inside_loop_p(l, off->dest))
		return false;
	c->loop = l;
	c->code = gimple_cond_code(test);
	a = gimple_cond_lhs(test);
	b = gimple_cond_rhs(test);
	if (flow_bb_inside_loop_p(l, on->dest)) {
		c->stay = on;
		c->leave = off;
	} else {
		c->stay = off;
		c->leave = on;
		c->code = invert_tree_comparison(c->code, false);
	}
	if (is_outside(a, l)) {
		std::swap(a, b);
		c->code = swap_tree_comparison(c->code);
	}
	c->bound = b;
	if (!is_outside(b, l) || !is_counter(a, l, c))
		return false;
	switch (c->code) {
	case NE_EXPR:
		return true;
	case LT_EXPR:
	case LE_EXPR:
		return c->step > 0;
	case GT_EXPR:
	case GE_EXPR:
		return c->step < 0;
	default:
		return false;
	}
}

// Numbers of steps are in that type: of the counter's width, and wraps around.
tree
steps_type(const struct counting *c)
{
	return unsigned_type_for(TREE_TYPE(c->counter));
}

unsigned HOST_WIDE_INT
steps_of(const struct counting *c)
{
	return c->step < 0 ? -(unsigned HOST_WIDE_INT)c->step : c->step;
}

// The bound of the strip that begins at FROM: LENGTH rounds on, or where there are fewer TO, which is not
// behind FROM.
tree
nearer(gimple_seq *seq, const struct counting *c, tree from, tree to, unsigned length)
{
	tree type = steps_type(c), left;
	bool down = c->step < 0;

	from = gimple_convert(seq, type, from);
	to = gimple_convert(seq, type, to);
	left = down ? gimple_build(seq, MINUS_EXPR, type, from, to) : gimple_build(seq, MINUS_EXPR, type, to, from);
	left = gimple_build(seq, MIN_EXPR, type, left, build_int_cstu(type, length * steps_of(c)));
	return gimple_build(seq, down ? MINUS_EXPR : PLUS_EXPR, type, from, left);
}

// That of the first strip.
tree
first_near(gimple_seq *seq, const struct counting *c, unsigned length)
{
	tree type = TREE_TYPE(c->counter), order = POINTER_TYPE_P(type) ? steps_type(c) : type;
	enum tree_code farther = c->step < 0 ? MIN_EXPR : MAX_EXPR;
	enum tree_code closer = c->step < 0 ? MAX_EXPR : MIN_EXPR;
	tree from, to = c->bound, near;

	from = gimple_convert(seq, steps_type(c), c->start);
	from = gimple_build(seq, PLUS_EXPR, steps_type(c), from, build_int_cst(steps_type(c), c->ahead));
	if (c->code != NE_EXPR) {
		from = gimple_convert(seq, order, from);
		to = gimple_build(seq, farther, order, gimple_convert(seq, order, to), from);
	}
	near = gimple_convert(seq, order, nearer(seq, c, from, to, length));
	if (c->code == LE_EXPR || c->code == GE_EXPR)   // the first test has to fail if TO is behind FROM
		near = gimple_build(seq, closer, order, near, gimple_convert(seq, order, c->bound));
	return gimple_convert(seq, type, near);
}

// The way into the outermost loop that has the same bounds for C each time.
edge
first_entry(const struct counting *c)
{
	edge entry = entry_edge(c->loop), e;

	for (class loop *l = loop_outer(c->loop);
	     loop_outer(l) != NULL && is_outside(c->start, l) && is_outside(c->bound, l) &&
	     (e = entry_edge(l)) != NULL;
	     l = loop_outer(l))
		entry = e;
	return entry;
}

} // namespace

bool
counts(class loop *l, struct counting *c)
{
	basic_block bb;

	// What is done in each round dominates the latch.
	for (bb = l->latch; bb != NULL; bb = get_immediate_dominator(CDI_DOMINATORS, bb)) {
		if (is_test(bb, l, c))
			return true;
		if (bb == l->header)
			break;
	}
	return false;
}

bool
strip_fits(const struct counting *c, unsigned length)
{
	unsigned HOST_WIDE_INT half = HOST_WIDE_INT_1U << (TYPE_PRECISION(steps_type(c)) - 1);

	return steps_of(c) < half / length;
}

basic_block
strip_mine(const struct counting *c, unsigned length)
{
	tree type = TREE_TYPE(c->counter);
	tree near = make_ssa_name(type), going = make_ssa_name(type), first, further;
	basic_block on = split_edge(c->stay), end = split_edge(c->leave), again;
	gcond *test = as_a<gcond *>(gsi_stmt(gsi_last_bb(c->stay->src)));
	gimple_stmt_iterator at;
	gimple_seq seq = NULL;
	edge out = single_succ_edge(end), e;
	edge_iterator i;
	gphi *phi;

	first = first_near(&seq, c, length);
	at = gsi_last_bb(split_edge(first_entry(c)));
	gsi_insert_seq_after(&at, seq, GSI_NEW_STMT);

	gimple_cond_set_code(test, c->code);
	gimple_cond_set_lhs(test, c->counter);
	gimple_cond_set_rhs(test, near);
	update_stmt(test);
	c->stay->flags = (c->stay->flags & ~EDGE_FALSE_VALUE) | EDGE_TRUE_VALUE;
	c->leave->flags = (c->leave->flags & ~EDGE_TRUE_VALUE) | EDGE_FALSE_VALUE;

	// Where the test fails: is it the end?
	remove_bb_from_loops(end);
	add_bb_to_loop(end, c->loop);
	again = create_empty_bb(end);
	add_bb_to_loop(again, c->loop);
	at = gsi_last_bb(end);
	gsi_insert_after(&at, gimple_build_cond(c->code, c->counter, c->bound, NULL_TREE, NULL_TREE), GSI_NEW_STMT);
	out->flags = (out->flags & ~EDGE_FALLTHRU) | EDGE_FALSE_VALUE;
	out->probability = profile_probability::likely();
	e = make_edge(end, again, EDGE_TRUE_VALUE);
	e->probability = profile_probability::unlikely();
	again->count = end->count.apply_probability(e->probability);

	seq = NULL;
	further = gimple_convert(&seq, type, nearer(&seq, c, c->counter, c->bound, length));
	at = gsi_last_bb(again);
	gsi_insert_seq_after(&at, seq, GSI_NEW_STMT);
	e = make_single_succ_edge(again, on, EDGE_FALLTHRU);

	phi = create_phi_node(going, on);
	add_phi_arg(phi, further, e, UNKNOWN_LOCATION);
	add_phi_arg(phi, near, c->stay, UNKNOWN_LOCATION);
	phi = create_phi_node(near, c->loop->header);
	FOR_EACH_EDGE(e, i, c->loop->header->preds)
		add_phi_arg(phi, flow_bb_inside_loop_p(c->loop, e->src) ? going : first, e, UNKNOWN_LOCATION);
	return again;
}
