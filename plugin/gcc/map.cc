// SPDX-License-Identifier: GPL-3.0-or-later
//
// map.cc: map_get(), map_set(), make(map(K, V)) and their like become calls of the runtime.
//
// A map is a function to the front end, so a use of it is a call through it, whose first argument
// says what is meant, and whose others the front end has converted:
//
//	*(m)(goat_map_get_(), k, 0, 0)          *mapaccess1(T, m, k)
//	(m)(goat_map_ptr_(), k, 0, 0)           mapaccess2(T, m, k)
//	(m)(goat_map_lookup_(), k, 0, p)        e = mapaccess2(T, m, k), *p = e ? *e : 0, e
//	(m)(goat_map_delete_(), k, 0, 0)        mapdelete(T, m, k), 0
//	*(m)(goat_map_set_(), k, 0, 0) = v      m, k and v; e = mapassign(T, m, k), *e = v
//
// Which entry of the runtime it is depends on the key: small ones and strings are passed by value,
// others by the address of a copy. T is the constant that <goat/abi.h> calls struct goat_maptype.
//
// P1  What is evaluated once in the source is so here, the map first, then the key, then the value;
//     the map changes after that. A value that is read from memory is read before, for it may be in
//     the map, which moves its elements as it grows.
//
// make() stays a call, of a function that does not exist, until the analysis has said whether the
// map may be in the frame.
//
// Go:    as walk/expr.go, walk/builtin.go (walkMakeMap), reflectdata/reflect.go (MapBucketType).
// Layer: glue.

#include "lower.h"

