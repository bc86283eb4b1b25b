// SPDX-License-Identifier: GPL-3.0-or-later
//
// map_model.c: see map_model.h.
//
// Layer: tests.

#include "map_model.h"

#include "fault.h"
#include "runtime_alone.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void
wrong(struct map_model *m, const char *what)
{
	if (m->wrong == NULL)
		m->wrong = what;
}

// ---- The kinds ----

#define TYPE(size, ptrdata, align, kind, flags, name, alg_equal, alg_hash)                         \
	{ size, ptrdata, name[0], align, kind, flags, name, goat_##alg_equal, goat_##alg_hash,     \
	  .elem = NULL }

static const struct goat_type
	t_u8 = TYPE(1, 0, 1, GOAT_UINT, GOAT_REGULAR, "b", memequal8, memhash8),
	t_u32 = TYPE(4, 0, 4, GOAT_UINT, GOAT_REGULAR, "unsigned", memequal32, memhash32),
	t_u64 = TYPE(8, 0, 8, GOAT_UINT, GOAT_REGULAR, "long", memequal64, memhash64),
	t_two = TYPE(16, 0, 8, GOAT_STRUCT, GOAT_REGULAR, "two", memequal, memhash),
	t_three = TYPE(12, 0, 4, GOAT_STRUCT, GOAT_REGULAR, "three", memequal, memhash),
	t_five = TYPE(40, 0, 8, GOAT_STRUCT, GOAT_REGULAR, "five", memequal, memhash),
	t_i128 = TYPE(16, 0, 16, GOAT_UINT, GOAT_REGULAR, "__int128", memequal128, memhash128),
	t_ptr = TYPE(8, 8, 8, GOAT_POINTER, GOAT_REGULAR | GOAT_DIRECT, "p", memequal64, memhash64),
	t_f64 = TYPE(8, 0, 8, GOAT_FLOAT, 0, "double", f64equal, f64hash),
	t_str = TYPE(16, 8, 8, GOAT_STRING, 0, "string", strequal, strhash),
	t_any = TYPE(16, 16, 8, GOAT_EFACE, 0, "any", efaceequal, efacehash),
	t_big = TYPE(200, 0, 8, GOAT_STRUCT, GOAT_REGULAR, "big", memequal, memhash),
	t_wide = TYPE(64, 8, 64, GOAT_STRUCT, GOAT_REGULAR, "wide", memequal, memhash);

static uint64_t
weak_hash(const struct goat_type *t, const void *p, uint64_t seed)
{
	return goat_memhash64(t, p, seed) & UINT64_C(0x0300000000000003);
}

static uint64_t
one_hash(const struct goat_type *t, const void *p, uint64_t seed)
{
	(void)t, (void)p, (void)seed;
	return 12345;
}

#define R GOAT_MAP_REFLEXIVE_KEY
#define N GOAT_MAP_NOSCAN
#define U GOAT_MAP_NEED_KEY_UPDATE
#define ROUND(n, a) (((n) + (a) - 1) / (a) * (a))

#define MAP(k, e, hash, equal, ks, es, fl, keys, ealign)                                           \
	{ NULL, k, e, hash, equal, ks, es, fl, keys, ROUND(keys + 8 * ks, ealign),                 \
	  ROUND(ROUND(keys + 8 * ks, ealign) + 8 * es, 8),                                         \
	  ROUND(ROUND(ROUND(keys + 8 * ks, ealign) + 8 * es, 8) + 8, keys == 16 ? 16 : 8), 0 }

