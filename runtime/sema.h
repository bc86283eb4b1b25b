// SPDX-License-Identifier: BSD-3-Clause
//
// sema.h: sleeping until somebody says so, for what is built on it.
//
// Each acquire is paired with one release, whichever comes first.
//
// Go:    as runtime/sema.go.
// Layer: wait.

#ifndef GOAT_SEMA_H
#define GOAT_SEMA_H

#include "runtime2.h"

// Waits until *AT > 0 and takes one. With LIFO it is the first in the queue.
GOAT_HIDDEN void goat_semacquire(uint32_t *at, bool lifo, enum goat_waitreason reason);
// Adds one to *AT, and wakes one who waits. With HANDOFF that one has it, and runs at once.
GOAT_HIDDEN void goat_semrelease(uint32_t *at, bool handoff);

#endif
