// SPDX-License-Identifier: BSD-3-Clause
//
// stack.c: the stacks of goroutines.
//
// One region is reserved, and memory comes when it is touched:
//
//	[ stacks of Ms ][ small stacks ... ][ big stacks ]
//
// A stack cannot move in C, so its address range has to be as large as it may ever get. A page that is
// touched needs a page of page tables for each 2 MiB of addresses, which doubles what a goroutine takes
// if no other is that close. So the first 256 goroutines that exist at a time get big stacks, and those
// beyond get small ones, sixteen to a page of page tables. GOATDEBUG=stacksize=N makes all of them N
// bytes.
//
// Below each stack is a page that faults. It is a guard marker in the page tables (Linux 6.13), which
// splits no mapping; big stacks, and all on older kernels, use mprotect, where the number of mappings
// ends at vm.max_map_count: what is beyond that is out of stacks.
//
// At the top of a stack lies its struct goat_g. Tops are shifted by up to 31 cache lines, else all the
// goroutines that one switches between would meet in the same set of the cache.
//
//	K1  The region is reserved before any M has a stack, and stacks of Ms lie below the goroutines':
//	    what the collector takes for the stack of a thread that runs a goroutine is empty.
//
// Dead stacks are kept by Ps, and here; of those that were dead when a collection came, all but the page
// of the G is given back to the system. Where there are more than KEEP, sysmon gives back all of them.
//
// Go:    as runtime/stack.go in what it is for; Go copies stacks to larger ones.
// Layer: sched.

#include "runtime2.h"

#include "knobs.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum {
	PAGE = 4096,
	NBIG = 256,
	NSMALL = 4 << 20,
	NM = 10000,
	MSIZE = 2 << 20,                // ThreadSanitizer needs 900 KiB of it
	COLOURS = 32,
	LINE = 64,
	KEEP = 16384,                   // dead stacks that are kept with their first page
	BATCH = 256,                    // that are given back at a time
};

static const size_t BIG_SIZE = 256 << 20, SMALL_SIZE = 128 << 10, MIN_SIZE = 16 << 10;

enum { NONE, DEAD, LIVE };              // of a slot

static struct {
	struct goat_lock lock;          // of all that follows it
	struct goat_g *dead;            // by schedlink
	size_t ndead;
	uint32_t *none;                 // slots that were given back to the system
	size_t nnone;
	uint32_t used;                  // slots from here on have never been used
	uint32_t nbig, nslots;
	size_t big, small;              // bytes of one
	uintptr_t ms, smalls, bigs, end;
	uint8_t *state;                 // of each slot
	bool no_markers;                // mprotect it has to be
} stacks;

