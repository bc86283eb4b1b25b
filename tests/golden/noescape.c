// errorcheck
// goat_noescape is believed on a prototype and verified on a definition, goat_stack on a variable:
// an error, and the flow that speaks against it.
#include <goat.h>

int *kept;
struct pair { int *a, *b; } saved;
void looks(goat_noescape int *p);

int stays(goat_noescape int *p)
{
	return *p;
}

void leaks(goat_noescape int *p) // ERROR "^goat_noescape parameter p leaks$" "^  flow: \{heap\} = p:$" "^    from kept = p \(assign\) at "
{
	kept = p;
}

int *returns(goat_noescape int *p) // ERROR "^goat_noescape parameter p leaks$" "^  flow: ~r0 = p:$" "^    from return p \(return\) at "
{
	return p;
}

void content(goat_noescape struct pair *p) // ERROR "^goat_noescape parameter p leaks$" "^  flow: \{heap\} = \*p:$" "^    from p->a \(dot of pointer\) at " "^    from kept = p->a \(assign\) at "
{
	kept = p->a;
}

void promised(goat_noescape int *p);

void promised(int *p) // ERROR "^goat_noescape parameter p leaks$" "^  flow: \{heap\} = p:$" "^    from kept = p \(assign\) at "
{
	kept = p;
}

void believed(void)
{
	goat_stack int x = 1;

	looks(&x);
}

void in_a_loop(int n)
{
	int *p = NULL;

	while (n-- > 0) {
		goat_stack int x = n; // ERROR "^goat_stack variable x escapes to heap$" "^  flow: p = &x:$" "^    from &x \(address-of\) at " "^    from p = &x \(assign\) at "

		p = &x;
	}
	(void)p;
}

void too_large(void)
{
	goat_stack char big[11 * 1024 * 1024]; // ERROR "^goat_stack variable big escapes to heap$" "^  flow: \{heap\} = &big:$" "^    from big \(too large for stack\) at "

	big[0] = 1;
}

// What it holds may go where it likes.
void value(int *p)
{
	goat_stack struct pair s = { p, p };

	saved = s;
}
