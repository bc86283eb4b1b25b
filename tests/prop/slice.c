// SPDX-License-Identifier: GPL-3.0-or-later
//
// slice.c: random steps on slices, and on a model of what Go makes of them.
//
//	slice [STEPS]		TEST_SEED replays
//
// The model has arrays without end and slices that name one, a place in it, a length and a capacity.
// Two slices share an array in the program if and only if they do in the model, so after each step all
// that can be seen of all slices must agree. The capacity that append() finds is the program's own
// business beyond Go's rule for the least it may be.
//
// Layer: tests.

#include <goat.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/rng.h"

typedef struct cell {
	long a;
	char *p;                // points to a byte that holds a's lowest
	char c;
} cell;

typedef slice(cell) cells;
typedef slice(unsigned char) bytes;
typedef slice(long) longs;

enum { SLICES = 8, MOST = 3000, CHECK_ALL = 61 };

static uint64_t rng, seed;
static long step;

static _Noreturn void
wrong(const char *what, size_t have, size_t want)
{
	printf("step %ld: %s: %zu, not %zu; TEST_SEED=%llu replays\n", step, what, have, want,
	       (unsigned long long)seed);
	exit(1);
}

static void
expect(const char *what, size_t have, size_t want)
{
	if (have != want)
		wrong(what, have, want);
}

static size_t
below(size_t n)
{
	return rng_below(&rng, n);
}

// ---- The model ----

struct array {
	long v[2 * MOST + 2];
	int users;
};

struct model {
	struct array *array;    // NULL: nil
	size_t at, len, cap;
};

static struct model model[SLICES];

static struct array *
new_array(void)
{
	return calloc(1, sizeof(struct array));
}

static void
set_model(int i, struct model m)
{
	if (m.array != NULL)
		m.array->users++;
	if (model[i].array != NULL && --model[i].array->users == 0)
		free(model[i].array);
	model[i] = m;
}

// Go: runtime.nextslicecap.
static size_t
least_cap(size_t newlen, size_t cap)
{
	if (newlen > 2 * cap)
		return newlen;
	if (cap < 256)
		return 2 * cap;
	while (cap < newlen)
		cap += (cap + 3 * 256) / 4;
	return cap;
}

static void
model_append(int to, int from, const long *v, size_t n, size_t cap)
{
	struct model m = model[from];
	bool grows = n > m.cap - m.len;

	if (grows) {
		struct array *a = new_array();

		if (m.len > 0)
			memcpy(a->v, m.array->v + m.at, m.len * sizeof *a->v);
		if (cap < least_cap(m.len + n, m.cap) || cap > 2 * least_cap(m.len + n, m.cap) + 64)
			wrong("capacity", cap, least_cap(m.len + n, m.cap));
		m.array = a;
		m.at = 0;
		m.cap = cap < 2 * MOST ? cap : 2 * MOST;
		expect("capacity", m.cap, cap);
	} else {
		expect("capacity kept", cap, m.cap);
	}
	if (n > 0)
		memmove(m.array->v + m.at + m.len, v, n * sizeof *v);
	m.len += n;
	set_model(to, m);
}

// ---- One kind of elements ----

