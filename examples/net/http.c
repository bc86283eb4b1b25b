// SPDX-License-Identifier: BSD-3-Clause
//
// http.c: says hello over HTTP/1.1, with connections that stay open and a limit of time for each
// request. On SIGTERM or SIGINT it takes no more connections, answers what is under way for a second
// at most, and leaves.
//
//	goatcc http.c -o http && ./http 127.0.0.1:8080
//	curl http://127.0.0.1:8080/world
#define _GNU_SOURCE                     // memmem
#include <goat.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const int64_t SECOND = 1000000000, PATIENCE = 10000000000;

static int stop_fd;                     // an eventfd, which handlers of signals can write to

static void
on_signal(int sig)
{
	uint64_t one = 1;
	ssize_t n = write(stop_fd, &one, sizeof one);

	(void)sig, (void)n;
}

static atomic_bool stopping;
static goat_waitgroup running;

typedef struct conn {
	int fd;
	size_t have;                    // bytes in buf
	char buf[4096];
} conn;

// The bytes up to and with the next empty line; 0: the connection is at its end, or that is too long.
static size_t
next_head(conn *c)
{
	for (;;) {
		char *end = memmem(c->buf, c->have, "\r\n\r\n", 4);
		ssize_t n;

		if (end != NULL)
			return end + 4 - c->buf;
		if (c->have == sizeof c->buf)
			return 0;
		n = goat_read(c->fd, c->buf + c->have, sizeof c->buf - c->have);
		if (n <= 0)
			return 0;
		c->have += n;
	}
}

static void
drop_head(conn *c, size_t n)
{
	c->have -= n;
	memmove(c->buf, c->buf + n, c->have);
}

// Of a head, `GET /path HTTP/1.1`: the path, or an empty one.
static string
path_of(string head)
{
	const char *from = head.ptr + 4, *to;

	if (len(head) < 5 || memcmp(head.ptr, "GET ", 4) != 0)
		return str("");
	to = memchr(from, ' ', head.ptr + len(head) - from);
	return to == NULL ? str("") : substr(head, 4, to - head.ptr);
}

static bool
wants_close(string head)
{
	static const char line[] = "\r\nConnection: close\r\n";
	size_t n = sizeof line - 1;

	for (size_t i = 0; i + n <= len(head); i++)
		if (strncasecmp(head.ptr + i, line, n) == 0)
			return true;
	return false;
}

static bool
answer(int fd, const char *status, string body, bool last)
{
	string reply = string_printf("HTTP/1.1 %s\r\nContent-Type: text/plain\r\n"
				     "Content-Length: %zu\r\n%s\r\n%.*s",
				     status, len(body), last ? "Connection: close\r\n" : "", STR(body));

	return goat_write(fd, reply.ptr, len(reply)) == (ssize_t)len(reply);
}

static void
serve(int fd)
{
	conn c = { .fd = fd };
	bool last = false;
	size_t n;

	defer goat_waitgroup_done(&running);
	defer goat_close(fd);
	while (!last) {
		goat_set_deadline(fd, goat_now() + PATIENCE);
		if ((n = next_head(&c)) == 0)
			return;
		string head = { c.buf, n }, path = path_of(head);

		last = wants_close(head) || stopping;
		if (len(path) == 0) {
			answer(fd, "400 Bad Request", str("what?\n"), true);
			return;
		}
		if (!answer(fd, "200 OK", string_printf("Hello, %.*s!\n", STR(substr(path, 1, len(path)))),
			    last))
			return;
		drop_head(&c, n);
	}
}

// Until it is closed.
static void
accept_all(int listener)
{
	for (;;) {
		int fd = goat_accept(listener);

		if (fd >= 0) {
			goat_waitgroup_add(&running, 1);
			go serve(fd);
		} else if (errno == EMFILE || errno == ENFILE) {
			goat_sleep(SECOND / 10);
		} else {
			return;         // ECANCELED: it was closed
		}
	}
}

// Who waits for a request that does not come is not waited for.
static void
finish(void)
{
	chan(bool) done = make(chan(bool), 1);

	go {
		goat_waitgroup_wait(&running);
		chan_send(done, true);
	}
	chan_select {
	case_recv (done, yes) { (void)yes; }
	case_recv (goat_after(SECOND), now) { (void)now; }
	}
}

int
main(int argc, char **argv)
{
	int listener = goat_listen(argc > 1 ? argv[1] : "127.0.0.1:0", 1024);

	stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (listener < 0 || stop_fd < 0) {
		fprintf(stderr, "http: %s\n", strerror(errno));
		return 1;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	printf("port %d\n", goat_port(listener));
	fflush(stdout);
	go {
		uint64_t count;

		goat_read(stop_fd, &count, sizeof count);
		stopping = true;
		goat_close(listener);
	}
	accept_all(listener);
	finish();
	return 0;
}