static const struct {
	const char *name;
	enum goat_keykind_ fast;
	bool nan;
	struct goat_maptype t;
} kinds[MODEL_KINDS] = {
	{ "32 bits", GOAT_KEY_32, false,
	  MAP(&t_u32, &t_u32, goat_memhash32, goat_memequal32, 4, 4, R | N, 8, 4) },
	{ "64 bits", GOAT_KEY_64, false,
	  MAP(&t_u64, &t_u64, goat_memhash64, goat_memequal64, 8, 8, R | N, 8, 8) },
	{ "64 bits, pointers", GOAT_KEY_64, false,
	  MAP(&t_ptr, &t_ptr, goat_memhash64, goat_memequal64, 8, 8, R, 8, 8) },
	{ "two words", GOAT_KEY_128, false,
	  MAP(&t_two, &t_u64, goat_memhash, goat_memequal, 16, 8, R | N, 8, 8) },
	{ "12 bytes", GOAT_KEY_BYTES, false,
	  MAP(&t_three, &t_u32, goat_memhash, goat_memequal, 12, 4, R | N, 8, 4) },
	{ "40 bytes", GOAT_KEY_BYTES, false,
	  MAP(&t_five, &t_u64, goat_memhash, goat_memequal, 40, 8, R | N, 8, 8) },
	{ "strings", GOAT_KEY_STRING, false,
	  MAP(&t_str, &t_u64, goat_strhash, goat_strequal, 16, 8, R | U, 8, 8) },
	{ "double, with NaN", GOAT_KEY_ANY, true,
	  MAP(&t_f64, &t_u64, goat_f64hash, goat_f64equal, 8, 8, U | N, 8, 8) },
	{ "any", GOAT_KEY_ANY, false,
	  MAP(&t_any, &t_str, goat_efacehash, goat_efaceequal, 16, 16,
	      U | GOAT_MAP_HASH_MIGHT_PANIC, 8, 8) },
	{ "large", GOAT_KEY_ANY, false,
	  MAP(&t_big, &t_big, goat_memhash, goat_memequal, 8, 8,
	      R | GOAT_MAP_INDIRECT_KEY | GOAT_MAP_INDIRECT_ELEM, 8, 8) },
	{ "aligned", GOAT_KEY_ANY, false,
	  MAP(&t_i128, &t_wide, goat_memhash128, goat_memequal128, 16, 8,
	      R | GOAT_MAP_INDIRECT_ELEM, 16, 8) },
	{ "bytes", GOAT_KEY_ANY, false,
	  MAP(&t_u8, &t_u8, goat_memhash8, goat_memequal8, 1, 1, R | N, 8, 1) },
	{ "weak hashes", GOAT_KEY_ANY, false,
	  MAP(&t_u64, &t_u64, weak_hash, goat_memequal64, 8, 8, R | N, 8, 8) },
	{ "one hash", GOAT_KEY_ANY, false,
	  MAP(&t_u64, &t_ptr, one_hash, goat_memequal64, 8, 8, R, 8, 8) },
};

const char *
map_model_name(int kind)
{
	return kinds[kind].name;
}

// ---- Keys by number ----

struct key {
	_Alignas(64) unsigned char bytes[256];
};

// Strings of all lengths up to 80.
static goat_string
string_key(size_t i, bool other)
{
	static char text[2][MODEL_KEYS][84];
	char *p = text[other][i];
	size_t n = i < 81 ? i : i % 70 + 10;

	memset(p, 'a' + (int)(i % 3), n);
	if (n >= 6)
		snprintf(p + n - 6, 7, "%06zu", i);
	else if (n > 0)
		p[n - 1] = (char)('0' + n);
	return (goat_string){ p, n };
}

static goat_any
any_key(size_t i)
{
	static uint32_t words[MODEL_KEYS];
	static goat_string texts[MODEL_KEYS];

	words[i] = (uint32_t)i / 3;
	texts[i] = string_key(i, false);
	switch (i % 3) {
	case 0:
		return (goat_any){ &t_u32, &words[i] };
	case 1:
		return (goat_any){ &t_str, &texts[i] };
	default:
		return (goat_any){ &t_ptr, (void *)(uintptr_t)(i * 16) };
	}
}

static void
make_key(const struct map_model *m, size_t i, struct key *k)
{
	uint64_t v = i * UINT64_C(0x10001), w = i;
	double d = i == 0 ? NAN : i == 1 ? 0.0 : (double)i / 8;

	memset(k, 0, sizeof *k);
	if (m->t->key == &t_str) {
		goat_string s = string_key(i, m->choose(m->arg, 2) != 0);

		memcpy(k, &s, sizeof s);
	} else if (m->t->key == &t_any) {
		goat_any a = any_key(i);

		memcpy(k, &a, sizeof a);
	} else if (m->t->key == &t_f64) {
		if (i == 1 && m->choose(m->arg, 2) != 0)
			d = -0.0;
		memcpy(k, &d, sizeof d);
	} else if (m->t->key == &t_u8) {
		k->bytes[0] = (unsigned char)i;
	} else {
		memcpy(k, &v, m->t->key->size < 8 ? m->t->key->size : 8);
		if (m->t->key->size > 8)
			memcpy(k->bytes + m->t->key->size - 8, &w, 8);
	}
}

