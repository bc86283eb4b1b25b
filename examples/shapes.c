// SPDX-License-Identifier: BSD-3-Clause
//
// shapes.c: shapes that have nothing in common but an interface, and a sort that knows of none.
//
// A type has the methods that are declared for it; that they make it a Shape, nothing has to say.
// as() checks it when the program is compiled.
#include <goat.h>
#include <string.h>

interface(Shape) {
	double (*Area)(void *self);
	const char *(*Name)(void *self);
};

interface(Scaler) {
	void (*Scale)(void *self, double by);
};

// ---- Shapes ----

typedef struct Rect { double w, h; } Rect;
typedef struct Circle { double r; } Circle;
// Has what a Rect has, its methods too, and replaces one.
typedef struct Square { Rect; } Square;

method double Rect_Area(Rect r) { return r.w * r.h; }
method const char *Rect_Name(Rect r) { (void)r; return "rectangle"; }
method void Rect_Scale(Rect *r, double by) { r->w *= by, r->h *= by; }

method double Circle_Area(Circle c) { return 3.14159265 * c.r * c.r; }
method const char *Circle_Name(Circle c) { (void)c; return "circle"; }

method const char *Square_Name(Square s) { (void)s; return "square"; }

// ---- Sorting ----

interface(Sortable) {
	int (*Len)(void *self);
	bool (*Less)(void *self, int i, int j);
	void (*Swap)(void *self, int i, int j);
};

static void sort(Sortable s)
{
	for (int i = 1; i < call(s, Len); i++)
		for (int j = i; j > 0 && call(s, Less, j, j - 1); j--)
			call(s, Swap, j, j - 1);
}

typedef struct Shapes { Shape *v; int n; } Shapes;
typedef struct ByName { Shapes; } ByName;
// Embeds an interface: whatever that holds, turned around.
typedef struct Reversed { Sortable; } Reversed;

method int Shapes_Len(Shapes s) { return s.n; }
method bool Shapes_Less(Shapes s, int i, int j) { return call(s.v[i], Area) < call(s.v[j], Area); }
method void Shapes_Swap(Shapes s, int i, int j)
{
	Shape t = s.v[i];

	s.v[i] = s.v[j];
	s.v[j] = t;
}

method bool ByName_Less(ByName s, int i, int j)
{
	return strcmp(call(s.v[i], Name), call(s.v[j], Name)) < 0;
}

method bool Reversed_Less(Reversed r, int i, int j) { return call(r.Sortable, Less, j, i); }

// ---- The program ----

static void show(const char *what, Shapes s)
{
	printf("%s:", what);
	for (int i = 0; i < s.n; i++)
		printf(" %s %.1f", call(s.v[i], Name), call(s.v[i], Area));
	puts("");
}

static void look_inside(any a)
{
	Scaler s;

	printf("%s: ", type_name(a));
	type_switch (a) {
	case_type (Circle, c) { printf("radius %.1f\n", c.r); }
	case_type (Rect *, r) { printf("%.1f by %.1f\n", r->w, r->h); }
	case_type (Shape, any_other) { printf("area %.1f\n", call(any_other, Area)); }
	case_default { puts("no shape"); }
	}
	if (type_assert_ok(a, Scaler, &s))      // pointers have the methods with pointer receivers
		call(s, Scale, 2);
}

int main(void)
{
	Rect flag = { 3, 2 };
	Square tile = { { 1.5, 1.5 } };
	Circle coin = { 1 };
	// A value is copied into the interface; of a pointer, both see every change.
	Shape v[] = { as(Shape, &flag), as(Shape, coin), as(Shape, tile), as(Shape, &tile) };
	Shapes all = { v, 4 };

	look_inside(as(any, coin));
	look_inside(as(any, &flag));
	look_inside(as(any, tile));
	look_inside(as(any, 42));
	sort(as(Sortable, all));
	show("by area", all);
	sort(as(Sortable, (ByName){ all }));
	show("by name", all);
	sort(as(Sortable, (Reversed){ as(Sortable, all) }));
	show("largest first", all);
	printf("%d %d\n", iface_eq(v[0], as(Shape, &flag)), iface_eq(as(any, coin), as(any, (Circle){ 1 })));
	return 0;
}
