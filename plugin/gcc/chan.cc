// SPDX-License-Identifier: GPL-3.0-or-later
//
// chan.cc: channels and chan_select become calls of the runtime.
//
//	chan_send(c, v)         slot = v, chansend1(c, &slot)
//	chan_recv(c)            chanrecv1(c, &slot), slot
//	chan_recv_ok(c, p)      chanrecv2(c, p)
//	chan_close(c)           closechan(c)
//	chan_range (c, v)       for (;;) { T v; if (!chanrecv2(c, &v)) break; ... }
//	make(chan(T), n)        makechan(T, n)
//
//	chan_select, by its cases:
//	none                    block()
//	one                     the send or receive
//	one and a default       selectnbsend(c, &slot), or selectnbrecv(c, &slot)
//	others                  selectgo(an array in the frame, n, ...), and a switch on the number it gives
//
// The operands of a select are evaluated before anything else, in the order of the source, into
// variables of the block around it. What a case receives is in one of these, and the case's own
// variables begin with its value.
//
// Go:    as walk/select.go, walk/expr.go (walkSend, walkRecv); what is sent flows to the heap, and what
//        is received comes from there (escape/stmt.go).
// Layer: glue.

#include "lower.h"

namespace {

hash_set<tree> *sent;           // variables that hold what is sent

// The channel that a word has as an operand, as the runtime takes it.
tree
as_chan(tree c)
{
	return fold_convert(ptr_type_node, c);
}

tree
elem_of(tree c)
{
	return TYPE_MAIN_VARIANT(goat_chan_elem(TREE_TYPE(c)));
}

const char *
kind_of(tree t)
{
	return DECL_P(t) ? "variable" : "value";
}

// An error unless C is a channel whose values have a size.
bool
check_chan(location_t where, const char *what, tree c)
{
	if (!goat_is_chan(TREE_TYPE(c))) {
		error_at(where, "invalid operation: cannot %s non-channel %s (%s of type %s)", what, spell(c),
			 kind_of(c), goat_type_text(TREE_TYPE(c)));
		return false;
	}
	if (has_known_size(goat_chan_elem(TREE_TYPE(c))))
		return true;
	error_at(where, "invalid operation: cannot %s %s (%s of type %s): its elements have no size", what,
		 spell(c), kind_of(c), goat_type_text(TREE_TYPE(c)));
	return false;
}

// A variable for a value on its way, in the innermost block.
tree
slot_for(struct lowering *l, location_t where, tree type)
{
	tree v = new_variable(l->f, where, NULL, TYPE_MAIN_VARIANT(type));

	TREE_ADDRESSABLE(v) = 1;
	compat_no_warning(v, OPT_Wuninitialized);
	l->variables.safe_push(v);
	return v;
}

tree
address(tree slot)
{
	return address_of(slot, ptr_type_node);
}

// slot = VALUE, which is sent.
tree
put_in_slot(tree slot, tree value, location_t where, const char *text)
{
	tree set = assign(slot, value);

	if (sent == NULL)
		sent = new hash_set<tree>;
	sent->add(slot);
	SET_EXPR_LOCATION(set, where);
	return called(set, text);
}

tree
runtime_call(location_t where, enum entry e, tree c, tree value)
{
	return build_call_expr_loc(where, runtime_function(e), 2, as_chan(c), value);
}

tree
chan_operand(tree call)
{
	return CALL_EXPR_ARG(call, 1);
}

// The call that names the channel in *call = value, or in what is cast from it.
tree
naming_call(tree t)
{
	if (TREE_CODE(t) == MODIFY_EXPR)
		t = TREE_OPERAND(TREE_OPERAND(t, 0), 0);
	return without_conversions(t);
}

const char *
text_of_word(const char *word, tree c, tree other)
{
	if (!flow_wanted())
		return "";
	if (other == NULL_TREE)
		return joined({ word, "(", spell(c), ")" });
	return joined({ word, "(", spell(c), ", ", spell(other), ")" });
}

} // namespace

