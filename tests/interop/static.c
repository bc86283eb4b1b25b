// SPDX-License-Identifier: GPL-3.0-or-later
//
// static.c: panics in a static program, of which less is known.

#include <goat.h>

static int *volatile nil;

static void fails(void)
{
	defer { puts("deferred"); }
	*nil = 1;
}

static void recovers(void)
{
	defer { printf("recovered %d\n", !is_nil(recover())); }
	fails();
}

int main(void)
{
	setlinebuf(stdout);
	recovers();
	fails();
	return 0;
}
