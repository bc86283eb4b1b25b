// SPDX-License-Identifier: GPL-3.0-or-later
//
// flow.cc: GENERIC -> the core's graph.
//
// A tree is read in one of two ways. flow_value sends the value of an expression to a hole; the
// hole says where to, after how many loads, or that only the address is wanted. flow_place gives
// the hole of a thing that is assigned to. Whatever we do not know sends its operands to the heap.
//
// Two things are C's own:
//
//	An integer of a pointer's size may be a pointer in disguise. Variables, parameters, results
//	and arithmetic carry it along. Memory does not: what is loaded as an integer is one, so a
//	disguised pointer that is stored as an integer is stored for good, to the heap. A union is
//	read as any of its members. A narrower integer is a number: a hash, a remainder; unless it
//	is the upper half.
//
//	A pointer to pointers may be turned into one to bytes, and the pointers copied as bytes. What
//	it points to then flows to the opaque location, where objects escape and variables do not.
//	So does a union that holds pointers and is read as something large enough to hide one.
//
// Go:    as escape/expr.go, assign.go, stmt.go.
// Layer: glue.

#include "glue.h"

namespace {

// ---------------------------------------------------------------- types

hash_map<tree, bool> *pointer_types;    // has_pointers of aggregates, by main variant

bool
fields_have_pointers(tree type)
{
	for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f))
		if (TREE_CODE(f) == FIELD_DECL && has_pointers(TREE_TYPE(f)))
			return true;
	return false;
}

// Wide enough for an address; a bit-field of 48 bits is.
bool
is_word(tree type)
{
	return INTEGRAL_TYPE_P(type) && TYPE_PRECISION(type) > POINTER_SIZE / 2;
}

bool
wide_float(tree type)
{
	return TREE_CODE(type) == REAL_TYPE && TYPE_PRECISION(type) >= POINTER_SIZE;
}

bool
points_to_code(tree type)
{
	return POINTER_TYPE_P(type) && FUNC_OR_METHOD_TYPE_P(TREE_TYPE(type)) && !goat_is_map(type) &&
	       !goat_is_chan(type);
}

bool
is_data_pointer(tree type)
{
	return POINTER_TYPE_P(type) && !points_to_code(type);
}

// ---------------------------------------------------------------- locations

struct local *
local_of(struct walk_state *w, tree decl)
{
	struct func *f = owner_of(w->f, decl);
	struct local **known, *l;

	// A temporary of the front end's has no context yet.
	if (f == NULL)
		f = w->f;
	known = f->locals.get(decl);
	if (known != NULL) {
		l = *known;
	} else {
		l = XCNEW(struct local);
		l->depth = w->depth;
		f->locals.put(decl, l);
		f->order.safe_push(decl);
	}
	if (l->loc == NULL) {
		l->depth = l->block_depth = w->depth;
		l->loc = esc_loc(unit.esc, ESC_VAR, f->core, spell(decl), w->depth);
		l->loc->unseen = is_range_iterator(decl);
	}
	return l;
}

bool
is_local(tree decl)
{
	return TREE_CODE(decl) == PARM_DECL || TREE_CODE(decl) == RESULT_DECL ||
	       (TREE_CODE(decl) == VAR_DECL && !TREE_STATIC(decl) && !DECL_EXTERNAL(decl) &&
		(DECL_CONTEXT(decl) == NULL_TREE ||
		 TREE_CODE(DECL_CONTEXT(decl)) == FUNCTION_DECL) &&
		!DECL_HARD_REGISTER(decl));
}

// The location of a variable of this frame or of one around it, NULL for anything else.
struct esc_loc *
loc_of(struct walk_state *w, tree decl)
{
	if (!is_local(decl))
		return NULL;
	if (TREE_CODE(decl) == RESULT_DECL)
		return w->f->result;
	return local_of(w, decl)->loc;
}

// A location that explanations do not mention, for there is no such thing in the source.
struct esc_hole
temporary(struct walk_state *w)
{
	struct esc_loc *temp = esc_loc(unit.esc, ESC_TEMP, w->f->core, NULL, w->depth);

	temp->unseen = true;
	return esc_hole(temp);
}

void
flow_discard(struct walk_state *w, tree t)
{
	flow_value(w, esc_discard(), t);
}

// ---------------------------------------------------------------- expressions

// A union anywhere on the way from the whole object to this member.
bool
through_union(tree ref)
{
	for (; handled_component_p(ref); ref = TREE_OPERAND(ref, 0))
		if (TREE_CODE(ref) == COMPONENT_REF &&
		    TREE_CODE(TREE_TYPE(TREE_OPERAND(ref, 0))) == UNION_TYPE &&
		    has_pointers(TREE_TYPE(TREE_OPERAND(ref, 0))))
			return true;
	return false;
}

// The same, by a member that is large enough for an address, but read as something else.
bool
hidden_in_union(tree ref)
{
	for (; handled_component_p(ref); ref = TREE_OPERAND(ref, 0)) {
		tree size = TYPE_SIZE(TREE_TYPE(ref));

		if (TREE_CODE(ref) == COMPONENT_REF &&
		    TREE_CODE(TREE_TYPE(TREE_OPERAND(ref, 0))) == UNION_TYPE)
			return has_pointers(TREE_TYPE(TREE_OPERAND(ref, 0))) && size != NULL_TREE &&
			       !has_pointers(TREE_TYPE(ref)) &&
			       !(tree_fits_uhwi_p(size) && tree_to_uhwi(size) < POINTER_SIZE);
	}
	return false;
}

