// SPDX-License-Identifier: GPL-3.0-or-later
//
// goroutines.c: what goroutines do and die of, case by case. What is expected is what the same program
// in Go 1.26 says, names of types aside.

#include <goat.h>
#include <stdlib.h>
#include <string.h>

#define say(...) (printf(__VA_ARGS__), printf("\n"))
#define B(x) ((x) ? "true" : "false")
#define MS ((int64_t)1000000)
#define HOUR (3600 * 1000 * MS)

typedef struct big { int v[1000]; } big;
typedef struct point { int x, y; } point;
interface(shape) { int (*Area)(void *self, int k); };
method int point_Area(point p, int k) { return p.x * p.y * k; }
typedef struct cell { int n; } cell;
method int cell_Area(cell *c, int k) { c->n += k; return c->n; }
typedef struct bad { int no; } bad;
method string bad_Error(bad b) { panic("in Error"); }
typedef int named;
method int named_Area(named n, int k) { return n * k; }
typedef struct myerr { int code; } myerr;
method string myerr_Error(myerr *e) { return string_printf("myerr %d", e->code); }

typedef chan(int) ints;
typedef slice(int) sl;
typedef chan(bool) bools;
typedef chan(string) strings;
typedef map(int, int) imap;

static void saystring(string s) { say("%.*s", STR(s)); }
static void show(any v)
{
	type_switch (v) {
	case_nil { say("nil"); }
	case_type (goat_error, e) { printf("error: "); saystring(call(e, Error)); }
	case_type (string, s) { say("string: %.*s", STR(s)); }
	case_type (int, n) { say("int: %d", n); }
	case_default { say("other"); }
	}
}

static void saystr(const char *s) { say("%s", s); }
static void saynum(const char *s, int n) { say("%s %d", s, n); }

static volatile int zero;
static point *volatile nilp;
static imap nilmap;
static void (*volatile nilf)(void);
static int divide(void) { return 1 / zero; }
static void park(void) { for (int i = 0; i < 20; i++) goat_yield(); goat_sleep(5 * MS); }

static goat_once once;
static goat_mutex mu;
static goat_rwmutex rw;
static goat_waitgroup wg;

static void deep(int n)
{
	defer saynum("deep", n);
	if (n == 0)
		goat_goexit();
	deep(n - 1);
}
static void addto(ints c, int n) { chan_send(c, n); }
static void exit_once(void) { goat_goexit(); }
static void not_again(void) { say("not again"); }
static void panic_once(void) { panic("once"); }

static void bang(int k)
{
	sl three = make(sl, 3);
	any a = {0}, b = {0};
	ints c = NULL;
	shape sh = {0};
	int i;

	switch (k) {
	case 0: divide(); break;
	case 1: say("%d", nilp->x); break;
	case 2: map_set(nilmap, 1, 2); break;
	case 3: i = 5; say("%d", at(three, i + zero)); break;
	case 4: i = 5; say("%zu", len(subslice(three, 1 + zero, i))); break;
	case 5: i = 2; say("%zu", len(subslice(three, i + zero, 1))); break;
	case 6: a = as(any, "x"); say("%d", type_assert(a, int)); break;
	case 7: say("%d", type_assert(a, int)); break;
	case 8: a = as(any, 3); say("%d", call(type_assert(a, shape), Area, 1)); break;
	case 9: say("%d", call(sh, Area, 1)); break;
	case 10: i = -1; say("%zu", len(make(sl, i + zero))); break;
	case 11: i = -1; say("%zu", len(make(ints, i + zero))); break;
	case 12: chan_close(c); break;
	case 13: c = make(ints); chan_close(c); chan_close(c); break;
	case 14: c = make(ints, 1); chan_close(c); chan_send(c, 1); break;
	case 15: c = make(ints, 1); chan_close(c); chan_select { case_send (c, 1) { } } break;
	case 16: c = make(ints, 1); chan_close(c); chan_select { case_send (c, 1) { } case_default { } } break;
	case 17: nilf(); break;
	case 18: goat_waitgroup_add(&wg, -1); break;
	case 19: a = as(any, three); b = as(any, three); say("%s", B(iface_eq(a, b))); break;
	case 20: { typedef map(any, int) am; am m = make(am); map_set(m, as(any, three), 1); break; }
	case 21: panic(a); break;
	case 22: panic(string_printf("%d", 4)); break;
	case 23: panic(new(myerr, 4)); break;
	case 24: panic(12); break;
	case 25: break;
	}
}

