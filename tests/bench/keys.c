// SPDX-License-Identifier: GPL-3.0-or-later
//
// keys.c: looking up keys that are structs, in maps of 10,000.

#include <goat.h>

#include "row.h"

enum { N = 10000 };

typedef struct { int a, b, c; } twelve;
typedef struct { long a, b; } sixteen;
typedef struct { long a, b, c; } twenty_four;
typedef struct { char a; long b; } padded;

static volatile long sink;

#define KEYS(T, ...)                                                                               \
	static map(T, long) map_##T;                                                               \
	static T keys_##T[N];                                                                      \
	static void fill_##T(void)                                                                 \
	{                                                                                          \
		map_##T = make(map(T, long));                                                      \
		for (int i = 0; i < N; i++) {                                                      \
			keys_##T[i] = (T){ __VA_ARGS__ };                                          \
			map_set(map_##T, keys_##T[i], i);                                          \
		}                                                                                  \
	}                                                                                          \
	static void get_##T(long n)                                                                \
	{                                                                                          \
		map(T, long) m = map_##T;                                                          \
		long sum = 0, j = 0;                                                               \
                                                                                                   \
		for (long i = 0; i < n; i++) {                                                     \
			sum += map_get(m, keys_##T[j]);                                            \
			if (++j == N)                                                              \
				j = 0;                                                             \
		}                                                                                  \
		sink = sum;                                                                        \
	}

KEYS(twelve, i, i * 3, 5)
KEYS(sixteen, i * 7L, i)
KEYS(twenty_four, i, 5, i * 3L)
KEYS(padded, (char)i, i * 9L)

int
main(void)
{
	fill_twelve();
	row("map_key_12_hit", get_twelve, 1);
	fill_sixteen();
	row("map_key_16_hit", get_sixteen, 1);
	fill_twenty_four();
	row("map_key_24_hit", get_twenty_four, 1);
	fill_padded();
	row("map_key_padded_hit", get_padded, 1);
	return 0;
}
