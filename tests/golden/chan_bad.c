// errorcheck
// Words about channels that are rejected.
#include <goat.h>

struct unknown;
typedef chan(int) ints;
typedef int numbers[4];

void operands(ints c, int x, int *p, map(int, int) m, chan(void) v, chan(struct unknown) u)
{
	chan_send(x, 1); // ERROR "^invalid operation: cannot send to non-channel x \(variable of type int\)$"
	chan_send(p, 1); // ERROR "^invalid operation: cannot send to non-channel p \(variable of type int \*\)$"
	chan_send(m, 1); // ERROR "^invalid operation: cannot send to non-channel m \(variable of type map\(int, int\)\)$"
	x = chan_recv(x); // ERROR "^invalid operation: cannot receive from non-channel x \(variable of type int\)$"
	chan_recv_ok(p, &x);
	chan_close(x + 1);
	chan_range (p, q) // ERROR "^'chan_range' needs a channel, not a value of type 'int \*'$"
		x++;
	chan_send(v, 1); // ERROR "^invalid operation: cannot send to v \(variable of type chan\(void\)\): its elements have no size$"
	chan_recv(v); // ERROR "^invalid operation: cannot receive from v \(variable of type chan\(void\)\): its elements have no size$"
	chan_send(u, 1); // ERROR "^invalid operation: cannot send to u \(variable of type chan\(struct unknown\)\): its elements have no size$"
	chan_recv(u); // ERROR "^invalid operation: cannot receive from u \(variable of type chan\(struct unknown\)\): its elements have no size$"
	undeclared++; // ERROR "^'undeclared' undeclared \(first use in this function\)$" "^each undeclared identifier is reported only once for each function it appears in$"
	chan_send(undeclared, 1);
}

void values(ints c, chan(int *) p, chan(numbers) n, numbers some)
{
	int x = 0;
	struct { int a; } s = { 1 };

	chan_send(c, s); // ERROR "^incompatible types when assigning to type 'int' from type 'struct <anonymous>'$"
	chan_send(c, "text"); // ERROR "^assignment to 'int' from 'char \*' makes integer from pointer without a cast"
	chan_send(p, 5); // ERROR "^assignment to 'int \*' from 'int' makes pointer from integer without a cast"
	chan_send(n, some); // ERROR "^assignment to expression with array type$"
	s = chan_recv(c); // ERROR "^incompatible types when assigning to type 'struct <anonymous>' from type 'int'$"
	chan_recv(c) = 4; // ERROR "^lvalue required as left operand of assignment$"
	chan_recv(p)++; // ERROR "^lvalue required as increment operand$"
	&chan_recv(c); // ERROR "^lvalue required as unary '&' operand$"
	x = chan_recv(p); // ERROR "^assignment to 'int' from 'int \*' makes integer from pointer without a cast"
	p = c; // ERROR "^assignment to 'int \*\* \(\*\)\(struct goat_hchan \*\)' from incompatible pointer type 'ints' \{aka 'int \* \(\*\)\(struct goat_hchan \*\)'\}"
}

void selects(ints c, int x)
{
	case_recv (c, v) x = v; // ERROR "^break statement not within loop or switch$" "^case label not within a switch statement$" "^a case of 'chan_select' that does not stand in one$"
	case_send (c, 3) x = 3; // ERROR "^break statement not within loop or switch$" "^case label not within a switch statement$" "^a case of 'chan_select' that does not stand in one$"
	chan_select {
	case_recv (x) { } // ERROR "^invalid operation: cannot receive from non-channel x \(variable of type int\)$"
	case_recv (x, v) { } // ERROR "^invalid operation: cannot receive from non-channel x \(variable of type int\)$"
	case_send (x, 4) { } // ERROR "^invalid operation: cannot send to non-channel x \(variable of type int\)$"
	case_recv_ok (x, v, ok) { } // ERROR "^invalid operation: cannot receive from non-channel x \(variable of type int\)$"
	case_send (c, "text") { } // ERROR "^assignment to 'int' from 'char \*' makes integer from pointer without a cast"
	}
	chan_select {
	case_default { } // ERROR "^this is the first default label$"
	case_default { } // ERROR "^multiple default labels in one switch$"
	}
	switch (x) {
	case_recv (c, v) x = v; // ERROR "^a case of 'chan_select' that does not stand in one$"
	}
	chan_select {
	case_recv (c) { continue; } // ERROR "^continue statement not within a loop$"
	}
	chan_select {
	case_recv (c, v) { }
	case_send (c, v) { } // ERROR "^'v' undeclared \(first use in this function\)$"
	}
	type_switch (as(any, x)) {
	case_recv (c) { } // ERROR "^a case of 'chan_select' that does not stand in one$"
	}
}
