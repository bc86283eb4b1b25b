// SPDX-License-Identifier: BSD-3-Clause
//
// type.c: equality and hashing of values, by their types' descriptors.
//
// A descriptor names one function for each, of goat/alg.def; those of arrays and structs go through
// the descriptors of what is inside. Hashes are made of multiplications to 128 bits whose halves are
// folded; each depends on a seed, which a map chooses at random. With one multiplication only, the
// low bits of close numbers were not spread as if at random (41 % of the slots hit, not 63 %).
//
// T1  equal(t, p, q) implies hasher(t, p, s) == hasher(t, q, s), for each s.
// T2  Padding is never read, nor the bits beside a bit-field: they need not be the same.
//
// Go:    as runtime/alg.go. A descriptor is the same type as another of equal name and hash, as
//        shared libraries may each have one.
// Layer: lang.

#include "type.h"

#include "error.h"
#include "map.h"

#include <string.h>

// ---- Types ----

bool
goat_sametype(void *a, void *b)
{
	const struct goat_type *s = a, *t = b;

	return s == t || (s->hash == t->hash && strcmp(s->name, t->name) == 0);
}

void *
goat_typename(void *type)
{
	const struct goat_type *t = type;

	return (void *)(t ? t->name : "nil");
}

// Two types, either of which may be NULL.
static bool
same_or_nil(const struct goat_type *s, const struct goat_type *t)
{
	return s == t || (s != NULL && t != NULL && goat_sametype((void *)s, (void *)t));
}

// ---- Bytes ----

bool
goat_memequal(const struct goat_type *t, const void *p, const void *q)
{
	return memcmp(p, q, t->size) == 0;
}

uint64_t
goat_memhash(const struct goat_type *t, const void *p, uint64_t seed)
{
	return goat_hashfixed_(p, t->size, seed);
}

bool
goat_memequal0(const struct goat_type *t, const void *p, const void *q)
{
	(void)t, (void)p, (void)q;
	return true;
}

uint64_t
goat_memhash0(const struct goat_type *t, const void *p, uint64_t seed)
{
	(void)t, (void)p;
	return seed;
}

#define EQUAL_BITS(bits)                                                                           \
	bool goat_memequal##bits(const struct goat_type *t, const void *p, const void *q)          \
	{                                                                                          \
		(void)t;                                                                           \
		return memcmp(p, q, (bits) / 8) == 0;                                              \
	}

EQUAL_BITS(8)
EQUAL_BITS(16)
EQUAL_BITS(32)
EQUAL_BITS(64)
EQUAL_BITS(128)

#define HASH_BITS(bits)                                                                            \
	uint64_t goat_memhash##bits(const struct goat_type *t, const void *p, uint64_t seed)       \
	{                                                                                          \
		uint##bits##_t v;                                                                  \
                                                                                                   \
		(void)t;                                                                           \
		memcpy(&v, p, sizeof v);                                                           \
		return goat_hash64_(v, seed);                                                      \
	}

HASH_BITS(8)
HASH_BITS(16)
HASH_BITS(32)
HASH_BITS(64)

uint64_t
goat_memhash128(const struct goat_type *t, const void *p, uint64_t seed)
{
	(void)t;
	return goat_hash128_(goat_load64_(p), goat_load64_((const char *)p + 8), seed);
}

// ---- Floating point ----

bool
goat_f32equal(const struct goat_type *t, const void *p, const void *q)
{
	(void)t;
	return *(const float *)p == *(const float *)q;
}

bool
goat_f64equal(const struct goat_type *t, const void *p, const void *q)
{
	(void)t;
	return *(const double *)p == *(const double *)q;
}

bool
goat_f80equal(const struct goat_type *t, const void *p, const void *q)
{
	(void)t;
	return *(const long double *)p == *(const long double *)q;
}

// Of a number V: both zeros are one value, and each NaN is one of its own.
#define HASH_NUMBER(type, v, significant)                                                          \
	type v = *(const type *)p;                                                                 \
                                                                                                   \
	(void)t;                                                                                   \
	if ((v) != (v))                                                                            \
		return goat_fastrand();                                                            \
	if ((v) == 0)                                                                              \
		return goat_hash64_(0, seed);                                                      \
	return goat_hashbytes_(&(v), significant, seed)

uint64_t
goat_f32hash(const struct goat_type *t, const void *p, uint64_t seed)
{
	HASH_NUMBER(float, v, sizeof v);
}

uint64_t
goat_f64hash(const struct goat_type *t, const void *p, uint64_t seed)
{
	HASH_NUMBER(double, v, sizeof v);
}

// On x86 ten bytes of it count.
uint64_t
goat_f80hash(const struct goat_type *t, const void *p, uint64_t seed)
{
	HASH_NUMBER(long double, v, __LDBL_MANT_DIG__ == 64 ? 10 : sizeof v);
}

// The formats that not every compiler has, by their bits: sign, exponent, fraction.
struct bits {
	unsigned __int128 magnitude;
	bool negative, nan;
};

static struct bits
bits_of(const void *p, size_t size)
{
	int exponent = size == 2 ? 5 : size == 4 ? 8 : size == 8 ? 11 : 15, bits = 8 * (int)size;
	unsigned __int128 v = 0, infinity;
	struct bits b;

	memcpy(&v, p, size);
	b.negative = v >> (bits - 1);
	b.magnitude = v & (((unsigned __int128)1 << (bits - 1)) - 1);
	infinity = (((unsigned __int128)1 << exponent) - 1) << (bits - 1 - exponent);
	b.nan = b.magnitude > infinity;
	return b;
}