namespace {

enum map_word { MAP_GET, MAP_PTR, MAP_LOOKUP, MAP_DELETE, MAP_SET, NMAP_WORDS };

const struct {
	const char *marker, *word;
} words[NMAP_WORDS] = {
	{ "goat_map_get_", "map_get(" },       { "goat_map_ptr_", "map_ptr(" },
	{ "goat_map_lookup_", "map_lookup(" }, { "goat_map_delete_", "map_delete(" },
	{ "goat_map_set_", "map_set(" },
};

// How keys are handed over. BYTES are by address too, where all of them decide.
enum family { BY_ADDRESS, BYTES, BITS32, BITS64, BITS128, STRING };

// Of one operation.
struct map_use {
	tree type;              // map(K, V)
	tree map;
	tree key;               // its value, as a tree that may stand in several places
	tree first;             // evaluates both
	location_t where;
	const char *text;
};

hash_set<tree> *pointers;       // calls of the runtime that give the program a pointer into the map
hash_map<tree, tree> *stored_keys;      // by call of mapassign: the key

// ---------------------------------------------------------------- what a type is like

// enum goat_mapflag of <goat/abi.h>.
enum {
	INDIRECT_KEY = 1,
	INDIRECT_ELEM = 2,
	REFLEXIVE = 4,
	NEED_UPDATE = 8,
	MIGHT_PANIC = 16,
	NOSCAN = 32,
};
enum { CELLS = 8, MAX_INLINE = 128, MAX_ALIGN = 16, MAX_INLINE_PLACES = 8 };

// Which of REFLEXIVE, NEED_UPDATE and MIGHT_PANIC keys of TYPE are.
int
traits(tree type)
{
	int all = REFLEXIVE;

	if (goat_is_regular(type))
		return REFLEXIVE;
	if (goat_is_string(type))
		return REFLEXIVE | NEED_UPDATE;
	if (TREE_CODE(type) == ARRAY_TYPE)
		return traits(TREE_TYPE(type));
	if (!RECORD_OR_UNION_TYPE_P(type))
		return NEED_UPDATE;             // floating point
	if (goat_is_interface(type))
		return NEED_UPDATE | MIGHT_PANIC;
	for (tree f = TYPE_FIELDS(type); f != NULL_TREE; f = DECL_CHAIN(f))
		if (TREE_CODE(f) == FIELD_DECL && !DECL_C_BIT_FIELD(f)) {
			int one = traits(TREE_TYPE(f));

			all = ((all | one) & ~REFLEXIVE) | (all & one & REFLEXIVE);
		}
	return all;
}

unsigned HOST_WIDE_INT
size_of(tree type)
{
	return tree_to_uhwi(TYPE_SIZE_UNIT(type));
}

unsigned HOST_WIDE_INT
rounded(unsigned HOST_WIDE_INT n, unsigned align)
{
	return (n + align - 1) / align * align;
}

// Where things lie in a bucket, in bytes.
struct layout {
	unsigned keysize, elemsize, keys, elems, overflow, bucketsize;
	int flags;
};

bool
is_indirect(tree type)
{
	return size_of(type) > MAX_INLINE || TYPE_ALIGN_UNIT(type) > MAX_ALIGN;
}

struct layout
layout_of(tree map)
{
	tree key = goat_map_key(map), elem = goat_map_elem(map);
	unsigned word = POINTER_SIZE / BITS_PER_UNIT, key_align, elem_align;
	struct layout b = {};

	b.flags = traits(key);
	if (is_indirect(key))
		b.flags |= INDIRECT_KEY;
	if (is_indirect(elem))
		b.flags |= INDIRECT_ELEM;
	b.keysize = b.flags & INDIRECT_KEY ? word : size_of(key);
	b.elemsize = b.flags & INDIRECT_ELEM ? word : size_of(elem);
	key_align = b.flags & INDIRECT_KEY ? word : TYPE_ALIGN_UNIT(key);
	elem_align = b.flags & INDIRECT_ELEM ? word : TYPE_ALIGN_UNIT(elem);
	if (!(b.flags & (INDIRECT_KEY | INDIRECT_ELEM)) && !has_pointers(key) && !has_pointers(elem))
		b.flags |= NOSCAN;
	b.keys = rounded(CELLS, key_align);
	b.elems = rounded(b.keys + CELLS * b.keysize, elem_align);
	b.overflow = rounded(b.elems + CELLS * b.elemsize, word);
	b.bucketsize = rounded(b.overflow + word, MAX(word, MAX(key_align, elem_align)));
	return b;
}

// Whether keys of TYPE are stored, hashed and compared with zeros for padding, as bytes.
bool
is_cleared(tree type)
{
	return goat_has_padding(type) && !is_indirect(type) && size_of(type) > 2 && POINTER_SIZE == 64;
}

// &T, the constant that describes the type MAP.
tree
maptype_address(tree map)
{
	static hash_map<nofree_string_hash, tree> *made;
	tree key = goat_map_key(map), elem = goat_map_elem(map), record, v;
	uint32_t hash = goat_fnv1a(goat_type_hash(key), goat_type_text(elem)) * 31 ^ goat_type_hash(elem);
	const char *symbol = goat_symbol("map", goat_type_text(map), hash);
	auto algorithm = is_cleared(key) ? goat_bytes_algorithm : goat_algorithm;
	struct layout b;

	if (made == NULL)
		made = new hash_map<nofree_string_hash, tree>;
	if (tree *known = made->get(symbol))
		return build_fold_addr_expr(*known);
	b = layout_of(map);
	record = TYPE_MAIN_VARIANT(TREE_TYPE(global_declaration("goat_maptype_")));
	v = goat_constant(
		symbol, record,
		goat_struct_value(
			record,
			{ { "type", goat_type_address(map) },
			  { "key", goat_type_address(key) },
			  { "elem", goat_type_address(elem) },
			  { "hasher", algorithm(key, "hash", TREE_TYPE(field_named(record, "hasher"))) },
			  { "equal", algorithm(key, "equal", TREE_TYPE(field_named(record, "equal"))) },
			  { "keysize", size_int(b.keysize) },
			  { "elemsize", size_int(b.elemsize) },
			  { "flags", size_int(b.flags) },
			  { "keys", size_int(b.keys) },
			  { "elems", size_int(b.elems) },
			  { "overflow", size_int(b.overflow) },
			  { "bucketsize", size_int(b.bucketsize) } }),
		true);
	made->put(symbol, v);
	return build_fold_addr_expr(v);
}

tree
maptype(tree map)
{
	return fold_convert(ptr_type_node, maptype_address(map));
}

// Whether maps of this type can be used; an error if not.
bool
check_type(location_t where, tree map)
{
	tree elem = goat_map_elem(map), key = goat_map_key(map);

	if (!goat_is_comparable(key))
		return false;           // there was an error where it is spelled
	if (has_known_size(elem))
		return true;
	error_at(where, "invalid map element type %s, which has no size", goat_type_text(elem));
	return false;
}

// ---------------------------------------------------------------- keys

enum family
family_of(tree map)
{
	tree key = goat_map_key(map);

	if (goat_is_string(key))
		return STRING;
	if ((!goat_is_regular(key) && !is_cleared(key)) || POINTER_SIZE != 64)
		return BY_ADDRESS;
	switch (size_of(key)) {
	case 4:
		return BITS32;
	case 8:
		return BITS64;
	case 16:
		return is_indirect(key) ? BY_ADDRESS : BITS128;
	default:
		return is_indirect(key) || size_of(key) <= 2 ? BY_ADDRESS : BYTES;
	}
}

// The value of T in a place of its own, that has an address.
tree
in_place(location_t where, tree t)
{
	tree slot = build_decl(where, VAR_DECL, NULL_TREE, TYPE_MAIN_VARIANT(TREE_TYPE(t))), target;

	DECL_CONTEXT(slot) = current_function_decl;
	DECL_ARTIFICIAL(slot) = DECL_IGNORED_P(slot) = 1;
	TREE_ADDRESSABLE(slot) = TREE_USED(slot) = 1;
	layout_decl(slot, 0);
	target = build4(TARGET_EXPR, TREE_TYPE(slot), slot, t, NULL_TREE, NULL_TREE);
	TREE_SIDE_EFFECTS(target) = 1;
	return target;
}

tree
slot_of(tree target)
{
	return TARGET_EXPR_SLOT(target);
}

bool
is_word(tree type)
{
	return INTEGRAL_TYPE_P(type) || POINTER_TYPE_P(type);
}

// WORD, which is the N bytes from AT on of a value of TYPE, with zeros for padding.
tree
without_padding(tree word, tree type, unsigned at, unsigned n)
{
	unsigned HOST_WIDE_INT mask = 0;
	auto_vec<unsigned char> bits;

	if (!is_cleared(type))
		return word;
	goat_value_bits(type, &bits);
	for (unsigned i = n; i-- > 0;)
		mask = mask << 8 | bits[at + i];
	return fold_build2(BIT_AND_EXPR, TREE_TYPE(word), word, build_int_cstu(TREE_TYPE(word), mask));
}

tree
bits_of_key(tree key, unsigned bits)
{
	tree type = build_nonstandard_integer_type(bits, 1), word;

	word = is_word(TREE_TYPE(key)) ? fold_convert(type, key) : build1(VIEW_CONVERT_EXPR, type, key);
	return fold_convert(size_type_node, without_padding(word, TREE_TYPE(key), 0, bits / 8));
}

// The word I of KEY, which has two.
tree
word_of_key(tree key, int i)
{
	tree array = build_array_type_nelts(size_type_node, 2), word;

	word = build4(ARRAY_REF, size_type_node, build1(VIEW_CONVERT_EXPR, array, key), size_int(i), NULL_TREE,
		      NULL_TREE);
	return without_padding(word, TREE_TYPE(key), 8 * i, 8);
}

// Clears the padding of KEY, which has an address, piece by piece of its alignment.
tree
clear_padding(tree key)
{
	tree type = TREE_TYPE(key), all = build_empty_stmt(UNKNOWN_LOCATION);
	unsigned n = MIN(TYPE_ALIGN_UNIT(type), 8);
	tree word = build_nonstandard_integer_type(8 * n, 1), cleared, at, place;

	for (unsigned i = 0; i < size_of(type); i += n) {
		at = build_int_cst(build_pointer_type(char_type_node), i);
		place = build2(MEM_REF, word, build_fold_addr_expr(key), at);
		cleared = without_padding(place, type, i, n);
		if (cleared != place)
			all = in_order(all, assign(unshare_expr(place), cleared));
	}
	return all;
}

// The key in CALL. map_set() has it as what is assigned to a place that does not exist, for the
// errors that C has for assignments.
tree
key_of(tree call)
{
	tree key = CALL_EXPR_ARG(call, 1), plain = without_conversions(key);

	return TREE_CODE(plain) == MODIFY_EXPR &&
			       is_call_of(without_conversions(TREE_OPERAND(TREE_OPERAND(plain, 0), 0)),
					  "goat_map_key_")
		       ? TREE_OPERAND(plain, 1)
		       : key;
}

// The map and the key of a use, each evaluated once, in this order.
void
settle_operands(struct map_use *u, tree call)
{
	tree type = goat_map_key(u->type), key = key_of(call), map = CALL_EXPR_FN(call);
	enum family family = family_of(u->type);

	if (!AGGREGATE_TYPE_P(type))
		key = fold_convert(TYPE_MAIN_VARIANT(type), key);
	u->map = once(map);
	if (family != STRING && ((family != BITS32 && family != BITS64) || !is_word(type))) {
		key = in_place(u->where, key);
		u->key = slot_of(key);
		if (family == BYTES && is_cleared(type))
			key = in_order(key, clear_padding(u->key));
	} else {
		u->key = key = once(key);
	}
	u->first = in_order(u->map, key);
}

// A call of the entry for U's family. All families have the same order in entry.def: ACCESS1 is
// mapaccess1, mapaccess2, mapassign or mapdelete.
tree
call_entry(const struct map_use *u, enum entry general, enum entry fast32, enum entry fast64,
	   enum entry fast128, enum entry faststr, enum entry bytes)
{
	tree t = maptype(u->type), m = fold_convert(ptr_type_node, u->map), key = u->key, f;

