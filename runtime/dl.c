// SPDX-License-Identifier: BSD-3-Clause
//
// dl.c: shared libraries whose types are known stay loaded.
//
// Interfaces point to descriptors and itabs, which are constants of the library that made them, and
// so do the tables of iface.c. After dlclose these would be dangling, or be other things' addresses;
// so what iface.c gets to see makes its library one that dlclose leaves alone.
//
// Go:    as plugins, which cannot be closed.
// Layer: lang.

#include "type.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>

// What is known to stay: addresses from start to end.
struct range {
	uintptr_t start, end;
	const char *name;               // of the library, "" of the program
	struct range *next;
};

static struct range *staying;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool
contains(const struct range *r, uintptr_t p)
{
	return r->start <= p && p < r->end;
}

static bool
is_staying(uintptr_t p)
{
	struct range *r;

	pthread_mutex_lock(&lock);
	for (r = staying; r != NULL && !contains(r, p); r = r->next)
		;
	pthread_mutex_unlock(&lock);
	return r != NULL;
}

static void
add(const struct range *found)
{
	struct range *r = malloc(sizeof *r);

	if (r == NULL)
		return;                 // asked again next time
	*r = *found;
	pthread_mutex_lock(&lock);
	r->next = staying;
	staying = r;
	pthread_mutex_unlock(&lock);
}

// Of an object's loaded segments. FOUND comes with the address looked for as its start.
static int
look(struct dl_phdr_info *info, size_t size, void *found)
{
	struct range *wanted = found, r = { UINTPTR_MAX, 0, info->dlpi_name, NULL };

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + h->p_vaddr;

		if (h->p_type != PT_LOAD)
			continue;
		r.start = start < r.start ? start : r.start;
		r.end = start + h->p_memsz > r.end ? start + h->p_memsz : r.end;
	}
	if (!contains(&r, wanted->start))
		return 0;
	*wanted = r;
	return 1;
}

// Not under a lock that a constructor may take: dlopen has one of its own around constructors.
void
goat_stay(const void *p)
{
	struct range found = { (uintptr_t)p, 0, NULL, NULL };

	if (is_staying(found.start) || dl_iterate_phdr(look, &found) == 0)
		return;
	if (*found.name != '\0')
		dlopen(found.name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
	add(&found);
}
