// run
// Every panic of the words about slices and strings, in Go's words: the expectation is the output of the
// same program in Go 1.26.
#include <goat.h>
#include <string.h>

typedef slice(int) ints;
typedef slice(char) bytes;
typedef struct {} nothing;
typedef slice(nothing) nothings;

static volatile int neg = -3, two = 2, three = 3, four = 4, nine = 9;
static volatile unsigned long long u64 = -1;
static volatile signed char i8 = -1;
static volatile unsigned char u8 = 200;
static ints xs;
static string s;
static size_t sink;

#define TRY(name, expr) static void name(void) { expr; }
TRY(at_u64, sink += at(xs, u64))
TRY(at_i8, sink += at(xs, i8))
TRY(at_u8, sink += at(xs, u8))
TRY(string_at, sink += at(s, nine))
TRY(string_at_neg, sink += at(s, neg))
TRY(substr_hi, sink += len(substr(s, two, nine)))
TRY(substr_lo, sink += len(substr(s, four, three)))
TRY(substr_neg_lo, sink += len(substr(s, neg, three)))
TRY(substr_neg_hi, sink += len(substr(s, two, neg)))
TRY(substr_u64, sink += len(substr(s, u64, three)))
TRY(sub_hi_u64, sink += len(subslice(xs, two, u64)))
TRY(sub_lo, sink += len(subslice(xs, four, three)))
TRY(sub3_max, sink += len(subslice(xs, two, three, nine)))
TRY(sub3_max_neg, sink += len(subslice(xs, two, three, neg)))
TRY(sub3_hi, sink += len(subslice(xs, two, four, three)))
TRY(sub3_hi_neg, sink += len(subslice(xs, two, neg, three)))
TRY(sub3_lo, sink += len(subslice(xs, four, three, three)))
TRY(sub3_lo_neg, sink += len(subslice(xs, neg, three, three)))
TRY(sub3_u64, sink += len(subslice(xs, u64, three, three)))
TRY(make_len, sink += len(make(ints, neg)))
TRY(make_cap, sink += len(make(ints, two, neg)))
TRY(make_u64, sink += len(make(ints, u64)))
TRY(make_swapped, sink += len(make(ints, three, two)))
TRY(make_const_cap, sink += len(make(ints, nine, 4)))
TRY(make_nothing, sink += len(make(nothings, nine)))
TRY(append_nothing, sink += len(append(make(nothings, PTRDIFF_MAX), {})))
TRY(append_nothings, sink += len(append_slice(make(nothings, 5), make(nothings, PTRDIFF_MAX))))

static void
try(const char *name, void (*f)(void))
{
	defer {
		any r = recover();
		goat_error e;

		if (type_assert_ok(r, goat_error, &e)) {
			string t = call(e, Error);
			printf("%s: %.*s\n", name, STR(t));
		}
	}
	f();
	printf("%s: fine\n", name);
}

int
main(void)
{
	xs = make(ints, 3, 5);
	s = str("hello");
	try("at u64", at_u64);
	try("at i8", at_i8);
	try("at u8", at_u8);
	try("string at", string_at);
	try("string at neg", string_at_neg);
	try("substr hi", substr_hi);
	try("substr lo", substr_lo);
	try("substr neg lo", substr_neg_lo);
	try("substr neg hi", substr_neg_hi);
	try("substr u64", substr_u64);
	try("sub hi u64", sub_hi_u64);
	try("sub lo", sub_lo);
	try("sub3 max", sub3_max);
	try("sub3 max neg", sub3_max_neg);
	try("sub3 hi", sub3_hi);
	try("sub3 hi neg", sub3_hi_neg);
	try("sub3 lo", sub3_lo);
	try("sub3 lo neg", sub3_lo_neg);
	try("sub3 u64", sub3_u64);
	try("make len", make_len);
	try("make cap", make_cap);
	try("make u64", make_u64);
	try("make swapped", make_swapped);
	try("make const cap", make_const_cap);
	try("make struct{}", make_nothing);
	try("append nothing", append_nothing);
	try("append nothings", append_nothings);
	return 0;
}
