// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// go statements in all places of a function, and what may stand in their blocks.
#include <goat.h>
#include <setjmp.h>
static jmp_buf env;
static void alone(chan(int) c, int n) {
	int *p = new(int, 4);
	if (setjmp(env)) return;
	go { int *q = new(int, n + *p); chan_send(c, *q); }
	printf("%d\n", chan_recv(c));
	longjmp(env, 1);
}
static void labels(chan(int) c, int n) {
	go {
		__label__ here, there;
		void *t[] = { &&here, &&there };
		goto *t[n & 1];
	here: chan_send(c, 100); return;
	there: chan_send(c, 200);
	}
	printf("%d\n", chan_recv(c));
	go { asm goto ("" : : : : out); chan_send(c, 1); return; out: chan_send(c, 2); }
	printf("%d\n", chan_recv(c));
}
static void bd(chan(int) c) {
	for (int i = 0; i < 2; i++) {
		int k = i;
		block_defer { go { chan_send(c, k); } }
		k += 10;
	}
	int a = chan_recv(c), b = chan_recv(c);
	printf("%d\n", a + b);
}
static void deferred_go(chan(int) c) {
	int x = 1;
	defer { go { x++; chan_send(c, x); } }
	x = 5;
}
static int fib(int n) {
	if (n < 2) return n;
	chan(int) c = make(chan(int));
	go { chan_send(c, fib(n - 1)); }
	go { chan_send(c, fib(n - 2)); }
	int a = chan_recv(c);
	return a + chan_recv(c);
}
static any recovered(void) {
	chan(any) c = make(chan(any), 1);
	go {
		defer { chan_send(c, recover()); }
		result_: panic("inner");
		goto result_;
	}
	return chan_recv(c);
}
struct node { struct node *next; int v; };
static struct node *list(int n) {
	chan(struct node *) c = make(chan(struct node *), 1);
	struct node *head = NULL;
	for (int i = 0; i < n; i++) {
		go { struct node here = { NULL, i }; chan_send(c, &here); }
		struct node *p = chan_recv(c);
		p->next = head; head = p;
	}
	return head;
}
static int switch_in(int n, chan(int) c) {
	switch (n) {
	case 1: go { chan_send(c, 11); } break;
	default: go chan_send(c, 12);
	}
	return chan_recv(c);
}
typedef int (*fn)(int);
static int twice(int n) { return 2 * n; }
int main(void) {
	chan(int) c = make(chan(int));
	alone(c, 3); labels(c, 4); labels(c, 5); bd(c); deferred_go(c);
	printf("%d\n", chan_recv(c));
	printf("fib %d\n", fib(10));
	any v = recovered();
	printf("%s\n", type_name(v));
	int s = 0;
	for (struct node *p = list(5); p; p = p->next) s = s * 10 + p->v;
	printf("%d\n", s);
	printf("%d %d\n", switch_in(1, c), switch_in(2, c));
	fn f = twice;
	go { chan_send(c, f(4)); }
	printf("%d\n", chan_recv(c));
	return 0;
}
