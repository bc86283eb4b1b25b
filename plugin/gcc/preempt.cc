// SPDX-License-Identifier: GPL-3.0-or-later
//
// preempt.cc: polls, so that a goroutine which only computes lets others run.
//
//	if (goat_preempting) goat_preempt ();
//
// stands at the top of each loop. It is put there when all else has been done to the loop, right before GCC
// makes instructions: nothing is kept from becoming a vector, and the load is volatile, so that nothing moves
// it. With -flto the rest is done by another program, so the polls are put in before the functions are written
// out, and loops stay as they are.
//
// No poll is in a loop that calls nothing and is done after SHORT rounds, counting those of loops
// inside of it that have none. A loop that counts up to a bound is strip-mined: the test it has anyway compares
// with a nearer bound, and the poll is on the way to the next one, so that the rounds cost what they did:
//
//	for (i = 0; i < n; i++)		for (i = 0, near = min (n, 1000);;)
//		f (i);				for (; i < near; i++)
//							f (i);
//						if (i >= n) break;
//						if (goat_preempting) goat_preempt ();
//						near = min (n, i + 1000);
//
// Functions that may call themselves, call through a pointer, or have a frame that is not small, look instead
// whether the stack goes on elsewhere (runtime/stack.c), with room for the variables that frames.cc takes out of
// the frame. So does what comes before an alloca or a variable of variable size:
//
//	if (sp - room < goat_stackguard && (sp = goat_morestack (sp, room)) != 0)
//		__builtin_stack_restore (sp);
//
// which is a poll, too: sysmon sets goat_stackguard to the highest address. To GCC it is an alloca: the
// function has a frame pointer, and its return gives sp back. Where a sanitizer has its own idea of where
// stacks are, functions that may call themselves have a poll.
//
// Cost: nothing for the rounds of a loop that counts, some instructions before it and a poll for each strip; for
// each round of another a load, a test and a branch that is never taken. The call lies apart, in the cold part
// of the function, and keeps the registers that are in use itself. In ns for each round, without and with (gcc
// 12): sum of an array, -O3, 0.060 and 0.060; two nested loops 0.101 and 0.101, with 4 rounds inside 0.25 and
// 0.34; x = x * a + c 0.72 and 0.72; the length of a list, which has a poll in each round, 1.49 and 1.52. A
// call of fib(40) 1.25 and 1.9. Tried: strips of 10000 rounds in all, 10 of the outer loop: its branch out is
// guessed wrong each time, 0.45 with 4 rounds inside; 20 rounds of a loop with calls: the same, 0.7 for a call.
//
// Go:    has signals for this. Those cannot be had where signals are the program's own.
// Layer: glue.

#include "frames.h"
#include "strip.h"

