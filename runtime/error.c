// SPDX-License-Identifier: BSD-3-Clause
//
// error.c: the runtime's own panics, whose values are errors.
//
// Nothing here was compiled with the plugin, so the descriptors of these types and their sets of
// methods are written by hand, as the plugin would emit them; iface.c finds the methods as it finds
// those of a program. Texts that are known beforehand are constants with their interfaces: such a
// panic allocates nothing, as what raises it may be a signal.
//
// Go:    as runtime/error.go, to the letter where it speaks. Types are spelled as C does.
// Layer: lang.

#include "error.h"

#include "type.h"

#include <stdio.h>
#include <string.h>

_Noreturn void goat_gopanic(goat_any value);

// ---- Types and methods, by hand ----

// As the plugin spells signatures. A unit test holds the hashes to the texts.
#define SIG_STRING "string (void)", 0x7fb6d4a9
#define SIG_NOTHING "void (void)", 0xcbd1a318

#define FUNCTION(f) (void (*)(void))(f)
#define ERROR_METHODS(error)                                                                       \
	(const struct goat_method[]){                                                              \
		{ "Error", SIG_STRING, 0, 0, FUNCTION(error) },                                    \
		{ "RuntimeError", SIG_NOTHING, 0, 0, FUNCTION(runtime_error) },                    \
	}

// All pointers, if any, are in the first NWORDS words.
#define ERROR_TYPE(type, hash, nwords, eq, hasher)                                                 \
	{                                                                                          \
		sizeof(struct type), 8 * (nwords), hash, _Alignof(struct type), GOAT_STRUCT,       \
			GOAT_NAMED, #type, eq, hasher,                                             \
			(nwords) ? (const uint8_t[]){ (1 << (nwords)) - 1 } : NULL, NULL, 0, NULL, \
			NULL, 0                                                                    \
	}

// A text as it is printed.
struct goat_runtime_error {
	goat_string text;
};

struct goat_bounds_error {
	int64_t x;
	size_t y;
	uint32_t x_signed, code;
};

struct goat_type_assertion_error {
	const struct goat_type *iface;  // asserted from; NULL: not known
	const struct goat_type *have;   // what it held, NULL: nothing
	const struct goat_type *want;
	const char *missing;            // a method, or NULL where WANT is not an interface
};

static const struct goat_type text_type =
	ERROR_TYPE(goat_runtime_error, 0x3d908548, 1, goat_strequal, goat_strhash);
static const struct goat_type bounds_type =
	ERROR_TYPE(goat_bounds_error, 0x713f906b, 0, goat_memequal, goat_memhash);
static const struct goat_type assertion_type =
	ERROR_TYPE(goat_type_assertion_error, 0xceb7f5c9, 4, goat_memequal, goat_memhash);

static void
runtime_error(void *self)
{
	(void)self;
}

static goat_string
string_of(const char *text)
{
	return (goat_string){ text, strlen(text) };
}

// The strings after each other, up to a NULL, with a zero at the end.
static goat_string
join(const char *const *part)
{
	size_t len = 0;
	char *text, *end;

	for (size_t i = 0; part[i] != NULL; i++)
		len += strlen(part[i]);
	end = text = goat_mallocgc(len + 1, 1, true);
	for (size_t i = 0; part[i] != NULL; i++)
		end = stpcpy(end, part[i]);
	return (goat_string){ text, len };
}

#define JOIN(...) join((const char *const[]){ __VA_ARGS__, NULL })

static goat_string
text_error(void *self)
{
	return ((const struct goat_runtime_error *)self)->text;
}

// ---- Indices ----

