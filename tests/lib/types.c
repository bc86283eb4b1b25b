// SPDX-License-Identifier: GPL-3.0-or-later
//
// types.c: see types.h.
//
// Values are of few: small numbers, one-letter strings, three pointers, so that equal ones are
// frequent. What is made here is never freed, but can be reached.
//
// Layer: tests.

#include "types.h"

#include "rng.h"

#include <complex.h>
#include <stdlib.h>
#include <string.h>

// Where leak checkers find it.
static struct kept {
	struct kept *next;
	_Alignas(32) char data[];
} *kept;

static void *
keep(size_t size)
{
	struct kept *k = aligned_alloc(32, (sizeof *k + size + 31) & ~(size_t)31);

	memset(k, 0, sizeof *k + size);
	k->next = kept;
	kept = k;
	return k->data;
}

static void
garbage(uint64_t *rng, void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((unsigned char *)p)[i] = (unsigned char)rng_next(rng);
}

// ---- Descriptors ----

#define USE(alg) (t->equal = goat_##alg##equal, t->hasher = goat_##alg##hash)
#define MEM(n) (t->equal = goat_memequal##n, t->hasher = goat_memhash##n)

static void
choose_by_size(struct goat_type *t)
{
	switch (t->size) {
	case 0: MEM(0); break;
	case 1: MEM(8); break;
	case 2: MEM(16); break;
	case 4: MEM(32); break;
	case 8: MEM(64); break;
	case 16: MEM(128); break;
	default: MEM(); break;
	}
	t->flags |= GOAT_REGULAR;
}

static void
choose_float(struct goat_type *t)
{
	if (t->size == 4)
		USE(f32);
	else if (t->size == 8)
		USE(f64);
	else if (strstr(t->name, "long double"))
		USE(f80);
	else
		USE(f);
}

// Whether all bytes of a struct belong to members that are regular.
static bool
all_regular(const struct goat_type *t)
{
	size_t end = 0;

	for (size_t i = 0; i < t->len; i++) {
		const struct goat_field *f = &t->fields[i];

		if (f->bits != 0 || f->offset != end || !(f->type->flags & GOAT_REGULAR))
			return false;
		end = f->offset + f->type->size;
	}
	return end == t->size;
}

static bool
all_comparable(const struct goat_type *t)
{
	for (size_t i = 0; i < t->len; i++)
		if (t->fields[i].bits == 0 && t->fields[i].type->equal == NULL)
			return false;
	return true;
}

void
types_finish(struct goat_type *t, const char *name)
{
	t->name = name;
	t->hash = goat_fnv1a(name);
	t->flags = GOAT_NAMED;
	switch (t->kind) {
	case GOAT_FLOAT: choose_float(t); break;
	case GOAT_STRING: USE(str); break;
	case GOAT_EFACE: USE(eface); break;
	case GOAT_IFACE: USE(iface); break;
	case GOAT_SLICE: case GOAT_MAP: break;
	case GOAT_COMPLEX: USE(array); break;
	case GOAT_ARRAY:
		if (t->elem->flags & GOAT_REGULAR)
			choose_by_size(t);
		else if (t->elem->equal != NULL)
			USE(array);
		break;
	case GOAT_STRUCT:
		if (all_regular(t))
			choose_by_size(t);
		else if (all_comparable(t))
			USE(struct);
		break;
	default:
		choose_by_size(t);
		if (t->kind == GOAT_POINTER)
			t->flags |= GOAT_DIRECT;
	}
}

static const struct goat_type *
scalar(enum goat_kind kind, size_t size, const char *name)
{
	struct goat_type *t = keep(sizeof *t);

	t->kind = (uint8_t)kind;
	t->size = size;
	t->align = (uint16_t)(size > 16 ? 16 : size);
	types_finish(t, name);
	return t;
}

static char *
new_name(const char *form)
{
	static int n;
	char *name = keep(30);

	snprintf(name, 30, form, n++);
	return name;
}

// ---- Random types ----

