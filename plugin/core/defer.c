// SPDX-License-Identifier: GPL-3.0-or-later
//
// defer.c: see defer.h.
//
// Layer: core.

#include "defer.h"

static bool
leads_back_over(const struct defer_jump *j, int at)
{
	return j->to <= at && at <= j->from;
}

bool
defer_again(const struct defer_jump *jumps, size_t n, int at)
{
	for (size_t i = 0; i < n; i++)
		if (leads_back_over(&jumps[i], at))
			return true;
	return false;
}

bool
defer_needs_records(size_t n, bool again)
{
	return again || n > DEFER_MAX_OPEN;
}

bool
defer_stored_later(const struct defer_jump *jumps, size_t n, int declared, int captured, int stored)
{
	if (stored > captured)
		return true;
	for (size_t i = 0; i < n; i++)
		if (jumps[i].to > declared && leads_back_over(&jumps[i], captured) &&
		    leads_back_over(&jumps[i], stored))
			return true;
	return false;
}