static void caught(int k)
{
	bools done = make(bools);
	go {
		defer chan_send(done, true);
		defer { show(recover()); }
		bang(k);
	}
	chan_recv(done);
}

static int twice(int n) { return n * 2; }
typedef int (*fn)(int);
static void wrap(ints d, shape s, int k) { chan_send(d, call(s, Area, k)); }
static void gostruct(ints d, big b, point p, double q, string s)
{
	chan_send(d, b.v[7] + p.x + (int)q + (int)len(s));
}
static int result_of(void)
{
	result(int, r);
	defer { recover(); r++; }
	r = 5;
	panic("x");
}
static void defer_go(ints d)
{
	for (int i = 0; i < 3; i++) {
		int j = i;
		defer { go addto(d, j); }
		defer addto(d, i * 10);
	}
}
static void once_twice(void)
{
	defer { show(recover()); }
	goat_once_do(&once, panic_once);
	say("returned");
}
static ints selc(int i, ints c) { say("chan %d", i); return c; }
static int selv(int i) { say("val %d", i); return i; }
static void nothing(void) { }
static void again(void) { goat_once_do(&once, nothing); }
static void inner_recover_goexit(void)
{
	defer { show(recover()); }
	defer { panic("p"); }
	goat_goexit();
}
static void inner_panics(int i)
{
	defer { if (i == 2) { recover(); panic("second"); } }
	panic("first");
}
static void locks_twice(void) { goat_mutex_lock(&mu); goat_mutex_lock(&mu); }

#define CASE(name) if (strcmp(which, #name) == 0)
#define FOREVER chan_select { }

