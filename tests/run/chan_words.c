// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Channels of all kinds of types, in all places where an expression may stand; select in all its forms.
#include <goat.h>
#include <stdio.h>
#include <string.h>

struct pair { int a; double b; };
struct big { char text[300]; };
struct empty {};
typedef chan(struct pair) pairs;
union either { int i; void *p; };

#define SHOW(...) (printf(__VA_ARGS__), printf("\n"))

static int calls;

static chan(int) next(chan(int) c)
{
	calls++;
	return c;
}

static void kinds(void)
{
	pairs p = make(pairs, 2);
	chan(struct big) b = make(chan(struct big), 1);
	chan(struct empty) e = make(chan(struct empty), 3);
	chan(bool) t = make(chan(bool), 1);
	chan(const char *) s = make(chan(const char *), 1);
	chan(long double) ld = make(chan(long double), 1);
	chan(union either) u = make(chan(union either), 1);
	chan(any) a = make(chan(any), 1);
	chan(void *) v = make(chan(void *), 1);
	chan(chan(int)) cc = make(chan(chan(int)), 1);
	chan(map(int, int)) cm = make(chan(map(int, int)), 1);
	struct big one = { "some text" };

	chan_send(p, (struct pair){ 3, 4.5 });
	chan_send(p, (struct pair){ .b = 1 });
	SHOW("pair %.1f", chan_recv(p).b);
	SHOW("pair %d %zu", chan_recv(p).a, cap(p));
	chan_send(b, one);
	one.text[0] = 'S';
	SHOW("big %s", chan_recv(b).text);
	chan_send(e, (struct empty){});
	chan_send(e, (struct empty){});
	(void)chan_recv(e);
	SHOW("empty %zu", len(e));
	chan_send(t, 17);
	SHOW("bool %d", chan_recv(t));
	chan_send(s, "text");
	SHOW("text %zu", strlen(chan_recv(s)));
	chan_send(ld, 3);
	SHOW("long double %.2Lf", chan_recv(ld) / 2);
	chan_send(u, (union either){ .i = 5 });
	SHOW("union %d", chan_recv(u).i);
	chan_send(a, as(any, 7));
	SHOW("any %d", type_assert(chan_recv(a), int));
	chan_send(v, &one);
	SHOW("void * %d", chan_recv(v) == &one);
	chan_send(cc, make(chan(int), 4));
	SHOW("chan %zu", cap(chan_recv(cc)));
	chan_send(cm, make(map(int, int)));
	map(int, int) m = chan_recv(cm);
	map_set(m, 1, 2);
	SHOW("map %zu", len(m));
	SHOW("types %s, %s", type_name(as(any, p)), type_name(as(any, cm)));
	SHOW("same %d", iface_eq(as(any, p), as(any, p)));
	type_switch (as(any, cc)) {
	case_type (chan(int), x) { SHOW("chan(int) %d", x == NULL); }
	case_type (chan(chan(int)), x) { SHOW("chan(chan(int)) %d", x == cc); }
	}
	map(chan(int), int) by = make(map(chan(int), int));
	chan(int) key = make(chan(int));
	map_set(by, key, 4);
	SHOW("key %d %d", map_get(by, key), map_get(by, NULL));
}

static int sum_of(chan(int) c, int n)
{
	int sum = 0;

	while (n-- > 0)
		sum = sum * 10 + chan_recv(c);
	return sum;
}

static void places(void)
{
	chan(int) c = make(chan(int), 9), *p = &c, array[2] = { c, NULL };
	struct { chan(int) c; } s = { c };
	int v = 8, x[3] = { 0 };
	bool ok;

	calls = 0;
	chan_send(next(c), 1);
	chan_send(*p, 2);
	chan_send(array[0], 3);
	chan_send(s.c, 4);
	SHOW("sent %zu", len(next(c)));
	SHOW("calls %d, sum %d", calls, sum_of(c, 4));
	chan_send(c, 1);
	x[chan_recv(c)] = 5;
	chan_send(c, x[1]), chan_send(c, 2);
	x[0] = chan_recv(c);
	x[0] += chan_recv(c);
	SHOW("x %d %d", x[0], x[1]);
	chan_send(c, 2);
	for (int i = chan_recv(c); i > 0; i--)
		chan_send(c, i);
	SHOW("if %d", chan_recv(c) == 2 ? chan_recv(c) : -1);
	chan_send(c, 6);
	ok = chan_recv_ok(c, &v);
	SHOW("ok %d %d", ok, v);
	chan_send(c, 7);
	SHOW("ok, no place %d", chan_recv_ok(c, NULL));
	chan_send(c, 9);
	chan_close(c);
	ok = chan_recv_ok(c, &v);
	SHOW("last %d %d", ok, v);
	ok = chan_recv_ok(c, &x[1]);
	SHOW("closed %d %d %d", ok, x[1], chan_recv(c));
	SHOW("nil %zu %zu", len(array[1]), cap(array[1]));
}