static void *
reserve(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

// As much of it as there is address space for.
void
goat_stackinit(void)
{
	size_t nbig = NBIG, nsmall = NSMALL, big = BIG_SIZE, small = SMALL_SIZE, nm = NM;
	void *at;

	if (stacks.end != 0)
		return;
	if (goat_knob_stacksize > 0) {
		small = ((size_t)goat_knob_stacksize + PAGE - 1) & -(size_t)PAGE;
		if (small < MIN_SIZE)
			small = MIN_SIZE;
		nbig = 0;
		while (nsmall > 1024 && nsmall > ((size_t)1 << 46) / small)
			nsmall /= 2;
	}
	for (;;) {
		size_t size = nm * MSIZE + nsmall * small + nbig * big;

		at = reserve(size);
		if (at != MAP_FAILED) {
			stacks.ms = (uintptr_t)at;
			stacks.end = stacks.ms + size;
			break;
		}
		if (nsmall <= 16)
			goat_fatal("runtime: cannot reserve address space for stacks");
		nsmall /= 2;
		if (big > 8 << 20)
			big /= 2;
		else if (nbig > 16)
			nbig /= 2;
		if (nm > 64)
			nm /= 2;
	}
	madvise(at, stacks.end - stacks.ms, MADV_NOHUGEPAGE);
	stacks.big = big;
	stacks.small = small;
	stacks.nbig = (uint32_t)nbig;
	stacks.nslots = (uint32_t)(nbig + nsmall);
	stacks.smalls = stacks.ms + nm * MSIZE;
	stacks.bigs = stacks.smalls + nsmall * small;
	stacks.state = reserve(stacks.nslots);
	stacks.none = reserve(stacks.nslots * sizeof *stacks.none);
	if (stacks.state == MAP_FAILED || stacks.none == MAP_FAILED)
		goat_fatal("runtime: cannot reserve address space for stacks");
}

void *
goat_mstack(uint32_t id, size_t *size)
{
	uintptr_t lo = stacks.ms + (uintptr_t)id * MSIZE;

	if (lo + MSIZE > stacks.smalls)
		return NULL;
	mprotect((void *)lo, PAGE, PROT_NONE);
	*size = MSIZE - PAGE;
	return (void *)(lo + PAGE);
}

// ---------------------------------------------------------------- slots

static uintptr_t
slot_low(uint32_t slot)
{
	return slot < stacks.nbig ? stacks.bigs + slot * stacks.big
				  : stacks.smalls + (slot - stacks.nbig) * stacks.small;
}

static uintptr_t
slot_high(uint32_t slot)
{
	return slot_low(slot) + (slot < stacks.nbig ? stacks.big : stacks.small);
}

static struct goat_g *
slot_g(uint32_t slot)
{
	size_t size = (sizeof(struct goat_g) + LINE - 1) & -(size_t)LINE;

	return (struct goat_g *)(slot_high(slot) - size - slot % COLOURS * LINE);
}

static bool
guard(uint32_t slot)
{
	void *at = (void *)slot_low(slot);

	if (slot >= stacks.nbig && !stacks.no_markers) {
		if (madvise(at, PAGE, MADV_GUARD_INSTALL) == 0)
			return true;
		stacks.no_markers = true;
	}
	return mprotect(at, PAGE, PROT_NONE) == 0;
}

static struct goat_g *
new_g(uint32_t slot)
{
	struct goat_g *g = slot_g(slot);

	memset(g, 0, sizeof *g);
	g->slot = slot;
	g->lo = slot_low(slot);
	g->hi = (uintptr_t)g;
	return g;
}

struct goat_g *
goat_stackalloc(void)
{
	struct goat_g *g = NULL;
	uint32_t slot;

	goat_lock(&stacks.lock);
	if (stacks.dead != NULL) {
		g = stacks.dead;
		stacks.dead = g->schedlink;
		__atomic_store_n(&stacks.ndead, stacks.ndead - 1, __ATOMIC_RELAXED);
		slot = g->slot;
	} else if (stacks.nnone > 0) {
		slot = stacks.none[--stacks.nnone];
		g = new_g(slot);
	} else if (stacks.used < stacks.nslots && guard(stacks.used)) {
		slot = stacks.used++;
		g = new_g(slot);
	}
	if (g != NULL) {
		g->trimmed = false;
		__atomic_store_n(&stacks.state[slot], LIVE, __ATOMIC_RELEASE);
	}
	goat_unlock(&stacks.lock);
	return g;
}

// All but the last page or so, which has the G.
static void
trim(struct goat_g *g)
{
	uintptr_t lo = g->lo + PAGE, hi = slot_high(g->slot) - PAGE;

	g->trimmed = true;
	madvise((void *)lo, hi - lo, MADV_DONTNEED);
}

void
goat_stackfree(struct goat_g *g)
{
	goat_lock(&stacks.lock);
	g->schedlink = stacks.dead;
	stacks.dead = g;
	__atomic_store_n(&stacks.ndead, stacks.ndead + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&stacks.state[g->slot], DEAD, __ATOMIC_RELEASE);
	goat_unlock(&stacks.lock);
}

// Some that are too many, in SLOTS; their memory is nobody's then.
static size_t
take_dead(uint32_t *slots)
{
	size_t n = 0;

	goat_lock(&stacks.lock);
	for (struct goat_g **at = &stacks.dead, *g; n < BATCH && stacks.ndead > KEEP && (g = *at) != NULL;) {
		if (__atomic_load_n(&g->oncpu, __ATOMIC_ACQUIRE) != 0) {
			at = &g->schedlink;     // somebody still stands on it
			continue;
		}
		*at = g->schedlink;
		__atomic_store_n(&stacks.ndead, stacks.ndead - 1, __ATOMIC_RELAXED);
		__atomic_store_n(&stacks.state[g->slot], NONE, __ATOMIC_RELEASE);
		slots[n++] = g->slot;
	}
	goat_unlock(&stacks.lock);
	return n;
}

// Goroutines that were made together tend to die together: neighbours go in one call. Guards stay.
static void
give_back(const uint32_t *slots, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t lo = slots[i], hi = lo;

		while (++i < n && (slots[i] + 1 == lo || slots[i] == hi + 1) &&
		       (slots[i] < stacks.nbig) == (lo < stacks.nbig)) {
			if (slots[i] < lo)
				lo = slots[i];
			else
				hi = slots[i];
		}
		madvise((void *)slot_low(lo), slot_high(hi) - slot_low(lo), MADV_DONTNEED);
	}
}

bool
goat_stackreclaim(void)
{
	uint32_t slots[BATCH];
	size_t n;

	if (__atomic_load_n(&stacks.ndead, __ATOMIC_RELAXED) <= KEEP)
		return false;
	n = take_dead(slots);
	give_back(slots, n);
	goat_lock(&stacks.lock);
	memcpy(stacks.none + stacks.nnone, slots, n * sizeof slots[0]);
	stacks.nnone += n;
	goat_unlock(&stacks.lock);
	return n == BATCH;
}

void
goat_forallgs(void (*f)(struct goat_g *g, void *arg), void *arg)
{
	uint32_t n = __atomic_load_n(&stacks.used, __ATOMIC_ACQUIRE);

	for (uint32_t i = 0; i < n; i++)
		if (__atomic_load_n(&stacks.state[i], __ATOMIC_ACQUIRE) == LIVE)
			f(slot_g(i), arg);
}

// The world is stopped; who was stopped here may have the list half changed.
void
goat_trimstacks(void)
{
	if (stacks.lock.held != 0)
		return;
	for (struct goat_g *g = stacks.dead; g != NULL && !g->trimmed; g = g->schedlink)
		if (__atomic_load_n(&g->oncpu, __ATOMIC_ACQUIRE) == 0)
			trim(g);
}

struct goat_g *
goat_stackowner(uintptr_t sp)
{
	uint32_t slot;

	if (sp < stacks.smalls || sp >= stacks.end)
		return NULL;
	if (sp >= stacks.bigs)
		slot = (uint32_t)((sp - stacks.bigs) / stacks.big);
	else
		slot = stacks.nbig + (uint32_t)((sp - stacks.smalls) / stacks.small);
	return __atomic_load_n(&stacks.state[slot], __ATOMIC_ACQUIRE) == LIVE ? slot_g(slot) : NULL;
}
