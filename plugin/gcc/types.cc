// SPDX-License-Identifier: GPL-3.0-or-later
//
// types.cc: descriptors of types, as constants of <goat/abi.h>'s struct goat_type.
//
// A descriptor is a comdat variable named for the type's text and hash, so that there is one in a
// program, and one that the dynamic linker agrees on among libraries. What a type is made of has
// descriptors too; those that nothing refers to are dropped by GCC as other comdat data is.
//
//	text    what C would write for the type, without its outermost qualifiers. A struct, union or
//	        enumeration is called by its typedef where it has one, the one of the tag's name first.
//	hash    FNV-1a of the text and, of structs and unions, of the members' names, types and places
//
// A typedef of a scalar is only another name, unless methods are declared on it; then it is a type.
// So is a struct of a function's own, which another function's of that name is not.
//
// D1  Two descriptors of equal text and hash are of one type, whichever unit made them.
// D2  goat_type_descriptor() makes no tree twice: the variable for a text and hash is kept.
//
// Go:    as reflectdata/reflect.go. Text instead of package paths, since C has no packages.
// Layer: glue.

#include "glue.h"

namespace {

enum kind {                     // enum goat_kind of <goat/abi.h>
	KIND_VOID,
	KIND_BOOL,
	KIND_INT,
	KIND_UINT,
	KIND_FLOAT,
	KIND_COMPLEX,
	KIND_POINTER,
	KIND_FUNC,
	KIND_STRING,
	KIND_EFACE,
	KIND_IFACE,
	KIND_SLICE,
	KIND_MAP,
	KIND_CHAN,
	KIND_ARRAY,
	KIND_STRUCT,
	KIND_UNION,
};

enum { DIRECT = 1, REGULAR = 2, NAMED = 4 };

struct described {
	tree type, decl;
};

hash_map<nofree_string_hash, tree> *descriptors;        // by symbol
auto_vec<struct described> pending;                     // declared, and not yet given a value
hash_map<tree, const char *> *texts;                    // of structs, unions and enumerations

// ---------------------------------------------------------------- which type it is

bool
is_typedef(tree name)
{
	return name != NULL_TREE && TREE_CODE(name) == TYPE_DECL && DECL_NAME(name) != NULL_TREE &&
	       DECL_ORIGINAL_TYPE(name) != NULL_TREE;
}

const char *
name_of(tree name)
{
	if (name != NULL_TREE && TREE_CODE(name) == TYPE_DECL)
		name = DECL_NAME(name);
	return name != NULL_TREE ? IDENTIFIER_POINTER(name) : NULL;
}

// The tag of a struct, union or enumeration, or NULL.
const char *
tag_of(tree type)
{
	tree name = TYPE_NAME(TYPE_MAIN_VARIANT(type));

	return name != NULL_TREE && TREE_CODE(name) == IDENTIFIER_NODE ? IDENTIFIER_POINTER(name)
								       : NULL;
}

// The function that a type is declared in, or NULL.
tree
function_of(tree type)
{
	tree context = TYPE_CONTEXT(TYPE_MAIN_VARIANT(type));

	while (context != NULL_TREE && TREE_CODE(context) == BLOCK)
		context = BLOCK_SUPERCONTEXT(context);
	return context != NULL_TREE && TREE_CODE(context) == FUNCTION_DECL ? context : NULL_TREE;
}

// Names of the C library's own go last: it is FILE, not __FILE.
bool
is_earlier(tree a, tree b)
{
	bool inner_a = name_of(a)[0] == '_', inner_b = name_of(b)[0] == '_';

	return inner_a != inner_b ? inner_b : DECL_UID(a) < DECL_UID(b);
}

// The typedef that TYPE is called by, or NULL: that of the tag's name, else the first.
const char *
typedef_of(tree type)
{
	const char *tag = tag_of(type);
	tree first = NULL_TREE;

	for (tree v = TYPE_MAIN_VARIANT(type); v != NULL_TREE; v = TYPE_NEXT_VARIANT(v)) {
		tree name = TYPE_NAME(v);

		if (name == NULL_TREE || TREE_CODE(name) != TYPE_DECL || DECL_NAME(name) == NULL_TREE ||
		    TYPE_QUALS(v) != TYPE_UNQUALIFIED)
			continue;
		if (decl_function_context(name) != NULL_TREE && function_of(type) == NULL_TREE)
			continue;
		if (tag != NULL && strcmp(tag, name_of(name)) == 0)
			return tag;
		if (first == NULL_TREE || is_earlier(name, first))
			first = name;
	}
	return name_of(first);
}

// What goat_name says.
const char *
given_name(tree type)
{
	tree a = lookup_attribute("goat_name", TYPE_ATTRIBUTES(TYPE_MAIN_VARIANT(type)));

	return a != NULL_TREE ? TREE_STRING_POINTER(TREE_VALUE(TREE_VALUE(a))) : NULL;
}

// ---------------------------------------------------------------- text

const char *text_with(tree type, const char *inner);

const char *
join(const char *a, const char *b, const char *c = "")
{
	return joined({ a, b, c });
}

const char *
number_text(unsigned HOST_WIDE_INT n)
{
	char s[24];

	snprintf(s, sizeof s, "%llu", (unsigned long long)n);
	return keep(s);
}

const char *
scalar_text(tree type)
{
	const struct { tree node; const char *text; } known[] = {
		{ char_type_node, "char" },
		{ signed_char_type_node, "signed char" },
		{ unsigned_char_type_node, "unsigned char" },
		{ short_integer_type_node, "short" },
		{ short_unsigned_type_node, "unsigned short" },
		{ integer_type_node, "int" },
		{ unsigned_type_node, "unsigned int" },
		{ long_integer_type_node, "long" },
		{ long_unsigned_type_node, "unsigned long" },
		{ long_long_integer_type_node, "long long" },
		{ long_long_unsigned_type_node, "unsigned long long" },
		{ float_type_node, "float" },
		{ double_type_node, "double" },
		{ long_double_type_node, "long double" },
		{ boolean_type_node, "bool" },
		{ void_type_node, "void" },
	};

	type = TYPE_MAIN_VARIANT(type);
	for (const auto &k : known)
		if (type == k.node)
			return k.text;
	if (TREE_CODE(type) == INTEGER_TYPE && TYPE_PRECISION(type) == 128)
		return TYPE_UNSIGNED(type) ? "unsigned __int128" : "__int128";
	if (TREE_CODE(type) == COMPLEX_TYPE)
		return join(goat_type_text(TREE_TYPE(type)), " _Complex");
	return spell_type(type);
}

// A member's type as declared; GCC gives a bit-field one of its own.
tree
written_type(tree field)
{
	return DECL_BIT_FIELD_TYPE(field) ? DECL_BIT_FIELD_TYPE(field) : TREE_TYPE(field);
}

// struct { int x; }, of a type that has no name.
const char *
members_text(tree type)
{
	const char *text = TREE_CODE(type) == UNION_TYPE ? "union {" : "struct {";

	for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f))
		if (TREE_CODE(f) == FIELD_DECL) {
			const char *name = name_of(DECL_NAME(f));

			text = join(text, " ", text_with(written_type(f), name ? name : ""));
			if (DECL_C_BIT_FIELD(f))
				text = join(text, " : ", number_text(tree_to_uhwi(DECL_SIZE(f))));
			text = join(text, ";");
		}
	return join(text, " }");
}

