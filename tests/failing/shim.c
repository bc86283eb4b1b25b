// SPDX-License-Identifier: GPL-3.0-or-later
//
// shim.c: to be preloaded; lets the system fail.
//
//	FAIL=mmap:5     the fifth call of mmap fails
//	FAIL=mmap:5+    and all after it
//
// Calls that the C library makes of itself are not seen, so pthread_create stands for clone.

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

// Whether this call of NAME shall fail.
static bool
fails(const char *name, int *count)
{
	const char *text = getenv("FAIL");
	size_t n = strlen(name);
	int nth, this;

	if (text == NULL || strncmp(text, name, n) != 0 || text[n] != ':')
		return false;
	nth = atoi(text + n + 1);
	this = __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
	return this == nth || (this > nth && text[strlen(text) - 1] == '+');
}

#define SHIM(result, bad, error, name, params, args)                                               \
	result name params                                                                         \
	{                                                                                          \
		static __typeof__(result (*) params) next;                                         \
		static int count;                                                                  \
                                                                                                   \
		if (fails(#name, &count)) {                                                        \
			errno = error;                                                             \
			return bad;                                                                \
		}                                                                                  \
		if (next == NULL)                                                                  \
			next = (__typeof__(next))dlsym(RTLD_NEXT, #name);                          \
		return next args;                                                                  \
	}

SHIM(void *, MAP_FAILED, ENOMEM, mmap, (void *at, size_t n, int p, int flags, int fd, off_t o),
     (at, n, p, flags, fd, o))
SHIM(int, -1, ENOMEM, mprotect, (void *at, size_t n, int p), (at, n, p))
SHIM(int, -1, EINVAL, madvise, (void *at, size_t n, int what), (at, n, what))
SHIM(int, EAGAIN, EAGAIN, pthread_create,
     (pthread_t * t, const pthread_attr_t *a, void *(*f)(void *), void *arg), (t, a, f, arg))
SHIM(int, -1, EMFILE, epoll_create1, (int flags), (flags))
SHIM(int, -1, ENOSPC, epoll_ctl, (int e, int op, int fd, struct epoll_event *ev), (e, op, fd, ev))
SHIM(int, -1, EINTR, epoll_wait, (int e, struct epoll_event *ev, int n, int ms), (e, ev, n, ms))
SHIM(int, -1, EMFILE, eventfd, (unsigned n, int flags), (n, flags))
SHIM(int, -1, EMFILE, accept4, (int fd, struct sockaddr *a, socklen_t *n, int flags), (fd, a, n, flags))
SHIM(int, -1, EMFILE, socket, (int d, int type, int p), (d, type, p))
