// SPDX-License-Identifier: GPL-3.0-or-later
//
// interfaces.c: assertions that fail, comparisons that cannot be made. The texts are Go's, with types
// as C spells them.

#include <goat.h>

interface(Duck) {
	void (*Quack)(void *self);
};
interface(Swimmer) {
	void (*Float)(void *self);
	void (*Swim)(void *self);
};

interface(Floater) {
	void (*Float)(void *self);
};

typedef struct Mallard { int n; } Mallard;

method void Mallard_Quack(Mallard *m) { m->n++; }
method void Mallard_Float(Mallard m) { printf("%d\n", m.n); }

// What it holds now is not known, so it has no equality.
typedef union Either { float f; int n; } Either;

static Mallard m;
static Duck none;
static any text, nil;

static void concrete(void) { type_assert(text, int); }
static void empty(void) { type_assert(nil, int); }
static void pointer(void) { type_assert(as(any, &m), Mallard); }
static void named(void) { type_assert(as(Duck, &m), Mallard *)->n = 1; type_assert(none, Mallard *); }
static void missing(void) { type_assert(as(Duck, &m), Swimmer); }
static void receiver(void) { type_assert(as(any, m), Duck); }
static void no_interface(void) { type_assert(none, Swimmer); }
static void calls(void) { call(none, Quack); }

static void copies_nil(void)
{
	any a = as(any, (Mallard *)none.data);

	call(type_assert(a, Floater), Float);
}

static void compares(void)
{
	any a = as(any, (Either){ .n = 1 });

	iface_eq(a, a);
}

// In deferred code, of a panic that is on its way.
static void again(void)
{
	defer { type_assert(text, int); }
	type_assert(nil, Duck);
}

// A type of another function, of the same name.
static any local(void)
{
	typedef struct Teal { int n; } Teal;

	return as(any, (Teal){ 1 });
}

static void scopes(void)
{
	typedef struct Teal { int n; } Teal;

	printf("%d\n", type_assert(local(), Teal).n);
}

#define CASE(f) if (strcmp(argv[1], #f) == 0) f()
int main(int argc, char **argv)
{
	if (argc < 2) return 1;
	text = as(any, str("text"));
	CASE(concrete); CASE(empty); CASE(pointer); CASE(named); CASE(missing); CASE(receiver);
	CASE(no_interface); CASE(calls); CASE(compares); CASE(again); CASE(scopes);
	CASE(copies_nil);
	return 0;
}