// %x and %y in them stand for the numbers; the second column is for a negative x.
static const struct { const char *text, *negative; } bounds_text[] = {
	[GOAT_BOUNDS_INDEX] = { "index out of range [%x] with length %y", "index out of range [%x]" },
	[GOAT_BOUNDS_ALEN] = { "slice bounds out of range [:%x] with length %y",
			       "slice bounds out of range [:%x]" },
	[GOAT_BOUNDS_ACAP] = { "slice bounds out of range [:%x] with capacity %y",
			       "slice bounds out of range [:%x]" },
	[GOAT_BOUNDS_B] = { "slice bounds out of range [%x:%y]", "slice bounds out of range [%x:]" },
	[GOAT_BOUNDS_3ALEN] = { "slice bounds out of range [::%x] with length %y",
				"slice bounds out of range [::%x]" },
	[GOAT_BOUNDS_3ACAP] = { "slice bounds out of range [::%x] with capacity %y",
				"slice bounds out of range [::%x]" },
	[GOAT_BOUNDS_3B] = { "slice bounds out of range [:%x:%y]", "slice bounds out of range [:%x:]" },
	[GOAT_BOUNDS_3C] = { "slice bounds out of range [%x:%y:]", "slice bounds out of range [%x::]" },
};

static goat_string
bounds_error(void *self)
{
	const struct goat_bounds_error *e = self;
	bool negative = e->x_signed && e->x < 0;
	const char *form = negative ? bounds_text[e->code].negative : bounds_text[e->code].text;
	char text[128] = "runtime error: ", *end = text + strlen(text);

	for (; *form != '\0'; form++) {
		if (*form != '%')
			*end++ = *form;
		else if (*++form == 'y')
			end += sprintf(end, "%zu", e->y);
		else
			end += sprintf(end, negative ? "%lld" : "%llu", (long long)e->x);
	}
	*end = '\0';
	return JOIN(text);
}

_Noreturn void
goat_panicbounds(int code, size_t x, int x_signed, size_t y)
{
	struct goat_bounds_error *e = goat_mallocgc(sizeof *e, _Alignof(struct goat_bounds_error), true);

	*e = (struct goat_bounds_error){ x, y, x_signed, code };
	goat_gopanic((goat_any){ &bounds_type, e });
}

// ---- Assertions ----

// Go calls the empty interface by its literal form.
static const char *
spelled(const struct goat_type *t)
{
	return t->kind == GOAT_EFACE ? "interface {}" : t->name;
}

static goat_string
assertion_error(void *self)
{
	const struct goat_type_assertion_error *e = self;
	const char *from = e->iface ? spelled(e->iface) : "interface", *want = spelled(e->want);

	if (e->have == NULL)
		return JOIN("interface conversion: ", from, " is nil, not ", want);
	if (e->missing != NULL)
		return JOIN("interface conversion: ", e->have->name, " is not ", want,
			    ": missing method ", e->missing);
	return JOIN("interface conversion: ", from, " is ", e->have->name, ", not ", want,
		    strcmp(e->have->name, want) == 0 ? " (types from different scopes)" : "");
}

// A HAVE, or NULL, that an IFACE, or what is not known, held is no WANT.
_Noreturn void
goat_panicassert(const struct goat_type *iface, const struct goat_type *have,
		 const struct goat_type *want, const char *missing)
{
	struct goat_type_assertion_error *e =
		goat_mallocgc(sizeof *e, _Alignof(struct goat_type_assertion_error), false);

	*e = (struct goat_type_assertion_error){ iface, have, want, missing };
	goat_gopanic((goat_any){ &assertion_type, e });
}

_Noreturn void
goat_panicdottype(void *have, void *want, void *iface)
{
	goat_panicassert(iface, have, want, NULL);
}

// ---- Texts ----

