// errorcheck
// What may not leave deferred code, nor get into it; what is no call and no block.
#include <goat.h>

void g(int);

int jumps(int n)
{
	if (n)
		goto in; // ERROR "^jump to label 'in' into a deferred block$"
	void *p = &&in;
	defer {
in:
		g(1);
		defer { goto in; } // ERROR "^jump to label 'in' out of a deferred block$"
		goto *p;
		return 2; // ERROR "^'return' out of a deferred block$"
	}
	goto *p; // ERROR "^jump to label 'in' into a deferred block$"
}

void cases(int n)
{
	switch (n) {
		defer {
		case 3: // ERROR "^switch jumps into a deferred block$"
			g(3);
			switch (n) {
			case 4:
				break;
			}
		}
		block_defer g(4);
	case 4: // ERROR "^switch jumps into the scope of a 'block_defer'$"
		g(5);
	}
}

void scopes(int n)
{
	goto past; // ERROR "^jump to label 'past' into the scope of a 'block_defer'$"
	{
		block_defer g(2);
		if (n)
			goto inside;
past:
		g(3);
inside:
		g(4);
	}
	for (;;) {
		block_defer {
			if (n)
				break; // ERROR "^'break' out of a deferred block$"
			continue; // ERROR "^'continue' out of a deferred block$"
		}
		if (n == 2)
			break;
		if (n == 3)
			goto out;
		if (n == 4)
			return;
	}
out:
	type_switch (as(any, n)) {
	case_type (int, v) {
		if (v)
			continue; // ERROR "^continue statement not within a loop$"
		break;
	}
	}
}

void operands(int n)
{
	defer if (n) g(3); // ERROR "^expression in defer must be function call$"
	defer; // ERROR "^expression in defer must be function call$"
	defer defer g(1); // ERROR "^expression in defer must be function call$"
	defer n++; // ERROR "^expression in defer must be function call$"
	defer ({ int x = 3; x; }); // ERROR "^expression in defer must be function call$"
	block_defer n = 3; // ERROR "^expression in defer must be function call$"
	block_defer (void)g(3);
	defer (g)(sizeof(int[n]));
	defer g(((struct local { int x; }){ 4 }).x);
}

long results(void)
{
	{
		result(long, inner); // ERROR "^named result 'inner' is not in the outermost block of its function$"
	}
	result(int, r); // ERROR "^named result 'r' of type 'int' in a function that returns 'long int'$"
	result(long, s); // ERROR "^named result 's', but 'r' is the result already$"
	return 1;
}
