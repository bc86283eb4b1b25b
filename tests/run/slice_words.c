// run
// What the conformance programs leave open: operands are evaluated once and in order, in all places
// where an expression may stand; what is in the frame is cleared each time and leaves it when it grows.
#include <goat.h>
#include <stdlib.h>
#include <string.h>

typedef slice(int) ints;
typedef slice(ints) rows;
typedef slice(char) bytes;
typedef slice(unsigned char) octets;
typedef slice(const char *) names;
typedef slice(int *) pointers;
typedef struct { int x, y; } point;
typedef slice(point) points;
typedef struct { long a[9]; int n; } large;
typedef slice(large) larges;
typedef int row[3];
typedef slice(row) matrix;
typedef struct {} nothing;
typedef slice(nothing) nothings;
typedef slice(_Bool) bools;
typedef slice(double) reals;

static char trace[200];

static int
t(char c, int value)
{
	trace[strlen(trace)] = c;
	return value;
}

static ints *
h(char c, ints *xs)
{
	t(c, 0);
	return xs;
}

static void
traced(const char *what)
{
	printf("%s: %s\n", what, trace);
	memset(trace, 0, sizeof trace);
}

static void
show(const char *what, ints xs)
{
	printf("%s:", what);
	slice_range (xs, i, v)
		printf(" %d", v);
	printf("\n");
}

static void
once_each(void)
{
	ints a = append((ints){ 0 }, 1, 2, 3, 4), b = { 0 };

	at(*h('x', &a), t('i', 1)) += t('v', 10);
	traced("at +=");
	at(*h('x', &a), t('i', 1))++;
	traced("at ++");
	b = append(*h('x', &a), t('1', 5), t('2', 6));
	traced("append");
	b = append_slice(*h('x', &a), *h('y', &b));
	traced("append_slice");
	b = subslice(*h('x', &b), t('l', 1), t('h', 4), t('m', 8));
	traced("subslice");
	printf("%zu\n", copy(*h('x', &a), *h('y', &b)));
	traced("copy");
	b = make(ints, t('n', 2), t('c', 7));
	traced("make");
	printf("%zu %zu\n", len(*h('x', &b)), cap(*h('y', &b)));
	traced("len, cap");
	slice_range (*h('x', &b), i, v)
		t('b', v);
	traced("slice_range");
	show("a", a);
}

static void
element_kinds(void)
{
	names ns = append((names){ 0 }, "one", "two", NULL);
	points ps = append((points){ 0 }, { 1, 2 }, { .y = 4, .x = 3 }, (point){ 5, 6 });
	larges ls = append((larges){ 0 }, { { 1, 2, 3 }, 4 }), ms = append_slice(ls, ls);
	matrix m = make(matrix, 2);
	nothings z = append(make(nothings, 3), {}, {});
	bools bs = append((bools){ 0 }, 5, 0, 0.5);
	reals rs = append((reals){ 0 }, 1, 2.5f, 'A');

	at(m, 1)[2] = 7;
	m = append(m, { 1, 2, 3 });
	printf("%s %s %d\n", at(ns, 0), at(ns, 1), at(ns, 2) == NULL);
	printf("%d %d %d\n", at(ps, 0).y, at(ps, 1).x, at(ps, 2).y);
	printf("%d %ld %zu\n", at(ms, 1).n, at(ms, 1).a[2], len(ms));
	printf("%d %d %zu\n", at(m, 1)[2], at(m, 2)[1], len(m));
	printf("%zu %d\n", len(z), (int)(len(append_slice(z, z))));
	printf("%d %d %d, %g %g %g\n", at(bs, 0), at(bs, 1), at(bs, 2), at(rs, 0), at(rs, 1), at(rs, 2));
	printf("%zu\n", len(append(ps)));
}

static void
bytes_of_strings(void)
{
	bytes b = append_slice((bytes){ 0 }, str("hello"));
	octets o = make(octets, 3);
	string s = { b.ptr, len(b) }, c;

	b = append_slice(b, str(", world"));
	printf("%.*s %.*s\n", STR(s), (int)len(b), b.ptr);
	printf("%zu %.3s\n", copy(o, str("abcdef")), (char *)o.ptr);
	printf("%zu\n", copy(b, substr(str("xyz"), 1, 3)));
	c = string_clone((string){ b.ptr, 4 });
	at(b, 2) = '!';
	printf("%.*s %.*s %c\n", STR(c), (int)len(b), b.ptr, at(c, 3));
	printf("%s|%s|\n", string_cstr(c), string_cstr((string){ 0 }));
	slice_range (str("ab"), i, v)
		printf("%zu%c ", i, v);
	printf("%d %d %d %d\n", string_cmp(str("a"), str("b")) < 0, string_cmp(str("ab"), str("a")) > 0,
	       string_cmp(str(""), (string){ 0 }), string_cmp(str("\xff"), str("a")) > 0);
	s = string_printf("%d-%s", 42, "x");
	c = string_printf("%0300d", 7);
	printf("%.*s %zu %c %zu\n", STR(s), len(c), at(c, 299), len(string_printf("%s", "")));
}

