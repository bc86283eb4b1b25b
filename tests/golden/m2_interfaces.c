// errorcheck -fgoat-m=2 -fgoat-l
// The steps of interfaces under -fgoat-m=2.
#include <goat.h>

typedef struct Pair { int *a, *b; } Pair;
interface(Namer) { int *(*Name)(void *self); };
interface(Reader) { int *(*Name)(void *self); void (*Read)(void *self); };

any global;
Namer named;

any pointer(int *p) { return as(any, p); } // ERROR "^parameter p leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = p:$" "^    from as\(any, p\) \(interface-converted\) at " "^    from return as\(any, p\) \(return\) at " "^leaking param: p to result ~r0 level=0$"
void value(Pair x) { global = as(any, x); } // ERROR "^parameter x leaks to \{storage for x\} with derefs=0:$" "^  flow: \{storage for x\} = x:$" "^    from x \(interface-converted\) at " "^leaking param: x$" "^x escapes to heap:$" "^  flow: \{heap\} = &\{storage for x\}:$" "^    from x \(spill\) at " "^    from global = as\(any, x\) \(assign\) at " "^x escapes to heap$"
Namer smaller(Reader r) { return as(Namer, r); } // ERROR "^parameter r leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = r:$" "^    from as\(Namer, r\) \(interface-converted\) at " "^    from return as\(Namer, r\) \(return\) at " "^leaking param: r to result ~r0 level=0$"
int *assert(any a) { return type_assert(a, int *); } // ERROR "^parameter a leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = a:$" "^    from type_assert\(a, int \*\) \(dot\) at " "^    from return type_assert\(a, int \*\) \(return\) at " "^leaking param: a to result ~r0 level=0$"
Pair assert_value(any a) { return type_assert(a, Pair); } // ERROR "^parameter a leaks to ~r0 with derefs=1:$" "^  flow: ~r0 = \*a:$" "^    from type_assert\(a, Pair\) \(dot\) at " "^    from return type_assert\(a, Pair\) \(return\) at " "^leaking param: a to result ~r0 level=1$"
int *switched(any a) // ERROR "^parameter a leaks to ~r0 with derefs=0:$" "^  flow: \{temp\} = a:$" "^    from \{temp\} = a \(assign\) at " "^  flow: p = \{temp\}:$" "^    from case_type \(int \*, p\) \(switch case\) at " "^  flow: ~r0 = p:$" "^    from return p \(return\) at " "^leaking param: a to result ~r0 level=0$"
{
	type_switch (a) {
	case_type (int *, p) { return p; }
	case_type (Pair, q) { return q.a; }
	}
	return NULL;
}
int *called(Namer n) { return call(n, Name); } // ERROR "^parameter n leaks to \{heap\} with derefs=0:$" "^  flow: \{heap\} = n:$" "^    from call\(n, Name\) \(call parameter\) at " "^leaking param: n$"
void assert_interface(any a) { named = type_assert(a, Namer); } // ERROR "^parameter a leaks to \{heap\} with derefs=0:$" "^  flow: \{heap\} = a:$" "^    from type_assert\(a, Namer\) \(dot\) at " "^    from named = type_assert\(a, Namer\) \(assign\) at " "^leaking param: a$"
