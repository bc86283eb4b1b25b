// SPDX-License-Identifier: GPL-3.0-or-later
//
// methods.cc: methods, interfaces, and the itabs that join them.
//
//	attribute goat_method --> list on goat_any --> methods by type --> core's itab_type
//	                                                                     | itab_collect
//	struct I_itab ---------------------------------> core's itab_type    v
//	                                                         `---> itab_match: fits, or the error
//
// An itab is a constant: what struct goat_itab of <goat/abi.h> begins with, then the interface's own
// struct of function pointers. All of these are called with a pointer to the value, so a method with
// a pointer receiver stands there itself; for the others there is a function that looks up the
// receiver: the value pointed to, a part of it, or what an embedded interface holds.
//
// The list of all methods hangs on a declaration of <goat.h>, for trees are all that a precompiled
// header keeps.
//
// M1  An itab, a set of methods and a function between are comdat, unless a method is static.
// M2  A typedef of a pointer with methods is boxed as a value is: one function serves T and T *.
//
// Go:    as reflectdata/reflect.go (methodWrapper, writeITab) and types2/lookup.go.
// Layer: glue.

#include "glue.h"

#include "itab.h"

namespace {

struct method {
	tree fn, base;
	const char *name;
	bool pointer;
};

// What an interface lists: ref of its itab_method.
struct slot {
	tree field;             // of a struct I_itab
	tree type;              // of the function
	unsigned at;            // which of the fn
};

// All that is known of a type with methods, or one that embeds.
struct methods_of {
	struct itab_type type;
	struct itab_set set;
	bool collected;
};

struct arena arena;
auto_vec<struct method> *methods;
hash_map<tree, bool> *bases;                    // types and typedefs with methods
hash_map<tree, struct methods_of *> *known;     // by type or typedef

// ---------------------------------------------------------------- receivers

bool
is_typedef(tree name)
{
	return name != NULL_TREE && TREE_CODE(name) == TYPE_DECL && DECL_NAME(name) != NULL_TREE &&
	       DECL_ORIGINAL_TYPE(name) != NULL_TREE;
}

bool
has_name(tree type)
{
	for (tree v = TYPE_MAIN_VARIANT(type); v != NULL_TREE; v = TYPE_NEXT_VARIANT(v))
		if (TYPE_NAME(v) != NULL_TREE)
			return true;
	return false;
}

// What the methods of TYPE are declared on: a struct, union or enumeration, or a typedef. NULL where
// it has no name.
tree
base_of(tree type)
{
	if (RECORD_OR_UNION_TYPE_P(type) || TREE_CODE(type) == ENUMERAL_TYPE)
		return has_name(type) ? TYPE_MAIN_VARIANT(type) : NULL_TREE;
	return is_typedef(TYPE_NAME(type)) ? TYPE_NAME(type) : NULL_TREE;
}

tree
receiver_type(tree fn)
{
	tree args = TYPE_ARG_TYPES(TREE_TYPE(fn));

	return args != NULL_TREE && !VOID_TYPE_P(TREE_VALUE(args)) ? TREE_VALUE(args) : NULL_TREE;
}

// The type that a receiver is of, or points to.
tree
receiver_base_type(tree receiver, bool *pointer)
{
	*pointer = POINTER_TYPE_P(receiver) && (!is_typedef(TYPE_NAME(receiver)) ||
						!FUNC_OR_METHOD_TYPE_P(TREE_TYPE(receiver)));
	return *pointer ? TREE_TYPE(receiver) : receiver;
}

// TYPE's names that a method's may begin with: as it is written there, and its own.
const char *
written_name(tree type)
{
	tree name = TYPE_NAME(type);

	if (name != NULL_TREE && TREE_CODE(name) == TYPE_DECL)
		name = DECL_NAME(name);
	return name != NULL_TREE ? IDENTIFIER_POINTER(name) : "";
}

const char *
without_keyword(const char *text)
{
	for (const char *word : { "struct ", "union ", "enum " })
		if (startswith(text, word))
			return text + strlen(word);
	return text;
}

// What follows TYPE_ in the function's name, or NULL.
const char *
name_after(const char *fn, const char *type)
{
	size_t n = strlen(type);

	return n > 0 && startswith(fn, type) && fn[n] == '_' && fn[n + 1] != '\0' ? fn + n + 1 : NULL;
}

const char *
method_name(tree fn)
{
	tree a = lookup_attribute("goat_method", DECL_ATTRIBUTES(fn));
	const char *name = IDENTIFIER_POINTER(DECL_NAME(fn)), *rest;
	bool pointer;
	tree type = receiver_base_type(receiver_type(fn), &pointer);

	if (TREE_VALUE(a) != NULL_TREE)
		return TREE_STRING_POINTER(TREE_VALUE(TREE_VALUE(a)));
	if ((rest = name_after(name, written_name(type))) != NULL)
		return rest;
	return name_after(name, without_keyword(goat_type_text(type)));
}

// ---------------------------------------------------------------- attributes

// Whether FN may be a method.
bool
check_method(tree fn, tree args)
{
	location_t where = DECL_SOURCE_LOCATION(fn);
	tree receiver, type;
	bool pointer;
	const char *name = IDENTIFIER_POINTER(DECL_NAME(fn)), *of;

	if (current_function_decl != NULL_TREE && current_function_decl != fn) {
		error_at(where, "method %qs is declared inside of a function", name);
		return false;
	}
	if ((receiver = receiver_type(fn)) == NULL_TREE) {
		error_at(where, "method %qs has no receiver", name);
		return false;
	}
	type = receiver_base_type(receiver, &pointer);
	of = goat_type_text(type);
	if ((RECORD_OR_UNION_TYPE_P(type) && goat_is_interface(type)) ||
	    (pointer && POINTER_TYPE_P(type) && base_of(type) == NULL_TREE)) {
		error_at(where, "invalid receiver type %s (pointer or interface type)", of);
		return false;
	}
	if (base_of(type) == NULL_TREE) {
		error_at(where, "invalid receiver type %s (not a named type)", of);
		return false;
	}
	if (args != NULL_TREE)
		return true;
	if (name_after(name, written_name(type)) == NULL &&
	    name_after(name, without_keyword(of)) == NULL) {
		error_at(where, "name of method %qs does not begin with %<%s_%>; "
				"%<method_named(NAME)%> gives it another",
			 name, *written_name(type) ? written_name(type) : without_keyword(of));
		return false;
	}
	return true;
}

tree
handle_method(tree *node, tree, tree args, int, bool *no_add_attrs)
{
	if (TREE_CODE(*node) != FUNCTION_DECL) {
		error("%<method%> is only for functions");
		*no_add_attrs = true;
	} else if (args != NULL_TREE && TREE_CODE(TREE_VALUE(args)) != STRING_CST) {
		error("%<method_named%> takes a name");
		*no_add_attrs = true;
	} else if (!check_method(*node, args)) {
		*no_add_attrs = true;
	}
	return NULL_TREE;
}

tree
handle_type(tree *node, tree name, tree args, int, bool *no_add_attrs)
{
	if (!RECORD_OR_UNION_TYPE_P(*node) ||
	    (args != NULL_TREE && TREE_CODE(TREE_VALUE(args)) != STRING_CST)) {
		error("%qE attribute is only for the words of %<<goat.h>%>", name);
		*no_add_attrs = true;
	}
	return NULL_TREE;
}

const struct attribute_spec attributes[] = {
	{ "goat_iface", 0, 0, false, true, false, false, handle_type, NULL },
	{ "goat_itab", 0, 0, false, true, false, false, handle_type, NULL },
	{ "goat_name", 1, 1, false, true, false, false, handle_type, NULL },
	{ "goat_method", 0, 1, true, false, false, false, handle_method, NULL },
};

// A function has been declared, and is the tree that will stay.
void
note_method(void *decl, void *)
{
	tree fn = (tree)decl, anchor;

	if (fn == NULL_TREE || TREE_CODE(fn) != FUNCTION_DECL || DECL_ATTRIBUTES(fn) == NULL_TREE ||
	    !lookup_attribute("goat_method", DECL_ATTRIBUTES(fn)))
		return;
	anchor = identifier_global_value(get_identifier("goat_any"));
	if (anchor == NULL_TREE || TREE_CODE(anchor) != TYPE_DECL)
		return;                 // before <goat.h>: an attribute that nobody meant
	for (tree a = DECL_ATTRIBUTES(anchor); a != NULL_TREE; a = TREE_CHAIN(a))
		if (TREE_VALUE(a) == fn)
			return;
	DECL_ATTRIBUTES(anchor) = tree_cons(get_identifier("goat method"), fn,
					    DECL_ATTRIBUTES(anchor));
}

// ---------------------------------------------------------------- the methods of the unit

bool
is_second(const struct method *m)
{
	for (const struct method &other : *methods)
		if (other.base == m->base && strcmp(other.name, m->name) == 0) {
			error_at(DECL_SOURCE_LOCATION(m->fn), "method %s.%s already declared",
				 DECL_P(m->base) ? IDENTIFIER_POINTER(DECL_NAME(m->base))
						 : goat_type_text(m->base),
				 m->name);
			inform(DECL_SOURCE_LOCATION(other.fn), "declared here");
			return true;
		}
	return false;
}

void
add_method(tree fn)
{
	struct method m = { fn, NULL_TREE, NULL, false };
	tree type = receiver_base_type(receiver_type(fn), &m.pointer);

	m.base = base_of(type);
	m.name = method_name(fn);
	if (m.base == NULL_TREE || m.name == NULL || is_second(&m))
		return;
	bases->put(m.base, true);
	methods->safe_push(m);
}

void
find_methods(void)
{
	auto_vec<tree> fns;

	if (methods != NULL)
		return;
	methods = new auto_vec<struct method>;
	bases = new hash_map<tree, bool>;
	known = new hash_map<tree, struct methods_of *>;
	for (tree a = DECL_ATTRIBUTES(global_declaration("goat_any")); a != NULL_TREE;
	     a = TREE_CHAIN(a))
		if (TREE_VALUE(a) != NULL_TREE && TREE_CODE(TREE_VALUE(a)) == FUNCTION_DECL)
			fns.safe_push(TREE_VALUE(a));
	while (!fns.is_empty())
		add_method(fns.pop());
}

const char *
result_text(tree function_type)
{
	return goat_type_text(TREE_TYPE(function_type));
}

struct itab_method
as_core(const char *name, tree function_type, bool pointer, const void *ref)
{
	return { name, goat_parameters_text(function_type, 1), result_text(function_type), pointer,
		 ref };
}

const char *
signature(const struct itab_method *m)
{
	return joined({ m->result, " (", m->params, ")" });
}

// ---------------------------------------------------------------- interfaces

tree
first_field(tree record)
{
	tree f = TYPE_FIELDS(record);

	while (f != NULL_TREE && TREE_CODE(f) != FIELD_DECL)
		f = DECL_CHAIN(f);
	return f;
}

// The struct I_itab of an interface.
tree
itab_struct(tree type)
{
	return TYPE_MAIN_VARIANT(TREE_TYPE(TREE_TYPE(first_field(type))));
}

bool
is_itab_struct(tree type)
{
	return TREE_CODE(type) == RECORD_TYPE &&
	       lookup_attribute("goat_itab", TYPE_ATTRIBUTES(TYPE_MAIN_VARIANT(type))) != NULL_TREE;
}

// Whether a member of struct I_itab is a method: RESULT (*NAME)(void *self, ...).
bool
is_slot(tree f)
{
	tree type = TREE_TYPE(f), self;

	if (!POINTER_TYPE_P(type) || TREE_CODE(TREE_TYPE(type)) != FUNCTION_TYPE)
		return false;
	self = TYPE_ARG_TYPES(TREE_TYPE(type));
	return self != NULL_TREE && POINTER_TYPE_P(TREE_VALUE(self)) &&
	       VOID_TYPE_P(TREE_TYPE(TREE_VALUE(self)));
}

void
list_slots(struct itab_type *type, tree itab, unsigned at)
{
	unsigned word = POINTER_SIZE / BITS_PER_UNIT;

	for (tree f = TYPE_FIELDS(itab); f != NULL_TREE; f = DECL_CHAIN(f)) {
		unsigned here;

		if (TREE_CODE(f) != FIELD_DECL)
			continue;
		here = at + tree_to_uhwi(byte_position(f)) / word;
		if (DECL_NAME(f) == NULL_TREE && is_itab_struct(TREE_TYPE(f))) {
			list_slots(type, TREE_TYPE(f), here);
		} else if (is_slot(f)) {
			struct slot *s = arena_new(&arena, struct slot);

			s->field = f;
			s->type = TREE_TYPE(TREE_TYPE(f));
			s->at = here;
			vec_push(&type->methods, as_core(IDENTIFIER_POINTER(DECL_NAME(f)), s->type,
							 false, s));
		}
	}
}

// When `interface(I) { ... }` has been read.
void
check_itab(void *data, void *)
{
	tree type = (tree)data;

	if (type == NULL_TREE || type == error_mark_node || !TYPE_P(type) || !is_itab_struct(type))
		return;
	for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f)) {
		if (TREE_CODE(f) != FIELD_DECL || error_operand_p(f) || is_slot(f) ||
		    (DECL_NAME(f) == NULL_TREE && is_itab_struct(TREE_TYPE(f))))
			continue;
		if (DECL_NAME(f) != NULL_TREE)
			error_at(DECL_SOURCE_LOCATION(f),
				 "member %qD of an interface is not a method: "
				 "%<RESULT (*%D)(void *self, ...)%>", f, f);
		else
			error_at(DECL_SOURCE_LOCATION(f), "an interface embeds interfaces only");
	}
}

