// errorcheck -fgoat-m=2 -fgoat-l
// -fgoat-m=2: each kind of step, in Go's words. EXPR is the source's text, what stands in braces
// left out.
#include <goat.h>

#include <stdlib.h>
#include <string.h>

struct pair {
	int *a, *b;
	int n;
};

struct deep {
	struct pair in;
	int *row[3];
	struct deep *next;
};

int *kept;
struct pair saved;
struct deep *list;
void unknown(void *p);

int *same(int *p) // ERROR "^parameter p leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = p:$" "^    from return p \(return\) at " "^leaking param: p to result ~r0 level=0$"
{
	return p;
}

int *load(int **pp) // ERROR "^parameter pp leaks to ~r0 with derefs=1:$" "^  flow: ~r0 = \*pp:$" "^    from \*pp \(indirection\) at " "^    from return \*pp \(return\) at " "^leaking param: pp to result ~r0 level=1$"
{
	return *pp;
}

int *dot(struct pair s) // ERROR "^parameter s leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = s:$" "^    from s\.b \(dot\) at " "^    from return s\.b \(return\) at " "^leaking param: s to result ~r0 level=0$"
{
	return s.b;
}

int *dot_of_pointer(struct deep *d) // ERROR "^parameter d leaks to ~r0 with derefs=1:$" "^  flow: ~r0 = \*d:$" "^    from d->in \(dot of pointer\) at " "^    from d->in\.b \(dot\) at " "^    from return d->in\.b \(return\) at " "^leaking param: d to result ~r0 level=1$"
{
	return d->in.b;
}

int *two_loads(struct deep *d) // ERROR "^parameter d leaks to ~r0 with derefs=2:$" "^  flow: ~r0 = \*\*d:$" "^    from d->next \(dot of pointer\) at " "^    from d->next->row \(dot of pointer\) at " "^    from d->next->row\[1\] \(fixed-array-index-of\) at " "^    from return d->next->row\[1\] \(return\) at " "^leaking param: d to result ~r0 level=2$"
{
	return d->next->row[1];
}

int *element(struct deep d, int i) // ERROR "^parameter d leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = d:$" "^    from d\.row \(dot\) at " "^    from d\.row\[i\] \(fixed-array-index-of\) at " "^    from return d\.row\[i\] \(return\) at " "^leaking param: d to result ~r0 level=0$"
{
	return d.row[i];
}

int *by_index(int **v, int i) // ERROR "^parameter v leaks to ~r0 with derefs=1:$" "^  flow: ~r0 = \*v:$" "^    from v\[i\] \(indirection\) at " "^    from return v\[i\] \(return\) at " "^leaking param: v to result ~r0 level=1$"
{
	return v[i];
}

int *address_of_element(void)
{
	int row[3] = { 0 }; // ERROR "^row escapes to heap:$" "^  flow: ~r0 = &row:$" "^    from row\[1\] \(fixed-array-index-of\) at " "^    from &row\[1\] \(address-of\) at " "^    from return &row\[1\] \(return\) at " "^moved to heap: row$"

	return &row[1];
}

int *address_of_member(void)
{
	struct pair s = { 0 }; // ERROR "^s escapes to heap:$" "^  flow: ~r0 = &s:$" "^    from s\.n \(dot\) at " "^    from &s\.n \(address-of\) at " "^    from return &s\.n \(return\) at " "^moved to heap: s$"

	return &s.n;
}

int *array_as_pointer(void)
{
	int row[3] = { 0 }; // ERROR "^row escapes to heap:$" "^  flow: ~r0 = &row:$" "^    from row \(address-of\) at " "^    from return row \(return\) at " "^moved to heap: row$"

	return row;
}

