// run
// A typedef of a scalar with methods is a type of its own, in whatever expression it is the type of;
// arithmetic gives a number.
#include <goat.h>
interface(Num) { int (*Get)(void *self); };
typedef int Celsius;
method int Celsius_Get(Celsius c) { return c; }
Celsius id(Celsius c) { return c; }
struct s { Celsius t, a[2]; Celsius *p; } g;
static void name(any a) { printf("%s\n", type_name(a)); }
int main(int argc, char**argv)
{
	int x = argc; Celsius c = 5;
	name(as(any, (Celsius)31));
	name(as(any, (Celsius)x));
	name(as(any, id(3)));
	name(as(any, g.t)); g.p = &c;
	name(as(any, g.a[1]));
	name(as(any, *g.p));
	name(as(any, c + 1)); name(as(any, c++)); name(as(any, +c)); name(as(any, (c))); name(as(any, argc ? c : c)); name(as(any, ({ c; })));  name(as(any, (Celsius){3})); name(as(any, (0, c)));
	__auto_type q = (Celsius)x; name(as(any, q));
	__auto_type r = c; name(as(any, r));
	const Celsius k = 3; name(as(any, k)); name(as(any, &k)); name(as(any, c = 4)); name(as(any, -c));
}
