// SPDX-License-Identifier: GPL-3.0-or-later
//
// frames.cc: variables that are too large for a small stack.
//
// A goroutine's stack goes on elsewhere where a function looks for that (preempt.cc), and when it looks its frame
// has been made. So what is large in it is taken by alloca behind the look, which asks for as much:
//
//	char text[100000];		if (sp - 100000 < goat_stackguard) ...
//	f (text, &text[10]);		text = __builtin_alloca_with_align (100000, 8);
//					f (text, &(*text)[10]);
//
// That is done last of all, so the optimisers have seen a variable. To debuggers it is what a variable of
// variable size is: its DECL_VALUE_EXPR is *text. Variables of blocks that are not met together do not share
// their room any more.
//
// What a call returns in memory is made a variable, and what it passes in memory is asked for.
//
// Go:    none; its stacks are copied to larger ones.
// Layer: glue.

#include "frames.h"

namespace {

enum : unsigned {
	LARGE_FRAME = 16 * 1024,        // what is below has all its variables in the frame
	LARGE_VARIABLE = 1024,
};

// A variable of FUN's that has a place in its frame. 0: it has none, or one of variable size.
unsigned HOST_WIDE_INT
size_in_frame(function *fun, tree var)
{
	if (!VAR_P(var) || !auto_var_in_fn_p(var, fun->decl) || is_gimple_reg(var) || DECL_HARD_REGISTER(var) ||
	    DECL_HAS_VALUE_EXPR_P(var) || DECL_SIZE_UNIT(var) == NULL_TREE ||
	    !tree_fits_uhwi_p(DECL_SIZE_UNIT(var)))
		return 0;
	return tree_to_uhwi(DECL_SIZE_UNIT(var));
}

// The most that a call passes by value; 0: little.
unsigned HOST_WIDE_INT
size_of_arguments(function *fun)
{
	unsigned HOST_WIDE_INT most = 0;
	basic_block bb;

	FOR_EACH_BB_FN(bb, fun)
		for (gimple_stmt_iterator i = gsi_start_bb(bb); !gsi_end_p(i); gsi_next(&i)) {
			unsigned HOST_WIDE_INT size = 0;
			gcall *call = dyn_cast<gcall *>(gsi_stmt(i));

			for (unsigned k = 0; call != NULL && k < gimple_call_num_args(call); k++) {
				tree type = TREE_TYPE(gimple_call_arg(call, k));

				if (AGGREGATE_TYPE_P(type) && int_size_in_bytes(type) > 0)
					size += int_size_in_bytes(type);
			}
			most = MAX(most, size);
		}
	return most < LARGE_VARIABLE ? 0 : most;
}

// What calls return goes into variables, where the back end would have room for it in the frame.
void
name_results(function *fun)
{
	basic_block bb;

	FOR_EACH_BB_FN(bb, fun)
		for (gimple_stmt_iterator i = gsi_start_bb(bb); !gsi_end_p(i); gsi_next(&i)) {
			gcall *call = dyn_cast<gcall *>(gsi_stmt(i));
			tree type, v, lhs;

			if (call == NULL || gimple_call_internal_p(call) || gimple_call_return_slot_opt_p(call) ||
			    stmt_ends_bb_p(call))
				continue;
			type = gimple_call_return_type(call);
			if (!AGGREGATE_TYPE_P(type) || int_size_in_bytes(type) < LARGE_VARIABLE)
				continue;
			v = create_tmp_var(type);
			TREE_ADDRESSABLE(v) = 1;
			lhs = gimple_call_lhs(call);
			gimple_call_set_lhs(call, v);
			gimple_call_set_return_slot_opt(call, true);
			update_stmt(call);
			if (lhs != NULL_TREE)
				gsi_insert_after(&i, gimple_build_assign(lhs, v), GSI_NEW_STMT);
		}
}

// Variables that a return statement has as a whole, which takes no other memory.
void
find_returned(function *fun, hash_set<tree> *returned)
{
	edge e;
	edge_iterator i;

	FOR_EACH_EDGE(e, i, EXIT_BLOCK_PTR_FOR_FN(fun)->preds)
		if (greturn *r = safe_dyn_cast<greturn *>(gsi_stmt(gsi_last_nondebug_bb(e->src))))
			if (gimple_return_retval(r) != NULL_TREE)
				returned->add(gimple_return_retval(r));
}

// The pointers to the variables that were taken.
typedef hash_map<tree, tree> pointers;

struct rewrite {
	pointers *to;
	gimple_stmt_iterator *at;       // what needs a statement of its own goes in front of this
};

// The variable whose address or part T is, if it was taken; its pointer to *POINTER.
tree
taken(const pointers *to, tree t, tree *pointer)
{
	tree base = get_base_address(t), *p;

	if (base == NULL_TREE || !VAR_P(base) || (p = const_cast<pointers *>(to)->get(base)) == NULL)
		return NULL_TREE;
	*pointer = *p;
	return base;
}

tree
through_pointer(tree var, tree pointer)
{
	tree to = build_pointer_type(TREE_TYPE(var)), m;

	m = build2(MEM_REF, TREE_TYPE(var), pointer, build_zero_cst(to));
	TREE_THIS_NOTRAP(m) = 1;
	TREE_THIS_VOLATILE(m) = TREE_SIDE_EFFECTS(m) = TREE_THIS_VOLATILE(var);
	return m;
}

// In an operand that is a place in memory: the variable at its base is reached through the pointer.
tree
replace_base(tree *tp, int *walk_subtrees, void *data)
{
	const pointers *to = (const pointers *)data;
	tree pointer;

	if (TREE_CODE(*tp) == ADDR_EXPR && VAR_P(TREE_OPERAND(*tp, 0)) &&
	    taken(to, TREE_OPERAND(*tp, 0), &pointer) != NULL_TREE) {
		*tp = pointer;                  // of a MEM_REF
		*walk_subtrees = 0;
	} else if (VAR_P(*tp) && taken(to, *tp, &pointer) != NULL_TREE) {
		*tp = through_pointer(*tp, pointer);
		*walk_subtrees = 0;
	} else if (TYPE_P(*tp) || SSA_VAR_P(*tp) || CONSTANT_CLASS_P(*tp)) {
		*walk_subtrees = 0;
	}
	return NULL_TREE;
}

// ADDRESS, of a variable that was taken or a part of it, as a value; what is computed goes in front of AT.
tree
address_of(const pointers *to, tree address, gimple_stmt_iterator *at)
{
	tree pointer, v;

	if (taken(to, TREE_OPERAND(address, 0), &pointer) == TREE_OPERAND(address, 0))
		return pointer;
	address = unshare_expr(address);
	walk_tree(&TREE_OPERAND(address, 0), replace_base, const_cast<pointers *>(to), NULL);
	recompute_tree_invariant_for_addr_expr(address);
	v = make_ssa_name(TREE_TYPE(address));
	gsi_insert_before(at, gimple_build_assign(v, address), GSI_SAME_STMT);
	return v;
}

tree
replace_operand(tree *tp, int *walk_subtrees, void *data)
{
	struct rewrite *r = (struct rewrite *)((struct walk_stmt_info *)data)->info;
	tree pointer;

	if (TREE_CODE(*tp) != ADDR_EXPR)
		return replace_base(tp, walk_subtrees, r->to);
	*walk_subtrees = 0;
	if (taken(r->to, TREE_OPERAND(*tp, 0), &pointer) != NULL_TREE)
		*tp = address_of(r->to, *tp, r->at);
	return NULL_TREE;
}

tree
names_taken(tree *tp, int *, void *data)
{
	tree pointer;

	return VAR_P(*tp) && taken((const pointers *)data, *tp, &pointer) != NULL_TREE ? *tp : NULL_TREE;
}

// True: the statement is gone, and AT has moved on.
bool
rewrite_statement(pointers *to, gimple_stmt_iterator *at)
{
	gimple *s = gsi_stmt(*at);
	struct rewrite r = { to, at };
	struct walk_stmt_info wi;
	tree pointer;

	if (gimple_clobber_p(s) && taken(to, gimple_assign_lhs(s), &pointer) != NULL_TREE) {
		unlink_stmt_vdef(s);
		gsi_remove(at, true);
		return true;
	}
	if (is_gimple_debug(s)) {
		if (gimple_debug_bind_p(s) && gimple_debug_bind_has_value_p(s) &&
		    walk_tree(gimple_debug_bind_get_value_ptr(s), names_taken, to, NULL) != NULL_TREE) {
			gimple_debug_bind_reset_value(s);
			update_stmt(s);
		}
		return false;
	}
	memset(&wi, 0, sizeof wi);
	wi.info = &r;
	walk_gimple_op(s, replace_operand, &wi);
	update_stmt(s);
	return false;
}

// Addresses in PHI nodes are computed in front of AT, which is passed before.
void
rewrite_phis(pointers *to, basic_block bb, gimple_stmt_iterator *at)
{
	for (gphi_iterator i = gsi_start_phis(bb); !gsi_end_p(i); gsi_next(&i))
		for (unsigned k = 0; k < gimple_phi_num_args(i.phi()); k++) {
			tree arg = gimple_phi_arg_def(i.phi(), k), pointer;

			if (TREE_CODE(arg) == ADDR_EXPR && taken(to, TREE_OPERAND(arg, 0), &pointer) != NULL_TREE)
				SET_PHI_ARG_DEF(i.phi(), k, address_of(to, arg, at));
		}
}

// VAR is taken in front of AT. Gives the pointer.
tree
take(tree var, gimple_stmt_iterator *at)
{
	tree p = create_tmp_var(build_pointer_type(TREE_TYPE(var)), get_name(var)), v, value;
	gcall *call;

	DECL_IGNORED_P(p) = 0;
	v = make_ssa_name(p);
	call = gimple_build_call(builtin_decl_implicit(BUILT_IN_ALLOCA_WITH_ALIGN), 2, DECL_SIZE_UNIT(var),
				 size_int(DECL_ALIGN(var)));
	gimple_call_set_lhs(call, v);
	gimple_call_set_alloca_for_var(call, true);
	gsi_insert_before(at, call, GSI_SAME_STMT);
	if (MAY_HAVE_DEBUG_BIND_STMTS)
		gsi_insert_before(at, gimple_build_debug_bind(p, v, NULL), GSI_SAME_STMT);
	value = build_fold_indirect_ref(p);
	TREE_THIS_NOTRAP(value) = 1;
	SET_DECL_VALUE_EXPR(var, value);
	DECL_HAS_VALUE_EXPR_P(var) = 1;
	return v;
}

} // namespace

