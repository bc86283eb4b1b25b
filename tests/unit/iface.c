// SPDX-License-Identifier: GPL-3.0-or-later
//
// iface.c: method sets, the table of itabs.
//
// Layer: tests.

#include "runtime_alone.h"
#include "types.h"

#include <criterion/criterion.h>
#include <string.h>

static void quack(void) { }
static void walk(void) { }
static void weight(void) { }

static struct goat_type cat = { .kind = GOAT_STRUCT, .name = "Cat", .hash = 77 };
static struct goat_type cat_twin = { .kind = GOAT_STRUCT, .name = "Cat", .hash = 77 };
static struct goat_type cat_pointer = { .kind = GOAT_POINTER, .name = "Cat *", .hash = 5, .elem = &cat };
static struct goat_type dog = { .kind = GOAT_STRUCT, .name = "Dog", .hash = 77 + 64 };

// Sorted by name; the interface has them in the order Walk, Quack.
static const struct goat_method duck_methods[] = {
	{ "Quack", "void (void)", 1, 0, 1, NULL }, { "Walk", "void (int)", 2, 0, 0, NULL },
};
static struct goat_type duck = { .kind = GOAT_IFACE, .name = "Duck", .methods = duck_methods, .nmethods = 2 };
static const struct goat_method quack_methods[] = { { "Quack", "void (void)", 1, 0, 0, NULL } };
static struct goat_type quacker = { .kind = GOAT_IFACE, .name = "Quacker", .methods = quack_methods, .nmethods = 1 };
static const struct goat_method odd_methods[] = { { "Quack", "int (void)", 9, 0, 0, NULL } };
static struct goat_type odd = { .kind = GOAT_IFACE, .name = "Odd", .methods = odd_methods, .nmethods = 1 };

// Of two units, one of which knows a method more.
static const struct goat_method cat_one[] = {
	{ "Quack", "void (void)", 1, 0, 0, quack }, { "Weight", "int (void)", 3, 0, 0, weight },
};
static const struct goat_method cat_two[] = { { "Walk", "void (int)", 2, 1, 0, walk } };
static const struct goat_methodset sets[] = { { &cat, 2, cat_one }, { &cat_twin, 1, cat_two } };
static const struct goat_methodset *const linked[] = { &sets[0], NULL, &sets[1] };

static void
link_program(void)
{
	goat_addmethods((void *)linked, (void *)(linked + 3));
}

static void
panics(void *pair)
{
	goat_assertE2I(((void **)pair)[0], ((void **)pair)[1], NULL, NULL);
}

static void
panics_at(void *three)
{
	goat_assertE2I(((void **)three)[0], ((void **)three)[1], ((void **)three)[2], NULL);
}

TestSuite(iface, .init = link_program);

Test(iface, a_pointer_has_both_kinds_of_method_a_value_one)
{
	void (**tab)(void) = goat_assertE2I2(&duck, &cat_pointer, NULL, NULL);
	const struct goat_itab *itab;

	cr_assert_not_null(tab);
	cr_expect_eq(tab[0], walk);
	cr_expect_eq(tab[1], quack);
	itab = (const struct goat_itab *)((char *)tab - offsetof(struct goat_itab, fn));
	cr_expect(itab->inter == &duck && itab->type == &cat_pointer && itab->hash == 5);
	cr_expect_eq(goat_tabtype(tab), &cat_pointer);
	cr_expect_null(goat_assertE2I2(&duck, &cat, NULL, NULL));
	cr_expect_not_null(goat_assertE2I2(&quacker, &cat, NULL, NULL));
	cr_expect_not_null(goat_assertE2I2(&quacker, &cat_twin, NULL, NULL));
	cr_expect_str_eq(goat_missingmethod(&duck, &cat), "Walk");
	cr_expect_null(goat_missingmethod(&duck, &cat_pointer));
}

Test(iface, gives_the_same_answer_again)
{
	void *yes = goat_assertE2I2(&quacker, &cat, NULL, NULL);

	for (int i = 0; i < 3; i++) {
		cr_expect_eq(goat_assertE2I2(&quacker, &cat, NULL, NULL), yes);
		cr_expect_eq(goat_assertE2I(&quacker, &cat, NULL, NULL), yes);
		cr_expect_null(goat_assertE2I2(&duck, &dog, NULL, NULL));
		cr_expect_null(goat_assertE2I2(&duck, NULL, NULL, NULL));
		cr_expect_null(goat_assertE2I2(&odd, &cat, NULL, NULL));    // the name, but not the signature
	}
}

Test(iface, names_the_first_method_that_is_missing)
{
	cr_expect_str_eq(panic_of(panics, (void *[]){ &duck, &dog }),
			 "interface conversion: Dog is not Duck: missing method Quack");
	cr_expect_str_eq(panic_of(panics, (void *[]){ &duck, &cat }),
			 "interface conversion: Cat is not Duck: missing method Walk");
	cr_expect_str_eq(panic_of(panics, (void *[]){ &duck, NULL }),
			 "interface conversion: interface is nil, not Duck");
}