static void ranges(void)
{
	chan(int) c = make(chan(int), 9);
	chan(int *) out = make(chan(int *), 9);
	int sum = 0;

	for (int i = 1; i < 7; i++)
		chan_send(c, i);
	chan_close(c);
	calls = 0;
	chan_range (next(c), v) {
		if (v == 2)
			continue;
		chan_send(out, &v);             // each v is another
		if (v == 5)
			break;
	}
	chan_close(out);
	chan_range (out, p)
		sum = sum * 10 + *p;
	SHOW("range %d %d, then %d", sum, calls, chan_recv(c));
	if (sum == 0)
		chan_range (c, v)
			SHOW("no %d", v);
	else
		SHOW("else");
}

static const char *chosen(chan(int) a, chan(int) b, int x)
{
	static char text[80];

	chan_select {
	case_recv (a, v) {
		snprintf(text, sizeof text, "received %d", v);
		return text;
	}
	case_recv_ok (b, v, ok) {
		snprintf(text, sizeof text, "received %d %d from b", v, ok);
	}
	case_send (b, x * 10) {
		return "sent";
	}
	case_default {
		return "default";
	}
	}
	return text;
}

static const char *one(chan(int) c, bool send)
{
	const char *what = "nothing";

	if (send)
		chan_select {
		case_send (c, 3) what = "sent";
		}
	else
		chan_select {
		case_recv (c) what = "received";
		}
	return what;
}

static const char *perhaps(chan(int) c, int kind)
{
	static char text[40];

	switch (kind) {
	case 0:
		chan_select {
		case_send (c, 4) { return "sent"; }
		case_default { return "not sent"; }
		}
		break;
	case 1:
		chan_select {
		case_recv_ok (c, v, ok) {
			snprintf(text, sizeof text, "got %d %d", v, ok);
			return text;
		}
		case_default { return "not received"; }
		}
		break;
	case 2:
		chan_select {
		case_default { return "nobody waits"; }
		case_recv (c) { return "received"; }
		}
	}
	return "";
}

static void selects(void)
{
	chan(int) a = make(chan(int), 1), b = make(chan(int), 1);
	chan(struct big) big = make(chan(struct big), 1);
	int *kept = NULL;

	SHOW("%s", chosen(a, b, 2));
	SHOW("%s", chosen(a, b, 3));
	chan_send(a, 1);
	SHOW("%s", chosen(a, NULL, 3));
	SHOW("%s", chosen(NULL, NULL, 3));
	SHOW("%s %zu", one(a, true), len(a));
	SHOW("%s %zu", one(a, false), len(a));
	SHOW("%s", perhaps(a, 1));
	SHOW("%s", perhaps(a, 0));
	SHOW("%s", perhaps(a, 0));
	SHOW("%s", perhaps(a, 1));
	chan_close(a);
	SHOW("%s", perhaps(a, 1));
	SHOW("%s", perhaps(a, 2));
	SHOW("%s", perhaps(b, 2));
	chan_send(big, (struct big){ "inside" });
	for (int i = 0; i < 2; i++)
		chan_select {
		case_recv (big, v) {
			SHOW("%s", v.text);
			kept = new(int, 3);
		}
		case_default {
			chan_select {
			case_default { SHOW("inner, %d", *kept); }
			}
			if (i == 1)
				continue;
			SHOW("not here");
		}
		}
	int *first = NULL;
	for (int i = 0; i < 2; i++) {
		chan_send(b, i + 5);
		chan_select {
		case_recv (b, v) {
			if (first == NULL)
				first = &v;
			else
				SHOW("new each time: %d %d", *first, v);
		}
		case_recv (NULL ? a : (chan(int))NULL) { }
		}
	}
}

int main(void)
{
	kinds();
	places();
	ranges();
	selects();
	return 0;
}
