// SPDX-License-Identifier: GPL-3.0-or-later
//
// graph_text.c: see graph_text.h.
//
// Layer: tests.

#include "graph_text.h"

#include <ctype.h>

enum { NFUNCS = 16, NLOCS = 64, NAME = 24, ANSWER = 1 << 14 };

struct named {
	char name[NAME];
	struct esc_loc *loc;
};

struct func {
	char name[NAME];
	const char *body, *end;
	struct esc_func *core;
	struct named loc[NLOCS];
	size_t nlocs;
};

struct unit {
	struct esc *e;
	struct func func[NFUNCS];
	size_t nfuncs;
	char token[NAME * 4];           // under way
	char escapes[NFUNCS][ANSWER / NFUNCS], freed[NFUNCS][ANSWER / NFUNCS], tags[NFUNCS][ANSWER / NFUNCS];
	char batches[ANSWER], blocks[ANSWER], dot[ANSWER];
};

static void
append(char *out, size_t size, const char *between, const char *s)
{
	size_t n = strlen(out);

	snprintf(out + n, size - n, "%s%s", n > 0 ? between : "", s);
}

// ---- Reading ----

static struct func *
func_named(struct unit *u, const char *name)
{
	for (size_t i = 0; i < u->nfuncs; i++)
		if (strcmp(u->func[i].name, name) == 0)
			return &u->func[i];
	fprintf(stderr, "graph_text: no function %s\n", name);
	abort();
}

// `f: ... ; g: ...`
static void
split_functions(struct unit *u, const char *text)
{
	while (*text != '\0') {
		struct func *f = &u->func[u->nfuncs++];
		size_t n = strcspn(text, ":= ;");

		strcpy(f->name, "f");
		f->end = text + strcspn(text, ";");
		if (text[n] == ':' && (text[n + 1] == ' ' || text + n + 1 == f->end)) {
			snprintf(f->name, NAME, "%.*s", (int)n, text);
			text += n + 1;
		}
		f->body = text;
		f->core = esc_func(u->e, f->name, f);
		text = f->end + strspn(f->end, "; ");
	}
}

static bool
next_token(struct unit *u, const char **at, const char *end)
{
	size_t n = 0;

	while (*at < end && **at == ' ')
		++*at;
	while (*at < end && **at != ' ' && n + 1 < sizeof(u->token))
		u->token[n++] = *(*at)++;
	u->token[n] = '\0';
	return n > 0;
}

static const char *
call_in(const char *token, char *callee)
{
	const char *open = strchr(token, '('), *name = strchr(token, '=');

	if (open == NULL)
		return NULL;
	name = name != NULL && name < open ? name + 1 : token;
	snprintf(callee, NAME, "%.*s", (int)(open - name), name);
	return open + 1;
}

static void
find_calls(struct unit *u, struct func *f)
{
	const char *at = f->body;
	char callee[NAME];

	while (next_token(u, &at, f->end))
		if (call_in(u->token, callee) != NULL)
			esc_call(f->core, func_named(u, callee)->core);
}

// ---- Building ----

static enum esc_kind
kind_of(const char **name)
{
	static const struct {
		const char *prefix;
		enum esc_kind kind;
	} kinds[] = { { "param:", ESC_PARAM }, { "obj:", ESC_OBJECT }, { "temp:", ESC_TEMP } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t n = strlen(kinds[i].prefix);

		if (strncmp(*name, kinds[i].prefix, n) == 0) {
			*name += n;
			return kinds[i].kind;
		}
	}
	return ESC_VAR;
}

static struct esc_loc *
new_loc(struct unit *u, struct func *f, enum esc_kind kind, const char *name, int depth)
{
	struct named *l = &f->loc[f->nlocs++];

	snprintf(l->name, NAME, "%s", name);
	l->loc = esc_loc(u->e, kind, f->core, kind == ESC_TEMP ? NULL : l->name, depth);
	if (kind == ESC_PARAM)
		vec_push(&f->core->params, l->loc);
	return l->loc;
}

