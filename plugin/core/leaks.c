// SPDX-License-Identifier: GPL-3.0-or-later
//
// leaks.c: a parameter's tag, and how Go words it.
//
// Go:    as escape/leaks.go; one result, for C functions have one.
// Layer: core.

#include "escape.h"

const struct esc_leaks esc_no_leaks = { ESC_NONE, ESC_NONE, ESC_NONE, ESC_NONE };
const struct esc_leaks esc_all_leaks = { 0, ESC_NONE, 0, 0 };

static void
lower(signed char *to, int derefs)
{
	if (*to == ESC_NONE || derefs < *to)
		*to = (signed char)derefs;
}

void
leaks_add(struct esc_leaks *l, enum esc_kind sink, int derefs)
{
	switch (sink) {
	case ESC_RESULT:
		return lower(&l->result, derefs);
	case ESC_OPAQUE:
		return lower(&l->opaque, derefs);
	case ESC_FREED:
		return lower(&l->freed, derefs);
	default:
		return lower(&l->heap, derefs);
	}
}

void
leaks_optimize(struct esc_leaks *l)
{
	signed char *other[] = { &l->result, &l->opaque, &l->freed };

	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		if (l->heap != ESC_NONE && *other[i] >= l->heap)
			*other[i] = ESC_NONE;
}

void
leaks_describe(const struct esc_leaks *l, const char *param, const char *result,
	       void (*each)(void *arg, const char *text), void *arg)
{
	size_t size = strlen(param) + strlen(result) + 64;
	char *text = core_alloc(size);

	if (l->heap == ESC_NONE && l->result == ESC_NONE) {
		snprintf(text, size, "%s does not escape", param);
		each(arg, text);
	}
	if (l->heap != ESC_NONE) {
		snprintf(text, size, "leaking param%s: %s", l->heap ? " content" : "", param);
		each(arg, text);
	}
	if (l->result != ESC_NONE) {
		snprintf(text, size, "leaking param: %s to result %s level=%d", param, result,
			 l->result);
		each(arg, text);
	}
	free(text);
}
