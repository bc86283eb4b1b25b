// SPDX-License-Identifier: BSD-3-Clause
//
// stack.c: the stacks of goroutines.
//
// One region is reserved, and memory comes when it is touched:
//
//	[ stacks of Ms ][ medium stacks ][ small ones ... ][ segments ... ][ big stacks ]
//
// A stack cannot move in C, so its address range has to be as large as it may ever get. But a page
// that is touched needs a page of page tables for each 2 MiB of addresses, which doubles what a
// goroutine takes if no other is that close, and the further apart stacks are, the longer the processor
// takes to find them. So the first 16 goroutines that exist at a time get big stacks, the next 240 medium
// ones, and those beyond get small ones, sixteen to a page of page tables.
// GOATDEBUG=stacksize=N makes all of them N bytes.
//
// A stack that is not big goes on in segments. Compiled functions that may call themselves or need much look whether
// the stack pointer, less what they need beyond their frame, is below goat_stackguard (plugin/gcc/preempt.cc). If
// it is, too little is left, or it is in an older part than it was (K3): goat_morestack gives the end of a segment,
// and what that function takes by alloca and what it calls stands there. To such a function that is as if it had
// called alloca: it finds its variables by the frame pointer, and its return leads back. A segment that was left
// is noticed by the next such look, and kept for the goroutine until it ends. What does not look, such as the C
// library, has MARGIN bytes, of a medium stack MEDIUM_MARGIN. Where a sanitizer watches or annotated C was compiled
// so that it does not look, there are no segments, and all but the big stacks have UNLOOKED_SIZE.
//
//	K2  A slot's G that is a segment has in `parent_g` whose it is, in `below` the part of the
//	    stack that it goes on from, and in sp where that ended. g->top is the last part that was
//	    given out.
//	K3  Each part of a stack is at a higher address than the one it goes on from.
//
// Below each stack is a page that faults. It is a guard marker in the page tables (Linux 6.13),
// which splits no mapping; big stacks, and all on older kernels, use mprotect, where the number of
// mappings ends at vm.max_map_count: what is beyond that is out of stacks.
//
// At the top of a stack lies its struct goat_g. Tops are shifted by up to 31 cache lines, else all
// the goroutines that one switches between would meet in the same set of the cache.
//
//	K1  The region is reserved before any M has a stack, and stacks of Ms lie below the goroutines'.
//
// Dead stacks are kept by Ps, and here; of those that were dead when a collection came, all but the
// page of the G is given back to the system. Where there are more than KEEP, sysmon gives back all
// of them.
//
// Go:    as runtime/stack.go in what it is for; Go copies stacks to larger ones.
// Layer: stack.

#include "runtime2.h"

#include "knobs.h"

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_STACK_REGISTER(lo, hi) 0
#define VALGRIND_MAKE_MEM_UNDEFINED(at, size)
#endif

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum {
	PAGE = 4096,
	NBIG = 16,
	NMEDIUM = 240,
	NSMALL = 4 << 20,
	NSEGMENTS = 64 << 10,
	MARGIN = 48 << 10,              // for what does not ask for more
	MEDIUM_MARGIN = 512 << 10,
	NM = 10000,
	MSIZE = 2 << 20,                // ThreadSanitizer needs 900 KiB of it
	COLOURS = 32,
	LINE = 64,
	RECLAIM_AFTER = 1000000000,     // nanoseconds in which no more have ended than begun
	KEEP = 16384,                   // dead stacks that are kept with their first page
	BATCH = 256,                    // that are given back at a time
};

// Where sizes are powers of two, the same page of each stack is in one set of the TLB.
static const size_t BIG_SIZE = 256 << 20, MEDIUM_SIZE = (1 << 20) + PAGE, SEGMENT_SIZE = 16 << 20,
		    SMALL_SIZE = 128 << 10, MIN_SIZE = 16 << 10, UNLOOKED_SIZE = 16 << 20;

enum { NONE, DEAD, LIVE, SEGMENT };     // of a slot

// Of a program in which something annotated was compiled so that it does not look, see unit_looks of the plugin.
extern const bool goat_unlooked __attribute__((weak));

// Slots of one size.
struct class {
	size_t size;                    // of one, in bytes
	uint32_t first, n;              // their numbers
	uintptr_t base;
	uint32_t used;                  // those from here on have never been used
	uint32_t *none;                 // numbers of those that were given back to the system
	size_t nnone;
};

enum { BIG, MEDIUM, SMALL, SEGMENTS, CLASSES };

