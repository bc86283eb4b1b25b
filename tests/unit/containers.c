// SPDX-License-Identifier: GPL-3.0-or-later
//
// containers.c: arena.h and vec.h.
//
// Layer: tests.

#include "vec.h"

#include <criterion/criterion.h>
#include <stdalign.h>
#include <stdint.h>

Test(arena, is_zeroed_aligned_and_apart)
{
	struct arena a = { 0 };
	unsigned char *last = NULL;

	for (size_t n = 0; n < 3000; n++) {
		unsigned char *p = arena_alloc(&a, n);

		cr_assert_not_null(p);
		cr_assert_eq((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			cr_assert_eq(p[i], 0);
		memset(p, 0xff, n);
		cr_assert_neq(p, last);
		last = p;
	}
	arena_free(&a);
	cr_expect_null(a.blocks);
}

Test(arena, has_room_for_what_is_larger_than_a_block)
{
	struct arena a = { 0 };
	char *small = arena_alloc(&a, 1), *large = arena_alloc(&a, 10 << 20), *next = arena_alloc(&a, 1);

	memset(large, 'x', 10 << 20);
	cr_expect_eq(*small, 0);
	cr_expect_eq(*next, 0);
	arena_free(&a);
	arena_free(&a);
	cr_expect_not_null(arena_alloc(&a, 8), "an arena that was freed is empty, not gone");
	arena_free(&a);
}

Test(arena, copies_strings)
{
	struct arena a = { 0 };
	char text[] = "new(struct pack)", *copy = arena_strdup(&a, text);

	text[0] = 'X';
	cr_expect_str_eq(copy, "new(struct pack)");
	cr_expect_str_eq(arena_strdup(&a, ""), "");
	arena_free(&a);
}

Test(vec, grows_and_shrinks)
{
	VEC(int) v = { 0 };

	for (int i = 0; i < 10000; i++)
		vec_push(&v, i);
	cr_expect_eq(v.n, 10000);
	for (int i = 0; i < 10000; i++)
		cr_assert_eq(v.at[i], i);
	cr_expect_eq(vec_pop(&v), 9999);
	cr_expect_eq(v.n, 9999);
	vec_free(&v);
	cr_expect_null(v.at);
	cr_expect_eq(v.n, 0);
	vec_push(&v, 7);
	cr_expect_eq(v.at[0], 7);
	vec_free(&v);
}
