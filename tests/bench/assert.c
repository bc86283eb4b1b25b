// SPDX-License-Identifier: GPL-3.0-or-later
//
// assert.c: type_assert to a type and to interfaces, type_switch.

#include <goat.h>

#include "row.h"

interface(Duck) {
	long (*Quack)(void *self);
};
interface(Walker) {
	long (*Walk)(void *self);
	long (*Quack)(void *self);
};
interface(Swimmer) {
	long (*Swim)(void *self);
};

typedef struct Mallard { long n; } Mallard;

method long Mallard_Quack(Mallard *m) { return m->n; }
method long Mallard_Walk(Mallard *m) { return m->n + 1; }

typedef struct A { long v; } A;
typedef struct B { long v; } B;
typedef struct C { long v; } C;
typedef struct D { long v; } D;
typedef struct E { long v; } E;
typedef struct F { long v; } F;
typedef struct G { long v; } G;
typedef struct H { long v; } H;

enum { N = 64 };

static any anys[N];
static Duck ducks[N];
static any eight[8];
static volatile long sink;

static __attribute__((noipa)) long
concrete(const any *a, long n)
{
	long total = 0;

	for (long i = 0; i < n; i++) {
		Mallard *m;

		if (type_assert_ok(a[(unsigned long)i % N], Mallard *, &m))
			total += m->n;
	}
	return total;
}

static __attribute__((noipa)) long
hit(const Duck *d, long n)
{
	long total = 0;

	for (long i = 0; i < n; i++) {
		Walker w;

		if (type_assert_ok(d[(unsigned long)i % N], Walker, &w) && !is_nil(w))
			total++;
	}
	return total;
}

static __attribute__((noipa)) long
miss(const Duck *d, long n)
{
	long total = 0;

	for (long i = 0; i < n; i++) {
		Swimmer s;

		if (type_assert_ok(d[(unsigned long)i % N], Swimmer, &s))
			total++;
	}
	return total;
}

static __attribute__((noipa)) long
switches(const any *a, long n)
{
	long total = 0;

	for (long i = 0; i < n; i++) {
		type_switch (a[(unsigned long)i % 8]) {
		case_type (A *, p) { total += p->v; }
		case_type (B *, p) { total += p->v * 2; }
		case_type (C *, p) { total += p->v * 3; }
		case_type (D *, p) { total += p->v * 4; }
		case_type (E *, p) { total += p->v * 5; }
		case_type (F *, p) { total += p->v * 6; }
		case_type (G *, p) { total += p->v * 7; }
		case_type (H *, p) { total += p->v * 8; }
		}
	}
	return total;
}

static void concrete_rounds(long n) { sink = concrete(anys, n); }
static void hit_rounds(long n) { sink = hit(ducks, n); }
static void miss_rounds(long n) { sink = miss(ducks, n); }
static void switch_rounds(long n) { sink = switches(eight, n); }

int
main(void)
{
	for (int i = 0; i < N; i++) {
		Mallard *m = new(Mallard, .n = i);

		anys[i] = as(any, m);
		ducks[i] = as(Duck, m);
	}
	eight[0] = as(any, new(A, 1));
	eight[1] = as(any, new(B, 2));
	eight[2] = as(any, new(C, 3));
	eight[3] = as(any, new(D, 4));
	eight[4] = as(any, new(E, 5));
	eight[5] = as(any, new(F, 6));
	eight[6] = as(any, new(G, 7));
	eight[7] = as(any, new(H, 8));
	row("assert_concrete", concrete_rounds, 1);
	row("assert_iface_hit", hit_rounds, 1);
	row("assert_iface_miss", miss_rounds, 1);
	row("type_switch_8", switch_rounds, 1);
	return 0;
}