static struct {
	struct goat_lock lock;          // of all that changes
	struct class class[CLASSES];
	struct goat_g *dead;            // by schedlink
	size_t ndead;
	uintptr_t ms, end;
	uint8_t *state;                 // of each slot
	bool no_markers;                // mprotect it has to be
	bool valgrind;                  // watches
} stacks;

_Thread_local uintptr_t goat_stackguard __attribute__((tls_model("initial-exec")));

static int
wants_executable(struct dl_phdr_info *info, size_t size, void *wants)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_GNU_STACK && (info->dlpi_phdr[i].p_flags & PF_X))
			*(bool *)wants = true;
	return 0;
}

// Where the program or a library says that its stacks hold code, as GCC's nested functions do when their
// address is taken, those of goroutines may, too.
static int
stack_protection(void)
{
	bool code = false;

	dl_iterate_phdr(wants_executable, &code);
	return PROT_READ | PROT_WRITE | (code ? PROT_EXEC : 0);
}

static void *
reserve(size_t size, int protection)
{
	return mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static _Noreturn void
no_addresses(void)
{
	goat_fatal("runtime: cannot reserve address space for stacks");
}

static void *
reserved(size_t size)
{
	void *at = reserve(size, PROT_READ | PROT_WRITE);

	if (at == MAP_FAILED)
		no_addresses();
	return at;
}

// How many of which size are wanted.
static void
wanted(struct class *c)
{
	size_t size = (size_t)goat_knob_stacksize;

	c[BIG] = (struct class){ .size = BIG_SIZE, .n = NBIG };
	c[MEDIUM] = (struct class){ .size = MEDIUM_SIZE, .n = NMEDIUM };
	c[SMALL] = (struct class){ .size = SMALL_SIZE, .n = NSMALL };
	c[SEGMENTS] = (struct class){ .size = SEGMENT_SIZE, .n = NSEGMENTS };
	// Where something does not look, all stacks have to be large. ThreadSanitizer allows 8128 goroutines.
	if (goat_watched() || &goat_unlooked != NULL) {
		c[SMALL] = (struct class){ .size = UNLOOKED_SIZE, .n = __tsan_acquire != NULL ? 8192 : NSMALL / 4 };
		c[MEDIUM].n = c[SEGMENTS].n = 0;
	}
	if (goat_knob_stacksize <= 0)
		return;
	size = (size + PAGE - 1) & -(size_t)PAGE;
	c[SMALL].size = size < MIN_SIZE ? MIN_SIZE : size;
	c[BIG].n = c[MEDIUM].n = c[SEGMENTS].n = 0;
	while (c[SMALL].n > 1024 && c[SMALL].n > ((size_t)1 << 46) / c[SMALL].size)
		c[SMALL].n /= 2;
}

// As much of it as there is address space for.
void
goat_stackinit(void)
{
	struct class *c = stacks.class;
	size_t size, nm = NM;
	uint32_t slots = 0;
	uintptr_t at;
	int protection;

	if (stacks.end != 0)
		return;
	protection = stack_protection();
	for (wanted(c);; nm = nm > 64 ? nm / 2 : nm) {
		void *base;

		size = nm * MSIZE;
		for (int i = 0; i < CLASSES; i++)
			size += c[i].n * c[i].size;
		base = reserve(size, protection);
		at = (uintptr_t)base;
		if (base != MAP_FAILED)
			break;
		if (c[SMALL].n <= 16)
			no_addresses();
		c[SMALL].n /= 2;
		c[SEGMENTS].n /= 2;
		if (c[BIG].size > 8 << 20)
			c[BIG].size /= 2;
		else
			c[BIG].n /= 2;
		c[MEDIUM].n /= 2;
	}
	stacks.valgrind = RUNNING_ON_VALGRIND != 0;
	stacks.ms = at;
	stacks.end = at + size;
	madvise((void *)at, size, MADV_NOHUGEPAGE);
	at += nm * MSIZE;
	for (int i = 0; i < CLASSES; i++) {
		struct class *k = &c[(i + MEDIUM) % CLASSES];

		k->base = at;
		at += k->n * k->size;
	}
	for (int i = 0; i < CLASSES; i++) {
		c[i].first = slots;
		slots += c[i].n;
		c[i].none = reserved(c[i].n * sizeof *c[i].none + PAGE);
	}
	stacks.state = reserved(slots);
}

void *
goat_mstack(uint32_t id, size_t *size)
{
	uintptr_t lo = stacks.ms + (uintptr_t)id * MSIZE;

	if (lo + MSIZE > stacks.class[MEDIUM].base)
		return NULL;
	mprotect((void *)lo, PAGE, PROT_NONE);
	*size = MSIZE - PAGE;
	return (void *)(lo + PAGE);
}

// ---------------------------------------------------------------- slots

static struct class *
slot_class(uint32_t slot)
{
	struct class *c = stacks.class;

	while (slot >= c->first + c->n)
		c++;
	return c;
}

static uintptr_t
slot_low(const struct class *c, uint32_t slot)
{
	return c->base + (slot - c->first) * c->size;
}

static struct goat_g *
slot_g(const struct class *c, uint32_t slot)
{
	size_t size = (sizeof(struct goat_g) + LINE - 1) & -(size_t)LINE;

	return (struct goat_g *)(slot_low(c, slot) + c->size - size - slot % COLOURS * LINE);
}

static int
state_of(uint32_t slot)
{
	return __atomic_load_n(&stacks.state[slot], __ATOMIC_ACQUIRE);
}

static void
set_state(uint32_t slot, uint8_t state)
{
	__atomic_store_n(&stacks.state[slot], state, __ATOMIC_RELEASE);
}

// The G at the top of the slot that AT is in, or NULL.
static struct goat_g *
g_at(uintptr_t at, int *state)
{
	for (struct class *c = stacks.class; c < stacks.class + CLASSES; c++)
		if (at >= c->base && at < c->base + c->n * c->size) {
			uint32_t slot = c->first + (uint32_t)((at - c->base) / c->size);

			*state = state_of(slot);
			return slot_g(c, slot);
		}
	return NULL;
}

static bool
guard(const struct class *c, uint32_t slot)
{
	void *at = (void *)slot_low(c, slot);

	if (c != &stacks.class[BIG] && !stacks.no_markers) {
		if (madvise(at, PAGE, MADV_GUARD_INSTALL) == 0)
			return true;
		stacks.no_markers = true;
	}
	return mprotect(at, PAGE, PROT_NONE) == 0;
}

static struct goat_g *
init_slot(const struct class *c, uint32_t slot)
{
	struct goat_g *g = slot_g(c, slot);

	memset(g, 0, sizeof *g);
	g->slot = slot;
	g->lo = slot_low(c, slot);
	g->hi = (uintptr_t)g;
	return g;
}

// With the lock: a slot that nobody uses, with a number of at least FROM.
static struct goat_g *
take_slot(struct class *c, uint32_t from)
{
	for (size_t i = c->nnone; i-- > 0;)
		if (c->none[i] >= from) {
			uint32_t slot = c->none[i];

			c->none[i] = c->none[--c->nnone];
			return init_slot(c, slot);
		}
	if (c->used == c->n || !guard(c, c->first + c->used))
		return NULL;
	if (__builtin_expect(stacks.valgrind, 0)) {
		uintptr_t lo = slot_low(c, c->first + c->used);

		(void)VALGRIND_STACK_REGISTER(lo, lo + c->size);
	}
	return init_slot(c, c->first + c->used++);
}

// All but KEEP bytes at the top.
static void
trim(struct goat_g *g, uintptr_t keep)
{
	struct class *c = slot_class(g->slot);
	uintptr_t lo = g->lo + PAGE, hi = g->lo + c->size - keep;

	g->trimmed = true;
	madvise((void *)lo, hi - lo, MADV_DONTNEED);
}

static void
give_back(struct goat_g *g)
{
	uint32_t slot = g->slot;
	struct class *c = slot_class(slot);

	set_state(slot, NONE);
	trim(g, 0);
	goat_lock(&stacks.lock);
	c->none[c->nnone++] = slot;
	goat_unlock(&stacks.lock);
}

// ---------------------------------------------------------------- stacks

// With the lock.
static void
count_dead(int by)
{
	__atomic_store_n(&stacks.ndead, stacks.ndead + (size_t)by, __ATOMIC_RELAXED);
}

struct goat_g *
goat_stackalloc(void)
{
	struct goat_g *g;

	goat_lock(&stacks.lock);
	g = stacks.dead;
	if (g != NULL) {
		stacks.dead = g->schedlink;
		count_dead(-1);
		g->trimmed = false;
	} else {
		for (int i = BIG; i <= SMALL && g == NULL; i++)
			if ((g = take_slot(&stacks.class[i], 0)) != NULL)
				g->segmented = i != BIG && stacks.class[SEGMENTS].n > 0;
	}
	if (g != NULL)
		set_state(g->slot, LIVE);
	goat_unlock(&stacks.lock);
	return g;
}

void
goat_stackbegin(struct goat_g *g)
{
	// What was popped nobody may touch, Valgrind says.
	if (__builtin_expect(stacks.valgrind, 0))
		VALGRIND_MAKE_MEM_UNDEFINED((void *)(g->hi - MARGIN), MARGIN);
	goat_stackreset(g);
}

void
goat_stackfree(struct goat_g *g)
{
	goat_lock(&stacks.lock);
	g->schedlink = stacks.dead;
	stacks.dead = g;
	count_dead(1);
	set_state(g->slot, DEAD);
	goat_unlock(&stacks.lock);
}

// Some that are too many.
static size_t
take_dead(struct goat_g **gs)
{
	struct goat_g **at = &stacks.dead, *g;
	size_t n = 0;

	goat_lock(&stacks.lock);
	while (n < BATCH && stacks.ndead > KEEP && (g = *at) != NULL) {
		if (__atomic_load_n(&g->oncpu, __ATOMIC_ACQUIRE) != 0) {
			at = &g->schedlink;     // somebody still stands on it
			continue;
		}
		*at = g->schedlink;
		count_dead(-1);
		gs[n++] = g;
	}
	goat_unlock(&stacks.lock);
	return n;
}

// Goroutines that were made together tend to die together: neighbours go in one call. Guards stay.
static void
give_back_all(const uint32_t *slots, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t lo = slots[i], hi = lo;
		struct class *c = slot_class(lo);

		while (++i < n && (slots[i] + 1 == lo || slots[i] == hi + 1) &&
		       slot_class(slots[i]) == c) {
			if (slots[i] < lo)
				lo = slots[i];
			else
				hi = slots[i];
		}
		madvise((void *)slot_low(c, lo), (hi + 1 - lo) * c->size, MADV_DONTNEED);
	}
}