int *struct_literal(void)
{
	int x = 1; // ERROR "^x escapes to heap:$" "^  flow: s = &x:$" "^    from &x \(address-of\) at " "^    from \(struct pair\)\{\.\.\.\} \(struct literal element\) at " "^    from s = \(struct pair\)\{\.\.\.\} \(assign\) at " "^  flow: ~r0 = s:$" "^    from s\.b \(dot\) at " "^    from return s\.b \(return\) at " "^moved to heap: x$"
	struct pair s = { .a = &x };

	return s.b;
}

int *array_literal(void)
{
	int x = 1; // ERROR "^x escapes to heap:$" "^  flow: v = &x:$" "^    from &x \(address-of\) at " "^    from \(int \*\[2\]\)\{\.\.\.\} \(array literal element\) at " "^    from v = \(int \*\[2\]\)\{\.\.\.\} \(assign\) at " "^  flow: ~r0 = v:$" "^    from v\[1\] \(fixed-array-index-of\) at " "^    from return v\[1\] \(return\) at " "^moved to heap: x$"
	int *v[2] = { &x };

	return v[1];
}

int *compound_literal(void)
{
	int x = 1; // ERROR "^x escapes to heap:$" "^  flow: s = &x:$" "^    from &x \(address-of\) at " "^    from \(struct pair\)\{\.\.\.\} \(struct literal element\) at " "^    from s = \(struct pair\)\{\.\.\.\} \(assign\) at " "^  flow: ~r0 = s:$" "^    from s\.a \(dot\) at " "^    from return s\.a \(return\) at " "^moved to heap: x$"
	struct pair s;

	s = (struct pair){ .a = &x };
	return s.a;
}

void new_literal(int *p) // ERROR "^parameter p leaks to \{storage for new\(struct deep\)\} with derefs=0:$" "^  flow: \{storage for new\(struct deep\)\} = p:$" "^    from \(struct pair\)\{\.\.\.\} \(struct literal element\) at " "^    from \(struct deep\)\{\.\.\.\} \(struct literal element\) at " "^leaking param: p$"
{
	struct deep *d = new(struct deep, .in = { .a = p }); // ERROR "^new\(struct deep\) escapes to heap:$" "^  flow: d = &\{storage for new\(struct deep\)\}:$" "^    from new\(struct deep\) \(spill\) at " "^    from d = new\(struct deep\) \(assign\) at " "^  flow: \{heap\} = d:$" "^    from list = d \(assign\) at " "^new\(struct deep\) escapes to heap$"

	list = d;
}

int *calls(void)
{
	int x = 1; // ERROR "^x escapes to heap:$" "^  flow: ~r0 = &x:$" "^    from &x \(address-of\) at " "^    from same\(&x\) \(call parameter\) at " "^    from same\(same\(&x\)\) \(call parameter\) at " "^    from return same\(same\(&x\)\) \(return\) at " "^moved to heap: x$"

	return same(same(&x));
}

void call_unknown(int *p) // ERROR "^parameter p leaks to \{heap\} with derefs=0:$" "^  flow: \{heap\} = p:$" "^    from unknown\(p\) \(call parameter\) at " "^leaking param: p$"
{
	unknown(p);
}

int *call_library(int *p) // ERROR "^parameter p leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = p:$" "^    from memset\(p, 0, sizeof\(\*p\)\) \(call parameter\) at " "^    from return memset\(p, 0, sizeof\(\*p\)\) \(return\) at " "^leaking param: p to result ~r0 level=0$"
{
	return memset(p, 0, sizeof(*p));
}

void content(struct pair *s) // ERROR "^parameter s leaks to \{heap\} with derefs=1:$" "^  flow: \{heap\} = \*s:$" "^    from \*s \(indirection\) at " "^    from saved = \*s \(assign\) at " "^leaking param content: s$"
{
	saved = *s;
}

void chained(void)
{
	int x = 1; // ERROR "^x escapes to heap:$" "^  flow: p = &x:$" "^    from &x \(address-of\) at " "^    from p = &x \(assign\) at " "^  flow: pp = &p:$" "^    from &p \(address-of\) at " "^    from pp = &p \(assign\) at " "^  flow: \{heap\} = \*pp:$" "^    from \*pp \(indirection\) at " "^    from kept = \*pp \(assign\) at " "^moved to heap: x$"
	int *p = &x;
	int **pp = &p;

	kept = *pp;
}

