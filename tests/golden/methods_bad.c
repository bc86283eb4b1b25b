// errorcheck
// What cannot be a method, and what cannot be an interface.
#include <goat.h>

interface(Num) { int (*Get)(void *self); };
interface(Wrong) {
	int x; // ERROR "^member 'x' of an interface is not a method: 'RESULT \(\*x\)\(void \*self, \.\.\.\)'$"
	int (*Get)(int self); // ERROR "^member 'Get' of an interface is not a method: 'RESULT \(\*Get\)\(void \*self, \.\.\.\)'$"
	int (*Old)(); // ERROR "^member 'Old' of an interface is not a method: 'RESULT \(\*Old\)\(void \*self, \.\.\.\)'$"
	void (*Good)(void *self);
};
interface(Outer) { struct { int q; }; }; // ERROR "^an interface embeds interfaces only$"

typedef struct S { int x; } S;
typedef int *Pointer;

method int Get(S s); // ERROR "^name of method 'Get' does not begin with 'S_'; 'method_named\(NAME\)' gives it another$"
method int T_Get(S s); // ERROR "^name of method 'T_Get' does not begin with 'S_'; 'method_named\(NAME\)' gives it another$"
method int int_Get(int s); // ERROR "^invalid receiver type int \(not a named type\)$"
method int S_(void); // ERROR "^method 'S_' has no receiver$"
method int S_Old(); // ERROR "^method 'S_Old' has no receiver$"
method int var; // ERROR "^'method' is only for functions$"
method int Num_Get(Num n); // ERROR "^invalid receiver type Num \(pointer or interface type\)$"
method int any_Get(any a); // ERROR "^invalid receiver type any \(pointer or interface type\)$"
method int S_Twice(S **s); // ERROR "^invalid receiver type S \* \(pointer or interface type\)$"
method int Pointer_Get(Pointer p); // ERROR "^invalid receiver type int \(not a named type\)$"
method int S_Get(S s);
method_named(Get) int any_name(S s);
method int struct_Get(struct { int a; } s); // ERROR "^anonymous struct declared inside parameter list will not be visible outside of this definition or declaration$" "^invalid receiver type struct \{ int a; \} \(not a named type\)$"

int main(void)
{
	method int S_Inner(S s); // ERROR "^method 'S_Inner' is declared inside of a function$"

	return 0;
}
