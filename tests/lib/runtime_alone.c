// SPDX-License-Identifier: GPL-3.0-or-later
//
// runtime_alone.c: see runtime_alone.h.
//
// Layer: tests.

#include "runtime_alone.h"

#include "fault.h"
#include "map.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t allocations;

// All objects, so that leak checkers find them.
static struct object {
	struct object *next;
	_Alignas(64) char data[];
} *objects;

static jmp_buf catcher;
static bool catching;
static const char *fatal;
static goat_any value;
unsigned long fault_in;

static void *
allocate(size_t size, int noscan)
{
	struct object *o = aligned_alloc(64, (sizeof *o + size + 63) & ~(size_t)63);

	if (noscan)             // what holds no pointers need not be cleared to be safe, but has to be
		memset(o, 0xff, sizeof *o + size);
	memset(o->data, 0, size);
	o->next = __atomic_load_n(&objects, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&objects, &o->next, o, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED))
		;
	__atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
	return o->data;
}

void *
goat_mallocgc(size_t size, size_t align, int noscan)
{
	(void)align;
	if (fault_now())
		goat_fatal("runtime: out of memory");
	return allocate(size, noscan);
}

void *
goat_mallocbuckets(size_t size, int noscan)
{
	return fault_now() ? NULL : allocate(size, noscan);
}

enum { IN_STEPS = 2048 };

void *
goat_reservebuckets(size_t size, int noscan)
{
	void *p = goat_mallocbuckets(size, noscan);

	return p == NULL || size < IN_STEPS ? p : memset(p, 0xdd, size);
}

// In three steps, but for the smallest.
bool
goat_clearbuckets(void *p, size_t size, size_t *done)
{
	size_t n = size / 3 + 1;

	if (size < IN_STEPS)
		return true;
	n = n < size - *done ? n : size - *done;
	memset((char *)p + *done, 0, n);
	*done += n;
	return *done == size;
}

// So that who still looks at it will notice.
void
goat_freebuckets(void *p, size_t size)
{
	memset(p, 0xdd, size);
}

void
free_objects(void *since)
{
	while (objects != since) {
		struct object *o = objects;

		objects = o->next;
		free(o);
	}
}

void *
newest_object(void)
{
	return objects;
}

_Noreturn void
goat_mapconflict(const struct goat_hmap *h, const char *what)
{
	static char text[80];

	(void)h;
	snprintf(text, sizeof text, "concurrent map %s", what);
	goat_fatal(text);
}

void
goat_mapwhere(const struct goat_hmap *h)
{
	(void)h;
}

void *
goat_mallocbytes(size_t size)
{
	return goat_mallocgc(size, 1, true);
}

_Noreturn void
goat_fatal(const char *text)
{
	if (catching) {
		fatal = text;
		longjmp(catcher, 1);
	}
	fprintf(stderr, "fatal error: %s\n", text);
	abort();
}

_Noreturn void goat_gopanic(goat_any v);

_Noreturn void
goat_gopanic(goat_any v)
{
	value = v;
	longjmp(catcher, 1);
}

const char *
panic_of(void (*f)(void *arg), void *arg)
{
	static char text[300];
	goat_string s = { "panicked", 8 };

	fatal = NULL;
	catching = true;
	if (setjmp(catcher) == 0) {
		f(arg);
		catching = false;
		return "";
	}
	catching = false;
	if (fatal != NULL)
		return fatal;
	goat_errortext(value, &s, NULL);
	snprintf(text, sizeof text, "%.*s", (int)s.len, s.ptr);
	return text;
}