bool
is_sent(tree decl)
{
	return sent != NULL && sent->contains(decl);
}

tree
lower_chan_send(struct lowering *l, tree t)
{
	tree call = naming_call(t), c = chan_operand(call), value = TREE_OPERAND(t, 1), slot;
	location_t where = point_of_use(EXPR_LOCATION(call));
	const char *text = text_of_word("chan_send", c, value);

	if (!check_chan(where, "send to", c))
		return build_empty_stmt(where);
	c = once(c);
	slot = slot_for(l, where, elem_of(c));
	value = in_order(put_in_slot(slot, value, where, text),
			 called(runtime_call(where, ENTRY_chansend1, c, address(slot)), ""));
	return TREE_SIDE_EFFECTS(c) ? in_order(c, value) : value;
}

tree
lower_chan_word(struct lowering *l, tree call, enum chan_word what)
{
	location_t where = point_of_use(EXPR_LOCATION(call));
	tree c = chan_operand(call), slot, p, t, elem;

	switch (what) {
	case CHAN_RECV:
		if (!check_chan(where, "receive from", c))
			return integer_zero_node;
		slot = slot_for(l, where, elem_of(c));
		t = runtime_call(where, ENTRY_chanrecv1, c, address(slot));
		return called(in_order(called(t, ""), called(slot, "")), text_of_word("chan_recv", c, NULL));
	case CHAN_RECV_OK:
		if (!check_chan(where, "receive from", c))
			return boolean_false_node;
		p = CALL_EXPR_ARG(call, 2);
		elem = elem_of(c);
		if (!is_null(p) && (!POINTER_TYPE_P(TREE_TYPE(p)) ||
				    !comptypes(TYPE_MAIN_VARIANT(TREE_TYPE(TREE_TYPE(p))), elem))) {
			error_at(where, "%<chan_recv_ok%> needs a pointer to %qs, not a value of type %qs",
				 goat_type_text(elem), goat_type_text(TREE_TYPE(p)));
			return boolean_false_node;
		}
		if (!is_null(p) && TYPE_READONLY(TREE_TYPE(TREE_TYPE(p)))) {
			error_at(where, "%<chan_recv_ok%> cannot write to what is %<const%>");
			return boolean_false_node;
		}
		t = runtime_call(where, ENTRY_chanrecv2, c, fold_convert(ptr_type_node, p));
		return called(t, text_of_word("chan_recv_ok", c, p));
	case CHAN_CLOSE:
		if (!check_chan(where, "close", c))
			return build_empty_stmt(where);
		return build_call_expr_loc(where, runtime_function(ENTRY_closechan), 1, as_chan(c));
	case CHAN_NEXT:
		t = runtime_call(where, ENTRY_chanrecv2, c, fold_convert(ptr_type_node, CALL_EXPR_ARG(call, 2)));
		return called(t, "");
	default:
		gcc_unreachable();
	}
}

// A receive whose value nobody looks at.
tree
lower_unused_recv(struct lowering *, tree call)
{
	location_t where = point_of_use(EXPR_LOCATION(call));
	tree c = chan_operand(call);

	if (!check_chan(where, "receive from", c))
		return build_empty_stmt(where);
	return called(runtime_call(where, ENTRY_chanrecv1, c, null_pointer_node), "");
}

// The value to send lies on the heap from now on.
tree
lower_called_chan_word(struct lowering *l, tree t)
{
	tree call, c, box, type, set;
	location_t where;
	const char *text;

	if (!is_chan_send(t)) {
		if (is_call_of(t, "goat_chan_recv_"))
			return lower_unused_recv(l, t);
		return NULL_TREE;
	}
	call = naming_call(t);
	where = point_of_use(EXPR_LOCATION(call));
	c = chan_operand(call);
	if (!check_chan(where, "send to", c))
		return call;
	type = elem_of(c);
	box = save_expr(allocation(where, type, TYPE_SIZE_UNIT(type), TYPE_ALIGN_UNIT(type)));
	text = text_of_word("chan_send", c, TREE_OPERAND(t, 1));
	set = assign(dereference(box), TREE_OPERAND(t, 1));
	SET_EXPR_LOCATION(set, where);
	box = in_order(called(set, text), fold_convert(ptr_type_node, box));
	return called(runtime_call(where, ENTRY_chansend1, c, box), text);
}

