// run

// What is evaluated when, what happens before a panic, and where maps may be used: in conditions, in
// loops, in jumps out of ranges, in sizes of arrays, in nested functions and deferred code.

#include <goat.h>

typedef map(int, int) table;
typedef struct pair { long a, b, c; } pair;
typedef map(pair, pair) pairs;

static table shared;

static table m_(const char *what) { printf("%s m\n", what); return shared; }
static int k_(int k) { printf("key %d\n", k); return k; }
static int v_(int v) { printf("value %d\n", v); return v; }
static pair pair_of(int k) { printf("pair %d\n", k); return (pair){ k, k, k }; }
static int fail(void) { panic("no value"); }

static void
show(any v)
{
	string s;

	if (type_assert_ok(v, string, &s))
		printf("recovered %.*s\n", STR(s));
	else if (!is_nil(v)) {
		s = call(type_assert(v, goat_error), Error);
		printf("recovered %.*s\n", STR(s));
	}
}

static void
panics(int how)
{
	defer { show(recover()); }
	switch (how) {
	case 0:
		map_set(m_("set"), k_(1), fail());
		break;
	case 1:
		map_set((table)NULL, k_(2), v_(3));
		break;
	}
}

// The value is in the map, which grows.
static void
copies(void)
{
	table m = make(table);
	pairs p = make(pairs);

	map_set(m, 0, 7);
	map_set(p, ((pair){ 0, 0, 0 }), ((pair){ 1, 2, 3 }));
	for (int i = 0; i < 1000; i++) {
		map_set(m, i + 1, *map_ptr(m, i));
		map_set(m, i, map_get(m, i) + map_get(m, i + 1));
		map_set(p, ((pair){ i + 1, 0, 0 }), *map_ptr(p, (pair){ i, 0, 0 }));
		map_set(p, map_get(p, (pair){ i, 0, 0 }), ((pair){ i, i, i }));
	}
	printf("copies %d %d %ld %zu\n", map_get(m, 1000), map_get(m, 500), map_get(p, (pair){ 1000, 0, 0 }).c,
	       len(p));
}

static int *kept[10];

static int
jumps(table m, int way)
{
	int inner = 0, outer = 0, bad = 0;

	map_range (m, k, v) {
		int n = 0;

		map_range (m, j, w) {
			bad += v != 3 * k || w != 3 * j;
			if (j == k)
				continue;
			if (n++ == 4)
				break;
			inner++;
			if (way == 1 && inner == 20)
				goto out;
			if (way == 2 && inner == 30)
				return -inner - 1000 * bad;
		}
		switch (k & 1) {
		case 0:
			continue;
		default:
			break;
		}
		outer++;
	}
	return inner + 100 * outer + 1000 * bad;
out:
	return -1000;
}

static void
fresh(table m)
{
	int sum = 0, i = 0;

	map_range (m, k, v) {
		kept[i++] = &v;
		k++;
		v += k;
		if (i == 10)
			break;
	}
	for (int j = 0; j < 10; j++)
		for (int l = 0; l < j; l++)
			sum += kept[j] == kept[l];
	printf("fresh %d\n", sum);
}

static int
uses(table m, int n)
{
	char array[map_get(m, n) + 1];
	int count = 0;

	int nested(int k)
	{
		return map_get(m, k) + count;
	}
	while (map_get(m, count) > 0 || map_lookup(m, count, NULL))
		count++;
	for (int i = 0; map_ptr(m, i); map_set(m, i++, 0))
		;
	do
		map_set(m, count, count);
	while (map_get(m, count++) < 20);
	return (int)sizeof array + (map_get(m, 19) ? map_get(m, 20) : -1) + nested(15) +
	       (map_get(m, 1) && map_get(m, 2)) + ({ map_set(m, 5, 6); map_get(m, 5); });
}

static void
defers(table m)
{
	for (int i = 0; i < 20; i++)
		defer map_delete(m, i);
	map_range (m, k, v)
		defer map_delete(m, k + v * 0);
	map_set(m, 100, 1);
	printf("defers %zu\n", len(m));
}

int
main(void)
{
	table m = shared = make(table);

	map_set(m_("set"), k_(1), v_(2));
	printf("%d\n", map_get(m_("get"), k_(1)));
	printf("%d\n", map_ptr(m_("ptr"), k_(2)) == NULL);
	map_delete(m_("delete"), k_(1));
	int got;
	printf("%d\n", map_lookup(m_("lookup"), k_(1), (printf("target\n"), &got)));
	printf("%zu\n", len(m_("len")));
	map_range (m_("range"), k, v)
		printf("none\n");
	pairs p = make(pairs, v_(3));
	map_set(p, pair_of(1), pair_of(2));
	printf("%ld\n", map_get(p, pair_of(1)).b);
	panics(0);
	panics(1);
	printf("len %zu\n", len(m));
	copies();
	for (int i = 0; i < 10; i++)
		map_set(m, i, i * 3);
	printf("%d %d %d\n", jumps(m, 0), jumps(m, 1), jumps(m, 2));
	fresh(m);
	map_clear(m);
	for (int i = 0; i < 10; i++)
		map_set(m, i, i + 1);
	printf("uses %d\n", uses(m, 4));
	defers(m);
	printf("left %zu\n", len(m));
	return 0;
}
