// SPDX-License-Identifier: BSD-3-Clause
//
// netpoll.h: who waits for a descriptor, and what tells that it is ready.
//
// Go:    as runtime/netpoll.go; a backend is what netpoll_epoll.go and its like are there.
// Layer: wait.

#ifndef GOAT_NETPOLL_H
#define GOAT_NETPOLL_H

#include "runtime2.h"
#include "timer.h"

#include <sys/types.h>

// ---------------------------------------------------------------- backends

// Directions, and queues of those who wait. LOCK: for the turn to write.
enum {
	GOAT_POLLR = 1,
	GOAT_POLLW = 2,
	GOAT_POLLLOCK = 4,
	GOAT_POLLHUP = 4,               // of an event: an end, an error or urgent data
};

// Descriptor FD is ready, or another file that had this number. -1: somebody called netpollbreak.
struct goat_pollevent {
	int32_t fd;
	uint32_t ready;
};

enum { GOAT_POLLBATCH = 128 };

struct goat_poller {
	const char *name;
	int limit;                      // of descriptors, 0: none
	bool level;                     // arm is for one event of each direction
	// Both give 0 or an errno; BREAKFD becomes readable to end a wait.
	int (*init)(int breakfd);
	// Events of FD, of DIRECTIONS, from now on, and at once if it is ready. KNOWN: it has been
	// armed before; -1 if it was another file then.
	int (*arm)(int fd, unsigned directions, bool known);
	// FD is going to be closed. NULL: the kernel sees to it. Else who sleeps keeps the file open
	// and has to be woken afterwards.
	void (*forget)(int fd);
	// As goat_netpoll; gives how many, 0 if the time is over or a signal came.
	int (*wait)(struct goat_pollevent *events, int64_t delay);
};

extern GOAT_HIDDEN const struct goat_poller goat_epollpoller, goat_pollpoller, goat_selectpoller;

// ---------------------------------------------------------------- descriptors

struct goat_polldeadline {
	struct goat_rtimer timer;
	struct goat_polldesc *pd;
	int64_t when;                   // written under pd->lock; 0: none, or it has passed
};

enum goat_pollkind {
	GOAT_POLLFOREIGN,               // not made here: it may be anything, and another one the next time
	GOAT_POLLTCP,
	GOAT_POLLSTREAM,
	GOAT_POLLLISTENER,
	GOAT_POLLUNIXLISTENER,
};

// The parts of users.
enum {
	GOAT_POLLWRITING = 1,           // somebody has the turn to write
	GOAT_POLLMORE = 2,              // others wait for it
	GOAT_POLLCLOSING = 4,           // nobody comes in any more
	GOAT_POLLGONE = 8,              // and nobody is there: close(2) is under way
	GOAT_POLLUSER = 16,             // each who is in a call of the system
};

// One a descriptor, in a table that its number leads to. Never freed. What a call needs that finds
// nobody else there is in the first line.
struct goat_polldesc {
	struct goat_lock lock;
	int32_t fd;
	uint32_t users;
	uint32_t seq[2];                // how many events came, of reading and writing; written under lock
	uint32_t drained;               // seq[0] when a read got all there was
	uint64_t gen;                   // another file each, and how often one was closed; written under lock
	uint8_t kind;
	uint8_t armed;                  // directions
	uint8_t hup;                    // an event had GOAT_POLLHUP: there may be more after a short read
	uint8_t expired;                // the deadline is over
	uint8_t seen;                   // see check
	uint8_t anchored;               // epoll knows it, though another poller waits
	struct goat_g *last[3];         // of each queue
	struct goat_polldeadline *deadline;
	struct goat_g *closer;          // waits until the last user has closed it; under lock
} __attribute__((aligned(64)));

// Others may just be finding out that it is new, and write what is there.
static inline int
goat_pollfd(const struct goat_polldesc *pd)
{
	return __atomic_load_n(&pd->fd, __ATOMIC_RELAXED);
}

// FD's, or NULL: FD is negative, or there is no memory.
GOAT_HIDDEN struct goat_polldesc *goat_polldescslow(int fd);
// Those of small numbers: by the upper bits, and then by these lower ones.
enum { GOAT_POLLPART = 1 << 10 };
extern GOAT_HIDDEN struct goat_polldesc *goat_polldescs[GOAT_POLLPART];

