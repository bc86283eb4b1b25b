// SPDX-License-Identifier: GPL-3.0-or-later
//
// methods.cc: methods, interfaces, itabs.
//
// Layer: glue.

#include "glue.h"

namespace {

tree
keep_attribute(tree *, tree, tree, int, bool *)
{
	return NULL_TREE;
}

const struct attribute_spec attributes[] = {
	{ "goat_iface", 0, 0, false, true, false, false, keep_attribute, NULL },
	{ "goat_itab", 0, 0, false, true, false, false, keep_attribute, NULL },
	{ "goat_name", 1, 1, false, true, false, false, keep_attribute, NULL },
	{ "goat_method", 0, 1, true, false, false, false, keep_attribute, NULL },
};

} // namespace

bool
goat_has_methods(tree)
{
	return false;
}

bool
goat_is_interface(tree type)
{
	type = TYPE_MAIN_VARIANT(type);
	return type == TYPE_MAIN_VARIANT(goat_any_type()) ||
	       lookup_attribute("goat_iface", TYPE_ATTRIBUTES(type)) != NULL_TREE;
}

uint32_t
goat_interface_hash(uint32_t h, tree)
{
	return h;
}

tree
goat_interface_methods(tree, tree pointer_type, size_t *n)
{
	*n = 0;
	return build_zero_cst(pointer_type);
}

bool
goat_check_conversion(location_t *where, tree, tree type, const char *, tree to)
{
	if (TYPE_MAIN_VARIANT(to) == TYPE_MAIN_VARIANT(goat_any_type()) || goat_is_interface(type))
		return true;
	sorry_at(*where, "conversion to interfaces with methods");
	return false;
}

bool
goat_check_assertion(location_t, const char *, const char *, tree, tree)
{
	return true;
}

tree
goat_itab_address(tree, tree)
{
	return null_pointer_node;
}

void
goat_lower_method_call(tree, tree *)
{
}

void
goat_emit_methods(tree)
{
}

void
goat_mark_converted(tree)
{
}

void
register_interface_attributes(void)
{
	for (const struct attribute_spec &a : attributes)
		register_attribute(&a);
}