const char *
aggregate_text(tree type)
{
	const char *name, **known;

	type = TYPE_MAIN_VARIANT(type);
	if (texts == NULL)
		texts = new hash_map<tree, const char *>;
	if ((known = texts->get(type)) != NULL)
		return *known;
	if ((name = given_name(type)) == NULL && (name = typedef_of(type)) == NULL) {
		if ((name = tag_of(type)) != NULL)
			name = join(TREE_CODE(type) == UNION_TYPE      ? "union "
				    : TREE_CODE(type) == ENUMERAL_TYPE ? "enum "
								       : "struct ",
				    name);
		else if (TREE_CODE(type) == ENUMERAL_TYPE)
			name = TYPE_UNSIGNED(type) ? "unsigned int" : "int";
		else
			name = members_text(type);
	}
	if (unit.esc != NULL)           // before the unit pass, a typedef may still come
		texts->put(type, name);
	return name;
}

const char *
qualifiers_text(tree type)
{
	int quals = TYPE_QUALS(type);

	return join(quals & TYPE_QUAL_CONST ? "const " : "",
		    quals & TYPE_QUAL_VOLATILE ? "volatile " : "",
		    quals & TYPE_QUAL_ATOMIC ? "_Atomic " : "");
}

const char *
pointer_qualifiers(tree type)
{
	int quals = TYPE_QUALS(type);

	if (quals & TYPE_QUAL_CONST)
		return quals & TYPE_QUAL_VOLATILE ? "const volatile" : "const";
	return quals & TYPE_QUAL_VOLATILE ? "volatile" : quals & TYPE_QUAL_ATOMIC ? "_Atomic" : "";
}

const char *
parameters_text(tree type, unsigned skip)
{
	const char *text = "";
	function_args_iterator i;
	tree arg;

	if (!prototype_p(type))
		return "";
	FOREACH_FUNCTION_ARGS(type, arg, i) {
		if (VOID_TYPE_P(arg))
			break;
		if (skip > 0 && skip--)
			continue;
		text = join(text, *text ? ", " : "", goat_type_text(arg));
	}
	if (stdarg_p(type))
		return join(text, *text ? ", ..." : "...");
	return *text ? text : "void";
}

const char *
array_text(tree type, const char *inner)
{
	tree domain = TYPE_DOMAIN(type);
	const char *length = "";

	if (domain != NULL_TREE && TYPE_MAX_VALUE(domain) != NULL_TREE) {
		tree max = TYPE_MAX_VALUE(domain);

		length = !tree_fits_shwi_p(max) ? "*" : number_text(tree_to_shwi(max) + 1);
	}
	return text_with(TREE_TYPE(type), join(inner, join("[", length, "]")));
}

