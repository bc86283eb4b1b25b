// SPDX-License-Identifier: GPL-3.0-or-later
//
// net_epoll.c: the same as net.c, with nothing but epoll(7), level-triggered. With -DOWN_PAGE each connection
// has a page of its own, as a goroutine has, and not one buffer with all others.
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

enum { EVENTS = 128, MANY = 1 << 16 };

static int epfd;
static bool is_http;
static unsigned char states[MANY];

#ifdef OWN_PAGE
enum { BUFFER = 4096 };

static char *
buffer_of(int fd)
{
	static char *pages[MANY];

	if (pages[fd] == NULL)
		pages[fd] = aligned_alloc(BUFFER, BUFFER);
	return pages[fd];
}
#else
enum { BUFFER = 65536 };

static char *
buffer_of(int fd)
{
	static char buf[BUFFER];

	return buf;
}
#endif

static void
watch(int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &e);
}

static int
listener_on_any_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	bind(fd, (struct sockaddr *)&a, size);
	listen(fd, 4096);
	getsockname(fd, (struct sockaddr *)&a, &size);
	tell_port(ntohs(a.sin_port));
	return fd;
}

static void
serve(int fd)
{
	char *buf = buffer_of(fd);
	ssize_t n = recv(fd, buf, BUFFER, 0);

	if (n <= 0) {
		close(fd);
		return;
	}
	if (!is_http)
		send(fd, buf, n, MSG_NOSIGNAL);
	else
		for (int i = requests(&states[fd], buf, n); i > 0; i--)
			send(fd, ANSWER, ANSWER_SIZE, MSG_NOSIGNAL);
}

int
main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	int listener, fd;

	is_http = argc > 1 && strcmp(argv[1], "http") == 0;
	epfd = epoll_create1(0);
	listener = listener_on_any_port();
	watch(listener);
	for (;;) {
		int n = epoll_wait(epfd, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd != listener) {
				serve(events[i].data.fd);
				continue;
			}
			while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
				states[fd] = 0;
				watch(fd);
			}
		}
	}
}
