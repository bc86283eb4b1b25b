// run
// timeout 30
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the network functions say when something is wrong, comes to an end or has another file behind it.
#include <goat.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>

enum { ms = 1000000 };

static int failed;

#define CHECK(...)                                                                                 \
	do {                                                                                       \
		if (!(__VA_ARGS__)) {                                                              \
			printf("line %d: %s: errno %d\n", __LINE__, #__VA_ARGS__, errno);          \
			failed++;                                                                  \
		}                                                                                  \
	} while (0)

// A call that fails so.
#define FAILS(err, ...)                                                                            \
	do {                                                                                       \
		errno = 0;                                                                         \
		long r_ = (long)(__VA_ARGS__);                                                     \
		if (r_ != -1 || errno != (err)) {                                                  \
			printf("line %d: %s: %ld, errno %d\n", __LINE__, #__VA_ARGS__, r_, errno); \
			failed++;                                                                  \
		}                                                                                  \
	} while (0)

static int
count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

struct pair {
	int listener, here, there;
};

static struct pair
connected(void)
{
	struct pair p = { goat_listen("127.0.0.1:0", 4), -1, -1 };
	char addr[64];

	snprintf(addr, sizeof addr, "127.0.0.1:%d", goat_port(p.listener));
	p.here = goat_dial(addr);
	p.there = goat_accept(p.listener);
	return p;
}

static void
disconnect(struct pair p)
{
	goat_close(p.listener);
	goat_close(p.here);
	goat_close(p.there);
}

static void
read_one(int fd, chan(int) out)
{
	char c;
	ssize_t n = goat_read(fd, &c, 1);

	chan_send(out, n == 1 ? -c : n == 0 ? 0 : errno);
}

enum { MUCH = 8 << 20 };                // more than a socket takes

static void
write_much(int fd, char c, chan(long) out)
{
	char *data = malloc(MUCH);

	memset(data, c, MUCH);
	ssize_t n = goat_write(fd, data, MUCH);
	free(data);
	chan_send(out, n >= 0 ? n : -errno);
}

static void
addresses(void)
{
	static const char *const bad[] = {
		"", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:-1", "1.2.3.4:+1", "1.2.3.4: 1", "1.2.3.4:65536",
		"1.2.3.4:99999999999999", "1.2.3:80", "1.2.3.400:80", "::1:80", "[::1]", "[::1]80", "[]:80",
		"[1.2.3.4]:80", "[::1", "]:80", "[", "host:80", "localhost:http", "unix:", "1.2.3.4:80x",
		"[::1%nosuchzone]:80", "0x7f.1:80",
		"unix:123456789012345678901234567890123456789012345678901234567890"
		"123456789012345678901234567890123456789012345678",
	};
	int fd, other;
	char addr[64];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		FAILS(EINVAL, goat_listen(bad[i], 4));
		FAILS(EINVAL, goat_dial(bad[i]));
	}
	fd = goat_listen("localhost:0", 4);
	CHECK(fd >= 0 && goat_port(fd) > 0);
	snprintf(addr, sizeof addr, "localhost:%d", goat_port(fd));
	other = goat_dial(addr);
	CHECK(other >= 0);
	goat_close(other);
	FAILS(EADDRINUSE, goat_listen(addr, 4));
	goat_close(fd);
	fd = goat_listen(":0", 0);
	CHECK(fd >= 0);
	snprintf(addr, sizeof addr, ":%d", goat_port(fd));
	other = goat_dial(addr);
	CHECK(other >= 0);
	goat_close(other);
	goat_close(fd);
	fd = goat_listen("unix:@goat-test-name", 4);
	CHECK(fd >= 0);
	other = goat_dial("unix:@goat-test-name");
	CHECK(other >= 0);
	FAILS(EINVAL, goat_port(fd));
	goat_close(other);
	goat_close(fd);
	FAILS(ECONNREFUSED, goat_dial("unix:@goat-test-name"));
	FAILS(EADDRNOTAVAIL, goat_listen("203.0.113.7:0", 4));
}

static void
flags(void)
{
	struct pair p = connected();
	int fds[] = { p.listener, p.here, p.there }, on = 0;
	socklen_t size = sizeof on;

	for (int i = 0; i < 3; i++) {
		CHECK(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
		CHECK(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
	}
	CHECK(getsockopt(p.there, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0 && on);
	on = 0;
	CHECK(getsockopt(p.here, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0 && on);
	disconnect(p);
}

static void
not_open(void)
{
	char c = 0;
	int fds[] = { -1, 1000, 1 << 30, 2147483647 };
	int s = socket(AF_INET, SOCK_STREAM, 0), file = open("/dev/null", O_RDWR);
	int p[2];

	for (int i = 0; i < 4; i++) {
		FAILS(EBADF, goat_read(fds[i], &c, 1));
		FAILS(EBADF, goat_write(fds[i], &c, 1));
		FAILS(EBADF, goat_read(fds[i], &c, 0));
		FAILS(EBADF, goat_accept(fds[i]));
		FAILS(EBADF, goat_close(fds[i]));
		FAILS(EBADF, goat_set_deadline(fds[i], 0));
		FAILS(EBADF, goat_set_deadline(fds[i], 1));
		FAILS(EBADF, goat_poll(fds[i], POLLIN, 0));
		FAILS(EBADF, goat_port(fds[i]));
	}
	FAILS(EINVAL, goat_accept(s));
	FAILS(ENOTCONN, goat_read(s, &c, 1));
	FAILS(EPIPE, goat_write(s, &c, 1));
	FAILS(ENOTSOCK, goat_accept(file));
	FAILS(ENOTSOCK, goat_port(file));
	FAILS(EINVAL, goat_poll(s, 0, 0));
	FAILS(EINVAL, goat_poll(s, POLLIN | 0x4000, 0));
	CHECK(goat_read(file, &c, 1) == 0 && goat_write(file, &c, 1) == 1);
	goat_close(s);
	goat_close(file);
	CHECK(pipe(p) == 0);
	FAILS(EBADF, goat_read(p[1], &c, 1));
	FAILS(EBADF, goat_write(p[0], &c, 1));
	CHECK(goat_read(p[0], &c, 0) == 0 && goat_write(p[1], &c, 0) == 0);
	goat_close(p[0]);
	FAILS(EPIPE, goat_write(p[1], &c, 1));
	goat_close(p[1]);
}

static void
deadlines(void)
{
	struct pair p = connected();
	chan(int) out = make(chan(int), 8);
	chan(long) wrote = make(chan(long), 8);
	char c = 0;
	int64_t from;
	int fd;

	// In the past: even where there is something to read.
	goat_write(p.there, "x", 1);
	goat_sleep(ms);
	goat_set_deadline(p.here, goat_now() - 1);
	FAILS(ETIMEDOUT, goat_read(p.here, &c, 1));
	FAILS(ETIMEDOUT, goat_write(p.here, &c, 1));
	FAILS(ETIMEDOUT, goat_poll(p.here, POLLIN, 0));
	goat_set_deadline(p.here, -5);
	FAILS(ETIMEDOUT, goat_read(p.here, &c, 1));
	goat_set_deadline(p.here, 0);
	CHECK(goat_read(p.here, &c, 1) == 1 && c == 'x');
	FAILS(ETIMEDOUT, goat_poll(p.here, POLLOUT, 1));

	// Of accept, which works as before afterwards.
	goat_set_deadline(p.listener, goat_now() + 5 * ms);
	FAILS(ETIMEDOUT, goat_accept(p.listener));
	goat_set_deadline(p.listener, 0);

	// Put off and brought forward while somebody is parked.
	from = goat_now();
	goat_set_deadline(p.here, from + 20 * ms);
	go read_one(p.here, out);
	goat_sleep(ms);
	goat_set_deadline(p.here, from + 40 * ms);
	bool late = goat_now() >= from + 20 * ms;       // on a busy machine
	CHECK(chan_recv(out) == ETIMEDOUT && (late || goat_now() - from >= 40 * ms));
	goat_set_deadline(p.here, goat_now() + 10000L * ms);
	for (int i = 0; i < 3; i++)
		go read_one(p.here, out);
	goat_sleep(2 * ms);
	goat_set_deadline(p.here, goat_now() + ms);
	for (int i = 0; i < 3; i++)
		CHECK(chan_recv(out) == ETIMEDOUT);
	goat_set_deadline(p.here, 0);

	// A write that is cut short gives what was written; those behind it get nothing through.
	go write_much(p.here, 'a', wrote);
	goat_sleep(5 * ms);
	go write_much(p.here, 'b', wrote);
	goat_sleep(5 * ms);
	goat_set_deadline(p.here, goat_now() + 5 * ms);
	long first = chan_recv(wrote), second = chan_recv(wrote), got = 0, changes = 0;
	CHECK((first > 0 && second == -ETIMEDOUT) || (second > 0 && first == -ETIMEDOUT));
	shutdown(p.here, SHUT_WR);
	char buf[4096], last = 0;
	ssize_t n;
	while ((n = goat_read(p.there, buf, sizeof buf)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			changes += buf[i] != last;
			last = buf[i];
		}
		got += n;
	}
	CHECK(n == 0 && got == (first > 0 ? first : second) && changes == 1);
	disconnect(p);

	// One that is over does not hold for the next file of that number.
	p = connected();
	goat_set_deadline(p.here, 1);
	fd = p.here;
	goat_close(p.here);
	int pp[2];
	CHECK(pipe(pp) == 0 && (pp[0] == fd || pp[1] == fd));
	goat_write(pp[1], "y", 1);
	CHECK(goat_read(pp[0], &c, 1) == 1 && c == 'y');
	goat_close(pp[0]);
	goat_close(pp[1]);
	goat_close(p.listener);
	goat_close(p.there);
}

// The number of a descriptor goes to another file behind our back.
static void
numbers_again(void)
{
	chan(int) out = make(chan(int), 8);
	int pp[2], ev;
	char c = 0;

	for (int round = 0; round < 2; round++) {
		struct pair p = connected();

		// Parked once, so the poller knows it.
		go read_one(p.here, out);
		goat_sleep(ms);
		goat_write(p.there, "z", 1);
		CHECK(chan_recv(out) == -'z');
		if (round == 0)
			goat_set_deadline(p.here, 1);
		close(p.here);
		CHECK(pipe(pp) == 0 && (pp[0] == p.here || pp[1] == p.here));
		if (round == 1)
			CHECK(goat_set_deadline(pp[0], goat_now() + 5000L * ms) == 0);
		go read_one(pp[0], out);
		goat_sleep(5 * ms);
		goat_write(pp[1], "q", 1);
		CHECK(chan_recv(out) == -'q');
		if (round == 1) {
			goat_set_deadline(pp[0], goat_now() + 5 * ms);
			FAILS(ETIMEDOUT, goat_read(pp[0], &c, 1));
		}
		close(pp[0]);
		close(pp[1]);
		// A third one.
		ev = eventfd(0, EFD_NONBLOCK);
		FAILS(ETIMEDOUT, goat_poll(ev, POLLIN, goat_now() + 2 * ms));
		CHECK(goat_poll(ev, POLLOUT, goat_now() + 2000L * ms) == POLLOUT);
		close(ev);
		goat_close(p.there);
		goat_close(p.listener);
	}

	// A copy keeps what was closed alive.
	CHECK(pipe(pp) == 0);
	go read_one(pp[0], out);
	goat_sleep(ms);
	goat_write(pp[1], "1", 1);
	CHECK(chan_recv(out) == -'1');
	int copy = dup(pp[0]), other[2];
	close(pp[0]);
	CHECK(pipe(other) == 0 && other[0] == pp[0]);
	go read_one(other[0], out);
	go read_one(copy, out);
	goat_sleep(ms);
	goat_write(pp[1], "2", 1);
	CHECK(chan_recv(out) == -'2');
	goat_write(other[1], "3", 1);
	CHECK(chan_recv(out) == -'3');
	goat_close(copy);
	goat_close(pp[1]);
	goat_close(other[0]);
	goat_close(other[1]);

	// dup2 puts another file in the place of one that is connected.
	struct pair p = connected(), q = connected();
	goat_read(p.here, &c, 0);
	go read_one(p.here, out);
	goat_sleep(ms);
	goat_write(p.there, "4", 1);
	CHECK(chan_recv(out) == -'4');
	dup2(q.here, p.here);
	go read_one(p.here, out);
	goat_sleep(ms);
	goat_write(q.there, "5", 1);
	CHECK(chan_recv(out) == -'5');
	disconnect(p);
	disconnect(q);
}

static void
ends(void)
{
	struct pair p = connected();
	struct linger hard = { 1, 0 };
	chan(int) out = make(chan(int), 8);
	chan(long) wrote = make(chan(long), 8);
	char c = 0, buf[16];

	// What was sent before the end is read before the end.
	goat_write(p.there, "abc", 3);
	goat_close(p.there);
	goat_sleep(2 * ms);
	CHECK(goat_read(p.here, buf, sizeof buf) == 3);
	CHECK(goat_read(p.here, buf, sizeof buf) == 0 && goat_read(p.here, &c, 1) == 0);
	goat_write(p.here, "x", 1);
	goat_sleep(2 * ms);
	FAILS(EPIPE, goat_write(p.here, "x", 1));
	goat_close(p.here);
	goat_close(p.listener);

	// An end that comes between.
	p = connected();
	go read_one(p.here, out);
	goat_sleep(ms);
	goat_write(p.there, "a", 1);
	shutdown(p.there, SHUT_WR);
	CHECK(chan_recv(out) == -'a');
	CHECK(goat_read(p.here, buf, sizeof buf) == 0);
	disconnect(p);

	// A reset wakes a writer as well as a reader.
	p = connected();
	go write_much(p.here, 'w', wrote);
	go read_one(p.here, out);
	goat_sleep(5 * ms);
	setsockopt(p.there, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	goat_close(p.there);
	int r = chan_recv(out);
	long w = chan_recv(wrote);
	CHECK((r == ECONNRESET || r == 0) && (w > 0 || w == -ECONNRESET || w == -EPIPE));
	goat_close(p.here);
	goat_close(p.listener);

	// Urgent data: a read stops before it, and what is behind is there all the same.
	p = connected();
	send(p.there, "12!", 3, MSG_OOB);
	send(p.there, "34", 2, 0);
	goat_sleep(2 * ms);
	ssize_t have = 0;
	while (have < 4) {
		ssize_t n = goat_read(p.here, buf + have, sizeof buf - have);
		if (n <= 0)
			break;
		have += n;
	}
	CHECK(have == 4 && memcmp(buf, "1234", 4) == 0);
	disconnect(p);
}

// Or it came too late to be, on a busy machine.
static bool
cancelled(long err)
{
	return err == ECANCELED || err == EBADF;
}

static void
closes(void)
{
	struct pair p = connected();
	chan(int) out = make(chan(int), 8);
	chan(long) wrote = make(chan(long), 8);
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	go write_much(p.here, 'w', wrote);
	goat_sleep(ms);
	go write_much(p.here, 'v', wrote);
	go read_one(p.here, out);
	go {
		chan_send(out, goat_poll(p.here, POLLIN, goat_now() + 5000L * ms) == -1 ? errno : 0);
	}
	goat_sleep(5 * ms);
	goat_close(p.here);
	long a = chan_recv(wrote), b = chan_recv(wrote);
	// None, one or both have got so far by then, and nobody to the end.
	CHECK((cancelled(-a) || (a > 0 && a < MUCH)) && (cancelled(-b) || (b > 0 && b < MUCH)));
	CHECK(cancelled(chan_recv(out)) && cancelled(chan_recv(out)));
	FAILS(EBADF, goat_close(p.here));
	goat_close(p.there);
	goat_close(p.listener);

	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bind(s, (struct sockaddr *)&any, sizeof any);
	go read_one(s, out);
	goat_sleep(ms);
	goat_close(s);
	CHECK(cancelled(chan_recv(out)));
}

static void
unix_sockets(void)
{
	char name[] = "/tmp/goat-test-XXXXXX", path[64], addr[80];
	int l, again;

	CHECK(mkdtemp(name) != NULL);
	snprintf(path, sizeof path, "%s/s", name);
	snprintf(addr, sizeof addr, "unix:%s", path);
	FAILS(ENOENT, goat_dial(addr));
	l = goat_listen(addr, 1);
	CHECK(l >= 0 && access(path, F_OK) == 0);
	FAILS(EADDRINUSE, goat_listen(addr, 1));
	// More than the listener has room for wait until it takes one.
	chan(int) out = make(chan(int), 8);
	for (int i = 0; i < 5; i++)
		go {
			int fd = goat_dial(addr);
			chan_send(out, fd >= 0 ? 0 : errno);
			goat_close(fd);
		}
	goat_sleep(5 * ms);
	for (int i = 0; i < 5; i++)
		goat_close(goat_accept(l));
	for (int i = 0; i < 5; i++)
		CHECK(chan_recv(out) == 0);
	goat_close(l);
	CHECK(access(path, F_OK) != 0);
	// One that nobody listens on any more is not taken away: as Go.
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	CHECK(bind(s, (struct sockaddr *)&un, sizeof un) == 0);
	close(s);
	FAILS(ECONNREFUSED, goat_dial(addr));
	FAILS(EADDRINUSE, goat_listen(addr, 1));
	unlink(path);
	again = goat_listen(addr, 1);
	CHECK(again >= 0);
	goat_close(again);
	rmdir(name);
}

static void
no_descriptors(void)
{
	struct pair p = connected();
	struct rlimit old, few;
	chan(int) out = make(chan(int), 8);
	char addr[64];
	int spare[64], n = 0;

	snprintf(addr, sizeof addr, "127.0.0.1:%d", goat_port(p.listener));
	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = 64;
	int waiting = goat_dial(addr);
	goat_close(goat_accept(p.listener));
	goat_close(waiting);
	setrlimit(RLIMIT_NOFILE, &few);
	for (int i = 0; i < 2; i++)
		go {
			int fd = goat_accept(p.listener);
			chan_send(out, fd >= 0 ? 0 : errno);
			if (fd >= 0)
				goat_close(fd);
		}
	goat_sleep(2 * ms);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	while (n < 64 && (spare[n] = dup(1)) >= 0)
		n++;
	// A client comes while two are parked and there is nothing left: both are told.
	struct sockaddr_in to;
	socklen_t size = sizeof to;
	getsockname(p.listener, (struct sockaddr *)&to, &size);
	connect(s, (struct sockaddr *)&to, size);
	CHECK(chan_recv(out) == EMFILE && chan_recv(out) == EMFILE);
	FAILS(EMFILE, goat_accept(p.listener));
	FAILS(EMFILE, goat_dial(addr));
	FAILS(EMFILE, goat_listen("127.0.0.1:0", 1));
	while (n > 0)
		close(spare[--n]);
	int fd = goat_accept(p.listener);
	CHECK(fd >= 0);
	goat_close(fd);
	goat_close(s);
	setrlimit(RLIMIT_NOFILE, &old);
	disconnect(p);
}

// Writes of several goroutines do not mix, and several readers lose nothing.
static void
several(void)
{
	struct pair p = connected();
	chan(long) wrote = make(chan(long), 8);
	chan(int) out = make(chan(int), 64);
	char buf[8192], last = 0;
	int changes = 0;
	long have = 0;
	ssize_t n;

	for (int i = 0; i < 4; i++)
		go write_much(p.here, (char)('a' + i), wrote);
	while (have < 4L * MUCH && (n = goat_read(p.there, buf, sizeof buf)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			changes += buf[i] != last;
			last = buf[i];
		}
		have += n;
	}
	CHECK(have == 4L * MUCH && changes == 4);
	for (int i = 0; i < 4; i++)
		CHECK(chan_recv(wrote) == MUCH);
	for (int i = 0; i < 40; i++)
		go read_one(p.there, out);
	goat_sleep(2 * ms);
	goat_write(p.here, "0123456789012345678901234567890123456789", 40);
	int sum = 0;
	for (int i = 0; i < 40; i++)
		sum += -chan_recv(out) - '0';
	CHECK(sum == 4 * 45);
	disconnect(p);
}

static int hits;

static void
handler(int sig)
{
	(void)sig;
	hits++;
}

static void
signals(void)
{
	struct pair p = connected();
	int pp[2];

	signal(SIGPIPE, handler);
	CHECK(pipe(pp) == 0);
	close(pp[0]);
	FAILS(EPIPE, goat_write(pp[1], "x", 1));
	shutdown(p.here, SHUT_WR);
	FAILS(EPIPE, goat_write(p.here, "x", 1));
	CHECK(hits == 0);
	signal(SIGPIPE, SIG_DFL);
	FAILS(EPIPE, goat_write(pp[1], "x", 1));
	close(pp[1]);
	disconnect(p);
}

// What blocks keeps its flags, and the goroutine parks nevertheless.
static void
blocking(void)
{
	chan(int) out = make(chan(int), 8);
	chan(long) wrote = make(chan(long), 8);
	int s[2], pp[2];
	char *big = malloc(1 << 20);
	long have = 0;
	ssize_t n;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && pipe(pp) == 0);
	for (int i = 0; i < 4; i++)
		go read_one(i % 2 ? s[0] : pp[0], out);
	goat_sleep(ms);
	for (int i = 0; i < 2; i++) {
		CHECK(goat_write(s[1], "s", 1) == 1 && goat_write(pp[1], "p", 1) == 1);
	}
	int sum = 0;
	for (int i = 0; i < 4; i++)
		sum -= chan_recv(out);
	CHECK(sum == 2 * ('s' + 'p'));
	go write_much(pp[1], 'x', wrote);
	while (have < MUCH && (n = goat_read(pp[0], big, 1 << 20)) > 0)
		have += n;
	CHECK(have == MUCH && chan_recv(wrote) == have);
	go write_much(s[1], 'x', wrote);
	for (have = 0; have < MUCH && (n = goat_read(s[0], big, 1 << 20)) > 0; have += n)
		;
	CHECK(have == MUCH && chan_recv(wrote) == have);
	CHECK(!(fcntl(s[0], F_GETFL) & O_NONBLOCK) && !(fcntl(pp[1], F_GETFL) & O_NONBLOCK));
	// Its deadlines.
	CHECK(goat_set_deadline(pp[0], goat_now() + 2 * ms) == 0);
	FAILS(ETIMEDOUT, goat_read(pp[0], big, 1));
	CHECK(goat_set_deadline(pp[0], 0) == 0);
	// A listener of somebody else's.
	int l = socket(AF_INET, SOCK_STREAM, 0), fd;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char addr[64];
	CHECK(bind(l, (struct sockaddr *)&a, sizeof a) == 0 && listen(l, 4) == 0);
	snprintf(addr, sizeof addr, "127.0.0.1:%d", goat_port(l));
	go {
		goat_sleep(ms);
		chan_send(out, goat_dial(addr));
	}
	fd = goat_accept(l);
	CHECK(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
	goat_close(chan_recv(out));
	goat_close(fd);
	goat_close(l);
	for (int i = 0; i < 2; i++) {
		goat_close(s[i]);
		goat_close(pp[i]);
	}
	free(big);
}

int
main(void)
{
	goat_maxprocs(2);
	goat_close(goat_listen("127.0.0.1:0", 1));
	int before = count_fds();

	addresses();
	flags();
	not_open();
	deadlines();
	numbers_again();
	ends();
	closes();
	unix_sockets();
	no_descriptors();
	several();
	signals();
	blocking();
	CHECK(count_fds() == before);
	printf("failed %d\n", failed);
	return 0;
}