// make(chan(T)[, n]): goat_make_(text, (C *)0, ...). Sizes below zero are for the runtime to refuse.
tree
lower_make_chan(tree call, location_t where)
{
	tree type = type_argument(call, 1), size = size_zero_node, made, elem = goat_chan_elem(type);
	const char *text = text_of(CALL_EXPR_ARG(call, 0));
	int nargs = call_expr_nargs(call);

	if (!has_known_size(elem)) {
		error_at(where, "invalid argument: cannot make %s: its elements have no size",
			 goat_type_text(type));
		return build_zero_cst(type);
	}
	if (nargs > 3)
		error_at(where, "invalid operation: %s expects 1 or 2 arguments; found %d", text, nargs - 1);
	if (nargs == 3 && !INTEGRAL_TYPE_P(TREE_TYPE(CALL_EXPR_ARG(call, 2))))
		error_at(where, "the size in %qs is of type %qs", text,
			 goat_type_text(TREE_TYPE(CALL_EXPR_ARG(call, 2))));
	else if (nargs == 3)
		size = fold_convert(size_type_node, CALL_EXPR_ARG(call, 2));
	made = build_call_expr_loc(where, runtime_function(ENTRY_makechan), 2,
				   fold_convert(ptr_type_node, goat_type_address(elem)), size);
	return called(fold_convert(TYPE_MAIN_VARIANT(type), called(made, text)), text);
}

// len() or cap(): FIELD of what C points to.
tree
lower_chan_len(tree c, const char *field)
{
	tree head = TYPE_MAIN_VARIANT(TREE_TYPE(global_declaration("goat_hchanhead_"))), t, f;

	c = once(c);
	f = field_named(head, field);
	// Others change it.
	head = build_qualified_type(head, TYPE_QUAL_VOLATILE);
	t = build1(INDIRECT_REF, head, fold_convert(build_pointer_type(head), c));
	t = field_of(t, f);
	TREE_THIS_VOLATILE(t) = TREE_SIDE_EFFECTS(t) = 1;
	t = choose(compare(NE_EXPR, c, null_pointer_node), t, build_zero_cst(TREE_TYPE(f)));
	return TREE_SIDE_EFFECTS(c) ? in_order(c, t) : t;
}

// ---------------------------------------------------------------- chan_select

