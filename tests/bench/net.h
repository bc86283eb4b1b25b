// SPDX-License-Identifier: GPL-3.0-or-later
//
// net.h: what the servers of net.py have in common. Each is called with `echo` or `http`, prints
// its port and serves until it is killed.
//
// Layer: tests.

#ifndef GOAT_TESTS_NET_H
#define GOAT_TESTS_NET_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ANSWER                                                                                     \
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!"
enum { ANSWER_SIZE = sizeof ANSWER - 1 };

// How many requests end in TEXT. *STATE, 0 at first, is how much of an empty line the last one
// ended in.
static inline int
requests(unsigned char *state, const char *text, size_t n)
{
	static const char end[] = "\r\n\r\n";
	int count = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == end[*state])
			++*state;
		else
			*state = text[i] == '\r';
		if (*state == 4) {
			*state = 0;
			count++;
		}
	}
	return count;
}

static inline void
tell_port(int port)
{
	printf("%d\n", port);
	fflush(stdout);
}

#endif
