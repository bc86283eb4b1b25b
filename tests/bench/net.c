// SPDX-License-Identifier: GPL-3.0-or-later
//
// net.c: a server with a goroutine for each connection.
#include <goat.h>
#include "net.h"

enum { BUFFER = 1024 };

static void
echo(int fd)
{
	char buf[BUFFER];
	ssize_t n;

	while ((n = goat_read(fd, buf, sizeof buf)) > 0)
		if (goat_write(fd, buf, n) != n)
			break;
	goat_close(fd);
}

static void
http(int fd)
{
	unsigned char state = 0;
	char buf[BUFFER];
	ssize_t n;

	while ((n = goat_read(fd, buf, sizeof buf)) > 0)
		for (int i = requests(&state, buf, n); i > 0; i--)
			if (goat_write(fd, ANSWER, ANSWER_SIZE) != ANSWER_SIZE)
				n = 0;
	goat_close(fd);
}

int
main(int argc, char **argv)
{
	bool is_http = argc > 1 && strcmp(argv[1], "http") == 0;
	int listener = goat_listen("127.0.0.1:0", 4096), fd;

	tell_port(goat_port(listener));
	while ((fd = goat_accept(listener)) >= 0)
		if (is_http)
			go http(fd);
		else
			go echo(fd);
	return 1;
}
