// SPDX-License-Identifier: GPL-3.0-or-later
//
// pollers.c: what a message costs that wakes a goroutine, while others are parked on so many
// descriptors where nothing happens. Called with their number by net.py, which chooses the poller.
#include <goat.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
idle(int fd)
{
	if (goat_poll(fd, POLLIN, 0) < 0)
		exit(1);
}

static void
answer(int fd)
{
	char c;

	while (goat_read(fd, &c, 1) == 1)
		goat_write(fd, &c, 1);
}

int
main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 10, idle_pipe[2], pair[2];
	int64_t begin, rounds = 0;
	char c = 0;

	if (pipe(idle_pipe) != 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
		return 1;
	for (int i = 0; i < n; i++) {
		int fd = dup(idle_pipe[0]);

		if (fd < 0) {
			perror("dup");
			return 1;
		}
		go idle(fd);
	}
	go answer(pair[1]);
	goat_sleep(100000000);
	begin = goat_now();
	do {
		for (int i = 0; i < 20; i++, rounds++)
			if (goat_write(pair[0], &c, 1) != 1 || goat_read(pair[0], &c, 1) != 1)
				return 1;
	} while (goat_now() < begin + 500000000);
	printf("%.3f\n", (double)(goat_now() - begin) / rounds / 2 / 1000);
	return 0;
}
