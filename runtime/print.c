// SPDX-License-Identifier: BSD-3-Clause
//
// print.c: numbers and values of panics, in the reports of a program that ends.
//
// Nothing but write(2) below it, so that a signal handler may print. Only who has the floor
// (goat_startreport) does.
//
// Go:    as runtime/print.go and printpanicval of runtime/error.go.
// Layer: base.

#include "runtime2.h"

#include <complex.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char buffer[1024];
static size_t filled;

void
goat_printflush(void)
{
	for (size_t done = 0; done < filled;) {
		ssize_t n = write(STDERR_FILENO, buffer + done, filled - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	filled = 0;
}

void
goat_printn(const char *text, size_t n)
{
	while (n > 0) {
		size_t part = sizeof buffer - filled;

		if (part > n)
			part = n;
		memcpy(buffer + filled, text, part);
		filled += part;
		text += part;
		n -= part;
		if (filled == sizeof buffer)
			goat_printflush();
	}
}

void
goat_print(const char *text)
{
	goat_printn(text, strlen(text));
}

static void
print_base(uint64_t v, unsigned base)
{
	char digits[20], *p = digits + sizeof digits;

	do {
		*--p = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	goat_printn(p, (size_t)(digits + sizeof digits - p));
}

void
goat_printuint(uint64_t v)
{
	print_base(v, 10);
}

void
goat_printint(int64_t v)
{
	if (v < 0)
		goat_print("-");
	print_base(v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
}

void
goat_printhex(uint64_t v)
{
	goat_print("0x");
	print_base(v, 16);
}

// ---- Floating point: the fewest digits that give the number back ----

// The digits of v > 0, without point or trailing zeros, and the decimal exponent of the first.
static int
shortest(double v, bool single, char digits[24])
{
	char text[40];
	size_t n = 0;

	for (int precision = 0; precision <= 16; precision++) {
		snprintf(text, sizeof text, "%.*e", precision, v);
		if (single ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v)
			break;
	}
	// What is between the first and the second digit depends on the locale.
	for (char *p = text; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	return atoi(strchr(text, 'e') + 1);
}

static void
print_exponent(int e)
{
	goat_print(e < 0 ? "e-" : "e+");
	if (abs(e) < 10)
		goat_print("0");
	goat_printint(abs(e));
}

static void
print_plain(const char *digits, int e)
{
	size_t n = strlen(digits);

	if (e < 0) {
		goat_print("0.");
		for (int i = -1; i > e; i--)
			goat_print("0");
	}
	for (size_t i = 0; i < n || (int)i <= e; i++) {
		if (e >= 0 && (int)i == e + 1)
			goat_print(".");
		goat_printn(i < n ? &digits[i] : "0", 1);
	}
}

// Go: strconv.AppendFloat(v, 'g', -1).
static void
print_float(double v, bool single)
{
	char digits[24];
	int e;

	if (v != v)
		return goat_print("NaN");
	if (__builtin_signbit(v))
		goat_print("-");
	v = __builtin_fabs(v);
	if (v == 0)
		return goat_print("0");
	if (v == __builtin_inf())
		return goat_print(__builtin_signbit(v) ? "Inf" : "+Inf");
	e = shortest(v, single, digits);
	if (e >= -4 && e < 6)
		return print_plain(digits, e);
	goat_printn(digits, 1);
	if (digits[1] != '\0') {
		goat_print(".");
		goat_print(digits + 1);
	}
	print_exponent(e);
}

// ---- Values of panics ----

static void
print_signed(const void *p, size_t size)
{
	switch (size) {
	case 1:
		return goat_printint(*(const int8_t *)p);
	case 2:
		return goat_printint(*(const int16_t *)p);
	case 4:
		return goat_printint(*(const int32_t *)p);
	default:
		return goat_printint(*(const int64_t *)p);
	}
}

static void
print_unsigned(const void *p, size_t size)
{
	switch (size) {
	case 1:
		return goat_printuint(*(const uint8_t *)p);
	case 2:
		return goat_printuint(*(const uint16_t *)p);
	case 4:
		return goat_printuint(*(const uint32_t *)p);
	default:
		return goat_printuint(*(const uint64_t *)p);
	}
}

static void
print_real(const void *p, size_t size)
{
	switch (size) {
	case sizeof(float):
		return print_float(*(const float *)p, true);
	case sizeof(double):
		return print_float(*(const double *)p, false);
	default:
		return print_float((double)*(const long double *)p, false);
	}
}

static bool
negative(const void *p, size_t size)
{
	return size == sizeof(float)	? __builtin_signbit(*(const float *)p)
	       : size == sizeof(double) ? __builtin_signbit(*(const double *)p)
					: __builtin_signbit(*(const long double *)p);
}

static void
print_complex(const void *p, size_t size)
{
	const char *imaginary = (const char *)p + size / 2;

	goat_print("(");
	print_real(p, size / 2);
	if (!negative(imaginary, size / 2))
		goat_print("+");
	print_real(imaginary, size / 2);
	goat_print("i)");
}

void
goat_printindented(goat_string s)
{
	for (const char *p = s.ptr, *end = s.ptr + s.len, *line; p < end; p = line) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		line = newline != NULL ? newline + 1 : end;
		goat_printn(p, (size_t)(line - p));
		if (newline != NULL)
			goat_print("\t");
	}
}

static bool
is_basic(const struct goat_type *t)
{
	return t->kind == GOAT_BOOL || t->kind == GOAT_FLOAT || t->kind == GOAT_COMPLEX ||
	       ((t->kind == GOAT_INT || t->kind == GOAT_UINT) && t->size <= sizeof(int64_t));
}

static void
print_basic(const struct goat_type *t, const void *p)
{
	switch (t->kind) {
	case GOAT_BOOL:
		return goat_print(*(const bool *)p ? "true" : "false");
	case GOAT_INT:
		return print_signed(p, t->size);
	case GOAT_UINT:
		return print_unsigned(p, t->size);
	case GOAT_FLOAT:
		return print_real(p, t->size);
	default:
		return print_complex(p, t->size);
	}
}

static void
print_text(const struct goat_type *t, goat_string s)
{
	if (strcmp(t->name, "string") == 0)
		return goat_printindented(s);
	goat_print(t->name);
	goat_print("(\"");
	goat_printindented(s);
	goat_print("\")");
}

static void
print_address(const struct goat_type *t, const void *p)
{
	goat_print("(");
	goat_print(t->name);
	goat_print(") ");
	goat_printhex((uintptr_t)p);
}

void
goat_printpanicval(goat_any v)
{
	const struct goat_type *t = v.type;

	if (t == NULL)
		return goat_print("nil");
	if (t->kind == GOAT_STRING)
		return print_text(t, *(const goat_string *)v.data);
	if (!is_basic(t))
		return print_address(t, v.data);
	if (t->flags & GOAT_NAMED) {
		goat_print(t->name);
		goat_print("(");
	}
	print_basic(t, v.data);
	if (t->flags & GOAT_NAMED)
		goat_print(")");
}
