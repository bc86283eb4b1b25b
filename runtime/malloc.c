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
// The heap begins at 4 MiB, or as GC_INITIAL_HEAP_SIZE says, as memory that is touched when it is
// needed. From the collector's own 64 KiB, a loop that drops 32-byte objects spends half its time in
// collections (14.4 ns an object, not 7.9). It is Go's smallest heap before a collection, too.
//
// Go:    as runtime/malloc.go in what it gives; the collector does not move or compact either.
// Layer: stack.

#include "runtime2.h"

#define GC_THREADS
#define GC_NO_THREAD_REDIRECTS
#include <gc/gc.h>
#include <stdlib.h>
#include <string.h>

enum {
	GRANULE = 16,                   // what the collector aligns to by itself
	FIRST_HEAP = 4 << 20,
};

// Go: runtime.zerobase, the address of every object of size zero.
static max_align_t zerobase;

__attribute__((constructor)) static void
start(void)
{
	GC_set_handle_fork(1);
	GC_INIT();
	if (getenv("GC_INITIAL_HEAP_SIZE") == NULL)
		GC_expand_hp(FIRST_HEAP);
	goat_unwindinit();
	goat_threadinit();
	goat_initsig();
}

static void *
checked(void *p)
{
	if (__builtin_expect(p == NULL, 0))
		goat_fatal("runtime: out of memory");
	return p;
}

static void *
malloc_any(size_t size, int noscan)
{
	if (noscan)
		return memset(checked(GC_malloc_atomic(size)), 0, size);
	return checked(GC_malloc(size));
}

// An alignment above the collector's: somewhere inside a larger object.
static void *
malloc_aligned(size_t size, size_t align, int noscan)
{
	char *p;

	if (size > SIZE_MAX - align)
		checked(NULL);
	p = malloc_any(size + align, noscan);
	return p + (-(uintptr_t)p & (align - 1));
}

void *
goat_mallocgc(size_t size, size_t align, int noscan)
{
	if (size == 0)
		return &zerobase;
	if (__builtin_expect(!goat_threadknown, 0))
		goat_threadenter();
	if (__builtin_expect(align > GRANULE, 0))
		return malloc_aligned(size, align, noscan);
	return malloc_any(size, noscan);
}

// The collector gives a byte more than it is asked for, so that a pointer past the end keeps the
// object; that byte stays free.
void *
goat_mallocroom(size_t *size, size_t align, bool noscan)
{
	void *p;

	if (*size == 0 || align > GRANULE)
		return goat_mallocgc(*size, align, noscan);
	if (__builtin_expect(!goat_threadknown, 0))
		goat_threadenter();
	p = checked(noscan ? GC_malloc_atomic(*size) : GC_malloc(*size));
	if (GC_size(p) > *size)
		*size = GC_size(p) - 1;
	return p;
}

void
goat_gc(void)
{
	if (!goat_threadknown)
		goat_threadenter();
	GC_gcollect();
}
