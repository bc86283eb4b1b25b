#ifndef GOAT_GCC_LOWER_H
#define GOAT_GCC_LOWER_H

#include "glue.h"

struct lowering {
	struct func *f;         // that is being lowered
	auto_vec<tree> variables;       // made below the innermost block, not yet in it
	hash_set<tree> met;
};
const char *text_of(tree literal);
tree type_argument(tree call, int i);
tree called(tree t, const char *text);
tree once(tree t);
tree in_order(tree first, tree then);
tree choose(tree cond, tree a, tree b);
tree compare(enum tree_code code, tree a, tree b);
tree assign(tree place, tree value);
tree target_of(tree p);
tree expect(tree cond, bool value);
bool has_known_size(tree type);
tree first_field(tree record);

// map.cc
// The operation that CALL, a call through a map whose operands are lowered, is; NULL where it is none.
tree lower_map_call(struct lowering *l, tree call);
// map_set(), where T stores to a call like that; NULL where it does not.
tree lower_map_set(struct lowering *l, tree t);
bool is_map_set(tree t);
enum map_function { MAP_CLEAR, MAP_SHRINK, MAP_STATS, MAP_BEGIN, MAP_NEXT };
tree lower_map_word(tree call, enum map_function what);
tree lower_make_map(tree call, location_t where);
tree lower_map_len(tree map);

#endif
