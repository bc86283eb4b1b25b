// errorcheck -fgoat-m=2 -fgoat-l
// What comes out of a macro is reported where the macro is used, and spelled from the tree.
#include <goat.h>

#include <stdlib.h>

#define ADDRESS(x) (&(x))
#define KEEP(x) do { kept = &(x); } while (0)
#define DEFINE(x) int x = 1
#define SAME(name) int *name(int *p) { return p; }
#define ALLOCATE(T) ((T *)malloc(sizeof(T)))
#define NODE(...) new(struct node, __VA_ARGS__)

struct node {
	struct node *next;
	int n;
};

int *kept;
struct node *list;

int *address(void)
{
	int x = 1; // ERROR "^x escapes to heap:$" "^  flow: p = &x:$" "^    from &x \(address-of\) at " "^    from p = &x \(assign\) at " "^  flow: ~r0 = p:$" "^    from return p \(return\) at " "^moved to heap: x$"
	int *p = ADDRESS(x);

	return p;
}

void keep(void)
{
	int x = 1; // ERROR "^x escapes to heap:$" "^  flow: \{heap\} = &x:$" "^    from &x \(address-of\) at " "^    from kept = &x \(assign\) at " "^moved to heap: x$"

	KEEP(x);
}

int *define(void)
{
	DEFINE(x); // ERROR "^x escapes to heap:$" "^  flow: ~r0 = &x:$" "^    from &x \(address-of\) at " "^    from return &x \(return\) at " "^moved to heap: x$"

	return &x;
}

SAME(same) // ERROR "^parameter p leaks to ~r0 with derefs=0:$" "^  flow: ~r0 = p:$" "^    from return p \(return\) at " "^leaking param: p to result ~r0 level=0$"

int *allocate(void)
{
	return ALLOCATE(int); // ERROR "^malloc\(4\) escapes to heap:$" "^  flow: ~r0 = &\{storage for malloc\(4\)\}:$" "^    from malloc\(4\) \(spill\) at " "^    from return malloc\(4\) \(return\) at " "^malloc\(4\) escapes to heap$"
}

void push(int n)
{
	list = NODE(.next = list, .n = n); // ERROR "^new\(struct node\) escapes to heap:$" "^  flow: \{heap\} = &\{storage for new\(struct node\)\}:$" "^    from new\(struct node\) \(spill\) at " "^    from list = new\(struct node\) \(assign\) at " "^new\(struct node\) escapes to heap$"
}
