// SPDX-License-Identifier: GPL-3.0-or-later
//
// net_load.c: what net.py asks of its servers.
//
//	net_load echo PORT PID CONNECTIONS SECONDS    microseconds of the server's time for each request
//	net_load trip PORT PID SECONDS                microseconds of one round trip, and the server's of it
//	net_load idle PORT PID CONNECTIONS            bytes that each connection, used once, keeps there
#define _GNU_SOURCE
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 64, MANY = 1 << 16 };

static int port, pid;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

// Microseconds that all threads of the server have run.
static double
server_time(void)
{
	char path[300];
	struct dirent *e;
	double sum = 0;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	if ((d = opendir(path)) == NULL)
		die(path);
	while ((e = readdir(d)) != NULL) {
		double ns = 0;
		FILE *f;

		snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, e->d_name);
		if (e->d_name[0] == '.' || (f = fopen(path, "r")) == NULL)
			continue;
		if (fscanf(f, "%lf", &ns) == 1)
			sum += ns / 1e3;
		fclose(f);
	}
	closedir(d);
	return sum;
}

// What is resident, page tables included.
static double
server_memory(void)
{
	char path[64], line[256];
	double sum = 0, kib;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	if ((f = fopen(path, "r")) == NULL)
		die(path);
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "VmRSS: %lf", &kib) == 1 || sscanf(line, "VmPTE: %lf", &kib) == 1)
			sum += kib * 1024;
	fclose(f);
	return sum;
}

static int
dial(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((in_port_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static void
say(int fd)
{
	static const char text[SIZE];

	if (send(fd, text, SIZE, 0) != SIZE)
		die("send");
}

static void
hear(int fd)
{
	char text[SIZE];

	if (recv(fd, text, SIZE, MSG_WAITALL) != SIZE)
		die("recv");
}

static void
echo(int connections, double seconds)
{
	int epfd = epoll_create1(0);
	double end = 0, begin = 0, used = 0;
	struct epoll_event events[128];
	static int got[MANY];
	long done = 0;

	for (int i = 0; i < connections; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.fd = dial() };

		epoll_ctl(epfd, EPOLL_CTL_ADD, e.data.fd, &e);
		say(e.data.fd);
	}
	for (double start = now(); end == 0 || now() < end;) {
		int n = epoll_wait(epfd, events, 128, 5000);

		if (n <= 0)
			die("stalled");
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			char text[SIZE];
			ssize_t r = recv(fd, text, (size_t)(SIZE - got[fd]), 0);

			if (r <= 0)
				die("recv");
			if ((got[fd] += (int)r) < SIZE)
				continue;
			got[fd] = 0;
			done++;
			say(fd);
		}
		if (end == 0 && now() > start + 300000) {       // warm
			begin = now();
			end = begin + seconds * 1e6;
			done = 0;
			used = server_time();
		}
	}
	printf("%.3f\n", (server_time() - used) / (double)done);
}

static void
trip(double seconds)
{
	int fd = dial();
	double begin, used;
	long n = 0;

	for (int i = 0; i < 1000; i++) {
		say(fd);
		hear(fd);
	}
	used = server_time();
	begin = now();
	for (; now() < begin + seconds * 1e6; n++) {
		say(fd);
		hear(fd);
	}
	printf("%.3f %.3f\n", (now() - begin) / (double)n, (server_time() - used) / (double)n);
}

static void
idle(int connections)
{
	double before = 0;

	for (int i = -100; i < connections; i++) {
		int fd = dial();

		say(fd);
		hear(fd);
		if (i == -1)
			before = server_memory();
	}
	usleep(200000);
	printf("%.0f\n", (server_memory() - before) / connections);
}

int
main(int argc, char **argv)
{
	struct rlimit files;

	if (argc < 5)
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	port = atoi(argv[2]);
	pid = atoi(argv[3]);
	if (strcmp(argv[1], "echo") == 0)
		echo(atoi(argv[4]), atof(argv[5]));
	else if (strcmp(argv[1], "trip") == 0)
		trip(atof(argv[4]));
	else
		idle(atoi(argv[4]));
	return 0;
}