// Whether a value of this reference's type that lies in memory may be a pointer.
bool
memory_carries(tree ref)
{
	tree type = TREE_TYPE(ref);

	return has_pointers(type) || (is_word(type) && through_union(ref));
}

void
flow_unknown(struct walk_state *w, tree t)
{
	for (int i = 0; i < TREE_OPERAND_LENGTH(t); i++) {
		tree operand = TREE_OPERAND(t, i);

		if (operand != NULL_TREE && !TYPE_P(operand))
			flow_value(w, to_heap(), operand);
	}
}

void
flow_variable(struct walk_state *w, struct esc_hole k, tree decl)
{
	struct esc_loc *l;

	if (k.dst == NULL || (k.derefs >= 0 && !carries(TREE_TYPE(decl))))
		return;
	if ((l = loc_of(w, decl)) != NULL)
		esc_flow(unit.esc, k, l);
}

// Whether a pointer to TO can be used to copy the pointers in a FROM without their being seen.
bool
hides_pointers(tree from, tree to)
{
	return (VOID_TYPE_P(from) || has_pointers(from)) && !VOID_TYPE_P(to) && !has_pointers(to) &&
	       !FUNC_OR_METHOD_TYPE_P(to) && COMPLETE_TYPE_P(to);
}

// The hole for a reference T whose value goes to K.
struct esc_hole
hole_of_reference(struct esc_hole k, tree t)
{
	if (k.dst != NULL && k.derefs < 0)
		return k;               // only its address
	if (memory_carries(t))
		return k;
	return hidden_in_union(t) ? esc_hole(&unit.esc->opaque) : esc_discard();
}

// The hole for the pointer that is loaded through; K is where the loaded value goes.
struct esc_hole
hole_of_loaded(struct walk_state *w, struct esc_hole k, tree pointer)
{
	struct esc_hole both[2] = { esc_deref(k), esc_deref(esc_hole(&unit.esc->opaque)) };
	bool load = k.dst == NULL || k.derefs >= 0;

	return join(w, both, load && is_hiding_cast(pointer) ? 2 : 1);
}

// union { void *p; char *c; }: read by the other name, it is a cast that nobody sees.
bool
is_hiding_member(tree ref)
{
	tree to = TREE_TYPE(ref), type = TREE_TYPE(TREE_OPERAND(ref, 0));

	if (TREE_CODE(type) != UNION_TYPE || !is_data_pointer(to))
		return false;
	for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f))
		if (TREE_CODE(f) == FIELD_DECL && is_data_pointer(TREE_TYPE(f)) &&
		    hides_pointers(TREE_TYPE(TREE_TYPE(f)), TREE_TYPE(to)))
			return true;
	return false;
}

void
flow_component(struct walk_state *w, struct esc_hole k, tree t)
{
	tree base = TREE_OPERAND(t, 0);

	k = hole_of_reference(k, t);
	if ((k.dst == NULL || k.derefs >= 0) && is_hiding_member(t)) {
		struct esc_hole both[2] = { k, esc_deref(esc_hole(&unit.esc->opaque)) };

		k = join(w, both, 2);
	}
	base = strip_anonymous(base);
	if (TREE_CODE(base) == INDIRECT_REF) {
		base = TREE_OPERAND(base, 0);
		return flow_value(w, note(hole_of_loaded(w, k, base), t, "dot of pointer"), base);
	}
	flow_value(w, note(k, t, "dot"), base);
}

void
flow_element(struct walk_state *w, struct esc_hole k, tree t)
{
	flow_discard(w, TREE_OPERAND(t, 1));
	flow_value(w, note(hole_of_reference(k, t), t, "fixed-array-index-of"), TREE_OPERAND(t, 0));
}

void
flow_load(struct walk_state *w, struct esc_hole k, tree t)
{
	tree pointer = TREE_OPERAND(t, 0);

	if (k.derefs >= 0 && !has_pointers(TREE_TYPE(t)))
		k = esc_discard();
	flow_value(w, note(hole_of_loaded(w, k, pointer), t,
			   is_at(pointer) ? "dot of pointer" : "indirection"), pointer);
}

// What POINTER points to may be looked at as bytes from here on. Gives the hole for the pointer, of
// which K is the rest.
struct esc_hole
hole_of_bytes(struct walk_state *w, struct esc_hole k, tree pointer)
{
	struct esc_hole both[2] = { k, esc_deref(esc_hole(&unit.esc->opaque)) };

	STRIP_NOPS(pointer);
	if (k.dst == &unit.esc->heap || makes_block(pointer))
		return k;               // known to escape as a whole; nothing in it yet
	if (TREE_CODE(pointer) == VAR_DECL || TREE_CODE(pointer) == PARM_DECL) {
		flow_variable(w, both[1], pointer);
		return k;
	}
	return join(w, both, 2);
}

// x >> 32, or by a number that we do not know. With it and the lower half, which passes for a hash,
// one has the address.
bool
is_upper_half(tree t)
{
	tree by;

	STRIP_NOPS(t);
	if (TREE_CODE(t) == BIT_AND_EXPR)
		t = TREE_OPERAND(t, 0);
	if (TREE_CODE(t) != RSHIFT_EXPR || !is_word(TREE_TYPE(t)))
		return false;
	by = TREE_OPERAND(t, 1);
	return !tree_fits_uhwi_p(by) || tree_to_uhwi(by) >= POINTER_SIZE / 2;
}

