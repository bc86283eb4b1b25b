// SPDX-License-Identifier: BSD-3-Clause
//
// goat.h: Go's semantics for C, the one header that a program includes.
//
//	goatcc prog.c -o prog
//
// A file that includes it is annotated C: a local variable whose address outlives its frame lives
// on the heap, and new() that does not escape lives in the frame. Memory is garbage collected.
// Every word is available as goat_WORD too; with GOAT_NO_KEYWORDS defined, only so.

#ifndef GOAT_H
#define GOAT_H

#ifdef __cplusplus
#error "goat.h is for C: the plugin does not analyse C++"
#endif
#ifndef __GOAT__
#error "goat.h needs goat's gcc plugin: compile with goatcc, or add -fplugin=goat"
#endif

#pragma GCC system_header
#pragma goat annotated

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "goat/abi.h"
#include "goat/map_inline.h"

// Parameter attribute. On a prototype: the function does not keep what the pointer points to, and
// is believed. On a definition: a compile error, with the flow, where it does.
// Go: the //go:noescape directive.
#define goat_noescape __attribute__((__goat_noescape__))

// Variable attribute: a compile error, with the flow, where the variable would move to the heap.
#define goat_stack __attribute__((__goat_stack__))

// T *new(T), T *new(T, initialisers): a zeroed or initialised T that lives as long as it is
// reachable; in the frame where the compiler sees that it does not outlive it. T is evaluated
// for its type only. Never NULL: out of memory ends the program with status 2.
// Go spec, "Allocation" and "Composite literals".
#define goat_new(T, ...) GOAT_NEW_("new(" #T ")", T __VA_OPT__(, ) __VA_ARGS__)

#define GOAT_NEW_(name, T, ...)                                                                    \
	((__typeof__(T) *)goat_new_(name, (__typeof__(T) *)0 __VA_OPT__(                           \
						  , &(__typeof__(T)){ __VA_ARGS__ })))

// Known to the plugin, which leaves no call of it.
void *goat_new_(const char *name, ...) __attribute__((__returns_nonnull__));

// The collector has to know of threads.
#pragma redefine_extname pthread_create goat_pthread_create
#pragma redefine_extname thrd_create goat_thrd_create

// Collects garbage, and returns when that is done. Go: runtime.GC.
void goat_gc(void);

// Nanoseconds since some moment, of a clock that nobody sets. Go: runtime.nanotime.
int64_t goat_now(void);

// ---------------------------------------------------------------- strings

// goat_string str(s): of a literal, all of it; of any other char *, up to its zero. Keeps the
// pointer and copies nothing; NULL gives the empty string.
#define goat_str(...) GOAT_STR_(__VA_ARGS__)

#define GOAT_STR_(...)                                                                             \
	goat_str_((__VA_ARGS__), #__VA_ARGS__[0] == '"' &&                                         \
					 !__builtin_types_compatible_p(__typeof__(__VA_ARGS__),    \
								       __typeof__(&(__VA_ARGS__)[0])) \
				 ? sizeof(__VA_ARGS__) - 1                                         \
				 : SIZE_MAX)

static __inline__ goat_string
goat_str_(const char *p, size_t n)
{
	goat_string s = { p, n != SIZE_MAX ? n : p != NULL ? __builtin_strlen(p) : 0 };

	return s;
}

// The two arguments of a "%.*s".
#define GOAT_STRING_ARGS(s) (int)(s).len, (s).ptr

// A new string: a, then b. In the frame where it does not outlive it and is short.
#define goat_string_cat(...) goat_string_cat_("string_cat(" #__VA_ARGS__ ")", __VA_ARGS__)

// A new string with the bytes of s.
goat_string goat_string_clone(goat_string s);

// The bytes of s with a zero after them, new. A zero inside of s ends it for C.
char *goat_string_cstr(goat_string s);

// A new string, formatted as by printf.
goat_string goat_string_printf(const char *format, ...) __attribute__((__format__(printf, 1, 2)));
goat_string goat_string_vprintf(const char *format, __builtin_va_list ap)
	__attribute__((__format__(printf, 1, 0)));

static __inline__ bool
goat_string_eq(goat_string a, goat_string b)
{
	return a.len == b.len && (a.len == 0 || __builtin_memcmp(a.ptr, b.ptr, a.len) == 0);
}

