// run
// env GOATDEBUG=gcstress=1
// timeout 120
// SPDX-License-Identifier: GPL-3.0-or-later
//
// gc_stress.c: collections at every few switches and allocations, while the only pointers to objects
// lie where only goroutines have them. What is collected too early is overwritten by the next object
// of its size, and its owner sees that.
#include <goat.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 60, TAG = 0x5ca1ab1e };

typedef struct object {
	long tag, n;
	struct object *self;
	long filler[2];
} object;

typedef chan(object *) objects;

static object *
make_one(long n)
{
	object *o = new(object, .tag = TAG, .n = n);

	o->self = o;
	return o;
}

// Objects of the same size, soon garbage.
static void
litter(void)
{
	for (int i = 0; i < 8; i++) {
		object *volatile o = new(object);

		memset((void *)o, 0xa5, sizeof(object));
	}
}

static long
check(const object *o, long n)
{
	if (o->tag != TAG || o->self != o || o->n != n) {
		printf("object %ld was collected\n", n);
		exit(1);
	}
	return n;
}

// ---- in a frame that is parked ----

static void
in_frame(objects wait, chan(long) out, long n)
{
	object *o[3] = { make_one(n), make_one(n + 1), make_one(n + 2) };

	chan_recv(wait);
	chan_send(out, check(o[0], n) + check(o[1], n + 1) + check(o[2], n + 2));
}

static long
frames(void)
{
	objects wait = make(objects);
	chan(long) out = make(chan(long));
	long sum = 0;

	for (int i = 0; i < ROUNDS; i++)
		go in_frame(wait, out, 10 * i);
	goat_yield();
	litter();
	chan_close(wait);
	for (int i = 0; i < ROUNDS; i++)
		sum += chan_recv(out);
	return sum;
}

// ---- in registers that a call preserves, across switches ----

static void
in_registers(chan(long) out, long n)
{
	object *a = make_one(n), *b = make_one(n + 1), *c = make_one(n + 2), *d = make_one(n + 3);

	for (int i = 0; i < 5; i++) {
		// Nobody but these registers has them.
		__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
		goat_yield();
		__asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
		litter();
	}
	chan_send(out, check(a, n) + check(b, n + 1) + check(c, n + 2) + check(d, n + 3));
}

static long
registers(void)
{
	chan(long) out = make(chan(long));
	long sum = 0;

	for (int i = 0; i < 10; i++)
		go in_registers(out, 10 * i);
	for (int i = 0; i < 10; i++)
		sum += chan_recv(out);
	return sum;
}

// ---- in what is being sent ----

static void
sender(objects c, long n)
{
	chan_send(c, make_one(n));
}

static long
being_sent(size_t room)
{
	objects c = make(objects, room);
	long sum = 0;

	for (int i = 0; i < ROUNDS; i++)
		go sender(c, i);
	goat_yield();
	litter();
	for (int i = 0; i < ROUNDS; i++) {
		object *o = chan_recv(c);

		litter();
		sum += check(o, o->n);
	}
	return sum;
}

// ---- in the cases of a select ----

static void
selecter(objects a, objects b, objects never, long n)
{
	chan_select {
	case_send (a, make_one(n)) {
	}
	case_send (b, make_one(n)) {
	}
	case_recv (never, o) {
		check(o, -1);
	}
	}
}

static long
selects(void)
{
	objects a = make(objects), b = make(objects), never = make(objects);
	long sum = 0;

	for (int i = 0; i < ROUNDS; i++)
		go selecter(a, b, never, i);
	goat_yield();
	litter();
	for (int i = 0; i < ROUNDS; i++) {
		object *o = chan_recv(i % 2 ? a : b);

		litter();
		sum += check(o, o->n);
	}
	return sum;
}

// ---- in the arguments of a go statement, and in what a block captures ----

static void
argument(object *o, long n, chan(long) out)
{
	litter();
	chan_send(out, check(o, n));
}

static long
arguments(void)
{
	chan(long) out = make(chan(long));
	long sum = 0;

	for (long i = 0; i < ROUNDS; i++) {
		if (i % 2 == 0) {
			go argument(make_one(i), i, out);
		} else {
			object *o = make_one(i);
			long n = i;

			go {
				litter();
				chan_send(out, check(o, n));
			};
		}
	}
	litter();
	for (int i = 0; i < ROUNDS; i++)
		sum += chan_recv(out);
	return sum;
}

// ---- channels that only a timer has, or only who waits ----

static long
timers(void)
{
	int64_t begin = goat_now();
	long late = 0;

	for (int i = 0; i < 10; i++) {
		chan(int64_t) c = goat_after(1000 * i);

		goat_after(3600000000000);
		litter();
		late += chan_recv(c) >= begin;
	}
	return late;
}

// ---- a chain of goroutines, each with the only pointer to the channel of the next ----

static void
link_of(objects from, long depth)
{
	if (depth > 0) {
		objects next = make(objects);

		go link_of(next, depth - 1);
		object *o = chan_recv(from);

		litter();
		chan_send(next, make_one(check(o, o->n) + 1));
	} else {
		object *o = chan_recv(from);

		printf("chain %ld\n", check(o, o->n));
	}
}

static long
chain(void)
{
	objects first = make(objects);
	goat_waitgroup wg = { 0 };

	goat_waitgroup_add(&wg, 1);
	go link_of(first, ROUNDS);
	chan_send(first, make_one(0));
	goat_waitgroup_done(&wg);
	goat_waitgroup_wait(&wg);
	while (goat_numgoroutine() > 1)
		goat_yield();
	return 0;
}

int
main(void)
{
	printf("frames %ld\n", frames());
	printf("registers %ld\n", registers());
	printf("being sent %ld\n", being_sent(0));
	printf("in a buffer %ld\n", being_sent(ROUNDS / 2));
	printf("selects %ld\n", selects());
	printf("arguments %ld\n", arguments());
	printf("timers %ld\n", timers());
	chain();
	return 0;
}
