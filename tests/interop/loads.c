// SPDX-License-Identifier: GPL-3.0-or-later
//
// loads.c: panics through a library that comes and goes. What the runtime remembers of addresses must
// not outlive what is loaded there.

#include <dlfcn.h>
#include <goat.h>
#include <stdlib.h>

static void
guarded(void (*work)(int))
{
	defer {
		string s;

		if (type_assert_ok(recover(), string, &s))
			printf("recovered: %.*s\n", STR(s));
	}
	work(1);
}

static void
load(const char *path)
{
	void *lib = dlopen(path, RTLD_NOW);

	if (lib == NULL) {
		puts(dlerror());
		exit(1);
	}
	defer dlclose(lib);
	guarded((void (*)(int))dlsym(lib, "work"));
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 1;
	setlinebuf(stdout);
	for (int i = 0; i < 3; i++)
		load(argv[1]);
	return 0;
}