// While more and more end, they may be wanted again, and each page that is taken from other threads
// interrupts these.
bool
goat_stackreclaim(int64_t now)
{
	static size_t seen;
	static int64_t grown;
	struct goat_g *gs[BATCH];
	uint32_t slots[BATCH];
	size_t n = __atomic_load_n(&stacks.ndead, __ATOMIC_RELAXED);

	if (n > seen)
		grown = now;
	seen = n;
	if (n <= KEEP || now - grown < RECLAIM_AFTER)
		return false;
	n = take_dead(gs);
	for (size_t i = 0; i < n; i++) {
		goat_stackreset(gs[i]);
		slots[i] = gs[i]->slot;
		set_state(slots[i], NONE);
	}
	give_back_all(slots, n);
	goat_lock(&stacks.lock);
	for (size_t i = 0; i < n; i++) {
		struct class *c = slot_class(slots[i]);

		c->none[c->nnone++] = slots[i];
	}
	goat_unlock(&stacks.lock);
	return n == BATCH;
}

// Whether one of the eight slots from FIRST on, a multiple of eight, is live. Collections look at all slots that were
// ever used.
static bool
any_live(uint32_t first)
{
	typedef uint64_t eight __attribute__((may_alias));
	const eight *at = (const eight *)&stacks.state[first];

	_Static_assert(((NONE | DEAD) & LIVE) == 0, "one bit tells");
	return (__atomic_load_n(at, __ATOMIC_ACQUIRE) & LIVE * UINT64_C(0x0101010101010101)) != 0;
}