int *integer(void)
{
	int x = 1; // ERROR "^x escapes to heap:$" "^  flow: n = &x:$" "^    from &x \(address-of\) at " "^    from n = \(uintptr_t\)&x \(assign\) at " "^  flow: ~r0 = n:$" "^    from \(int \*\)n \(conversion to unsafe\.Pointer\) at " "^    from return \(int \*\)n \(return\) at " "^moved to heap: x$"
	uintptr_t n = (uintptr_t)&x;

	return (int *)n;
}

int loop(int n)
{
	int *p = NULL;

	while (n-- > 0) {
		int x = n; // ERROR "^x escapes to heap:$" "^  flow: p = &x:$" "^    from &x \(address-of\) at " "^    from p = &x \(assign\) at " "^moved to heap: x$"

		p = &x;
	}
	return *p;
}

int **own_address(int *p) // ERROR "^parameter p leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = &p:$" "^    from &p \(address-of\) at " "^    from return &p \(return\) at " "^p escapes to heap:$" "^moved to heap: p$"
{
	return &p;
}

int *to_both(int *p) // ERROR "^parameter p leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = p:$" "^    from return p \(return\) at " "^parameter p leaks to \{heap\} with derefs=0:$" "^  flow: \{heap\} = p:$" "^    from kept = p \(assign\) at " "^leaking param: p$"
{
	kept = p;
	return p;
}

int *choice(int c)
{
	int x = 1, y = 2; // ERROR "^x escapes to heap:$" "^  flow: ~r0 = &x:$" "^    from &x \(address-of\) at " "^    from return c \? &x : &y \(return\) at " "^moved to heap: x$" "^y escapes to heap:$" "^  flow: ~r0 = &y:$" "^    from &y \(address-of\) at " "^moved to heap: y$"

	return c ? &x : &y;
}

int *object(void)
{
	int *p = malloc(4); // ERROR "^malloc\(4\) escapes to heap:$" "^  flow: p = &\{storage for malloc\(4\)\}:$" "^    from malloc\(4\) \(spill\) at " "^    from p = malloc\(4\) \(assign\) at " "^  flow: ~r0 = p:$" "^    from return p \(return\) at " "^malloc\(4\) escapes to heap$"

	return p;
}

struct pair *objects(void)
{
	return &(struct pair){ .a = new(int) }; // ERROR "^&\(struct pair\)\{\.\.\.\} escapes to heap:$" "^  flow: ~r0 = &\{storage for &\(struct pair\)\{\.\.\.\}\}:$" "^    from &\(struct pair\)\{\.\.\.\} \(spill\) at " "^    from return &\(struct pair\)\{\.\.\.\} \(return\) at " "^&\(struct pair\)\{\.\.\.\} escapes to heap$" "^new\(int\) escapes to heap:$" "^  flow: \{storage for &\(struct pair\)\{\.\.\.\}\} = &\{storage for new\(int\)\}:$" "^    from new\(int\) \(spill\) at " "^    from \(struct pair\)\{\.\.\.\} \(struct literal element\) at " "^new\(int\) escapes to heap$"
}

char *large(void)
{
	return malloc(100000); // ERROR "^malloc\(100000\) escapes to heap:$" "^  flow: \{heap\} = &\{storage for malloc\(100000\)\}:$" "^    from malloc\(100000\) \(too large for stack\) at " "^malloc\(100000\) escapes to heap$"
}

char sized(size_t n)
{
	char *p = malloc(n); // ERROR "^malloc\(n\) escapes to heap:$" "^  flow: \{heap\} = &\{storage for malloc\(n\)\}:$" "^    from malloc\(n\) \(non-constant size\) at " "^malloc\(n\) escapes to heap$"

	return *p;
}
