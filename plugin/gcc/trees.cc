// SPDX-License-Identifier: GPL-3.0-or-later
//
// trees.cc: the trees that the rewrites build.
//
// Calls of the runtime are declared from runtime/include/goat/entry.def, which the runtime's own
// prototypes come from too.
//
// Layer: glue.

#include "glue.h"

namespace {

hash_set<tree> *runtime_functions;      // all that were made

enum entry_flags { NOTHROW, THROWS, NORETURN };

tree
named_type(const char *name)
{
	return TYPE_MAIN_VARIANT(TREE_TYPE(global_declaration(name)));
}

tree
entry_type(enum entry e)
{
	tree VOID = void_type_node, BOOL = boolean_type_node, INT = integer_type_node;
	tree SIZE = size_type_node, POINTER = ptr_type_node, NONE = NULL_TREE;

#define ANY goat_any_type()
#define STRING named_type("goat_string")
#define SPACE named_type("goat_space")
	switch (e) {
#define ENTRY(name, flags, result, ...)                                                            \
	case ENTRY_##name:                                                                         \
		return build_function_type_list(result, __VA_ARGS__, NULL_TREE);
#include "goat/entry.def"
#undef ENTRY
	default:
		gcc_unreachable();
	}
#undef ANY
#undef STRING
#undef SPACE
}

// The type of an allocator: argument 1 is the size and 2 the alignment of what it gives, which
// __builtin_object_size and the checks of _FORTIFY_SOURCE go by.
tree
allocator_type(tree type)
{
	tree size = tree_cons(get_identifier("alloc_size"),
			      build_tree_list(NULL_TREE, integer_one_node), NULL_TREE);
	tree both = tree_cons(get_identifier("alloc_align"),
			      build_tree_list(NULL_TREE, build_int_cst(integer_type_node, 2)), size);

	return build_type_attribute_variant(type, both);
}

} // namespace

tree
runtime_function(enum entry e)
{
	static const struct {
		const char *name;
		enum entry_flags flags;
	} table[] = {
#define ENTRY(name, flags, ...) { "goat_" #name, flags },
#include "goat/entry.def"
#undef ENTRY
	};
	static tree made[NENTRIES];
	tree fn = made[e];

	if (fn != NULL_TREE)
		return fn;
	fn = build_decl(UNKNOWN_LOCATION, FUNCTION_DECL, get_identifier(table[e].name),
			entry_type(e));
	TREE_PUBLIC(fn) = 1;
	DECL_EXTERNAL(fn) = 1;
	DECL_ARTIFICIAL(fn) = 1;
	TREE_NOTHROW(fn) = table[e].flags == NOTHROW;
	TREE_THIS_VOLATILE(fn) = table[e].flags == NORETURN;
	if (e == ENTRY_mallocgc) {
		DECL_IS_MALLOC(fn) = 1;
		TREE_TYPE(fn) = allocator_type(TREE_TYPE(fn));
	}
	if (runtime_functions == NULL)
		runtime_functions = new hash_set<tree>;
	runtime_functions->add(fn);
	return made[e] = fn;
}

// The front end has forgotten what its names stand for by the time of the unit pass.
tree
global_declaration(const char *name)
{
	tree id = get_identifier(name);

	for (tree t : *all_translation_units)
		for (tree d = BLOCK_VARS(DECL_INITIAL(t)); d != NULL_TREE; d = DECL_CHAIN(d))
			if (DECL_NAME(d) == id)
				return d;
	gcc_unreachable();
}

tree
runtime_inline(const char *name, bool throws)
{
	static hash_map<nofree_string_hash, tree> *found;
	bool known;

	if (found == NULL)
		found = new hash_map<nofree_string_hash, tree>;
	if (runtime_functions == NULL)
		runtime_functions = new hash_set<tree>;
	tree &fn = found->get_or_insert(name, &known);
	if (!known) {
		fn = global_declaration(name);
		TREE_NOTHROW(fn) = !throws;
		runtime_functions->add(fn);
	}
	return fn;
}

