// errorcheck
// Conversions and assertions that are rejected, and how the operand is called.
#include <goat.h>

interface(Num) { int (*Get)(void *self); };
interface(Full) { embed(Num); int (*Set)(void *self, int n); };

typedef struct S { int x; } S;
typedef struct Near { int x; } Near;
typedef struct Unmarked { int x; } Unmarked;
typedef struct Part { int y; S; } Part;
typedef struct Two { int x; } Two;
typedef int Celsius;
typedef Celsius Kelvin;

method int S_Get(S *s) { return s->x; } // ERROR
method int S_Set(S *s, long n) { return s->x = n; } // ERROR
method int Near_get(Near n) { return n.x; } // ERROR
method int Celsius_Get(Celsius c) { return c; }
method int Two_Get(Two *t) { return t->x; } // ERROR
method_named(Get) int two_again(Two t) { return t.x; } // ERROR "^method Two\.Get already declared$"
int Unmarked_Get(Unmarked u) { return u.x; }

void convert(S *p, int *ip, Num n, any a)
{
	S s = { 1 }, many[2] = { { 1 } };
	Part part = { 2 };
	Celsius c = 3;
	Kelvin k = 4;

	n = as(Num, p);
	n = as(Num, c);
	n = as(Num, k);
	n = as(Num, &k);
	n = as(Num, (Celsius)40);
	n = as(Num, &part);
	n = as(Num, s); // ERROR "^cannot use 's' \(variable of type S\) as Num value: S does not implement Num \(method Get has pointer receiver\)$"
	n = as(Num, *p); // ERROR "^cannot use '\*p' \(variable of type S\) as Num value: S does not implement Num \(method Get has pointer receiver\)$"
	n = as(Num, many[1]); // ERROR "^cannot use 'many\[1\]' \(variable of type S\) as Num value: S does not implement Num \(method Get has pointer receiver\)$"
	n = as(Num, part); // ERROR "^cannot use 'part' \(variable of type Part\) as Num value: Part does not implement Num \(method Get has pointer receiver\)$"
	n = as(Num, 42); // ERROR "^cannot use '42' \(constant of type int\) as Num value: int does not implement Num \(missing method Get\)$"
	n = as(Num, c + 1); // ERROR "^cannot use 'c \+ 1' \(value of type int\) as Num value: int does not implement Num \(missing method Get\)$"
	n = as(Num, "text"); // ERROR "^cannot use '\"text\"' \(value of type string\) as Num value: string does not implement Num \(missing method Get\)$"
	n = as(Num, ip); // ERROR "^cannot use 'ip' \(variable of type int \*\) as Num value: int \* does not implement Num \(missing method Get\)$"
	n = as(Num, &n); // ERROR "^cannot use '&n' \(value of type Num \*\) as Num value: Num \* does not implement Num \(type Num \* is pointer to interface, not interface\)$"
	n = as(Num, (Near){ 1 }); // ERROR "^cannot use '\(Near\)\{ 1 \}' \(value of type Near\) as Num value: Near does not implement Num \(missing method Get\)$"
	n = as(Num, (Unmarked){ 1 }); // ERROR "^cannot use '\(Unmarked\)\{ 1 \}' \(value of type Unmarked\) as Num value: Unmarked does not implement Num \(missing method Get\)$"
	n = as(Num, a); // ERROR "^cannot use 'a' \(variable of type any\) as Num value: any does not implement Num \(missing method Get\)$"
	as(Full, p); // ERROR "^cannot use 'p' \(variable of type S \*\) as Full value: S \* does not implement Full \(wrong type for method Set\)$"
	as(int, 3); // ERROR "^'int' is not an interface$"
}

int assert(Num n, any a, int i, const int *cp)
{
	long l;

	type_assert(n, int); // ERROR "^impossible type assertion: type_assert\(n, int\)$"
	type_assert(n, S); // ERROR "^impossible type assertion: type_assert\(n, S\)$"
	type_assert(n, Near *); // ERROR "^impossible type assertion: type_assert\(n, Near \*\)$"
	type_assert(i, int); // ERROR "^'type_assert' needs an interface, not a value of type 'int'$"
	type_assert(a, void); // ERROR "^an interface does not hold 'void', which has no size$"
	type_assert(a, int[3]); // ERROR "^an interface does not hold 'int\[3\]', but a pointer to it$"
	type_assert(a, S).x = 3; // ERROR "^lvalue required as left operand of assignment$"
	type_assert(a, int)++; // ERROR "^lvalue required as left operand of assignment$"
	type_assert_ok(a, int, &l); // ERROR "^'type_assert_ok' needs a pointer to 'int', not a value of type 'long \*'$"
	type_assert_ok(a, int, cp); // ERROR "^'type_assert_ok' cannot write to what is 'const'$"
	type_assert_ok(a, int, i); // ERROR "^'type_assert_ok' needs a pointer to 'int', not a value of type 'int'$"
	type_switch (i) { case_nil { } } // ERROR "^'type_switch' needs an interface, not a value of type 'int'$"
	type_switch (n) {
	case_type (int, x) { return x; } // ERROR "^impossible type switch case: int$"
	case_type (S *, x) { return x->x; } // ERROR "^previous case$"
	case_type (S *, y) { return y->x; } // ERROR "^duplicate case S \* in type switch$"
	case_nil { } // ERROR "^previous case$"
	case_nil { } // ERROR "^multiple nil cases in type switch$"
	}
	return is_nil(i) + iface_eq(n, i) + type_name(cp)[0]; // ERROR "^'is_nil' needs an interface, not a value of type 'int'$" "^'iface_eq' needs an interface, not a value of type 'int'$" "^'type_name' needs an interface, not a value of type 'const int \*'$"
}