void
flow_conversion(struct walk_state *w, struct esc_hole k, tree t)
{
	tree from = TREE_OPERAND(t, 0);
	tree to_type = TREE_TYPE(t), from_type = TREE_TYPE(from);

	// The same bits as a vector or a float, or their upper half, as makecontext() is given it.
	if (!carries(to_type) && (TREE_CODE(t) == VIEW_CONVERT_EXPR || is_upper_half(from)) &&
	    carries(from_type))
		return flow_value(w, to_heap(), from);
	if (k.dst == NULL || from_type == NULL_TREE)
		return flow_value(w, k, from);
	if (k.derefs >= 0 && !carries(to_type))
		return flow_discard(w, from);
	if (points_to_code(to_type) && !points_to_code(from_type))
		return flow_value(w, to_heap(), from);
	if (unit.checked.contains(t))
		return flow_value(w, k, from);
	if (is_data_pointer(to_type) && is_data_pointer(from_type) &&
	    hides_pointers(TREE_TYPE(from_type), TREE_TYPE(to_type))) {
		if (k.derefs >= 0)
			k = hole_of_bytes(w, k, from);
	} else if (is_data_pointer(to_type) && INTEGRAL_TYPE_P(from_type)) {
		k = note(k, t, "conversion to unsafe.Pointer");
	}
	flow_value(w, k, from);
}

// Go's rule for arithmetic on what may be a pointer: cmd/compile/internal/escape/expr.go,
// unsafeValue. Shifts take their left side only.
void
flow_arithmetic(struct walk_state *w, struct esc_hole k, tree t)
{
	bool shift = TREE_CODE(t) == LSHIFT_EXPR || TREE_CODE(t) == RSHIFT_EXPR ||
		     TREE_CODE(t) == LROTATE_EXPR || TREE_CODE(t) == RROTATE_EXPR;

	if (!carries(TREE_TYPE(t)))
		k = esc_discard();
	flow_value(w, k, TREE_OPERAND(t, 0));
	if (TREE_OPERAND_LENGTH(t) == 2)
		flow_value(w, shift ? esc_discard() : k, TREE_OPERAND(t, 1));
}

// Whether the offset of a POINTER_PLUS_EXPR may be what knows the address: one may count bytes from
// null, or from anything else. An index of larger elements is only a number.
bool
offset_carries(tree base, tree offset)
{
	STRIP_NOPS(offset);
	if (TREE_CODE(offset) == MULT_EXPR && !is_null(base))
		return false;
	while (CONVERT_EXPR_P(offset))
		if (!carries(TREE_TYPE(offset = TREE_OPERAND(offset, 0))))
			return false;
	return TREE_CODE(offset) != INTEGER_CST;
}

// The pointer stays with its object.
void
flow_offset(struct walk_state *w, struct esc_hole k, tree t)
{
	tree base = TREE_OPERAND(t, 0), offset = TREE_OPERAND(t, 1);

	flow_value(w, k, base);
	flow_value(w, offset_carries(base, offset) ? k : esc_discard(), offset);
}

// The variable that a condition compares with null.
tree
null_tested(tree cond)
{
	STRIP_NOPS(cond);
	if (TREE_CODE(cond) == NE_EXPR && is_null(TREE_OPERAND(cond, 1))) {
		tree v = TREE_OPERAND(cond, 0);

		STRIP_NOPS(v);
		if (TREE_CODE(v) == VAR_DECL)
			return v;
	}
	return NULL_TREE;
}

void
flow_arm(struct walk_state *w, struct esc_hole k, tree t, tree null_test)
{
	struct arm *outer = w->arm;

	if (t == NULL_TREE)
		return;
	w->arm = XCNEW(struct arm);
	w->arm->outer = outer;
	w->arm->null_test = null_test;
	flow_value(w, k, t);
	w->arm = outer;
}

void
flow_cond(struct walk_state *w, struct esc_hole k, tree t)
{
	flow_discard(w, COND_EXPR_COND(t));
	if (VOID_TYPE_P(TREE_TYPE(t)))
		k = esc_discard();
	flow_arm(w, k, COND_EXPR_THEN(t), null_tested(COND_EXPR_COND(t)));
	flow_arm(w, k, COND_EXPR_ELSE(t), NULL_TREE);
}

// A tree that stands in several places but is evaluated once: its value is kept in a location.
void
flow_shared(struct walk_state *w, struct esc_hole k, tree t)
{
	struct local **known = w->f->locals.get(t);
	struct local *l;

	if (known == NULL) {
		l = XCNEW(struct local);
		w->f->locals.put(t, l);
	} else {
		l = *known;
	}
	if (l->loc == NULL) {
		l->loc = esc_loc(unit.esc, ESC_TEMP, w->f->core, NULL, w->depth);
		l->loc->unseen = true;
		if (carries(TREE_TYPE(t)))
			flow_value(w, esc_hole(l->loc), TREE_OPERAND(t, 0));
		else
			flow_discard(w, TREE_OPERAND(t, 0));
	}
	if (k.dst != NULL && (k.derefs < 0 || carries(TREE_TYPE(t))))
		esc_flow(unit.esc, k, l->loc);
}

void
flow_target(struct walk_state *w, struct esc_hole k, tree t)
{
	tree slot = TARGET_EXPR_SLOT(t), init = TARGET_EXPR_INITIAL(t);
	struct esc_loc *l = loc_of(w, slot);

	if (init != NULL_TREE && !w->f->met.add(t)) {
		if (VOID_TYPE_P(TREE_TYPE(init)) || l == NULL || !carries(TREE_TYPE(slot)))
			flow_discard(w, init);
		else
			flow_value(w, esc_hole(l), init);
		if (TARGET_EXPR_CLEANUP(t) != NULL_TREE)
			flow_discard(w, TARGET_EXPR_CLEANUP(t));
	}
	flow_variable(w, k, slot);
}

