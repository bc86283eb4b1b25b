// SPDX-License-Identifier: BSD-3-Clause
//
// panic.c: how a program ends that cannot go on.
//
// Go:    as the fatal errors of runtime/panic.go.
// Layer: base.

#include "base.h"

#include <stdio.h>
#include <unistd.h>

_Noreturn void
goat_fatal(const char *text)
{
	fflush(NULL);
	fprintf(stderr, "fatal error: %s\n", text);
	_exit(2);
}
