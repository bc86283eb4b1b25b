// run

// Maps in places of all kinds: static, in arrays and structs, in slices and interfaces, in sizes of
// parameters, in functions that call setjmp; keys that are vectors and complex integers.

#include <goat.h>
#include <setjmp.h>
typedef map(int, int) table;
typedef int v2 __attribute__((vector_size(8)));
typedef int v4 __attribute__((vector_size(16)));
typedef struct s { table t; } s;
struct node { map(string, struct node *) next; int n; };
static size_t size = sizeof map_get((table)0, 1) + sizeof(table);
static table global;
static table *where = &global;
static table get(void) { return global; }
static jmp_buf env;
static int alone(int n) {
	table m = make(table); map(string, int) q = make(map(string, int), 100);
	if (setjmp(env) == 0) { map_set(m, n, n); map_set(q, str("x"), 5); longjmp(env, 1); }
	return map_get(m, n) + map_get(q, str("x"));
}
static int vla(table m, int a[map_get(m, 1) + 1]) { int b[map_get(m, 2) + 1]; return sizeof b / sizeof *b + (a != NULL) + ({ table l = make(table); map_set(l, 1, 2); map_get(l, 1); }); }
static int frame(table m, int a[map_get(make(table), 1) + 1 + (int)len(make(table, 3))]) { return map_get(m, 1) + (a == NULL); }
static const char *kind(any a) {
	type_switch (a) {
	case_type (map(int, int), m) { return len(m) ? "ints" : "no ints"; }
	case_type (map(string, int), m) { return map_get(m, str("x")) ? "x" : "not x"; }
	case_default { return "?"; }
	}
	return NULL;
}
static void cmp(any a, any b) { defer { any r = recover(); if (!is_nil(r)) { string s = call(type_assert(r, goat_error), Error); printf("%.*s\n", STR(s)); } } printf("%d\n", iface_eq(a, b)); }
typedef slice(table) tables;
int main(void)
{
	table m = make(table), arr[3] = { 0 };
	global = m;
	map_set(({ static int n; n++; m; }), 1, 2);
	map_set(((s){ m }).t, 2, 3);
	map_set(get(), 3, 4);
	map_set(*where, 4, 5);
	arr[1] = m;
	map_set(arr[1], 5, 6);
	printf("%d %zu %zu\n", map_get(arr[1], 4), len(m), size);
	if (len(m) > 100) map_range (m, k, v) printf("never\n"); else printf("else\n");
	map_range (make(table), k, v) (void)0;
	map(v2, int) mv = make(map(v2, int)); map(v4, int) mw = make(map(v4, int));
	map(_Complex int, int) mc = make(map(_Complex int, int));
	for (int i = 0; i < 50; i++) { map_set(mv, ((v2){ 1, i }), i); map_set(mw, ((v4){ 1, 2, 3, i }), i); map_set(mc, 1 + i * 1i, i); }
	printf("%zu %zu %zu %d %d %d\n", len(mv), len(mw), len(mc), map_get(mv, (v2){ 1, 7 }), map_get(mw, (v4){ 1, 2, 3, 8 }), map_get(mc, 1 + 9i));
	printf("%d %d %d\n", alone(7), vla(m, NULL), frame(m, NULL));
	map(string, int) ms = make(map(string, int)); map_set(ms, str("x"), 1);
	printf("%s %s %s\n", kind(as(any, m)), kind(as(any, ms)), kind(as(any, mv)));
	printf("%d\n", _Generic(m, map(int, int): 1, map(int, long): 2));
	cmp(as(any, m), as(any, m)); cmp(as(any, m), as(any, ms));
	struct node root = { .next = make(map(string, struct node *)) };
	map_set(root.next, str("a"), new(struct node, .n = 5));
	map_ptr(root.next, str("a"))[0]->n++;
	printf("%d\n", map_get(root.next, str("a"))->n);
	tables ts = append((tables){ 0 }, m, NULL, m);
	map_set(at(ts, 2), 9, 9);
	slice_range (ts, i, t) printf("%zu ", len(t));
	table *pm = new(table);
	printf("%d\n", *pm == NULL);
	*pm = make(table, -5); map_set(*pm, 1, 1);
	goat_mapstats st; goat_map_stats(m, &st);
	printf("%zu %zu %d\n", st.count, st.buckets, st.bytes > 0);
	map_shrink(m); map_clear(m); map_shrink(m);
	int cond = 1, r = 0;
	r = cond ? map_get(m, 3) : map_get(ms, str("q"));
	r += cond && map_lookup(m, 3, NULL);
	defer { map_set(m, 1, 99); printf("d %d\n", map_get(m, 1)); }
	char c = 'a'; map(char, short) cm = make(map(char, short), 3); map_set(cm, c, c + 1); map_set(cm, c + 1, -1);
	printf("%d %d %d\n", map_get(cm, 'a'), map_get(cm, 98), r);
	map(int, map(int, map(int, int))) deep = make(map(int, map(int, map(int, int))));
	map_set(deep, 1, make(map(int, map(int, int)))); map_set(map_get(deep, 1), 2, make(map(int, int)));
	map_set(map_get(map_get(deep, 1), 2), 3, 4);
	printf("%d %d\n", map_get(map_get(map_get(deep, 1), 2), 3), map_get(map_get(map_get(deep, 2), 2), 3));
	return 0;
}