namespace {

enum : unsigned {
	SHORT = 100000,         // rounds that may go by without a poll
	STRIP = 1000,           // and in a loop without loops in it, so that those around it may be strips, too
	CALL = 8,
	FRAME = 1024,           // from this size on a function looks
};

hash_set<tree> *recursive;      // functions that may be called while they are active

// What the passes use of the runtime. GCC's collector is told of it.
tree goat_preempting, stack_guard, preempt, morestack;

const struct ggc_root_tab roots[] = {
	{ &goat_preempting, 1, sizeof(tree), &gt_ggc_mx_tree_node, &gt_pch_nx_tree_node },
	{ &stack_guard, 1, sizeof(tree), &gt_ggc_mx_tree_node, &gt_pch_nx_tree_node },
	{ &preempt, 1, sizeof(tree), &gt_ggc_mx_tree_node, &gt_pch_nx_tree_node },
	{ &morestack, 1, sizeof(tree), &gt_ggc_mx_tree_node, &gt_pch_nx_tree_node },
	LAST_GGC_ROOT_TAB,
};

tree
runtime_variable(const char *name, tree type)
{
	tree v = build_decl(UNKNOWN_LOCATION, VAR_DECL, get_identifier(name), type);

	TREE_PUBLIC(v) = DECL_EXTERNAL(v) = DECL_ARTIFICIAL(v) = TREE_USED(v) = 1;
	TREE_THIS_VOLATILE(v) = TREE_SIDE_EFFECTS(v) = TYPE_VOLATILE(type);
	return v;
}

// GCC keeps the model with what it knows of symbols, and forgets those that nothing has used.
void
make_thread_local(tree v)
{
	if (!DECL_THREAD_LOCAL_P(v))
		set_decl_tls_model(v, TLS_MODEL_INITIAL_EXEC);
}

// A block of its own behind TEST, at the end of BB, which is not likely to be reached; OFF leads
// past it.
basic_block
unlikely_block(basic_block bb, gimple *test, edge *off)
{
	basic_block slow;
	edge on;

	*off = split_block(bb, test);
	slow = create_empty_bb(bb);
	if (current_loops != NULL)
		add_bb_to_loop(slow, bb->loop_father);
	(*off)->flags = ((*off)->flags & ~EDGE_FALLTHRU) | EDGE_FALSE_VALUE;
	(*off)->probability = profile_probability::always();
	on = make_edge(bb, slow, EDGE_TRUE_VALUE);
	on->probability = profile_probability::never();
	slow->count = bb->count.apply_probability(on->probability);
	return slow;
}

// The look at the stack, in front of AT, for ROOM bytes more. Gives the block behind it.
basic_block
add_look(gimple_stmt_iterator at, tree room)
{
	basic_block bb = gsi_bb(at);
	tree uintptr = uintptr_type_node;
	tree sp = make_ssa_name(ptr_type_node), word = make_ssa_name(uintptr), end = make_ssa_name(uintptr);
	tree guard = make_ssa_name(uintptr), to = make_ssa_name(uintptr), there = make_ssa_name(ptr_type_node);
	make_thread_local(stack_guard);

	gcall *save = gimple_build_call(builtin_decl_implicit(BUILT_IN_STACK_SAVE), 0);
	gimple *test = gimple_build_cond(LT_EXPR, end, guard, NULL_TREE, NULL_TREE);
	gcall *more = gimple_build_call(morestack, 2, word, room);
	basic_block slow, go_on;
	edge off, none;

	gimple_call_set_lhs(save, sp);
	gsi_insert_before(&at, save, GSI_SAME_STMT);
	gsi_insert_before(&at, gimple_build_assign(word, NOP_EXPR, sp), GSI_SAME_STMT);
	gsi_insert_before(&at, gimple_build_assign(end, MINUS_EXPR, word, room), GSI_SAME_STMT);
	gsi_insert_before(&at, gimple_build_assign(guard, stack_guard), GSI_SAME_STMT);
	gsi_insert_before(&at, test, GSI_SAME_STMT);
	slow = unlikely_block(bb, test, &off);
	gimple_call_set_lhs(more, to);
	at = gsi_start_bb(slow);
	gsi_insert_after(&at, more, GSI_NEW_STMT);
	test = gimple_build_cond(NE_EXPR, to, build_zero_cst(uintptr), NULL_TREE, NULL_TREE);
	gsi_insert_after(&at, test, GSI_NEW_STMT);
	go_on = create_empty_bb(slow);
	if (current_loops != NULL)
		add_bb_to_loop(go_on, bb->loop_father);
	go_on->count = slow->count;
	make_edge(slow, go_on, EDGE_TRUE_VALUE)->probability = profile_probability::likely();
	none = make_edge(slow, off->dest, EDGE_FALSE_VALUE);
	none->probability = profile_probability::unlikely();
	at = gsi_start_bb(go_on);
	gsi_insert_after(&at, gimple_build_assign(there, NOP_EXPR, to), GSI_NEW_STMT);
	gsi_insert_after(&at, gimple_build_call(builtin_decl_implicit(BUILT_IN_STACK_RESTORE), 1, there),
			 GSI_NEW_STMT);
	make_single_succ_edge(go_on, off->dest, EDGE_FALLTHRU);
	cfun->calls_alloca = 1;
	return off->dest;
}

// if (goat_preempting) goat_preempt (); at the top of BB.
void
add_poll(basic_block bb)
{
	gimple_stmt_iterator at = gsi_after_labels(bb);
	location_t where = gsi_end_p(at) ? UNKNOWN_LOCATION : gimple_location(gsi_stmt(at));
	tree value = make_ssa_name(uint32_type_node);
	gassign *load;
	gcond *test;
	gcall *call;
	basic_block slow;
	edge off;

	load = gimple_build_assign(value, goat_preempting);
	gimple_set_has_volatile_ops(load, true);
	test = gimple_build_cond(NE_EXPR, value, build_zero_cst(uint32_type_node), NULL_TREE, NULL_TREE);
	gimple_set_location(load, where);
	gimple_set_location(test, where);
	gsi_insert_before(&at, load, GSI_SAME_STMT);
	gsi_insert_before(&at, test, GSI_SAME_STMT);

	slow = unlikely_block(bb, test, &off);
	make_single_succ_edge(slow, off->dest, EDGE_FALLTHRU);
	call = gimple_build_call(preempt, 0);
	gimple_set_location(call, where);
	at = gsi_start_bb(slow);
	gsi_insert_after(&at, call, GSI_NEW_STMT);
}

// ---------------------------------------------------------------- which loops

bool
calls_something(basic_block bb)
{
	for (gimple_stmt_iterator i = gsi_start_bb(bb); !gsi_end_p(i); gsi_next(&i)) {
		gimple *s = gsi_stmt(i);

		if (is_gimple_call(s) && !gimple_call_internal_p(s) &&
		    !gimple_call_builtin_p(s, BUILT_IN_NORMAL) && !gimple_call_builtin_p(s, BUILT_IN_MD))
			return true;
	}
	return false;
}

// In how many of L's own blocks it calls something; in SELDOM of them that is not expected of most rounds.
unsigned
calls_in(class loop *l, unsigned *seldom)
{
	basic_block *body = get_loop_body(l);
	unsigned n = 0;

	*seldom = 0;
	for (unsigned i = 0; i < l->num_nodes; i++) {
		if (body[i]->loop_father != l || !calls_something(body[i]))
			continue;
		n++;
		*seldom += body[i]->count.apply_scale(8, 1) < l->header->count;
	}
	free(body);
	return n;
}

struct places {
	auto_vec<basic_block> polls;
	auto_vec<struct counting> strips;
	auto_vec<unsigned> lengths;
};

// Rounds of L at most, with those of loops in it, until there is a poll; a call is CALL rounds.
unsigned
rounds(class loop *l, struct places *to)
{
	unsigned seldom, calls = calls_in(l, &seldom), most = l->inner != NULL ? SHORT : STRIP;
	unsigned HOST_WIDE_INT inside = 1 + CALL * (calls - seldom), n;
	struct counting c;

	for (class loop *in = l->inner; in != NULL; in = in->next)
		inside += rounds(in, to);
	if (l->any_upper_bound && wi::ltu_p(l->nb_iterations_upper_bound, (unsigned)SHORT) && calls == 0) {
		n = (l->nb_iterations_upper_bound.to_uhwi() + 1) * inside;
		if (n <= SHORT)
			return n;
	}
	n = most / inside;
	if (n > 1 && flag_lto == NULL && optimize_loop_for_speed_p(l) && counts(l, &c) && strip_fits(&c, n)) {
		to->strips.safe_push(c);
		to->lengths.safe_push(n);
		return n * inside;
	}
	to->polls.safe_push(l->header);
	return 0;
}

// Loops that are entered in several places have no header: every block that a jump leads back to.
void
find_others(function *fun, struct places *to)
{
	hash_set<basic_block> headers;
	basic_block bb;

	for (loop_p l : *get_loops(fun))
		if (l != NULL)
			headers.add(l->header);
	mark_dfs_back_edges();
	FOR_EACH_BB_FN(bb, fun) {
		edge e;
		edge_iterator i;

		if (headers.contains(bb))
			continue;
		FOR_EACH_EDGE(e, i, bb->preds)
			if (e->flags & EDGE_DFS_BACK) {
				to->polls.safe_push(bb);
				break;
			}
	}
}

bool
calls_pointer(function *fun)
{
	basic_block bb;

	FOR_EACH_BB_FN(bb, fun)
		for (gimple_stmt_iterator i = gsi_start_bb(bb); !gsi_end_p(i); gsi_next(&i))
			if (is_gimple_call(gsi_stmt(i)) && !gimple_call_internal_p(gsi_stmt(i)) &&
			    gimple_call_fndecl(gsi_stmt(i)) == NULL_TREE)
				return true;
	return false;
}

bool
is_leaf(function *fun)
{
	basic_block bb;

	FOR_EACH_BB_FN(bb, fun)
		if (calls_something(bb))
			return false;
	return true;
}

bool
calls_itself(function *fun)
{
	basic_block bb;

	FOR_EACH_BB_FN(bb, fun)
		for (gimple_stmt_iterator i = gsi_start_bb(bb); !gsi_end_p(i); gsi_next(&i))
			if (is_gimple_call(gsi_stmt(i)) && gimple_call_fndecl(gsi_stmt(i)) == fun->decl)
				return true;
	return false;
}

bool
may_look(function *fun)
{
	return unit_looks() && !fun->calls_setjmp && !fun->has_nonlocal_label;
}

// What takes memory of the stack, not known to be little.
void
find_allocas(function *fun, vec<gimple *> *allocas)
{
	basic_block bb;

	FOR_EACH_BB_FN(bb, fun)
		for (gimple_stmt_iterator i = gsi_start_bb(bb); !gsi_end_p(i); gsi_next(&i)) {
			gimple *s = gsi_stmt(i);
			tree most;

			if (!gimple_call_builtin_p(s, BUILT_IN_NORMAL) ||
			    !ALLOCA_FUNCTION_CODE_P(DECL_FUNCTION_CODE(gimple_call_fndecl(s))))
				continue;
			most = gimple_call_arg(s, gimple_call_num_args(s) == 3 ? 2 : 0);
			if (!tree_fits_uhwi_p(most) || tree_to_uhwi(most) >= FRAME)
				allocas->safe_push(s);
		}
}

unsigned
add_polls(function *fun)
{
	struct places to;
	auto_vec<gimple *> allocas;
	bool own_loops = current_loops == NULL, again, look = false;
	basic_block first = NULL;
	auto_vec<tree> large;
	unsigned HOST_WIDE_INT room = 0;

	if (own_loops)
		loop_optimizer_init(AVOID_CFG_MODIFICATIONS);
	else if (loops_state_satisfies_p(LOOPS_NEED_FIXUP))
		fix_loop_structure(NULL);
	calculate_dominance_info(CDI_DOMINATORS);
	for (class loop *l = current_loops->tree_root->inner; l != NULL; l = l->next)
		rounds(l, &to);
	find_others(fun, &to);
	again = (recursive != NULL && recursive->contains(fun->decl)) || calls_itself(fun);
	if (may_look(fun)) {
		look = frame_size(fun, &large, &room) >= FRAME && (!large.is_empty() || !is_leaf(fun));
		look |= again || calls_pointer(fun);
		find_allocas(fun, &allocas);
	}
	if (again || look) {
		edge e = single_succ_edge(ENTRY_BLOCK_PTR_FOR_FN(fun));

		first = single_pred_p(e->dest) && !to.polls.contains(e->dest) ? e->dest : split_edge(e);
		if (!look)
			to.polls.safe_push(first);
	}
	for (unsigned i = 0; i < to.strips.length(); i++)
		to.polls.safe_push(strip_mine(&to.strips[i], to.lengths[i]));
	for (basic_block bb : to.polls)
		add_poll(bb);
	for (gimple *s : allocas)
		add_look(gsi_for_stmt(s), gimple_call_arg(s, 0));
	if (look) {
		first = add_look(gsi_after_labels(first), build_int_cst(uintptr_type_node, room));
		if (!large.is_empty())
			take_by_alloca(fun, large, first);
	}
	if (own_loops)
		loop_optimizer_finalize();
	if (to.polls.is_empty() && allocas.is_empty() && !look)
		return 0;
	free_dominance_info(CDI_DOMINATORS);
	free_dominance_info(CDI_POST_DOMINATORS);
	mark_virtual_operands_for_renaming(fun);
	return TODO_update_ssa_only_virtuals;
}

bool
is_wanted(function *fun)
{
	// Also what goat or GCC has made: it may have been made of the program's, or have that inlined.
	return unit.annotated && !opt.no_preempt && !lookup_attribute("naked", DECL_ATTRIBUTES(fun->decl));
}

const pass_data late_data = {
	GIMPLE_PASS, "goat_preempt", OPTGROUP_NONE, TV_NONE, PROP_cfg | PROP_ssa, 0, 0, 0, 0,
};

const pass_data early_data = {
	GIMPLE_PASS, "goat_preempt_lto", OPTGROUP_NONE, TV_NONE, PROP_cfg | PROP_ssa, 0, 0, 0, 0,
};

struct late_pass : gimple_opt_pass {
	late_pass() : gimple_opt_pass(late_data, g) {}
	bool gate(function *fun) override { return is_wanted(fun) && flag_lto == NULL; }
	unsigned execute(function *fun) override { return add_polls(fun); }
};

struct early_pass : gimple_opt_pass {
	early_pass() : gimple_opt_pass(early_data, g) {}
	bool gate(function *fun) override { return is_wanted(fun) && flag_lto != NULL; }
	unsigned execute(function *fun) override { return add_polls(fun); }
};

// Before the functions go to the back end one by one, each with what was inlined into it.
void
find_recursive(void *, void *)
{
	cgraph_node **order = XCNEWVEC(cgraph_node *, symtab->cgraph_count);
	int n;

	if (!unit.annotated || opt.no_preempt) {
		free(order);
		return;
	}
	recursive = new hash_set<tree>;
	n = ipa_reduced_postorder(order, true, NULL);
	for (int i = 0; i < n; i++) {
		vec<cgraph_node *> cycle = ipa_get_nodes_in_cycle(order[i]);

		for (cgraph_node *node : cycle)
			if (cycle.length() > 1)         // what calls itself is seen by the pass
				recursive->add(node->decl);
		cycle.release();
	}
	ipa_free_postorder_info();
	free(order);
}

} // namespace