// KIND names a slice type with elements that MAKE makes of a number and that GET gives back.
#define STEPS(kind, elem, MAKE, GET)                                                               \
	static kind kind##_s[SLICES];                                                              \
                                                                                                   \
	static void kind##_check(int i)                                                            \
	{                                                                                          \
		struct model *m = &model[i];                                                       \
		kind *s = &kind##_s[i];                                                            \
                                                                                                   \
		expect("len", len(*s), m->len);                                                    \
		expect("cap", cap(*s), m->cap);                                                    \
		expect("nil", s->ptr == NULL, m->array == NULL);                                   \
		slice_range (*s, k, v)                                                             \
			expect("element", GET(v), (size_t)m->array->v[m->at + k]);                 \
		for (size_t k = m->len; k < m->cap; k++)                                           \
			expect("beyond", GET(s->ptr[k]), (size_t)m->array->v[m->at + k]);          \
	}                                                                                          \
                                                                                                   \
	static kind kind##_made(size_t n, size_t c)                                                \
	{                                                                                          \
		return c == 7 ? make(kind, n, 7) : n == c ? make(kind, n) : make(kind, n, c);      \
	}                                                                                          \
                                                                                                   \
	/* The same in a frame that is left: what is there moves out first. */                     \
	static size_t kind##_in_frame(size_t n, size_t more)                                       \
	{                                                                                          \
		kind a = make(kind, 3), b = make(kind, n), c = subslice(b, n / 2, n);              \
		size_t sum = 0;                                                                    \
                                                                                                   \
		slice_range (b, k, v)                                                              \
			sum += GET(v);                                                             \
		slice_range (a, k, v)                                                              \
			sum += GET(v);                                                             \
		for (size_t k = 0; k < more; k++) {                                                \
			c = append(c, MAKE(k));                                                    \
			a = append(a, MAKE(k));                                                    \
		}                                                                                  \
		for (size_t k = 0; k < more; k++)                                                  \
			sum += GET(at(c, len(c) - more + k)) - GET(at(a, 3 + k));                  \
		for (size_t k = 0; k < n; k++)                                                     \
			at(b, k) = MAKE(-1);                                                       \
		for (size_t k = 0; k < 3; k++)                                                     \
			at(a, k) = MAKE(-1);                                                       \
		return sum;                                                                        \
	}                                                                                          \
                                                                                                   \
	static void kind##_step(void)                                                              \
	{                                                                                          \
		int i = below(SLICES), j = below(SLICES);                                          \
		kind *s = &kind##_s[i], *d = &kind##_s[j];                                         \
		struct model m = model[i];                                                         \
		size_t n, lo, hi, max;                                                             \
		long v[4], *w;                                                                     \
                                                                                                   \
		for (int k = 0; k < 4; k++)                                                        \
			v[k] = below(128);                                                         \
		switch (below(12)) {                                                               \
		case 0:                                                                            \
			if (below(20) == 0) {                                                      \
				*s = (kind){ 0 };                                                  \
				set_model(i, (struct model){ 0 });                                 \
				break;                                                             \
			}                                                                          \
			max = below(2) ? 7 : below(60);                                            \
			n = max == 7 || below(2) ? below(max + 1) : max;                           \
			*s = kind##_made(n, max);                                                  \
			set_model(i, (struct model){ new_array(), 0, n, max });                    \
			break;                                                                     \
		case 1:                                                                            \
			expect("in frame", kind##_in_frame(below(40), below(20)), 0);              \
			break;                                                                     \
		case 2:                                                                            \
		case 3:                                                                            \
			if (m.len + 4 > MOST)                                                      \
				break;                                                             \
			*d = append(*s, MAKE(v[0]));                                               \
			model_append(j, i, v, 1, cap(*d));                                         \
			break;                                                                     \
		case 4:                                                                            \
			if (m.len + 4 > MOST)                                                      \
				break;                                                             \
			*d = append(*s, MAKE(v[0]), MAKE(v[1]), MAKE(v[2]), MAKE(v[3]));           \
			model_append(j, i, v, 4, cap(*d));                                         \
			break;                                                                     \
		case 5:                                                                            \
			if (m.len == 0 || m.len + 2 > MOST)                                        \
				break;                                                             \
			v[0] = m.array->v[m.at + m.len - 1];                                       \
			v[1] = m.array->v[m.at];                                                   \
			*d = append(*s, at(*s, len(*s) - 1), at(*s, 0));                           \
			model_append(j, i, v, 2, cap(*d));                                         \
			break;                                                                     \
		case 6:                                                                            \
			n = model[j].len;                                                          \
			if (m.len + n > MOST)                                                      \
				break;                                                             \
			w = malloc((n + 1) * sizeof *w);                                           \
			if (n > 0)                                                                 \
				memcpy(w, model[j].array->v + model[j].at, n * sizeof *w);         \
			*d = append_slice(*s, *d);                                                 \
			model_append(j, i, w, n, cap(*d));                                         \
			free(w);                                                                   \
			break;                                                                     \
		case 7:                                                                            \
			n = m.len < model[j].len ? m.len : model[j].len;                           \
			expect("copy", copy(*d, *s), n);                                           \
			if (n > 0)                                                                 \
				memmove(model[j].array->v + model[j].at, m.array->v + m.at,        \
					n * sizeof *m.array->v);                                   \
			break;                                                                     \
		case 8:                                                                            \
		case 9:                                                                            \
			max = below(m.cap + 1);                                                    \
			hi = below(max + 1);                                                       \
			lo = below(hi + 1);                                                        \
			if (below(2)) {                                                            \
				*d = subslice(*s, lo, hi, max);                                    \
			} else {                                                                   \
				*d = subslice(*s, lo, hi);                                         \
				max = m.cap;                                                       \
			}                                                                          \
			set_model(j, (struct model){ m.array, m.at + lo, hi - lo, max - lo });     \
			break;                                                                     \
		case 10:                                                                           \
			if (m.len == 0)                                                            \
				break;                                                             \
			n = below(m.len);                                                          \
			at(*s, n) = MAKE(v[0]);                                                    \
			m.array->v[m.at + n] = v[0];                                               \
			break;                                                                     \
		default:                                                                           \
			n = 0;                                                                     \
			slice_range (*s, k, x) {                                                   \
				if (k % 3 == 2)                                                    \
					continue;                                                  \
				if (k == 9)                                                        \
					break;                                                     \
				n += GET(x);                                                       \
			}                                                                          \
			for (size_t k = 0; k < m.len && k < 9; k++)                                \
				n -= k % 3 == 2 ? 0 : m.array->v[m.at + k];                        \
			expect("sum", n, 0);                                                       \
		}                                                                                  \
		if (step % CHECK_ALL == 0)                                                         \
			for (int k = 0; k < SLICES; k++)                                           \
				kind##_check(k);                                                   \
		else if (model[j].cap < 100 || step % 8 == 0)                                      \
			kind##_check(j);                                                           \
	}                                                                                          \
                                                                                                   \
	static void kind##_run(long steps)                                                         \
	{                                                                                          \
		for (int i = 0; i < SLICES; i++)                                                   \
			set_model(i, (struct model){ 0 });                                         \
		for (step = 0; step < steps; step++) {                                             \
			kind##_step();                                                             \
			if (step % 50000 == 0)                                                     \
				goat_gc();                                                         \
		}                                                                                  \
		for (int i = 0; i < SLICES; i++)                                                   \
			kind##_check(i);                                                           \
	}

static cell
made_cell(long v)
{
	return (cell){ v, new(char, (char)v), (char)~v };
}

// Zero, or as made_cell made it.
static size_t
cell_number(cell c)
{
	if (c.p == NULL ? c.a != 0 || c.c != 0 : *c.p != (char)c.a || c.c != (char)~c.a)
		wrong("cell", (size_t)c.a, (size_t)c.c);
	return (size_t)c.a;
}

#define NUMBER(v) (v)
#define AS_SIZE(v) ((size_t)(v))

STEPS(longs, long, NUMBER, AS_SIZE)
STEPS(bytes, unsigned char, NUMBER, AS_SIZE)
STEPS(cells, cell, made_cell, cell_number)

int
main(int argc, char **argv)
{
	long steps = argc > 1 ? atol(argv[1]) : 400000;

	seed = rng = rng_seed();
	longs_run(steps);
	bytes_run(steps);
	cells_run(steps);
	printf("%ld steps of each, seed %llu\n", steps, (unsigned long long)seed);
	return 0;
}
