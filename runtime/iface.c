// SPDX-License-Identifier: BSD-3-Clause
//
// iface.c: which types have the methods of an interface, found when a program asks.
//
//	assertE2I(inter, type) --> answers: (inter, type) -> tab or NULL    no lock
//	                             | not there
//	                             v
//	                           sets of methods, by type                 under the lock
//
// Conversions that the compiler can check have constant itabs, and do not come here. For the others
// an open table remembers every answer there ever was, failures too. Its slots change once, from
// empty to full, so readers take no lock; a table that is half full is copied to a larger one.
//
// Before that, each assertion has a struct goat_site, where compiled code finds the first answer that
// was given there, by the first word of the interface, which says the type. One that meets several
// comes here for the others.
//
// I1  A slot is full when its `inter` is not NULL; it is written last, and no slot changes then. A
//     search begins at the slot that `first_slot` gives, and goes on to the first empty one.
// I2  The answers in a table fit the sets that were known when it was made, and later ones may only
//     add methods: a new table without the failures is made then, and sites forget theirs.
// I3  Tables and itabs are never freed. The old tables are together smaller than the current one.
//
// I4  What tables, lists and sites point to or go by stays loaded (dl.c).
// I5  A site is written once, as a slot is. One that has forgotten a failure stays without answer.
//
// What T * has: the methods of T, with both kinds of receiver. What T has: those with a value
// receiver. All are called with a pointer to the T, so one function serves both.
//
// Go:    as runtime/iface.go; there failures are itabs without methods, and the table holds pointers
//        to itabs, which is a load more for each question. A site's cache has many entries there.
// Layer: lang.

#include "type.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#ifdef GOAT_CHECKING
enum { FIRST_SLOTS = 4, FIRST_LISTS = 1 };
#else
enum { FIRST_SLOTS = 512, FIRST_LISTS = 64 };
#endif

struct slot {
	_Atomic(const struct goat_type *) inter;
	_Atomic(const struct goat_type *) type;
	_Atomic(void *) tab;                    // NULL: it lacks a method
	void *unused;                           // a shift finds the slot, not a multiplication
};

struct table {
	size_t n;                               // how many slots, a power of 2
	size_t used;                            // guarded by lock
	size_t mask;                            // of offsets of slots, in bytes: I1
	struct table *older;                    // so that leak checkers find it
	struct slot slot[];
};

static struct {
	struct table head;
	struct slot slot[FIRST_SLOTS];
} first = { { .n = FIRST_SLOTS, .mask = (FIRST_SLOTS - 1) * sizeof(struct slot) }, { { NULL } } };

static_assert((sizeof(struct slot) & (sizeof(struct slot) - 1)) == 0, "masks of offsets");

static _Atomic(struct table *) answers = &first.head;

// All below is guarded by it, and so is adding to answers.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// Sites that keep a failure.
static struct goat_site *failed;

// The sets of methods of all units and libraries, in lists by the hash of their types.
struct list {
	const struct goat_methodset *set;
	struct list *next;
};

static struct list **lists;
static size_t nlists, nsets;                    // nlists: a power of 2, or 0
static bool have_own;                           // the runtime's are among them

static void *
allocate(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		goat_fatal("runtime: out of memory");
	return p;
}

// ---- Answers ----

static inline struct slot *
first_slot(struct table *t, const struct goat_type *inter, const struct goat_type *type)
{
	uint64_t h = ((uintptr_t)inter * 3 + (uintptr_t)type) * 0x9e3779b97f4a7c15u;

	return (struct slot *)((char *)t->slot + (h >> 24 & t->mask));
}

static inline bool
answers_for(struct slot *s, const struct goat_type *inter, const struct goat_type *type)
{
	// Acquire: pairs with the store in put, I1. Relaxed: written before inter was.
	return atomic_load_explicit(&s->inter, memory_order_acquire) == inter &&
	       atomic_load_explicit(&s->type, memory_order_relaxed) == type;
}

// The slot that has the answer, or the empty one where it belongs. Under the lock.
static struct slot *
find(struct table *t, const struct goat_type *inter, const struct goat_type *type)
{
	size_t i = first_slot(t, inter, type) - t->slot;

	while (t->slot[i].inter != NULL && !answers_for(&t->slot[i], inter, type))
		i = (i + 1) & (t->n - 1);
	return &t->slot[i];
}

