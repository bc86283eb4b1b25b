// SPDX-License-Identifier: GPL-3.0-or-later
//
// type.c: equality and hashes, where they have edges.
//
// Layer: tests.

#include "runtime_alone.h"
#include "types.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(type, floats_are_equal_as_operator_has_it)
{
	double row[] = { 0.0, -0.0, 1.0, NAN, -NAN, INFINITY, -INFINITY };
	struct goat_type half = { .size = 2 }, quad = { .size = 16 };

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		for (size_t j = 0; j < sizeof row / sizeof *row; j++) {
			float f = (float)row[i], g = (float)row[j];
			long double l = row[i], m = row[j];
			_Float128 q = row[i], r = row[j];
			bool equal = row[i] == row[j];

			cr_expect_eq(goat_f64equal(NULL, &row[i], &row[j]), equal);
			cr_expect_eq(goat_f32equal(NULL, &f, &g), equal);
			cr_expect_eq(goat_f80equal(NULL, &l, &m), equal);
			cr_expect_eq(goat_fequal(&quad, &q, &r), equal);
			cr_expect_eq(goat_f64hash(NULL, &row[i], 7) == goat_f64hash(NULL, &row[j], 7), equal);
			cr_expect_eq(goat_f32hash(NULL, &f, 7) == goat_f32hash(NULL, &g, 7), equal);
			cr_expect_eq(goat_f80hash(NULL, &l, 7) == goat_f80hash(NULL, &m, 7), equal);
			cr_expect_eq(goat_fhash(&quad, &q, 7) == goat_fhash(&quad, &r, 7), equal);
		}
	}
	cr_expect(goat_fequal(&half, &(uint16_t){ 0 }, &(uint16_t){ 0x8000 }));
	cr_expect_not(goat_fequal(&half, &(uint16_t){ 0x7c01 }, &(uint16_t){ 0x7c01 }));
	cr_expect(goat_fequal(&half, &(uint16_t){ 0x7c00 }, &(uint16_t){ 0x7c00 }));
}

Test(type, strings_are_equal_by_content)
{
	goat_string a = { "abc", 3 }, b = { (char[]){ 'a', 'b', 'c', 'd' }, 3 }, c = { b.ptr, 4 };
	goat_string empty = { NULL, 0 }, also = { "x", 0 };

	cr_expect(goat_strequal(NULL, &a, &b));
	cr_expect_eq(goat_strhash(NULL, &a, 1), goat_strhash(NULL, &b, 1));
	cr_expect_not(goat_strequal(NULL, &b, &c));
	cr_expect(goat_strequal(NULL, &empty, &also));
	cr_expect_eq(goat_strhash(NULL, &empty, 1), goat_strhash(NULL, &also, 1));
}

// As gcc lays them out, not as the random ones are.
Test(type, bit_fields_without_what_is_beside_them)
{
	struct s { unsigned a : 3, : 5, b : 13; signed c : 11; } x, y;
	static struct goat_type word = { .kind = GOAT_UINT, .size = 4, .align = 4, .name = "unsigned" };
	static const struct goat_field field[] = {
		{ "a", &word, 0, 0, 3, 0 }, { "b", &word, 0, 8, 13, 0 }, { "c", &word, 2, 5, 11, 0 },
	};
	struct goat_type t = { .kind = GOAT_STRUCT, .size = 4, .align = 4, .len = 3, .fields = field };

	types_finish(&t, "s");
	memset(&x, 0, sizeof x);
	memset(&y, 0xff, sizeof y);
	x.a = y.a = 5, x.b = y.b = 0x1555, x.c = y.c = -3;
	cr_expect(t.equal(&t, &x, &y));
	cr_expect_eq(t.hasher(&t, &x, 3), t.hasher(&t, &y, 3));
	y.c = -2;
	cr_expect_not(t.equal(&t, &x, &y));
	y.c = -3, y.b ^= 0x1000;
	cr_expect_not(t.equal(&t, &x, &y));
}

Test(type, is_the_same_by_hash_and_name)
{
	struct goat_type a = { .name = "Cat", .hash = 1 }, b = { .name = (char[]){ "Cat" }, .hash = 1 };
	struct goat_type c = { .name = "Dog", .hash = 1 }, d = { .name = "Cat", .hash = 2 };

	cr_expect(goat_sametype(&a, &a));
	cr_expect(goat_sametype(&a, &b));
	cr_expect_not(goat_sametype(&a, &c));
	cr_expect_not(goat_sametype(&a, &d));
	cr_expect_str_eq(goat_typename(&c), "Dog");
	cr_expect_str_eq(goat_typename(NULL), "nil");
}

static void
hash_any(void *a)
{
	goat_efacehash(NULL, a, 0);
}

static void
compare_any(void *a)
{
	goat_efaceequal(NULL, a, a);
}

Test(type, uncomparable_panics)
{
	struct goat_type slice = { .kind = GOAT_SLICE, .size = 24, .align = 8 };
	goat_any a = { &slice, &(void *[3]){ NULL } };

	types_finish(&slice, "ints");
	cr_expect_str_eq(panic_of(hash_any, &a), "runtime error: hash of unhashable type ints");
	cr_expect_str_eq(panic_of(compare_any, &a), "runtime error: comparing uncomparable type ints");
	cr_expect(goat_efaceeq(NULL, NULL, NULL));
}
