// SPDX-License-Identifier: GPL-3.0-or-later
//
// net_event.c: the same as net.c, with libevent.
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "net.h"

static bool is_http;

static void
got(struct bufferevent *b, void *state)
{
	struct evbuffer *in = bufferevent_get_input(b), *out = bufferevent_get_output(b);
	size_t n = evbuffer_get_length(in);

	if (!is_http) {
		evbuffer_add_buffer(out, in);
		return;
	}
	for (int i = requests(state, (const char *)evbuffer_pullup(in, -1), n); i > 0; i--)
		evbuffer_add(out, ANSWER, ANSWER_SIZE);
	evbuffer_drain(in, n);
}

static void
gone(struct bufferevent *b, short what, void *state)
{
	free(state);
	bufferevent_free(b);
}

static void
accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from, int size, void *base)
{
	struct bufferevent *b = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	bufferevent_setcb(b, got, NULL, gone, calloc(1, 1));
	bufferevent_enable(b, EV_READ | EV_WRITE);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct event_base *base = event_base_new();
	struct evconnlistener *listener;
	socklen_t size = sizeof a;

	is_http = argc > 1 && strcmp(argv[1], "http") == 0;
	listener = evconnlistener_new_bind(base, accepted, base, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 4096,
					   (struct sockaddr *)&a, sizeof a);
	if (listener == NULL)
		return 1;
	getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&a, &size);
	tell_port(ntohs(a.sin_port));
	return event_base_dispatch(base);
}
