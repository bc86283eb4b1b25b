// errorcheck
// Uses of maps that are rejected when the unit has been read.
#include <goat.h>

struct unknown;
typedef map(int, int) table;
typedef map(int, struct unknown) shapeless;

void uses(table m, shapeless s, map(int, void) v, int n)
{
	map(int, int[n]) sized = NULL;
	goat_mapstats stats;

	map_delete(s, 1); // ERROR "^invalid map element type struct unknown, which has no size$"
	(void)map_ptr(v, 1); // ERROR "^invalid map element type void, which has no size$"
	(void)map_ptr(sized, 1); // ERROR "^invalid map element type int\[\*\], which has no size$"
	m = make(table, 1, 2); // ERROR "^invalid operation: make\(table, 1, 2\) expects 1 or 2 arguments; found 3$"
	m = make(table, 2.5); // ERROR "^the size in 'make\(table, 2\.5\)' is of type 'double'$"
	map_clear(n); // ERROR "^'map_clear' needs a map, not a value of type 'int'$"
	map_shrink(&m); // ERROR "^'map_shrink' needs a map, not a value of type 'map\(int, int\) \*'$"
	goat_map_stats(n, &stats); // ERROR "^'goat_map_stats' needs a map, not a value of type 'int'$"
	m(NULL, 1, NULL, NULL); // ERROR "^a map is not a function$"
	map_set(m, 1, n);
}