// A declaration of INNER as a TYPE.
const char *
text_with(tree type, const char *inner)
{
	const char *quals, *base;
	tree named = goat_type_itself(type);

	if (is_typedef(TYPE_NAME(named)) && !RECORD_OR_UNION_TYPE_P(named) &&
	    TREE_CODE(named) != ENUMERAL_TYPE) {
		base = name_of(TYPE_NAME(named));
	} else if (goat_is_map(type)) {
		base = join(join("map(", goat_type_text(goat_map_key(type)), ", "),
			    goat_type_text(goat_map_elem(type)), ")");
	} else if (goat_is_chan(type)) {
		base = join("chan(", goat_type_text(goat_chan_elem(type)), ")");
	} else if (TREE_CODE(type) == POINTER_TYPE) {
		tree to = TREE_TYPE(type);
		bool aside = FUNC_OR_METHOD_TYPE_P(to) || TREE_CODE(to) == ARRAY_TYPE;

		quals = pointer_qualifiers(type);
		inner = join("*", quals, join(*quals && *inner ? " " : "", inner));
		return text_with(to, aside ? join("(", inner, ")") : inner);
	} else if (FUNC_OR_METHOD_TYPE_P(type)) {
		return text_with(TREE_TYPE(type), join(inner, join("(", parameters_text(type, 0), ")")));
	} else if (TREE_CODE(type) == ARRAY_TYPE) {
		return array_text(type, inner);
	} else if (TREE_CODE(type) == VECTOR_TYPE) {
		base = join(goat_type_text(TREE_TYPE(type)), " __vector");
		inner = join(inner, join("[", number_text(tree_to_uhwi(TYPE_SIZE_UNIT(type)) /
							  tree_to_uhwi(TYPE_SIZE_UNIT(TREE_TYPE(type)))),
					 "]"));
	} else if (RECORD_OR_UNION_TYPE_P(type) || TREE_CODE(type) == ENUMERAL_TYPE) {
		base = aggregate_text(type);
	} else {
		base = scalar_text(type);
	}
	base = join(qualifiers_text(type), base);
	return *inner ? join(base, *inner == '[' ? "" : " ", inner) : base;
}

// ---------------------------------------------------------------- hash

// A member's place, in bits.
unsigned HOST_WIDE_INT
bit_position_of(tree field)
{
	return tree_to_uhwi(bit_position(field));
}

bool
has_layout(tree type)
{
	return RECORD_OR_UNION_TYPE_P(type) && COMPLETE_TYPE_P(type) && given_name(type) == NULL &&
	       TREE_CODE(TYPE_SIZE(type)) == INTEGER_CST;
}

uint32_t
layout_hash(uint32_t h, tree type)
{
	for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f)) {
		const char *name = name_of(DECL_NAME(f));

		if (TREE_CODE(f) != FIELD_DECL)
			continue;
		h = goat_fnv1a(h, text_with(written_type(f), name ? name : ""));
		h = goat_fnv1a(h, join("@", number_text(bit_position_of(f)), ";"));
		if (DECL_C_BIT_FIELD(f))
			h = goat_fnv1a(h, number_text(tree_to_uhwi(DECL_SIZE(f))));
	}
	return goat_fnv1a(h, number_text(tree_to_uhwi(TYPE_SIZE_UNIT(type))));
}

uint32_t
hash_of(tree type)
{
	uint32_t h = goat_fnv1a(FNV_BASIS, goat_type_text(type));

	if (goat_is_interface(type))
		h = goat_interface_hash(h, type);
	else if (has_layout(type))
		h = layout_hash(h, type);
	// One of the same name in another function is another type.
	for (tree base = type; base != NULL_TREE; base = TREE_TYPE(base)) {
		tree fn = RECORD_OR_UNION_TYPE_P(base) || TREE_CODE(base) == ENUMERAL_TYPE
				  ? function_of(base)
				  : NULL_TREE;

		if (fn != NULL_TREE)
			h = goat_fnv1a(goat_fnv1a(h, "@"), name_of(DECL_NAME(fn)));
		if (TREE_CODE(base) != POINTER_TYPE && TREE_CODE(base) != ARRAY_TYPE)
			break;
	}
	return h;
}

// ---------------------------------------------------------------- pointers in it

struct pointer_map {
	auto_vec<unsigned char> bits;
	unsigned HOST_WIDE_INT end = 0;         // in words
};

void
mark_word(struct pointer_map *m, unsigned HOST_WIDE_INT word)
{
	while (m->bits.length() <= word / 8)
		m->bits.safe_push(0);
	m->bits[word / 8] |= 1 << word % 8;
	m->end = MAX(m->end, word + 1);
}

