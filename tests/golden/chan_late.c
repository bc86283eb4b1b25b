// errorcheck
// Words about channels that are rejected when the unit is complete.
#include <goat.h>

typedef chan(int) ints;
struct unknown;

void operands(ints c, long *l, const int *k, double d, int x)
{
	chan_recv_ok(c, l); // ERROR "^'chan_recv_ok' needs a pointer to 'int', not a value of type 'long \*'$"
	chan_recv_ok(c, k); // ERROR "^'chan_recv_ok' cannot write to what is 'const'$"
	chan_recv_ok(c, 5); // ERROR "^'chan_recv_ok' needs a pointer to 'int', not a value of type 'int'$"
	make(ints, d); // ERROR "^the size in 'make\(ints, d\)' is of type 'double'$"
	make(ints, 1, 2); // ERROR "^invalid operation: make\(ints, 1, 2\) expects 1 or 2 arguments; found 3$"
	make(chan(void)); // ERROR "^invalid argument: cannot make chan\(void\): its elements have no size$"
	make(chan(struct unknown), 3); // ERROR "^invalid argument: cannot make chan\(struct unknown\): its elements have no size$"
	c(NULL); // ERROR "^a channel is not a function$"
	len(d); // ERROR "^'len' needs a slice or a string, not a value of type 'double'$"
	cap(x); // ERROR "^'cap' needs a slice, not a value of type 'int'$"
}

void selects(ints c, int x)
{
	chan_select {
	case 5: // ERROR "^'chan_select' has no cases but 'case_recv', 'case_recv_ok', 'case_send' and 'case_default'$"
		break;
	case_recv (c) { }
	}
	chan_select {
	case_recv (c) { }
	case_type (int, v) { } // ERROR "^'chan_select' has no cases but 'case_recv', 'case_recv_ok', 'case_send' and 'case_default'$"
	}
	chan_select {
	case_nil { } // ERROR "^'chan_select' has no cases but 'case_recv', 'case_recv_ok', 'case_send' and 'case_default'$"
	}
	chan_select {
	default: // ERROR "^'chan_select' has no cases but 'case_recv', 'case_recv_ok', 'case_send' and 'case_default'$"
		x++;
	}
}