static const struct goat_type *
random_scalar(uint64_t *rng)
{
	static const struct { enum goat_kind kind; size_t size; const char *name; } row[] = {
		{ GOAT_BOOL, 1, "bool" }, { GOAT_INT, 1, "char" }, { GOAT_INT, 2, "short" },
		{ GOAT_INT, 4, "int" }, { GOAT_INT, 8, "long" }, { GOAT_INT, 16, "__int128" },
		{ GOAT_UINT, 1, "unsigned char" }, { GOAT_UINT, 4, "unsigned" },
		{ GOAT_FLOAT, 2, "_Float16" }, { GOAT_FLOAT, 4, "float" },
		{ GOAT_FLOAT, 8, "double" }, { GOAT_FLOAT, 16, "long double" },
		{ GOAT_FLOAT, 16, "_Float128" }, { GOAT_POINTER, 8, "int *" },
		{ GOAT_FUNC, 8, "void (*)(void)" }, { GOAT_STRING, 16, "string" },
		{ GOAT_EFACE, 16, "any" }, { GOAT_IFACE, 16, "Duck" },
	};
	size_t i = rng_below(rng, sizeof row / sizeof *row);

	return scalar(row[i].kind, row[i].size, row[i].name);
}

static struct goat_type *
new_type(enum goat_kind kind)
{
	struct goat_type *t = keep(sizeof *t);

	t->kind = (uint8_t)kind;
	t->align = 1;
	return t;
}

static const struct goat_type *
random_complex(uint64_t *rng)
{
	struct goat_type *t = new_type(GOAT_COMPLEX);
	static const char *const of[] = { "float", "double", "long double" };
	size_t i = rng_below(rng, 3);

	t->elem = scalar(GOAT_FLOAT, (size_t[]){ 4, 8, 16 }[i], of[i]);
	t->len = 2;
	t->size = 2 * t->elem->size;
	t->align = t->elem->align;
	types_finish(t, new_name("complex%d"));
	return t;
}

static const struct goat_type *
random_array(uint64_t *rng, int depth)
{
	struct goat_type *t = new_type(GOAT_ARRAY);

	t->elem = types_random(rng, depth - 1);
	t->len = rng_below(rng, 5);
	t->size = t->len * t->elem->size;
	t->align = t->elem->align;
	types_finish(t, new_name("array%d"));
	return t;
}

static void
place(struct goat_type *t, struct goat_field *f, size_t size, size_t align)
{
	f->offset = (t->size + align - 1) / align * align;
	t->size = f->offset + size;
	if (t->align < align)
		t->align = (uint16_t)align;
}

// A run of bit-fields, which share the bytes of one unit.
static size_t
add_bits(uint64_t *rng, struct goat_type *t, struct goat_field *f, size_t room)
{
	const struct goat_type *of = scalar(GOAT_UINT, 8, "unsigned long");
	unsigned bit = (unsigned)rng_below(rng, 9);
	size_t n = 0;

	place(t, f, 8, 8);
	for (; n < room && n < 4 && bit < 60; n++) {
		unsigned bits = 1 + (unsigned)rng_below(rng, 64 - bit);

		f[n] = (struct goat_field){ "b", of, f->offset + bit / 8 * (bit > 30), 0, 0, 0 };
		f[n].bit = (uint8_t)(bit > 30 ? bit % 8 : bit);
		f[n].bits = (uint8_t)bits;
		f[n].offset = f[0].offset + (bit > 30 ? bit / 8 : 0);
		bit += bits + (unsigned)rng_below(rng, 4);
	}
	return n;
}

static const struct goat_type *
random_struct(uint64_t *rng, int depth)
{
	struct goat_type *t = new_type(GOAT_STRUCT);
	size_t n = rng_below(rng, 7), i = 0;
	struct goat_field *f = keep((n + 1) * sizeof *f);

	while (i < n) {
		if (rng_below(rng, 6) == 0) {
			i += add_bits(rng, t, f + i, n - i);
			continue;
		}
		f[i].name = "f";
		f[i].type = types_random(rng, depth - 1);
		place(t, &f[i], f[i].type->size, rng_below(rng, 9) ? f[i].type->align : 16);
		i++;
	}
	t->fields = f;
	t->len = n;
	t->size = (t->size + t->align - 1) / t->align * t->align;
	types_finish(t, new_name("struct%d"));
	return t;
}

static const struct goat_type *
random_union(uint64_t *rng)
{
	struct goat_type *t = new_type(GOAT_UNION);

	t->size = t->align = (uint16_t)(1 << rng_below(rng, 4));
	types_finish(t, new_name("union%d"));
	return t;
}