void
map_pointers(struct pointer_map *m, tree type, unsigned HOST_WIDE_INT at)
{
	if (!has_pointers(type))
		return;
	switch (TREE_CODE(type)) {
	case ARRAY_TYPE: {
		tree size = TYPE_SIZE_UNIT(type), each = TYPE_SIZE_UNIT(TREE_TYPE(type));

		if (size == NULL_TREE || !tree_fits_uhwi_p(size) || integer_zerop(each))
			return;         // a flexible member
		for (unsigned HOST_WIDE_INT i = 0; i < tree_to_uhwi(size); i += tree_to_uhwi(each))
			map_pointers(m, TREE_TYPE(type), at + i);
		return;
	}
	case RECORD_TYPE:
	case UNION_TYPE:
		for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f))
			if (TREE_CODE(f) == FIELD_DECL)
				map_pointers(m, TREE_TYPE(f), at + bit_position_of(f) / BITS_PER_UNIT);
		return;
	default: {
		unsigned word = POINTER_SIZE / BITS_PER_UNIT;

		mark_word(m, at / word);
		if (at % word != 0)             // packed
			mark_word(m, at / word + 1);
	}
	}
}

// ---------------------------------------------------------------- equality

tree
plain_field(tree f)
{
	while (f != NULL_TREE && TREE_CODE(f) != FIELD_DECL)
		f = DECL_CHAIN(f);
	return f;
}

enum kind
kind_of(tree type)
{
	switch (TREE_CODE(type)) {
	case BOOLEAN_TYPE:
		return KIND_BOOL;
	case INTEGER_TYPE:
	case ENUMERAL_TYPE:
		return TYPE_UNSIGNED(type) ? KIND_UINT : KIND_INT;
	case REAL_TYPE:
		return KIND_FLOAT;
	case COMPLEX_TYPE:
		return KIND_COMPLEX;
	case POINTER_TYPE:
	case REFERENCE_TYPE:
		if (goat_is_map(type))
			return KIND_MAP;
		if (goat_is_chan(type))
			return KIND_CHAN;
		return FUNC_OR_METHOD_TYPE_P(TREE_TYPE(type)) ? KIND_FUNC : KIND_POINTER;
	case ARRAY_TYPE:
	case VECTOR_TYPE:
		return COMPLETE_TYPE_P(type) ? KIND_ARRAY : KIND_VOID;
	case RECORD_TYPE:
		if (!COMPLETE_TYPE_P(type))
			return KIND_VOID;
		if (goat_is_any(type))
			return KIND_EFACE;
		if (goat_is_interface(type))
			return KIND_IFACE;
		if (goat_is_string(type))
			return KIND_STRING;
		if (goat_is_slice(type))
			return KIND_SLICE;
		return KIND_STRUCT;
	case UNION_TYPE:
		return COMPLETE_TYPE_P(type) ? KIND_UNION : KIND_VOID;
	default:
		return KIND_VOID;
	}
}

// Compared by what is inside, not compared at all, or by its bytes.
enum compared { BYTES, PARTS, NEVER };

enum compared compared_by(tree type);

bool
fills(tree type)
{
	unsigned HOST_WIDE_INT at = 0;

	for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f)) {
		if (TREE_CODE(f) != FIELD_DECL)
			continue;
		if (bit_position_of(f) != at)
			return false;
		at += DECL_SIZE(f) ? tree_to_uhwi(DECL_SIZE(f)) : 0;
	}
	return at == tree_to_uhwi(TYPE_SIZE(type));
}

enum compared
members_compared_by(tree type)
{
	enum compared all = BYTES;
	bool is_union = TREE_CODE(type) == UNION_TYPE;

	for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f)) {
		enum compared one;

		if (TREE_CODE(f) != FIELD_DECL)
			continue;
		one = DECL_C_BIT_FIELD(f) ? BYTES : compared_by(TREE_TYPE(f));
		if (one == NEVER || (is_union && one != BYTES))
			return NEVER;
		if (one == PARTS)
			all = PARTS;
	}
	return all == BYTES && !is_union && !fills(type) ? PARTS : all;
}

enum compared
compared_by(tree type)
{
	switch (kind_of(type)) {
	case KIND_BOOL:
	case KIND_INT:
	case KIND_UINT:
	case KIND_POINTER:
	case KIND_FUNC:
	case KIND_CHAN:
		return BYTES;
	case KIND_FLOAT:
		return DECIMAL_FLOAT_TYPE_P(type) ? NEVER : PARTS;
	case KIND_COMPLEX:
		return COMPLEX_FLOAT_TYPE_P(type) ? PARTS : BYTES;
	case KIND_STRING:
	case KIND_EFACE:
	case KIND_IFACE:
		return PARTS;
	case KIND_ARRAY:
		if (TREE_CODE(TYPE_SIZE(type)) != INTEGER_CST)
			return NEVER;
		return compared_by(TREE_TYPE(type));
	case KIND_STRUCT:
	case KIND_UNION:
		return TREE_CODE(TYPE_SIZE(type)) == INTEGER_CST ? members_compared_by(type) : NEVER;
	default:
		return NEVER;
	}
}