// What compiled code does before it asks.
static void *
ask_at(struct goat_site *site, const struct goat_type *inter, const struct goat_type *type)
{
	return site->word == type ? site->tab
				  : goat_assertE2I2((void *)inter, (void *)type, site, (void *)type);
}

Test(iface, a_site_keeps_its_first_answer)
{
	static const struct goat_methodset set = { &dog, 1, cat_one };
	static const struct goat_methodset *const library[] = { &set };
	struct goat_site hit = { &hit, NULL, NULL }, miss = { &miss, NULL, NULL };
	struct goat_site sure = { &sure, NULL, NULL };
	void *yes = ask_at(&hit, &quacker, &cat);

	cr_expect_null(ask_at(&miss, &quacker, NULL));
	cr_expect_eq(miss.word, &miss);
	cr_expect_null(ask_at(&miss, &quacker, &dog));
	cr_expect(hit.word == &cat && hit.tab == yes && yes != NULL);
	cr_expect(miss.word == &dog && miss.tab == NULL);
	cr_expect_neq(ask_at(&hit, &quacker, &cat_pointer), yes);
	cr_expect_eq(hit.word, &cat);
	cr_expect_str_neq(panic_of(panics_at, (void *[]){ &quacker, &dog, &sure }), "");
	cr_expect_eq(sure.word, &sure);
	goat_addmethods((void *)library, (void *)(library + 1));
	cr_expect_not_null(ask_at(&miss, &quacker, &dog));
	cr_expect_neq(miss.word, &dog);
	cr_expect_eq(ask_at(&hit, &quacker, &cat), yes);
	cr_expect_eq(hit.word, &cat);
	cr_expect_eq(goat_assertE2I(&quacker, &cat, &sure, &cat), yes);
	cr_expect(sure.word == &cat && sure.tab == yes);
}

// A library that is loaded after the question was asked.
Test(iface, forgets_failures_when_methods_come)
{
	static const struct goat_methodset set = { &dog, 1, cat_one };
	static const struct goat_methodset *const library[] = { &set };
	void *yes = goat_assertE2I2(&quacker, &cat, NULL, NULL);

	cr_expect_null(goat_assertE2I2(&quacker, &dog, NULL, NULL));
	goat_addmethods((void *)library, (void *)(library + 1));
	cr_expect_not_null(goat_assertE2I2(&quacker, &dog, NULL, NULL));
	cr_expect_eq(goat_assertE2I2(&quacker, &cat, NULL, NULL), yes);
}

Test(iface, remembers_many)
{
	enum { N = 3000 };
	static struct goat_type type[N];
	static struct goat_methodset set[N];
	static const struct goat_methodset *list[N];
	static char name[N][12];
	static void *tab[N];

	for (int i = 0; i < N; i++) {
		snprintf(name[i], sizeof name[i], "T%d", i);
		type[i] = (struct goat_type){ .kind = GOAT_STRUCT, .name = name[i], .hash = i % 1000 };
		set[i] = (struct goat_methodset){ &type[i], i % 3 ? 2 : 0, cat_one };
		list[i] = &set[i];
	}
	goat_addmethods(list, list + N);
	for (int i = 0; i < N; i++)
		tab[i] = goat_assertE2I2(&quacker, &type[i], NULL, NULL);
	for (int i = 0; i < N; i++) {
		cr_expect_eq(goat_assertE2I2(&quacker, &type[i], NULL, NULL), tab[i]);
		cr_expect_eq(tab[i] != NULL, i % 3 != 0);
		cr_expect(tab[i] == NULL || goat_tabtype(tab[i]) == &type[i]);
	}
}

Test(iface, the_errors_of_the_runtime_have_their_methods)
{
	static const struct goat_method error[] = { { "Error", "string (void)", 0x7fb6d4a9, 0, 0, NULL } };
	struct goat_type failure = { .kind = GOAT_IFACE, .name = "Failure", .methods = error, .nmethods = 1 };
	goat_any nil = goat_panicnilerror();
	goat_string (**tab)(void *) = goat_assertE2I2(&failure, (void *)nil.type, NULL, NULL);
	goat_string text;
	bool is_error;

	cr_assert_not_null(tab);
	text = tab[0](nil.data);
	cr_expect_eq(strncmp(text.ptr, "panic called with nil argument", 30), 0);
	cr_expect(goat_errortext(nil, &text, &is_error) && is_error);
	cr_expect(goat_isruntimeerror(nil));
	cr_expect_not(goat_errortext((goat_any){ &cat, NULL }, &text, &is_error) || is_error);
	cr_expect_not(goat_errortext((goat_any){ NULL, NULL }, &text, NULL));
}
