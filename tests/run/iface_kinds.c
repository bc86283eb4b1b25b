// run
// Values of all kinds in interfaces: what a type is called, promoted and wrapped methods, receivers
// evaluated once, type switches in loops, sizes and arrays that depend on an assertion.
#include <goat.h>
#include <complex.h>
struct empty {};
typedef struct S { char name[8]; struct { int a, b; }; union { int u; float f; }; int flex[]; } S;
typedef struct P { char name[8]; int v; } P;
typedef int v4 __attribute__((vector_size(16)));
typedef int (*handler)(int);
typedef int Celsius;
typedef Celsius Kelvin;
typedef enum { A, B } AnonEnum;
enum tagged { C = -1, D };
interface(Num) { int (*Get)(void *self); };
interface(Both) { embed(Num); int (*Set)(void *self, int); };
method int Celsius_Get(Celsius c) { return c; }
method int handler_Get(handler h) { return h(20); }
method int tagged_Get(enum tagged t) { return t; }
method int P_Get(P p) { return p.v + p.name[0]; }
method int P_Set(P *p, int n) { int old = p->v; p->v = n; return old; }
typedef struct W { double d; P; } W;
typedef struct IW { int pad; Both; } IW;
static int twice(int x) { return 2 * x; }
static int calls;
static P *nextp(void) { static P ps[4] = {{"a", 1}, {"b", 2}}; return &ps[calls++]; }
static Num next(void) { return as(Num, nextp()); }
static void name(any a) { printf("%s\n", type_name(a)); }
int main(int argc, char **argv)
{
	P p = { "hi", 5 };
	W w = { 1.5, { "w", 7 } };
	IW iw = { 1, as(Both, &w) };
	Celsius c = 37; Kelvin k = 3;
	handler h = twice;
	any a = as(any, p), e = as(any, (struct empty){});
	char buf[] = "buffer";
	_Atomic int at = 5; volatile int vo = 6; const short sh = 7;
	register int re = 8;
	v4 v = {1,2,3,4};
	int n = argc + 4; int vla[n]; 
	double _Complex z = 1 + 2i;
	S *s = 0;
	int b;
	name(a); name(e); name(as(any, c)); name(as(any, k)); name(as(any, &c)); name(as(any, h)); name(as(any, &h)); name(as(any, twice));
	name(as(any, buf)); name(as(any, at)); name(as(any, vo)); name(as(any, sh)); name(as(any, re)); name(as(any, v)); name(as(any, vla));
	name(as(any, z)); name(as(any, s)); name(as(any, A)); name(as(any, (AnonEnum)A)); name(as(any, (enum tagged)C)); name(as(any, __func__));
	name(as(any, (__int128)1)); name(as(any, (long double)1)); name(as(any, argv)); name(as(any, &argv)); name(as(any, (_Float128)1));
	name(as(any, L"wide")); name(as(any, argc ? "a" : "b")); name(as(any, (Num){0})); name(as(any, &iw)); name(as(any, iw));
	name(as(any, n == 5)); name(as(any, (bool)(n == 5))); name(as(any, 'c')); name(as(any, 1u)); name(as(any, 1ll)); name(as(any, sizeof n)); name(as(any, (unsigned char)1));
	name(as(any, printf("hey ")));
	printf("%s %c %d\n", type_assert(a, P).name, type_assert(a, P).name[1], type_assert(a, P).v);
	printf("%d %d %d %d\n", call(as(Num, c), Get), call(as(Num, &c), Get), call(as(Num, h), Get), call(as(Num, (enum tagged)D), Get));
	printf("%d %d %d\n", call(as(Num, w), Get), call(as(Num, &w), Get), call(as(Num, iw), Get));
	printf("%d %d\n", call(as(Both, iw), Set, 9), call(as(Num, &iw), Get));
	printf("%d %d ", call(next(), Get), call(next(), Get)); printf("%d\n", calls);
	printf("%d\n", type_assert(as(any, at), int) + type_assert(as(any, vo), int) + type_assert(as(any, sh), short) + type_assert(as(any, re), int));
	printf("%g\n", creal(type_assert(as(any, z), double _Complex)));
	printf("%d\n", type_assert(as(any, v), v4)[2]);
	printf("%d\n", type_assert(as(any, h), handler)(4));
	printf("%d\n", type_assert(as(any, c), Celsius));
	printf("%d %d\n", type_assert_ok(as(any, c), int, &b), type_assert_ok(as(any, c), Kelvin, NULL));
	printf("%d\n", ({ any q = as(any, 3); type_assert(q, int); }));
	Num d; Both bb = as(Both, &p);
	printf("%d\n", type_assert_ok(as(any, &p), Num, &d) && call(d, Get) == 109);
	printf("%d\n", call(type_assert(as(any, &w), Both), Get));
	printf("%d\n", iface_eq(bb, as(Num, bb)));
	any arr[3] = { as(any, 1), as(any, "two"), as(any, 3.0) };
	for (int i = 0; i < 3; i++) type_switch (arr[i]) {
		case_type (int, x) { printf("int %d\n", x); continue; }
		case_type (string, x) printf("%.*s\n", STR(x));
		case_type (double, x) { if (i) break; printf("bad\n"); }
		case_default printf("bad\n");
	}
	type_switch (as(Num, c)) { case_type (Celsius, t) { printf("C%d\n", t); } case_type (Kelvin *, t) { (void)t; } }
	type_switch (arr[0]) { }
	type_switch (arr[0]) { case_type(Num, q) { (void) q; } case_type(any, q) { printf("any %s\n", type_name(q)); } }
	static any st; printf("%d\n", is_nil(st));
	vla[0] = 0;
	int sized[type_assert(as(any, 3), int)]; printf("%zu\n", sizeof sized / sizeof *sized);
	return 0;
}
