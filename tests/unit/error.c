// SPDX-License-Identifier: GPL-3.0-or-later
//
// error.c: what the runtime's panics say. The words are Go's.
//
// Layer: tests.

#include "runtime_alone.h"
#include "types.h"

#include <criterion/criterion.h>

Test(error, hashes_of_signatures_are_those_of_the_plugin)
{
	for (size_t i = 0; goat_errormethods[i] != NULL; i++) {
		const struct goat_methodset *set = goat_errormethods[i];

		cr_expect_eq(set->type->hash, goat_fnv1a(set->type->name), "%s", set->type->name);
		for (size_t j = 0; j < set->n; j++)
			cr_expect_eq(set->methods[j].sighash, goat_fnv1a(set->methods[j].sig), "%s: 0x%x",
				     set->methods[j].sig, goat_fnv1a(set->methods[j].sig));
	}
}

static void mem(void *arg) { (void)arg; goat_panicmem(); }
static void divide(void *arg) { (void)arg; goat_panicdivide(); }
static void overflow(void *arg) { (void)arg; goat_panicoverflow(); }
static void plain(void *arg) { goat_panicplain(arg); }
static void text(void *arg) { goat_panicerror(arg); }

Test(error, texts)
{
	size_t before;

	cr_expect_str_eq(panic_of(mem, NULL), "runtime error: invalid memory address or nil pointer dereference");
	before = allocations;
	cr_expect_str_eq(panic_of(mem, NULL), "runtime error: invalid memory address or nil pointer dereference");
	cr_expect_str_eq(panic_of(divide, NULL), "runtime error: integer divide by zero");
	cr_expect_str_eq(panic_of(overflow, NULL), "runtime error: integer overflow");
	cr_expect_eq(allocations, before);
	cr_expect_str_eq(panic_of(plain, (char *)"assignment to entry in nil map"), "assignment to entry in nil map");
	cr_expect_str_eq(panic_of(text, (char *)"no good"), "runtime error: no good");
}

struct bounds {
	enum goat_bounds code;
	int64_t x;
	bool x_signed;
	size_t y;
	const char *says;
};

static void
bounds(void *arg)
{
	const struct bounds *b = arg;

	goat_panicbounds(b->code, b->x, b->x_signed, b->y);
}

Test(error, bounds)
{
	static const struct bounds row[] = {
		{ GOAT_BOUNDS_INDEX, 5, true, 3, "index out of range [5] with length 3" },
		{ GOAT_BOUNDS_INDEX, -1, true, 3, "index out of range [-1]" },
		{ GOAT_BOUNDS_INDEX, -1, false, 0, "index out of range [18446744073709551615] with length 0" },
		{ GOAT_BOUNDS_ALEN, 4, true, 3, "slice bounds out of range [:4] with length 3" },
		{ GOAT_BOUNDS_ACAP, 4, true, 3, "slice bounds out of range [:4] with capacity 3" },
		{ GOAT_BOUNDS_ACAP, -4, true, 3, "slice bounds out of range [:-4]" },
		{ GOAT_BOUNDS_B, 4, true, 3, "slice bounds out of range [4:3]" },
		{ GOAT_BOUNDS_B, -4, true, 3, "slice bounds out of range [-4:]" },
		{ GOAT_BOUNDS_3ALEN, 4, true, 3, "slice bounds out of range [::4] with length 3" },
		{ GOAT_BOUNDS_3ACAP, 4, true, 3, "slice bounds out of range [::4] with capacity 3" },
		{ GOAT_BOUNDS_3ACAP, -4, true, 3, "slice bounds out of range [::-4]" },
		{ GOAT_BOUNDS_3B, 4, true, 3, "slice bounds out of range [:4:3]" },
		{ GOAT_BOUNDS_3B, -4, true, 3, "slice bounds out of range [:-4:]" },
		{ GOAT_BOUNDS_3C, 4, true, 3, "slice bounds out of range [4:3:]" },
		{ GOAT_BOUNDS_3C, -4, true, 3, "slice bounds out of range [-4::]" },
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		const char *says = panic_of(bounds, (void *)&row[i]);

		cr_expect_str_eq(says + strlen("runtime error: "), row[i].says, "%s", says);
	}
}

struct dot {
	const struct goat_type *have, *want, *iface;
};

static void
dot(void *arg)
{
	const struct dot *d = arg;

	goat_panicdottype((void *)d->have, (void *)d->want, (void *)d->iface);
}

Test(error, assertions)
{
	static const struct goat_type any = { .kind = GOAT_EFACE, .name = "any" };
	static const struct goat_type duck = { .kind = GOAT_IFACE, .name = "Duck" };
	static const struct goat_type cat = { .name = "Cat" }, dog = { .name = "Dog *" };
	static const struct { struct dot d; const char *says; } row[] = {
		{ { &cat, &dog, &any }, "interface {} is Cat, not Dog *" },
		{ { &cat, &dog, &duck }, "Duck is Cat, not Dog *" },
		{ { NULL, &dog, &duck }, "Duck is nil, not Dog *" },
		{ { NULL, &dog, &any }, "interface {} is nil, not Dog *" },
		{ { &cat, &cat, &duck }, "Duck is Cat, not Cat (types from different scopes)" },
		{ { NULL, &duck, NULL }, "interface is nil, not Duck" },
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		const char *says = panic_of(dot, (void *)&row[i].d);

		cr_expect_str_eq(says + strlen("interface conversion: "), row[i].says, "%s", says);
	}
}
