// SPDX-License-Identifier: BSD-3-Clause
//
// malloc.c: objects, from the Boehm collector.
//
// The collector hands out memory in multiples of 16 bytes, cleared unless it is told that the
// object holds no pointers. It is started before main, so that it sees the program's data and the
// bottom of the first stack.
//
// It looks for pointers in the stacks, the registers, static and thread-local data and its own
// objects, not in what the C library's malloc gives.
//
// Small objects come from lists that each M has, a size and kind each, which are filled with the objects
// of a block at a time. They are the M's, not the P's as in Go: who allocates does not leave its M meanwhile,
// so nothing needs to be pinned. A list is linked by the first words of its objects; to the collector all
// of them are in use, so M may be stopped between any two instructions of taking one.
//
//	F1  The head of a list is changed before the object that was taken is written to.
//
// The heap begins at 4 MiB, or as GC_INITIAL_HEAP_SIZE says, as memory that is touched when it is
// needed. From the collector's own 64 KiB, a loop that drops 32-byte objects spends half its time
// in collections (14.4 ns an object, not 7.9). It is Go's smallest heap before a collection, too.
//
// Go:    as runtime/malloc.go in what it gives; the collector does not move or compact either.
// Layer: stack.

#include "runtime2.h"

#include "knobs.h"

#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>
#include <gc/gc_inline.h>
#include <gc/gc_mark.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "map.h"

enum {
	GRANULE = 16,                   // what the collector aligns to by itself
	SMALL = (GOAT_SMALLGRANULES - 1) * GRANULE,     // the largest size of objects from lists
	FIRST_HEAP = 4 << 20,
	BY_THE_SYSTEM = 1 << 20,        // from this size on buckets are cleared by the system
	HUGE_PAGE = 2 << 20,
	PAGE = 4096,
};

// Of objects that are scanned and that the collector need not clear.
static int uncleared;

// Go: runtime.zerobase, the address of every object of size zero.
static max_align_t zerobase;

// The collector gives up, holding its lock; without TEXT it has said why, and it was memory.
static void GC_CALLBACK
collector_died(const char *text)
{
	char buf[200];
	int n = snprintf(buf, sizeof buf, "fatal error: runtime: %s\n",
			 text != NULL ? text : "out of memory");

	n = (int)write(2, buf, (size_t)n);      // nothing to be done if it does not arrive
	(void)n;
	_exit(2);
}

static int64_t started, collecting;     // when
static size_t before;                   // bytes in use, the dead ones too

uint32_t goat_worldstops;

// Go: GODEBUG=gctrace=1, with less to tell.
static void
trace(GC_EventType event)
{
	char text[160];
	int n;

	if (event == GC_EVENT_START) {
		collecting = goat_now();
		before = GC_get_heap_size() - GC_get_free_bytes();
	} else if (event == GC_EVENT_END) {
		n = snprintf(text, sizeof text, "gc %lu @%.3fs: %.3f ms, %zu->%zu KB, %zu KB heap\n",
			     (unsigned long)GC_get_gc_no(), (double)(collecting - started) / 1e9,
			     (double)(goat_now() - collecting) / 1e6, before >> 10,
			     (GC_get_heap_size() - GC_get_free_bytes()) >> 10,
			     GC_get_heap_size() >> 10);
		if (write(2, text, (size_t)n) < 0)
			return;         // nowhere to tell it
	}
}

static void GC_CALLBACK
on_event(GC_EventType event)
{
	if (event == GC_EVENT_PRE_STOP_WORLD || event == GC_EVENT_POST_START_WORLD)
		__atomic_add_fetch(&goat_worldstops, 1, __ATOMIC_SEQ_CST);
	if (goat_knob_gctrace > 0)
		trace(event);
}

__attribute__((constructor)) static void
start(void)
{
	started = goat_now();
	GC_set_abort_func(collector_died);
	GC_set_handle_fork(1);
	GC_INIT();
	if (getenv("GC_INITIAL_HEAP_SIZE") == NULL)
		GC_expand_hp(FIRST_HEAP);
	uncleared = (int)GC_new_kind(GC_new_free_list(), 0 | GC_DS_LENGTH, 1, 0);
	goat_stackinit();
	GC_set_on_collection_event(on_event);
	goat_unwindinit();
	goat_threadinit();
	goat_initsig();
}