bool
is_part_of_runtime(tree fn)
{
	return DECL_DECLARED_INLINE_P(fn) && in_system_header_at(DECL_SOURCE_LOCATION(fn)) &&
	       startswith(IDENTIFIER_POINTER(DECL_NAME(fn)), "goat_") &&
	       lookup_attribute("always_inline", DECL_ATTRIBUTES(fn)) != NULL_TREE;
}

bool
is_runtime_function(tree fn)
{
	return runtime_functions != NULL && runtime_functions->contains(fn);
}

tree
allocation(location_t where, tree type, tree size, unsigned HOST_WIDE_INT align)
{
	tree call = build_call_expr_loc(where, runtime_function(ENTRY_mallocgc), 3,
					fold_convert(size_type_node, size), size_int(align),
					has_pointers(type) ? integer_zero_node : integer_one_node);

	return fold_convert(build_pointer_type(type), call);
}

tree
dereference(tree pointer)
{
	tree ref = build1(INDIRECT_REF, TREE_TYPE(TREE_TYPE(pointer)), pointer);

	TREE_THIS_NOTRAP(ref) = 1;
	if (TYPE_VOLATILE(TREE_TYPE(ref)))
		TREE_THIS_VOLATILE(ref) = TREE_SIDE_EFFECTS(ref) = 1;
	return ref;
}

tree
outermost(struct func *f)
{
	tree body = DECL_SAVED_TREE(f->decl);

	while (TREE_CODE(body) == STATEMENT_LIST && !tsi_end_p(tsi_start(body)))
		body = tsi_stmt(tsi_last(body));
	if (TREE_CODE(body) == BIND_EXPR)
		return body;
	body = build3(BIND_EXPR, void_type_node, NULL_TREE, DECL_SAVED_TREE(f->decl), NULL_TREE);
	TREE_SIDE_EFFECTS(body) = 1;
	DECL_SAVED_TREE(f->decl) = body;
	return body;
}

void
put_at_top(tree bind, tree stmt)
{
	tree list = NULL_TREE;

	append_to_statement_list(stmt, &list);
	append_to_statement_list(BIND_EXPR_BODY(bind), &list);
	BIND_EXPR_BODY(bind) = list;
}

void
declare_in(tree bind, tree v)
{
	DECL_CHAIN(v) = BIND_EXPR_VARS(bind);
	BIND_EXPR_VARS(bind) = v;
	if (tree block = BIND_EXPR_BLOCK(bind))
		BLOCK_VARS(block) = v;
}

tree
new_variable(struct func *f, location_t where, const char *name, tree type)
{
	tree v = build_decl(where, VAR_DECL, name ? get_identifier(name) : NULL_TREE, type);

	DECL_CONTEXT(v) = f->decl;
	DECL_ARTIFICIAL(v) = 1;
	DECL_IGNORED_P(v) = name == NULL;
	TREE_USED(v) = 1;
	layout_decl(v, 0);
	return v;
}

tree
zero_of(tree type)
{
	if (AGGREGATE_TYPE_P(type))
		return build_constructor(type, NULL);
	return build_zero_cst(type);
}

tree
address_of(tree slot, tree type)
{
	return fold_convert(type, build1(ADDR_EXPR, build_pointer_type(TREE_TYPE(slot)), slot));
}

tree
effect(tree t)
{
	TREE_SIDE_EFFECTS(t) = 1;
	return t;
}

tree
set_and_give(tree place, tree value, tree result)
{
	return build2(COMPOUND_EXPR, TREE_TYPE(result), assign(place, value), result);
}

bool
is_plain_local(tree decl)
{
	return TREE_CODE(decl) == VAR_DECL && !TREE_STATIC(decl) && !DECL_EXTERNAL(decl) &&
	       !TREE_ADDRESSABLE(decl) && !TREE_THIS_VOLATILE(decl);
}