// Less than, equal to or greater than 0, as a is than b, byte by byte. Go: strings.Compare.
static __inline__ int
goat_string_cmp(goat_string a, goat_string b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n > 0 ? __builtin_memcmp(a.ptr, b.ptr, n) : 0;

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

// goat_string substr(s, lo, hi): the bytes from lo up to hi, not copied; panics where 0 <= lo <= hi
// <= len(s) fails.
#define goat_substr(...) (*(goat_string *)goat_substr_("", __VA_ARGS__))

// ---------------------------------------------------------------- slices, make

// typedef slice(T) NAME: a part of an array, len elements at ptr, of which there is room for cap.
// {0} is the nil slice.
#define goat_slice(T)                                                                              \
	struct __attribute__((__goat_slice__)) {                                                   \
		__typeof__(T) *ptr;                                                                \
		size_t len, cap;                                                                   \
	}

// T make(T, n), T make(T, n, c): a slice of n zeroed elements, with room for c. T make(T), T
// make(T, n): a map, with room for n; a channel, which buffers n. Go spec, "Making slices, maps and
// channels".
#define goat_make(T, ...)                                                                          \
	GOAT_MAKE_("make(" #T __VA_OPT__(", " #__VA_ARGS__) ")", T __VA_OPT__(, ) __VA_ARGS__)

#define GOAT_MAKE_(name, T, ...)                                                                   \
	(*(__typeof__(T) *)goat_make_(name, (__typeof__(T) *)0 __VA_OPT__(, ) __VA_ARGS__))

// size_t len(x), size_t cap(x), of a slice; len of a string, in bytes.
#define goat_len(...) goat_len_("", __VA_ARGS__)
#define goat_cap(...) goat_cap_("", __VA_ARGS__)

// Element i of a slice or a string, which may be assigned to; panics where there is none.
#define goat_at(xs, i) (*(__typeof__((xs).ptr[0]) *)goat_at_("", (xs), (i)))

// The elements of a slice or a string from lo up to hi, in the same array. The capacity of a slice
// ends at max, or where that of xs does. Panics where 0 <= lo <= hi <= max <= cap(xs) fails.
#define goat_subslice(xs, ...) (*(__typeof__(xs) *)goat_subslice_("", (xs), __VA_ARGS__))

// The elements of xs, then these: in the same array where that has room, else in a new one.
#define goat_append(xs, ...)                                                                       \
	(*(__typeof__(xs) *)goat_append_("", (xs),                                                 \
					 (__typeof__((xs).ptr[0])[]){ __VA_ARGS__ }))

// The same with the elements of another slice; of a string, where those of xs are bytes.
#define goat_append_slice(xs, ...) (*(__typeof__(xs) *)goat_append_slice_("", (xs), (__VA_ARGS__)))

// size_t copy(to, from): copies as many elements as both have, which may overlap, and says how
// many. from may be a string, where the elements are bytes.
#define goat_copy(to, ...) goat_copy_("", (to), (__VA_ARGS__))

// slice_range (xs, i, v) STATEMENT: for each element of a slice or a string, i its index and v a
// copy of it, new in each round. xs is evaluated once.
#define goat_slice_range(xs, i, v)                                                                 \
	GOAT_SLICE_RANGE_("slice_range (" #xs ", " #i ", " #v ")", xs, i, v)

#define GOAT_SLICE_RANGE_(text, xs, i, v)                                                          \
	for (__auto_type goat_range_ __attribute__((__goat_range__)) = (xs);;)                     \
		for (size_t goat_next_ = 0; goat_next_ < goat_range_.len; goat_next_++)            \
			for (size_t i __attribute__((__goat_each__, __unused__)) = goat_next_;;)   \
				for (__typeof__(goat_range_.ptr[0]) v                              \
				     __attribute__((__goat_each__(text), __unused__)) =            \
					     goat_range_.ptr[goat_next_];;)

// Known to the plugin, which leaves no call of them.
goat_string goat_string_cat_(const char *name, goat_string a, goat_string b);
void *goat_substr_(const char *, ...) __attribute__((__returns_nonnull__));
void *goat_make_(const char *name, ...) __attribute__((__returns_nonnull__));
size_t goat_len_(const char *, ...);
size_t goat_cap_(const char *, ...);
void *goat_at_(const char *, ...) __attribute__((__returns_nonnull__));
void *goat_subslice_(const char *, ...) __attribute__((__returns_nonnull__));
void *goat_append_(const char *, ...) __attribute__((__returns_nonnull__));
void *goat_append_slice_(const char *, ...) __attribute__((__returns_nonnull__));
size_t goat_copy_(const char *, ...);

// ---------------------------------------------------------------- maps

struct goat_hmap;

// map(K, V): Go's map. One type wherever it is written, and a pointer: copies are the same map,
// NULL is the nil one. To C it is a function that takes a key and gives a pointer to a V, so that
// the compiler checks and converts keys and values; nobody ever calls it. What it is for must be a
// key: see docs/semantics.md.
#define goat_map(K, V)                                                                             \
	__typeof__(__typeof__(V) *(*__attribute__((__goat_map__)))(                                \
		struct goat_hmap *, __typeof__(K), const __typeof__(K) *, __typeof__(V) *))

// V map_get(m, key): zero where there is no such key.
#define goat_map_get(m, ...) ((void)0, *(m)(goat_map_get_(), (__VA_ARGS__), 0, 0))

// map_set(m, key, value): panics where m is nil.
#define goat_map_set(m, k, ...)                                                                    \
	((void)(*(m)(goat_map_set_(),                                                              \
		     *(__typeof__(char __attribute__((__goat_key_of__(m)))) *)goat_map_key_() = (k), \
		     0, 0) = (__VA_ARGS__)))

// bool map_lookup(m, key, &v): whether there is such a key; sets v to its value, or to zero.
#define goat_map_lookup(m, k, p) ((m)(goat_map_lookup_(), (k), 0, (p)) != 0)

// V *map_ptr(m, key): where the value is kept until the map changes next; NULL where there is no
// such key.
#define goat_map_ptr(m, ...) ((m)(goat_map_ptr_(), (__VA_ARGS__), 0, 0))

// map_delete(m, key); map_clear(m): without a word where there is nothing to delete.
#define goat_map_delete(m, ...) ((void)(m)(goat_map_delete_(), (__VA_ARGS__), 0, 0))
#define goat_map_clear(...) goat_map_clear_("", __VA_ARGS__)

// map_shrink(m): gives back the memory of deleted entries.
#define goat_map_shrink(...) goat_map_shrink_("", __VA_ARGS__)

// goat_map_stats(m, goat_mapstats *p): how full it is, and what it takes.
#define goat_map_stats(m, p) goat_map_stats_("", (m), 1 ? (p) : (goat_mapstats *)0)

// map_range (m, k, v) { ... }: once for each entry, from a random one on; k and v are new each
// time. Go spec, "For statements with range clause".
#define goat_map_range(m, k, v) GOAT_MAP_RANGE_("map_range (" #m ", " #k ", " #v ")", m, k, v)

#define GOAT_MAP_RANGE_(text, m, k, v)                                                             \
	for (__auto_type goat_map_ __attribute__((__goat_range__(text))) = (m);;)                  \
		for (struct goat_hiter goat_iter_ __attribute__((__goat_iter__));;)                \
			for (goat_map_begin_("", goat_map_, &goat_iter_); goat_iter_.key != NULL;  \
			     goat_map_next_("", goat_map_, &goat_iter_))                           \
				for (char k __attribute__((__goat_key__(goat_map_),                \
							   __unused__)) =                          \
					     *(__typeof__(k) *)goat_iter_.key;;)                   \
					for (char v __attribute__((__goat_elem__(goat_map_),       \
								   __unused__)) =                  \
						     *(__typeof__(v) *)goat_iter_.elem;;)

// Known to the plugin, which leaves no call of them.
typedef struct goat_maptype goat_maptype_;
struct goat_hmap *goat_map_get_(void);
struct goat_hmap *goat_map_set_(void);
struct goat_hmap *goat_map_lookup_(void);
void *goat_map_key_(void);
struct goat_hmap *goat_map_ptr_(void);
struct goat_hmap *goat_map_delete_(void);
void goat_map_clear_(const char *, ...);
void goat_map_shrink_(const char *, ...);
void goat_map_stats_(const char *, ...);
void goat_map_begin_(const char *, ...);
void goat_map_next_(const char *, ...);

// ---------------------------------------------------------------- channels

struct goat_hchan;

// chan(T): Go's channel. One type wherever it is written, and a pointer: copies are the same
// channel, NULL is the nil one. To C it is a function that gives a pointer to a T; nobody ever
// calls it.
#define goat_chan(T) __typeof__(__typeof__(T) *(*__attribute__((__goat_chan__)))(struct goat_hchan *))

// The type of what a channel carries; WHAT is what it is needed for.
#define GOAT_ELEM_OF_(what, ...) __typeof__(char __attribute__((__goat_elem_of__(what, __VA_ARGS__))))

// chan_send(c, value): waits until somebody receives it, or the buffer has room. Panics where c is
// closed.
#define goat_chan_send(c, ...)                                                                     \
	((void)(*(GOAT_ELEM_OF_("send to", c) *)goat_chan_send_("", (c)) = (__VA_ARGS__)))

// T chan_recv(c): the next value; zero where c is closed and there is none.
#define goat_chan_recv(...)                                                                        \
	((void)0, *(GOAT_ELEM_OF_("receive from", __VA_ARGS__) *)goat_chan_recv_("", (__VA_ARGS__)))

// bool chan_recv_ok(c, &v): whether there was a value and c is not closed; sets v to it, or to
// zero.
#define goat_chan_recv_ok(c, p) goat_chan_recv_ok_("", (c), (p))

// chan_close(c): no more will be sent. Panics where c is nil or closed already.
#define goat_chan_close(...) goat_chan_close_("", (__VA_ARGS__))

// chan_range (c, v) STATEMENT: for each value, until c is closed and there is none; v is new in
// each round. c is evaluated once. Go spec, "For statements with range clause".
#define goat_chan_range(c, v)                                                                      \
	for (__auto_type goat_chan_ __attribute__((__goat_range__)) = (c);;)                       \
		for (;;)                                                                           \
			for (GOAT_ELEM_OF_("range over", goat_chan_) v                             \
			     __attribute__((__goat_received__, __unused__));                       \
			     goat_chan_next_("", goat_chan_, &v);)

// chan_select { case_recv (c, v) { ... } case_send (c, x) { ... } case_default { ... } }
// Waits until one of the cases can go on, and takes that; one of several by chance. With
// case_default it does not wait. case_recv (c) drops the value; case_recv_ok (c, v, ok) tells
// whether there was one. break leaves the select; continue means the loop around it. All operands
// are evaluated first, in order. Go spec, "Select statements".
#define goat_chan_select                                                                           \
	for (char goat_select_ __attribute__((__goat_select__));;)                                 \
		switch (goat_select_index_(""))
#define GOAT_COMM_                                                                                 \
	break;                                                                                     \
	case __COUNTER__:
// The variables of a case are known in it only.
#define goat_case_recv(...)                                                                        \
	GOAT_COMM_                                                                                 \
	GOAT_SECOND_(__VA_ARGS__, GOAT_CASE_RECV_, GOAT_CASE_RECV_NONE_, )(__VA_ARGS__)
#define GOAT_SECOND_(a, b, word, ...) word
#define GOAT_CASE_RECV_NONE_(c)                                                                    \
	for (char goat_none_ __attribute__((__goat_comm__("recv"), __unused__));;                  \
	     (GOAT_ELEM_OF_("receive from", c) *)goat_comm_("", (c)))
#define GOAT_CASE_RECV_(c, v)                                                                      \
	for (GOAT_ELEM_OF_("receive from", c) v __attribute__((__goat_comm__("recv"), __unused__));; \
	     goat_comm_("", (c)))
#define goat_case_recv_ok(c, v, ok)                                                                \
	GOAT_COMM_                                                                                 \
	GOAT_CASE_RECV_(c, v)                                                                      \
	for (_Bool ok __attribute__((__goat_ok__, __unused__));;)
#define goat_case_send(c, ...)                                                                     \
	GOAT_COMM_                                                                                 \
	for (char goat_none_ __attribute__((__goat_comm__("send"), __unused__));;                  \
	     *(GOAT_ELEM_OF_("send to", c) *)goat_comm_("", (c)) = (__VA_ARGS__))

// Known to the plugin, which leaves no call of them.
typedef struct goat_scase goat_scase_;
typedef struct goat_hchanhead goat_hchanhead_;
void *goat_chan_send_(const char *, ...) __attribute__((__returns_nonnull__));
void *goat_chan_recv_(const char *, ...) __attribute__((__returns_nonnull__));
bool goat_chan_recv_ok_(const char *, ...);
void goat_chan_close_(const char *, ...);
bool goat_chan_next_(const char *, ...);
int goat_select_index_(const char *, ...);
void *goat_comm_(const char *, ...) __attribute__((__returns_nonnull__));

// ---------------------------------------------------------------- interfaces

// interface(I) { RESULT (*METHOD)(void *self, ...); ... };
// Makes I a type of two words, { tab, data }: {0} is nil.
#define goat_interface(I)                                                                          \
	typedef struct __attribute__((__goat_iface__)) I {                                         \
		const struct I##_itab *tab;                                                        \
		void *data;                                                                        \
	} I;                                                                                       \
	struct __attribute__((__goat_itab__)) I##_itab

// All methods of another interface, inside of interface(I) { ... }.
#define goat_embed(I) struct I##_itab

// Before a function TYPE_METHOD(TYPE or TYPE *, ...): TYPE has that method. With method_named(M)
// the function may have any name.
#define goat_method __attribute__((__goat_method__))
#define goat_method_named(M) __attribute__((__goat_method__(#M)))

// I as(I, value): the value, copied, as an interface; a compile error where it lacks a method.
#define goat_as(I, ...) GOAT_AS_(#I, #__VA_ARGS__, I, __VA_ARGS__)

#define GOAT_AS_(inter, text, I, ...)                                                              \
	(*(__typeof__(I) *)goat_as_(inter, text, (__typeof__(I) *)0,                               \
				    (__typeof__(__VA_ARGS__) *)0, __VA_ARGS__))

// call(i, Method, arguments...)
#define goat_call(i, M, ...) ((i).tab->M((i).data __VA_OPT__(, ) __VA_ARGS__))

// T type_assert(i, T): what i holds, a T or an interface; panics where it holds something else.
#define goat_type_assert(i, ...) GOAT_ASSERT_(#i, #__VA_ARGS__, i, __VA_ARGS__)

#define GOAT_ASSERT_(text, type, i, ...)                                                           \
	(*(__typeof__(__VA_ARGS__) *)goat_assert_(text, type, (__typeof__(__VA_ARGS__) *)0, i))

// bool type_assert_ok(i, T, &v): whether i holds a T; sets v to it, or to zero.
#define goat_type_assert_ok(i, T, p) goat_assert_ok_(#i, #T, (__typeof__(T) *)0, i, p)

// type_switch (i) { case_type (T, v) { ... } case_nil { ... } case_default { ... } }
// Takes the first case that fits. break leaves the switch; continue means the loop around it.
#define goat_type_switch(...)                                                                      \
	for (__auto_type goat_switch_ __attribute__((__goat_switch__(#__VA_ARGS__))) =             \
		     (__VA_ARGS__);;)                                                              \
		switch (goat_switch_index_("", goat_switch_))
#define goat_case_type(T, v)                                                                       \
	break;                                                                                     \
	case __COUNTER__:                                                                          \
		for (__typeof__(T) v __attribute__((__goat_case__(#T), __unused__));;)
#define goat_case_nil                                                                              \
	break;                                                                                     \
	case __COUNTER__:                                                                          \
		for (char goat_nil_ __attribute__((__goat_case__("nil"), __unused__));;)
#define goat_case_default                                                                          \
	break;                                                                                     \
	default:                                                                                   \
		for (char goat_default_ __attribute__((__goat_case__("default"), __unused__));;)

// bool is_nil(i)
#define goat_is_nil(...) goat_is_nil_("", __VA_ARGS__)

// bool iface_eq(a, b): whether they hold equal values of one type. Panics where that type cannot
// be compared.
#define goat_iface_eq(a, b) goat_iface_eq_("", a, b)

// const char *type_name(i): "int", "Cat *"; "nil".
#define goat_type_name(...) goat_type_name_("", __VA_ARGS__)

// Known to the plugin, which leaves no call of them.
void *goat_as_(const char *inter, ...) __attribute__((__returns_nonnull__));
void *goat_assert_(const char *text, ...) __attribute__((__returns_nonnull__));
bool goat_assert_ok_(const char *text, ...);
int goat_switch_index_(const char *, ...);
bool goat_is_nil_(const char *, ...);
bool goat_iface_eq_(const char *, ...);
const char *goat_type_name_(const char *, ...);

// The interface of errors. Errors of the runtime are one.
goat_interface(goat_error) {
	goat_string (*Error)(void *self);
};

// ---------------------------------------------------------------- defer, panic, recover

// defer CALL; defer { BLOCK }: runs when the function ends, last in first out. The arguments of
// the call are evaluated at once. Go spec, "Defer statements".
#define goat_defer                                                                                 \
	for (char goat_deferred_ __attribute__((__goat_defer__));;)                                \
		GOAT_BLOCK_(__COUNTER__)

// The same, when the block that it stands in ends. ISO TS 25755.
#define goat_block_defer                                                                           \
	GOAT_SCOPE_(__COUNTER__)                                                                   \
	for (char goat_deferred_ __attribute__((__goat_defer__("block")));;)                       \
		GOAT_BLOCK_(__COUNTER__)

#define GOAT_BLOCK_(n) GOAT_LABEL_(n)
#define GOAT_SCOPE_(n) GOAT_SCOPE_LABEL_(n)
#define GOAT_SCOPE_LABEL_(n) goat_label_##n : __attribute__((__goat_scope__))
#define GOAT_LABEL_(n) goat_label_##n : __attribute__((__goat_block__))

// result(T, r): names the function's result, zeroed. `return e` sets it, deferred code may change
// it, and the function leaves with it.
#define goat_result(T, r) __typeof__(T) r __attribute__((__goat_result__)) = { 0 }

// panic(value): runs the deferred code of the functions that are active, innermost first, until
// some recovers; else the program ends with status 2 and a report. Go spec, "Handling panics".
#define goat_panic(...)                                                                            \
	goat_gopanic(*(goat_any *)goat_as_("panic", #__VA_ARGS__, (goat_any *)0,                   \
					   (__typeof__(__VA_ARGS__) *)0, __VA_ARGS__))

_Noreturn void goat_gopanic(goat_any value);

// The value of the panic that runs the deferred block, or the function called by defer, that this
// stands in, which ends the panic; else nil.
goat_any goat_recover(void);

// Ends the goroutine after its deferred code has run; a thread as pthread_exit does. Nothing
// recovers it. Go: runtime.Goexit.
_Noreturn void goat_goexit(void);

// ---------------------------------------------------------------- goroutines

// go CALL; go { BLOCK }: runs in a goroutine of its own. The arguments of the call are evaluated at
// once, its result is dropped. A block sees the variables around it, which live as long as it does;
// `return;` ends it. Go spec, "Go statements".
#define goat_go                                                                                    \
	for (char goat_deferred_ __attribute__((__goat_go__));;)                                   \
		GOAT_BLOCK_(__COUNTER__)

// Lets other goroutines run first. Go: runtime.Gosched.
void goat_yield(void);
// Pauses the goroutine for at least so many nanoseconds; not at all where ns <= 0. Go: time.Sleep.
void goat_sleep(int64_t ns);
// How many goroutines there are, main and those that are parked too. Go: runtime.NumGoroutine.
int goat_numgoroutine(void);
// Sets how many goroutines run at a time, at most 256, where n > 0. Gives what it was before.
// Go: runtime.GOMAXPROCS.
int goat_maxprocs(int n);

// ---------------------------------------------------------------- timers

// A new channel, with room for one value, that gets goat_now() when ns nanoseconds have passed; at
// once where ns <= 0. It is not collected before. Go: time.After.
goat_chan(int64_t) goat_after(int64_t ns);

// A timer; { 0 } is ready for use. Once started, a copy is the same timer. Go: time.Timer.
typedef struct goat_timer {
	void *impl;
} goat_timer;

// Starts it, or resets it where it is pending. Gives its channel, the same each time, with room for
// one value, which gets goat_now() when ns nanoseconds have passed. Go: time.NewTimer.
goat_chan(int64_t) goat_timer_start(goat_timer *goat_noescape t, int64_t ns);
// Nothing is sent any more. What was sent and not received is taken back, and counts as pending.
// Gives whether it was pending. Go: Timer.Stop, as of Go 1.23.
bool goat_timer_stop(goat_timer *goat_noescape t);
// The same, then starts it. Go: Timer.Reset.
bool goat_timer_reset(goat_timer *goat_noescape t, int64_t ns);

// ---------------------------------------------------------------- synchronisation

// Of all of these { 0 } is ready for use, and must not be copied after that. They park the
// goroutine, not the thread. What C sees of the members is for the runtime only. Go: package sync.

// One at a time. It belongs to nobody: another goroutine may unlock it. Go: sync.Mutex.
typedef struct goat_mutex {
	int32_t state;
	uint32_t sema;
} goat_mutex;

// Waits until it is free, and takes it.
void goat_mutex_lock(goat_mutex *goat_noescape m);
// Takes it if it is free; whether it was.
bool goat_mutex_trylock(goat_mutex *goat_noescape m);
// Where it is not locked: `fatal error: sync: unlock of unlocked mutex`.
void goat_mutex_unlock(goat_mutex *goat_noescape m);

// What is left when one instruction does not do it.
void goat_mutex_lockslow(goat_mutex *goat_noescape m);
void goat_mutex_unlockslow(goat_mutex *goat_noescape m, int32_t now);

extern __inline__ __attribute__((__gnu_inline__)) void
goat_mutex_lock(goat_mutex *goat_noescape m)
{
	int32_t unlocked = 0;

	if (!__atomic_compare_exchange_n(&m->state, &unlocked, 1, 0, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		goat_mutex_lockslow(m);
}

extern __inline__ __attribute__((__gnu_inline__)) void
goat_mutex_unlock(goat_mutex *goat_noescape m)
{
	int32_t now = __atomic_sub_fetch(&m->state, 1, __ATOMIC_RELEASE);

	if (now != 0)
		goat_mutex_unlockslow(m, now);
}

// One writer or many readers. A writer who waits keeps new readers out. Go: sync.RWMutex.
typedef struct goat_rwmutex {
	goat_mutex w;
	uint32_t writersem, readersem;
	int32_t readers, leaving;
} goat_rwmutex;

// For a writer, and with an r for a reader. To unlock what is not locked so is a fatal error.
void goat_rwmutex_lock(goat_rwmutex *goat_noescape m);
void goat_rwmutex_unlock(goat_rwmutex *goat_noescape m);
void goat_rwmutex_rlock(goat_rwmutex *goat_noescape m);
void goat_rwmutex_runlock(goat_rwmutex *goat_noescape m);

// A counter. Go: sync.WaitGroup.
typedef struct goat_waitgroup {
	uint64_t state;
	uint32_t sema;
} goat_waitgroup;

// Adds n, which may be negative. Panics where the counter gets below 0.
void goat_waitgroup_add(goat_waitgroup *goat_noescape wg, int n);
// Takes one away.
void goat_waitgroup_done(goat_waitgroup *goat_noescape wg);
// Waits until the counter is 0.
void goat_waitgroup_wait(goat_waitgroup *goat_noescape wg);

// What is done once. Go: sync.Once.
typedef struct goat_once {
	uint32_t done;
	goat_mutex m;
} goat_once;

// Calls f, unless a function was called for this one before. When it returns, that one has ended,
// be it by a panic.
void goat_once_do(goat_once *goat_noescape once, void (*f)(void));
// What is left when it is not done yet.
void goat_once_slow(goat_once *goat_noescape once, void (*f)(void));

extern __inline__ __attribute__((__gnu_inline__)) void
goat_once_do(goat_once *goat_noescape once, void (*f)(void))
{
	if (__atomic_load_n(&once->done, __ATOMIC_ACQUIRE) == 0)
		goat_once_slow(once, f);
}

// ---------------------------------------------------------------- network, see docs/netpoll.md

typedef ptrdiff_t ssize_t;       // as <sys/types.h> has it, which has much else
// Plain descriptors, of goat_listen and so on or from elsewhere. Where something fails the
// functions give -1 and set errno: EINVAL for an address that makes no sense, ETIMEDOUT when a
// deadline is over, ECANCELED for who was parked on a descriptor that goat_close has closed, else
// what the system said. Where they wait they park the goroutine. Who gets a descriptor has to close
// it.
// Go: package net.

// A socket that listens at "127.0.0.1:8080", "[::1]:0", "unix:/path"; port 0 takes a free one.
// BACKLOG connections may wait to be accepted; 0: as many as the system allows. Go: net.Listen.
int goat_listen(const char *goat_noescape addr, int backlog);
// The next connection. Go: Listener.Accept.
int goat_accept(int fd);
// A connection to such an address. Go: net.Dial.
int goat_dial(const char *goat_noescape addr);
// Reads what there is, at most n bytes, and waits until there is some; 0 at the end. Go: Conn.Read.
ssize_t goat_read(int fd, void *goat_noescape buf, size_t n);
// Writes all n bytes. Gives less where that is cut short, and errno says why; -1 where nothing was
// written. EPIPE comes without SIGPIPE. Go: Conn.Write.
ssize_t goat_write(int fd, const void *goat_noescape buf, size_t n);
// What waits on fd now or later fails with ETIMEDOUT when goat_now() is WHEN; 0: no deadline any
// more. Go: Conn.SetDeadline.
int goat_set_deadline(int fd, int64_t when);
// Closes it, and wakes those who are parked on it. Go: Conn.Close.
int goat_close(int fd);
// Waits until fd is ready for one of EVENTS, POLLIN and POLLOUT; gives those that it is ready for.
// A deadline as of goat_set_deadline, for this call.
int goat_poll(int fd, int events, int64_t deadline);
// The local port of a listener or connection. Go: Listener.Addr.
int goat_port(int fd);

#ifndef GOAT_NO_KEYWORDS
#define new(T, ...) GOAT_NEW_("new(" #T ")", T __VA_OPT__(, ) __VA_ARGS__)

typedef goat_string string;
#define str(...) GOAT_STR_(__VA_ARGS__)
#define STR(s) GOAT_STRING_ARGS(s)
#define string_eq(...) goat_string_eq(__VA_ARGS__)
#define string_cmp(...) goat_string_cmp(__VA_ARGS__)
#define string_cat(...) goat_string_cat_("string_cat(" #__VA_ARGS__ ")", __VA_ARGS__)
#define string_clone(...) goat_string_clone(__VA_ARGS__)
#define string_cstr(...) goat_string_cstr(__VA_ARGS__)
#define string_printf(...) goat_string_printf(__VA_ARGS__)
#define substr(...) goat_substr(__VA_ARGS__)

#define slice(T) goat_slice(T)
#define make(T, ...)                                                                               \
	GOAT_MAKE_("make(" #T __VA_OPT__(", " #__VA_ARGS__) ")", T __VA_OPT__(, ) __VA_ARGS__)
#define len(...) goat_len(__VA_ARGS__)
#define cap(...) goat_cap(__VA_ARGS__)
#define at(xs, i) goat_at(xs, i)
#define subslice(xs, ...) goat_subslice(xs, __VA_ARGS__)
#define append(xs, ...) goat_append(xs, __VA_ARGS__)
#define append_slice(xs, ...) goat_append_slice(xs, __VA_ARGS__)
#define copy(to, ...) goat_copy(to, __VA_ARGS__)
#define slice_range(xs, i, v)                                                                      \
	GOAT_SLICE_RANGE_("slice_range (" #xs ", " #i ", " #v ")", xs, i, v)

#define map(K, V)                                                                                  \
	__typeof__(__typeof__(V) *(*__attribute__((__goat_map__)))(                                \
		struct goat_hmap *, __typeof__(K), const __typeof__(K) *, __typeof__(V) *))
#define map_get(m, ...) goat_map_get(m, __VA_ARGS__)
#define map_set(m, k, ...) goat_map_set(m, k, __VA_ARGS__)
#define map_lookup(m, k, p) goat_map_lookup(m, k, p)
#define map_ptr(m, ...) goat_map_ptr(m, __VA_ARGS__)
#define map_delete(m, ...) goat_map_delete(m, __VA_ARGS__)
#define map_clear(...) goat_map_clear(__VA_ARGS__)
#define map_shrink(...) goat_map_shrink(__VA_ARGS__)
#define map_range(m, k, v) GOAT_MAP_RANGE_("map_range (" #m ", " #k ", " #v ")", m, k, v)

#define chan(T) goat_chan(T)
#define chan_send(c, ...) goat_chan_send(c, __VA_ARGS__)
#define chan_recv(...) goat_chan_recv(__VA_ARGS__)
#define chan_recv_ok(c, p) goat_chan_recv_ok(c, p)
#define chan_close(...) goat_chan_close(__VA_ARGS__)
#define chan_range(c, v) goat_chan_range(c, v)
#define chan_select goat_chan_select
#define case_recv(...) goat_case_recv(__VA_ARGS__)
#define case_recv_ok(c, v, ok) goat_case_recv_ok(c, v, ok)
#define case_send(c, ...) goat_case_send(c, __VA_ARGS__)

typedef goat_any any;
#define interface(I) goat_interface(I)
#define embed(I) goat_embed(I)
#define method goat_method
#define method_named(M) __attribute__((__goat_method__(#M)))
#define as(I, ...) GOAT_AS_(#I, #__VA_ARGS__, I, __VA_ARGS__)
#define call(i, M, ...) ((i).tab->M((i).data __VA_OPT__(, ) __VA_ARGS__))
#define type_assert(i, ...) GOAT_ASSERT_(#i, #__VA_ARGS__, i, __VA_ARGS__)
#define type_assert_ok(i, T, p) goat_assert_ok_(#i, #T, (__typeof__(T) *)0, i, p)
#define type_switch goat_type_switch
#define case_type(T, v) goat_case_type(T, v)
#define case_nil goat_case_nil
#define case_default goat_case_default
#define is_nil(...) goat_is_nil_("", __VA_ARGS__)
#define iface_eq(a, b) goat_iface_eq_("", a, b)
#define type_name(...) goat_type_name_("", __VA_ARGS__)

#define go goat_go
#define defer goat_defer
#define block_defer goat_block_defer
#define result(T, r) goat_result(T, r)
#define panic(...)                                                                                 \
	goat_gopanic(*(goat_any *)goat_as_("panic", #__VA_ARGS__, (goat_any *)0,                   \
					   (__typeof__(__VA_ARGS__) *)0, __VA_ARGS__))
#define recover() goat_recover()
#endif

#endif