void
goat_forallgs(void (*f)(struct goat_g *g, void *arg), void *arg)
{
	for (struct class *c = stacks.class; c < &stacks.class[SEGMENTS]; c++) {
		uint32_t end = c->first + __atomic_load_n(&c->used, __ATOMIC_ACQUIRE), i = c->first;

		while (i < end) {
			if (i % 8 == 0 && !any_live(i)) {
				i += 8;
				continue;
			}
			if (state_of(i) == LIVE)
				f(slot_g(c, i), arg);
			i++;
		}
	}
}

// The world is stopped; who was stopped here may have the list half changed. sysmon goes on.
void
goat_trimstacks(void)
{
	if (__atomic_exchange_n(&stacks.lock.held, 1, __ATOMIC_ACQUIRE) != 0)
		return;
	for (struct goat_g *g = stacks.dead; g != NULL && !g->trimmed; g = g->schedlink)
		if (__atomic_load_n(&g->oncpu, __ATOMIC_ACQUIRE) == 0)
			trim(g, PAGE);
	goat_unlock(&stacks.lock);
}

struct goat_g *
goat_stackpart(uintptr_t sp)
{
	int state;
	struct goat_g *part = g_at(sp, &state);

	return part != NULL && (state == LIVE || state == SEGMENT) ? part : NULL;
}

// ---------------------------------------------------------------- segments (K2)

static bool
is_on(const struct goat_g *part, uintptr_t sp)
{
	return sp >= part->lo && sp < part->hi;
}

