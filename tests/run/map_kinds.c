// run

// Keys of every kind: each is put in, found, overwritten, deleted and ranged over, in maps that have
// grown; values of every kind.

#include <goat.h>
#include <complex.h>
#include <stdalign.h>

enum color { RED, GREEN, BLUE };

typedef struct half { short a, b; } half;
typedef struct pair { int a, b; } pair;
typedef struct three { int a, b, c; } three;
typedef struct words { long a; void *b; } words;
typedef struct padded { char a; long b; char c; } padded;
typedef struct bits { unsigned a : 3, b : 7; int : 0; unsigned c : 20; } bits;
typedef struct nested { padded p[2]; string name; float f; } nested;
typedef struct large { long a[20]; } large;
typedef struct wide { alignas(32) int a; } wide;
typedef struct none { } none;
typedef union either { int a; unsigned char b[4]; } either;
typedef int (*function)(int);

interface(Number) {
	int (*Value)(void *self);
};
method int half_Value(half h) { return h.a; }
method int pair_Value(pair *p) { return p->a; }

static int cells[300];
static pair pairs[300];
static char texts[300][8];

static int one(int i) { return i + 1; }
static int two(int i) { return i + 2; }

static Number
number(int i)
{
	if (i % 2)
		return as(Number, ((half){ i, -i }));
	return as(Number, &pairs[i]);
}

static any
anything(int i)
{
	switch (i % 4) {
	case 0:
		return as(any, i);
	case 1:
		return as(any, (double)i);
	case 2:
		return as(any, str(texts[i]));
	default:
		return as(any, ((padded){ i, i, i }));
	}
}

// n different keys, key(i) for 0 <= i < n.
#define TEST(K, n, ...)                                                                            \
	do {                                                                                       \
		map(K, int) m = make(map(K, int));                                                 \
		int bad = 0, sum = 0, got;                                                         \
		for (int i = 0; i < (n); i++)                                                      \
			map_set(m, (__VA_ARGS__), -1);                                             \
		for (int i = 0; i < (n); i++) {                                                    \
			bad += map_get(m, __VA_ARGS__) != -1;                                      \
			map_set(m, (__VA_ARGS__), i);                                              \
		}                                                                                  \
		bad += len(m) != (n);                                                              \
		for (int i = 0; i < (n); i++) {                                                    \
			bad += !map_lookup(m, (__VA_ARGS__), &got) || got != i;                    \
			bad += *map_ptr(m, __VA_ARGS__) != i;                                      \
		}                                                                                  \
		map_range (m, k, v) {                                                              \
			bad += map_get(m, k) != v;                                                 \
			sum += v;                                                                  \
		}                                                                                  \
		bad += sum != (n) * ((n) - 1) / 2;                                                 \
		for (int i = 0; i < (n); i += 2)                                                   \
			map_delete(m, __VA_ARGS__);                                                \
		for (int i = 0; i < (n); i++)                                                      \
			bad += map_lookup(m, (__VA_ARGS__), &got) != i % 2 || got != (i % 2 ? i : 0); \
		printf("%s: %d, left %zu\n", #K, bad, len(m));                                     \
	} while (0)

// n values of a map, compared as bytes.
#define VALUES(V, n, ...)                                                                          \
	do {                                                                                       \
		static __typeof__(V) zero, absent;                                                 \
		map(int, V) m = make(map(int, V));                                                 \
		int bad = 0;                                                                       \
		for (int i = 0; i < (n); i++)                                                      \
			map_set(m, i, __VA_ARGS__);                                                \
		for (int i = 0; i < (n); i++) {                                                    \
			__typeof__(V) want = __VA_ARGS__, got = map_get(m, i);                     \
			bad += __builtin_memcmp(&want, &got, sizeof want) != 0;                    \
		}                                                                                  \
		absent = map_get(m, -1);                                                           \
		bad += __builtin_memcmp(&zero, &absent, sizeof zero) != 0;                         \
		printf("%s: %d\n", #V, bad);                                                       \
	} while (0)

int
main(void)
{
	for (int i = 0; i < 300; i++) {
		sprintf(texts[i], "%d", i);
		pairs[i].a = i;
	}
	TEST(bool, 2, i);
	TEST(char, 200, i - 100);
	TEST(unsigned char, 200, i);
	TEST(short, 300, i * -100);
	TEST(enum color, 3, i);
	TEST(int, 300, i * 1000);
	TEST(unsigned, 300, -i);
	TEST(long, 300, (long)i << 32);
	TEST(unsigned long long, 300, -1 - i);
	TEST(__int128, 300, (__int128)i << 64);
	TEST(float, 300, i / 8.0f);
	TEST(double, 300, i / -3.0);
	TEST(long double, 300, i / 3.0L);
	TEST(double _Complex, 300, i + i * 2.0i);
	TEST(int *, 300, &cells[i]);
	TEST(const void *, 300, &cells[i]);
	TEST(function, 2, i ? one : two);
	TEST(half, 300, (half){ i, 1 });
	TEST(pair, 300, (pair){ 1, i });
	TEST(three, 300, (three){ 1, i, 1 });
	TEST(words, 300, (words){ i, &cells[i] });
	TEST(padded, 100, (padded){ i, -i, 1 });
	TEST(bits, 100, (bits){ i % 8, i, i });
	TEST(nested, 100, (nested){ { { 1, 2, 3 }, { i, i, i } }, str(texts[i]), i });
	TEST(large, 300, (large){ { [19] = i } });
	TEST(wide, 300, (wide){ i });
	TEST(either, 300, (either){ .a = i });
	TEST(none, 1, (none){});
	TEST(string, 300, str(texts[i]));
	TEST(any, 300, anything(i));
	TEST(Number, 300, number(i));

	VALUES(bool, 100, i % 3 == 1);
	VALUES(char, 100, i);
	VALUES(float, 100, i / 7.0f);
	VALUES(__int128, 100, (__int128)i << 70);
	VALUES(function, 100, i % 2 ? one : two);
	VALUES(int *, 100, &cells[i]);
	VALUES(three, 100, (three){ i, i + 1, i + 2 });
	VALUES(large, 100, (large){ { i, [19] = i } });
	VALUES(wide, 100, (wide){ i });
	VALUES(string, 100, str(texts[i]));
	VALUES(none, 100, (none){});
	printf("%d %d\n", map_get((map(int, function))NULL, 1) == NULL, map_get((map(wide, large))NULL, (wide){ 1 }).a[3] == 0);
	return 0;
}