// Fills an empty slot.
static void
put(struct table *t, const struct goat_type *inter, const struct goat_type *type, void *tab)
{
	struct slot *s = find(t, inter, type);

	atomic_store_explicit(&s->type, type, memory_order_relaxed);
	atomic_store_explicit(&s->tab, tab, memory_order_relaxed);
	// Release: pairs with the load in find, which must see the other two.
	atomic_store_explicit(&s->inter, inter, memory_order_release);
	t->used++;
}

// Makes a table of N slots current, with the answers of the old one; without failures if FRESH.
static struct table *
renew(struct table *old, size_t n, bool fresh)
{
	struct table *t = allocate(1, sizeof *t + n * sizeof *t->slot);

	t->n = n;
	t->mask = (n - 1) * sizeof *t->slot;
	t->older = old;
	for (size_t i = 0; i < old->n; i++) {
		struct slot *s = &old->slot[i];

		if (s->inter != NULL && !(fresh && s->tab == NULL))
			put(t, s->inter, s->type, s->tab);
	}
	// Release: pairs with the loads in assertE2I2, which must see the slots.
	atomic_store_explicit(&answers, t, memory_order_release);
	return t;
}

// ---- Sites ----

static bool
has_none(struct goat_site *site)
{
	// Relaxed: nothing else is read on account of it.
	return __atomic_load_n(&site->word, __ATOMIC_RELAXED) == site;
}

static __attribute__((noinline)) void
keep_answer(struct goat_site *site, void *word, const struct goat_type *inter,
	    const struct goat_type *type)
{
	struct slot *s;

	goat_stay(site);
	goat_stay(word);
	pthread_mutex_lock(&lock);
	s = find(answers, inter, type);
	if (has_none(site) && s->inter != NULL) {       // not forgotten, nor kept, in the meantime
		__atomic_store_n(&site->tab, s->tab, __ATOMIC_RELAXED);
		// Release: pairs with the load in compiled code, which must see the tab.
		__atomic_store_n(&site->word, word, __ATOMIC_RELEASE);
		if (s->tab == NULL) {
			site->next = failed;
			failed = site;
		}
	}
	pthread_mutex_unlock(&lock);
}

static void
forget_failures(void)
{
	static const char none;

	for (; failed != NULL; failed = failed->next)
		__atomic_store_n(&failed->word, &none, __ATOMIC_RELAXED);
}

// ---- Methods ----

static void
enter(struct list *l)
{
	struct list **to = &lists[l->set->type->hash & (nlists - 1)];

	l->next = *to;
	*to = l;
}

static void
grow_lists(void)
{
	struct list **old = lists;
	size_t n = nlists;

	nlists = n ? 2 * n : FIRST_LISTS;
	lists = allocate(nlists, sizeof *lists);
	for (size_t i = 0; i < n; i++) {
		for (struct list *l = old[i], *next; l != NULL; l = next) {
			next = l->next;
			enter(l);
		}
	}
	free(old);
}

static void
add_set(const struct goat_methodset *set)
{
	struct list *l = allocate(1, sizeof *l);

	if (nsets++ >= nlists)
		grow_lists();
	l->set = set;
	enter(l);
}

static void
add_own_sets(void)
{
	have_own = true;
	for (size_t i = 0; goat_errormethods[i] != NULL; i++)
		add_set(goat_errormethods[i]);
}

void
goat_addmethods(void *first_set, void *end)
{
	const struct goat_methodset *const *set = first_set;
	struct table *t;

	if (set != end)
		goat_stay(set);
	pthread_mutex_lock(&lock);
	for (; set != end; set++)
		if (*set != NULL)
			add_set(*set);
	t = answers;
	if (t->used > 0) {              // a library, loaded late: I2
		renew(t, t->n, true);
		forget_failures();
	}
	pthread_mutex_unlock(&lock);
}