// ---------------------------------------------------------------- core's types

struct methods_of *methods_of(tree base);

void
list_members(struct itab_type *type, tree record)
{
	for (tree f = TYPE_FIELDS(record); f != NULL_TREE; f = DECL_CHAIN(f)) {
		struct itab_member m = { NULL, NULL, f };

		if (TREE_CODE(f) != FIELD_DECL)
			continue;
		if (DECL_NAME(f) != NULL_TREE) {
			m.name = IDENTIFIER_POINTER(DECL_NAME(f));
		} else if (RECORD_OR_UNION_TYPE_P(TREE_TYPE(f))) {
			tree of = TYPE_MAIN_VARIANT(TREE_TYPE(f));

			m.embedded = &methods_of(of)->type;
			if (has_name(of))
				m.name = without_keyword(goat_type_text(of));
		} else {
			continue;
		}
		vec_push(&type->members, m);
	}
}

// BASE: a struct or union, named or not; an interface; an enumeration; a typedef.
struct methods_of *
methods_of(tree base)
{
	struct methods_of *m;

	find_methods();
	if (struct methods_of **there = known->get(base))
		return *there;
	m = XCNEW(struct methods_of);
	known->put(base, m);
	m->type.name = DECL_P(base) ? IDENTIFIER_POINTER(DECL_NAME(base)) : goat_type_text(base);
	if (TYPE_P(base) && RECORD_OR_UNION_TYPE_P(base) && goat_is_interface(base)) {
		m->type.interface = true;
		if (base != TYPE_MAIN_VARIANT(goat_any_type()) && COMPLETE_TYPE_P(itab_struct(base)))
			list_slots(&m->type, itab_struct(base), 0);
		return m;
	}
	for (const struct method &own : *methods)
		if (own.base == base)
			vec_push(&m->type.methods,
				 as_core(own.name, TREE_TYPE(own.fn), own.pointer, own.fn));
	if (TYPE_P(base) && RECORD_OR_UNION_TYPE_P(base))
		list_members(&m->type, base);
	return m;
}