	switch (family_of(u->type)) {
	case BITS32:
		return build_call_expr_loc(u->where, runtime_function(fast32), 3, t, m,
					   bits_of_key(key, 32));
	case BITS64:
		return build_call_expr_loc(u->where, runtime_function(fast64), 3, t, m,
					   bits_of_key(key, 64));
	case BITS128:
		return build_call_expr_loc(u->where, runtime_function(fast128), 4, t, m,
					   word_of_key(key, 0), word_of_key(key, 1));
	case STRING:
		f = first_field(TREE_TYPE(key));
		return build_call_expr_loc(u->where, runtime_function(faststr), 4, t, m,
					   fold_convert(ptr_type_node,
							build3(COMPONENT_REF, TREE_TYPE(f), key, f,
							       NULL_TREE)),
					   build3(COMPONENT_REF, TREE_TYPE(DECL_CHAIN(f)), key,
						  DECL_CHAIN(f), NULL_TREE));
	default:
		general = family_of(u->type) == BYTES ? bytes : general;
		return build_call_expr_loc(u->where, runtime_function(general), 3, t, m,
					   build1(ADDR_EXPR, ptr_type_node, key));
	}
}

// Whether code that may as well be a call is wanted inline here: in the first places of a function, as
// each takes some 200 bytes and 10 ms of the compiler's time. What is inlined always must not meet options
// of one function that forbid it.
bool
inline_wanted(void)
{
	static tree counted;
	static int places;
	tree fn = current_function_decl;

	if (fn != counted) {
		counted = fn;
		places = 0;
	}
	return ++places <= MAX_INLINE_PLACES && optimize >= 2 && !optimize_size && POINTER_SIZE == 64 && fn != NULL_TREE &&
	       DECL_FUNCTION_SPECIFIC_TARGET(fn) == NULL_TREE &&
	       DECL_FUNCTION_SPECIFIC_OPTIMIZATION(fn) == NULL_TREE &&
	       lookup_attribute("no_sanitize", DECL_ATTRIBUTES(fn)) == NULL_TREE &&
	       lookup_attribute("cold", DECL_ATTRIBUTES(fn)) == NULL_TREE;
}

// CALL, of the runtime for a key of a fixed size, or an inline one, which calls it where need be:
// goat/map_inline.h.
tree
inline_or(const struct map_use *u, tree call)
{
	struct layout b = layout_of(u->type);
	enum family family = family_of(u->type);
	const char *name = IDENTIFIER_POINTER(DECL_NAME(get_callee_fndecl(call)));
	auto_vec<tree> args;

	if ((family != BITS32 && family != BITS64 && family != BITS128 && family != BYTES) ||
	    b.flags & (INDIRECT_KEY | INDIRECT_ELEM) || !inline_wanted())
		return call;
	for (int i = 0; i < call_expr_nargs(call); i++)
		args.safe_push(CALL_EXPR_ARG(call, i));
	for (unsigned n : { b.keysize, b.elemsize, b.keys, b.elems, b.bucketsize })
		args.safe_push(size_int(n));
	return build_call_expr_loc_array(u->where,
					 runtime_inline(joined({ name, "_" }), strstr(name, "assign") != NULL),
					 args.length(), args.address());
}

#define CALL_ENTRY(u, name)                                                                        \
	call_entry(u, ENTRY_##name, ENTRY_##name##_fast32, ENTRY_##name##_fast64,                  \
		   ENTRY_##name##_fast128, ENTRY_##name##_faststr, ENTRY_##name##_bytes)

// ---------------------------------------------------------------- operations

// Which operation CALL is; -1: none.
int
word_of(tree call)
{
	tree first;

	if (TREE_CODE(call) != CALL_EXPR || CALL_EXPR_FN(call) == NULL_TREE ||
	    !goat_is_map(TREE_TYPE(CALL_EXPR_FN(call))) || call_expr_nargs(call) != 4)
		return -1;
	first = without_conversions(CALL_EXPR_ARG(call, 0));
	first = TREE_CODE(first) == CALL_EXPR ? get_callee_fndecl(first) : NULL_TREE;
	for (int i = 0; first != NULL_TREE && i < NMAP_WORDS; i++)
		if (id_equal(DECL_NAME(first), words[i].marker))
			return i;
	return -1;
}

const char *
text_of_use(tree call, int word)
{
	if (!flow_wanted())
		return "";
	return joined({ words[word].word, spell(CALL_EXPR_FN(call)), ", ",
			spell(CALL_EXPR_ARG(call, 1)), ")" });
}

// Whether the value of T may change while a map does, or its evaluation do something.
tree
unsteady(tree *tp, int *walk_subtrees, void *)
{
	tree t = *tp;

	if (TYPE_P(t)) {
		*walk_subtrees = 0;
		return NULL_TREE;
	}
	switch (TREE_CODE(t)) {
	case ADDR_EXPR:
		if (DECL_P(TREE_OPERAND(t, 0)))
			*walk_subtrees = 0;
		return NULL_TREE;
	case INDIRECT_REF:
	case MEM_REF:
	case ARRAY_REF:
	case CALL_EXPR:
	case TRUNC_DIV_EXPR:
	case TRUNC_MOD_EXPR:
		return t;
	default:
		return EXPR_P(t) && TREE_SIDE_EFFECTS(t) ? t : NULL_TREE;
	}
}

tree
steady(tree value)
{
	return walk_tree_without_duplicates(&value, unsteady, NULL) ? once(value) : value;
}

// The element E points to, as a V *.
tree
as_elem(const struct map_use *u, tree e)
{
	return fold_convert(build_pointer_type(goat_map_elem(u->type)), e);
}

void
note_pointer(tree call)
{
	if (pointers == NULL)
		pointers = new hash_set<tree>;
	pointers->add(call);
}

// *P = E ? *E : 0, E
tree
lookup_into(const struct map_use *u, tree e, tree p)
{
	tree type = TYPE_MAIN_VARIANT(goat_map_elem(u->type)), set, clear, given;

	if (is_null(p))
		return e;
	e = once(e);
	p = steady(p);
	given = target_of(p);
	set = assign(given, build1(INDIRECT_REF, TREE_TYPE(TREE_TYPE(e)), e));
	SET_EXPR_LOCATION(set, u->where);
	clear = assign(unshare_expr(given), zero_of(type));
	set = choose(compare(NE_EXPR, e, null_pointer_node), called(set, u->text), called(clear, ""));
	TREE_TYPE(set) = void_type_node;
	return in_order(in_order(p, e), in_order(set, e));
}

} // namespace

// map_get(), which is what the call points to.
bool
is_map_get(tree t)
{
	return word_of(without_conversions(TREE_OPERAND(t, 0))) == MAP_GET;
}

bool
is_map_set(tree t)
{
	tree to = TREE_OPERAND(t, 0);

	return TREE_CODE(t) == MODIFY_EXPR && TREE_CODE(to) == INDIRECT_REF &&
	       word_of(without_conversions(TREE_OPERAND(to, 0))) == MAP_SET;
}

// The value to store is lowered already, and so are the operands of the call.
tree
lower_map_set(tree t)
{
	tree call = without_conversions(TREE_OPERAND(TREE_OPERAND(t, 0), 0));
	tree value = TREE_OPERAND(t, 1), e, store, put;
	struct map_use u = {};

	u.type = TREE_TYPE(CALL_EXPR_FN(call));
	u.where = point_of_use(EXPR_LOCATION(call));
	if (flow_wanted())
		u.text = joined({ words[MAP_SET].word, spell(CALL_EXPR_FN(call)), ", ",
				  spell(key_of(call)), ", ", spell(value), ")" });
	else
		u.text = "";
	if (!check_type(u.where, u.type))
		return value;
	settle_operands(&u, call);
	value = steady(value);
	put = inline_or(&u, CALL_ENTRY(&u, mapassign));
	if (stored_keys == NULL)
		stored_keys = new hash_map<tree, tree>;
	stored_keys->put(put, u.key);
	called(put, u.text);
	e = once(as_elem(&u, put));
	store = build2_loc(u.where, MODIFY_EXPR, TREE_TYPE(t),
			   build1(INDIRECT_REF, TREE_TYPE(TREE_TYPE(e)), e), value);
	TREE_SIDE_EFFECTS(store) = 1;
	called(store, u.text);
	if (TREE_CODE(value) == SAVE_EXPR)
		u.first = in_order(u.first, value);
	return in_order(u.first, in_order(e, store));
}

tree
lower_map_call(tree call)
{
	int word = word_of(call);
	struct map_use u = {};
	tree value;

	if (CALL_EXPR_FN(call) == NULL_TREE || !goat_is_map(TREE_TYPE(CALL_EXPR_FN(call))))
		return NULL_TREE;
	u.type = TREE_TYPE(CALL_EXPR_FN(call));
	u.where = point_of_use(EXPR_LOCATION(call));
	if (word < 0 || word == MAP_SET) {
		error_at(u.where, "a map is not a function");
		return build_zero_cst(TREE_TYPE(call));
	}
	u.text = text_of_use(call, word);
	if (!check_type(u.where, u.type))
		return build_zero_cst(TREE_TYPE(call));
	settle_operands(&u, call);
	switch (word) {
	case MAP_GET:
		value = inline_or(&u, CALL_ENTRY(&u, mapaccess1));
		if (TREE_CODE(goat_map_elem(u.type)) == ARRAY_TYPE)
			note_pointer(value);
		value = as_elem(&u, value);
		break;
	case MAP_PTR:
		value = inline_or(&u, CALL_ENTRY(&u, mapaccess2));
		note_pointer(value);
		value = as_elem(&u, value);
		break;
	case MAP_LOOKUP:
		value = lookup_into(&u, as_elem(&u, inline_or(&u, CALL_ENTRY(&u, mapaccess2))),
				    CALL_EXPR_ARG(call, 3));
		break;
	default:
		value = in_order(inline_or(&u, CALL_ENTRY(&u, mapdelete)), build_zero_cst(TREE_TYPE(call)));
	}
	if (TREE_SIDE_EFFECTS(u.first))
		value = in_order(u.first, value);
	return called(fold_convert(TREE_TYPE(call), value), u.text);
}

// Whether T is a map_delete() that a defer will call. All that it needs is an argument of one call
// then, evaluated where the defer stands: a key that does not fit lies on the heap.
bool
is_map_delete(tree t)
{
	return word_of(t) == MAP_DELETE;
}

tree
lower_deferred_delete(tree call)
{
	tree type = TREE_TYPE(CALL_EXPR_FN(call)), key_type = TYPE_MAIN_VARIANT(goat_map_key(type));
	tree key = CALL_EXPR_ARG(call, 1), box;
	struct map_use u = {};

	u.type = type;
	u.where = point_of_use(EXPR_LOCATION(call));
	u.map = CALL_EXPR_FN(call);
	if (!check_type(u.where, type))
		return call;
	if (is_word(key_type)) {
		u.key = fold_convert(key_type, key);
		if (family_of(type) == BITS32 || family_of(type) == BITS64)
			return called(CALL_ENTRY(&u, mapdelete), text_of_use(call, MAP_DELETE));
		key = u.key;
	}
	box = save_expr(allocation(u.where, key_type, TYPE_SIZE_UNIT(key_type),
				   TYPE_ALIGN_UNIT(key_type)));
	key = assign(dereference(box), key);
	if (is_cleared(key_type))
		key = in_order(key, clear_padding(dereference(box)));
	box = in_order(key, fold_convert(ptr_type_node, box));
	box = build_call_expr_loc(u.where, runtime_function(ENTRY_mapdelete), 3, maptype(type),
				  fold_convert(ptr_type_node, u.map), box);
	return called(box, text_of_use(call, MAP_DELETE));
}

// ---------------------------------------------------------------- words that take a map

static bool
check_map(location_t where, const char *word, tree t)
{
	if (goat_is_map(TREE_TYPE(t)))
		return check_type(where, TREE_TYPE(t));
	error_at(where, "%qs needs a map, not a value of type %qs", word, goat_type_text(TREE_TYPE(t)));
	return false;
}

static tree
call_next(location_t where, tree map, tree it)
{
	struct layout b;

	if (!goat_is_map(map))
		return build_empty_stmt(where);         // there was an error where it begins
	b = layout_of(map);
	if (b.flags & (INDIRECT_KEY | INDIRECT_ELEM) || !inline_wanted())
		return build_call_expr_loc(where, runtime_function(ENTRY_mapiternext), 1, it);
	return build_call_expr_loc(where, runtime_inline("goat_mapiternext_", false), 6, it,
				   size_int(b.bucketsize), size_int(b.keys), size_int(b.keysize), size_int(b.elems), size_int(b.elemsize));
}

// map_clear(), map_shrink(), goat_map_stats() and what map_range begins and goes on with: the
// markers have the map, if any, and one operand more.
tree
lower_map_word(tree call, enum map_function what)
{
	static const struct {
		const char *word;
		enum entry entry;
		int nargs;
	} table[] = {
		{ "map_clear", ENTRY_mapclear, 2 },
		{ "map_shrink", ENTRY_mapshrink, 2 },
		{ "goat_map_stats", ENTRY_map_stats, 3 },
		{ "map_range", ENTRY_mapiterinit, 3 },
		{ "map_range", ENTRY_mapiternext, 3 },
	};
	location_t where = point_of_use(EXPR_LOCATION(call));
	tree map = CALL_EXPR_ARG(call, 1), fn = runtime_function(table[what].entry);

	if (what == MAP_NEXT)
		return call_next(where, TREE_TYPE(map), fold_convert(ptr_type_node, CALL_EXPR_ARG(call, 2)));
	if (!check_map(where, table[what].word, map))
		return build_empty_stmt(where);
	if (table[what].nargs == 2)
		return build_call_expr_loc(where, fn, 2, maptype(TREE_TYPE(map)),
					   fold_convert(ptr_type_node, map));
	return build_call_expr_loc(where, fn, 3, maptype(TREE_TYPE(map)),
				   fold_convert(ptr_type_node, map),
				   fold_convert(ptr_type_node, CALL_EXPR_ARG(call, 2)));
}

// V, the value of a map_range, is loaded from the iterator, of which the source knows nothing.
void
spell_range_value(tree v)
{
	for (tree t = DECL_INITIAL(v); t != NULL_TREE && EXPR_P(t); t = TREE_OPERAND(t, 0))
		called(t, "");
}

// How many are in a MAP.
tree
lower_map_len(tree map)
{
	tree hmap = TREE_VALUE(TYPE_ARG_TYPES(TREE_TYPE(TREE_TYPE(map))));
	tree f = first_field(TREE_TYPE(hmap)), count;

	map = once(map);
	count = build1(INDIRECT_REF, TREE_TYPE(hmap), fold_convert(hmap, map));
	count = build3(COMPONENT_REF, TREE_TYPE(f), count, f, NULL_TREE);
	count = choose(compare(NE_EXPR, map, null_pointer_node), count, build_zero_cst(TREE_TYPE(f)));
	return TREE_SIDE_EFFECTS(map) ? in_order(map, count) : count;
}

// ---------------------------------------------------------------- make

static tree
map_maker(void)
{
	static tree fn;

	if (fn != NULL_TREE)
		return fn;
	fn = build_decl(UNKNOWN_LOCATION, FUNCTION_DECL, get_identifier("goat_makemap_"),
			build_varargs_function_type_list(ptr_type_node, ptr_type_node, NULL_TREE));
	TREE_PUBLIC(fn) = DECL_EXTERNAL(fn) = DECL_ARTIFICIAL(fn) = 1;
	return fn;
}

// A hint below zero is none. Go: makemap.
static tree
hint_of(tree hint)
{
	if (!TYPE_UNSIGNED(TREE_TYPE(hint)))
		hint = fold_build2(MAX_EXPR, TREE_TYPE(hint), hint, build_zero_cst(TREE_TYPE(hint)));
	return fold_convert(size_type_node, hint);
}

// make(map(K, V)[, hint]): goat_make_(text, (M *)0, ...).
tree
lower_make_map(tree call, location_t where)
{
	tree type = type_argument(call, 1), hint = size_zero_node, made;
	int nargs = call_expr_nargs(call);

	if (!check_type(where, type))
		return build_zero_cst(type);
	if (nargs > 3)
		error_at(where, "invalid operation: %s expects 1 or 2 arguments; found %d",
			 text_of(CALL_EXPR_ARG(call, 0)), nargs - 1);
	if (nargs == 3 && !INTEGRAL_TYPE_P(TREE_TYPE(CALL_EXPR_ARG(call, 2))))
		error_at(where, "the size in %qs is of type %qs", text_of(CALL_EXPR_ARG(call, 0)),
			 goat_type_text(TREE_TYPE(CALL_EXPR_ARG(call, 2))));
	else if (nargs == 3)
		hint = hint_of(CALL_EXPR_ARG(call, 2));
	made = build_call_expr_loc(where, map_maker(), 3, CALL_EXPR_ARG(call, 0),
				   CALL_EXPR_ARG(call, 1), fold_convert(size_type_node, hint));
	return called(fold_convert(TYPE_MAIN_VARIANT(type), called(made, name_of_make_map(made))),
		      name_of_make_map(made));
}

bool
is_make_map(tree fn)
{
	return fn == map_maker();
}

const char *
name_of_make_map(tree call)
{
	return text_of(CALL_EXPR_ARG(call, 0));
}

static bool
has_small_hint(tree call)
{
	tree hint = CALL_EXPR_ARG(call, 2);

	STRIP_NOPS(hint);
	return tree_fits_uhwi_p(hint) && tree_to_uhwi(hint) <= CELLS;
}

static unsigned
size_of_hmap(tree map)
{
	tree hmap = TREE_VALUE(TYPE_ARG_TYPES(TREE_TYPE(map)));

	return rounded(size_of(TREE_TYPE(hmap)), MAX_ALIGN);
}

// Bytes that a map takes in a frame: the hmap and, where it is enough for the hint, a bucket.
unsigned HOST_WIDE_INT
frame_of_make_map(tree call)
{
	tree map = type_argument(call, 1);

	return size_of_hmap(map) + (has_small_hint(call) ? layout_of(map).bucketsize : 0);
}

// The map that CALL makes, in SLOT, a place in the frame, or NULL.
tree
made_map(tree call, tree slot)
{
	tree map = type_argument(call, 1), h = null_pointer_node, bucket = null_pointer_node;

	if (slot != NULL_TREE) {
		h = build1(ADDR_EXPR, ptr_type_node, slot);
		if (has_small_hint(call))
			bucket = build2(POINTER_PLUS_EXPR, ptr_type_node, h,
					size_int(size_of_hmap(map)));
	}
	return build_call_expr_loc(EXPR_LOCATION(call), runtime_function(ENTRY_makemap), 4, maptype(map),
				   CALL_EXPR_ARG(call, 2), h, bucket);
}

// ---------------------------------------------------------------- flow

// What the runtime's functions for maps do with what they are given; false: FN is none of them.
// A pointer to an element may point into the frame, where the map is, so it is as good as the map.
// Go: escape/assign.go, "key of map put"; escape/stmt.go, "range-deref".
bool
flow_map_call(struct walk_state *w, struct esc_hole k, tree call, tree fn)
{
	tree *key = stored_keys != NULL ? stored_keys->get(call) : NULL;

	if (key != NULL) {
		struct esc_hole put = carries(TREE_TYPE(*key)) ? to_heap() : esc_discard();

		flow_value(w, note(put, call, "key of map put"), *key);
	} else if (pointers != NULL && pointers->contains(call)) {
		flow_value(w, k, CALL_EXPR_ARG(call, 1));
		for (int i = 2; i < call_expr_nargs(call); i++)
			flow_value(w, esc_discard(), CALL_EXPR_ARG(call, i));
		return true;
	} else if (fn == runtime_function(ENTRY_mapiterinit)) {
		struct esc_hole it = flow_place_at(w, CALL_EXPR_ARG(call, 2));

		flow_value(w, it, CALL_EXPR_ARG(call, 1));
		return true;
	}
	return false;
}