static const struct goat_method *
method_in(const struct goat_methodset *set, const char *name)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(name, set->methods[middle].name);

		if (order == 0)
			return &set->methods[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

// The method of T, or of T * if POINTER, that is as WANTED.
static const struct goat_method *
method_of(const struct goat_type *t, bool pointer, const struct goat_method *wanted)
{
	for (struct list *l = lists[t->hash & (nlists - 1)]; l != NULL; l = l->next) {
		const struct goat_method *m;

		if (!goat_sametype((void *)l->set->type, (void *)t))
			continue;
		m = method_in(l->set, wanted->name);
		if (m != NULL && m->sighash == wanted->sighash && (pointer || !m->pointer))
			return m;
	}
	return NULL;
}

// Stores the methods of TYPE into FN where not NULL; the first method that it lacks, or NULL.
static const char *
fill(const struct goat_type *inter, const struct goat_type *type, void (**fn)(void))
{
	bool pointer = type->kind == GOAT_POINTER;
	const struct goat_type *t = pointer ? type->elem : type;

	if (!have_own)
		add_own_sets();
	for (size_t i = 0; i < inter->nmethods; i++) {
		const struct goat_method *wanted = &inter->methods[i];
		const struct goat_method *m = t ? method_of(t, pointer, wanted) : NULL;

		if (m == NULL)
			return wanted->name;
		if (fn != NULL)
			fn[wanted->slot] = m->fn;
	}
	return NULL;
}

const char *
goat_missingmethod(const struct goat_type *inter, const struct goat_type *type)
{
	const char *name;

	pthread_mutex_lock(&lock);
	name = fill(inter, type, NULL);
	pthread_mutex_unlock(&lock);
	return name;
}

// ---- Itabs ----

static void *
make_tab(const struct goat_type *inter, const struct goat_type *type)
{
	struct goat_itab *itab;

	if (fill(inter, type, NULL) != NULL)
		return NULL;
	itab = allocate(1, sizeof *itab + inter->nmethods * sizeof *itab->fn);
	itab->inter = inter;
	itab->type = type;
	itab->hash = type->hash;
	fill(inter, type, itab->fn);
	return itab->fn;
}

// Finds out, and remembers. Another thread may have done so in the meantime.
static void *
answer(const struct goat_type *inter, const struct goat_type *type)
{
	struct table *t;
	struct slot *s;
	void *tab;

	goat_stay(inter);
	goat_stay(type);
	pthread_mutex_lock(&lock);
	t = answers;
	s = find(t, inter, type);
	if (s->inter != NULL) {
		tab = s->tab;
	} else {
		tab = make_tab(inter, type);
		if (2 * (t->used + 1) > t->n)
			t = renew(t, 2 * t->n, false);
		put(t, inter, type, tab);
	}
	pthread_mutex_unlock(&lock);
	return tab;
}

// The answer is not in the slot S, where it would be first.
static __attribute__((noinline)) void *
search(struct table *t, struct slot *s, const struct goat_type *inter, const struct goat_type *type)
{
	if (type == NULL)
		return NULL;
	// Acquire: pairs with the store in put, I1.
	while (atomic_load_explicit(&s->inter, memory_order_acquire) != NULL) {
		if (answers_for(s, inter, type))
			return atomic_load_explicit(&s->tab, memory_order_relaxed);
		if (++s == t->slot + t->n)
			s = t->slot;
	}
	return answer(inter, type);
}

static inline void *
ask(const struct goat_type *inter, const struct goat_type *type)
{
	// Acquire: pairs with the store in renew.
	struct table *t = atomic_load_explicit(&answers, memory_order_acquire);
	struct slot *s = first_slot(t, inter, type);

	if (__builtin_expect(!answers_for(s, inter, type), 0))
		return search(t, s, inter, type);
	return atomic_load_explicit(&s->tab, memory_order_relaxed);
}

void *
goat_assertE2I2(void *inter, void *type, void *site, void *word)
{
	void *tab = ask(inter, type);

	if (__builtin_expect(site != NULL && has_none(site), 0) && type != NULL)
		keep_answer(site, word, inter, type);
	return tab;
}

// A failure is not kept, since code that found it would have to panic.
void *
goat_assertE2I(void *inter, void *type, void *site, void *word)
{
	void *tab = ask(inter, type);

	if (__builtin_expect(tab == NULL, 0))
		goat_panicassert(NULL, type, inter, type ? goat_missingmethod(inter, type) : NULL);
	if (__builtin_expect(site != NULL && has_none(site), 0))
		keep_answer(site, word, inter, type);
	return tab;
}
