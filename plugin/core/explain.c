// SPDX-License-Identifier: GPL-3.0-or-later
//
// explain.c: the text of -m=2, and the graph as a picture.
//
// Go:    as explainPath and explainFlow in escape/solve.go, in the words of Go 1.19.
// Layer: core.

#include "escape.h"

struct text {
	char *at;
	size_t n, cap;
};

static void
put(struct text *t, const char *s)
{
	size_t n = strlen(s);

	while (t->n + n + 1 > t->cap)
		t->at = vec_grow(t->at, &t->cap, 1);
	memcpy(t->at + t->n, s, n + 1);
	t->n += n;
}

static void
put_loc(struct text *t, const struct esc_loc *l)
{
	switch (l->kind) {
	case ESC_HEAP:
	case ESC_OPAQUE:
	case ESC_FREED:
		return put(t, "{heap}");
	case ESC_TEMP:
		return put(t, "{temp}");
	case ESC_OBJECT:
		put(t, "{storage for ");
		put(t, l->name);
		return put(t, "}");
	default:
		return put(t, l->name);
	}
}

static void
put_ops(struct text *t, int derefs)
{
	if (derefs < 0)
		put(t, "&");
	while (derefs-- > 0)
		put(t, "*");
}

static void
put_header(struct text *t, const struct esc_block *b)
{
	char derefs[32];

	if (!b->leak) {
		put(t, b->loc->name);
		return put(t, " escapes to heap:");
	}
	put(t, "parameter ");
	put(t, b->loc->name);
	put(t, " leaks to ");
	put_loc(t, b->root);
	snprintf(derefs, sizeof(derefs), " with derefs=%d:", b->derefs);
	put(t, derefs);
}

static void
put_flow(struct text *t, const struct esc_loc *dst, int derefs, const struct esc_loc *src)
{
	put(t, "  flow: ");
	put_loc(t, dst);
	put(t, " = ");
	put_ops(t, derefs);
	put_loc(t, src);
	put(t, ":");
}

static void
put_from(struct text *t, const struct esc_note *note)
{
	put(t, "    from ");
	put(t, note->what);
	put(t, " (");
	put(t, note->why);
	put(t, ") at ");
	put(t, note->where);
}

static void
each_note(struct text *t, const struct esc_note *note, void (*each)(void *arg, const char *line),
	  void *arg)
{
	for (; note; note = note->next) {
		t->n = 0;
		put_from(t, note);
		each(arg, t->at);
	}
}

void
esc_explain(const struct esc_block *b, void (*each)(void *arg, const char *line), void *arg)
{
	struct text t = { 0 };

	put_header(&t, b);
	each(arg, t.at);
	for (size_t i = 0, last; i < b->steps.n; i = last + 1) {
		int derefs = b->steps.at[i].derefs;

		for (last = i; b->steps.at[last].dst->unseen && last + 1 < b->steps.n;)
			derefs += b->steps.at[++last].derefs;
		t.n = 0;
		put_flow(&t, b->steps.at[last].dst, derefs, b->steps.at[i].src);
		each(arg, t.at);
		for (size_t j = i; j <= last; j++)
			each_note(&t, b->steps.at[j].notes, each, arg);
	}
	if (b->truncated)
		each(arg, "  warning: truncated explanation due to assignment cycle");
	free(t.at);
}

static void
dump_label(const struct esc_loc *l, const char *text, FILE *out)
{
	fprintf(out, "\tn%p [label=\"", (const void *)l);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fprintf(out, "\"%s]\n", l->escapes ? ", style=filled" : "");
}

static void
dump_edges(const struct esc_loc *l, FILE *out)
{
	struct text t = { 0 };

	if (l->kind == ESC_OPAQUE || l->kind == ESC_FREED)
		put(&t, l->kind == ESC_OPAQUE ? "{opaque}" : "{freed}");
	else
		put_loc(&t, l);
	dump_label(l, t.at, out);
	for (size_t i = 0; i < l->edges.n; i++)
		fprintf(out, "\tn%p -> n%p [label=\"%d\"]\n", (void *)l->edges.at[i].src,
			(const void *)l, l->edges.at[i].derefs);
	free(t.at);
}

void
esc_dump_dot(const struct esc *e, FILE *out)
{
	fprintf(out, "digraph escape {\n");
	dump_edges(&e->heap, out);
	dump_edges(&e->opaque, out);
	dump_edges(&e->freed, out);
	for (size_t i = 0; i < e->locs.n; i++)
		dump_edges(e->locs.at[i], out);
	fprintf(out, "}\n");
}
