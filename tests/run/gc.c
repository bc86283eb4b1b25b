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
make(int n)
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
		struct node *p = make(i);

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
	struct node *p = make(1), *a[3] = { make(2), make(3), make(4) };

	churn();
	return good(p, 1) && good(a[0], 2) && good(a[2], 4);
}

static int
interior(void)
{
	int *p = &make(5)->n;
	char *end = make(6)->text + 99;

	churn();
	return *p == 5 && good((struct node *)(end - 99 - offsetof(struct node, text)), 6);
}

static int
in_frame_object(void)
{
	struct node *holder = new(struct node, .next = make(7));

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
	in_data = make(9);
	in_bss = make(10);
	in_thread = make(11);
	in_thread_too = make(12);
	churn();
	return good(in_data, 9) && good(in_bss, 10) && good(in_thread, 11) &&
	       good(in_thread_too, 12);
}

static int
in_moved_pointer(void)
{
	struct node *p = make(13), **pp = &p;
	static struct node ***kept;

	kept = new(struct node **, pp);
	p = NULL;
	*pp = make(14);
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

	kept = new(struct holder, make(15));
	churn();
	return good(kept->p, 15) && (uintptr_t)kept % 128 == 0;
}

static int
in_vla(int n)
{
	struct node *a[n];
	static struct node **kept;

	for (int i = 0; i < n; i++)
		a[i] = make(i);
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

	u.p = make(16);
	churn();
	return good(u.p, 16);
}

static void *
thread(void *arg)
{
	struct node *p = arg, *own = make(17);
	int ok;

	in_thread = make(18);
	churn();
	ok = good(p, 19) && good(own, 17) && good(in_thread, 18);
	return ok ? make(20) : NULL;
}

static int
c11_thread(void *arg)
{
	struct node *own = make(21);

	in_thread_too = make(22);
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
		pthread_create(&t[i], NULL, thread, make(19));
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &result);
		churn();
		ok += result != NULL && good(result, 20);
	}
	thrd_create(&c11, c11_thread, make(19));
	thrd_join(c11, &status);
	return ok == 4 && status == 5;
}

// A thread that <goat.h> knows nothing of.
int plain_create(thrd_t *, thrd_start_t, void *) __asm__("thrd_create");

static int
foreign_thread(void *arg)
{
	struct node *own = make(25);

	in_thread = make(26);
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

static int
in_key(void)
{
	pthread_key_create(&key, NULL);
	pthread_setspecific(key, make(23));
	churn();
	return good(pthread_getspecific(key), 23);
}

static int
after_fork(void)
{
	struct node *p = make(24);
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
	TRY(in_argument(make(8)));
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
