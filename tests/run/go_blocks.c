// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a go block captures, how it ends, and where it may stand.
#include <goat.h>
#include <stdio.h>
#include <string.h>

static chan(int) done;

struct big {
	int v[64];
};

// ---- captures

static void by_value(int n, const char *text)
{
	struct { int a, b; } pair = { n, n + 1 };
	double d = n / 2.0;

	go {
		printf("%d %s %d %d %.1f\n", n, text, pair.a, pair.b, d);
		chan_send(done, 0);
	}
	chan_recv(done);
}

static void by_reference(void)
{
	int n = 1, array[3] = { 1, 2, 3 };
	struct big b = { { 0 } };
	int *p = &n;

	b.v[63] = 9;
	go {
		n++;
		array[1] = 20;
		b.v[0] = b.v[63];
		chan_send(done, 0);
	}
	chan_recv(done);
	printf("%d %d %d %d\n", *p, array[1], b.v[0], b.v[63]);
}

static void parameters(int a, int b)
{
	go {
		a += b;
		chan_send(done, 0);
	}
	chan_recv(done);
	printf("a %d b %d\n", a, b);
}

static int named(void)
{
	result(int, r);

	go {
		r = 7;
		chan_send(done, 0);
	}
	chan_recv(done);
	return r + 1;
}

// ---- nested

static void nested(void)
{
	int x = 1, y = 2, z = 3;
	chan(int) inner = make(chan(int));

	go {
		int w = 4;

		go {
			x += y;
			w += z;
			go {
				x += w;
				chan_send(inner, 1);
			}
		}
		chan_recv(inner);
		chan_send(done, w);
	}
	int w = chan_recv(done);
	printf("x %d w %d\n", x, w);
}

// ---- loops: what is declared in one is new in each round

static void loops(void)
{
	chan(int) out = make(chan(int), 10);
	int sum = 0;

	for (int i = 0; i < 5; i++) {
		int mine = i * 10, twice = i;

		twice *= 2;
		go {
			mine += twice;
			chan_send(out, mine);
		}
	}
	for (int i = 0; i < 5; i++)
		sum += chan_recv(out);
	printf("sum %d\n", sum);
}

// ---- control flow inside

static int control(int n)
{
	if (n > 0)
		go {
			int sum = 0;

			for (int i = 0;; i++) {
				if (i == 3)
					continue;
				if (i > n)
					break;
				switch (i) {
				case 1:
					sum += 100;
					break;
				default:
					sum += i;
				}
			}
			if (n == 4) {
				chan_send(done, -sum);
				return;
			}
			goto end;
			sum = 0;
		end:
			chan_send(done, sum);
		}
	else
		go { chan_send(done, 0); }
	return chan_recv(done);
}

// ---- defers and panics are the goroutine's

static void ends(void)
{
	go {
		defer chan_send(done, 3);
		defer {
			any v = recover();

			printf("recovered %s\n", is_nil(v) ? "nothing" : "a panic");
		}
		int *volatile nil = NULL;

		*nil = 1;
	}
	printf("%d\n", chan_recv(done));
	go {
		block_defer chan_send(done, 4);
		goat_goexit();
	}
	printf("%d\n", chan_recv(done));
}

// ---- in a deferred block, and a deferred block in it

static void in_defer(int n)
{
	for (int i = 0; i < 2; i++) {
		int k = i + n;

		defer {
			go {
				chan_send(done, k);
			}
			printf("deferred %d\n", chan_recv(done));
		}
	}
}

// ---- calls

typedef void (*function)(int, const char *);

static void say(int n, const char *text)
{
	printf("say %d %s\n", n, text);
	chan_send(done, 0);
}

static void large(struct big b)
{
	printf("large %d\n", b.v[5]);
	chan_send(done, 0);
}

interface(Speaker) { int (*Speak)(void *self, int n); };
typedef struct dog { int age; } dog;

method int dog_Speak(dog *d, int n)
{
	printf("dog %d %d\n", d->age, n);
	chan_send(done, 0);
	return 5;
}

static void calls(void)
{
	function f = say;
	struct big b = { { 0, 1, 2, 3, 4, 55 } };
	dog rex = { 7 };
	Speaker s = as(Speaker, &rex);
	map(int, int) m = make(map(int, int));

	go say(1, "direct");
	chan_recv(done);
	go f(2, "pointer");
	f = NULL;
	chan_recv(done);
	go large(b);
	b.v[5] = 0;
	chan_recv(done);
	go call(s, Speak, 3);
	chan_recv(done);
	go chan_send(done, 1);
	printf("sent %d\n", chan_recv(done));
	map_set(m, 4, 5);
	go map_delete(m, 4);
	while (len(m) > 0)
		goat_yield();
	chan(int) shut = make(chan(int));
	go chan_close(shut);
	chan_range (shut, v)
		printf("%d?\n", v);
	go chan_recv(done);
	chan_send(done, 3);
	go (void)say(4, "cast");
	chan_recv(done);
}

// ---- a block that keeps its function's variables when that is gone

static chan(int) counter(int start)
{
	chan(int) c = make(chan(int));

	go {
		for (int n = start;; n++)
			chan_send(c, n);
	}
	return c;
}

static int vla_in_block(int n)
{
	go {
		int a[n];

		for (int i = 0; i < n; i++)
			a[i] = i;
		chan_send(done, a[n - 1] + (int)sizeof a);
	}
	return chan_recv(done);
}

static int nested_function(int n)
{
	go {
		int add(int k) { return n + k; }

		chan_send(done, add(5));
	}
	return chan_recv(done);
}

static int statement_expression(int n)
{
	return ({
		int k = n + 1;
		go {
			static int kept = 100;

			k += kept++;
			chan_send(done, k);
		}
		chan_recv(done);
	});
}

int main(void)
{
	done = make(chan(int));
	by_value(3, "three");
	by_reference();
	parameters(1, 2);
	printf("named %d\n", named());
	nested();
	loops();
	printf("control %d %d %d\n", control(5), control(4), control(0));
	ends();
	in_defer(10);
	calls();
	chan(int) a = counter(5);
	printf("%d", chan_recv(a));
	printf(" %d\n", chan_recv(a));
	printf("%d\n", vla_in_block(5));
	printf("%d\n", nested_function(6));
	printf("%d\n", statement_expression(1));
	return 0;
}