// Whether BYTES, or would be so if it had no padding.
bool
is_bytes_and_padding(tree type)
{
	if (compared_by(type) == BYTES)
		return true;
	if (TREE_CODE(type) == ARRAY_TYPE)
		return compared_by(type) == PARTS && is_bytes_and_padding(TREE_TYPE(type));
	if (kind_of(type) != KIND_STRUCT || compared_by(type) != PARTS)
		return false;
	for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f))
		if (TREE_CODE(f) == FIELD_DECL && !DECL_C_BIT_FIELD(f) && !is_bytes_and_padding(TREE_TYPE(f)))
			return false;
	return true;
}

// Set the bits, from BIT on, that are not padding in a value of TYPE.
void
mark_value(tree type, unsigned HOST_WIDE_INT bit, vec<unsigned char> *bits)
{
	unsigned HOST_WIDE_INT size = tree_to_uhwi(TYPE_SIZE(type));

	if (compared_by(type) == BYTES) {
		for (unsigned HOST_WIDE_INT i = bit; i < bit + size; i += 8)
			(*bits)[i / 8] = 0xff;
	} else if (TREE_CODE(type) == ARRAY_TYPE) {
		unsigned HOST_WIDE_INT each = tree_to_uhwi(TYPE_SIZE(TREE_TYPE(type)));

		for (unsigned HOST_WIDE_INT at = 0; each != 0 && at < size; at += each)
			mark_value(TREE_TYPE(type), bit + at, bits);
	} else {
		for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f)) {
			unsigned HOST_WIDE_INT at;

			if (TREE_CODE(f) != FIELD_DECL)
				continue;
			at = bit + bit_position_of(f);
			if (!DECL_C_BIT_FIELD(f))
				mark_value(TREE_TYPE(f), at, bits);
			else
				for (unsigned HOST_WIDE_INT i = at; i < at + tree_to_uhwi(DECL_SIZE(f)); i++)
					(*bits)[i / 8] |= 1 << i % 8;
		}
	}
}

const char *
sized(const char *what, tree type)
{
	switch (tree_to_uhwi(TYPE_SIZE_UNIT(type))) {
	case 0:
		return join(what, "0");
	case 1:
		return join(what, "8");
	case 2:
		return join(what, "16");
	case 4:
		return join(what, "32");
	case 8:
		return join(what, "64");
	case 16:
		return join(what, "128");
	default:
		return what;
	}
}

// Which of <goat/alg.def>'s; WHAT is "equal" or "hash".
const char *
algorithm(tree type, const char *what)
{
	const char *of = NULL;

	if (compared_by(type) == NEVER)
		return NULL;
	if (compared_by(type) == BYTES)
		return sized(join("goat_mem", what), type);
	switch (kind_of(type)) {
	case KIND_FLOAT:
		of = TYPE_MODE(type) == TYPE_MODE(float_type_node)    ? "f32"
		     : TYPE_MODE(type) == TYPE_MODE(double_type_node) ? "f64"
		     : TYPE_PRECISION(type) == 80                     ? "f80"
								      : "f";
		break;
	case KIND_STRING:
		of = "str";
		break;
	case KIND_EFACE:
		of = "eface";
		break;
	case KIND_IFACE:
		of = "iface";
		break;
	case KIND_STRUCT:
		of = "struct";
		break;
	default:
		of = "array";
	}
	return join("goat_", of, what);
}

// The address of a function of the runtime that only descriptors mention.
tree
runtime_address(const char *name, tree pointer_type)
{
	static hash_map<nofree_string_hash, tree> *made;
	tree fn;

	if (name == NULL)
		return build_zero_cst(pointer_type);
	if (made == NULL)
		made = new hash_map<nofree_string_hash, tree>;
	if (tree *known = made->get(name)) {
		fn = *known;
	} else {
		fn = build_decl(UNKNOWN_LOCATION, FUNCTION_DECL, get_identifier(name),
				TREE_TYPE(pointer_type));
		TREE_PUBLIC(fn) = DECL_EXTERNAL(fn) = DECL_ARTIFICIAL(fn) = 1;
		made->put(keep(name), fn);
	}
	return build_fold_addr_expr(fn);
}

// ---------------------------------------------------------------- the descriptor

tree
type_of_descriptor(void)
{
	tree f = plain_field(TYPE_FIELDS(goat_any_type()));

	return TYPE_MAIN_VARIANT(TREE_TYPE(TREE_TYPE(f)));
}

tree
array_of(tree elt_type, const vec<tree> &values)
{
	vec<constructor_elt, va_gc> *elts = NULL;
	tree type = build_array_type_nelts(elt_type, values.length());

	for (unsigned i = 0; i < values.length(); i++)
		CONSTRUCTOR_APPEND_ELT(elts, size_int(i), values[i]);
	return build_constructor(type, elts);
}

tree
gcdata_of(const struct pointer_map *m)
{
	auto_vec<tree> bytes;
	tree byte = build_qualified_type(unsigned_char_type_node, TYPE_QUAL_CONST);

	for (unsigned char b : m->bits)
		bytes.safe_push(build_int_cst(byte, b));
	return goat_constant_array(byte, bytes);
}