const struct itab_set *
set_of(struct methods_of *m)
{
	if (!m->collected)
		itab_collect(&arena, &m->type, &m->set);
	m->collected = true;
	return &m->set;
}

// What a value of TYPE has, and whether as a pointer to what has it.
struct methods_of *
methods_of_value(tree type, bool *by_pointer)
{
	static struct methods_of nothing;
	tree base;

	type = goat_type_itself(type);
	*by_pointer = goat_is_direct(type);
	if (*by_pointer)
		type = goat_type_itself(TREE_TYPE(type));
	if (RECORD_OR_UNION_TYPE_P(type)) {
		if (*by_pointer && goat_is_interface(type))
			return &nothing;
		return methods_of(TYPE_MAIN_VARIANT(type));
	}
	base = base_of(type);
	return base != NULL_TREE ? methods_of(base) : &nothing;
}

// ---------------------------------------------------------------- errors

const char *
kind_of_operand(tree value)
{
	STRIP_NOPS(value);
	if (CONSTANT_CLASS_P(value))
		return "constant";
	return lvalue_p(value) && TREE_CODE(value) != COMPOUND_LITERAL_EXPR &&
			       !(DECL_P(value) && DECL_NAME(value) == NULL_TREE)
		       ? "variable"
		       : "value";
}

// A function that would be the method had it been declared as one.
const char *
unmarked_function(const struct itab_mismatch *m, const char *type)
{
	const char *name = joined({ without_keyword(type), "_", m->want->name });

	if (m->verdict != ITAB_MISSING || m->have != NULL)
		return "";
	for (struct func *f : unit.funcs)
		if (f->outer == NULL && id_equal(DECL_NAME(f->decl), name))
			return joined({ "\n\t\thave function ", name, " without 'method' before it" });
	return "";
}

