// run
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A goroutine that goes on in another thread finds that thread's errno and thread-local variables.
#include <goat.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static _Thread_local struct { long id; int array[4]; } here;
static _Thread_local char *text;
_Thread_local int counter;

static long self(void)
{
	return (long)pthread_self();
}

// Leaves the thread, as often as not for another one.
static int leave(int v)
{
	for (int i = 0; i < 3; i++)
		goat_yield();
	return v;
}

static bool wanders(int n)
{
	long first = self();
	bool good = true, moved = false;

	for (int i = 0; i < n; i++) {
		here.id = self();
		here.array[leave(1)] = leave(7);
		here.id = self();               // what leave() may have left behind is another's
		good &= here.id == self();
		counter = leave(i);
		goat_sleep(1000);
		here.id = self();
		leave(0);
		moved |= self() != first;
		here.id = (long)leave(5) + self();
		good &= here.id == self() + 5;
		text = "a";
		good &= *text == 'a';
		errno = 0;
		close(-1);
		good &= errno == EBADF;
		leave(0);
		open("/no/such/file", O_RDONLY);
		good &= errno == ENOENT;
		errno = leave(ERANGE);
		good &= errno == ERANGE;
	}
	if (moved)
		counter += 0;
	return good;
}

static int last(int n)
{
	static _Thread_local int k;
	int *p = &k;

	*p = n;
	return k++ + k;
}

int main(void)
{
	chan(bool) done = make(chan(bool));
	int good = 0;

	goat_maxprocs(4);
	for (int i = 0; i < 8; i++)
		go {
			chan_send(done, wanders(200));
		}
	for (int i = 0; i < 8; i++)
		good += chan_recv(done);
	printf("good %d, %d\n", good, last(4) > 0);
	return 0;
}