tree
member_type(tree record, const char *member)
{
	for (tree f = TYPE_FIELDS(record); f != NULL_TREE; f = DECL_CHAIN(f))
		if (TREE_CODE(f) == FIELD_DECL && strcmp(name_of(DECL_NAME(f)), member) == 0)
			return TREE_TYPE(f);
	gcc_unreachable();
}

tree
field_value(tree record, tree f)
{
	const char *name = name_of(DECL_NAME(f));
	tree type = written_type(f);
	unsigned HOST_WIDE_INT at = bit_position_of(f), unit = 0, bit = 0, bits = 0;

	if (DECL_C_BIT_FIELD(f)) {
		unit = tree_to_uhwi(TYPE_SIZE(type));
		bits = tree_to_uhwi(DECL_SIZE(f));
		if (at % unit + bits > unit)
			unit = BITS_PER_UNIT;           // packed: it lies across
		bit = at % unit;
		at -= bit;
	}
	return goat_struct_value(record,
				 { { "name", build_string_literal(name ? strlen(name) + 1 : 1,
								  name ? name : "") },
				   { "type", goat_type_address(type) },
				   { "offset", size_int(at / BITS_PER_UNIT) },
				   { "bit", size_int(bit) },
				   { "bits", size_int(bits) },
				   { "embedded", size_int(name == NULL) } });
}

tree
fields_of(tree type, size_t *n)
{
	tree pointer = member_type(type_of_descriptor(), "fields");
	tree record = TYPE_MAIN_VARIANT(TREE_TYPE(pointer));
	auto_vec<tree> values;

	for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f)) {
		if (TREE_CODE(f) != FIELD_DECL || (DECL_C_BIT_FIELD(f) && DECL_NAME(f) == NULL_TREE))
			continue;
		if (TREE_CODE(TREE_TYPE(f)) == ARRAY_TYPE && !COMPLETE_TYPE_P(TREE_TYPE(f)))
			continue;       // a flexible member
		values.safe_push(field_value(record, f));
	}
	*n = values.length();
	return goat_constant_array(record, values);
}

bool
is_named(tree type)
{
	if (RECORD_OR_UNION_TYPE_P(type) || TREE_CODE(type) == ENUMERAL_TYPE)
		return given_name(type) || typedef_of(type) || tag_of(type);
	return is_typedef(TYPE_NAME(goat_type_itself(type)));
}

tree
element_of(tree type, enum kind kind, size_t *n)
{
	tree elem = TREE_TYPE(type);

	switch (kind) {
	case KIND_ARRAY:
		if (!integer_zerop(TYPE_SIZE_UNIT(elem)))
			*n = tree_to_uhwi(TYPE_SIZE_UNIT(type)) / tree_to_uhwi(TYPE_SIZE_UNIT(elem));
		return goat_type_address(elem);
	case KIND_COMPLEX:
		*n = 2;
		return goat_type_address(elem);
	case KIND_SLICE:
		return goat_type_address(TREE_TYPE(TREE_TYPE(field_named(type, "ptr"))));
	case KIND_MAP:
		return goat_type_address(goat_map_elem(type));
	case KIND_CHAN:
		return goat_type_address(goat_chan_elem(type));
	case KIND_POINTER:
		if (VOID_TYPE_P(elem) || variably_modified_type_p(elem, NULL_TREE))
			return null_pointer_node;
		return goat_type_address(elem);
	default:
		return null_pointer_node;
	}
}

bool
has_size(tree type)
{
	return COMPLETE_TYPE_P(type) && !VOID_TYPE_P(type) && tree_fits_uhwi_p(TYPE_SIZE_UNIT(type));
}

tree
value_of_descriptor(tree type)
{
	tree record = type_of_descriptor(), elem, fields = null_pointer_node;
	tree methods = null_pointer_node;
	enum kind kind = has_size(type) ? kind_of(type) : KIND_VOID;
	const char *text = goat_type_text(type);
	size_t n = 0, nmethods = 0;
	struct pointer_map m;
	int flags = 0;

	if (kind != KIND_VOID)
		map_pointers(&m, type, 0);
	if (goat_is_direct(type))
		flags |= DIRECT;
	if (kind != KIND_VOID && compared_by(type) == BYTES)
		flags |= REGULAR;
	if (is_named(type))
		flags |= NAMED;
	elem = element_of(type, kind, &n);
	if (kind == KIND_STRUCT || kind == KIND_UNION)
		fields = fields_of(type, &n);
	if (kind == KIND_IFACE)
		methods = goat_interface_methods(type, member_type(record, "methods"), &nmethods);
	return goat_struct_value(
		record,
		{ { "size", kind ? TYPE_SIZE_UNIT(type) : size_zero_node },
		  { "ptrdata", size_int(m.end * (POINTER_SIZE / BITS_PER_UNIT)) },
		  { "hash", build_int_cst(uint32_type_node, hash_of(type)) },
		  { "align", size_int(kind ? TYPE_ALIGN_UNIT(type) : 1) },
		  { "kind", size_int(kind) },
		  { "flags", size_int(flags) },
		  { "name", text_address(text) },
		  { "equal", runtime_address(kind ? algorithm(type, "equal") : NULL,
					     member_type(record, "equal")) },
		  { "hasher", runtime_address(kind ? algorithm(type, "hash") : NULL,
					      member_type(record, "hasher")) },
		  { "gcdata", gcdata_of(&m) },
		  { "elem", elem },
		  { "len", size_int(n) },
		  { "fields", fields },
		  { "methods", methods },
		  { "nmethods", size_int(nmethods) } });
}

} // namespace

