// SPDX-License-Identifier: BSD-3-Clause
//
// parser.c: a parser that hands out slices of its input, and the struct that holds its state.
//
// Tokens are structs returned by value that point into the text. A parser whose functions take
// `struct parser *` and keep it nowhere can live in the frame of whoever uses it.

#include <goat.h>
#include <ctype.h>

struct token {
	const char *start;
	int length;
};

struct parser {
	const char *at;
	int depth;
};

// Moving a pointer on within its text is no leak, also not through a pointer.
static void skip_blanks(const char **at)
{
	while (**at == ' ')
		(*at)++;
}

// The token points to what p->at points to: one load away from p, hence level=1.
static struct token next_token(struct parser *p)
{
	struct token t;

	skip_blanks(&p->at);
	t.start = p->at;
	if (isdigit((unsigned char)*p->at))
		while (isdigit((unsigned char)*p->at))
			p->at++;
	else if (*p->at != '\0')
		p->at++;
	t.length = (int)(p->at - t.start);
	return t;
}

static int sum(struct parser *p);

static int value(struct parser *p)
{
	struct token t = next_token(p);
	int n = 0;

	if (*t.start == '(')
		return sum(p);
	for (int i = 0; i < t.length; i++)
		n = 10 * n + (t.start[i] - '0');
	return n;
}

// sum() and value() call each other. They are solved together; p stays in both.
static int sum(struct parser *p)
{
	int n = value(p);

	p->depth++;
	while (*next_token(p).start == '+')
		n += value(p);
	return n;
}

// The parser is stored nowhere: it and its text are the caller's own.
static int evaluate(const char *text)
{
	struct parser p = { .at = text };

	return sum(&p);
}

// Here the parser is kept, and with it whatever it points to.
static struct parser *current;

static void start(const char *text)
{
	struct parser p = { .at = text };

	current = &p;
}

int main(void)
{
	struct token t;

	printf("%d\n", evaluate("1 + (20 + 300) + 4000"));
	start("12 + 30");
	t = next_token(current);
	printf("%.*s, then %d\n", t.length, t.start, value(current) + value(current));
	return 0;
}
