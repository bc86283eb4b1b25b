// run
// What lies between the fields of a key, and in the bits that no field has, does not count.
#include <goat.h>
#include <string.h>

typedef struct { char c; short s; } four;
typedef struct { int i; char c; } eight;
typedef struct { char c; long l; } sixteen;
typedef struct { int i; char c; int k; } twelve;
typedef struct { char c[3]; short s; char d; } odd;
typedef struct { unsigned a : 3, b : 7; char c; long l : 40; } bits;
typedef struct { eight e[3]; char c; } nested;
typedef struct { char c; long l[20]; } large;
typedef struct { char c; double d; } real;
typedef struct { char c; string s; } text;

// A key that is I in its fields and FILL everywhere else.
#define SET(T, name, ...)                                                                           \
	static __attribute__((noipa)) void name(T *k, int i, int fill)                              \
	{                                                                                           \
		memset(k, fill, sizeof *k);                                                         \
		__VA_ARGS__;                                                                        \
	}
SET(four, set_four, k->c = (char)i; k->s = (short)(i * 3))
SET(eight, set_eight, k->i = i; k->c = (char)(i / 2))
SET(sixteen, set_sixteen, k->c = (char)i; k->l = i * 5L)
SET(twelve, set_twelve, k->i = i; k->c = (char)i; k->k = -i)
SET(odd, set_odd, memset(k->c, i, 3); k->s = (short)i; k->d = (char)(i / 3))
SET(bits, set_bits, k->a = i & 7; k->b = i >> 3 & 127; k->c = (char)i; k->l = -i)
SET(nested, set_nested, for (int n = 0; n < 3; n++) set_eight(&k->e[n], i + n, fill); k->c = (char)i)
SET(large, set_large, k->c = (char)i; for (int n = 0; n < 20; n++) k->l[n] = i + n)
SET(real, set_real, k->c = (char)i; k->d = i / 4.0)
SET(text, set_text, k->c = (char)i; k->s = str(i % 2 ? "odd" : "even"))

static __attribute__((noipa)) void deferred(map(sixteen, int) m, map(twelve, int) n, int i)
{
	sixteen a;
	twelve b;

	set_sixteen(&a, i, 0x3c);
	set_twelve(&b, i, 0x3c);
	defer map_delete(m, a);
	defer map_delete(n, b);
	set_sixteen(&a, 0, 0);
	set_twelve(&b, 0, 0);
}

#define TRY(T, name)                                                                                \
	static void try_##T(void)                                                                   \
	{                                                                                           \
		map(T, int) m = make(map(T, int));                                                  \
		int sum = 0, wrong = 0;                                                             \
		T k;                                                                                \
		for (int i = 0; i < 100; i++) {                                                     \
			name(&k, i, i * 7);                                                         \
			map_set(m, k, i + 1);                                                       \
		}                                                                                   \
		for (int i = 0; i < 100; i++) {                                                     \
			name(&k, i, 0xa5);                                                          \
			wrong += map_get(m, k) != i + 1;                                            \
			name(&k, i, 0xff);                                                          \
			map_set(m, k, map_get(m, k) + 1);                                           \
			if (i % 3 == 0) {                                                           \
				name(&k, i, 0);                                                     \
				map_delete(m, k);                                                   \
			}                                                                           \
		}                                                                                   \
		map_range (m, key, value)                                                           \
			sum += value + (map_get(m, key) != value) * 100000;                         \
		printf(#T ": %d left, %d wrong, sum %d\n", (int)len(m), wrong, sum);            \
	}

TRY(four, set_four)
TRY(eight, set_eight)
TRY(sixteen, set_sixteen)
TRY(twelve, set_twelve)
TRY(odd, set_odd)
TRY(bits, set_bits)
TRY(nested, set_nested)
TRY(large, set_large)
TRY(real, set_real)
TRY(text, set_text)

int main(void)
{
	map(sixteen, int) m = make(map(sixteen, int));
	map(twelve, int) n = make(map(twelve, int));

	try_four();
	try_eight();
	try_sixteen();
	try_twelve();
	try_odd();
	try_bits();
	try_nested();
	try_large();
	try_real();
	try_text();
	for (int i = 0; i < 10; i++) {
		map_set(m, ((sixteen){ (char)i, i * 5L }), i);
		map_set(n, ((twelve){ i, (char)i, -i }), i);
	}
	for (int i = 0; i < 10; i += 2)
		deferred(m, n, i);
	printf("%d %d %d %d\n", (int)len(m), (int)len(n), map_get(m, ((sixteen){ 3, 15 })),
	       map_get(n, ((twelve){ 4, 4, -4 })));
	return 0;
}
