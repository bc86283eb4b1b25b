// SPDX-License-Identifier: GPL-3.0-or-later
//
// net_uv.c: the same as net.c, with libuv.
#include <netinet/in.h>
#include <stdlib.h>
#include <uv.h>

#include "net.h"

struct client {
	uv_tcp_t tcp;
	unsigned char state;
};

static bool is_http;
static char buffer[65536];

static void
give_buffer(uv_handle_t *h, size_t wanted, uv_buf_t *b)
{
	*b = uv_buf_init(buffer, sizeof buffer);
}

static void
gone(uv_handle_t *h)
{
	free(h);
}

// What does not fit into the socket at once is not sent: requests are small.
static void
answer(uv_stream_t *s, const char *text, size_t n)
{
	uv_buf_t b = uv_buf_init((char *)text, (unsigned)n);

	uv_try_write(s, &b, 1);
}

static void
got(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct client *c = (struct client *)s;

	if (n < 0)
		uv_close((uv_handle_t *)s, gone);
	else if (!is_http && n > 0)
		answer(s, b->base, n);
	else
		for (int i = requests(&c->state, b->base, n); i > 0; i--)
			answer(s, ANSWER, ANSWER_SIZE);
}

static void
accepted(uv_stream_t *listener, int status)
{
	struct client *c = calloc(1, sizeof *c);

	uv_tcp_init(listener->loop, &c->tcp);
	uv_accept(listener, (uv_stream_t *)&c->tcp);
	uv_tcp_nodelay(&c->tcp, 1);
	uv_read_start((uv_stream_t *)&c->tcp, give_buffer, got);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a;
	int size = sizeof a;
	uv_tcp_t listener;

	is_http = argc > 1 && strcmp(argv[1], "http") == 0;
	uv_tcp_init(uv_default_loop(), &listener);
	uv_ip4_addr("127.0.0.1", 0, &a);
	uv_tcp_bind(&listener, (struct sockaddr *)&a, 0);
	uv_listen((uv_stream_t *)&listener, 4096, accepted);
	uv_tcp_getsockname(&listener, (struct sockaddr *)&a, &size);
	tell_port(ntohs(a.sin_port));
	return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
