// SPDX-License-Identifier: BSD-3-Clause
//
// knobs.c: GOATDEBUG=name=value,name=value.
//
// Read before main. What is not known is passed over, as in Go: another version may know it.
//
// Go:    as parsedebugvars of runtime/runtime1.go; `help` is ours.
// Layer: base.

#include "knobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KNOB(name, value, text) int goat_knob_##name = value;
#define KNOBWORD(name, word, value)
#include "knobs.def"
#undef KNOB
#undef KNOBWORD

static const struct {
	const char *name, *text;
	int *value;
} knobs[] = {
#define KNOB(name, value, text) { #name, text, &goat_knob_##name },
#define KNOBWORD(name, word, value)
#include "knobs.def"
#undef KNOB
#undef KNOBWORD
};

static const struct {
	const char *name, *word;
	int value;
} words[] = {
#define KNOB(name, value, text)
#define KNOBWORD(name, word, value) { #name, #word, value },
#include "knobs.def"
#undef KNOB
#undef KNOBWORD
};

enum { NKNOBS = sizeof knobs / sizeof *knobs };

static void
help(void)
{
	for (size_t i = 0; i < NKNOBS; i++)
		fprintf(stderr, "%-12s %s (%d)\n", knobs[i].name, knobs[i].text, *knobs[i].value);
}

// What NAME=TEXT means, TEXT of N bytes.
static int
value_of(const char *name, const char *text, size_t n)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].name, name) == 0 && strlen(words[i].word) == n &&
		    memcmp(words[i].word, text, n) == 0)
			return words[i].value;
	return atoi(text);
}

// NAME=VALUE, N bytes.
static void
set(const char *text, size_t n)
{
	if (n == 4 && memcmp(text, "help", n) == 0)
		help();
	for (size_t i = 0; i < NKNOBS; i++) {
		size_t len = strlen(knobs[i].name);

		if (n > len && memcmp(text, knobs[i].name, len) == 0 && text[len] == '=')
			*knobs[i].value = value_of(knobs[i].name, text + len + 1, n - len - 1);
	}
}

__attribute__((constructor(101))) static void
start(void)
{
	const char *text = getenv("GOATDEBUG");

	while (text != NULL && *text != '\0') {
		size_t n = strcspn(text, ",");

		set(text, n);
		text += n + (text[n] == ',');
	}
}