// All in one frame, however often; what outlives its round is on the heap.
static void
frames(void)
{
	ints first = { 0 }, all = { 0 };
	rows kept = { 0 };
	long sum = 0;

	for (int i = 0; i < 100000; i++) {
		ints a = make(ints, 40), b = make(ints, i % 50), c = make(ints, 0, 4);
		string s = string_cat(str("abc"), str(&"0123456789"[i % 10]));

		sum += at(a, 7) + len(s);
		slice_range (b, k, v)
			sum += v;
		at(a, 7) = i;
		slice_range (b, k, v)
			at(b, k) = -1;
		for (int k = 0; k < i % 9; k++)
			c = append(c, k);
		slice_range (c, k, v)
			sum += v;
	}
	printf("%ld\n", sum);
	for (int i = 0; i < 4; i++) {
		ints a = make(ints, 3), b = make(ints, i);

		at(a, 0) = i;
		if (i > 0)
			at(b, i - 1) = i;
		kept = append(kept, a, b);
		if (i == 0)
			first = a;
	}
	slice_range (kept, i, r)
		all = append_slice(all, r);
	show("kept", all);
	show("first", first);
}

// The sizes of arrays, deferred code, conditions.
static void
places(int n)
{
	ints xs = append((ints){ 0 }, 3, n);
	char vla[at(xs, 0)][len(xs) + len(make(ints, n))];
	string s;

	defer {
		xs = append(xs, 9);
		show("deferred", subslice(xs, 1, len(xs)));
	}
	printf("%zu %zu\n", sizeof vla, sizeof vla[0]);
	s = len(xs) > 1 && at(xs, 1) == n ? string_cat(str("y"), str("es")) : str("no");
	printf("%.*s\n", STR(s));
	while (len(xs) > 0 && at(xs, len(xs) - 1) != 3)
		xs = subslice(xs, 0, len(xs) - 1);
	switch (at(xs, 0)) {
	case 3:
		printf("three\n");
	}
	for (size_t i = 0; i < len(append(xs, 1, 2)); i++)
		xs = i == 0 ? append(xs, 4) : xs;
}

static void
nested(void)
{
	rows t = make(rows, 3);

	slice_range (t, i, r)
		for (int j = 0; j < 3; j++)
			at(t, i) = append(at(t, i), (int)i * j);
	at(at(t, 2), 1)++;
	at(t, 0) = append(append(at(t, 0), 7), at(at(t, 2), at(at(t, 1), 2)));
	slice_range (t, i, r) {
		if (i == 1)
			continue;
		show("row", r);
	}
	at(t, 1) = subslice(at(t, 1), 1, 2);
	show("cut", at(t, 1));
}

// A slice that a caller's frame holds grows out of it.
static ints
grow(ints xs, int n)
{
	for (int i = 0; i < n; i++)
		xs = append(xs, i);
	return xs;
}

static int
frame_to_heap(void)
{
	ints small = make(ints, 2, 4), view = subslice(small, 0, 1), big;

	at(small, 1) = 50;
	big = grow(small, 6);
	at(big, 0) = 1;
	show("small", small);
	show("big", big);
	show("view", view);
	return at(big, len(big) - 1);
}

static void
wide(void)
{
	ints xs = make(ints, 5);
	__int128 i = 2, n = 3;
	unsigned char c = 4;
	enum { E = 1 } e = E;
	_Bool b = true;

	at(xs, i) = at(xs, c) = at(xs, e) = at(xs, b) = at(xs, 0ULL) = 6;
	show("wide", subslice(xs, b, n));
	printf("%zu\n", len(make(ints, n, (unsigned short)7)));
}

static pointers
leaked(int n)
{
	int x = n, y = n + 1;
	pointers ps = make(pointers, 1);

	at(ps, 0) = &x;
	return append(ps, &y);
}

int
main(void)
{
	pointers ps = leaked(5), qs = leaked(7);

	once_each();
	element_kinds();
	bytes_of_strings();
	frames();
	places(2);
	nested();
	printf("%d\n", frame_to_heap());
	wide();
	printf("%d %d %d %d\n", *at(ps, 0), *at(ps, 1), *at(qs, 0), *at(qs, 1));
	return 0;
}
