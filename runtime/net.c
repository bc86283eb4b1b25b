// SPDX-License-Identifier: BSD-3-Clause
//
// net.c: sockets and other descriptors, for goroutines.
//
// Every operation tries first, with a call that does not block, and waits in the poller where that says
// EAGAIN. Sockets that were made here need nothing else. What came from elsewhere may be anything and
// may block: sockets are asked not to by flags of the call, of other files poll(2) tells whether they
// would, and a pipe gets no more at a time than it surely has room for. So O_NONBLOCK, which
// other processes may share, stays as it is.
//
// Who parks may go on in another thread, and the compiler may have kept the address of errno: what calls
// the C library is a function of its own here that gives -errno.
//
// Go:    as package net and internal/poll. Numbers only, and `localhost`: no names are looked up.
// Layer: wait.

#include "netpoll.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define SYSTEM static __attribute__((noipa))

// ---------------------------------------------------------------- the system's calls; -errno

SYSTEM int
fail(int err)
{
	errno = err;
	return -1;
}

// A sanitizer wants to see what is read and written, by way of the C library's functions. These are
// points of cancellation besides, which costs as much as all else here.
SYSTEM ssize_t
watched_recv(int fd, void *buf, size_t n)
{
	ssize_t r = recv(fd, buf, n, MSG_DONTWAIT);

	return r < 0 ? -errno : r;
}

SYSTEM ssize_t
watched_send(int fd, const void *buf, size_t n)
{
	ssize_t r = send(fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	return r < 0 ? -errno : r;
}

static inline ssize_t
sys_recv(int fd, void *buf, size_t n)
{
	if (goat_watched())
		return watched_recv(fd, buf, n);
	return arch_syscall6(SYS_recvfrom, fd, (long)buf, (long)n, MSG_DONTWAIT, 0, 0);
}

static inline ssize_t
sys_send(int fd, const void *buf, size_t n)
{
	if (goat_watched())
		return watched_send(fd, buf, n);
	return arch_syscall6(SYS_sendto, fd, (long)buf, (long)n, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
}

SYSTEM ssize_t
sys_read(int fd, void *buf, size_t n)
{
	ssize_t r = read(fd, buf, n);

	return r < 0 ? -errno : r;
}

// A SIGPIPE that it causes is taken away before anybody gets it.
SYSTEM ssize_t
sys_write(int fd, const void *buf, size_t n)
{
	static const struct timespec now;
	sigset_t pipe, old, before;
	ssize_t r;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigemptyset(&before);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	if (sigismember(&old, SIGPIPE))
		sigpending(&before);
	r = write(fd, buf, n);
	if (r < 0)
		r = -errno;
	if (r == -EPIPE && !sigismember(&before, SIGPIPE))
		while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r;
}

// Which of EVENTS, and errors, are there now.
SYSTEM int
sys_poll(int fd, int events)
{
	struct pollfd p = { .fd = fd, .events = (short)events };

	while (poll(&p, 1, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return p.revents & POLLNVAL ? -EBADF : p.revents;
}

SYSTEM int
sys_accept(int fd)
{
	int r = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	return r < 0 ? -errno : r;
}

SYSTEM int
sys_connect(int fd, const struct sockaddr *addr, socklen_t size)
{
	return connect(fd, addr, size) < 0 ? -errno : 0;
}

SYSTEM int
sys_flags(int fd)
{
	int r = fcntl(fd, F_GETFL);

	return r < 0 ? -errno : r;
}

// ---------------------------------------------------------------- addresses

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	};
	socklen_t size;
	bool both;                      // all of IPv6, and of IPv4 too
};

static bool
parse_unix(const char *path, struct address *a)
{
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof a->un.sun_path)
		return false;
	a->un.sun_family = AF_UNIX;
	memcpy(a->un.sun_path, path, n);
	a->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
	if (path[0] == '@') {           // Linux: a name that is no file's, without a 0 at its end
		a->un.sun_path[0] = '\0';
		a->size--;
	}
	return true;
}

static bool
parse_port(const char *text, in_port_t *port)
{
	unsigned n = 0;

	if (*text == '\0')
		return false;
	for (; *text >= '0' && *text <= '9'; text++)
		if ((n = n * 10 + (unsigned)(*text - '0')) > 65535)
			return false;
	*port = htons((uint16_t)n);
	return *text == '\0';
}

static void
set4(struct address *a, in_addr_t host, in_port_t port)
{
	a->in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port,
				      .sin_addr.s_addr = host };
	a->size = sizeof a->in;
}

