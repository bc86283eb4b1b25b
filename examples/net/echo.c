// SPDX-License-Identifier: BSD-3-Clause
//
// echo.c: a TCP server that sends back what it gets, a goroutine for each connection. On SIGTERM or
// SIGINT it takes no more connections, lets those that are open finish for a second, and leaves.
//
//	goatcc echo.c -o echo && ./echo 127.0.0.1:7000
//	nc 127.0.0.1 7000
#include <goat.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SECOND = 1000000000 };

typedef struct server {
	int listener, stop;             // stop: an eventfd, which handlers of signals can write to
	goat_mutex lock;
	map(int, bool) open;            // guarded by lock
	bool stopping;
	int served;
	goat_waitgroup running;
} server;

static int stop_fd;

static void
on_signal(int sig)
{
	uint64_t one = 1;
	ssize_t n = write(stop_fd, &one, sizeof one);

	(void)sig, (void)n;
}

// Whether the connection may begin.
static bool
enter(server *s, int fd)
{
	goat_mutex_lock(&s->lock);
	defer goat_mutex_unlock(&s->lock);
	if (s->stopping)
		return false;
	map_set(s->open, fd, true);
	s->served++;
	return true;
}

static void
leave(server *s, int fd)
{
	goat_mutex_lock(&s->lock);
	map_delete(s->open, fd);
	goat_close(fd);                 // with the lock, since the number may be another's at once
	goat_mutex_unlock(&s->lock);
	goat_waitgroup_done(&s->running);
}

static void
serve(server *s, int fd)
{
	char buf[4096];
	ssize_t n;

	defer leave(s, fd);
	if (!enter(s, fd))
		return;
	while ((n = goat_read(fd, buf, sizeof buf)) > 0)
		if (goat_write(fd, buf, n) != n)
			return;
}

static void
accept_all(server *s)
{
	int fd;

	defer goat_waitgroup_done(&s->running);
	for (;;) {
		fd = goat_accept(s->listener);
		if (fd >= 0) {
			goat_waitgroup_add(&s->running, 1);
			go serve(s, fd);
		} else if (errno == EMFILE || errno == ENFILE) {
			goat_sleep(SECOND / 10);
		} else {
			return;         // ECANCELED: it was closed
		}
	}
}

static void
wait_for_signal(server *s)
{
	uint64_t count;

	goat_read(s->stop, &count, sizeof count);
}

// Who is parked in accept is woken by the close, and who reads by the deadline.
static void
shut_down(server *s)
{
	goat_close(s->listener);
	goat_mutex_lock(&s->lock);
	s->stopping = true;
	map_range (s->open, fd, yes) {
		(void)yes;
		goat_set_deadline(fd, goat_now() + SECOND);
	}
	goat_mutex_unlock(&s->lock);
	goat_waitgroup_wait(&s->running);
}

int
main(int argc, char **argv)
{
	server *s = new(server, .open = make(map(int, bool)));

	s->listener = goat_listen(argc > 1 ? argv[1] : "127.0.0.1:0", 128);
	s->stop = stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (s->listener < 0 || s->stop < 0) {
		fprintf(stderr, "echo: %s\n", strerror(errno));
		return 1;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	printf("port %d\n", goat_port(s->listener));
	fflush(stdout);
	goat_waitgroup_add(&s->running, 1);
	go accept_all(s);
	wait_for_signal(s);
	shut_down(s);
	printf("served %d\n", s->served);
	return 0;
}