// A pointer to a function of N parameters, the first a pointer to a struct TAG.
static bool
is_function_of(tree type, int n, const char *tag)
{
	tree args, first;

	if (TREE_CODE(type) != POINTER_TYPE || TREE_CODE(TREE_TYPE(type)) != FUNCTION_TYPE)
		return false;
	args = TYPE_ARG_TYPES(TREE_TYPE(type));
	if (args == NULL_TREE || list_length(args) != n + 1 || TREE_CODE(TREE_VALUE(args)) != POINTER_TYPE)
		return false;
	first = TREE_TYPE(TREE_VALUE(args));
	return TREE_CODE(first) == RECORD_TYPE && tag_of(first) != NULL && strcmp(tag_of(first), tag) == 0;
}

// What map(K, V) of <goat.h> is: V *(*)(struct goat_hmap *, K, const K *, V *).
bool
goat_is_map(tree type)
{
	return is_function_of(type, 4, "goat_hmap");
}

// What chan(T) is: T *(*)(struct goat_hchan *).
bool
goat_is_chan(tree type)
{
	return is_function_of(type, 1, "goat_hchan");
}

tree
goat_chan_elem(tree chan)
{
	tree elem = TREE_TYPE(TREE_TYPE(TREE_TYPE(chan)));

	return TREE_CODE(elem) == ARRAY_TYPE || FUNC_OR_METHOD_TYPE_P(elem)
		       ? elem
		       : build_qualified_type(elem, TYPE_UNQUALIFIED);
}

tree
goat_map_key(tree map)
{
	tree args = TYPE_ARG_TYPES(TREE_TYPE(map));
	tree key = TREE_TYPE(TREE_VALUE(TREE_CHAIN(TREE_CHAIN(args))));

	return TREE_CODE(key) == ARRAY_TYPE || FUNC_OR_METHOD_TYPE_P(key)
		       ? key
		       : build_qualified_type(key, TYPE_UNQUALIFIED);
}

tree
goat_map_elem(tree map)
{
	return TREE_TYPE(TREE_TYPE(TREE_TYPE(map)));
}

bool
goat_is_comparable(tree type)
{
	return has_size(type) && compared_by(type) != NEVER;
}

// Whether values of TYPE are equal if and only if all their bytes are.
bool
goat_is_regular(tree type)
{
	return has_size(type) && compared_by(type) == BYTES;
}

// The address of the function of <goat/alg.def> that is TYPE's "hash" or "equal", or NULL.
tree
goat_algorithm(tree type, const char *what, tree pointer_type)
{
	return runtime_address(algorithm(type, what), pointer_type);
}

bool
goat_has_padding(tree type)
{
	return has_size(type) && compared_by(type) == PARTS && is_bytes_and_padding(type) && !BYTES_BIG_ENDIAN;
}

void
goat_value_bits(tree type, vec<unsigned char> *bits)
{
	bits->safe_grow_cleared(tree_to_uhwi(TYPE_SIZE_UNIT(type)), true);
	mark_value(type, 0, bits);
}

tree
goat_bytes_algorithm(tree type, const char *what, tree pointer_type)
{
	return runtime_address(sized(join("goat_mem", what), type), pointer_type);
}

bool
goat_is_string(tree type)
{
	const char *name = TREE_CODE(type) == RECORD_TYPE ? given_name(type) : NULL;

	return name != NULL && strcmp(name, "string") == 0;
}

tree
goat_any_type(void)
{
	static tree type;

	if (type == NULL_TREE)
		type = TREE_TYPE(global_declaration("goat_any"));
	return type;
}

// TYPE without its qualifiers, and without the typedefs that are only another name of a scalar.
tree
goat_type_itself(tree type)
{
	if (RECORD_OR_UNION_TYPE_P(type) || TREE_CODE(type) == ENUMERAL_TYPE)
		return TYPE_MAIN_VARIANT(type);
	while (is_typedef(TYPE_NAME(type))) {
		if (goat_has_methods(TYPE_NAME(type)))
			return TYPE_QUALS(type) ? build_qualified_type(type, TYPE_UNQUALIFIED) : type;
		type = DECL_ORIGINAL_TYPE(TYPE_NAME(type));
	}
	return TYPE_MAIN_VARIANT(type);
}

const char *
goat_type_text(tree type)
{
	return text_with(goat_type_itself(type), "");
}

const char *
goat_parameters_text(tree function_type, unsigned skip)
{
	return parameters_text(function_type, skip);
}