void
goat_gcstress1(void)
{
	static uint32_t times;

	if (__atomic_add_fetch(&times, 1, __ATOMIC_RELAXED) % (uint32_t)goat_knob_gcstress == 0 &&
	    goat_threadknown)
		GC_gcollect();
}

// What every allocation begins with.
static inline void
enter(void)
{
	if (__builtin_expect(!goat_threadknown, 0))
		goat_threadenter();
	goat_gcstress();
}

static void *
malloc_any(size_t size, int noscan)
{
	if (noscan)
		return memset(goat_checked(GC_malloc_atomic(size)), 0, size);
	return goat_checked(GC_malloc(size));
}

void
goat_keepfree(const struct goat_m *m)
{
	for (int i = 1; i <= GOAT_SMALLGRANULES; i++)
		for (int noscan = 0; noscan < 2; noscan++)
			for (void **p = m->free[i][noscan]; p != NULL; p = *p)
				GC_set_mark_bit(p);
}

// Like the collector, a byte more than SIZE, so that a pointer past the end keeps the object.
static inline size_t
granules_of(size_t size)
{
	return size / GRANULE + 1;
}

// The first object of LIST, which has some. Not cleared, but where the object may hold pointers all is zero except
// its first word.
static inline void **
first_out(void ***list)
{
	void **p = *list;

	__atomic_store_n(list, *p, __ATOMIC_RELEASE);   // F1
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return p;
}

// The same, or NULL: it has to be done by refill.
static inline void **
take(void ***list)
{
	if (__builtin_expect(*list == NULL || goat_knob_gcstress > 0, 0))
		return NULL;
	return first_out(list);
}

static void **
refill(void ***list, size_t granules, int noscan)
{
	goat_gcstress();
	// The collector sets the list before another collection may begin.
	if (*list == NULL)
		GC_generic_malloc_many(granules * GRANULE, noscan ? GC_I_PTRFREE : GC_I_NORMAL, (void **)list);
	goat_checked(*list);
	return first_out(list);
}

static inline void
clear_granules(void *p, size_t n)
{
	typedef long long granule __attribute__((vector_size(GRANULE), may_alias));
	granule *at = p;

	do {
		*at++ = (granule){ 0 };
		__asm__("" : "+r"(at)); // else gcc makes `rep stos` of it, which takes 30 ns
	} while (--n != 0);
}

// An alignment above the collector's: somewhere inside a larger object.
static void *
malloc_aligned(size_t size, size_t align, int noscan)
{
	char *p;

	if (size > SIZE_MAX - align)
		goat_checked(NULL);
	p = malloc_any(size + align, noscan);
	return p + (-(uintptr_t)p & (align - 1));
}

static __attribute__((noinline)) void *
malloc_other(size_t size, size_t align, int noscan)
{
	struct goat_m *m = goat_m;

	if (size == 0)
		return &zerobase;
	if (m != NULL && size <= SMALL && align <= GRANULE) {
		size_t granules = granules_of(size);
		void **p = refill(&m->free[granules][noscan != 0], granules, noscan);

		return memset(p, 0, noscan ? size : sizeof *p);
	}
	enter();
	if (align > GRANULE)
		return malloc_aligned(size, align, noscan);
	return malloc_any(size, noscan);
}

void *
goat_mallocgc(size_t size, size_t align, int noscan)
{
	struct goat_m *m = goat_m;
	size_t granules = granules_of(size);
	void **p;

	if (__builtin_expect(m == NULL || size - 1 >= SMALL || align > GRANULE, 0))
		return malloc_other(size, align, noscan);
	p = take(&m->free[granules][noscan != 0]);
	if (__builtin_expect(p == NULL, 0))
		return malloc_other(size, align, noscan);
	if (noscan)
		clear_granules(p, granules);
	else
		*p = NULL;
	return p;
}

static __attribute__((noinline)) void *
mallocbytes_other(size_t size)
{
	struct goat_m *m = goat_m;

	if (m != NULL && size <= SMALL)
		return refill(&m->free[granules_of(size)][1], granules_of(size), 1);
	enter();
	return goat_checked(GC_malloc_atomic(size));
}

void *
goat_mallocbytes(size_t size)
{
	struct goat_m *m = goat_m;
	void *p;

	if (__builtin_expect(m == NULL || size > SMALL, 0) ||
	    __builtin_expect((p = take(&m->free[granules_of(size)][1])) == NULL, 0))
		return mallocbytes_other(size);
	return p;
}