// A value that goes into a member of an aggregate, or into memory that is read as integers.
struct esc_hole
hole_of_member(struct esc_hole k, tree type, bool in_union)
{
	if (has_pointers(type) || (in_union && is_word(type)))
		return k;
	return is_word(type) ? to_heap() : esc_discard();
}

void flow_constructor(struct walk_state *w, struct esc_hole k, tree t);

} // namespace

// The elements of braces, each to K as far as it may be a pointer.
void
flow_elements(struct walk_state *w, struct esc_hole k, tree t)
{
	bool in_union = TREE_CODE(TREE_TYPE(t)) == UNION_TYPE && has_pointers(TREE_TYPE(t));
	unsigned i;
	tree at, value;

	FOR_EACH_CONSTRUCTOR_ELT(CONSTRUCTOR_ELTS(t), i, at, value) {
		bool anonymous = at != NULL_TREE && TREE_CODE(at) == FIELD_DECL &&
				 DECL_NAME(at) == NULL_TREE;

		if (TREE_CODE(value) == CONSTRUCTOR && anonymous)
			flow_elements(w, k, value);
		else if (TREE_CODE(value) == CONSTRUCTOR)
			flow_constructor(w, k, value);
		else if (!CONSTANT_CLASS_P(value))
			flow_value(w, hole_of_member(k, TREE_TYPE(value), in_union), value);
	}
}

