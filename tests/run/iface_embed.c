// run
// What a struct embeds gives it methods: values, pointers and interfaces, through several levels,
// statically and found when the program runs.
#include <goat.h>

interface(Getter) { long (*Get)(void *self); };
interface(Setter) { void (*Set)(void *self, long v, const char *why); };
interface(Both) { embed(Getter); embed(Setter); };
interface(Big) { struct big { long a[6]; } (*Sum)(void *self, struct big b, double d, float f, char c); };

typedef struct Cell { long v; } Cell;
typedef struct Row { char pad[3]; Cell; } Row;
typedef struct Table { int id; Row; Both; } Table;      // Get and Set: twice as deep in Row as in Both
typedef struct Wide { long a[5]; } Wide;
typedef struct Holder { short s; Wide; } Holder;

static const char *last = "";

method long Cell_Get(Cell c) { return c.v; }
method void Cell_Set(Cell *c, long v, const char *why) { c->v = v; last = why; }
method struct big Wide_Sum(Wide w, struct big b, double d, float f, char c)
{
	b.a[0] += w.a[0] + w.a[4] + d + f + c;
	w.a[0] = -1;
	return b;
}

int main(void)
{
	Cell cell = { 1 };
	Row row = { "ab", { 2 } };
	Table table = { 7, { "cd", { 3 } }, as(Both, &cell) };
	Holder holder = { 1, { { 1, 2, 3, 4, 5 } } };
	struct big b = { { 100 } };
	any a = as(any, &table);
	Getter g;
	Setter s;
	Both both = as(Both, &row);
	Big big;

	printf("%ld %ld\n", call(both, Get), call(as(Getter, row), Get));
	call(both, Set, 20, "row");
	printf("%ld %s\n", row.v, last);
	g = as(Getter, table);
	printf("%ld\n", call(g, Get));          // Both is less deep
	s = type_assert(a, Setter);
	call(s, Set, 30, "table");
	printf("%ld %ld %s\n", cell.v, table.Row.Cell.v, last);
	printf("%ld\n", call(type_assert(as(any, table), Both), Get));
	printf("%d\n", type_assert_ok(as(any, row), Setter, &s));      // a value lacks Set
	big = as(Big, holder);
	printf("%ld", call(big, Sum, b, 1.5, 2.5f, 3).a[0]);
	big = type_assert(as(any, &holder), Big);
	printf(" %ld %ld\n", call(big, Sum, b, 1, 1, 1).a[0], holder.a[0]);
	table.Both = (Both){ 0 };
	both = as(Both, &table);
	printf("%d\n", is_nil(both));
	return 0;
}
