// run
// Loops that count are done in strips, for the polls' sake: they have the rounds they had. What they are
// compared with counts in memory, which the plugin leaves as it is.
#include <goat.h>
#include <limits.h>
#include <stdint.h>

static unsigned long rounds;

// A loop that stops after MANY rounds all the same, for those that would go around.
enum { MANY = 20000 };

#define LOOP(name, T, test, step)                                                                   \
	static __attribute__((noipa)) unsigned long name(T from, T bound)                           \
	{                                                                                           \
		unsigned long n = 0, sum = 0;                                                       \
		for (T i = from; test; i += step) {                                                 \
			if (++n > MANY)                                                             \
				break;                                                              \
			sum = sum * 31 + (unsigned long)i;                                          \
		}                                                                                   \
		rounds += n;                                                                        \
		return sum;                                                                         \
	}                                                                                           \
	static __attribute__((noipa)) unsigned long name##_slow(T from, T bound)                    \
	{                                                                                           \
		unsigned long n = 0, sum = 0;                                                       \
		for (volatile T i = from; test; i += step) {                                        \
			if (++n > MANY)                                                             \
				break;                                                              \
			sum = sum * 31 + (unsigned long)i;                                          \
		}                                                                                   \
		return sum;                                                                         \
	}

#define LOOPS(T, S)                                                                                 \
	LOOP(S##_lt1, T, i < bound, 1)                                                              \
	LOOP(S##_lt3, T, i < bound, 3)                                                              \
	LOOP(S##_le1, T, i <= bound, 1)                                                             \
	LOOP(S##_le7, T, i <= bound, 7)                                                             \
	LOOP(S##_gt1, T, i > bound, -1)                                                             \
	LOOP(S##_ge2, T, i >= bound, -2)                                                            \
	LOOP(S##_ne1, T, i != bound, 1)                                                             \
	LOOP(S##_ne5, T, i != bound, 5)                                                             \
	LOOP(S##_down, T, i != bound, -1)                                                           \
	static void S(void)                                                                         \
	{                                                                                           \
		for (size_t a = 0; a < sizeof points / sizeof *points; a++)                         \
			for (size_t b = 0; b < sizeof points / sizeof *points; b++) {               \
				T from = (T)points[a], bound = (T)points[b];                        \
				CHECK(S##_lt1) CHECK(S##_lt3) CHECK(S##_le1) CHECK(S##_le7)         \
				CHECK(S##_gt1) CHECK(S##_ge2) CHECK(S##_ne1) CHECK(S##_ne5)         \
				CHECK(S##_down)                                                     \
			}                                                                           \
	}

#define CHECK(f)                                                                                    \
	if (f(from, bound) != f##_slow(from, bound))                                                \
		printf(#f "(%lld, %lld): not the same\n", (long long)from, (long long)bound);

static const long long points[] = {
	0, 1, 2, 999, 1000, 1001, 2000, 2001, 9999, -1, -1000, -1001, -5000, 120, 255, 256, 32000,
};

LOOPS(int, ints)
LOOPS(unsigned, unsigneds)
LOOPS(long, longs)
LOOPS(size_t, sizes)
LOOPS(short, shorts)
LOOPS(unsigned char, bytes)

// At the ends of the types.
static __attribute__((noipa)) int last_ints(int from)
{
	int n = 0;

	for (int i = from; i < INT_MAX; i++)
		n += i & 1;
	return n;
}

static __attribute__((noipa)) int first_ints(int from)
{
	int n = 0;

	for (int i = from; i > INT_MIN; i--)
		n += i & 1;
	return n;
}

static __attribute__((noipa)) long pointers(const char *p, const char *end)
{
	long n = 0;

	while (p < end)
		n = n * 3 + *p++;
	return n;
}

static __attribute__((noipa)) long backwards(const int *from, const int *p)
{
	long n = 0;

	while (p-- != from)
		n = n * 3 + *p;
	return n;
}

// Steps so long that a strip of them goes around.
#define STEP UINT64_C(0x9e3779b97f4a7c15)

static __attribute__((noipa)) uint64_t around(uint64_t from, uint64_t to)
{
	uint64_t sum = 0;

	for (uint64_t i = from; i != to; i += STEP)
		sum = sum * 31 + i;
	return sum;
}

static __attribute__((noipa)) uint64_t around_slow(uint64_t from, uint64_t to)
{
	uint64_t sum = 0;

	for (volatile uint64_t i = from; i != to; i += STEP)
		sum = sum * 31 + i;
	return sum;
}

// Loops in loops, left in the middle and from inside.
static __attribute__((noipa)) long nested(int rows, int columns, int stop)
{
	long n = 0;

	for (int i = 0; i < rows; i++)
		for (int k = 0; k < columns; k++) {
			if ((n = n * 3 + i ^ k) == stop || i * columns + k == stop)
				return n;
			if (k == i)
				break;
		}
	return n;
}

static __attribute__((noipa)) long nested_slow(int rows, int columns, int stop)
{
	long n = 0;

	for (volatile int i = 0; i < rows; i++)
		for (volatile int k = 0; k < columns; k++) {
			if ((n = n * 3 + i ^ k) == stop || i * columns + k == stop)
				return n;
			if (k == i)
				break;
		}
	return n;
}

int main(void)
{
	static char text[5001];
	static int numbers[5001];
	long a = 0, b = 0;

	ints();
	unsigneds();
	longs();
	sizes();
	shorts();
	bytes();
	printf("%d\n", rounds > 1000000);
	printf("%d %d %d\n", last_ints(INT_MAX - 3000), last_ints(INT_MAX), last_ints(INT_MAX - 1));
	printf("%d %d %d\n", first_ints(INT_MIN + 3000), first_ints(INT_MIN), first_ints(INT_MIN + 1));
	for (uint64_t n = 0; n < 1100; n++)
		if (around(n, n + n * STEP) != around_slow(n, n + n * STEP))
			printf("around %d: not the same\n", (int)n);
	for (volatile int i = 0; i < 5001; i++)
		numbers[i] = text[i] = i % 100;
	for (volatile int i = 0; i < 5001; i++)
		a = a * 3 + text[i];
	for (volatile int i = 5000; i >= 0; i--)
		b = b * 3 + numbers[i];
	printf("%d %d\n", pointers(text, text + 5001) == a, backwards(numbers, numbers + 5001) == b);
	printf("%ld %ld\n", pointers(text, text), backwards(numbers, numbers));
	for (int rows = 1; rows < 3000; rows += 611)
		for (int columns = 1; columns < 4000; columns += 811)
			for (int stop = -1; stop < 9000; stop += 3001)
				if (nested(rows, columns, stop) != nested_slow(rows, columns, stop))
					printf("%d %d %d: not the same\n", rows, columns, stop);
	return 0;
}