namespace {

void
flow_constructor(struct walk_state *w, struct esc_hole k, tree t)
{
	bool array = TREE_CODE(TREE_TYPE(t)) == ARRAY_TYPE;
	const char *from = converted_text(t);

	if (from != NULL) {
		if (*from)
			k = note_text(k, from, "interface-converted", w->where);
		return flow_elements(w, k, t);
	}
	k = note_text(k, unit.esc->explain ? spell(t) : NULL,
		      array ? "array literal element" : "struct literal element", w->where);
	flow_elements(w, k, t);
}

void
flow_literal_value(struct walk_state *w, struct esc_hole k, tree decl)
{
	location_t outer = w->where;

	w->where = DECL_SOURCE_LOCATION(decl);
	flow_value(w, k, DECL_INITIAL(decl));
	w->where = outer;
}

void
flow_literal(struct walk_state *w, struct esc_hole k, tree t)
{
	tree decl = COMPOUND_LITERAL_EXPR_DECL(t);
	struct object *o;

	if (TREE_STATIC(decl))
		return;
	if (k.derefs >= 0 && !carries(TREE_TYPE(t)))
		k = esc_discard();
	// A literal that only its value is wanted of is the braces that initialise it.
	if (k.derefs >= 0 && !w->f->objects.get(t) && !w->f->met.add(t))
		return flow_literal_value(w, k, decl);
	o = object_at(w, t, OBJECT_LITERAL);
	if (k.dst == NULL)
		return;
	if (k.derefs < 0)
		k = note_text(k, o->name, "spill", o->where);
	esc_flow(unit.esc, k, o->loc);
}

void
flow_address(struct walk_state *w, struct esc_hole k, tree t)
{
	tree of = strip_anonymous(TREE_OPERAND(t, 0)), base = get_base_address(of);

	// A pointer to a struct, used as one to the struct that is embedded in it.
	if (of != TREE_OPERAND(t, 0) && TREE_CODE(of) == INDIRECT_REF)
		return flow_value(w, k, TREE_OPERAND(of, 0));

	if (base != NULL_TREE && TREE_CODE(base) == COMPOUND_LITERAL_EXPR &&
	    !TREE_STATIC(COMPOUND_LITERAL_EXPR_DECL(base)))
		object_at(w, base, OBJECT_LITERAL)->loc->addressed = true;
	if (k.dst == NULL)
		return flow_discard(w, of);
	// Whoever loads through the address of a member may be after the others: container_of.
	if (k.derefs > 0 && handled_component_p(of)) {
		struct esc_hole whole = temporary(w);

		esc_flow(unit.esc, k, whole.dst);
		k = whole;
	}
	k = esc_addr(k);
	if (TREE_CODE(of) == COMPOUND_LITERAL_EXPR && k.derefs < 0)
		return flow_value(w, k, of);    // it is a spill
	flow_value(w, note(k, t, "address-of"), of);
}

// The same variable, or the same path from it, without side effects.
bool
same_place(tree a, tree b)
{
	STRIP_NOPS(a);
	STRIP_NOPS(b);
	return !TREE_SIDE_EFFECTS(a) && operand_equal_p(a, b, 0);
}

// p[i] and p[j], of which p[0] is spelled *p in trees.
bool
is_self_index(tree a, tree b)
{
	bool indexed = false;

	STRIP_NOPS(a);
	STRIP_NOPS(b);
	if (TREE_SIDE_EFFECTS(a) || TREE_SIDE_EFFECTS(b))
		return false;
	for (tree *p : { &a, &b })
		if (TREE_CODE(*p) == POINTER_PLUS_EXPR) {
			*p = TREE_OPERAND(*p, 0);
			indexed = true;
		}
	return indexed && same_place(a, b);
}

// The variable that T, a *p or p->x, looks through; else NULL.
tree
looked_through(tree t)
{
	while (TREE_CODE(t) == COMPONENT_REF)
		t = TREE_OPERAND(t, 0);
	if (TREE_CODE(t) != INDIRECT_REF)
		return NULL_TREE;
	t = TREE_OPERAND(t, 0);
	STRIP_NOPS(t);
	return VAR_P(t) || TREE_CODE(t) == PARM_DECL ? t : NULL_TREE;
}

// b->x = subslice(b->y, ...). Go: isSliceSelfAssign in escape/assign.go.
bool
is_part_of(tree lhs, tree whole)
{
	tree base = looked_through(lhs);

	if (whole == NULL_TREE || base == NULL_TREE)
		return false;
	STRIP_NOPS(whole);
	return looked_through(whole) == base;
}

// val.x = val.y, p->x = p->y, v[i] = v[j]: the store keeps nothing alive that was not already.
// Go: isSelfAssign in escape/utils.go.
bool
is_self_assign(tree lhs, tree rhs)
{
	STRIP_NOPS(rhs);
	if (TREE_CODE(rhs) == CALL_EXPR)
		return is_part_of(lhs, subslice_operand(rhs));
	if (TREE_CODE(lhs) != TREE_CODE(rhs))
		return false;
	if (TREE_CODE(lhs) == COMPONENT_REF)
		return same_place(TREE_OPERAND(lhs, 0), TREE_OPERAND(rhs, 0));
	if (TREE_CODE(lhs) == ARRAY_REF)
		return !TREE_SIDE_EFFECTS(lhs) && !TREE_SIDE_EFFECTS(rhs) &&
		       same_place(TREE_OPERAND(lhs, 0), TREE_OPERAND(rhs, 0));
	if (TREE_CODE(lhs) == INDIRECT_REF)
		return is_self_index(TREE_OPERAND(lhs, 0), TREE_OPERAND(rhs, 0));
	return false;
}

// p += n, (*pp)++ as an assignment: the pointer stays with its object.
bool
is_update(tree lhs, tree rhs)
{
	STRIP_NOPS(rhs);
	return TREE_CODE(rhs) == POINTER_PLUS_EXPR && operand_equal_p(lhs, TREE_OPERAND(rhs, 0), 0);
}

// Sends the value of RHS to LHS, and to K as the value of the assignment.
void
flow_assign(struct walk_state *w, struct esc_hole k, tree lhs, tree rhs, tree where)
{
	struct esc_hole both[2];

	both[0] = flow_place(w, lhs);
	if (!carries(TREE_TYPE(lhs)))
		return flow_discard(w, rhs);
	if (is_update(lhs, rhs)) {
		flow_value(w, k, rhs);
		STRIP_NOPS(rhs);
		if (offset_carries(TREE_OPERAND(rhs, 0), TREE_OPERAND(rhs, 1)))
			flow_value(w, note(both[0], where, "assign"), TREE_OPERAND(rhs, 1));
		return;
	}
	if (has_pointers(TREE_TYPE(lhs)) && is_self_assign(lhs, rhs)) {
		if (report_wanted()) {
			char *text = concat(IDENTIFIER_POINTER(DECL_NAME(w->f->decl)),
					    " ignoring self-assignment in ", spell(where), NULL);

			report(w->f, EXPR_LOCATION(where), NOTICE, NULL, text, NULL, NULL);
			free(text);
		}
		both[0] = esc_discard();
	}
	if (VAR_P(lhs) && is_sent(lhs))
		both[0] = note(to_heap(), where, "send");
	else if (TREE_CODE(where) == DECL_EXPR && is_marked(lhs, "goat_case"))
		both[0] = note(both[0], where, "switch case");
	else if (TREE_CODE(where) == DECL_EXPR && is_marked(lhs, "goat_elem"))
		both[0] = note(both[0], where, "range-deref");
	else
		both[0] = note(both[0], where, "assign");
	both[1] = k;
	flow_value(w, k.dst == NULL ? both[0] : join(w, both, 2),
		   rhs);
}

void
flow_modify(struct walk_state *w, struct esc_hole k, tree t)
{
	flow_assign(w, k, TREE_OPERAND(t, 0), TREE_OPERAND(t, 1), t);
}

// ---------------------------------------------------------------- statements

void
flow_return(struct walk_state *w, tree t)
{
	tree value = TREE_OPERAND(t, 0), whole;

	if (value == NULL_TREE || value == error_mark_node)
		return;
	if (TREE_CODE(value) == MODIFY_EXPR || TREE_CODE(value) == INIT_EXPR) {
		if (TREE_CODE(TREE_OPERAND(value, 0)) != RESULT_DECL)
			return flow_discard(w, value);
		whole = value;
		value = TREE_OPERAND(whole, 1);
		if (is_returned_address(value))
			value = TREE_OPERAND(value, 0);
		if (unit.annotated && !w->f->alone)
			TREE_OPERAND(whole, 1) = value;
	}
	flow_value(w, carries(TREE_TYPE(value)) ? note(esc_hole(w->f->result), t, "return")
						: esc_discard(), value);
}

void
flow_asm(struct walk_state *w, tree t)
{
	for (tree o = ASM_OUTPUTS(t); o != NULL_TREE; o = TREE_CHAIN(o)) {
		flow_place(w, TREE_VALUE(o));
		// An operand in memory: the instructions see its address.
		if (strchr(TREE_STRING_POINTER(TREE_VALUE(TREE_PURPOSE(o))), 'm'))
			flow_value(w, esc_addr(to_heap()), TREE_VALUE(o));
	}
	for (tree i = ASM_INPUTS(t); i != NULL_TREE; i = TREE_CHAIN(i)) {
		tree v = TREE_VALUE(i);

		if (strchr(TREE_STRING_POINTER(TREE_VALUE(TREE_PURPOSE(i))), 'm') && lvalue_p(v))
			flow_value(w, esc_addr(to_heap()), v);
		flow_value(w, to_heap(), v);
	}
}

void
flow_switch(struct walk_state *w, tree t)
{
	struct arm *outer = w->arm;

	flow_discard(w, SWITCH_COND(t));
	w->arm = XCNEW(struct arm);
	w->arm->outer = outer;
	flow_discard(w, SWITCH_BODY(t));
	w->arm = outer;
}

void
end_loop(struct walk_state *w, struct goto_loop *l)
{
	l->open = false;
	w->depth--;
}

// A label that is jumped back to begins a loop. The front end's own labels are those of loop
// statements, which end at the last jump back; a label of the user's reaches to the end of its
// block, as in Go.
void
flow_label(struct walk_state *w, tree label, vec<struct goto_loop *> *in_list)
{
	struct goto_loop **known = w->f->loops.get(label);

	if (known == NULL)
		return;
	w->depth++;
	(*known)->open = true;
	if (DECL_NAME(label) == NULL_TREE)
		(*known)->closed = true;
	else
		in_list->safe_push(*known);
}

void
flow_goto(struct walk_state *w, tree t)
{
	if (TREE_CODE(GOTO_DESTINATION(t)) != LABEL_DECL)
		flow_discard(w, GOTO_DESTINATION(t));
	if (tree *label = w->f->loop_ends.get(t)) {
		struct goto_loop *l = *w->f->loops.get(*label);

		if (l->closed && l->open)
			end_loop(w, l);
		l->last = NULL_TREE;            // passed
	}
}

void
flow_list(struct walk_state *w, tree t)
{
	auto_vec<struct goto_loop *> in_list;

	for (tree_stmt_iterator i = tsi_start(t); !tsi_end_p(i); tsi_next(&i)) {
		tree stmt = tsi_stmt(i);

		if (TREE_CODE(stmt) == LABEL_EXPR)
			flow_label(w, LABEL_EXPR_LABEL(stmt), &in_list);
		else
			flow_discard(w, stmt);
	}
	for (struct goto_loop *l : in_list) {
		l->closed = true;
		if (l->open && l->last == NULL_TREE)
			end_loop(w, l);
	}
}

void
flow_bind(struct walk_state *w, tree t)
{
	for (tree v = BIND_EXPR_VARS(t); v != NULL_TREE; v = DECL_CHAIN(v))
		if (struct local **l = w->f->locals.get(v))
			(*l)->block_depth = w->depth;
	if (unit.annotated && is_defer(t))
		return flow_defer(w, t);
	if (unit.annotated && is_go(t))
		return flow_go(w, t);
	flow_discard(w, BIND_EXPR_BODY(t));
}

// A variable of a round of slice_range: the index, or an element of the slice that goat_range_ is.
void
flow_each(struct walk_state *w, tree decl, tree init)
{
	tree text = TREE_VALUE(lookup_attribute("goat_each", DECL_ATTRIBUTES(decl))), slice = init;
	struct esc_hole k = flow_place(w, decl);

	if (text == NULL_TREE || !has_pointers(TREE_TYPE(decl)))
		return;
	STRIP_NOPS(slice);
	while (!VAR_P(slice) && EXPR_P(slice))
		slice = TREE_OPERAND(slice, 0);
	k = note_text(k, TREE_STRING_POINTER(TREE_VALUE(text)), "range-deref",
		      DECL_SOURCE_LOCATION(decl));
	flow_variable(w, esc_deref(k), slice);
}

void
flow_decl(struct walk_state *w, tree t)
{
	tree decl = DECL_EXPR_DECL(t), init, size;
	struct local *l;
	int block_depth;

	if (TREE_CODE(decl) != VAR_DECL || !is_local(decl))
		return;
	if (struct local **known = w->f->locals.get(decl))
		block_depth = (*known)->block_depth;
	else
		block_depth = w->depth;
	l = local_of(w, decl);
	l->block_depth = block_depth;
	size = DECL_SIZE_UNIT(decl);
	if (size != NULL_TREE && tree_fits_uhwi_p(size) && tree_to_uhwi(size) > MAX_VARIABLE)
		esc_flow(unit.esc, note(esc_addr(to_heap()), decl, "too large for stack"), l->loc);
	init = DECL_INITIAL(decl);
	w->where = DECL_SOURCE_LOCATION(decl);
	if (is_marked(decl, "goat_key"))
		return;                 // keys leaked to the heap as they were put into the map
	if (init == NULL_TREE || init == error_mark_node)
		return;
	if (is_marked(decl, "goat_each"))
		return flow_each(w, decl, init);
	flow_assign(w, esc_discard(), decl, init, t);
}

} // namespace

