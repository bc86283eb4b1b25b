// errorcheck
// Words about slices and strings that are rejected.
#include <goat.h>

typedef slice(int) ints;
typedef slice(char) bytes;
typedef slice(const int) constants;
typedef map(int, int) counts;

void operands(ints xs, bytes b, string s, int *p, double d, constants c)
{
	at(xs, d) = 1; // ERROR "^'at' needs integers, not a value of type 'double'$"
	at(xs, p) = 1; // ERROR "^'at' needs integers, not a value of type 'int \*'$"
	len(p); // ERROR "^'len' needs a slice or a string, not a value of type 'int \*'$"
	len(3); // ERROR "^'len' needs a slice or a string, not a value of type 'int'$"
	cap(s); // ERROR "^'cap' needs a slice, not a value of type 'string'$"
	append(s, 'c'); // ERROR "^'append' needs a slice, not a value of type 'string'$"
	append(b, "abc"); // ERROR "^'append' of a literal; 'append_slice' adds the bytes of a string$"
	append_slice(xs, b); // ERROR "^'append_slice' of elements of type 'char', but the slice is of 'int'$"
	append_slice(xs, s); // ERROR "^'append_slice' of elements of type 'char', but the slice is of 'int'$"
	append_slice(b, s);
	copy(s, b); // ERROR "^'copy' needs a slice, not a value of type 'string'$"
	copy(b, xs); // ERROR "^'copy' of elements of type 'int', but the slice is of 'char'$"
	copy(c, xs); // ERROR "^'copy' to elements that are 'const'$"
	copy(xs, c);
	substr(b, 1, 2); // ERROR "^'substr' needs a string, not a value of type 'bytes'$"
}

void indices(ints xs, string s, double d)
{
	subslice(xs, 1); // ERROR "^'subslice' takes two indices, and of a slice a third$"
	subslice(xs, 1, 2, 3, 4); // ERROR "^'subslice' takes two indices, and of a slice a third$"
	subslice(s, 1, 2, 3); // ERROR "^'subslice' takes two indices, and of a slice a third$"
	subslice(xs, d, 2); // ERROR "^'subslice' needs integers, not a value of type 'double'$"
	substr(s, 1); // ERROR "^'substr' takes a string and two indices$"
}

void made(double d)
{
	make(int, 3); // ERROR "^invalid argument: cannot make int: type must be slice, map, or channel$"
	make(ints); // ERROR "^invalid operation: make\(ints\) expects 2 or 3 arguments; found 1$"
	make(ints, 1, 2, 3); // ERROR "^invalid operation: make\(ints, 1, 2, 3\) expects 2 or 3 arguments; found 4$"
	make(ints, d); // ERROR "^'make' needs integers, not a value of type 'double'$"
	make(ints, 5, 4); // ERROR "^invalid argument: length and capacity swapped in make\(ints, 5, 4\)$"
}

void assigned(ints xs)
{
	append(xs, 1) = xs; // ERROR "^lvalue required as left operand of assignment$"
	subslice(xs, 0, 1).len = 3; // ERROR "^lvalue required as left operand of assignment$"
	make(ints, 2) = xs; // ERROR "^lvalue required as left operand of assignment$"
}