// "TYPE does not implement I (missing method Quack)" and more lines.
const char *
complaint(const struct itab_mismatch *m, const struct methods_of *of, tree type, tree inter)
{
	const char *text = goat_type_text(type), *reason, *more;
	char *first;

	if (goat_is_direct(type) && RECORD_OR_UNION_TYPE_P(TREE_TYPE(type)) &&
	    goat_is_interface(TREE_TYPE(type)))
		return joined({ text, " does not implement ", goat_type_text(inter), " (type ", text,
				" is pointer to interface, not interface)" });
	reason = itab_reason(&arena, m, of->type.name ? of->type.name : text);
	if ((more = strchr(reason, '\n')) == NULL)
		more = unmarked_function(m, of->type.name ? of->type.name : "");
	first = xstrndup(reason, strcspn(reason, "\n"));
	reason = keep(first);
	free(first);
	return joined({ text, " does not implement ", goat_type_text(inter), " (", reason, ")",
			more });
}

void
point_at_method(const struct itab_mismatch *m)
{
	tree decl;

	if (m->have == NULL || m->verdict == ITAB_AMBIGUOUS)
		return;
	decl = m->have->owner->interface ? ((const struct slot *)m->have->method->ref)->field
					 : (tree)m->have->method->ref;
	inform(DECL_SOURCE_LOCATION(decl), "declared here");
}

// ---------------------------------------------------------------- functions of an itab

// Comdat symbols that were made: itabs, functions between, sets.
hash_map<nofree_string_hash, tree> *made;

tree
already_made(const char *symbol)
{
	tree *there;

	if (made == NULL)
		made = new hash_map<nofree_string_hash, tree>;
	there = made->get(symbol);
	return there != NULL ? *there : NULL_TREE;
}

// Whether other units cannot name what ENTRY calls.
bool
is_private(const struct itab_entry *e)
{
	return !e->owner->interface && !TREE_PUBLIC((tree)e->method->ref);
}

tree
function_type_of(const struct itab_entry *e)
{
	if (e->owner->interface)
		return ((const struct slot *)e->method->ref)->type;
	return TREE_TYPE((tree)e->method->ref);
}

unsigned HOST_WIDE_INT
offset_of(const struct itab_entry *e)
{
	unsigned HOST_WIDE_INT at = 0;

	for (size_t i = 0; i < e->depth; i++)
		at += tree_to_uhwi(byte_position((tree)e->path[i]->ref));
	return at;
}

// SELF, a pointer to the outermost value, as a pointer to the part that has the method.
tree
part_of(tree self, const struct itab_entry *e)
{
	if (offset_of(e) == 0)
		return self;
	return build2(POINTER_PLUS_EXPR, TREE_TYPE(self), self, size_int(offset_of(e)));
}

// The call of ENTRY's method for what SELF points to, with the arguments after the receiver.
tree
call_of_method(location_t where, const struct itab_entry *e, tree self, const vec<tree> &rest)
{
	auto_vec<tree> args;
	tree fn, part = part_of(self, e), type = function_type_of(e), receiver;

	if (e->owner->interface) {
		const struct slot *s = (const struct slot *)e->method->ref;
		tree of = TREE_TYPE((tree)e->path[e->depth - 1]->ref), iface, tab = first_field(of);

		iface = build1(INDIRECT_REF, of, build1(NOP_EXPR, build_pointer_type(of), part));
		fn = build3(COMPONENT_REF, TREE_TYPE(tab), iface, tab, NULL_TREE);
		fn = build2(POINTER_PLUS_EXPR, TREE_TYPE(fn), fn,
			    size_int(s->at * (POINTER_SIZE / BITS_PER_UNIT)));
		fn = build1(NOP_EXPR, build_pointer_type(TREE_TYPE(s->field)), fn);
		fn = build1(INDIRECT_REF, TREE_TYPE(s->field), fn);
		receiver = build3(COMPONENT_REF, ptr_type_node, unshare_expr(iface), DECL_CHAIN(tab),
				  NULL_TREE);
	} else {
		fn = build_fold_addr_expr((tree)e->method->ref);
		receiver = receiver_type((tree)e->method->ref);
		if (e->method->pointer)
			receiver = build1(NOP_EXPR, receiver, part);
		else
			receiver = build1(INDIRECT_REF, receiver,
					  build1(NOP_EXPR, build_pointer_type(receiver), part));
	}
	args.safe_push(receiver);
	for (tree arg : rest)
		args.safe_push(arg);
	return build_call_array_loc(where, TREE_TYPE(type), fn, args.length(), args.address());
}

// The type of a function that is called as TYPE is, but with a void * first.
tree
type_with_self(tree type)
{
	tree args = tree_cons(NULL_TREE, ptr_type_node, TREE_CHAIN(TYPE_ARG_TYPES(type)));

	return build_function_type(TREE_TYPE(type), args);
}

tree
add_parameter(tree fn, tree **end, tree type)
{
	tree p = build_decl(DECL_SOURCE_LOCATION(fn), PARM_DECL, NULL_TREE, type);

	DECL_ARG_TYPE(p) = type;
	DECL_CONTEXT(p) = fn;
	DECL_ARTIFICIAL(p) = 1;
	TREE_USED(p) = 1;
	layout_decl(p, 0);
	**end = p;
	*end = &DECL_CHAIN(p);
	return p;
}

