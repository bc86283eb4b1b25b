// SPDX-License-Identifier: BSD-3-Clause
//
// runtime2.h: what a thread, and once there are goroutines each of them, has of its own.
//
// Go:    as runtime/runtime2.go.
// Layer: base.

#ifndef GOAT_RUNTIME2_H
#define GOAT_RUNTIME2_H

#include "base.h"
#include "unwind.h"

#include <unwind.h>

// A panic, or a goexit, that runs deferred code. Taken from a pool, which the collector sees; what
// compiled code calls `pending` is the address of one, or of another's _Unwind_Exception.
struct goat_panic {
	struct _Unwind_Exception exc;   // must be first
	struct goat_panic *link;        // the one before it; in the pool the next
	// Whose chain it is in. Where there are two copies of this runtime, in a program and in one
	// of its libraries, it may not be the one of who asks.
	struct goat_g *g;
	goat_any value;
	uintptr_t frame;                // CFA of the frame whose deferred code it runs
	uintptr_t foreign_sp;           // what is below this is libgcc's to unwind
	struct goat_panic *by;          // aborted by that one, or NULL
	uint32_t at;                    // and when that had left so many frames
	void *forced;                   // an unwinding nobody can stop that it has aborted, or NULL
	bool goexit;
	bool recovered;                 // its deferred code has called recover
	bool repanicked;                // the next one has the same value
	bool calling;                   // a deferred call is under way, not a block
	struct goat_trace trace;
};

struct goat_g {
	struct goat_panic *panics;      // the newest first
	struct goat_panic *pool;
	uint64_t id;                    // 1: of main
	uintptr_t lo, hi;               // the stack
	void *altstack;                 // for signals; NULL: none, or not ours
	bool printing;                  // the text of a panic is being asked for
	// The signal behind a panic, if any.
	int sig, sigcode;
	uintptr_t sigaddr, sigpc;
};

// Of this thread, or NULL; goat_getg makes one.
extern _Thread_local struct goat_g *goat_g __attribute__((tls_model("initial-exec")));
GOAT_HIDDEN struct goat_g *goat_makeg(void);

static inline struct goat_g *
goat_getg(void)
{
	return __builtin_expect(goat_g != NULL, 1) ? goat_g : goat_makeg();
}

// The thread ends.
GOAT_HIDDEN void goat_freeg(void);

// signal.c: handlers, before main; and a stack for them to run on, of this thread.
GOAT_HIDDEN void goat_initsig(void);
GOAT_HIDDEN void goat_altstack(struct goat_g *g);
GOAT_HIDDEN void goat_noaltstack(struct goat_g *g);

// thread.c: waits until no other thread of ours is left.
GOAT_HIDDEN void goat_waitthreads(void);
// The function that all threads begin with which were made here.
GOAT_HIDDEN void *goat_threadstart(void *arg);

// panic.c: print(arg), to say why the program ends: with the floor for itself, a stack that is
// large enough, and no signals. Another thread's report never begins. With FLUSH, stdio is flushed
// first.
GOAT_HIDDEN void goat_report(void (*print)(void *), void *arg, bool flush);
// Frees P, a panic in the chain, and those above it.
GOAT_HIDDEN void goat_droppanics(struct goat_panic *p);

// panic.c: `[signal ...]`
GOAT_HIDDEN void goat_printsignal(int sig, int code, uintptr_t addr, uintptr_t pc);

// traceback.c: `goroutine 1 [running]:` with an empty line before it, and the frames. Without
// NAMES, nothing is called that allocates.
GOAT_HIDDEN void goat_printgoroutine(void);
GOAT_HIDDEN void goat_printpanictrace(const struct goat_panic *p);
GOAT_HIDDEN void goat_printtrace(const struct goat_trace *t, bool names);

// print.c: to standard error, by way of a buffer; goat_print_flush writes it.
GOAT_HIDDEN void goat_printn(const char *text, size_t n);
GOAT_HIDDEN void goat_print(const char *text);
GOAT_HIDDEN void goat_printint(int64_t v);
GOAT_HIDDEN void goat_printuint(uint64_t v);
GOAT_HIDDEN void goat_printhex(uint64_t v);
GOAT_HIDDEN void goat_printindented(goat_string s);
GOAT_HIDDEN void goat_printpanicval(goat_any v);
GOAT_HIDDEN void goat_printflush(void);

#endif
