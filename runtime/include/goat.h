// SPDX-License-Identifier: BSD-3-Clause
//
// goat.h: Go's semantics for C, the one header that a program includes.
//
//	goatcc prog.c -o prog
//
// A file that includes it is annotated C: a local variable whose address outlives its frame lives
// on the heap, and new() that does not escape lives in the frame. Memory is garbage collected.
// Every word is available as goat_WORD too; with GOAT_NO_KEYWORDS defined, only so.

#ifndef GOAT_H
#define GOAT_H

#ifdef __cplusplus
#error "goat.h is for C: the plugin does not analyse C++"
#endif
#ifndef __GOAT__
#error "goat.h needs goat's gcc plugin: compile with goatcc, or add -fplugin=goat"
#endif

#pragma GCC system_header
#pragma goat annotated

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// Parameter attribute. On a prototype: the function does not keep what the pointer points to, and
// is believed. On a definition: a compile error, with the flow, where it does.
// Go: the //go:noescape directive.
#define goat_noescape __attribute__((__goat_noescape__))

// Variable attribute: a compile error, with the flow, where the variable would move to the heap.
#define goat_stack __attribute__((__goat_stack__))

// T *new(T), T *new(T, initialisers): a zeroed or initialised T that lives as long as it is
// reachable; in the frame where the compiler sees that it does not outlive it. T is evaluated
// for its type only. Never NULL: out of memory ends the program with status 2.
// Go spec, "Allocation" and "Composite literals".
#define goat_new(T, ...) GOAT_NEW_("new(" #T ")", T __VA_OPT__(, ) __VA_ARGS__)

#define GOAT_NEW_(name, T, ...)                                                                    \
	((__typeof__(T) *)goat_new_(name, (__typeof__(T) *)0 __VA_OPT__(                           \
						  , &(__typeof__(T)){ __VA_ARGS__ })))

// Known to the plugin, which leaves no call of it.
void *goat_new_(const char *name, ...) __attribute__((__returns_nonnull__));

// The collector has to know of threads.
#pragma redefine_extname pthread_create goat_pthread_create
#pragma redefine_extname thrd_create goat_thrd_create

// Collects garbage now.
void goat_gc(void);

#ifndef GOAT_NO_KEYWORDS
#define new(T, ...) GOAT_NEW_("new(" #T ")", T __VA_OPT__(, ) __VA_ARGS__)
#endif

#endif