// The part of G's stack that SP is on, or NULL: it is elsewhere, as in a handler that has a stack for signals. What is
// behind that part has been left: one segment is kept, in case that it is wanted again.
static struct goat_g *
part_of(struct goat_g *g, uintptr_t sp)
{
	struct goat_g *part = g->top != NULL ? g->top : g, *on = part;

	while (on != g && !is_on(on, sp))
		on = on->below;
	if (!is_on(on, sp))
		return NULL;
	while (part != on) {
		struct goat_g *below = part->below;

		if (g->spare != NULL)
			give_back(g->spare);
		g->spare = part;
		part = below;
	}
	g->top = part != g ? part : NULL;
	return part;
}

// To go on from PART.
static struct goat_g *
new_segment(struct goat_g *g, const struct goat_g *part)
{
	struct goat_g *s = g->spare;

	g->spare = NULL;
	if (s != NULL)
		return s;
	goat_lock(&stacks.lock);
	s = take_slot(&stacks.class[SEGMENTS], part->slot + 1);
	if (s != NULL)
		set_state(s->slot, SEGMENT);
	goat_unlock(&stacks.lock);
	return s;
}

static uintptr_t
guard_of(const struct goat_g *part)
{
	bool medium = slot_class(part->slot) == &stacks.class[MEDIUM];

	return part->lo + PAGE + (medium ? MEDIUM_MARGIN : MARGIN);
}

// G, which runs here, is on PART.
static void
watch(struct goat_g *g, const struct goat_g *part)
{
	g->guard = guard_of(part);
	goat_stackguard = g->guard;
}

size_t
goat_morestack(size_t sp, size_t room)
{
	struct goat_g *g = goat_g, *part, *s;

	if (g == NULL || g->bound)
		return 0;
	if (goat_stackguard == UINTPTR_MAX) {
		// sysmon wants it to leave.
		goat_stackguard = g->guard;
		goat_preempt();
	}
	if (!g->segmented)
		return 0;
	if ((part = part_of(g, sp)) == NULL)
		return 0;
	watch(g, part);
	if (sp - room >= g->guard || room > SEGMENT_SIZE - MARGIN - 2 * PAGE)
		return 0;
	if (part->depth >= BIG_SIZE / SEGMENT_SIZE || (s = new_segment(g, part)) == NULL) {
		goat_stackguard = 0;    // until the page that faults
		return 0;
	}
	s->below = part;
	s->parent_g = g;
	s->sp = sp;
	s->depth = part->depth + 1;
	__atomic_store_n(&g->top, s, __ATOMIC_RELEASE);
	watch(g, s);
	return (s->hi - LINE) & -(uintptr_t)LINE;
}

void
goat_stackreset(struct goat_g *g)
{
	if (!g->segmented)
		return;
	while (g->top != NULL) {
		struct goat_g *part = g->top;

		g->top = part->below != g ? part->below : NULL;
		give_back(part);
	}
	if (g->spare != NULL)
		give_back(g->spare);
	g->spare = NULL;
	g->guard = guard_of(g);
}

// Where the mapping ends that AT is in, or AT's page if the system does not tell. The world is stopped.
static uintptr_t
mapping_end(uintptr_t at)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	uintptr_t bound[2] = { 0 }, end = (at | (PAGE - 1)) + 1;
	unsigned field = 0;             // of the line: from, to, and what does not matter
	char text[1024];
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text, sizeof text)) > 0)
		for (ssize_t i = 0; i < n; i++) {
			char c = text[i];

			if (c == '\n') {
				field = 0;
				bound[0] = bound[1] = 0;
			} else if (field < 2 && (c == '-' || c == ' ')) {
				if (++field == 2 && at >= bound[0] && at < bound[1])
					end = bound[1];
			} else if (field < 2) {
				bound[field] = bound[field] * 16 + (uintptr_t)(c <= '9' ? c - '0' : c - 'a' + 10);
			}
		}
	if (fd >= 0)
		close(fd);
	return end;
}

uintptr_t
goat_pushelsewhere(const struct goat_g *g, uintptr_t sp)
{
	const struct goat_g *part = g->top != NULL ? g->top : g;

	goat_pushrange(part->lo + PAGE, part->hi);
	if (part->below != NULL)
		goat_pushstack(part->sp);
	return mapping_end(sp);
}

bool
goat_pushstack(uintptr_t sp)
{
	struct goat_g *part = goat_stackpart(sp);

	if (part == NULL)
		return false;
	for (; part != NULL; part = part->below) {
		goat_pushrange(sp, part->hi);
		sp = part->sp;
	}
	return true;
}