// The number of the key at P; MODEL_KEYS: it is none.
static size_t
number_of(struct map_model *m, const void *p)
{
	struct key k;

	if (kinds[m->kind].nan && *(const double *)p != *(const double *)p)
		return 0;
	for (size_t i = kinds[m->kind].nan ? 1 : 0; i < m->nkeys; i++) {
		make_key(m, i, &k);
		if (m->t->equal(m->t->key, &k, p))
			return i;
	}
	return MODEL_KEYS;
}

static bool
is_nan(const struct map_model *m, size_t i)
{
	return kinds[m->kind].nan && i == 0;
}

// ---- Elems: a number, as far as it fits, and its complement at the end ----

static void
put_elem(const struct map_model *m, void *p, uint64_t v)
{
	size_t n = m->t->elem->size;
	uint64_t w = ~v;

	memcpy(p, &v, n < 8 ? n : 8);
	if (n >= 16)
		memcpy((char *)p + n - 8, &w, 8);
}

static bool
has_elem(const struct map_model *m, const void *p, uint64_t v)
{
	struct key e = { { 0 } };

	put_elem(m, e.bytes, v);
	if (m->t->elem->size < 16)
		return memcmp(p, &e, m->t->elem->size) == 0;
	return memcmp(p, &e, 8) == 0 &&
	       memcmp((const char *)p + m->t->elem->size - 8, e.bytes + m->t->elem->size - 8, 8) == 0;
}

static bool
is_zero(const struct map_model *m, const char *p)
{
	for (size_t i = 0; i < m->t->elem->size; i++)
		if (p[i] != 0)
			return false;
	return true;
}

// ---- Operations, by the general entry points, the fast ones or what is inline in compiled code ----

enum op { ACCESS1, ACCESS2, ASSIGN, DELETE, CLEAR, SHRINK, MAKE };

struct call {
	struct map_model *m;
	enum op op;
	unsigned fast;          // 0 to 3: from 2 on inline, where there is such code
	struct key key;
	size_t hint;
	void *result;
};

#define FAST(suffix, ...)                                                                          \
	switch (c->op) {                                                                           \
	case ACCESS1:                                                                              \
		c->result = goat_mapaccess1##suffix(t, h, __VA_ARGS__);                            \
		break;                                                                             \
	case ACCESS2:                                                                              \
		c->result = goat_mapaccess2##suffix(t, h, __VA_ARGS__);                            \
		break;                                                                             \
	case ASSIGN:                                                                               \
		c->result = goat_mapassign##suffix(t, h, __VA_ARGS__);                             \
		break;                                                                             \
	default:                                                                                   \
		goat_mapdelete##suffix(t, h, __VA_ARGS__);                                         \
		break;                                                                             \
	}                                                                                          \
	break

#define SIZES t->keysize, t->elemsize, t->keys, t->elems, t->bucketsize
#define INLINE(suffix, ...)                                                                        \
	if (c->op == DELETE)                                                                       \
		goat_mapdelete##suffix##_((void *)t, h, __VA_ARGS__, SIZES);                       \
	else                                                                                       \
		c->result = (c->op == ACCESS1   ? goat_mapaccess1##suffix##_                       \
			     : c->op == ACCESS2 ? goat_mapaccess2##suffix##_                       \
						: goat_mapassign##suffix##_)(                      \
			(void *)t, h, __VA_ARGS__, SIZES);                                         \
	return true

// As compiled code does it. Whether there is code for that.
static bool
inline_on_a_key(struct call *c, enum goat_keykind_ kind, const uint64_t *w)
{
	const struct goat_maptype *t = c->m->t;
	void *h = c->m->h;

	if (t->flags & (GOAT_MAP_INDIRECT_KEY | GOAT_MAP_INDIRECT_ELEM))
		return false;
	switch (kind) {
	case GOAT_KEY_32:
		INLINE(_fast32, (uint32_t)w[0]);
	case GOAT_KEY_64:
		INLINE(_fast64, w[0]);
	case GOAT_KEY_128:
		INLINE(_fast128, w[0], w[1]);
	case GOAT_KEY_BYTES:
		INLINE(_bytes, &c->key);
	default:
		return false;
	}
}