// `return &x;` reaches us as `return (&x, 0);`, for the front end knows that the address dangles.
bool
is_returned_address(tree value)
{
	return TREE_CODE(value) == COMPOUND_EXPR && !EXPR_HAS_LOCATION(value) &&
	       integer_zerop(TREE_OPERAND(value, 1));
}

// Whether a value of TYPE holds pointers to data. A pointer to a function is code.
bool
has_pointers(tree type)
{
	switch (TREE_CODE(type)) {
	case POINTER_TYPE:
	case REFERENCE_TYPE:
		return !points_to_code(type);
	case ARRAY_TYPE:
		return has_pointers(TREE_TYPE(type));
	case RECORD_TYPE:
	case UNION_TYPE: {
		bool *known, has;

		type = TYPE_MAIN_VARIANT(type);
		if (pointer_types == NULL)
			pointer_types = new hash_map<tree, bool>;
		if ((known = pointer_types->get(type)) != NULL)
			return *known;
		has = fields_have_pointers(type);
		if (COMPLETE_TYPE_P(type))
			pointer_types->put(type, has);
		return has;
	}
	default:
		return false;
	}
}

// Whether POINTER, or what it is counted from, is a cast that hides what it points to.
bool
is_hiding_cast(tree pointer)
{
	tree to = TREE_TYPE(pointer), from;

	if (unit.checked.contains(pointer))
		return false;
	while (CONVERT_EXPR_P(pointer) || TREE_CODE(pointer) == POINTER_PLUS_EXPR)
		pointer = TREE_OPERAND(pointer, 0);
	from = TREE_TYPE(pointer);
	return is_data_pointer(to) && is_data_pointer(from) &&
	       hides_pointers(TREE_TYPE(from), TREE_TYPE(to));
}

