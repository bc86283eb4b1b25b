// SPDX-License-Identifier: BSD-3-Clause
//
// map_stack.c: a map that is written to while another thread uses it ends the program.
//
// Who notices it says where it is. Where the write is under way, with GOATDEBUG=mapstack=1, is known
// too: each write notes its frames in a table, in a place that the address of its map has, which
// makes writes some hundred times slower. Of two maps with one place the later write counts.
//
// Go:    the text is Go's, the second trace is ours. In Go the race detector tells of it.
// Layer: lang.

#include "map.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime2.h"

enum { PLACES = 64 };

static struct place {
	const struct goat_hmap *h;
	char busy;              // being written or printed
	struct goat_trace trace;
} place[PLACES];

struct conflict {
	const char *what;
	struct goat_trace here;
	const struct goat_trace *there;
};

static struct place *
place_of(const struct goat_hmap *h)
{
	return &place[goat_mix_((uintptr_t)h, goat_hashkey[0]) % PLACES];
}

void
goat_mapwhere(const struct goat_hmap *h)
{
	struct place *p = place_of(h);
	struct goat_regs regs;

	if (__atomic_test_and_set(&p->busy, __ATOMIC_ACQUIRE))
		return;
	arch_here(&regs);
	p->trace.n = 0;
	goat_collect(&regs, &p->trace);
	p->h = h;
	__atomic_clear(&p->busy, __ATOMIC_RELEASE);
}

static void
print_conflict(void *arg)
{
	const struct conflict *c = arg;

	goat_print("fatal error: concurrent map ");
	goat_print(c->what);
	goat_print("\n");
	goat_printgoroutine();
	goat_printtrace(&c->here, true);
	if (c->there == NULL)
		return;
	goat_print("\nthe write:\n");
	goat_printtrace(c->there, true);
}

_Noreturn void
goat_mapconflict(const struct goat_hmap *h, const char *what)
{
	struct conflict c = { .what = what };
	struct place *p = place_of(h);
	struct goat_regs regs;

	arch_here(&regs);
	goat_collect(&regs, &c.here);
	// Whoever is just writing it is not waited for long: he may be in our way for ever.
	for (int i = 0; i < 1000 && __atomic_test_and_set(&p->busy, __ATOMIC_ACQUIRE); i++)
		usleep(1);
	if (goat_knob_mapstack && p->h == h)
		c.there = &p->trace;
	goat_report(print_conflict, &c, true);
	_exit(2);
}