static void
on_a_key(struct call *c)
{
	void *t = (void *)c->m->t, *h = c->m->h;
	uint64_t w[2];
	goat_string s;

	memcpy(w, &c->key, sizeof w);
	memcpy(&s, &c->key, sizeof s);
	if (c->fast > 1 && inline_on_a_key(c, kinds[c->m->kind].fast, w))
		return;
	switch (c->fast ? kinds[c->m->kind].fast : GOAT_KEY_ANY) {
	case GOAT_KEY_32:
		FAST(_fast32, (uint32_t)w[0]);
	case GOAT_KEY_64:
		FAST(_fast64, w[0]);
	case GOAT_KEY_128:
		FAST(_fast128, w[0], w[1]);
	case GOAT_KEY_STRING:
		FAST(_faststr, (void *)s.ptr, s.len);
	case GOAT_KEY_BYTES:
		FAST(_bytes, &c->key);
	default:
		FAST(, &c->key);
	}
}

static void
do_call(void *arg)
{
	struct call *c = arg;
	void *t = (void *)c->m->t;

	switch (c->op) {
	case CLEAR:
		goat_mapclear(t, c->m->h);
		break;
	case SHRINK:
		goat_mapshrink(t, c->m->h);
		break;
	case MAKE:
		c->result = goat_makemap(t, c->hint, c->fast ? &c->m->frame : NULL,
					 c->fast && c->hint % 2 ? c->m->bucket : NULL);
		break;
	default:
		on_a_key(c);
	}
}

// Whether it was done; an allocation may have failed, and nothing has changed then.
static bool
try(struct call *c)
{
	const char *said;

	// Where the frame of the map before is used again, that one would be gone as well.
	if (c->m->choose(c->m->arg, 16) == 15 && !(c->op == MAKE && c->fast))
		fault_in = 1 + (unsigned long)c->m->choose(c->m->arg, 4);
	said = panic_of(do_call, c);
	fault_in = 0;
	if (*said == '\0')
		return true;
	if (strcmp(said, "runtime: out of memory") != 0)
		wrong(c->m, said);
	if (c->m->h != NULL)
		c->m->h->flags &= ~GOAT_MAP_WRITING;
	return false;
}

static unsigned
fast(struct map_model *m)
{
	return (unsigned)m->choose(m->arg, 4);
}

static void
assign(struct map_model *m, size_t i)
{
	struct call c = { m, ASSIGN, fast(m), .hint = 0 };
	uint64_t v = m->choose(m->arg, UINT64_C(1) << 60);

	make_key(m, i, &c.key);
	if (!try(&c))
		return;
	if (is_nan(m, i)) {
		put_elem(m, c.result, 7);
		m->nans++;
		return;
	}
	if (m->there[i] ? !has_elem(m, c.result, m->elem[i]) : !is_zero(m, c.result))
		wrong(m, "what assign gives");
	put_elem(m, c.result, v);
	m->count += !m->there[i];
	m->there[i] = true;
	m->elem[i] = v;
}

static void
look_up(struct map_model *m, size_t i)
{
	struct call c = { m, m->choose(m->arg, 2) ? ACCESS1 : ACCESS2, fast(m), .hint = 0 };
	bool there = m->there[i] && !is_nan(m, i);

	make_key(m, i, &c.key);
	if (!try(&c))
		return wrong(m, "look-up fails");
	if (there ? c.result == NULL || !has_elem(m, c.result, m->elem[i])
		  : c.op == ACCESS2 ? c.result != NULL : !is_zero(m, c.result))
		wrong(m, "look-up");
}

static void
delete(struct map_model *m, size_t i)
{
	struct call c = { m, DELETE, fast(m), .hint = 0 };

	make_key(m, i, &c.key);
	if (!try(&c) || is_nan(m, i))
		return;
	m->count -= m->there[i];
	m->there[i] = false;
}

static void
clear(struct map_model *m)
{
	struct call c = { m, CLEAR, false, .hint = 0 };

	if (!try(&c))
		return wrong(m, "clear fails");
	memset(m->there, 0, sizeof m->there);
	m->count = m->nans = 0;
}

static void
shrink(struct map_model *m)
{
	struct call c = { m, SHRINK, false, .hint = 0 };

	try(&c);
}

static void
make(struct map_model *m, size_t hint)
{
	struct call c = { m, MAKE, m->choose(m->arg, 2) != 0, .hint = hint };

	if (!try(&c))
		return;
	memset(m->there, 0, sizeof m->there);
	m->count = m->nans = 0;
	m->h = c.result;
}

// ---- Iterating, while the map changes ----

struct walk {
	bool must[MODEL_KEYS];          // has been there all the time
	bool again[MODEL_KEYS];         // has been deleted: may be seen twice
	unsigned char seen[MODEL_KEYS];
	size_t nans, must_nans;
};

