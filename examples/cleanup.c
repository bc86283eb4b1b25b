// SPDX-License-Identifier: BSD-3-Clause
//
// cleanup.c: what a function takes, it gives back, on whichever way it ends.
//
// `defer` stands beside what it undoes. Its arguments are evaluated at once, and it runs when the
// function ends, the last one first. A block sees its variables as they are then.
#include <goat.h>

#include <stdlib.h>
#include <unistd.h>

static int open_things;

static FILE *open_file(const char *name, const char *mode)
{
	FILE *f = fopen(name, mode);

	if (f != NULL)
		open_things++;
	return f;
}

static void close_file(FILE *f, const char *what)
{
	printf("    close %s\n", what);
	open_things--;
	fclose(f);
}

// Writes the lines of `from` to `to` with a number before each. The result is named, so that
// deferred code can set it: a write may fail as late as in fclose.
static int number_lines(const char *from, const char *to)
{
	result(int, lines);
	FILE *in = open_file(from, "r"), *out;
	size_t size = 0;
	char *line = NULL;

	if (in == NULL)
		return -1;                      // nothing to close yet
	defer close_file(in, "the input");

	if ((out = open_file(to, "w")) == NULL)
		return -1;                      // closes the input
	defer {
		if (fflush(out) != 0 || ferror(out))
			lines = -1;
		close_file(out, "the output");
	}

	defer { free(line); }                   // where getline has put it by then
	while (getline(&line, &size, in) > 0) {
		if (*line == '!')
			panic("a line begins with '!'");
		fprintf(out, "%d %s", ++lines, line);
	}
	return lines;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = open_file(name, "w");

	defer close_file(f, name);
	fputs(text, f);
}

static void try(const char *what, const char *from, const char *to)
{
	printf("%s:\n", what);
	defer {
		any p = recover();

		if (!is_nil(p))
			printf("    panic: %.*s\n", STR(type_assert(p, string)));
		printf("    %d left open\n", open_things);
	}
	printf("    result %d\n", number_lines(from, to));
}

int main(void)
{
	char dir[] = "/tmp/cleanup-XXXXXX";

	if (mkdtemp(dir) == NULL)
		return 1;
	defer remove(dir);
	if (chdir(dir) != 0)
		return 1;

	// In a loop, each round has a deferred call of its own; all run when main ends.
	const char *names[] = { "good", "bad", "numbered" };
	for (int i = 0; i < 3; i++)
		defer remove(names[i]);

	write_file("good", "one\ntwo\nthree\n");
	write_file("bad", "one\n!\n");
	try("all is well", "good", "numbered");
	try("no input", "missing", "numbered");
	try("no output", "good", "no/such/directory");
	try("a panic", "bad", "numbered");
	return 0;
}