// Whether flow goes through a value of TYPE.
bool
carries(tree type)
{
	return type != NULL_TREE && (has_pointers(type) || is_word(type));
}

// One hole for N, none of which takes an address.
struct esc_hole
join(struct walk_state *w, const struct esc_hole *k, size_t n)
{
	struct esc_hole one = esc_tee(unit.esc, w->f->core, w->depth, k, n);
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		used += k[i].dst != NULL;
	if (used > 1)
		one.dst->unseen = true;
	return one;
}

struct esc_hole
note_text(struct esc_hole k, const char *what, const char *why, location_t where)
{
	if (!unit.esc->explain || k.dst == NULL)
		return k;
	return esc_note(unit.esc, k, what, why, spell_location(where));
}

struct esc_hole
note(struct esc_hole k, tree t, const char *why)
{
	const char *text;

	if (!unit.esc->explain || k.dst == NULL || *(text = spell(t)) == '\0')
		return k;
	return note_text(k, text, why,
			 DECL_P(t) ? DECL_SOURCE_LOCATION(t) : EXPR_LOCATION(t));
}

// The place that POINTER points to. Only of `&lvalue` do we know which that is.
struct esc_hole
flow_place_at(struct walk_state *w, tree pointer)
{
	STRIP_NOPS(pointer);
	if (TREE_CODE(pointer) == ADDR_EXPR)
		return flow_place(w, TREE_OPERAND(pointer, 0));
	flow_discard(w, pointer);
	return to_heap();
}

// The hole of what LHS designates; its side effects are followed on the way.
struct esc_hole
flow_place(struct walk_state *w, tree lhs)
{
	switch (TREE_CODE(lhs)) {
	case VAR_DECL:
	case PARM_DECL:
	case RESULT_DECL: {
		struct esc_loc *l = loc_of(w, lhs);

		// What a nested function puts in a variable around it outlives it, and what a cast
		// puts in bytes is read as bytes.
		if (l == NULL || l->fn != w->f->core || !carries(TREE_TYPE(lhs)))
			return to_heap();
		return esc_hole(l);
	}
	case COMPONENT_REF: {
		struct esc_hole k = flow_place(w, TREE_OPERAND(lhs, 0));

		return memory_carries(lhs) ? k : to_heap();
	}
	case ARRAY_REF:
	case ARRAY_RANGE_REF: {
		struct esc_hole k;

		flow_discard(w, TREE_OPERAND(lhs, 1));
		k = flow_place(w, TREE_OPERAND(lhs, 0));
		return memory_carries(lhs) ? k : to_heap();
	}
	case INDIRECT_REF:
	case MEM_REF:
		return flow_place_at(w, TREE_OPERAND(lhs, 0));
	case COMPOUND_LITERAL_EXPR:
		if (TREE_STATIC(COMPOUND_LITERAL_EXPR_DECL(lhs)) || !carries(TREE_TYPE(lhs)))
			return to_heap();
		return esc_hole(object_at(w, lhs, OBJECT_LITERAL)->loc);
	case TARGET_EXPR:
		flow_discard(w, lhs);
		return flow_place(w, TARGET_EXPR_SLOT(lhs));
	case COMPOUND_EXPR:
		flow_discard(w, TREE_OPERAND(lhs, 0));
		return flow_place(w, TREE_OPERAND(lhs, 1));
	case REALPART_EXPR:
	case IMAGPART_EXPR:
	case BIT_FIELD_REF:
		flow_place(w, TREE_OPERAND(lhs, 0));
		return to_heap();
	case VIEW_CONVERT_EXPR:
	case NON_LVALUE_EXPR:
		return flow_place(w, TREE_OPERAND(lhs, 0));
	default:
		flow_discard(w, lhs);
		return to_heap();
	}
}

