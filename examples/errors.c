// SPDX-License-Identifier: BSD-3-Clause
//
// errors.c: a library that panics inside, and returns errors at its border.
//
// The functions of a recursive parser would all have to hand an error upwards. These panic instead,
// and the one function that others call recovers: it turns what it knows into an error, errors of
// the runtime too, and lets go on what it does not know.
#include <goat.h>

#include <ctype.h>
#include <stdlib.h>

// ---- The library: calculate() ----

// A mistake in the text. It has the method Error, so it is a goat_error.
typedef struct Syntax { const char *wanted; size_t at; } Syntax;

method string Syntax_Error(Syntax *s)
{
	char at[48];

	snprintf(at, sizeof at, " wanted at column %zu", s->at + 1);
	return string_cat(str(s->wanted), str(at));
}

typedef struct Input { const char *text; size_t at; } Input;

static _Noreturn void fail(Input *in, const char *wanted)
{
	panic(new(Syntax, wanted, in->at));
}

static char peek(Input *in)
{
	while (in->text[in->at] == ' ')
		in->at++;
	return in->text[in->at];
}

static bool skip(Input *in, char c)
{
	return peek(in) == c ? in->at++, true : false;
}

static int sum(Input *in);

static int primary(Input *in)
{
	int value = 0;

	if (skip(in, '(')) {
		value = sum(in);
		if (!skip(in, ')'))
			fail(in, "')'");
		return value;
	}
	if (!isdigit((unsigned char)peek(in)))
		fail(in, "a number");
	while (isdigit((unsigned char)in->text[in->at]))
		value = 10 * value + in->text[in->at++] - '0';
	return value;
}

static int product(Input *in)
{
	int value = primary(in);

	for (;;) {
		if (skip(in, '*'))
			value *= primary(in);
		else if (skip(in, '/'))
			value /= primary(in);   // by zero: a panic of the runtime
		else
			return value;
	}
}

static int sum(Input *in)
{
	int value = product(in);

	for (;;) {
		if (skip(in, '+'))
			value += product(in);
		else if (skip(in, '-'))
			value -= product(in);
		else
			return value;
	}
}

// The border. Sets *result, or returns an error that is not nil.
static goat_error calculate(const char *text, int *result)
{
	result(goat_error, failure);
	Input in = { text, 0 };

	defer {
		any p = recover();

		if (!is_nil(p) && !type_assert_ok(p, goat_error, &failure))
			panic(p);               // none of ours
	}
	*result = sum(&in);
	if (peek(&in) != '\0')
		fail(&in, "an operator");
	return failure;
}

// ---- A program that uses it ----

// An error with another inside.
typedef struct Line { int number; goat_error cause; } Line;

method string Line_Error(Line l)
{
	char number[32];

	snprintf(number, sizeof number, "line %d: ", l.number);
	return string_cat(str(number), call(l.cause, Error));
}

static goat_error run(const char *const *lines, int n)
{
	for (int i = 0; i < n; i++) {
		int value = 0;
		goat_error e = calculate(lines[i], &value);

		if (!is_nil(e))
			return as(goat_error, (Line){ i + 1, e });
		printf("%s = %d\n", lines[i], value);
	}
	return (goat_error){ 0 };
}

static void report(goat_error e)
{
	Line l;
	Syntax *s;

	if (is_nil(e))
		return;
	string text = call(e, Error);
	printf("%.*s\n", STR(text));
	if (type_assert_ok(e, Line, &l) && type_assert_ok(l.cause, Syntax *, &s))
		printf("    the mistake is in column %zu\n", s->at + 1);
}

int main(void)
{
	const char *good[] = { "1 + 2 * 3", "(1 + 2) * 3" };
	const char *open[] = { "2 * 21", "2 * (21" };
	const char *zero[] = { "7 / (3 - 2 - 1)" };
	const char *more[] = { "1 2" };

	report(run(good, 2));
	report(run(open, 2));
	report(run(zero, 1));
	report(run(more, 1));
	return 0;
}