static inline struct goat_polldesc *
goat_polldescof(int fd)
{
	struct goat_polldesc *part;
	unsigned n = (unsigned)fd;

	if (__builtin_expect(n < GOAT_POLLPART * GOAT_POLLPART, 1) &&
	    (part = __atomic_load_n(&goat_polldescs[n / GOAT_POLLPART], __ATOMIC_ACQUIRE)) != NULL &&
	    __atomic_load_n(&part[n % GOAT_POLLPART].fd, __ATOMIC_ACQUIRE) == fd)
		return &part[n % GOAT_POLLPART];
	return goat_polldescslow(fd);
}

// FD is a new file of KIND. Gives 0 or an errno.
GOAT_HIDDEN int goat_polladopt(int fd, enum goat_pollkind kind);
// Closes it: who waits gets ECANCELED; who is in a call of the system goes on, and the last of them
// closes. The caller waits for that, unless the call may be a long one. BEFORE(fd), or NULL, is
// called while the file is still there. Gives 0 or an errno.
GOAT_HIDDEN int goat_pollclose(struct goat_polldesc *pd, void (*before)(int fd));
// The last one who has been in a call closes it, if nobody has yet.
GOAT_HIDDEN void goat_polllast(struct goat_polldesc *pd);

// It is being closed and nobody is in a call. Who has the turn to write may be parked.
static inline bool
goat_polllastone(uint32_t users)
{
	return (users & ~(uint32_t)(GOAT_POLLWRITING | GOAT_POLLMORE)) == GOAT_POLLCLOSING;
}

// Parks while PD's number is being given back: what it means is not known then.
GOAT_HIDDEN void goat_pollawait(struct goat_polldesc *pd);

// Who calls the system for a descriptor holds it meanwhile: its number means the same file until
// goat_pollleave. False: it is being closed. Go: fdMutex.incref.
static inline bool
goat_pollenter(struct goat_polldesc *pd)
{
	if (__builtin_expect(__atomic_fetch_add(&pd->users, GOAT_POLLUSER, __ATOMIC_ACQUIRE) &
			     GOAT_POLLCLOSING, 0)) {
		if (goat_polllastone(__atomic_sub_fetch(&pd->users, GOAT_POLLUSER, __ATOMIC_ACQ_REL)))
			goat_polllast(pd);
		return false;
	}
	return true;
}

static inline void
goat_pollleave(struct goat_polldesc *pd)
{
	goat_release(&pd->users);
	if (__builtin_expect(goat_polllastone(__atomic_sub_fetch(&pd->users, GOAT_POLLUSER,
								 __ATOMIC_ACQ_REL)), 0))
		goat_polllast(pd);
}

// What one who tries and then waits has seen before it tried.
struct goat_pollseen {
	uint64_t gen;
	uint32_t seq[2];
};

// The upper half of gen: goat_close was called, or another file begins.
enum { GOAT_POLLCLOSES = 32 };

static inline struct goat_pollseen
goat_pollsee(const struct goat_polldesc *pd)
{
	struct goat_pollseen seen;

	seen.seq[0] = __atomic_load_n(&pd->seq[0], __ATOMIC_ACQUIRE);
	seen.seq[1] = __atomic_load_n(&pd->seq[1], __ATOMIC_ACQUIRE);
	seen.gen = __atomic_load_n(&pd->gen, __ATOMIC_ACQUIRE);
	return seen;
}

// Before the next try. That the file is the same still counts from the first.
static inline void
goat_pollagain(const struct goat_polldesc *pd, struct goat_pollseen *seen)
{
	seen->seq[0] = __atomic_load_n(&pd->seq[0], __ATOMIC_ACQUIRE);
	seen->seq[1] = __atomic_load_n(&pd->seq[1], __ATOMIC_ACQUIRE);
}

