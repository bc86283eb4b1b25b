// run
// What make() and string_cat() give lives as long as anybody has it, wherever it was made.
#include <goat.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef slice(int) ints;
typedef slice(string) strings;
typedef struct { ints a; string name; } record;
typedef struct list { ints here; struct list *next; } list;

static volatile int two = 2;
static jmp_buf env;
static ints *global;

static void
show(const char *what, ints xs)
{
	printf("%s:", what);
	slice_range (xs, i, v)
		printf(" %d", v);
	printf("\n");
}

static ints
filled(ints xs, int v)
{
	for (size_t i = 0; i < len(xs); i++)
		at(xs, i) = v;
	return xs;
}

// Kept by a variable outside of the loop.
static void
in_loops(void)
{
	ints last = { 0 }, before = { 0 }, fixed = { 0 };
	string s = { 0 };
	int n = 0;

	for (int i = 1; i < 6; i++) {
		ints b = filled(make(ints, i), i), c = filled(make(ints, 3), i);
		string t = string_cat(str("s"), str(&"012345"[i]));

		if (i == 3) {
			last = b;
			fixed = subslice(c, 0, 2);
			s = t;
		}
	}
	show("last", last);
	show("fixed", fixed);
	printf("%.*s\n", STR(s));
again:;
	ints d = filled(make(ints, two), ++n);
	if (n == 1)
		before = d;
	if (n < 4)
		goto again;
	show("before", before);
}

static record
in_struct(int n)
{
	record r = { make(ints, n), string_cat(str("n"), str("ame")) };

	filled(r.a, n);
	return r;
}

static ints *
by_address(int n)
{
	ints xs = filled(make(ints, n), n);

	return &xs;
}

static int *
element(int n)
{
	ints xs = filled(make(ints, n), n);

	return &at(xs, n - 1);
}

static list *
chain(int n)
{
	list *l = NULL;

	for (int i = 1; i <= n; i++)
		l = new(list, .next = l, .here = filled(make(ints, i), i));
	return l;
}

static string
concatenated(int n)
{
	string s = str("");

	for (int i = 0; i < n; i++)
		s = string_cat(s, string_cat(str("<"), str(i % 2 ? "odd>" : "even>")));
	return s;
}

static size_t
left_alone(int n)
{
	ints volatile_keeper = { 0 };

	if (setjmp(env) == 0) {
		global = new(ints);
		*global = filled(make(ints, n), 4);
		longjmp(env, 1);
	}
	volatile_keeper = make(ints, 3);
	show("alone", append_slice(volatile_keeper, *global));
	printf("%zu\n", len(string_cat(str("a"), str("b"))));
	return len(*global);
}

static void
deferred(int n)
{
	for (int i = 0; i < n; i++) {
		ints xs = filled(make(ints, i), i);
		string s = string_cat(str("d"), str("efer"));

		defer {
			show("deferred", xs);
			printf("%.*s\n", STR(s));
		}
		defer show("argument", subslice(xs, 0, len(xs) / 2));
	}
	ints to = make(ints, 2), from = filled(make(ints, 2), 8);
	defer show("copied", to);
	defer copy(to, from);
}

static int
nested(int n)
{
	ints outer = make(ints, n);

	ints part(int from)
	{
		ints inner = filled(make(ints, 2), from);

		outer = append_slice(outer, inner);
		return subslice(inner, 1, 2);
	}
	ints a = part(5), b = part(6);
	show("outer", outer);
	return at(a, 0) * 10 + at(b, 0);
}

static ints
conditional(bool first, int n)
{
	ints a = make(ints, n), b = make(ints, 2);

	filled(a, 1);
	filled(b, 2);
	return first ? a : b;
}

static void
scribble(int n)
{
	volatile char junk[600];

	memset((char *)junk, 0x55, sizeof junk);
	if (n > 0)
		scribble(n - 1);
}

static size_t
by_vla(int n)
{
	char vla[len(make(ints, n))][at(filled(make(ints, n), n), 1)];
	int (*p)[len(string_cat(str("abc"), str("de")))] = NULL;

	memset(vla, 1, sizeof vla);
	return sizeof vla * 100 + sizeof *p;
}

int
main(void)
{
	in_loops();
	record r = in_struct(3);
	ints *p = by_address(4), t = conditional(true, 3), f = conditional(false, 3);
	int *e = element(5);
	list *l = chain(4);
	string s = concatenated(4);

	scribble(20);
	goat_gc();
	show(r.name.ptr[0] == 'n' ? "struct" : "lost", r.a);
	printf("%.*s %.*s\n", STR(r.name), STR(s));
	show("address", *p);
	show("true", t);
	show("false", f);
	printf("%d\n", *e);
	for (; l != NULL; l = l->next)
		show("list", l->here);
	printf("%zu\n", left_alone(2));
	deferred(3);
	printf("%d\n", nested(1));
	printf("%zu\n", by_vla(3));
	return 0;
}
