// SPDX-License-Identifier: GPL-3.0-or-later
//
// shim.c: the part of the plugin that any compiler can load; it decides whether ours may follow.
//
// A plugin that names a symbol of GCC fails in the dynamic linker, with its words, when another
// GCC or another front end loads it. So goat.so names none. It compares the compiler that runs
// with the one it was built for, field by field, and only where all agree and the C front end is
// there does it load goat_impl.so, which stands beside it:
//
//	cc1 of our gcc       goat.so -> goat_impl.so, goat_plugin_init
//	cc1plus, lto1, ...   goat.so, which takes any -fplugin-arg-goat-* and does nothing
//	another gcc          goat.so, which says what differs and ends the compiler
//
// Tried: returning non-zero from plugin_init. GCC then adds an error of its own and goes on
// compiling without the plugin, so that a broken set-up prints a page of consequences.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// As in GCC's plugin.h, which only C++ can include; unchanged since GCC 4.5.
struct plugin_gcc_version {
	const char *basever, *datestamp, *devphase, *revision, *configuration_arguments;
};
struct plugin_name_args;

#include "plugin-version.h"     // defines gcc_version: the compiler we are built for

#define EXPORT __attribute__((visibility("default")))
#define MAJOR_STRING_(n) #n
#define MAJOR_STRING(n)  MAJOR_STRING_(n)

typedef int init_fn(struct plugin_name_args *, struct plugin_gcc_version *);

EXPORT int plugin_is_GPL_compatible;
EXPORT init_fn plugin_init;

// Each is a char array in plugin-version.h, never null there; a compiler may leave one null.
static const char *
text(const char *s)
{
	return s != NULL ? s : "";
}

static int
has_word(const char *line, const char *word, size_t n)
{
	for (const char *at = line; (at = strstr(at, word)) != NULL; at++)
		if ((at == line || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return 1;
	return 0;
}

// Print the words of `line` that `other` lacks; configure lines are long and mostly alike.
static void
print_words_missing(const char *label, const char *line, const char *other)
{
	int any = 0;

	fprintf(stderr, "    %s", label);
	for (const char *at = line; *at != '\0';) {
		size_t n = strcspn(at, " ");
		char *word = strndup(at, n);

		if (word != NULL && n > 0 && !has_word(other, word, n)) {
			fprintf(stderr, " %s", word);
			any = 1;
		}
		free(word);
		at += n + strspn(at + n, " ");
	}
	fputs(any ? "\n" : " the same words, otherwise arranged\n", stderr);
}

struct field {
	const char *name, *have, *want;
};

static void
print_field(const struct field *f)
{
	if (strcmp(f->have, f->want) == 0)
		return;
	if (strchr(f->have, ' ') == NULL && strchr(f->want, ' ') == NULL) {
		fprintf(stderr, "  %s: have '%s', want '%s'\n", f->name, f->have, f->want);
		return;
	}
	fprintf(stderr, "  %s:\n", f->name);
	print_words_missing("have", f->have, f->want);
	print_words_missing("want", f->want, f->have);
}

// End the compiler when it is not the one we are built for.
static void
check_version(const struct plugin_gcc_version *have, const struct plugin_gcc_version *want)
{
	const struct field field[] = {
		{ "basever", text(have->basever), text(want->basever) },
		{ "datestamp", text(have->datestamp), text(want->datestamp) },
		{ "devphase", text(have->devphase), text(want->devphase) },
		{ "revision", text(have->revision), text(want->revision) },
		{ "configuration_arguments", text(have->configuration_arguments),
		    text(want->configuration_arguments) },
	};
	const size_t n = sizeof field / sizeof *field;
	int differs = 0;

	for (size_t i = 0; i < n; i++)
		differs |= strcmp(field[i].have, field[i].want) != 0;
	if (!differs)
		return;
	fprintf(stderr, "goat: error: this plugin is built for gcc %s and does not fit gcc %s, "
			"which runs now; what differs:\n", want->basever, have->basever);
	for (size_t i = 0; i < n; i++)
		print_field(&field[i]);
	fprintf(stderr, "goat: compile with gcc %s (GOAT_CC=gcc-%s goatcc ...), or build goat for "
			"this compiler (./configure --with-gcc=%.*s && make)\n",
	    want->basever, MAJOR_STRING(GCCPLUGIN_VERSION_MAJOR),
	    (int)strcspn(text(have->basever), "."), text(have->basever));
	exit(EXIT_FAILURE);
}

static void *
open_impl(void)
{
	static const char name[] = "goat_impl.so";
	char *path = NULL;
	Dl_info self;
	void *impl;

	if (dladdr((void *)plugin_init, &self) != 0) {
		const char *slash = strrchr(self.dli_fname, '/');
		int dir = slash != NULL ? (int)(slash + 1 - self.dli_fname) : 0;

		if (asprintf(&path, "%.*s%s", dir, self.dli_fname, name) < 0)
			path = NULL;
	}
	impl = dlopen(path != NULL ? path : name, RTLD_LAZY | RTLD_LOCAL);
	if (impl == NULL) {
		fprintf(stderr, "goat: error: cannot load %s: %s\n"
				"goat: it belongs beside goat.so; install goat again, or run make\n",
		    name, dlerror());
		exit(EXIT_FAILURE);
	}
	free(path);
	return impl;
}

int
plugin_init(struct plugin_name_args *args, struct plugin_gcc_version *version)
{
	init_fn *init;

	check_version(version, &gcc_version);
	// c_init_decl_processing: the C front end has it; C++, LTO, Fortran, ... do not.
	if (dlsym(RTLD_DEFAULT, "_Z22c_init_decl_processingv") == NULL)
		return 0;
	init = (init_fn *)dlsym(open_impl(), "goat_plugin_init");
	if (init == NULL) {
		fprintf(stderr, "goat: error: goat_impl.so is not of this build: %s\n", dlerror());
		exit(EXIT_FAILURE);
	}
	return init(args, version);
}
