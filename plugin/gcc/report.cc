// SPDX-License-Identifier: GPL-3.0-or-later
//
// report.cc: tells what was decided.
//
// Decisions are collected while the unit is solved, callees first, and given out at its end in the
// order of the source, each once: as GCC notes, as lines of JSON, or both. What lies in a system
// header is nobody's business; what comes out of a macro is told at its use.
//
// Layer: glue.

#include "glue.h"

#include <regex.h>

namespace {

struct decision {
	location_t where;
	unsigned order;         // as collected
	const char *function;
	enum decision_kind kind;
	const char *object;     // what it is about, as spelled
	const char *text;
	const char *action;     // what was done about it, for JSON
	auto_vec<const char *> *flow;
};

auto_vec<struct decision> decisions;
regex_t filter;
bool filter_ready;

const char *
kind_name(enum decision_kind kind)
{
	static const char *const names[] = { "moved", "heap", "stack", "noescape", "leak", "notice" };

	return names[kind];
}

bool
filtered_out(const char *function)
{
	if (opt.filter == NULL)
		return false;
	if (!filter_ready) {
		filter_ready = true;
		if (regcomp(&filter, opt.filter, REG_EXTENDED | REG_NOSUB) != 0)
			return false;   // said so when the option was read
	}
	return regexec(&filter, function, 0, NULL, 0) != 0;
}

void
add_line(void *arg, const char *line)
{
	((auto_vec<const char *> *)arg)->safe_push(keep(line));
}

auto_vec<const char *> *
flow_of(const struct esc_loc *loc)
{
	auto_vec<const char *> *lines = new auto_vec<const char *>;

	for (size_t i = 0; i < unit.esc->blocks.n; i++)
		if (unit.esc->blocks.at[i].loc == loc)
			esc_explain(&unit.esc->blocks.at[i], add_line, lines);
	return lines;
}

int
in_source_order(const void *a, const void *b)
{
	const struct decision *x = (const struct decision *)a, *y = (const struct decision *)b;
	int before = linemap_compare_locations(line_table, y->where, x->where);

	if (x->where != y->where && before != 0)
		return before;
	return x->order < y->order ? -1 : x->order > y->order;
}

// A new() in the arguments of another has its position; with the flow, the two can be told apart.
bool
same(const struct decision *a, const struct decision *b)
{
	unsigned n = a->flow ? a->flow->length() : 0;

	if (a->where != b->where || strcmp(a->text, b->text) != 0 ||
	    n != (b->flow ? b->flow->length() : 0))
		return false;
	for (unsigned i = 0; i < n; i++)
		if ((*a->flow)[i] != (*b->flow)[i])
			return false;           // lines are kept once each
	return true;
}

void
print_notes(const struct decision *d)
{
	if (opt.m >= 2 && d->flow != NULL)
		for (const char *line : *d->flow)
			inform(d->where, "%s", line);
	inform(d->where, "%s", d->text);
}

void
put_json_string(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

void
put_json_member(FILE *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	fprintf(out, ",\"%s\":", name);
	put_json_string(out, value);
}

void
print_json(FILE *out, const struct decision *d)
{
	expanded_location at = expand_location(d->where);
	bool first = true;

	fputs("{\"file\":", out);
	put_json_string(out, at.file ? at.file : "");
	fprintf(out, ",\"line\":%d,\"column\":%d", at.line, compat_column(at));
	put_json_member(out, "function", d->function);
	put_json_member(out, "kind", kind_name(d->kind));
	put_json_member(out, "object", d->object);
	put_json_member(out, "text", d->text);
	put_json_member(out, "action", d->action);
	fputs(",\"flow\":[", out);
	if (d->flow != NULL)
		for (const char *line : *d->flow) {
			if (!first)
				fputc(',', out);
			put_json_string(out, line);
			first = false;
		}
	fputs("]}\n", out);
}

} // namespace

bool
report_wanted(void)
{
	return opt.m > 0 || opt.json != NULL;
}

bool
flow_wanted(void)
{
	return opt.m >= 2 || opt.json != NULL;
}

void
report(const struct func *f, location_t where, enum decision_kind kind, const char *object,
       const char *text, const struct esc_loc *loc, const char *action)
{
	struct decision d = {};

	where = point_of_use(where);
	if (!report_wanted() || !f->reported || in_system_header_at(where))
		return;
	d.function = IDENTIFIER_POINTER(DECL_NAME(f->decl));
	if (filtered_out(d.function))
		return;
	d.where = where;
	d.order = decisions.length();
	d.kind = kind;
	d.object = object;
	d.text = keep(text);
	d.action = action;
	if (loc != NULL && flow_wanted())
		d.flow = flow_of(loc);
	decisions.safe_push(d);
}

// An error with the flow that led to it, the block's header left out.
void
report_flow_error(location_t where, const struct esc_loc *loc, const char *text)
{
	auto_vec<const char *> *flow = flow_of(loc);
	bool first = true;

	where = point_of_use(where);
	error_at(where, "%s", text);
	for (const char *line : *flow) {
		bool header = line[0] != ' ';

		if (header && !first)
			break;          // one block is enough
		first = false;
		if (!header)
			inform(where, "%s", line);
	}
	delete flow;
}

FILE *
open_output(const char *option, const char *name)
{
	FILE *out;

	if (strcmp(name, "-") == 0)
		return stdout;
	out = fopen(name, "w");
	if (out == NULL)
		error_at(UNKNOWN_LOCATION,
			 "cannot write %qs: %s; give %<-fgoat-%s=%> a file that can be written", name,
			 xstrerror(errno), option);
	return out;
}

void
report_finish(void)
{
	FILE *json = opt.json ? open_output("json", opt.json) : NULL;
	const struct decision *last = NULL;

	decisions.qsort(in_source_order);
	for (const struct decision &d : decisions) {
		if (last != NULL && same(last, &d))
			continue;
		last = &d;
		if (opt.m > 0)
			print_notes(&d);
		if (json != NULL)
			print_json(json, &d);
	}
	for (struct decision &d : decisions)
		delete d.flow;
	decisions.truncate(0);
	if (json != NULL && (json == stdout ? fflush(json) : fclose(json)) != 0)
		error_at(UNKNOWN_LOCATION, "cannot write %<%s%>: %s", opt.json, xstrerror(errno));
}
