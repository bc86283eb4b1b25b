// SPDX-License-Identifier: GPL-3.0-or-later
//
// net.c: goroutines and threads read and write at random over sockets and pipes, with deadlines that come
// and go, closes under those who are parked, and system calls that fail. What was sent must arrive; who
// waits must be told; no descriptor may stay.
//
//	net [ROUNDS]            TEST_SEED replays a run, as far as the scheduler does

#include "netpoll.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stress.h"

enum { PAIRS = 12, ENDLESS = 90, US = 1000, MS = 1000000, THREADS = 8 };

static uint64_t seeds;

static uint64_t
next_seed(void)
{
	return __atomic_add_fetch(&seeds, UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED);
}

// errno, though we may be in another thread than before.
__attribute__((noipa)) static int
error(void)
{
	return errno;
}

// ---------------------------------------------------------------- calls that fail

static int fault_rate;                  // one in so many; 0: none
static uint64_t fault_rng;

static bool
fault(void)
{
	uint64_t x;

	if (__atomic_load_n(&fault_rate, __ATOMIC_RELAXED) == 0)
		return false;
	x = __atomic_add_fetch(&fault_rng, UINT64_C(0x9e3779b97f4a7c15), __ATOMIC_RELAXED);
	return (x ^ x >> 29) * UINT64_C(0xbf58476d1ce4e5b9) >> 33 % (unsigned)fault_rate == 0;
}

// These are found before those of the C library.
int
epoll_ctl(int epfd, int op, int fd, struct epoll_event *e)
{
	if (fault()) {
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, epfd, op, fd, e);
}

int
accept4(int fd, struct sockaddr *addr, socklen_t *size, int flags)
{
	static const int err[] = { EMFILE, EINTR, ECONNABORTED, ENFILE, ENOBUFS };
	static unsigned turn;

	if (fault()) {
		errno = err[__atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % 5];
		return -1;
	}
	return (int)syscall(SYS_accept4, fd, addr, size, flags);
}

// ---------------------------------------------------------------- pairs

static int listener;
static char address[64];

struct pair {
	int fd[2];
	long size, got;
	goat_waitgroup *done;
};

static void
connect_pair(struct pair *p, uint64_t *rng)
{
	int r = 0;

	switch (rng_below(rng, 4)) {
	case 0:
		r = pipe(p->fd);
		break;
	case 1:
		r = socketpair(AF_UNIX, SOCK_STREAM, 0, p->fd);
		break;
	default:
		do
			p->fd[1] = goat_dial(address);
		while (p->fd[1] < 0 && error() == ENOMEM);      // a fault
		do
			p->fd[0] = goat_accept(listener);
		while (p->fd[0] < 0 && __atomic_load_n(&fault_rate, __ATOMIC_RELAXED) != 0);
	}
	check(r == 0 && p->fd[0] >= 0 && p->fd[1] >= 0, "no pair", p->fd[0], p->fd[1]);
}

static void
disturb(int fd, uint64_t *rng)
{
	switch (rng_below(rng, 8)) {
	case 0:
		goat_set_deadline(fd, goat_now() + (int64_t)rng_below(rng, 2 * MS));
		break;
	case 1:
		goat_set_deadline(fd, goat_now() - 1);
		break;
	case 2:
		goat_sleep((int64_t)rng_below(rng, 200 * US));
		break;
	case 3:
		goat_poll(fd, rng_below(rng, 2) ? POLLIN : POLLOUT,
			  goat_now() + (int64_t)rng_below(rng, 200 * US));
		break;
	}
}

// What may come in between: the other one's deadline, and faults.
static bool
goes_on(int fd, int err)
{
	if (err == ETIMEDOUT)
		goat_set_deadline(fd, 0);
	return err == ETIMEDOUT || (err == ENOMEM && __atomic_load_n(&fault_rate, __ATOMIC_RELAXED) != 0);
}

// ---------------------------------------------------------------- what is sent arrives

static unsigned char
byte_at(const struct pair *p, long i)
{
	return (unsigned char)(i * 7 + i / 251 + p->size);
}

static void
send_all(void *arg)
{
	uint64_t own = next_seed(), *rng = &own;
	struct pair *p = arg;
	unsigned char *data = malloc(100000);

	for (long done = 0; done < p->size;) {
		long n = 1 + (long)rng_below(rng, rng_below(rng, 4) == 0 ? 100000 : 300);
		ssize_t r;

		if (n > p->size - done)
			n = p->size - done;
		for (long i = 0; i < n; i++)
			data[i] = byte_at(p, done + i);
		disturb(p->fd[1], rng);
		r = goat_write(p->fd[1], data, (size_t)n);
		if (r > 0)
			done += r;
		else if (!goes_on(p->fd[1], error())) {
			check(false, "write", r, error());
			break;
		}
	}
	free(data);
	goat_close(p->fd[1]);
}