uint32_t
goat_type_hash(tree type)
{
	return hash_of(goat_type_itself(type));
}

uint32_t
goat_fnv1a(uint32_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

bool
goat_same_type(tree a, tree b)
{
	return goat_type_hash(a) == goat_type_hash(b) &&
	       strcmp(goat_type_text(a), goat_type_text(b)) == 0;
}

// Whether the value itself is the data word of an interface. A pointer with methods of its own is
// boxed: its methods are called with a pointer to it.
bool
goat_is_direct(tree type)
{
	return POINTER_TYPE_P(type) && !is_typedef(TYPE_NAME(goat_type_itself(type)));
}

// TEXT as a part of a symbol, with HASH to tell apart what looks alike.
const char *
goat_symbol(const char *what, const char *text, uint32_t hash)
{
	char s[200], *p = s, *end = s + sizeof s - 32;

	for (; *text && p < end; text++)
		if (ISALNUM(*text) || *text == '_')
			*p++ = *text;
		else if (*text == '*')
			p = stpcpy(p, ".p");
		else if (p > s && p[-1] != '.')
			*p++ = '.';
	snprintf(p, 32, ".%08x", hash);
	return join("goat.", what, join(".", s));
}

// Initialised constant data; shared across the program where SYMBOL is given and SHARED.
tree
goat_constant(const char *symbol, tree type, tree init, bool shared)
{
	static unsigned n;
	char name[32];
	tree v;

	if (symbol == NULL) {
		snprintf(name, sizeof name, "goat.data.%u", n++);
		symbol = name;
	}
	v = build_decl(UNKNOWN_LOCATION, VAR_DECL, get_identifier(symbol),
		       build_qualified_type(type, TYPE_QUAL_CONST));
	TREE_STATIC(v) = 1;
	TREE_READONLY(v) = 1;
	TREE_ADDRESSABLE(v) = 1;
	TREE_USED(v) = 1;
	DECL_ARTIFICIAL(v) = 1;
	DECL_IGNORED_P(v) = 1;
	SET_DECL_ASSEMBLER_NAME(v, get_identifier(symbol));
	// AddressSanitizer has a list of all data, and would keep the linker from dropping any.
	DECL_ATTRIBUTES(v) = tree_cons(get_identifier("asan odr indicator"), NULL_TREE, NULL_TREE);
	if (shared) {
		TREE_PUBLIC(v) = 1;
		DECL_COMDAT(v) = 1;
		DECL_VISIBILITY(v) = VISIBILITY_DEFAULT;
		DECL_VISIBILITY_SPECIFIED(v) = 1;
	}
	layout_decl(v, 0);
	if (init != NULL_TREE)
		goat_define(v, init);
	return v;
}

void
goat_define(tree v, tree init)
{
	DECL_INITIAL(v) = init;
	TREE_CONSTANT(init) = TREE_STATIC(init) = 1;
	if (TREE_PUBLIC(v))
		make_decl_one_only(v, DECL_ASSEMBLER_NAME(v));
	varpool_node::finalize_decl(v);
}

// A private constant array, as a pointer to its first element.
tree
goat_constant_array(tree elt_type, const vec<tree> &values)
{
	tree init, v;

	if (values.is_empty())
		return null_pointer_node;
	init = array_of(elt_type, values);
	v = goat_constant(NULL, TREE_TYPE(init), init, false);
	return build_fold_addr_expr(v);
}

tree
goat_struct_value(tree record, std::initializer_list<struct member_value> members)
{
	vec<constructor_elt, va_gc> *elts = NULL;

	for (tree f = TYPE_FIELDS(record); f != NULL_TREE; f = DECL_CHAIN(f))
		for (const struct member_value &m : members)
			if (TREE_CODE(f) == FIELD_DECL && strcmp(name_of(DECL_NAME(f)), m.name) == 0)
				CONSTRUCTOR_APPEND_ELT(elts, f, fold_convert(TREE_TYPE(f), m.value));
	return build_constructor(record, elts);
}

// &descriptor of TYPE, as a const struct goat_type *.
tree
goat_type_address(tree type)
{
	const char *symbol;
	tree v;

	type = goat_type_itself(type);
	symbol = goat_symbol(has_size(type) ? "type" : "incomplete", goat_type_text(type),
			     hash_of(type));
	if (descriptors == NULL)
		descriptors = new hash_map<nofree_string_hash, tree>;
	if (tree *known = descriptors->get(symbol)) {
		v = *known;
	} else {
		v = goat_constant(symbol, type_of_descriptor(), NULL_TREE, true);
		descriptors->put(symbol, v);
		pending.safe_push({ type, v });
	}
	return build_fold_addr_expr(v);
}

// Gives all descriptors so far their values, and calls EACH for the type of each.
void
goat_types_finish(void (*each)(tree type))
{
	for (unsigned i = 0; i < pending.length(); i++) {
		struct described d = pending[i];

		goat_define(d.decl, value_of_descriptor(d.type));
		each(d.type);
	}
}