void
give_body(tree fn, tree body)
{
	tree result = build_decl(DECL_SOURCE_LOCATION(fn), RESULT_DECL, NULL_TREE,
				 TREE_TYPE(TREE_TYPE(fn)));
	tree block = make_node(BLOCK), stmt;

	DECL_ARTIFICIAL(result) = DECL_IGNORED_P(result) = 1;
	DECL_CONTEXT(result) = fn;
	DECL_RESULT(fn) = result;
	if (!VOID_TYPE_P(TREE_TYPE(result))) {
		body = build2(INIT_EXPR, TREE_TYPE(result), result, body);
		TREE_SIDE_EFFECTS(body) = 1;
	}
	if (VOID_TYPE_P(TREE_TYPE(result)))
		stmt = body;
	else
		stmt = build1(RETURN_EXPR, void_type_node, body);
	TREE_SIDE_EFFECTS(stmt) = 1;
	BLOCK_SUPERCONTEXT(block) = fn;
	TREE_USED(block) = 1;
	DECL_INITIAL(fn) = block;
	DECL_SAVED_TREE(fn) = build3(BIND_EXPR, void_type_node, NULL_TREE, stmt, block);
	TREE_SIDE_EFFECTS(DECL_SAVED_TREE(fn)) = 1;
	allocate_struct_function(fn, false);
	cfun->function_end_locus = DECL_SOURCE_LOCATION(fn);
	set_cfun(NULL);
}

// A new function of the compiler's own.
tree
new_function(location_t where, const char *symbol, tree type, bool shared)
{
	tree fn = build_decl(where, FUNCTION_DECL, get_identifier(symbol), type);

	SET_DECL_ASSEMBLER_NAME(fn, get_identifier(symbol));
	TREE_STATIC(fn) = 1;
	TREE_USED(fn) = 1;
	DECL_ARTIFICIAL(fn) = DECL_IGNORED_P(fn) = 1;
	DECL_NO_INSTRUMENT_FUNCTION_ENTRY_EXIT(fn) = 1;
	DECL_FUNCTION_SPECIFIC_OPTIMIZATION(fn) = optimization_default_node;
	DECL_FUNCTION_SPECIFIC_TARGET(fn) = target_option_default_node;
	if (shared) {
		TREE_PUBLIC(fn) = 1;
		DECL_COMDAT(fn) = 1;
		DECL_VISIBILITY(fn) = VISIBILITY_HIDDEN;
		DECL_VISIBILITY_SPECIFIED(fn) = 1;
	}
	return fn;
}

void
finish_function(tree fn)
{
	if (TREE_PUBLIC(fn))
		make_decl_one_only(fn, DECL_ASSEMBLER_NAME(fn));
	cgraph_node::finalize_function(fn, false);
}

tree
find_recover(tree *tp, int *walk_subtrees, void *)
{
	tree fn = TREE_CODE(*tp) == CALL_EXPR ? get_callee_fndecl(*tp) : NULL_TREE;

	if (TYPE_P(*tp))
		*walk_subtrees = 0;
	return fn != NULL_TREE && DECL_NAME(fn) != NULL_TREE && id_equal(DECL_NAME(fn), "goat_recover")
		       ? fn
		       : NULL_TREE;
}

// Whether what ENTRY calls may ask for a panic that is not the affair of the function between.
bool
may_recover(const struct itab_entry *e)
{
	tree fn = e->owner->interface ? NULL_TREE : (tree)e->method->ref;

	if (fn == NULL_TREE || DECL_SAVED_TREE(fn) == NULL_TREE)
		return true;
	return walk_tree_without_duplicates(&DECL_SAVED_TREE(fn), find_recover, NULL) != NULL_TREE;
}

// An instruction that does nothing, by which recover() knows a function that is to be overlooked: a
// method called through an interface by `defer` is called by defer. See runtime/panic.c.
tree
mark_of_wrapper(void)
{
	const char *code = ".byte 0x0f, 0x1f, 0x80, 0x67, 0x6f, 0x61, 0x74";     // nopl "goat"(%rax)
	tree mark = build5(ASM_EXPR, void_type_node, build_string(strlen(code), code), NULL_TREE,
			   NULL_TREE, NULL_TREE, NULL_TREE);

	ASM_VOLATILE_P(mark) = 1;
	compat_set_basic_asm(mark);
	TREE_SIDE_EFFECTS(mark) = 1;
	return mark;
}

// A panic if SELF, a T *, is nil where a T is to be copied. Go: runtime.panicwrap.
tree
check_not_nil(location_t where, const struct methods_of *of, const struct itab_entry *e, tree self)
{
	const char *type = of->type.name;
	const char *text = joined({ "value method ", type, ".", e->method->name,
				    " called using nil ", type, " * pointer" });
	tree panic = build_call_expr_loc(where, runtime_function(ENTRY_panicwrap), 1,
					 build_string_literal(strlen(text) + 1, text));
	tree test = build2(NE_EXPR, boolean_type_node, self, null_pointer_node);

	test = build3(COND_EXPR, void_type_node, test, build_empty_stmt(where), panic);
	TREE_SIDE_EFFECTS(test) = 1;
	return test;
}

