// SPDX-License-Identifier: BSD-3-Clause
//
// netpoll_select.c: the poller over select(2), chosen by GOATDEBUG=poller=select.
//
// As poll(2), with sets of bits in the place of the array, which end at FD_SETSIZE.
//
// Go:    has none.
// Layer: wait.

#include "netpoll.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/select.h>
#include <time.h>

static struct goat_lock lock;           // of all here
static fd_set wanted[2];                // to read, to write
static int breakfd, top;                // no descriptor is larger
static uint32_t sleeping;

static int
init(int fd)
{
	if (fd >= FD_SETSIZE)
		return EMFILE;
	breakfd = top = fd;
	return 0;
}

static int
arm(int fd, unsigned directions, bool known)
{
	bool sleeps;

	(void)known;
	goat_lock(&lock);
	if (fd > top)
		top = fd;
	if (directions & GOAT_POLLR)
		FD_SET(fd, &wanted[0]);
	if (directions & GOAT_POLLW)
		FD_SET(fd, &wanted[1]);
	sleeps = sleeping != 0;
	goat_unlock(&lock);
	if (sleeps)
		goat_netpollbreak();
	return 0;
}

static void
forget(int fd)
{
	goat_lock(&lock);
	if (fd < FD_SETSIZE) {
		FD_CLR(fd, &wanted[0]);
		FD_CLR(fd, &wanted[1]);
	}
	goat_unlock(&lock);
}

// With the lock: what is in SET and is armed still, is not any more.
static unsigned
disarm(int fd, const fd_set *set, int i)
{
	if (!FD_ISSET(fd, set) || !FD_ISSET(fd, &wanted[i]))
		return 0;
	FD_CLR(fd, &wanted[i]);
	return 1u << i;
}

// BAD: those that are not open are what is ready.
static int
collect(fd_set set[2], int limit, bool bad, struct goat_pollevent *events)
{
	int got = 0;

	if (!bad && FD_ISSET(breakfd, &set[0]))
		events[got++] = (struct goat_pollevent){ .fd = -1 };
	goat_lock(&lock);
	for (int fd = 0; fd < limit && got < GOAT_POLLBATCH; fd++) {
		unsigned ready = 0;

		if (!bad || fcntl(fd, F_GETFD) < 0)
			ready = disarm(fd, &set[0], 0) | disarm(fd, &set[1], 1);
		if (ready != 0)
			events[got++] = (struct goat_pollevent){ fd, ready };
	}
	goat_unlock(&lock);
	return got;
}

static int
wait(struct goat_pollevent *events, int64_t delay)
{
	struct timespec t = { delay / 1000000000, delay % 1000000000 };
	fd_set set[2];
	int limit, r, got = 0;

	goat_lock(&lock);
	set[0] = wanted[0];
	set[1] = wanted[1];
	limit = top + 1;
	sleeping++;
	goat_unlock(&lock);
	FD_SET(breakfd, &set[0]);
	r = pselect(limit, &set[0], &set[1], NULL, delay < 0 ? NULL : &t, NULL);
	if (r > 0 || (r < 0 && errno == EBADF))
		got = collect(set, limit, r < 0, events);
	goat_lock(&lock);
	sleeping--;
	goat_unlock(&lock);
	return got;
}

const struct goat_poller goat_selectpoller = { "select", FD_SETSIZE, true, init, arm, forget, wait };