void
flow_value(struct walk_state *w, struct esc_hole k, tree t)
{
	if (t == NULL_TREE || t == error_mark_node)
		return;
	switch (TREE_CODE(t)) {
	case VAR_DECL:
	case PARM_DECL:
	case RESULT_DECL:
		return flow_variable(w, k, t);
	case FUNCTION_DECL:
	case LABEL_DECL:
	case CONST_DECL:
	case STRING_CST:
	case INTEGER_CST:
	case REAL_CST:
	case FIXED_CST:
	case COMPLEX_CST:
	case VECTOR_CST:
	case FIELD_DECL:
	case TYPE_DECL:
	case IDENTIFIER_NODE:
		return;
	case ADDR_EXPR:
		return flow_address(w, k, t);
	case INDIRECT_REF:
	case MEM_REF:
		return flow_load(w, k, t);
	case COMPONENT_REF:
		return flow_component(w, k, t);
	case ARRAY_REF:
	case ARRAY_RANGE_REF:
		return flow_element(w, k, t);
	CASE_CONVERT:
	case VIEW_CONVERT_EXPR:
		return flow_conversion(w, k, t);
	case NON_LVALUE_EXPR:
	case EXCESS_PRECISION_EXPR:
		return flow_value(w, k, TREE_OPERAND(t, 0));
	case C_MAYBE_CONST_EXPR:
		flow_discard(w, C_MAYBE_CONST_EXPR_PRE(t));
		return flow_value(w, k, C_MAYBE_CONST_EXPR_EXPR(t));
	case POINTER_PLUS_EXPR:
		return flow_offset(w, k, t);
	case PLUS_EXPR:
	case MINUS_EXPR:
	case MULT_EXPR:
	case TRUNC_DIV_EXPR:
	case EXACT_DIV_EXPR:
	case TRUNC_MOD_EXPR:
	case BIT_AND_EXPR:
	case BIT_IOR_EXPR:
	case BIT_XOR_EXPR:
	case BIT_NOT_EXPR:
	case NEGATE_EXPR:
	case ABS_EXPR:
	case ABSU_EXPR:
	case LSHIFT_EXPR:
	case RSHIFT_EXPR:
	case LROTATE_EXPR:
	case RROTATE_EXPR:
	case MIN_EXPR:
	case MAX_EXPR:
		return flow_arithmetic(w, k, t);
	case POINTER_DIFF_EXPR:
	case EQ_EXPR:
	case NE_EXPR:
	case LT_EXPR:
	case LE_EXPR:
	case GT_EXPR:
	case GE_EXPR:
	case UNEQ_EXPR:
	case UNLT_EXPR:
	case UNLE_EXPR:
	case UNGT_EXPR:
	case UNGE_EXPR:
	case LTGT_EXPR:
	case ORDERED_EXPR:
	case UNORDERED_EXPR:
	case TRUTH_AND_EXPR:
	case TRUTH_OR_EXPR:
	case TRUTH_XOR_EXPR:
	case TRUTH_ANDIF_EXPR:
	case TRUTH_ORIF_EXPR:
		flow_discard(w, TREE_OPERAND(t, 0));
		return flow_discard(w, TREE_OPERAND(t, 1));
	case TRUTH_NOT_EXPR:
	case FLOAT_EXPR:
		// A double has room for every address there is, but not for where it came from.
		return flow_value(w, wide_float(TREE_TYPE(t)) ? to_heap() : esc_discard(),
				  TREE_OPERAND(t, 0));
	case FIX_TRUNC_EXPR:
	case CONJ_EXPR:
	case EXIT_EXPR:
		return flow_discard(w, TREE_OPERAND(t, 0));
	case RDIV_EXPR:
		flow_discard(w, TREE_OPERAND(t, 0));
		return flow_discard(w, TREE_OPERAND(t, 1));
	case COND_EXPR:
		return flow_cond(w, k, t);
	case COMPOUND_EXPR:
		flow_discard(w, TREE_OPERAND(t, 0));
		return flow_value(w, k, TREE_OPERAND(t, 1));
	case SAVE_EXPR:
		return flow_shared(w, k, t);
	case TARGET_EXPR:
		return flow_target(w, k, t);
	case MODIFY_EXPR:
	case INIT_EXPR:
		return flow_modify(w, k, t);
	case PREINCREMENT_EXPR:
	case PREDECREMENT_EXPR:
	case POSTINCREMENT_EXPR:
	case POSTDECREMENT_EXPR:
		return flow_value(w, k, TREE_OPERAND(t, 0));
	case CALL_EXPR:
		return flow_call(w, k, t);
	case CONSTRUCTOR:
		return flow_constructor(w, k, t);
	case COMPOUND_LITERAL_EXPR:
		return flow_literal(w, k, t);
	case VA_ARG_EXPR:
		if (!carries(TREE_TYPE(t)))
			k = esc_discard();
		return flow_value(w, esc_deref(k), TREE_OPERAND(t, 0));
	case BIND_EXPR:
		return flow_bind(w, t);
	case STATEMENT_LIST:
		return flow_list(w, t);
	case DECL_EXPR:
		return flow_decl(w, t);
	case RETURN_EXPR:
		return flow_return(w, t);
	case GOTO_EXPR:
		return flow_goto(w, t);
	case LABEL_EXPR: {
		auto_vec<struct goto_loop *> alone;

		return flow_label(w, LABEL_EXPR_LABEL(t), &alone);
	}
	case SWITCH_EXPR:
		return flow_switch(w, t);
	case ASM_EXPR:
		return flow_asm(w, t);
	case TRY_FINALLY_EXPR:
	case TRY_CATCH_EXPR:
	case EH_ELSE_EXPR:
		flow_discard(w, TREE_OPERAND(t, 0));
		return flow_discard(w, TREE_OPERAND(t, 1));
	case CASE_LABEL_EXPR:
	case PREDICT_EXPR:
	case DEBUG_BEGIN_STMT:
		return;
	case CLEANUP_POINT_EXPR:
		return flow_value(w, k, TREE_OPERAND(t, 0));
	case ANNOTATE_EXPR:
		return flow_discard(w, TREE_OPERAND(t, 0));
	default:
		if (EXPR_P(t))
			flow_unknown(w, t);
	}
}

void
flow_function(struct func *f)
{
	struct walk_state w = {};

	w.f = f;
	w.depth = 1;
	flow_value(&w, esc_discard(), DECL_SAVED_TREE(f->decl));
	// A function that is left alone keeps its variables; what it makes is the heap's.
	if (f->alone)
		for (const struct object *o : f->object_order)
			esc_flow(unit.esc,
				 note_text(esc_addr(to_heap()), o->name, f->why_alone, o->where),
				 o->loc);
}