const struct goat_type *
types_random(uint64_t *rng, int depth)
{
	switch (depth > 0 ? rng_below(rng, 10) : 9) {
	case 0: case 1: case 2: case 3: return random_struct(rng, depth);
	case 4: case 5: return random_array(rng, depth);
	case 6: return random_complex(rng);
	case 7: return random_union(rng);
	default: return random_scalar(rng);
	}
}

// ---- What interfaces hold ----

enum { HELD = 9 };

// Few types, so that two interfaces often hold the same; the last two cannot be compared.
static const struct goat_type *
held_type(size_t i)
{
	static struct goat_type *held[HELD];
	static struct goat_field field[2];

	if (held[0] == NULL) {
		struct goat_type **h = held, *t;

		*h++ = (void *)scalar(GOAT_INT, 4, "int");
		*h++ = (void *)scalar(GOAT_INT, 4, "Celsius");
		*h++ = (void *)scalar(GOAT_FLOAT, 8, "double");
		*h++ = (void *)scalar(GOAT_STRING, 16, "string");
		*h++ = (void *)scalar(GOAT_POINTER, 8, "Cat *");
		*h++ = (void *)scalar(GOAT_EFACE, 16, "box");
		*h++ = (void *)scalar(GOAT_BOOL, 1, "bool");
		*h++ = t = (void *)scalar(GOAT_SLICE, 24, "ints");
		t->align = 8;
		field[0] = (struct goat_field){ "a", held[0], 0, 0, 0, 0 };
		field[1] = (struct goat_field){ "b", t, 8, 0, 0, 0 };
		*h = t = new_type(GOAT_STRUCT);
		t->size = 32;
		t->align = 8;
		t->fields = field;
		t->len = 2;
		types_finish(t, "Row");
	}
	return held[i];
}

// Another descriptor of the type, as a shared library may have it.
static const struct goat_type *
twin(uint64_t *rng, const struct goat_type *t)
{
	struct goat_type *other;

	if (t == NULL || rng_below(rng, 3))
		return t;
	other = keep(sizeof *other);
	*other = *t;
	other->name = strcpy(keep(strlen(t->name) + 1), t->name);
	return other;
}

static const void *
tab_for(const struct goat_type *t)
{
	struct goat_itab *itab;

	if (t == NULL)
		return NULL;
	itab = keep(sizeof *itab);
	itab->type = t;
	return itab->fn;
}

static goat_any
get(const struct goat_type *t, const void *p)
{
	const struct goat_iface *i = p;

	return t->kind == GOAT_EFACE ? *(const goat_any *)p
				     : (goat_any){ goat_tabtype(i->tab), i->data };
}

static void
set(const struct goat_type *t, void *p, goat_any a)
{
	if (t->kind == GOAT_EFACE)
		*(goat_any *)p = a;
	else
		*(struct goat_iface *)p = (struct goat_iface){ tab_for(a.type), a.data };
}

static goat_any
random_any(uint64_t *rng)
{
	size_t i = rng_below(rng, HELD + 1 + 6);
	goat_any a = { NULL, NULL };

	if (i == HELD)
		return a;
	a.type = held_type(i < HELD ? i : i % 4);
	if (a.type->flags & GOAT_DIRECT) {
		types_fill(rng, a.type, &a.data);
	} else {
		a.data = keep(a.type->size);
		types_fill(rng, a.type, a.data);
	}
	return a;
}

static goat_any
copy_any(uint64_t *rng, goat_any from)
{
	goat_any a = { twin(rng, from.type), from.data };

	if (a.type != NULL && !(a.type->flags & GOAT_DIRECT)) {
		a.data = keep(a.type->size);
		types_copy(rng, a.type, a.data, from.data);
	}
	return a;
}

// ---- Values ----

static double
random_number(uint64_t *rng)
{
	static const double row[] = { 0.0, -0.0, 1.0, 1.5, -2.0, __builtin_inf() };

	return rng_below(rng, 40) ? row[rng_below(rng, 6)] : __builtin_nan("");
}

static void
fill_float(uint64_t *rng, const struct goat_type *t, void *p)
{
	static const uint16_t half[] = { 0, 0x8000, 0x3c00, 0x7c00, 0x3c01, 0xfc00 };
	double d = random_number(rng);

	garbage(rng, p, t->size);
	if (t->size == 2)
		*(uint16_t *)p = rng_below(rng, 40) ? half[rng_below(rng, 6)] : 0x7e01;
	else if (t->size == 4)
		*(float *)p = (float)d;
	else if (t->size == 8)
		*(double *)p = d;
	else if (t->equal == goat_fequal)
		*(_Float128 *)p = (_Float128)d;
	else {
		long double v = d;

		memcpy(p, &v, 10);      // the other six are padding
	}
}