// `param:p@2`, N characters.
static struct esc_loc *
loc_named(struct unit *u, struct func *f, const char *text, size_t n)
{
	char copy[NAME], *at;
	const char *name = copy;
	enum esc_kind kind;

	snprintf(copy, sizeof(copy), "%.*s", (int)n, text);
	at = strchr(copy, '@');
	if (at != NULL)
		*at = '\0';
	kind = kind_of(&name);
	if (strcmp(name, "heap") == 0)
		return &u->e->heap;
	if (strcmp(name, "opaque") == 0)
		return &u->e->opaque;
	if (strcmp(name, "freed") == 0)
		return &u->e->freed;
	if (strcmp(name, "ret") == 0)
		return f->core->result;
	for (size_t i = 0; i < f->nlocs; i++)
		if (strcmp(f->loc[i].name, name) == 0)
			return f->loc[i].loc;
	return new_loc(u, f, kind, name, at ? atoi(at + 1) : 1);
}

// `**x` or `&x` flows into K; up to a `,`, a `)` or the end.
static const char *
flow_operand(struct unit *u, struct func *f, struct esc_hole k, const char *s)
{
	size_t n;
	int derefs = 0;

	for (; *s == '*' || *s == '&'; s++)
		derefs += *s == '*' ? 1 : -1;
	n = strcspn(s, ",)");
	k = esc_note(u->e, esc_shift(k, derefs), u->token, "assign", "here");
	esc_flow(u->e, k, loc_named(u, f, s, n));
	return s + n;
}

static struct esc_hole
hole_of_tag(struct unit *u, struct func *f, struct esc_hole k, const struct esc_leaks *tag)
{
	struct esc_hole to[4];
	size_t n = 0;

	if (tag->heap != ESC_NONE)
		to[n++] = esc_shift(esc_hole(&u->e->heap), tag->heap);
	if (tag->result != ESC_NONE)
		to[n++] = esc_shift(k, tag->result);
	if (tag->opaque != ESC_NONE)
		to[n++] = esc_shift(esc_hole(&u->e->opaque), tag->opaque);
	if (tag->freed != ESC_NONE)
		to[n++] = esc_shift(esc_hole(&u->e->freed), tag->freed);
	return esc_tee(u->e, f->core, 1, to, n);
}

static void
flow_call(struct unit *u, struct func *f, struct esc_hole k, const char *callee, const char *args)
{
	struct esc_func *core = func_named(u, callee)->core;

	if (core->in_batch)
		esc_flow(u->e, k, core->result);
	for (size_t i = 0; *args != ')'; i++) {
		struct esc_hole to = core->in_batch ? esc_hole(core->params.at[i])
						    : hole_of_tag(u, f, k, &core->tags[i]);

		args = flow_operand(u, f, to, args);
		args += *args == ',';
	}
}

static void
flow_token(struct unit *u, struct func *f)
{
	const char *equals = strchr(u->token, '='), *args;
	struct esc_hole k = esc_discard();
	char callee[NAME];

	if (equals != NULL)
		k = esc_hole(loc_named(u, f, u->token, (size_t)(equals - u->token)));
	args = call_in(u->token, callee);
	if (args != NULL)
		flow_call(u, f, k, callee, args);
	else if (equals != NULL)
		flow_operand(u, f, k, equals + 1);
	else
		loc_named(u, f, u->token, strlen(u->token));
}

// Parameters first, for a call to them may stand further up.
static void
declare(struct unit *u, struct func *f)
{
	const char *at = f->body;

	f->core->result = esc_loc(u->e, ESC_RESULT, f->core, "~r0", 1);
	while (next_token(u, &at, f->end))
		if (strncmp(u->token, "param:", 6) == 0)
			loc_named(u, f, u->token, strcspn(u->token, "="));
}

// ---- Answers ----