static void
set6(struct address *a, struct in6_addr host, in_port_t port)
{
	a->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port,
					.sin6_addr = host };
	a->size = sizeof a->in6;
	a->both = IN6_IS_ADDR_UNSPECIFIED(&host);
}

// HOST stood in brackets: an address of IPv6, perhaps with %ZONE.
static bool
parse6(char *host, in_port_t port, struct address *a)
{
	char *zone = strchr(host, '%');
	struct in6_addr in6;

	if (zone != NULL)
		*zone++ = '\0';
	if (inet_pton(AF_INET6, host, &in6) != 1)
		return false;
	set6(a, in6, port);
	if (zone == NULL)
		return true;
	a->in6.sin6_scope_id = if_nametoindex(zone);
	if (a->in6.sin6_scope_id == 0)
		a->in6.sin6_scope_id = (uint32_t)strtoul(zone, NULL, 10);
	return a->in6.sin6_scope_id != 0;
}

// Those that TEXT stands for, in the order in which they are tried; 0: it makes no sense.
static int
parse(const char *text, bool listening, struct address a[2])
{
	const char *colon = strrchr(text, ':');
	char host[64];
	in_port_t port;
	size_t n;

	memset(a, 0, 2 * sizeof *a);
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, a);
	if (colon == NULL || (n = (size_t)(colon - text)) >= sizeof host || !parse_port(colon + 1, &port))
		return 0;
	memcpy(host, text, n);
	host[n] = '\0';
	if (host[0] == '[') {
		if (host[n - 1] != ']')
			return 0;
		host[n - 1] = '\0';
		return parse6(host + 1, port, a);
	}
	if (n == 0 && listening) {
		set6(&a[0], in6addr_any, port);
		set4(&a[1], htonl(INADDR_ANY), port);
		return 2;
	}
	if (n == 0 || strcmp(host, "localhost") == 0) {
		set4(&a[0], htonl(INADDR_LOOPBACK), port);
		set6(&a[1], in6addr_loopback, port);
		return 2;
	}
	set4(a, 0, port);
	return inet_pton(AF_INET, host, &a->in.sin_addr) == 1;
}

static void
set(int fd, int level, int option, int value)
{
	setsockopt(fd, level, option, &value, sizeof value);
}

// A socket for A, or -errno.
SYSTEM int
open_socket(const struct address *a)
{
	int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (a->any.sa_family != AF_UNIX)
		set(fd, IPPROTO_TCP, TCP_NODELAY, 1);   // of a listener: of what it accepts
	return fd;
}

// ---------------------------------------------------------------- listen

SYSTEM int
listen_at(const struct address *a, int backlog)
{
	bool local = a->any.sa_family == AF_UNIX;
	int fd = open_socket(a), err = 0;

	if (fd < 0)
		return fd;
	if (!local)
		set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (a->any.sa_family == AF_INET6)
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !a->both);
	if (bind(fd, &a->any, a->size) < 0 || listen(fd, backlog > 0 ? backlog : SOMAXCONN) < 0)
		err = errno;
	if (err == 0)
		err = goat_polladopt(fd, local ? GOAT_POLLUNIXLISTENER : GOAT_POLLLISTENER);
	if (err == 0)
		return fd;
	close(fd);
	return -err;
}

int
goat_listen(const char *addr, int backlog)
{
	struct address a[2];
	int n = parse(addr, true, a), fd = -EINVAL;

	for (int i = 0; i < n; i++) {
		fd = listen_at(&a[i], backlog);
		if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL)
			break;
	}
	return fd >= 0 ? fd : fail(-fd);
}

// ---------------------------------------------------------------- dial

static int64_t
later(int64_t pause)
{
	void goat_sleep(int64_t ns);

	goat_sleep(pause);
	return pause < 10000000 ? 2 * pause : pause;
}