tree
once(tree t)
{
	tree plain = t;

	STRIP_NOPS(plain);
	if (CONSTANT_CLASS_P(plain) || TREE_CODE(t) == SAVE_EXPR)
		return t;
	if (is_plain_local(plain) || (TREE_CODE(plain) == PARM_DECL && !TREE_ADDRESSABLE(plain) &&
				      !TREE_THIS_VOLATILE(plain)))
		return t;
	return effect(build1_loc(EXPR_LOCATION(t), SAVE_EXPR, TYPE_MAIN_VARIANT(TREE_TYPE(t)), t));
}

tree
compare(enum tree_code code, tree a, tree b)
{
	return build2(code, integer_type_node, a, fold_convert(TREE_TYPE(a), b));
}

tree
in_order(tree first, tree then)
{
	tree t = build2(COMPOUND_EXPR, TREE_TYPE(then), first, then);

	TREE_SIDE_EFFECTS(t) = TREE_SIDE_EFFECTS(first) | TREE_SIDE_EFFECTS(then);
	return t;
}

tree
choose(tree cond, tree a, tree b)
{
	tree t = build3(COND_EXPR, TREE_TYPE(a), cond, a, b);

	TREE_SIDE_EFFECTS(t) = TREE_SIDE_EFFECTS(cond) | TREE_SIDE_EFFECTS(a) | TREE_SIDE_EFFECTS(b);
	return t;
}

tree
expect(tree cond, bool value)
{
	tree call = build_call_expr(builtin_decl_explicit(BUILT_IN_EXPECT), 2,
				    fold_convert(long_integer_type_node, cond),
				    build_int_cst(long_integer_type_node, value));

	return compare(NE_EXPR, call, integer_zero_node);
}

tree
both(tree a, tree b)
{
	return build2(TRUTH_ANDIF_EXPR, integer_type_node, a, b);
}

tree
either(tree a, tree b)
{
	return build2(TRUTH_ORIF_EXPR, integer_type_node, a, b);
}

tree
assign(tree place, tree value)
{
	return effect(build2(MODIFY_EXPR, void_type_node, place, value));
}

tree
first_field(tree record)
{
	tree f = TYPE_FIELDS(record);

	while (TREE_CODE(f) != FIELD_DECL)
		f = DECL_CHAIN(f);
	return f;
}

tree
field_named(tree record, const char *name)
{
	for (tree f = TYPE_FIELDS(record); f != NULL_TREE; f = DECL_CHAIN(f))
		if (TREE_CODE(f) == FIELD_DECL && DECL_NAME(f) != NULL_TREE &&
		    id_equal(DECL_NAME(f), name))
			return f;
	gcc_unreachable();
}

tree
field_of(tree record, tree field)
{
	return build3(COMPONENT_REF, TREE_TYPE(field), record, field, NULL_TREE);
}

tree
text_address(const char *text)
{
	return build_string_literal(strlen(text) + 1, text);
}

tree
new_record(std::initializer_list<struct member_type> members)
{
	tree record = make_node(RECORD_TYPE), *end = &TYPE_FIELDS(record);

	for (const struct member_type &m : members) {
		tree f = build_decl(UNKNOWN_LOCATION, FIELD_DECL, get_identifier(m.name), m.type);

		DECL_CONTEXT(f) = record;
		*end = f;
		end = &DECL_CHAIN(f);
	}
	layout_type(record);
	return record;
}

bool
is_call_of(tree t, const char *name)
{
	tree fn = TREE_CODE(t) == CALL_EXPR ? get_callee_fndecl(t) : NULL_TREE;

	return fn != NULL_TREE && unit.annotated && DECL_EXTERNAL(fn) && DECL_NAME(fn) != NULL_TREE &&
	       id_equal(DECL_NAME(fn), name);
}

void
walk_below(tree *tp, walk_tree_fn visit, void *data)
{
	if (*tp != NULL_TREE)
		walk_tree(tp, visit, data, NULL);
}

void
walk_operands(tree t, walk_tree_fn visit, void *data)
{
	for (int i = 0; i < TREE_OPERAND_LENGTH(t); i++)
		walk_below(&TREE_OPERAND(t, i), visit, data);
}
