// SPDX-License-Identifier: GPL-3.0-or-later
//
// itabs.c: threads that ask the table of itabs the same questions at once, while another one loads
// libraries. For threads.sh, which builds it with and without the thread sanitizer.
//
// Layer: tests.

#include "runtime_alone.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { TYPES = 200, INTERFACES = 20, THREADS = 8, LATE = 40, ROUNDS = 30 };

static void method(void) { }

// Each interface asks for Quack or for Moo; each type has Quack, and the LATE ones not at first.
static const struct goat_method methods[] = { { "Quack", "void (void)", 1, 0, 0, method } };
static const struct goat_method other[] = { { "Moo", "void (void)", 1, 0, 0, method } };
static struct goat_type type[TYPES], inter[INTERFACES];
static struct goat_methodset set[TYPES];
static const struct goat_methodset *list[TYPES];
static char name[TYPES][12];
static void *tab[INTERFACES][TYPES];
static struct goat_site site[INTERFACES];
static int wrong;

static void
check(int i, int t, void *got)
{
	void *seen = NULL;

	if (t >= TYPES - LATE && got == NULL && i % 2 == 0)
		return;                 // not loaded yet
	if ((got != NULL) != (i % 2 == 0) || (got != NULL && goat_tabtype(got) != &type[t]))
		__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
	// All threads get one itab.
	if (!__atomic_compare_exchange_n(&tab[i][t], &seen, got, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED) && seen != got)
		__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

// As in compiled code.
static void *
assertion(int i, struct goat_type *t)
{
	if (__atomic_load_n(&site[i].word, __ATOMIC_ACQUIRE) == t)
		return site[i].tab;
	return goat_assertE2I2(&inter[i], t, &site[i], t);
}

static void *
ask(void *arg)
{
	unsigned start = (unsigned)(uintptr_t)arg * 7919;

	for (unsigned n = 0; n < ROUNDS * TYPES * INTERFACES; n++) {
		unsigned k = (n * 31 + start) % (TYPES * INTERFACES);

		check(k / TYPES, k % TYPES, assertion(k / TYPES, &type[k % TYPES]));
	}
	return NULL;
}

static void *
load(void *arg)
{
	for (int i = TYPES - LATE; i < TYPES; i++)
		goat_addmethods(list + i, list + i + 1);
	return arg;
}

int
main(void)
{
	pthread_t thread[THREADS + 1];

	for (int i = 0; i < TYPES; i++) {
		snprintf(name[i], sizeof name[i], "T%d", i);
		type[i] = (struct goat_type){ .kind = GOAT_STRUCT, .name = name[i], .hash = i };
		set[i] = (struct goat_methodset){ &type[i], 1, methods };
		list[i] = &set[i];
	}
	for (int i = 0; i < INTERFACES; i++)
		site[i].word = &site[i];
	for (int i = 0; i < INTERFACES; i++)
		inter[i] = (struct goat_type){ .kind = GOAT_IFACE, .name = "I", .nmethods = 1,
					       .methods = i % 2 ? other : methods };
	goat_addmethods(list, list + TYPES - LATE);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, ask, (void *)i);
	pthread_create(&thread[THREADS], NULL, load, NULL);
	for (int i = 0; i <= THREADS; i++)
		pthread_join(thread[i], NULL);
	for (int t = TYPES - LATE; t < TYPES; t++)
		if (assertion(0, &type[t]) == NULL)
			wrong++;
	printf("%d wrong\n", wrong);
	return wrong != 0;
}