// Waits until FD is connected to A. Gives 0 or -errno.
static int
connect_to(int fd, const struct address *a)
{
	struct goat_polldesc *pd = goat_polldescof(fd);
	struct goat_pollseen seen = goat_pollsee(pd);
	int64_t pause = 100000;
	bool begun = false;

	for (;;) {
		int r = sys_connect(fd, &a->any, a->size);

		switch (r) {
		case -EISCONN:
			return 0;
		case -EINPROGRESS:
		case -EINTR:
			// To this machine, it has been done meanwhile.
			if (!begun) {
				begun = true;
				break;
			}
			// fall through
		case -EALREADY:
			r = -goat_pollwait(pd, GOAT_POLLW, &seen, 0);
			if (r < 0)
				return r;
			goat_pollagain(pd, &seen);
			break;
		case -EAGAIN:
			// Of a Unix socket, whose listener has too many: nothing will tell when not.
			if (a->any.sa_family != AF_UNIX)
				return r;
			pause = later(pause);
			break;
		default:
			return r;
		}
	}
}

// TCP connects a socket to itself where nobody listens and the port that it gets happens to be that
// one. Go: selfConnect.
SYSTEM bool
to_itself(int fd, const struct address *a)
{
	struct address mine;
	socklen_t size = sizeof mine.in6;

	if (a->any.sa_family == AF_UNIX || getsockname(fd, &mine.any, &size) < 0)
		return false;
	if (a->any.sa_family == AF_INET)
		return mine.in.sin_port == a->in.sin_port &&
		       mine.in.sin_addr.s_addr == a->in.sin_addr.s_addr;
	return mine.in6.sin6_port == a->in6.sin6_port &&
	       memcmp(&mine.in6.sin6_addr, &a->in6.sin6_addr, sizeof mine.in6.sin6_addr) == 0;
}

static int
dial_to(const struct address *a)
{
	for (int again = 2;; again--) {
		int fd = open_socket(a), err;

		if (fd < 0)
			return fd;
		err = -goat_polladopt(fd, a->any.sa_family == AF_UNIX ? GOAT_POLLSTREAM : GOAT_POLLTCP);
		if (err == 0)
			err = connect_to(fd, a);
		if (err == 0 && (again == 0 || !to_itself(fd, a)))
			return fd;
		goat_close(fd);
		if (err != 0)
			return err;
	}
}

int
goat_dial(const char *addr)
{
	struct address a[2];
	int n = parse(addr, false, a), fd = -EINVAL, first = 0;

	for (int i = 0; i < n; i++) {
		fd = dial_to(&a[i]);
		if (fd >= 0)
			return fd;
		if (i == 0)
			first = fd;
	}
	return fail(-(first != 0 ? first : fd));
}

// ---------------------------------------------------------------- what all operations have in common

// One attempt: a result, or -EAGAIN: not now.
typedef ssize_t attempt(struct goat_polldesc *pd, const struct goat_pollseen *seen, void *buf, size_t n);

// Before somebody waits for a descriptor from elsewhere: poll(2) does not say that it is open for the
// other direction only.
static int
check_mode(int fd, unsigned direction)
{
	int flags = sys_flags(fd);

	if (flags < 0)
		return -flags;
	flags &= O_ACCMODE;
	return flags == (direction == GOAT_POLLR ? O_WRONLY : O_RDONLY) ? EBADF : 0;
}

static ssize_t
read_foreign(int fd, void *buf, size_t n)
{
	ssize_t r = n != 0 ? sys_recv(fd, buf, n) : -ENOTSOCK;

	if (r != -ENOTSOCK)
		return r;
	if (n != 0) {
		r = sys_poll(fd, POLLIN);
		if (r <= 0)
			return r == 0 ? -EAGAIN : r;
	}
	return sys_read(fd, buf, n);
}

// After a read that got less than it wanted, TCP has no more, so there is no need to ask until an event
// comes; unless the end, an error or urgent data, where reads stop short, is known to be there.
static inline bool
is_drained(const struct goat_polldesc *pd, const struct goat_pollseen *seen, size_t n)
{
	return __atomic_load_n(&pd->drained, __ATOMIC_RELAXED) == seen->seq[0] && n != 0 &&
	       __atomic_load_n(&pd->kind, __ATOMIC_RELAXED) == GOAT_POLLTCP;
}

static inline ssize_t
recv_drained(struct goat_polldesc *pd, const struct goat_pollseen *seen, void *buf, size_t n)
{
	ssize_t r = sys_recv(goat_pollfd(pd), buf, n);

	if (r > 0 && (size_t)r < n && !__atomic_load_n(&pd->hup, __ATOMIC_RELAXED))
		__atomic_store_n(&pd->drained, seen->seq[0], __ATOMIC_RELAXED);
	return r;
}