namespace {

struct comm {
	tree label;             // its CASE_LABEL_EXPR
	tree variable;          // marked; of a receive without one, a char that has no use
	tree ok;                // or NULL
	bool send;
	tree c, slot;           // evaluated; slot is NULL where nothing is wanted
	location_t where;
};

struct comm_finder {
	vec<struct comm> *comms;
	tree label;             // the last one met, which no case has taken
	tree plain;             // a label that is no case of a select
	tree the_default;
};

tree
find_ok(tree *tp, int *walk_subtrees, void *)
{
	if (TYPE_P(*tp) || TREE_CODE(*tp) == SWITCH_EXPR)
		*walk_subtrees = 0;
	else if (TREE_CODE(*tp) == BIND_EXPR)
		for (tree v = BIND_EXPR_VARS(*tp); v != NULL_TREE; v = DECL_CHAIN(v))
			if (VAR_P(v) && is_marked(v, "goat_ok"))
				return v;
	return NULL_TREE;
}

tree
find_comm(tree *tp, int *walk_subtrees, void *data)
{
	struct comm_finder *c = (struct comm_finder *)data;
	tree v;

	switch (TREE_CODE(*tp)) {
	case CASE_LABEL_EXPR:
		if (c->label != NULL_TREE)
			c->plain = c->label;
		c->label = *tp;
		return NULL_TREE;
	case SWITCH_EXPR:
		*walk_subtrees = 0;
		return NULL_TREE;
	case BIND_EXPR:
		if (c->label == NULL_TREE || (v = marker_of(*tp)) == NULL_TREE)
			return NULL_TREE;
		if (is_marked(v, "goat_comm")) {
			tree a = lookup_attribute("goat_comm", DECL_ATTRIBUTES(v));
			struct comm one = {};

			*walk_subtrees = 0;
			one.label = c->label;
			one.variable = v;
			one.where = point_of_use(DECL_SOURCE_LOCATION(v));
			one.send = strcmp(TREE_STRING_POINTER(TREE_VALUE(TREE_VALUE(a))), "send") == 0;
			one.ok = walk_tree_without_duplicates(marked_statement(*tp), find_ok, NULL);
			if (one.ok == NULL_TREE)
				one.ok = walk_tree_without_duplicates(&BIND_EXPR_BODY(*tp), find_ok, NULL);
			c->comms->safe_push(one);
			c->label = NULL_TREE;
		} else if (is_marked(v, "goat_case") && id_equal(DECL_NAME(v), "goat_default_")) {
			*walk_subtrees = 0;
			c->the_default = c->label;
			c->label = NULL_TREE;
		}
		return NULL_TREE;
	default:
		if (TYPE_P(*tp))
			*walk_subtrees = 0;
		return NULL_TREE;
	}
}

struct select {
	struct lowering *l;
	location_t where;
	auto_vec<struct comm> comms;
	tree received = NULL_TREE;      // whether the value that came was sent
	tree first = NULL_TREE;         // evaluates the operands
};

void
then(tree *list, tree t)
{
	if (TREE_SIDE_EFFECTS(t))
		*list = *list != NULL_TREE ? in_order(*list, t) : t;
}

// The operands of a case, evaluated.
void
evaluate(struct select *s, struct comm *m, tree operands)
{
	tree call = naming_call(operands), c = chan_operand(call), slot;
	const char *text = "";

	m->c = slot_for(s->l, m->where, TYPE_MAIN_VARIANT(TREE_TYPE(c)));
	TREE_ADDRESSABLE(m->c) = 0;
	if (m->send && flow_wanted())
		text = joined({ "case_send (", spell(c), ", ", spell(TREE_OPERAND(operands, 1)), ")" });
	then(&s->first, called(assign(m->c, c), ""));
	if (m->send) {
		m->slot = slot = slot_for(s->l, m->where, elem_of(c));
		then(&s->first, put_in_slot(slot, TREE_OPERAND(operands, 1), m->where, text));
	} else if (!id_equal(DECL_NAME(m->variable), "goat_none_")) {
		m->slot = slot = slot_for(s->l, m->where, elem_of(c));
		DECL_INITIAL(m->variable) = slot;
	}
	if (m->ok != NULL_TREE) {
		if (s->received == NULL_TREE)
			s->received = slot_for(s->l, m->where, boolean_type_node);
		DECL_INITIAL(m->ok) = s->received;
	}
}

tree
slot_address(const struct comm *m)
{
	return m->slot != NULL_TREE ? address(m->slot) : null_pointer_node;
}

tree
runtime_of(const struct select *s, const struct comm *m, enum entry e)
{
	return called(runtime_call(s->where, e, m->c, slot_address(m)), "");
}

// The only case of a select that waits. Gives the number 0.
tree
only_case(const struct select *s, const struct comm *m, tree number)
{
	tree t;

	if (m->send)
		t = runtime_of(s, m, ENTRY_chansend1);
	else if (m->ok != NULL_TREE)
		t = assign(s->received, runtime_of(s, m, ENTRY_chanrecv2));
	else
		t = runtime_of(s, m, ENTRY_chanrecv1);
	return in_order(t, number);
}

// The only case of one that does not.
tree
case_or_default(const struct select *s, const struct comm *m, tree number, tree none)
{
	enum { RECEIVED = 3 };
	tree t;

	if (m->send)
		return choose(fold_convert(integer_type_node, runtime_of(s, m, ENTRY_selectnbsend)), number,
			      none);
	t = once(runtime_of(s, m, ENTRY_selectnbrecv));
	number = choose(compare(NE_EXPR, t, integer_zero_node), number, none);
	if (m->ok != NULL_TREE)
		number = in_order(assign(s->received,
					 fold_convert(boolean_type_node,
						      compare(EQ_EXPR, t, build_int_cst(integer_type_node,
											RECEIVED)))),
				  number);
	return in_order(t, number);
}

tree
one_of_many(struct select *s, bool block)
{
	tree record = TYPE_MAIN_VARIANT(TREE_TYPE(global_declaration("goat_scase_")));
	tree array = slot_for(s->l, s->where, build_array_type_nelts(record, s->comms.length()));
	tree list = NULL_TREE;

	if (s->received == NULL_TREE)
		s->received = slot_for(s->l, s->where, boolean_type_node);
	for (unsigned i = 0; i < s->comms.length(); i++) {
		const struct comm *m = &s->comms[i];
		tree at = build4(ARRAY_REF, record, array, size_int(i), NULL_TREE, NULL_TREE);

		then(&list, assign(field_of(at, field_named(record, "c")), as_chan(m->c)));
		then(&list, assign(field_of(unshare_expr(at), field_named(record, "elem")), slot_address(m)));
		then(&list, assign(field_of(unshare_expr(at), field_named(record, "send")), size_int(m->send)));
	}
	return in_order(list, build_call_expr_loc(s->where, runtime_function(ENTRY_selectgo), 4,
						  address(array), size_int(s->comms.length()),
						  build_int_cst(integer_type_node, block),
						  address(s->received)));
}

} // namespace