bool
unit_looks(void)
{
	return !opt.no_preempt && flag_lto == NULL &&
	       !(flag_sanitize & (SANITIZE_ADDRESS | SANITIZE_THREAD | SANITIZE_HWADDRESS));
}

void
register_preempt(const char *plugin)
{
	static struct register_pass_info late = { new late_pass, "optimized", 1, PASS_POS_INSERT_AFTER };
	static struct register_pass_info early = { new early_pass, "release_ssa", 1, PASS_POS_INSERT_BEFORE };

	register_callback(plugin, PLUGIN_PASS_MANAGER_SETUP, NULL, &late);
	register_callback(plugin, PLUGIN_PASS_MANAGER_SETUP, NULL, &early);
	register_callback(plugin, PLUGIN_ALL_IPA_PASSES_END, find_recursive, NULL);
	register_callback(plugin, PLUGIN_REGISTER_GGC_ROOTS, NULL, const_cast<ggc_root_tab *>(roots));
}

// Trees are best made before the passes run.
void
prepare_preempt(void)
{
	if (opt.no_preempt)
		return;
	goat_preempting = runtime_variable("goat_preempting",
					   build_qualified_type(uint32_type_node, TYPE_QUAL_VOLATILE));
	stack_guard = runtime_variable("goat_stackguard", uintptr_type_node);
	preempt = runtime_function(ENTRY_preempt);
	morestack = runtime_function(ENTRY_morestack);
}