unsigned HOST_WIDE_INT
frame_size(function *fun, vec<tree> *large, unsigned HOST_WIDE_INT *room)
{
	unsigned HOST_WIDE_INT all, size;
	hash_set<tree> returned;
	unsigned i;
	tree var;

	name_results(fun);
	*room = all = size_of_arguments(fun);
	FOR_EACH_LOCAL_DECL(fun, i, var)
		all += size_in_frame(fun, var);
	if (all < LARGE_FRAME)
		return all;
	find_returned(fun, &returned);
	FOR_EACH_LOCAL_DECL(fun, i, var) {
		size = size_in_frame(fun, var);
		if (size < LARGE_VARIABLE || returned.contains(var))
			continue;
		large->safe_push(var);
		*room += size + DECL_ALIGN_UNIT(var);
	}
	return all;
}

void
take_by_alloca(function *fun, const vec<tree> &large, basic_block bb)
{
	gimple_stmt_iterator at = gsi_after_labels(bb), i;
	pointers to;
	basic_block b;

	for (tree var : large)
		to.put(var, take(var, &at));
	FOR_EACH_BB_FN(b, fun) {
		rewrite_phis(&to, b, &at);
		for (i = gsi_start_bb(b); !gsi_end_p(i);)
			if (!rewrite_statement(&to, &i))
				gsi_next(&i);
	}
}