void
lower_select(struct lowering *l, tree t, tree call)
{
	struct select s;
	struct comm_finder finder = { &s.comms, NULL_TREE, NULL_TREE, NULL_TREE };
	tree type = TREE_TYPE(SWITCH_COND(t)), number, none = build_int_cst(integer_type_node, -1);

	s.l = l;
	s.where = point_of_use(EXPR_LOCATION(call));
	walk_tree_without_duplicates(&SWITCH_BODY(t), find_comm, &finder);
	if (finder.label != NULL_TREE)
		finder.plain = finder.label;
	SWITCH_COND(t) = build_int_cst(type, -1);
	if (finder.plain != NULL_TREE) {
		error_at(point_of_use(EXPR_LOCATION(finder.plain)),
			 "%<chan_select%> has no cases but %<case_recv%>, %<case_recv_ok%>, %<case_send%> and "
			 "%<case_default%>");
		return;
	}
	if ((unsigned)call_expr_nargs(call) != s.comms.length() + 1)
		return;                 // there was an error
	for (unsigned i = 0; i < s.comms.length(); i++) {
		tree operands = CALL_EXPR_ARG(call, i + 1);

		CASE_LOW(s.comms[i].label) = build_int_cst(TREE_TYPE(CASE_LOW(s.comms[i].label)), i);
		if (!check_chan(s.comms[i].where, s.comms[i].send ? "send to" : "receive from",
				chan_operand(naming_call(operands))))
			return;
		evaluate(&s, &s.comms[i], operands);
	}
	// One of them is taken, so control comes out only where one lets it.
	if (finder.the_default == NULL_TREE && !s.comms.is_empty())
		CASE_LOW(s.comms.last().label) = NULL_TREE;
	if (s.comms.is_empty())
		number = finder.the_default != NULL_TREE
				 ? none
				 : in_order(build_call_expr_loc(s.where, runtime_function(ENTRY_block), 0), none);
	else if (s.comms.length() > 1)
		number = one_of_many(&s, finder.the_default == NULL_TREE);
	else if (finder.the_default != NULL_TREE)
		number = case_or_default(&s, &s.comms[0], integer_zero_node, none);
	else
		number = only_case(&s, &s.comms[0], integer_zero_node);
	number = fold_convert(type, number);
	SWITCH_COND(t) = s.first != NULL_TREE ? in_order(s.first, number) : number;
}