bool
goat_fequal(const struct goat_type *t, const void *p, const void *q)
{
	struct bits a = bits_of(p, t->size), b = bits_of(q, t->size);

	if (a.nan || b.nan || a.magnitude != b.magnitude)
		return false;
	return a.negative == b.negative || a.magnitude == 0;
}

uint64_t
goat_fhash(const struct goat_type *t, const void *p, uint64_t seed)
{
	struct bits b = bits_of(p, t->size);

	if (b.nan)
		return goat_fastrand();
	if (b.magnitude == 0)
		return goat_hash64_(0, seed);
	return goat_hashbytes_(p, t->size, seed);
}

// ---- Strings and interfaces ----

bool
goat_strequal(const struct goat_type *t, const void *p, const void *q)
{
	const goat_string *a = p, *b = q;

	(void)t;
	return a->len == b->len && (a->ptr == b->ptr || a->len == 0 ||
				   memcmp(a->ptr, b->ptr, a->len) == 0);
}

uint64_t
goat_strhash(const struct goat_type *t, const void *p, uint64_t seed)
{
	const goat_string *s = p;

	(void)t;
	return goat_hashbytes_(s->ptr, s->len, seed);
}

bool
goat_efaceeq(void *type, void *x, void *y)
{
	const struct goat_type *t = type;

	if (t == NULL)
		return true;
	if (t->equal == NULL)
		goat_panictype("comparing uncomparable type ", t);
	if (t->flags & GOAT_DIRECT)
		return x == y;
	return t->equal(t, x, y);
}

// Inlined, as a traceback leaves out goat_ functions only.
static inline __attribute__((always_inline)) uint64_t
hash_inside(const struct goat_type *t, void *const *data, uint64_t seed)
{
	if (t == NULL)
		return seed;
	if (t->hasher == NULL)
		goat_panictype("hash of unhashable type ", t);
	return t->hasher(t, goat_datap(t, data), seed ^ t->hash);
}

bool
goat_efaceequal(const struct goat_type *t, const void *p, const void *q)
{
	const goat_any *a = p, *b = q;

	(void)t;
	return same_or_nil(a->type, b->type) && goat_efaceeq((void *)a->type, a->data, b->data);
}

uint64_t
goat_efacehash(const struct goat_type *t, const void *p, uint64_t seed)
{
	const goat_any *a = p;

	(void)t;
	return hash_inside(a->type, &a->data, seed);
}

bool
goat_ifaceequal(const struct goat_type *t, const void *p, const void *q)
{
	const struct goat_iface *a = p, *b = q;
	const struct goat_type *type = goat_tabtype(a->tab);

	(void)t;
	return same_or_nil(type, goat_tabtype(b->tab)) &&
	       goat_efaceeq((void *)type, a->data, b->data);
}

uint64_t
goat_ifacehash(const struct goat_type *t, const void *p, uint64_t seed)
{
	const struct goat_iface *a = p;

	(void)t;
	return hash_inside(goat_tabtype(a->tab), &a->data, seed);
}

// ---- What has others inside ----

bool
goat_arrayequal(const struct goat_type *t, const void *p, const void *q)
{
	const struct goat_type *e = t->elem;
	const char *a = p, *b = q;

	for (size_t i = 0; i < t->len; i++)
		if (!e->equal(e, a + i * e->size, b + i * e->size))
			return false;
	return true;
}

uint64_t
goat_arrayhash(const struct goat_type *t, const void *p, uint64_t seed)
{
	const struct goat_type *e = t->elem;

	for (size_t i = 0; i < t->len; i++)
		seed = e->hasher(e, (const char *)p + i * e->size, seed);
	return seed;
}

// The bits of a bit-field F that lie in the byte I of those that it touches.
static unsigned char
bits_in_byte(const struct goat_field *f, const unsigned char *p, unsigned i)
{
	unsigned first = 8 * i < f->bit ? f->bit - 8 * i : 0;
	unsigned end = f->bit + f->bits - 8 * i;
	unsigned mask = (end >= 8 ? 0xff : (1u << end) - 1) & ~((1u << first) - 1);

	return p[f->offset + i] & mask;
}

// From the byte that holds a bit-field's lowest bit to the one after its highest.
#define EACH_BYTE(f, i) (unsigned i = (f)->bit / 8; 8 * i < (unsigned)(f)->bit + (f)->bits; i++)

static bool
bits_equal(const struct goat_field *f, const unsigned char *p, const unsigned char *q)
{
	for EACH_BYTE (f, i)
		if (bits_in_byte(f, p, i) != bits_in_byte(f, q, i))
			return false;
	return true;
}

static uint64_t
bits_hash(const struct goat_field *f, const unsigned char *p, uint64_t seed)
{
	for EACH_BYTE (f, i)
		seed = goat_hash64_(bits_in_byte(f, p, i), seed);
	return seed;
}

// Go spec, "Comparison operators": in source order, as far as the first that differs.
bool
goat_structequal(const struct goat_type *t, const void *p, const void *q)
{
	const char *a = p, *b = q;

	for (const struct goat_field *f = t->fields; f < t->fields + t->len; f++) {
		if (f->bits != 0 ? !bits_equal(f, p, q)
				 : !f->type->equal(f->type, a + f->offset, b + f->offset))
			return false;
	}
	return true;
}

uint64_t
goat_structhash(const struct goat_type *t, const void *p, uint64_t seed)
{
	for (const struct goat_field *f = t->fields; f < t->fields + t->len; f++) {
		if (f->bits != 0)
			seed = bits_hash(f, p, seed);
		else
			seed = f->type->hasher(f->type, (const char *)p + f->offset, seed);
	}
	return seed;
}
