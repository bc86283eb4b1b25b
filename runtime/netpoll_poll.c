// SPDX-License-Identifier: BSD-3-Clause
//
// netpoll_poll.c: the poller over poll(2), chosen by GOATDEBUG=poller=poll.
//
// The kernel keeps nothing: what is waited for is an array, which is handed over each time. Who is armed
// while somebody sleeps there wakes him up to begin again. A direction is taken out when its event comes.
//
// Go:    as runtime/netpoll_aix.go.
// Layer: wait.

#include "netpoll.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { LIMIT = 1 << 20, FEW = 64 };

static struct goat_lock lock;           // of all here
static struct pollfd *fds;              // dense; [0] is what breaks
static uint32_t *place;                 // in fds, by number; 0: not there
static nfds_t n;
static uint32_t sleeping;

static void *
reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int
init(int breakfd)
{
	fds = reserve((LIMIT + 1) * sizeof *fds);
	place = reserve(LIMIT * sizeof *place);
	if (fds == NULL || place == NULL)
		return ENOMEM;
	fds[0] = (struct pollfd){ .fd = breakfd, .events = POLLIN };
	n = 1;
	return 0;
}

static int
arm(int fd, unsigned directions, bool known)
{
	bool sleeps;

	(void)known;
	if (fd >= LIMIT)
		return EMFILE;
	goat_lock(&lock);
	if (place[fd] == 0) {
		place[fd] = (uint32_t)n++;
		fds[place[fd]] = (struct pollfd){ .fd = fd };
	}
	fds[place[fd]].events |= (directions & GOAT_POLLR ? POLLIN : 0) |
				 (directions & GOAT_POLLW ? POLLOUT : 0);
	sleeps = sleeping != 0;
	goat_unlock(&lock);
	if (sleeps)
		goat_netpollbreak();
	return 0;
}

static void
take_out(uint32_t at)
{
	place[fds[at].fd] = 0;
	if (at != --n) {
		fds[at] = fds[n];
		place[fds[at].fd] = at;
	}
}

static void
forget(int fd)
{
	goat_lock(&lock);
	if (fd < LIMIT && place[fd] != 0)
		take_out(place[fd]);
	goat_unlock(&lock);
}

// With the lock. P, which is ready: gives the directions, which are not armed any more.
static unsigned
disarm(const struct pollfd *p)
{
	uint32_t at = place[p->fd];
	short was, now = p->revents;

	if (at == 0)
		return 0;
	if (now & (POLLERR | POLLHUP | POLLNVAL))
		now |= POLLIN | POLLOUT;
	was = fds[at].events & now;
	fds[at].events &= (short)~now;
	if (fds[at].events == 0)
		take_out(at);
	return (was & POLLIN ? GOAT_POLLR : 0) | (was & POLLOUT ? GOAT_POLLW : 0);
}

static int
collect(const struct pollfd *copy, nfds_t count, struct goat_pollevent *events)
{
	int got = 0;

	if (copy[0].revents != 0)
		events[got++] = (struct goat_pollevent){ .fd = -1 };
	goat_lock(&lock);
	for (nfds_t i = 1; i < count && got < GOAT_POLLBATCH; i++)
		if (copy[i].revents != 0) {
			unsigned ready = disarm(&copy[i]);

			if (ready != 0)
				events[got++] = (struct goat_pollevent){ copy[i].fd, ready };
		}
	goat_unlock(&lock);
	return got;
}

static int
wait(struct goat_pollevent *events, int64_t delay)
{
	struct timespec t = { delay / 1000000000, delay % 1000000000 };
	struct pollfd few[FEW], *copy = few;
	nfds_t count, room = FEW;
	int got = 0;

	goat_lock(&lock);
	while (n > room) {
		room = n + n / 4;
		goat_unlock(&lock);
		if (copy != few)
			free(copy);
		if ((copy = malloc(room * sizeof *copy)) == NULL)
			goat_fatal("runtime: out of memory");
		goat_lock(&lock);
	}
	count = n;
	memcpy(copy, fds, count * sizeof *copy);
	sleeping++;
	goat_unlock(&lock);
	if (ppoll(copy, count, delay < 0 ? NULL : &t, NULL) > 0)
		got = collect(copy, count, events);
	goat_lock(&lock);
	sleeping--;
	goat_unlock(&lock);
	if (copy != few)
		free(copy);
	return got;
}

const struct goat_poller goat_pollpoller = { "poll", 0, true, init, arm, forget, wait };