static void
change(struct map_model *m, struct walk *w)
{
	size_t i = m->choose(m->arg, m->nkeys);

	switch (m->choose(m->arg, 8)) {
	case 0: case 1: case 2:
		return assign(m, i);
	case 3:
		if (!is_nan(m, i)) {
			w->must[i] = false;
			w->again[i] = true;
		}
		return delete(m, i);
	case 4:
		return look_up(m, i);
	case 5:
		if (m->choose(m->arg, 10) == 0)
			shrink(m);
		return;
	case 6:
		if (m->choose(m->arg, 60) != 0)
			return;
		memset(w->must, 0, sizeof w->must);
		memset(w->again, 1, sizeof w->again);
		w->must_nans = 0;
		return clear(m);
	default:
		return;
	}
}

static void
visit(struct map_model *m, struct walk *w, const struct goat_hiter *it)
{
	size_t i = number_of(m, it->key);

	if (i == MODEL_KEYS)
		return wrong(m, "a key that was never stored");
	if (is_nan(m, i)) {
		w->nans++;
		return;
	}
	if (!m->there[i])
		return wrong(m, "a key that is not there");
	if (!has_elem(m, it->elem, m->elem[i]))
		return wrong(m, "the elem of an iteration");
	if (w->seen[i]++ && !w->again[i])
		return wrong(m, "a key twice");
}

static void
next(const struct goat_maptype *t, struct goat_hiter *it, unsigned how)
{
	if (how > 1 && !(t->flags & (GOAT_MAP_INDIRECT_KEY | GOAT_MAP_INDIRECT_ELEM)))
		goat_mapiternext_(it, t->bucketsize, t->keys, t->keysize, t->elems, t->elemsize);
	else
		goat_mapiternext(it);
}

static void
iterate(struct map_model *m, unsigned change_1_in)
{
	struct walk w = { .must_nans = m->nans };
	size_t last = m->choose(m->arg, 4) == 0 ? m->choose(m->arg, m->count + 2) : SIZE_MAX;
	unsigned how = fast(m);
	struct goat_hiter it;

	memcpy(w.must, m->there, sizeof w.must);
	for (goat_mapiterinit((void *)m->t, m->h, &it); it.key != NULL; next(m->t, &it, how)) {
		visit(m, &w, &it);
		if (m->wrong != NULL || last-- == 0)
			return;
		if (change_1_in != 0 && m->choose(m->arg, change_1_in) == 0)
			change(m, &w);
	}
	for (size_t i = 0; i < m->nkeys; i++)
		if (w.must[i] && w.seen[i] == 0)
			wrong(m, "a key is passed over");
	if (w.nans < w.must_nans || w.nans > m->nans + 1000)
		wrong(m, "NaNs are passed over");
}

// ---- Steps ----

static void
check(void *arg)
{
	struct map_model *m = arg;
	goat_mapstats s;

	goat_mapcheck(m->t, m->h);
	if (m->h != NULL && m->h->count != m->count + m->nans)
		wrong(m, "count");
	goat_map_stats((void *)m->t, m->h, &s);
	if (m->h != NULL && s.count != m->h->count)
		wrong(m, "stats");
}

static void
one_step(struct map_model *m)
{
	size_t i = m->choose(m->arg, m->nkeys);
	uint64_t r = m->choose(m->arg, 1000);
	// In phases of filling and of emptying.
	uint64_t deletes = m->steps / (4 * m->nkeys) % 2 ? 500 : 150;

	if (r < deletes)
		delete(m, i);
	else if (r < 800)
		assign(m, i);
	else if (r < 985)
		look_up(m, i);
	else if (r < 995)
		iterate(m, 1 + (unsigned)m->choose(m->arg, 6));
	else if (r < 997)
		shrink(m);
	else if (r < 999)
		iterate(m, 0);
	else if (m->choose(m->arg, 4) != 0)
		clear(m);
	else
		make(m, m->choose(m->arg, m->nkeys));
}

void
map_model_step(struct map_model *m)
{
	const char *said;

	one_step(m);
	m->steps++;
	if (*(said = panic_of(check, m)) != '\0')
		wrong(m, said);
}

void
map_model_start(struct map_model *m, int kind, size_t nkeys)
{
	m->kind = kind;
	m->t = &kinds[kind].t;
	m->nkeys = m->t->key == &t_u8 && nkeys > 256 ? 256 : nkeys;
	make(m, m->choose(m->arg, 40));
	while (m->h == NULL)
		make(m, 0);
}