#define CONSTANT_ERROR(name, s)                                                                    \
	static const struct goat_runtime_error name##_error = { { s, sizeof(s) - 1 } };            \
	static const goat_any name = { &text_type, (void *)&name##_error }

CONSTANT_ERROR(memory, "runtime error: invalid memory address or nil pointer dereference");
CONSTANT_ERROR(divide, "runtime error: integer divide by zero");
CONSTANT_ERROR(overflow, "runtime error: integer overflow");
CONSTANT_ERROR(panic_nil, "panic called with nil argument");

_Noreturn void
goat_panicmem(void)
{
	goat_gopanic(memory);
}

_Noreturn void
goat_panicdivide(void)
{
	goat_gopanic(divide);
}

_Noreturn void
goat_panicoverflow(void)
{
	goat_gopanic(overflow);
}

goat_any
goat_panicnilerror(void)
{
	return panic_nil;
}

// Inlined, as a traceback leaves out goat_ functions only.
static inline __attribute__((always_inline)) _Noreturn void
panic_text(goat_string text)
{
	struct goat_runtime_error *e =
		goat_mallocgc(sizeof *e, _Alignof(struct goat_runtime_error), false);

	e->text = text;
	goat_gopanic((goat_any){ &text_type, e });
}

_Noreturn void
goat_panicplain(const char *text)
{
	panic_text(string_of(text));
}

// The string of the program: its descriptor is the same type by hash and name.
_Noreturn void
goat_panicstring(const char *text)
{
	static const uint8_t gcdata[] = { 1 };
	static const struct goat_type string_type = {
		sizeof(goat_string), 8, 0x17c16538, _Alignof(goat_string), GOAT_STRING,
		GOAT_NAMED, "string", goat_strequal, goat_strhash, gcdata,
		NULL, 0, NULL, NULL, 0
	};
	goat_string *s = goat_mallocgc(sizeof *s, _Alignof(goat_string), false);

	*s = string_of(text);
	goat_gopanic((goat_any){ &string_type, s });
}

_Noreturn void
goat_panicwrap(void *text)
{
	panic_text(string_of(text));
}

_Noreturn void
goat_panicerror(const char *text)
{
	panic_text(JOIN("runtime error: ", text));
}

_Noreturn void
goat_panictype(const char *text, const struct goat_type *type)
{
	panic_text(JOIN("runtime error: ", text, type->name));
}

// ---- What an error says ----

static const struct goat_methodset text_methods = { &text_type, 2, ERROR_METHODS(text_error) };
static const struct goat_methodset bounds_methods = { &bounds_type, 2, ERROR_METHODS(bounds_error) };
static const struct goat_methodset assertion_methods = { &assertion_type, 2,
							 ERROR_METHODS(assertion_error) };

const struct goat_methodset *const goat_errormethods[] = {
	&text_methods, &bounds_methods, &assertion_methods, NULL,
};

#define TEXT_INTERFACE(variable, hash, name, method)                                               \
	static const struct goat_type variable = {                                                 \
		sizeof(struct goat_iface), sizeof(struct goat_iface), hash,                        \
		_Alignof(struct goat_iface), GOAT_IFACE, GOAT_NAMED, name, goat_ifaceequal,        \
		goat_ifacehash, (const uint8_t[]){ 3 }, NULL, 0, NULL,                             \
		(const struct goat_method[]){ { method, SIG_STRING, 0, 0, NULL } }, 1              \
	}

TEXT_INTERFACE(errorer, 0x7ad1e3b5, "goat_error", "Error");
TEXT_INTERFACE(stringer, 0x11d1a3c5, "goat_stringer", "String");

// Calls the one method of INTER, if the value has it.
static bool
text_by(const struct goat_type *inter, goat_any value, goat_string *text)
{
	goat_string (*const *tab)(void *self) =
		goat_assertE2I2((void *)inter, (void *)value.type, NULL, NULL);

	if (tab == NULL)
		return false;
	*text = tab[0](value.data);
	return true;
}

bool
goat_errortext(goat_any value, goat_string *text, bool *error)
{
	bool is_error = text_by(&errorer, value, text);

	if (error != NULL)
		*error = is_error;
	return is_error || text_by(&stringer, value, text);
}

bool
goat_isruntimeerror(goat_any value)
{
	return value.type == &text_type || value.type == &bounds_type ||
	       value.type == &assertion_type;
}