// A function that finds the receiver of ENTRY in what its first argument points to, and calls.
tree
function_between(const struct methods_of *of, const struct itab_entry *e)
{
	const char *text = joined({ of->type.name, ".", e->method->name });
	uint32_t hash = goat_fnv1a(goat_fnv1a(FNV_BASIS, text), signature(e->method));
	const char *symbol;
	tree fn, method_type = function_type_of(e), type = type_with_self(method_type), *end, self;
	tree call;
	auto_vec<tree> rest;
	location_t where;

	for (size_t j = 0; j < e->depth; j++)
		hash = goat_fnv1a(hash, e->path[j]->name ? e->path[j]->name : ".");
	symbol = goat_symbol("method", text, hash);
	if ((fn = already_made(symbol)) != NULL_TREE)
		return fn;
	where = e->owner->interface
			? DECL_SOURCE_LOCATION(((const struct slot *)e->method->ref)->field)
			: DECL_SOURCE_LOCATION((tree)e->method->ref);
	fn = new_function(where, symbol, type, !is_private(e));
	DECL_IGNORED_P(fn) = 0;         // the method is inlined into it, and has to be found in traces
	made->put(symbol, fn);
	if (stdarg_p(method_type)) {
		sorry_at(where, "method %qs of %qs needs a function that passes on variable arguments",
			 e->method->name, of->type.name);
		return fn;
	}
	end = &DECL_ARGUMENTS(fn);
	self = add_parameter(fn, &end, ptr_type_node);
	for (tree arg = TREE_CHAIN(TYPE_ARG_TYPES(method_type)); arg != void_list_node;
	     arg = TREE_CHAIN(arg))
		rest.safe_push(add_parameter(fn, &end, TREE_VALUE(arg)));
	call = call_of_method(where, e, self, rest);
	if (e->depth == 0 && !e->method->pointer) {
		call = build2(COMPOUND_EXPR, TREE_TYPE(call), check_not_nil(where, of, e, self), call);
		TREE_SIDE_EFFECTS(call) = 1;
	}
	give_body(fn, call);
#ifdef __x86_64__
	if (may_recover(e)) {
		put_at_top(DECL_SAVED_TREE(fn), mark_of_wrapper());
		DECL_UNINLINABLE(fn) = 1;
	}
#endif
	finish_function(fn);
	return fn;
}

// Whether ENTRY's method is not to be called with a pointer to the value as it is.
bool
needs_function(const struct itab_entry *e)
{
	return !e->method->pointer || e->owner->interface || offset_of(e) != 0;
}

// What an itab has for ENTRY.
tree
function_for(const struct methods_of *of, const struct itab_entry *e)
{
	return needs_function(e) ? function_between(of, e) : (tree)e->method->ref;
}

// ---------------------------------------------------------------- itabs

tree
add_member(tree record, tree *chain, const char *name, tree type)
{
	tree f = build_decl(UNKNOWN_LOCATION, FIELD_DECL, get_identifier(name), type);

	DECL_CONTEXT(f) = record;
	DECL_CHAIN(f) = NULL_TREE;
	*chain = f;
	return f;
}

// struct goat_itab with the functions of one interface.
tree
itab_record(tree itab)
{
	static hash_map<tree, tree> *records;
	tree record, f;

	if (records == NULL)
		records = new hash_map<tree, tree>;
	if (tree *there = records->get(itab))
		return *there;
	record = make_node(RECORD_TYPE);
	f = add_member(record, &TYPE_FIELDS(record), "inter", ptr_type_node);
	f = add_member(record, &DECL_CHAIN(f), "type", ptr_type_node);
	f = add_member(record, &DECL_CHAIN(f), "hash", uint32_type_node);
	f = add_member(record, &DECL_CHAIN(f), "unused", uint32_type_node);
	add_member(record, &DECL_CHAIN(f), "fn", itab);
	layout_type(record);
	records->put(itab, record);
	return record;
}

// All functions of an interface, as its struct has them.
tree
functions_value(tree itab, struct methods_of *of, bool *is_static)
{
	vec<constructor_elt, va_gc> *elts = NULL;

	for (tree f = TYPE_FIELDS(itab); f != NULL_TREE; f = DECL_CHAIN(f)) {
		const struct itab_entry *e;
		tree value;

		if (TREE_CODE(f) != FIELD_DECL)
			continue;
		if (DECL_NAME(f) == NULL_TREE) {
			value = functions_value(TREE_TYPE(f), of, is_static);
		} else {
			e = itab_find(set_of(of), IDENTIFIER_POINTER(DECL_NAME(f)));
			*is_static |= is_private(e);
			value = build1(NOP_EXPR, TREE_TYPE(f),
				       build_fold_addr_expr(function_for(of, e)));
		}
		CONSTRUCTOR_APPEND_ELT(elts, f, value);
	}
	return build_constructor(itab, elts);
}

FILE *
dump_file_of_itabs(void)
{
	return opt.dump_itabs ? stderr : NULL;
}

void
dump_itab(tree inter, tree type, struct methods_of *of)
{
	const struct itab_type *i = &methods_of(TYPE_MAIN_VARIANT(inter))->type;
	FILE *out = dump_file_of_itabs();

	if (out == NULL)
		return;
	fprintf(out, "itab %s, %s\n", goat_type_text(inter), goat_type_text(type));
	for (size_t k = 0; k < i->methods.n; k++) {
		const struct itab_entry *e = itab_find(set_of(of), i->methods.at[k].name);

		fprintf(out, "\t%-16s %s\n", i->methods.at[k].name,
			IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(function_for(of, e))));
	}
}

// ---------------------------------------------------------------- sets for the runtime

tree
record_of_descriptor_member(const char *member)
{
	tree descriptor = TYPE_MAIN_VARIANT(TREE_TYPE(TREE_TYPE(first_field(goat_any_type()))));

	for (tree f = TYPE_FIELDS(descriptor); f != NULL_TREE; f = DECL_CHAIN(f))
		if (TREE_CODE(f) == FIELD_DECL && id_equal(DECL_NAME(f), member))
			return TYPE_MAIN_VARIANT(TREE_TYPE(TREE_TYPE(f)));
	gcc_unreachable();
}

tree
text_address(const char *text)
{
	return build_string_literal(strlen(text) + 1, text);
}

tree
method_value(tree record, const struct itab_method *m, unsigned slot, tree fn)
{
	const char *sig = signature(m);

	return goat_struct_value(
		record, { { "name", text_address(m->name) },
			  { "sig", text_address(sig) },
			  { "sighash", build_int_cst(uint32_type_node, goat_fnv1a(FNV_BASIS, sig)) },
			  { "pointer", size_int(m->pointer) },
			  { "slot", size_int(slot) },
			  { "fn", fn ? build1(NOP_EXPR, ptr_type_node, build_fold_addr_expr(fn))
				     : null_pointer_node } });
}

} // namespace

