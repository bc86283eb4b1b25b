// SPDX-License-Identifier: BSD-3-Clause
//
// netpoll_epoll.c: the poller over epoll(7).
//
// Each descriptor is added once, edge-triggered: the kernel tells of it when something comes, not as long
// as something is there. To modify it asks the kernel to look again, and fails where the descriptor
// is another file than the one that was added.
//
// Go:    as runtime/netpoll_epoll.go; writing is watched for only once somebody has had to wait for it.
// Layer: wait.

#include "netpoll.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

void __tsan_acquire(void *) __attribute__((weak));

static int epfd;
static bool coarse;                     // there is no epoll_pwait2

static int
init(int breakfd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = UINT64_MAX };

	if ((epfd = epoll_create1(EPOLL_CLOEXEC)) < 0)
		return errno;
	return epoll_ctl(epfd, EPOLL_CTL_ADD, breakfd, &e) == 0 ? 0 : errno;
}

static int
arm(int fd, unsigned directions, bool known)
{
	struct epoll_event e = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET |
			  (directions & GOAT_POLLW ? EPOLLOUT : 0),
		.data.u64 = (uint32_t)fd,
	};

	// More than one turn only if somebody closes and opens it meanwhile.
	for (bool modify = known;; modify = !modify) {
		if (epoll_ctl(epfd, modify ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) == 0)
			return known && !modify ? -1 : 0;
		if (errno != (modify ? ENOENT : EEXIST))
			return errno;
	}
}

static int
wait(struct goat_pollevent *events, int64_t delay)
{
	struct epoll_event e[GOAT_POLLBATCH];
	struct timespec t = { delay / 1000000000, delay % 1000000000 };
	bool intercepted = __builtin_expect(__tsan_acquire != NULL, 0);
	bool fine = delay > 0 && !intercepted && !__atomic_load_n(&coarse, __ATOMIC_RELAXED);
	int n = -1;

	if (fine) {
		n = (int)syscall(SYS_epoll_pwait2, epfd, e, GOAT_POLLBATCH, &t, NULL, 0);
		fine = n >= 0 || errno != ENOSYS;
		if (!fine)
			__atomic_store_n(&coarse, true, __ATOMIC_RELAXED);
	}
	if (!fine) {
		int64_t ms = delay / 1000000 + (delay % 1000000 > 0);
		int most = delay < 0 ? -1 : ms < 1000000 ? (int)ms : 1000000;

		// Not epoll_wait, a point of cancellation, which costs more than the rest of this. But in calls
		// that ThreadSanitizer does not know it holds signals back, see goat_futexsleep.
		n = intercepted ? epoll_wait(epfd, e, GOAT_POLLBATCH, most)
				: (int)syscall(SYS_epoll_pwait, epfd, e, GOAT_POLLBATCH, most, NULL, 8);
	}
	for (int i = 0; i < n; i++) {
		uint32_t is = e[i].events, ready = 0;

		if (is & (EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR))
			ready |= GOAT_POLLR;
		if (is & (EPOLLOUT | EPOLLHUP | EPOLLERR))
			ready |= GOAT_POLLW;
		if (is & (EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR))
			ready |= GOAT_POLLHUP;
		events[i] = (struct goat_pollevent){ (int32_t)e[i].data.u64, ready };
	}
	return n > 0 ? n : 0;
}

const struct goat_poller goat_epollpoller = { "epoll", 0, false, init, arm, NULL, wait };