// The collector gives a byte more than it is asked for, so that a pointer past the end keeps the
// object; that byte stays free.
void *
goat_mallocroom(size_t *size, size_t align, bool noscan)
{
	void *p;

	if (*size == 0 || align > GRANULE)
		return goat_mallocgc(*size, align, noscan);
	enter();
	p = goat_checked(noscan ? GC_malloc_atomic(*size) : GC_malloc(*size));
	if (GC_size(p) > *size)
		*size = GC_size(p) - 1;
	return p;
}

static void
huge_pages(char *lo, char *hi)
{
	lo += -(uintptr_t)lo & (HUGE_PAGE - 1);
	hi -= (uintptr_t)hi & (HUGE_PAGE - 1);
	if (lo < hi)
		madvise(lo, (size_t)(hi - lo), MADV_HUGEPAGE);
}

// A large array of buckets is given back to the system, which clears each page when it is first
// touched: to clear 40 MB at once takes 10 ms, and one insertion in a million would be so slow.
// Huge pages, as accesses to a map are at random and each would miss the TLB.
//
// Tried: small pages. Growing to a million int64 costs 105 ns an entry instead of 72, a hit 48
// instead of 43. The system clears a huge page in 0.23 ms, as long as the machine has the memory:
// where it is a virtual one, whose host gives memory in small pages when it is first touched, that
// is 5 ms.
static void
clear_by_the_system(char *p, size_t size)
{
	char *lo = p + (-(uintptr_t)p & (PAGE - 1));
	char *hi = p + size - ((uintptr_t)(p + size) & (PAGE - 1));

	if (madvise(lo, (size_t)(hi - lo), MADV_DONTNEED) != 0) {
		memset(p, 0, size);
		return;
	}
	memset(p, 0, (size_t)(lo - p));
	memset(hi, 0, (size_t)(p + size - hi));
	huge_pages(lo, hi);
}

static void *
malloc_uncleared(size_t size, int noscan)
{
	return noscan ? GC_malloc_atomic(size) : GC_generic_malloc(size, uncleared);
}

void *
goat_mallocbuckets(size_t size, int noscan)
{
	void *p;

	enter();
	if (size < BY_THE_SYSTEM) {
		p = noscan ? GC_malloc_atomic(size) : GC_malloc(size);
		return p != NULL && noscan ? memset(p, 0, size) : p;
	}
	p = malloc_uncleared(size, noscan);
	if (p != NULL)
		clear_by_the_system(p, size);
	return p;
}

void *
goat_reservebuckets(size_t size, int noscan)
{
	void *p;

	if (size < BY_THE_SYSTEM)
		return goat_mallocbuckets(size, noscan);
	enter();
	p = malloc_uncleared(size, noscan);
	if (p != NULL)
		huge_pages(p, (char *)p + size);
	return p;
}

// What lies from P to END, within one huge page, is zeros afterwards. Pages that are not in memory
// are already; if they all are missing one fault gets a huge one, should it be whole.
static void
clear_piece(char *p, char *end)
{
	unsigned char there[HUGE_PAGE / PAGE];
	char *first = p - (uintptr_t)p % PAGE;
	size_t n = (size_t)(end - first + PAGE - 1) / PAGE;

	if (mincore(first, n * PAGE, there) != 0) {
		memset(p, 0, (size_t)(end - p));
		return;
	}
	if (n == sizeof there && memchr(there, 1, n) == NULL) {
		*(volatile char *)p = 0;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		char *lo = i == 0 ? p : first + i * PAGE, *hi = first + (i + 1) * PAGE;

		if (there[i] & 1)
			memset(lo, 0, (size_t)((hi < end ? hi : end) - lo));
	}
}

bool
goat_clearbuckets(void *buckets, size_t size, size_t *done)
{
	char *p = (char *)buckets + *done, *end = (char *)buckets + size;
	size_t n = HUGE_PAGE - (uintptr_t)p % HUGE_PAGE;

	if (size < BY_THE_SYSTEM)
		return true;
	if (n > (size_t)(end - p))
		n = (size_t)(end - p);
	clear_piece(p, p + n);
	*done += n;
	return p + n == end;
}

void
goat_freebuckets(void *p, size_t size)
{
	(void)size;
	GC_free(p);
}

void
goat_gc(void)
{
	if (!goat_threadknown)
		goat_threadenter();
	GC_gcollect();
}
