// SPDX-License-Identifier: BSD-3-Clause
//
// chat.c: everybody gets the lines of everybody else. One goroutine, the room, has the list of members;
// the others tell it by channels who comes, goes and speaks. Each member has a goroutine that reads and
// one that writes, and a queue of its own: who does not read misses lines, and holds up nobody.
//
//	goatcc chat.c -o chat && ./chat 127.0.0.1:7001
//	nc 127.0.0.1 7001
#include <goat.h>
#include <errno.h>
#include <string.h>

enum { QUEUE = 64, LINE = 512 };

typedef struct member {
	int fd;
	string name;
	chan(string) lines;             // to be written; closed when it has left
	int missed;
} member;

typedef struct speech {
	member *from;
	string line;
} speech;

static chan(member *) coming, going;
static chan(speech) said;

// To all but ONE.
static void
tell(map(member *, bool) members, member *one, string line)
{
	map_range (members, m, yes) {
		(void)yes;
		if (m == one)
			continue;
		chan_select {
		case_send (m->lines, line) { }
		case_default { m->missed++; }
		}
	}
}

static void
room(void)
{
	map(member *, bool) members = make(map(member *, bool));

	for (;;)
		chan_select {
		case_recv (coming, m) {
			tell(members, m, string_printf("* %.*s is here\n", STR(m->name)));
			chan_send(m->lines, string_printf("* %zu others are here\n", len(members)));
			map_set(members, m, true);
		}
		case_recv (going, m) {
			map_delete(members, m);
			tell(members, m, string_printf("* %.*s has left\n", STR(m->name)));
			chan_close(m->lines);
		}
		case_recv (said, s) {
			tell(members, s.from,
			     string_printf("<%.*s> %.*s", STR(s.from->name), STR(s.line)));
		}
		}
}

// Writes what is in the queue, until it is closed; that closes the connection too.
static void
write_lines(member *m)
{
	bool gone = false;

	chan_range (m->lines, line)
		gone = gone || goat_write(m->fd, line.ptr, len(line)) != (ssize_t)len(line);
	goat_close(m->fd);
}

typedef struct reader {
	int fd;
	size_t have;
	char buf[LINE];
} reader;

// The next line with its end, or what there is when it is too long; an empty one at the end.
static string
next_line(reader *r)
{
	string line;
	ssize_t n;

	for (;;) {
		char *end = memchr(r->buf, '\n', r->have);

		if (end != NULL || r->have == sizeof r->buf) {
			size_t size = end != NULL ? (size_t)(end + 1 - r->buf) : r->have;

			line = string_clone((string){ r->buf, size });
			r->have -= size;
			memmove(r->buf, r->buf + size, r->have);
			return line;
		}
		n = goat_read(r->fd, r->buf + r->have, sizeof r->buf - r->have);
		if (n <= 0)
			return str("");
		r->have += n;
	}
}

static string
without_end(string line)
{
	size_t n = len(line);

	while (n > 0 && (line.ptr[n - 1] == '\n' || line.ptr[n - 1] == '\r'))
		n--;
	return substr(line, 0, n);
}

static void
visit(int fd)
{
	static const char question[] = "your name? ";
	reader r = { .fd = fd };
	member *m = new(member, .fd = fd, .lines = make(chan(string), QUEUE));
	string line;

	if (goat_write(fd, question, sizeof question - 1) < 0 || len(line = next_line(&r)) == 0) {
		goat_close(fd);
		return;
	}
	m->name = without_end(line);
	go write_lines(m);
	chan_send(coming, m);
	while (len(line = next_line(&r)) != 0)
		chan_send(said, (speech){ m, line });
	chan_send(going, m);
}

int
main(int argc, char **argv)
{
	int listener = goat_listen(argc > 1 ? argv[1] : "127.0.0.1:0", 128);

	if (listener < 0) {
		fprintf(stderr, "chat: %s\n", strerror(errno));
		return 1;
	}
	coming = make(chan(member *));
	going = make(chan(member *));
	said = make(chan(speech));
	printf("port %d\n", goat_port(listener));
	fflush(stdout);
	go room();
	for (;;) {
		int fd = goat_accept(listener);

		if (fd >= 0)
			go visit(fd);
		else if (errno == EMFILE || errno == ENFILE)
			goat_sleep(100000000);
		else
			return 1;
	}
}
