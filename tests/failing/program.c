// SPDX-License-Identifier: GPL-3.0-or-later
//
// program.c: a bit of everything that asks the system for something: memory, threads, descriptors.
// Says `done`, or what has failed and leaves with status 1.
#include <goat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 600, REQUESTS = 4 };

struct large {
	char bytes[40000];
};

static void
give_up(const char *what)
{
	fprintf(stderr, "program: %s: %s\n", what, strerror(errno));
	exit(1);
}

// Its own thread, for a while.
static void
block(goat_waitgroup *wg)
{
	usleep(2000);
	goat_waitgroup_done(wg);
}

static void
sleeper(goat_waitgroup *wg, int64_t ns)
{
	struct large *volatile memory = new(struct large);

	memory->bytes[0] = 1;
	goat_sleep(ns);
	goat_waitgroup_done(wg);
}

static int
deep(int n)
{
	volatile char frame[600];

	frame[0] = (char)n;
	return n == 0 ? 0 : deep(n - 1) + frame[0] - (char)n + 1;
}

static void
deeper(goat_waitgroup *wg)
{
	if (deep(400) != 400)
		give_up("deep");
	goat_waitgroup_done(wg);
}

static void
answer(int fd)
{
	char c;

	while (goat_read(fd, &c, 1) == 1)
		if (goat_write(fd, &c, 1) != 1)
			give_up("write of the server");
	goat_close(fd);
}

static void
serve(int listener)
{
	for (;;) {
		int fd = goat_accept(listener);

		if (fd >= 0)
			go answer(fd);
		else if (errno != ECANCELED)
			give_up("accept");
		else
			return;
	}
}

static void
ask(const char *addr, goat_waitgroup *wg)
{
	int fd = goat_dial(addr);
	char c = 'x';

	if (fd < 0)
		give_up("dial");
	goat_set_deadline(fd, goat_now() + 5000000000);
	for (int i = 0; i < REQUESTS; i++)
		if (goat_write(fd, &c, 1) != 1 || goat_read(fd, &c, 1) != 1)
			give_up("request");
	goat_close(fd);
	goat_waitgroup_done(wg);
}

int
main(void)
{
	goat_waitgroup wg = { 0 };
	char addr[60];
	int listener;

	goat_waitgroup_add(&wg, 2 * MANY + 8 + 8);
	for (int i = 0; i < MANY; i++)
		go sleeper(&wg, 1000000 + i);
	for (int i = 0; i < MANY; i++)
		go deeper(&wg);
	for (int i = 0; i < 8; i++)
		go block(&wg);
	listener = goat_listen("127.0.0.1:0", 64);
	if (listener < 0)
		give_up("listen");
	snprintf(addr, sizeof addr, "127.0.0.1:%d", goat_port(listener));
	go serve(listener);
	for (int i = 0; i < 8; i++)
		go ask(addr, &wg);
	goat_waitgroup_wait(&wg);
	goat_close(listener);
	printf("done\n");
	return 0;
}
