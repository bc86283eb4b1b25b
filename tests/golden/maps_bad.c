// errorcheck
// What cannot be a key, and uses of maps that are rejected.
#include <goat.h>

typedef slice(int) ints;
typedef map(int, int) table;
typedef map(string, double) scores;
typedef struct point { int x, y; } point;
typedef struct list { int n; ints xs; } list;
typedef union mixed { double d; int i; } mixed;
typedef union plain { unsigned u; int i; } plain;
typedef struct deep { struct { list l[2]; } in; } deep;
struct unknown;
struct self { map(struct self *, int) m; };

map(ints, int) bad1; // ERROR "^invalid map key type ints$"
map(slice(int), int) bad2; // ERROR "^invalid map key type struct \{ int \*ptr; unsigned long len; unsigned long cap; \}$"
map(deep, int) *bad3; // ERROR "^invalid map key type deep$"
map(table, int) bad4(void); // ERROR "^invalid map key type table$"
map(map(int, int), int) bad5; // ERROR "^invalid map key type map\(int, int\)$"
map(int[3], int) bad6; // ERROR "^invalid map key type int\[3\]$"
map(mixed, int) bad7; // ERROR "^invalid map key type mixed$"
map(struct unknown, int) bad8; // ERROR "^invalid map key type struct unknown$"
map(int, map(list, int)) bad9; // ERROR "^invalid map key type list$"
map(struct self, int) bad10; // ERROR "^invalid map key type struct self$"
struct holder { map(int, map(char *, int)) m; }; // ERROR "^a map keyed by 'char \*' compares addresses, not text; 'string' keys compare text$"
typedef const char *text;
map(text, int) bad11; // ERROR "^a map keyed by 'text' compares addresses, not text; 'string' keys compare text$"

map(plain, struct unknown *) good1;
map(int (*)(ints), ints) good2;
map(plain *, list) good3;

void uses(table m, scores s, point p, ints xs, map(int, struct unknown) u, const table c)
{
	int i;
	long l;

	map_set(m, 1, p); // ERROR "^incompatible types when assigning to type 'int' from type 'point'$"
	map_set(m, p, 1); // ERROR "^incompatible types when assigning to type 'int' from type 'point'$"
	map_set(s, "a", 1); // ERROR "^incompatible types when assigning to type 'string' \{aka 'goat_string'\} from type 'char \*'$"
	i = map_get(m, p); // ERROR "^incompatible type for argument 2 of 'm'$" "^expected 'int' but argument is of type 'point'$"
	i = map_get(xs, 1); // ERROR "^called object 'xs' is not a function or function pointer$"
	map_get(m, 1) = 2; // ERROR "^lvalue required as left operand of assignment$"
	map_lookup(m, 1, &l); // ERROR "^passing argument 4 of 'm' from incompatible pointer type" "^expected 'int \*' but argument is of type 'long int \*'$"
	map_lookup(m, 1, &i);
	map_set(c, 1, 2);
	map_range (xs, k, v) { } // ERROR "^'map_range' needs a map, not a value of type 'ints'$"
	xs = map_get(m, 1); // ERROR "^incompatible types when assigning to type 'ints' from type 'int'$"
	(void)u;
	(void)l;
	(void)i;
}