static void
tell_tag(char *out, const struct named *l)
{
	const struct esc_leaks *leaks = &l->loc->leaks;
	const struct {
		char letter;
		int derefs;
	} to[] = { { 'h', leaks->heap }, { 'r', leaks->result }, { 'o', leaks->opaque }, { 'f', leaks->freed } };
	char text[64];
	int n = snprintf(text, sizeof(text), "%s", l->name);
	char between = ':';

	for (size_t i = 0; i < 4; i++)
		if (to[i].derefs != ESC_NONE) {
			n += snprintf(text + n, sizeof(text) - n, "%c%c%d", between, to[i].letter, to[i].derefs);
			between = ',';
		}
	append(out, ANSWER / NFUNCS, " ", text);
}

static void
tell_func(struct unit *u, struct func *f)
{
	size_t index = (size_t)(f - u->func);

	for (size_t i = 0; i < f->nlocs; i++) {
		const struct named *l = &f->loc[i];

		if (l->loc->escapes)
			append(u->escapes[index], ANSWER / NFUNCS, " ", l->name);
		if (l->loc->freed)
			append(u->freed[index], ANSWER / NFUNCS, " ", l->name);
		if (l->loc->kind == ESC_PARAM)
			tell_tag(u->tags[index], l);
	}
}

static void
tell_line(void *arg, const char *line)
{
	append((char *)arg, ANSWER, "\n", line);
}

// Locations are numbered as they come, so that the text is the same in each run.
static void
tell_dot(struct unit *u)
{
	char *text = NULL, *line, *save = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	esc_dump_dot(u->e, out);
	fclose(out);
	for (line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *label = strchr(line, '[');

		if (label != NULL)
			append(u->dot, ANSWER, " ", strstr(line, "->") ? "->" : "");
		if (label != NULL)
			append(u->dot, ANSWER, "", label);
	}
	free(text);
}

static void
solve(void *arg, struct esc_func **fn, size_t n)
{
	struct unit *u = arg;

	esc_begin(u->e, fn, n);
	for (size_t i = 0; i < n; i++)
		declare(u, fn[i]->ref);
	for (size_t i = 0; i < n; i++) {
		struct func *f = fn[i]->ref;
		const char *at = f->body;

		append(u->batches, ANSWER, i > 0 ? "+" : " ", f->name);
		while (next_token(u, &at, f->end))
			flow_token(u, f);
	}
	esc_solve(u->e, fn, n);
	for (size_t i = 0; i < n; i++)
		tell_func(u, fn[i]->ref);
	for (size_t i = 0; i < u->e->blocks.n; i++)
		esc_explain(&u->e->blocks.at[i], tell_line, u->blocks);
	tell_dot(u);
}

static struct unit *
solved(const char *text, bool explain)
{
	static struct unit u;

	memset(&u, 0, sizeof(u));
	u.e = esc_new(explain);
	split_functions(&u, text);
	for (size_t i = 0; i < u.nfuncs; i++)
		find_calls(&u, &u.func[i]);
	esc_components(u.e, solve, &u);
	esc_free(u.e);
	return &u;
}

static const char *
joined(char (*of)[ANSWER / NFUNCS], size_t n)
{
	static char out[ANSWER];

	*out = '\0';
	for (size_t i = 0; i < n; i++)
		if (of[i][0] != '\0')
			append(out, ANSWER, " ", of[i]);
	return out;
}

const char *
escapes_of(const char *text)
{
	struct unit *u = solved(text, false);

	return joined(u->escapes, u->nfuncs);
}

const char *
freed_of(const char *text)
{
	struct unit *u = solved(text, false);

	return joined(u->freed, u->nfuncs);
}

const char *
tags_of(const char *text)
{
	struct unit *u = solved(text, true);

	return joined(u->tags, u->nfuncs);
}

const char *
explanations_of(const char *text)
{
	return solved(text, true)->blocks;
}

const char *
batches_of(const char *text)
{
	return solved(text, false)->batches;
}

const char *
dot_of(const char *text)
{
	return solved(text, false)->dot;
}
