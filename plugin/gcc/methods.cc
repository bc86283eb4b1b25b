// SPDX-License-Identifier: GPL-3.0-or-later
//
// methods.cc: the methods and the interfaces of a unit, as core's itab.h compares them.
//
//	attribute goat_method --> list on goat_any --> methods by type --> core's itab_type
//	                                                                     | itab_collect
//	struct I_itab ---------------------------------> core's itab_type    v
//	                                                         `---> itab_match (implements.cc)
//
// The list of all methods hangs on a declaration of <goat.h>, for trees are all that a precompiled
// header keeps.
//
// M1  An itab, a set of methods and a function between are comdat, unless a method is static.
// M2  A typedef of a pointer with methods is boxed as a value is: one function serves T and T *.
//
// Go:    as types2/lookup.go.
// Layer: glue.

#include "methods.h"

struct arena method_arena;

namespace {

struct method {
	tree fn, base;
	const char *name;
	bool pointer;
};

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

} // namespace

tree
receiver_type(tree fn)
{
	tree args = TYPE_ARG_TYPES(TREE_TYPE(fn));

	return args != NULL_TREE && !VOID_TYPE_P(TREE_VALUE(args)) ? TREE_VALUE(args) : NULL_TREE;
}

const char *
without_keyword(const char *text)
{
	for (const char *word : { "struct ", "union ", "enum " })
		if (startswith(text, word))
			return text + strlen(word);
	return text;
}

namespace {

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
	{ "goat_slice", 0, 0, false, true, false, false, handle_type, NULL },
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

} // namespace

const char *
signature(const struct itab_method *m)
{
	return joined({ m->result, " (", m->params, ")" });
}

// ---------------------------------------------------------------- interfaces

tree
itab_struct(tree type)
{
	return TYPE_MAIN_VARIANT(TREE_TYPE(TREE_TYPE(first_field(type))));
}

namespace {

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
			struct slot *s = arena_new(&method_arena, struct slot);

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

} // namespace

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
		itab_collect(&method_arena, &m->type, &m->set);
	m->collected = true;
	return &m->set;
}

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

const struct slot *
slot_of(const struct itab_entry *e)
{
	return e->owner->interface ? (const struct slot *)e->method->ref : NULL;
}

tree
function_of(const struct itab_entry *e)
{
	return e->owner->interface ? NULL_TREE : (tree)e->method->ref;
}

tree
declaration_of(const struct itab_entry *e)
{
	return slot_of(e) != NULL ? slot_of(e)->field : function_of(e);
}

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