int main(int argc, char **argv)
{
	const char *which = argc > 1 ? argv[1] : "";
	bools done = make(bools);

	CASE (errs) {
		for (int k = 0; k < 26; k++) {
			caught(k);
			if (k == 18)
				wg = (goat_waitgroup){0};
		}
	}
	CASE (goexit_defer) {
		go {
			defer chan_close(done);
			defer { show(recover()); }
			defer saystr("d1");
			deep(3);
			say("not reached");
		}
		chan_recv(done);
	}
	CASE (goexit_in_defer) {
		go {
			defer chan_close(done);
			defer saystr("d1");
			defer { saystr("d3"); goat_goexit(); }
			panic("swallowed by goexit");
		}
		chan_recv(done);
		say("main goes on");
	}
	CASE (panic_in_goexit) {
		go {
			defer chan_close(done);
			defer saystr("after recover: still goexit");
			defer { show(recover()); }
			defer { panic("in goexit"); }
			goat_goexit();
		}
		chan_recv(done);
		say("main goes on");
	}
	CASE (recovered_goexit_frames) {
		go {
			defer chan_close(done);
			inner_recover_goexit();
			say("not reached");
		}
		chan_recv(done);
	}
	CASE (goexit_once) {
		go {
			defer chan_close(done);
			goat_once_do(&once, exit_once);
			say("not reached");
		}
		chan_recv(done);
		goat_once_do(&once, not_again);
		say("ok");
	}
	CASE (goexit_mutex) {
		go {
			goat_mutex_lock(&mu);
			defer chan_close(done);
			defer goat_mutex_unlock(&mu);
			goat_goexit();
		}
		chan_recv(done);
		goat_mutex_lock(&mu);
		say("locked");
		goat_mutex_unlock(&mu);
	}
	CASE (once_panic) {
		once_twice();
		once_twice();
	}
	CASE (close_wakes) {
		ints c = make(ints);
		strings d = make(strings);
		for (int i = 0; i < 3; i++)
			go {
				defer {
					any v = recover();
					if (is_nil(v)) chan_send(d, str("nil"));
					else chan_send(d, call(type_assert(v, goat_error), Error));
				}
				chan_select {
				case_send (c, 1) { }
				case_recv (make(ints)) { }
				}
			}
		park();
		chan_close(c);
		for (int i = 0; i < 3; i++)
			saystring(chan_recv(d));
	}
	CASE (close_wakes_recv) {
		chan(point) c = make(chan(point));
		ints d = make(ints);
		for (int i = 0; i < 3; i++)
			go {
				point v = { 7, 8 };
				bool ok = chan_recv_ok(c, &v);
				chan_send(d, !ok ? v.x + v.y : -1);
			}
		go {
			chan_select {
			case_recv_ok (c, v, ok) { chan_send(d, !ok ? v.x + 100 : -2); }
			}
		}
		park();
		chan_close(c);
		int sum = 0;
		for (int i = 0; i < 4; i++)
			sum += chan_recv(d);
		say("%d", sum);
	}
	CASE (select_same) {
		ints c = make(ints, 1), d = make(ints);
		int n = 0, a = 0, b = 0;
		for (int i = 0; i < 3000; i++)
			chan_select {
			case_send (c, 0) { }
			case_recv (c, v) { n++; }
			case_send (c, 1) { }
			}
		say("%s", B(n == 1500));
		go { for (int i = 0; i < 100; i++) chan_send(d, i); chan_close(d); }
		for (bool on = true; on;)
			chan_select {
			case_recv_ok (d, v, ok) { if (!ok) { on = false; break; } a += v; }
			case_recv_ok (d, v, ok) { if (!ok) { on = false; break; } b += v; }
			}
		say("%d", a + b);
	}
	CASE (big_struct) {
		chan(big) c = make(chan(big)), b = make(chan(big), 2);
		go {
			big x = {0};
			for (int i = 0; i < 1000; i++) x.v[i] = i;
			chan_send(c, x);
			x.v[999] = 7;
			chan_send(b, x);
			x.v[999] = 8;
			chan_send(b, x);
			chan_close(b);
		}
		int s = 0;
		big got = chan_recv(c);
		for (int i = 0; i < 1000; i++) s += got.v[i];
		say("%d", s);
		chan_range (b, x) say("%d %d", x.v[1], x.v[999]);
		bool ok = chan_recv_ok(b, &got);
		say("%d %s", got.v[999], B(ok));
	}
	CASE (chan_kinds) {
		chan(fn) f = make(chan(fn), 1);
		chan_send(f, twice);
		say("%d", chan_recv(f)(21));
		chan(shape) i = make(chan(shape), 2);
		chan_send(i, as(shape, (point){ 2, 3 }));
		chan_send(i, as(shape, new(cell, 5)));
		int p = call(chan_recv(i), Area, 2), q = call(chan_recv(i), Area, 2);
		say("%d %d", p, q);
		chan(any) a = make(chan(any), 2);
		chan_send(a, as(any, 3));
		chan_send(a, as(any, "x"));
		show(chan_recv(a));
		show(chan_recv(a));
		typedef map(string, int) smap;
		chan(smap) m = make(chan(smap), 1);
		smap mm = make(smap);
		map_set(mm, str("a"), 1);
		chan_send(m, mm);
		say("%d", map_get(chan_recv(m), str("a")));
		chan(sl) s = make(chan(sl));
		go { sl x = {0}; chan_send(s, append(x, 1, 2, 3)); }
		sl v = chan_recv(s);
		say("%zu %d", len(v), at(v, 2));
		chan_close(i);
		shape z = as(shape, (point){ 2, 3 });
		bool ok = chan_recv_ok(i, &z);
		say("%s %s", B(is_nil(z)), B(ok));
		chan(ints) cc = make(chan(ints), 1);
		ints r = make(ints, 1);
		chan_send(cc, r);
		chan_send(chan_recv(cc), 9);
		say("%d", chan_recv(r));
	}
	CASE (len_cap) {
		ints n = NULL, c = make(ints, 5), u = make(ints);
		say("%zu %zu", len(n), cap(n));
		chan_send(c, 1);
		chan_send(c, 2);
		say("%zu %zu", len(c), cap(c));
		chan_close(c);
		say("%zu %zu", len(c), cap(c));
		chan_recv(c);
		say("%zu %zu", len(c), cap(c));
		say("%zu %zu", len(u), cap(u));
	}
	CASE (range_closed) {
		ints c = make(ints, 3);
		chan_send(c, 1);
		chan_send(c, 2);
		chan_close(c);
		chan_range (c, v) say("%d", v);
		chan_range (c, v) say("never");
		int v = 9;
		bool ok = chan_recv_ok(c, &v);
		say("%d %s", v, B(ok));
	}
	CASE (go_method) {
		cell *c = new(cell, 1);
		ints d = make(ints);
		go wrap(d, as(shape, c), 4);
		say("%d", chan_recv(d));
		shape s = as(shape, c);
		go call(s, Area, 10);
		park();
		say("%d", c->n);
		point p = { 3, 4 };
		go wrap(d, as(shape, p), 1);
		p.x = 100;
		say("%d", chan_recv(d));
	}
	CASE (go_struct) {
		ints d = make(ints);
		big x = {0};
		x.v[7] = 5;
		go gostruct(d, x, (point){ 1, 2 }, 2.5, str("abc"));
		x.v[7] = 100;
		say("%d", chan_recv(d));
	}
	CASE (nested) {
		ints d = make(ints, 100);
		goat_waitgroup w = {0};
		for (int a = 0; a < 3; a++) {
			int i = a;
			goat_waitgroup_add(&w, 1);
			go {
				defer goat_waitgroup_done(&w);
				for (int b = 0; b < 3; b++) {
					int j = b;
					goat_waitgroup_add(&w, 1);
					go {
						defer goat_waitgroup_done(&w);
						chan_send(d, i * 10 + j);
						goat_waitgroup_add(&w, 1);
						go { defer goat_waitgroup_done(&w); chan_send(d, 100 * (i + j)); }
					}
				}
			}
		}
		goat_waitgroup_wait(&w);
		chan_close(d);
		int s = 0;
		chan_range (d, v) s += v;
		say("%d", s);
	}
	CASE (recover_go) {
		strings d = make(strings);
		for (int k = 0; k < 3; k++) {
			int i = k;
			go {
				defer {
					any e = recover();
					if (!is_nil(e)) chan_send(d, string_cat(str("r "), type_assert(e, string)));
					else chan_send(d, str("none"));
				}
				if (i == 1) return;
				inner_panics(i);
			}
			saystring(chan_recv(d));
		}
	}
	CASE (wg_reuse) {
		goat_waitgroup w = {0};
		int n = 0;
		for (int r = 0; r < 3; r++) {
			goat_waitgroup_add(&w, 5);
			for (int i = 0; i < 5; i++)
				go { goat_mutex_lock(&mu); n++; goat_mutex_unlock(&mu); goat_waitgroup_done(&w); }
			goat_waitgroup_wait(&w);
			say("%d", n);
		}
		goat_waitgroup_wait(&w);
		ints d = make(ints);
		goat_waitgroup_add(&w, 1);
		for (int i = 0; i < 3; i++) go { goat_waitgroup_wait(&w); chan_send(d, 1); }
		park();
		goat_waitgroup_done(&w);
		say("%d", chan_recv(d) + chan_recv(d) + chan_recv(d));
	}
	CASE (trylock) {
		say("%s", B(goat_mutex_trylock(&mu)));
		say("%s", B(goat_mutex_trylock(&mu)));
		goat_mutex_unlock(&mu);
		go { chan_send(done, goat_mutex_trylock(&mu)); }
		say("%s", B(chan_recv(done)));
		goat_mutex_unlock(&mu);
	}
	CASE (unlock_elsewhere) {
		goat_mutex_lock(&mu);
		go { goat_mutex_unlock(&mu); }
		goat_mutex_lock(&mu);
		say("ok");
	}
	CASE (rw) {
		goat_rwmutex_rlock(&rw);
		goat_rwmutex_rlock(&rw);
		strings d = make(strings, 10);
		go { goat_rwmutex_lock(&rw); chan_send(d, str("w")); goat_rwmutex_unlock(&rw); }
		park();
		go { goat_rwmutex_rlock(&rw); chan_send(d, str("r")); goat_rwmutex_runlock(&rw); }
		park();
		say("%zu", len(d));
		goat_rwmutex_runlock(&rw);
		goat_rwmutex_runlock(&rw);
		string a = chan_recv(d), b = chan_recv(d);
		say("%.*s%.*s", STR(a), STR(b));
	}
	CASE (timers) {
		goat_timer t = {0};
		chan(int64_t) c = goat_timer_start(&t, HOUR);
		bool a = goat_timer_stop(&t), b = goat_timer_stop(&t);
		say("%s %s", B(a), B(b));
		say("%s", B(goat_timer_reset(&t, MS)));
		chan_recv(c);
		a = goat_timer_reset(&t, HOUR), b = goat_timer_reset(&t, 2 * MS);
		say("%s %s", B(a), B(b));
		goat_sleep(10 * MS);
		say("%s", B(goat_timer_stop(&t)));
		chan_select { case_recv (c) { say("stale"); } case_default { say("none"); } }
		goat_timer_reset(&t, 0);
		chan_recv(c);
		say("%s", B(goat_timer_stop(&t)));
		say("%zu %d", len(c), 0);
		goat_timer_reset(&t, -5);
		chan_recv(c);
		int n = 0;
		for (int i = 0; i < 200; i++) {
			goat_timer_reset(&t, (i % 3) * 20000);
			goat_yield();
			if (goat_timer_stop(&t)) n++;
			else {
				n++;
				chan_select { case_recv (c) { say("stale"); } case_default { } }
			}
		}
		say("%d", n);
		chan_select { case_recv (c) { say("stale"); } case_recv (goat_after(5 * MS)) { say("timeout"); } }
	}
	CASE (sleep_order) {
		ints d = make(ints, 5);
		for (int k = 5; k > 0; k--) { int i = k; go { goat_sleep(i * 20 * MS); chan_send(d, i); } }
		for (int i = 0; i < 5; i++) say("%d", chan_recv(d));
		goat_sleep(0);
		goat_sleep(-1);
	}
	CASE (defer_loop_go) {
		ints d = make(ints, 10);
		defer_go(d);
		int s = 0;
		for (int i = 0; i < 6; i++) s += chan_recv(d);
		say("%d", s);
	}
	CASE (go_defer_result) {
		ints c = make(ints);
		go { chan_send(c, result_of()); }
		say("%d", chan_recv(c));
	}
	CASE (numg) {
		say("%d", goat_numgoroutine());
		ints c = make(ints);
		for (int i = 0; i < 10; i++) go { chan_recv(c); }
		park();
		say("%d", goat_numgoroutine());
		chan_close(c);
		park();
		say("%d", goat_numgoroutine());
	}
	CASE (select_default_loop) {
		ints c = make(ints);
		go { park(); chan_send(c, 5); }
		int n = 0;
		for (;;)
			chan_select {
			case_recv (c, v) { say("%d %s", v, B(n > 0)); return 0; }
			case_default { n++; goat_yield(); }
			}
	}
	CASE (select_eval) {
		ints a = make(ints, 1);
		chan_select {
		case_recv (selc(1, NULL), x) { }
		case_send (selc(2, a), selv(3)) { say("sent"); }
		case_send (selc(4, NULL), selv(5)) { }
		}
		say("%d", chan_recv(a));
	}
	CASE (repanic_value) {
		go {
			defer chan_close(done);
			defer { show(recover()); }
			defer { panic(string_cat(str("third after "), type_assert(recover(), string))); }
			defer { panic("second"); }
			panic("first");
		}
		chan_recv(done);
	}
	ints c = make(ints, 0);
#define DIES(name, ...) CASE (name) { go { __VA_ARGS__; } FOREVER }
	CASE (x_nilfunc) go nilf();
	DIES(x_div, divide())
	DIES(x_nilderef, say("%d", nilp->x))
	DIES(x_index, sl s = make(sl, 1); say("%d", at(s, zero + 1)))
	DIES(x_assert, any a = as(any, "x"); say("%d", type_assert(a, int)))
	DIES(x_nilmap, map_set(nilmap, 1, 1))
	DIES(x_err, panic(new(myerr, 3)))
	DIES(x_int, panic(3))
	DIES(x_float, panic(2.5))
	DIES(x_bool, panic((bool)true))
	DIES(x_named, panic((named)3))
	DIES(x_newline, panic("a\nb"))
	DIES(x_repanic, defer { panic(recover()); } panic("a"))
	DIES(x_second, defer { panic("b"); } panic("a"))
	DIES(x_second_recovered, defer { recover(); panic("b"); } panic("a"))
	DIES(x_goexit_panic, defer { panic("b"); } goat_goexit())
	DIES(x_nilpanic, any a = {0}; panic(a))
	DIES(x_iface_nil, shape s = {0}; call(s, Area, 1))
	DIES(x_baderr, panic((bad){0}))
	DIES(x_unlock, goat_mutex_unlock(&mu))
	DIES(x_wg, goat_waitgroup_done(&wg))
	CASE (x_dl_mutex) { goat_mutex_lock(&mu); goat_mutex_lock(&mu); }
	CASE (x_dl_rw) { goat_rwmutex_lock(&rw); goat_rwmutex_rlock(&rw); }
	CASE (x_dl_rw2) { goat_rwmutex_rlock(&rw); goat_rwmutex_lock(&rw); }
	CASE (x_dl_wg) { goat_waitgroup_add(&wg, 1); goat_waitgroup_wait(&wg); }
	CASE (x_dl_select) chan_select { case_recv (c) { } case_send (c, 1) { } }
	CASE (x_dl_nil) chan_recv((ints)NULL);
	CASE (x_dl_nilsend) chan_send((ints)NULL, 1);
	CASE (x_dl_nilselect) { c = NULL; chan_select { case_send (c, 1) { } case_recv (c) { } } }
	CASE (x_dl_range) { c = make(ints, 1); chan_send(c, 1); chan_range (c, v) say("%d", v); }
	CASE (x_dl_two) { go locks_twice(); go { chan_send(c, 1); } park(); chan_recv((ints)NULL); }
	CASE (x_dl_after_sleep) { go { goat_sleep(20 * MS); say("slept"); } chan_recv(c); }
	CASE (x_dl_once) goat_once_do(&once, again);
	CASE (x_goexit_main) { defer saystr("deferred"); goat_goexit(); }
	CASE (x_goexit_main2) { go { park(); say("other"); exit(3); } goat_goexit(); }
	CASE (x_exit_go) { go { exit(4); } FOREVER }
	CASE (x_dl_sel_empty) FOREVER
	CASE (x_main_panic_defer) { defer saystr("deferred"); go { FOREVER } panic("main"); }
	CASE (x_dl_timer_stopped) { goat_timer t = {0}; chan(int64_t) tc = goat_timer_start(&t, HOUR); goat_timer_stop(&t); chan_recv(tc); }
	CASE (x_close_parked) { go { chan_send(c, 1); } park(); chan_close(c); FOREVER }
	DIES(x_err_wrapped, defer { any v = recover(); panic(type_assert(v, goat_error)); } divide())
	DIES(x_three, defer { defer { panic("c"); } panic("b"); } panic("a"))
	DIES(x_str_escape, panic("tab\tquote\""))
	DIES(x_struct, panic((point){1, 2}))
	DIES(x_ptr, panic(new(point, 1, 2)))
	DIES(x_uint8, panic((uint8_t)200))
	DIES(x_slice3, sl s = make(sl, 3); say("%zu", len(subslice(s, 1, 2, zero + 9))))
	DIES(x_neg, sl s = make(sl, 3); int i = -1; say("%d", at(s, i + zero)))
	return 0;
}