static ssize_t
try_read(struct goat_polldesc *pd, const struct goat_pollseen *seen, void *buf, size_t n)
{
	if (__atomic_load_n(&pd->kind, __ATOMIC_RELAXED) == GOAT_POLLFOREIGN || n == 0)
		return read_foreign(goat_pollfd(pd), buf, n);
	return recv_drained(pd, seen, buf, n);
}

// Tries until it succeeds; gives -errno otherwise. SEEN is what was seen when it all began. *INSIDE:
// whether the descriptor is held, before and after it. WOKEN: it has waited already.
static ssize_t
until_ready(struct goat_polldesc *pd, unsigned direction, struct goat_pollseen *seen, bool *inside,
	    bool woken, attempt *try, void *buf, size_t n)
{
	ssize_t r;
	int err;

	for (;;) {
		if (__builtin_expect(__atomic_load_n(&pd->expired, __ATOMIC_RELAXED), 0) &&
		    goat_pollexpired(pd, seen)) {
			r = -ETIMEDOUT;
			break;
		}
		if (!*inside && !(*inside = goat_pollenter(pd))) {
			r = woken ? -ECANCELED : -EBADF;
			break;
		} else if (!goat_pollsame(pd, seen)) {
			r = -ECANCELED;
			break;
		} else {
			r = try(pd, seen, buf, n);
		}
		if (r == -EINTR)
			continue;
		if (r == -ENOTSOCK && __atomic_load_n(&pd->kind, __ATOMIC_RELAXED) != GOAT_POLLFOREIGN) {
			goat_pollforeign(pd, seen);
			continue;
		}
		if (r != -EAGAIN)
			break;
		err = 0;
		if (*inside) {
			if (__atomic_load_n(&pd->kind, __ATOMIC_RELAXED) == GOAT_POLLFOREIGN)
				err = check_mode(goat_pollfd(pd), direction);
			goat_pollleave(pd);
			*inside = false;
		}
		if (err == 0)
			err = goat_pollwait(pd, direction, seen, 0);
		if (err != 0) {
			r = -err;
			break;
		}
		woken = true;
		goat_pollagain(pd, seen);
	}
	if (woken)
		goat_pollpass(pd, direction);
	return r;
}

static __attribute__((noinline)) struct goat_polldesc *
desc_slow(int fd, struct goat_polldesc *pd)
{
	if (pd == NULL)
		fail(fd < 0 || fcntl(fd, F_GETFD) < 0 ? EBADF : ENOMEM);
	else
		goat_pollawait(pd);
	return pd;
}

static inline struct goat_polldesc *
desc_of(int fd)
{
	struct goat_polldesc *pd = goat_polldescof(fd);

	if (__builtin_expect(pd == NULL ||
			     (__atomic_load_n(&pd->users, __ATOMIC_RELAXED) & GOAT_POLLGONE) != 0, 0))
		return desc_slow(fd, pd);
	return pd;
}

// What a transfer of N bytes begins with.
static inline struct goat_polldesc *
begin(int fd, size_t *n, struct goat_pollseen *seen)
{
	struct goat_polldesc *pd = desc_of(fd);

	if (__builtin_expect(pd == NULL, 0))
		return NULL;
	if (*n > SSIZE_MAX)
		*n = SSIZE_MAX;
	*seen = goat_pollsee(pd);
	return pd;
}

// Made here, and no deadline is over.
static inline bool
is_usual(const struct goat_polldesc *pd)
{
	return __builtin_expect(__atomic_load_n(&pd->kind, __ATOMIC_RELAXED) != GOAT_POLLFOREIGN &&
				!__atomic_load_n(&pd->expired, __ATOMIC_RELAXED), 1);
}

// ---------------------------------------------------------------- read, accept

static __attribute__((noinline)) ssize_t
read_slow(struct goat_polldesc *pd, struct goat_pollseen *seen, bool woken, void *buf, size_t n)
{
	bool inside = false;
	ssize_t r = until_ready(pd, GOAT_POLLR, seen, &inside, woken, try_read, buf, n);

	if (inside)
		goat_pollleave(pd);
	return r >= 0 ? r : fail((int)-r);
}