bool
goat_has_methods(tree base)
{
	// Before the unit pass, attributes are still coming in.
	if (unit.esc == NULL)
		return false;
	find_methods();
	return bases->get(base) != NULL;
}

tree
goat_typedef_with_methods(const char *name)
{
	find_methods();
	for (const struct method &m : *methods)
		if (DECL_P(m.base) && id_equal(DECL_NAME(m.base), name))
			return TREE_TYPE(m.base);
	return NULL_TREE;
}

bool
goat_is_interface(tree type)
{
	type = TYPE_MAIN_VARIANT(type);
	return lookup_attribute("goat_iface", TYPE_ATTRIBUTES(type)) != NULL_TREE ||
	       goat_is_any(type);
}

bool
goat_is_any(tree type)
{
	tree name = lookup_attribute("goat_name", TYPE_ATTRIBUTES(TYPE_MAIN_VARIANT(type)));

	return name != NULL_TREE &&
	       strcmp(TREE_STRING_POINTER(TREE_VALUE(TREE_VALUE(name))), "any") == 0;
}

uint32_t
goat_interface_hash(uint32_t h, tree type)
{
	const struct itab_type *i = &methods_of(TYPE_MAIN_VARIANT(type))->type;

	for (size_t k = 0; k < i->methods.n; k++) {
		h = goat_fnv1a(h, i->methods.at[k].name);
		h = goat_fnv1a(h, signature(&i->methods.at[k]));
	}
	return h;
}

// The list for INTER's descriptor, sorted by name.
tree
goat_interface_methods(tree type, tree pointer_type, size_t *n)
{
	struct methods_of *m = methods_of(TYPE_MAIN_VARIANT(type));
	tree record = TYPE_MAIN_VARIANT(TREE_TYPE(pointer_type));
	auto_vec<tree> values;

	for (size_t k = 0; k < set_of(m)->entries.n; k++) {
		const struct itab_method *one = set_of(m)->entries.at[k].method;

		values.safe_push(method_value(record, one, ((const struct slot *)one->ref)->at,
					      NULL_TREE));
	}
	*n = values.length();
	return goat_constant_array(record, values);
}

bool
goat_check_conversion(location_t where, tree value, tree type, const char *text, tree to)
{
	const struct itab_type *inter = &methods_of(TYPE_MAIN_VARIANT(to))->type;
	struct itab_mismatch m;
	struct methods_of *of;
	bool by_pointer;

	of = methods_of_value(type, &by_pointer);
	if (of->type.interface)
		by_pointer = true;
	m = itab_match(inter, set_of(of), by_pointer);
	if (m.verdict == ITAB_FITS)
		return true;
	error_at(where, "cannot use %qs (%s of type %s) as %s value: %s", text,
		 kind_of_operand(value), goat_type_text(type), goat_type_text(to),
		 complaint(&m, of, type, to));
	point_at_method(&m);
	return false;
}

bool
goat_check_assertion(location_t where, bool in_switch, const char *text, tree from, tree type)
{
	const struct itab_type *inter = &methods_of(TYPE_MAIN_VARIANT(from))->type;
	const char *name = goat_type_text(type), *why;
	struct itab_mismatch m;
	struct methods_of *of;
	bool by_pointer;

	of = methods_of_value(type, &by_pointer);
	if (of->type.interface)
		return true;
	m = itab_match(inter, set_of(of), by_pointer);
	if (m.verdict == ITAB_FITS)
		return true;
	why = complaint(&m, of, type, from);
	if (in_switch)
		why = joined({ name, "\n\t", text, " of type ", goat_type_text(from),
			       " cannot hold it: ", why });
	else
		why = joined({ "type_assert(", text, ", ", name, ")\n\t", why });
	error_at(where, "impossible type %s: %s", in_switch ? "switch case" : "assertion", why);
	point_at_method(&m);
	return false;
}

tree
goat_itab_address(tree inter, tree type)
{
	bool by_pointer, is_static = false;
	struct methods_of *of = methods_of_value(type, &by_pointer);
	tree itab = itab_struct(inter), record = itab_record(itab), v, init;
	uint32_t hash = goat_type_hash(inter) * 31 + goat_type_hash(type);
	const char *text = joined({ goat_type_text(inter), ",", goat_type_text(type) });
	const char *symbol = goat_symbol("itab", text, hash);

	if ((v = already_made(symbol)) == NULL_TREE) {
		tree functions = functions_value(itab, of, &is_static);

		init = goat_struct_value(
			record,
			{ { "inter", goat_type_address(inter) },
			  { "type", goat_type_address(type) },
			  { "hash", build_int_cst(uint32_type_node, goat_type_hash(type)) },
			  { "fn", functions } });
		v = goat_constant(symbol, record, init, !is_static);
		made->put(symbol, v);
		dump_itab(inter, type, of);
	}
	for (tree f = TYPE_FIELDS(record); f != NULL_TREE; f = DECL_CHAIN(f))
		if (id_equal(DECL_NAME(f), "fn"))
			return build_fold_addr_expr(
				build3(COMPONENT_REF, TREE_TYPE(f), v, f, NULL_TREE));
	gcc_unreachable();
}

// The call of METHOD of what an interface, converted from a TYPE, holds at SELF, its data word; NULL
// where that is not one function.
tree
goat_direct_call(location_t where, tree type, const char *method, tree self, const vec<tree> &rest)
{
	bool by_pointer;
	struct methods_of *of = methods_of_value(type, &by_pointer);
	const struct itab_entry *e = itab_find(set_of(of), method);

	if (e == NULL || e->ambiguous || e->owner->interface)
		return NULL_TREE;
	return call_of_method(where, e, self, rest);
}