static void
receive_all(void *arg)
{
	uint64_t own = next_seed(), *rng = &own;
	struct pair *p = arg;
	unsigned char *data = malloc(100000);

	for (;;) {
		long n = 1 + (long)rng_below(rng, rng_below(rng, 4) == 0 ? 100000 : 300);
		ssize_t r;

		disturb(p->fd[0], rng);
		r = goat_read(p->fd[0], data, (size_t)n);
		if (r == 0)
			break;
		if (r < 0) {
			if (goes_on(p->fd[0], error()))
				continue;
			check(false, "read", r, error());
			break;
		}
		for (long i = 0; i < r; i++)
			if (data[i] != byte_at(p, p->got + i)) {
				check(false, "byte", p->got + i, data[i]);
				break;
			}
		p->got += r;
	}
	check(p->got == p->size, "received", p->got, p->size);
	free(data);
	goat_close(p->fd[0]);
}

static void
streams(uint64_t *rng)
{
	struct pair pair[PAIRS];
	goat_waitgroup done = { 0 };

	for (int i = 0; i < PAIRS; i++) {
		pair[i] = (struct pair){ .size = (long)rng_below(rng, 400000) };
		connect_pair(&pair[i], rng);
		start_mixed(rng, THREADS, &done, send_all, &pair[i]);
		start_mixed(rng, THREADS, &done, receive_all, &pair[i]);
	}
	goat_waitgroup_wait(&done);
}

static void
faults(uint64_t *rng)
{
	__atomic_store_n(&fault_rate, 2 + (int)rng_below(rng, 20), __ATOMIC_RELAXED);
	streams(rng);
	__atomic_store_n(&fault_rate, 0, __ATOMIC_RELAXED);
}

// ---------------------------------------------------------------- closes

// They may meet another file of that number, so what they get is nobody's concern; only that they end.
static void
bother(void *arg)
{
	uint64_t own = next_seed(), *rng = &own;
	struct pair *p = arg;
	char data[5000] = "";

	for (int i = 0; i < 4; i++) {
		int fd = p->fd[rng_below(rng, 2)];

		disturb(fd, rng);
		switch (rng_below(rng, 4)) {
		case 0:
			goat_write(fd, data, sizeof data);
			break;
		case 1:
			goat_poll(fd, POLLIN | POLLOUT, 0);
			break;
		default:
			goat_read(fd, data, 1 + rng_below(rng, sizeof data));
		}
	}
}

static void
close_pair(void *arg)
{
	uint64_t own = next_seed(), *rng = &own;
	struct pair *p = arg;
	int first = (int)rng_below(rng, 2);

	goat_sleep((int64_t)rng_below(rng, 3 * MS));
	goat_close(p->fd[first]);
	if (rng_below(rng, 2))
		goat_sleep((int64_t)rng_below(rng, MS));
	goat_close(p->fd[!first]);
}

static void
closes(uint64_t *rng)
{
	struct pair pair[PAIRS];
	goat_waitgroup done = { 0 };

	for (int i = 0; i < PAIRS; i++)
		connect_pair(&pair[i], rng);
	for (int i = 0; i < PAIRS; i++) {
		for (int k = 0; k < 5; k++)
			start_mixed(rng, THREADS, &done, bother, &pair[i]);
		start_mixed(rng, THREADS, &done, close_pair, &pair[i]);
	}
	goat_waitgroup_wait(&done);
}

// ----------------------------------------------------------------

static int
count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

int
main(int argc, char **argv)
{
	static const struct part part[] = {
		{ "streams", streams }, { "closes", closes }, { "faults", faults }, { 0 },
	};
	int n = argc > 1 ? atoi(argv[1]) : 20, before;
	uint64_t seed = rng_seed();

	seeds = fault_rng = seed;
	alarm(ENDLESS + (unsigned)n);
	listener = goat_listen("127.0.0.1:0", 128);
	snprintf(address, sizeof address, "127.0.0.1:%d", goat_port(listener));
	before = count_fds();
	rounds(part, n, seed);
	check(count_fds() <= before, "descriptors", count_fds(), before);
	return trouble != 0;
}