// An attempt of the usual kind. -EINTR: it has to be done in another way.
static GOAT_HOT ssize_t
read_once(struct goat_polldesc *pd, struct goat_pollseen *seen, bool woken, void *buf, size_t n)
{
	ssize_t r = -EINTR;

	if (!is_usual(pd) || n == 0 || !goat_pollenter(pd))
		return r;
	if (goat_pollsame(pd, seen))
		r = recv_drained(pd, seen, buf, n);
	if (woken && r != -EAGAIN)
		goat_pollpass(pd, GOAT_POLLR);
	goat_pollleave(pd);
	return r;
}

GOAT_HOT ssize_t
goat_read(int fd, void *buf, size_t n)
{
	struct goat_pollseen seen;
	struct goat_polldesc *pd = begin(fd, &n, &seen);
	bool woken = false;
	ssize_t r = -EAGAIN;
	int err;

	if (__builtin_expect(pd == NULL, 0))
		return -1;
	if (!is_usual(pd) || !is_drained(pd, &seen, n))
		r = read_once(pd, &seen, false, buf, n);
	if (r == -EAGAIN) {
		err = goat_pollwaitread(pd, &seen);
		if (__builtin_expect(err != 0, 0))
			return fail(err);
		goat_pollagain(pd, &seen);
		woken = true;
		r = read_once(pd, &seen, true, buf, n);
	}
	if (__builtin_expect(r >= 0, 1))
		return r;
	if (r == -EAGAIN || r == -EINTR || r == -ENOTSOCK)
		return read_slow(pd, &seen, woken, buf, n);
	return fail((int)-r);
}

static ssize_t
try_accept(struct goat_polldesc *pd, const struct goat_pollseen *seen, void *buf, size_t n)
{
	int r;

	if (__atomic_load_n(&pd->kind, __ATOMIC_RELAXED) == GOAT_POLLFOREIGN) {
		r = sys_poll(goat_pollfd(pd), POLLIN);
		if (r <= 0)
			return r == 0 ? -EAGAIN : r;
	}
	do
		r = sys_accept(goat_pollfd(pd));
	while (r == -ECONNABORTED);     // it was reset before it got here
	return r;
}

int
goat_accept(int fd)
{
	struct goat_polldesc *pd = desc_of(fd);
	enum goat_pollkind kind = GOAT_POLLSTREAM;
	struct goat_pollseen seen;
	bool inside = false;
	ssize_t r;
	int err;

	if (pd == NULL)
		return -1;
	seen = goat_pollsee(pd);
	r = until_ready(pd, GOAT_POLLR, &seen, &inside, false, try_accept, NULL, 0);
	if (inside)
		goat_pollleave(pd);
	if (r < 0)
		return fail((int)-r);
	if (__atomic_load_n(&pd->kind, __ATOMIC_RELAXED) == GOAT_POLLLISTENER)
		kind = GOAT_POLLTCP;
	else if (__atomic_load_n(&pd->kind, __ATOMIC_RELAXED) == GOAT_POLLFOREIGN)
		set((int)r, IPPROTO_TCP, TCP_NODELAY, 1);
	err = goat_polladopt((int)r, kind);
	if (err == 0)
		return (int)r;
	close((int)r);
	return fail(err);
}

// ---------------------------------------------------------------- write