// False: it was closed since. Who has gone over to what the number means now does not notice that the
// file was replaced, by close(2) and so on.
static inline bool
goat_pollsame(const struct goat_polldesc *pd, struct goat_pollseen *seen)
{
	uint64_t gen = __atomic_load_n(&pd->gen, __ATOMIC_ACQUIRE);

	if (__builtin_expect(gen == seen->gen, 1))
		return true;
	if ((gen ^ seen->gen) >> GOAT_POLLCLOSES != 0)
		return false;
	seen->gen = gen;
	return true;
}

// Parks until FD may be ready in one of DIRECTIONS, unless an event came after SEEN. Gives 0: try
// again, or an errno: ETIMEDOUT, ECANCELED, what the kernel said. WHEN: a deadline of its own, or 0.
// SEEN changes where the number turns out to mean another file.
GOAT_HIDDEN int goat_pollwait(struct goat_polldesc *pd, unsigned directions,
			      struct goat_pollseen *seen, int64_t when);
// The same for GOAT_POLLR, without a deadline, where that is armed as a rule.
GOAT_HIDDEN int goat_pollwaitread(struct goat_polldesc *pd, struct goat_pollseen *seen);

GOAT_HIDDEN void goat_pollpassslow(struct goat_polldesc *pd, unsigned directions);

// Another one who waits in DIRECTIONS tries: the caller was woken and may have left something.
static inline void
goat_pollpass(struct goat_polldesc *pd, unsigned directions)
{
	if (__builtin_expect((directions & GOAT_POLLR && __atomic_load_n(&pd->last[0], __ATOMIC_RELAXED) != NULL) ||
			     (directions & GOAT_POLLW && __atomic_load_n(&pd->last[1], __ATOMIC_RELAXED) != NULL),
			     0))
		goat_pollpassslow(pd, directions);
}

// The descriptor turned out to be another file, not made here.
GOAT_HIDDEN void goat_pollforeign(struct goat_polldesc *pd, struct goat_pollseen *seen);
// The turn to write, and then the descriptor is held as by goat_pollenter. Gives 0 or an errno.
GOAT_HIDDEN int goat_polllockslow(struct goat_polldesc *pd, struct goat_pollseen *seen);
GOAT_HIDDEN void goat_pollunlockslow(struct goat_polldesc *pd);

static inline int
goat_polllock(struct goat_polldesc *pd, struct goat_pollseen *seen)
{
	uint32_t was = __atomic_load_n(&pd->users, __ATOMIC_RELAXED);

	if (__builtin_expect(!(was & (GOAT_POLLWRITING | GOAT_POLLMORE | GOAT_POLLCLOSING)) &&
			     __atomic_compare_exchange_n(&pd->users, &was,
							 was + GOAT_POLLUSER + GOAT_POLLWRITING, false,
							 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED), 1))
		return 0;
	return goat_polllockslow(pd, seen);
}

// INSIDE: the descriptor is held still.
static inline void
goat_pollunlock(struct goat_polldesc *pd, bool inside)
{
	uint32_t mine = GOAT_POLLWRITING + GOAT_POLLUSER, was = __atomic_load_n(&pd->users, __ATOMIC_RELAXED);

	goat_release(&pd->users);
	if (__builtin_expect(inside && !(was & (GOAT_POLLMORE | GOAT_POLLCLOSING)) &&
			     __atomic_compare_exchange_n(&pd->users, &was, was - mine, false,
							 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED), 1))
		return;
	goat_pollunlockslow(pd);
	if (inside)
		goat_pollleave(pd);
}

// Whether the deadline is over, of the file that PD is now.
GOAT_HIDDEN bool goat_pollexpired(struct goat_polldesc *pd, struct goat_pollseen *seen);
// Gives 0 or an errno.
GOAT_HIDDEN int goat_polldeadline(struct goat_polldesc *pd, int64_t when);

// ---------------------------------------------------------------- net.c, see goat.h

int goat_listen(const char *addr, int backlog);
int goat_accept(int fd);
int goat_dial(const char *addr);
ssize_t goat_read(int fd, void *buf, size_t n);
ssize_t goat_write(int fd, const void *buf, size_t n);
int goat_set_deadline(int fd, int64_t when);
int goat_close(int fd);
int goat_poll(int fd, int events, int64_t deadline);
int goat_port(int fd);

#endif
