// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What can still be reached survives collections, wherever the only pointer to it is.
#include <goat.h>
#include <pthread.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>
#include <sys/wait.h>

enum { N = 1000, MAGIC = 0x600d };

struct node {
	struct node *next;
	int magic, n;
	char text[100];
};

static struct node *in_data;
struct node *in_bss;
static _Thread_local struct node *in_thread;
_Thread_local struct node *in_thread_too = (void *)1;

__attribute__((noipa)) static struct node *
made(int n)
{
	struct node x = { NULL, MAGIC, n, "" };

	return &x;
}

// Collects, and takes what was free.
__attribute__((noipa)) static void
churn(void)
{
	static void *volatile junk;

	goat_gc();
	for (int i = 0; i < 2000; i++)
		memset(junk = new(struct node), 0xee, sizeof(struct node));
	junk = NULL;
	goat_gc();
}

static int
good(const struct node *p, int n)
{
	return p->magic == MAGIC && p->n == n;
}

static int
in_list(void)
{
	struct node *list = NULL;
	int count = 0;

	for (int i = 0; i < N; i++) {
		struct node *p = made(i);

		p->next = list;
		list = p;
	}
	churn();
	for (struct node *p = list; p != NULL; p = p->next)
		count += good(p, N - 1 - count);
	return count == N;
}

static int
in_local(void)
{
	struct node *p = made(1), *a[3] = { made(2), made(3), made(4) };

	churn();
	return good(p, 1) && good(a[0], 2) && good(a[2], 4);
}

static int
interior(void)
{
	int *p = &made(5)->n;
	char *end = made(6)->text + 99;

	churn();
	return *p == 5 && good((struct node *)(end - 99 - offsetof(struct node, text)), 6);
}

static int
in_frame_object(void)
{
	struct node *holder = new(struct node, .next = made(7));

	churn();
	return good(holder->next, 7);
}

static int
in_argument(struct node *p)
{
	churn();
	return good(p, 8);
}

static int
in_globals(void)
{
	in_data = made(9);
	in_bss = made(10);
	in_thread = made(11);
	in_thread_too = made(12);
	churn();
	return good(in_data, 9) && good(in_bss, 10) && good(in_thread, 11) &&
	       good(in_thread_too, 12);
}

static int
in_moved_pointer(void)
{
	struct node *p = made(13), **pp = &p;
	static struct node ***kept;

	kept = new(struct node **, pp);
	p = NULL;
	*pp = made(14);
	pp = NULL;
	churn();
	return good(**kept, 14);
}

static int
in_aligned(void)
{
	struct holder {
		struct node *p __attribute__((aligned(128)));
	};
	static struct holder *kept;

	kept = new(struct holder, made(15));
	churn();
	return good(kept->p, 15) && (uintptr_t)kept % 128 == 0;
}

static int
in_vla(int n)
{
	struct node *a[n];
	static struct node **kept;

	for (int i = 0; i < n; i++)
		a[i] = made(i);
	kept = a;
	churn();
	return good(kept[0], 0) && good(kept[n - 1], n - 1);
}

static int
in_union(void)
{
	static union {
		uintptr_t word;
		struct node *p;
	} u;

	u.p = made(16);
	churn();
	return good(u.p, 16);
}

static void *
thread(void *arg)
{
	struct node *p = arg, *own = made(17);
	int ok;

	in_thread = made(18);
	churn();
	ok = good(p, 19) && good(own, 17) && good(in_thread, 18);
	return ok ? made(20) : NULL;
}

static int
c11_thread(void *arg)
{
	struct node *own = made(21);

	in_thread_too = made(22);
	churn();
	return good(arg, 19) && good(own, 21) && good(in_thread_too, 22) ? 5 : 0;
}

static int
in_threads(void)
{
	pthread_t t[4];
	thrd_t c11;
	void *result;
	int ok = 0, status = 0;

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, thread, made(19));
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &result);
		churn();
		ok += result != NULL && good(result, 20);
	}
	thrd_create(&c11, c11_thread, made(19));
	thrd_join(c11, &status);
	return ok == 4 && status == 5;
}

// A thread that <goat.h> knows nothing of.
int plain_create(thrd_t *, thrd_start_t, void *) __asm__("thrd_create");

static int
foreign_thread(void *arg)
{
	struct node *own = made(25);

	in_thread = made(26);
	churn();
	return arg == NULL && good(own, 25) && good(in_thread, 26) ? 6 : 0;
}

static int
in_foreign_threads(void)
{
	thrd_t t[3];
	int ok = 0, status = 0;

	for (int i = 0; i < 3; i++)
		plain_create(&t[i], foreign_thread, NULL);
	churn();
	for (int i = 0; i < 3; i++) {
		thrd_join(t[i], &status);
		ok += status == 6;
	}
	return ok == 3;
}

static pthread_key_t key;

// A thread of its own, as a goroutine may find itself in another one than where it set the key.
static void *
with_key(void *arg)
{
	pthread_setspecific(key, made(23));
	churn();
	return good(pthread_getspecific(key), 23) ? arg : NULL;
}

static int
in_key(void)
{
	pthread_t t;
	void *result = NULL;

	pthread_key_create(&key, NULL);
	pthread_create(&t, NULL, with_key, &key);
	pthread_join(t, &result);
	return result == &key;
}

static int
after_fork(void)
{
	struct node *p = made(24);
	int status = 0;

	fflush(NULL);
	if (fork() == 0) {
		churn();
		_exit(good(p, 24) ? 3 : 4);
	}
	wait(&status);
	churn();
	return WEXITSTATUS(status) == 3 && good(p, 24);
}

int
main(void)
{
#define TRY(what) printf("%s %s\n", #what, what ? "ok" : "LOST")
	TRY(in_list());
	TRY(in_local());
	TRY(interior());
	TRY(in_frame_object());
	TRY(in_argument(made(8)));
	TRY(in_globals());
	TRY(in_moved_pointer());
	TRY(in_aligned());
	TRY(in_vla(5));
	TRY(in_union());
	TRY(in_threads());
	TRY(in_foreign_threads());
	TRY(in_key());
	TRY(after_fork());
	return 0;
}