namespace {

// A pointer to the linker's symbol at one end of the section goat_methods.
tree
end_of_section(const char *symbol)
{
	tree v = build_decl(UNKNOWN_LOCATION, VAR_DECL, get_identifier(symbol), ptr_type_node);

	TREE_PUBLIC(v) = DECL_EXTERNAL(v) = DECL_ARTIFICIAL(v) = TREE_USED(v) = 1;
	DECL_VISIBILITY(v) = VISIBILITY_HIDDEN;
	DECL_VISIBILITY_SPECIFIED(v) = 1;
	return build_fold_addr_expr(v);
}

// A pointer in the section of that name, which stays though nothing refers to it. A section is comdat
// for all that is in it or for nothing, so each unit has its own.
void
pointer_in_section(const char *section, tree value)
{
	tree v = goat_constant(NULL, ptr_type_node, NULL_TREE, false);

	TREE_TYPE(v) = ptr_type_node;
	TREE_READONLY(v) = 0;
	DECL_PRESERVE_P(v) = 1;
	set_decl_section_name(v, section);
	goat_define(v, fold_convert(ptr_type_node, value));
	varpool_node::get_create(v)->force_output = 1;
}

// Each program or library gives its sets to the runtime when it is loaded, before constructors of
// the program's. Each unit has the constructor called, so it counts.
void
make_constructor(void)
{
	static bool done;
	const char *symbol = "goat.addmethods";
	tree fn, again, add, body;

	if (done)
		return;
	done = true;
	again = goat_constant("goat.added", boolean_type_node, NULL_TREE, true);
	TREE_TYPE(again) = boolean_type_node;
	TREE_READONLY(again) = 0;
	DECL_VISIBILITY(again) = VISIBILITY_HIDDEN;
	goat_define(again, boolean_false_node);
	add = build_call_expr(runtime_function(ENTRY_addmethods), 2,
			      end_of_section("__start_goat_methods"),
			      end_of_section("__stop_goat_methods"));
	body = build2(MODIFY_EXPR, void_type_node, again, boolean_true_node);
	TREE_SIDE_EFFECTS(body) = 1;
	body = build2(COMPOUND_EXPR, void_type_node, body, add);
	body = build3(COND_EXPR, void_type_node, again, build_empty_stmt(BUILTINS_LOCATION), body);
	fn = new_function(BUILTINS_LOCATION, symbol,
			  build_function_type_list(void_type_node, NULL_TREE), true);
	DECL_STATIC_CONSTRUCTOR(fn) = 1;
	SET_DECL_INIT_PRIORITY(fn, MAX_RESERVED_INIT_PRIORITY + 1);
	give_body(fn, body);
	finish_function(fn);
}

tree
methodset_record(void)
{
	static tree record;
	tree f;

	if (record != NULL_TREE)
		return record;
	record = make_node(RECORD_TYPE);
	f = add_member(record, &TYPE_FIELDS(record), "type", ptr_type_node);
	f = add_member(record, &DECL_CHAIN(f), "n", size_type_node);
	add_member(record, &DECL_CHAIN(f), "methods", ptr_type_node);
	layout_type(record);
	return record;
}

void
dump_methods(struct methods_of *of)
{
	FILE *out = dump_file_of_itabs();
	const struct itab_set *set = set_of(of);

	if (out == NULL)
		return;
	fprintf(out, "methods of %s\n", of->type.name);
	for (size_t k = 0; k < set->entries.n; k++) {
		const struct itab_entry *e = &set->entries.at[k];

		fprintf(out, "\t%-16s %s%s%s%s%s\n", e->method->name, signature(e->method),
			e->method->pointer ? ", pointer receiver" : "",
			e->depth > 0 ? ", from " : "", e->depth > 0 ? e->owner->name : "",
			e->ambiguous ? ", ambiguous" : "");
	}
}

void
emit_set(tree type, struct methods_of *of)
{
	tree record = record_of_descriptor_member("methods"), list;
	auto_vec<tree> values;
	uint32_t hash = goat_type_hash(type);
	bool is_static = false;
	const char *symbol;
	tree v;

	for (size_t k = 0; k < set_of(of)->entries.n; k++) {
		const struct itab_entry *e = &set_of(of)->entries.at[k];

		// What cannot be called with a pointer is not found when the program runs.
		if (e->ambiguous || (needs_function(e) && stdarg_p(function_type_of(e))))
			continue;
		values.safe_push(method_value(record, e->method, 0, function_for(of, e)));
		hash = goat_fnv1a(goat_fnv1a(hash, e->method->name), signature(e->method));
		is_static |= is_private(e);
	}
	dump_methods(of);
	if (values.is_empty())
		return;
	list = goat_constant_array(record, values);
	symbol = goat_symbol("methods", goat_type_text(type), hash);
	v = goat_constant(symbol, methodset_record(),
			  goat_struct_value(methodset_record(),
					    { { "type", goat_type_address(type) },
					      { "n", size_int(values.length()) },
					      { "methods", list } }),
			  !is_static);
	pointer_in_section("goat_methods", build_fold_addr_expr(v));
	make_constructor();
}

} // namespace

// The methods of a type that has a descriptor, for assertions when the program runs.
void
goat_emit_methods(tree type)
{
	bool by_pointer;

	if (goat_is_direct(type) || (RECORD_OR_UNION_TYPE_P(type) &&
				     (goat_is_interface(type) || !COMPLETE_TYPE_P(type))))
		return;
	if (struct methods_of *of = methods_of_value(type, &by_pointer))
		if (set_of(of)->entries.n > 0)
			emit_set(type, of);
}

void
register_methods(const char *plugin)
{
	register_callback(plugin, PLUGIN_FINISH_DECL, note_method, NULL);
	register_callback(plugin, PLUGIN_PRE_GENERICIZE, note_method, NULL);
	register_callback(plugin, PLUGIN_FINISH_TYPE, check_itab, NULL);
}

void
register_method_attributes(void)
{
	for (const struct attribute_spec &a : attributes)
		register_attribute(&a);
}