static void
fill_string(uint64_t *rng, goat_string *s)
{
	static const char *const row[] = { "", "a", "b", "ab", "a rather long one, of 31 bytes." };

	s->ptr = row[rng_below(rng, 5)];
	s->len = strlen(s->ptr);
}

static uint64_t
get_bits(const struct goat_field *f, const void *p)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < f->bits; i++) {
		unsigned b = f->bit + i;

		v |= (uint64_t)(((const unsigned char *)p)[f->offset + b / 8] >> b % 8 & 1) << i;
	}
	return v;
}

static void
set_bits(const struct goat_field *f, void *p, uint64_t v)
{
	for (unsigned i = 0; i < f->bits; i++) {
		unsigned b = f->bit + i;
		unsigned char *byte = (unsigned char *)p + f->offset + b / 8;

		*byte = (unsigned char)((*byte & ~(1u << b % 8)) | (v >> i & 1) << b % 8);
	}
}

void
types_fill(uint64_t *rng, const struct goat_type *t, void *p)
{
	garbage(rng, p, t->size);
	switch (t->kind) {
	case GOAT_FLOAT: fill_float(rng, t, p); return;
	case GOAT_STRING: fill_string(rng, p); return;
	case GOAT_EFACE: case GOAT_IFACE: set(t, p, random_any(rng)); return;
	case GOAT_ARRAY: case GOAT_COMPLEX:
		for (size_t i = 0; i < t->len; i++)
			types_fill(rng, t->elem, (char *)p + i * t->elem->size);
		return;
	case GOAT_STRUCT:
		for (size_t i = 0; i < t->len; i++) {
			const struct goat_field *f = &t->fields[i];

			if (f->bits != 0)
				set_bits(f, p, rng_below(rng, 3));
			else
				types_fill(rng, f->type, (char *)p + f->offset);
		}
		return;
	default:
		memset(p, 0, t->size);
		if (t->size > 0)
			((unsigned char *)p)[rng_below(rng, t->size)] = rng_next(rng) & 1;
	}
}

void
types_copy(uint64_t *rng, const struct goat_type *t, void *to, const void *from)
{
	garbage(rng, to, t->size);
	switch (t->kind) {
	case GOAT_FLOAT:
		memcpy(to, from, t->equal == goat_f80equal ? 10 : t->size);
		if (*(const unsigned char *)from == 0 && t->size == 8 &&
		    *(const double *)from == 0 && rng_below(rng, 2))
			*(double *)to = -*(const double *)from;
		return;
	case GOAT_STRING: {
		goat_string s = *(const goat_string *)from;

		if (rng_below(rng, 2))
			s.ptr = memcpy(keep(s.len + 1), s.ptr, s.len);
		*(goat_string *)to = s;
		return;
	}
	case GOAT_EFACE: case GOAT_IFACE: set(t, to, copy_any(rng, get(t, from))); return;
	case GOAT_ARRAY: case GOAT_COMPLEX:
		for (size_t i = 0; i < t->len; i++) {
			size_t at = i * t->elem->size;

			types_copy(rng, t->elem, (char *)to + at, (const char *)from + at);
		}
		return;
	case GOAT_STRUCT:
		for (size_t i = 0; i < t->len; i++) {
			const struct goat_field *f = &t->fields[i];

			if (f->bits != 0)
				set_bits(f, to, get_bits(f, from));
			else
				types_copy(rng, f->type, (char *)to + f->offset,
					   (const char *)from + f->offset);
		}
		return;
	default: memcpy(to, from, t->size);
	}
}

void
types_change(uint64_t *rng, const struct goat_type *t, void *p)
{
	const struct goat_field *f;
	size_t i;

	if ((t->kind != GOAT_ARRAY && t->kind != GOAT_STRUCT) || t->len == 0) {
		types_fill(rng, t, p);
		return;
	}
	i = rng_below(rng, t->len);
	f = &t->fields[i];
	if (t->kind == GOAT_ARRAY)
		types_change(rng, t->elem, (char *)p + i * t->elem->size);
	else if (f->bits != 0)
		set_bits(f, p, get_bits(f, p) ^ (uint64_t)1 << rng_below(rng, f->bits));
	else
		types_change(rng, f->type, (char *)p + f->offset);
}