// Whether a write of more than PIPE_BUF may block though poll says that there is room.
SYSTEM bool
may_block(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return false;
	return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static ssize_t
write_foreign(int fd, const void *buf, size_t n)
{
	ssize_t r = sys_send(fd, buf, n);
	int ready;

	if (r != -ENOTSOCK)
		return r;
	ready = sys_poll(fd, POLLOUT);
	if (ready <= 0)
		return ready == 0 ? -EAGAIN : ready;
	if (n > PIPE_BUF && may_block(fd))
		n = PIPE_BUF;
	return sys_write(fd, buf, n);
}

static ssize_t
try_write(struct goat_polldesc *pd, const struct goat_pollseen *seen, void *buf, size_t n)
{
	if (__builtin_expect(__atomic_load_n(&pd->kind, __ATOMIC_RELAXED) == GOAT_POLLFOREIGN, 0))
		return write_foreign(goat_pollfd(pd), buf, n);
	return sys_send(goat_pollfd(pd), buf, n);
}

// The rest, from DONE on. It has the turn, and is held.
static __attribute__((noinline)) ssize_t
write_slow(struct goat_polldesc *pd, struct goat_pollseen *seen, const char *buf, size_t n, size_t done)
{
	bool inside = true;
	ssize_t r;

	do {
		r = until_ready(pd, GOAT_POLLW, seen, &inside, false, try_write, (char *)buf + done, n - done);
		if (r < 0)
			break;
		done += (size_t)r;
		goat_pollagain(pd, seen);
	} while (done < n);
	goat_pollunlock(pd, inside);
	if (r < 0)
		fail((int)-r);
	return r < 0 && done == 0 ? -1 : (ssize_t)done;
}

GOAT_HOT ssize_t
goat_write(int fd, const void *buf, size_t n)
{
	struct goat_pollseen seen;
	struct goat_polldesc *pd = begin(fd, &n, &seen);
	ssize_t r = 0;
	int err;

	if (__builtin_expect(pd == NULL, 0))
		return -1;
	if (__builtin_expect((err = goat_polllock(pd, &seen)) != 0, 0))
		return fail(err);
	if (is_usual(pd) && goat_pollsame(pd, &seen)) {
		r = sys_send(goat_pollfd(pd), buf, n);
		if (__builtin_expect(r == (ssize_t)n, 1)) {
			goat_pollunlock(pd, true);
			return r;
		}
		if (r < 0 && r != -EAGAIN && r != -EINTR && r != -ENOTSOCK) {
			goat_pollunlock(pd, true);
			return fail((int)-r);
		}
	}
	return write_slow(pd, &seen, buf, n, r > 0 ? (size_t)r : 0);
}

// ---------------------------------------------------------------- poll, deadlines, close

int
goat_poll(int fd, int events, int64_t deadline)
{
	struct goat_polldesc *pd = desc_of(fd);
	unsigned directions = (events & POLLIN ? GOAT_POLLR : 0) | (events & POLLOUT ? GOAT_POLLW : 0);
	struct goat_pollseen seen;
	bool woken = false;
	int r, err;

	if (pd == NULL)
		return -1;
	if (directions == 0 || (events & ~(POLLIN | POLLOUT)) != 0)
		return fail(EINVAL);
	seen = goat_pollsee(pd);
	for (;;) {
		if ((deadline != 0 && deadline <= goat_now()) || goat_pollexpired(pd, &seen)) {
			r = -ETIMEDOUT;
			break;
		}
		if (!goat_pollenter(pd)) {
			r = woken ? -ECANCELED : -EBADF;
			break;
		}
		r = goat_pollsame(pd, &seen) ? sys_poll(fd, events) : -ECANCELED;
		goat_pollleave(pd);
		if (r != 0)
			break;
		err = goat_pollwait(pd, directions, &seen, deadline);
		if (err != 0) {
			r = -err;
			break;
		}
		woken = true;
		goat_pollagain(pd, &seen);
	}
	if (woken)
		goat_pollpass(pd, directions);
	return r > 0 ? r : fail(-r);
}

int
goat_set_deadline(int fd, int64_t when)
{
	struct goat_polldesc *pd = desc_of(fd);
	int err;

	if (pd == NULL)
		return -1;
	err = goat_polldeadline(pd, when);
	return err == 0 ? 0 : fail(err);
}

// The file of a Unix socket goes with its listener. Go: UnixListener.Close.
SYSTEM void
unlink_socket(int fd)
{
	struct address a = { 0 };
	socklen_t size = sizeof a.un;

	if (getsockname(fd, &a.any, &size) == 0 && size > offsetof(struct sockaddr_un, sun_path) &&
	    size < sizeof a.un && a.any.sa_family == AF_UNIX && a.un.sun_path[0] != '\0')
		unlink(a.un.sun_path);
}

int
goat_close(int fd)
{
	struct goat_polldesc *pd = desc_of(fd);
	bool local;
	int err;

	if (pd == NULL)
		return close(fd);
	local = __atomic_load_n(&pd->kind, __ATOMIC_RELAXED) == GOAT_POLLUNIXLISTENER;
	err = goat_pollclose(pd, local ? unlink_socket : NULL);
	return err == 0 ? 0 : fail(err);
}

int
goat_port(int fd)
{
	struct address a;
	socklen_t size = sizeof a.un;

	if (getsockname(fd, &a.any, &size) < 0)
		return -1;
	if (a.any.sa_family == AF_INET)
		return ntohs(a.in.sin_port);
	if (a.any.sa_family == AF_INET6)
		return ntohs(a.in6.sin6_port);
	return fail(EINVAL);
}