// ---- The model ----

static int
equal_floats(const struct goat_type *t, const void *p, const void *q)
{
	_Float128 a, b;

	if (t->size == 2) {
		uint16_t x = *(const uint16_t *)p, y = *(const uint16_t *)q;

		if ((x & 0x7fff) > 0x7c00 || (y & 0x7fff) > 0x7c00)
			return 0;
		return x == y || ((x | y) & 0x7fff) == 0;
	}
	a = t->size == 4 ? *(const float *)p : t->size == 8 ? *(const double *)p :
	    t->equal == goat_f80equal ? *(const long double *)p : *(const _Float128 *)p;
	b = t->size == 4 ? *(const float *)q : t->size == 8 ? *(const double *)q :
	    t->equal == goat_f80equal ? *(const long double *)q : *(const _Float128 *)q;
	return a == b;
}

static bool
comparable(const struct goat_type *t)
{
	return t->kind != GOAT_SLICE && strcmp(t->name, "Row") != 0;
}

static int
equal_anys(goat_any a, goat_any b)
{
	if (a.type == NULL || b.type == NULL)
		return a.type == b.type;
	if (strcmp(a.type->name, b.type->name) != 0)
		return 0;
	if (!comparable(a.type))
		return -1;
	if (a.type->kind == GOAT_POINTER)
		return a.data == b.data;
	return types_equal(a.type, a.data, b.data);
}

int
types_equal(const struct goat_type *t, const void *p, const void *q)
{
	int equal = 1;

	switch (t->kind) {
	case GOAT_FLOAT: return equal_floats(t, p, q);
	case GOAT_STRING: {
		const goat_string *a = p, *b = q;

		return a->len == b->len && strncmp(a->ptr, b->ptr, a->len) == 0;
	}
	case GOAT_EFACE: case GOAT_IFACE: return equal_anys(get(t, p), get(t, q));
	case GOAT_ARRAY: case GOAT_COMPLEX:
		for (size_t i = 0; i < t->len && equal == 1; i++) {
			size_t at = i * t->elem->size;

			equal = types_equal(t->elem, (const char *)p + at, (const char *)q + at);
		}
		return equal;
	case GOAT_STRUCT:
		for (size_t i = 0; i < t->len && equal == 1; i++) {
			const struct goat_field *f = &t->fields[i];

			equal = f->bits ? get_bits(f, p) == get_bits(f, q)
					: types_equal(f->type, (const char *)p + f->offset,
						      (const char *)q + f->offset);
		}
		return equal;
	default: return memcmp(p, q, t->size) == 0;
	}
}

bool
types_unhashable(const struct goat_type *t, const void *p)
{
	bool panics = false;
	goat_any a;

	switch (t->kind) {
	case GOAT_EFACE: case GOAT_IFACE:
		a = get(t, p);
		return a.type != NULL &&
		       (!comparable(a.type) ||
			types_unhashable(a.type, goat_datap(a.type, &a.data)));
	case GOAT_ARRAY:
		for (size_t i = 0; i < t->len; i++)
			panics |= types_unhashable(t->elem, (const char *)p + i * t->elem->size);
		return panics;
	case GOAT_STRUCT:
		for (size_t i = 0; i < t->len; i++)
			panics |= t->fields[i].bits == 0 &&
				  types_unhashable(t->fields[i].type,
						   (const char *)p + t->fields[i].offset);
		return panics;
	default: return false;
	}
}

void
types_print(const struct goat_type *t, FILE *f)
{
	fputs(t->name, f);
	if (t->kind == GOAT_ARRAY) {
		fprintf(f, "[%zu] of ", t->len);
		types_print(t->elem, f);
	}
	if (t->kind != GOAT_STRUCT)
		return;
	fprintf(f, " (%zu bytes) {", t->size);
	for (size_t i = 0; i < t->len; i++) {
		const struct goat_field *m = &t->fields[i];

		fprintf(f, " %zu: ", m->offset);
		if (m->bits != 0)
			fprintf(f, "bits %u+%u", m->bit, m->bits);
		else
			types_print(m->type, f);
		putc(';', f);
	}
	fputs(" }", f);
}
