// SPDX-License-Identifier: BSD-3-Clause
//
// traceback.c: where a goroutine was, in the form in which Go says it.
//
//	goroutine 1 [running]:
//	f(...)
//		/home/me/prog.c:12 +0x1f
//
// The frames of a panic were noted when it left them (struct goat_trace), so deferred code may have
// run since. Those of a panic that was aborted stand, as if they still lay there, between the
// deferred code that raised the next one and the frame that ran it.
//
// Names and lines are libdw's (elfutils), which knows of inlined calls. It is loaded when a program
// dies and not before; without it, or where allocating might hang (after a fault in the allocator,
// say), there are only the names that dladdr knows.
//
// Go:    as runtime/traceback.go; arguments are not shown.
// Layer: base.

#include "runtime2.h"

#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

// ---------------------------------------------------------------- the list

enum kind {
	FRAME,                  // n: its position
	ELIDED,                 // n: how many
	PANIC,                  // n: which item is the frame that ran the deferred code above
	GOEXIT,                 // the same
};

struct item {
	enum kind kind;
	uintptr_t n;
};

enum { ITEMS = 500 };

static struct item list[ITEMS]; // of who has the floor
static size_t nlist;

static void
note(enum kind kind, uintptr_t n)
{
	if (nlist < ITEMS)
		list[nlist++] = (struct item){ kind, n };
}

static void
note_frame(const struct goat_trace *t, uint32_t i)
{
	uint32_t outer = t->n > TRACE_INNER ? t->n - TRACE_INNER : 0;

	if (i < TRACE_INNER)
		note(FRAME, t->inner[i]);
	else if (outer - (i - TRACE_INNER) <= TRACE_OUTER)
		note(FRAME, t->outer[(i - TRACE_INNER) % TRACE_OUTER]);
	else if (i == TRACE_INNER)
		note(ELIDED, outer - TRACE_OUTER);
}

static void note_panic(const struct goat_panic *p);

static void
note_aborted(const struct goat_panic *p)
{
	size_t at = nlist;

	note(p->goexit ? GOEXIT : PANIC, 0);
	note_panic(p);
	if (at < nlist)
		list[at].n = nlist - 1;
}

static void
note_panic(const struct goat_panic *p)
{
	const struct goat_panic *aborted = p->link;

	for (uint32_t i = 0; i < p->trace.n; i++) {
		for (; aborted != NULL && aborted->by != NULL; aborted = aborted->link) {
			if (aborted->by != p)
				continue;
			if (aborted->at > i)
				break;
			note_aborted(aborted);
		}
		note_frame(&p->trace, i);
	}
}

// ---------------------------------------------------------------- names and lines

#define LIBDW(X)                                                                                   \
	X(dwfl_begin)                                                                              \
	X(dwfl_linux_proc_report)                                                                  \
	X(dwfl_linux_proc_find_elf)                                                                \
	X(dwfl_standard_find_debuginfo)                                                            \
	X(dwfl_report_end)                                                                         \
	X(dwfl_addrmodule)                                                                         \
	X(dwfl_module_addrinfo)                                                                    \
	X(dwfl_module_addrdie)                                                                     \
	X(dwfl_module_getsrc)                                                                      \
	X(dwfl_lineinfo)                                                                           \
	X(dwarf_getscopes)                                                                         \
	X(dwarf_getscopes_die)                                                                     \
	X(dwarf_diename)                                                                           \
	X(dwarf_tag)                                                                               \
	X(dwarf_cuoffset)                                                                          \
	X(dwarf_attr)                                                                              \
	X(dwarf_formudata)                                                                         \
	X(dwarf_diecu)                                                                             \
	X(dwarf_getsrcfiles)                                                                       \
	X(dwarf_filesrc)

static struct {
#define MEMBER(name) __typeof__(&name) name;
	LIBDW(MEMBER)
#undef MEMBER
} dw;

static Dwfl *
load_libdw(void)
{
	static Dwfl_Callbacks callbacks;
	void *lib;
	Dwfl *dwfl;

	// A static program would load a second C library with it, which does not work.
	if (getauxval(AT_BASE) == 0 || (lib = dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL)) == NULL)
		return NULL;
#define FIND(name)                                                                                 \
	if ((dw.name = (__typeof__(&name))dlsym(lib, #name)) == NULL)                              \
		return NULL;
	LIBDW(FIND)
#undef FIND
	unsetenv("DEBUGINFOD_URLS");    // a program that dies asks nobody on the network
	callbacks.find_elf = dw.dwfl_linux_proc_find_elf;
	callbacks.find_debuginfo = dw.dwfl_standard_find_debuginfo;
	dwfl = dw.dwfl_begin(&callbacks);
	if (dwfl == NULL || dw.dwfl_linux_proc_report(dwfl, getpid()) != 0 ||
	    dw.dwfl_report_end(dwfl, NULL, NULL) != 0)
		return NULL;
	return dwfl;
}

static Dwfl *
libdw(void)
{
	static Dwfl *dwfl;
	static bool tried;

	if (!tried)
		dwfl = load_libdw();
	tried = true;
	return dwfl;
}

// What is shown of a frame: a call of its own, and one for each function that is inlined there.
struct call {
	const char *name, *file;        // NULL: not known
	int line;               // or 0
	int64_t offset;         // from the start of the function, or -1: inlined
};

enum { CALLS = 32 };

struct calls {
	struct call call[CALLS];        // innermost first
	size_t n;
};

static void
add_call(struct calls *c, const char *name, const char *file, int line, int64_t offset)
{
	if (c->n < CALLS)
		c->call[c->n++] = (struct call){ name, file, line, offset };
}

static void
print_name(const struct call *c)
{
	goat_print(c->name != NULL ? c->name : "?");
}

static void
print_place(const struct call *c)
{
	goat_print("\n\t");
	goat_print(c->file != NULL ? c->file : "?");
	if (c->line > 0) {
		goat_print(":");
		goat_printint(c->line);
	}
}

static void
print_call(const struct call *c)
{
	print_name(c);
	goat_print("(...)");
	print_place(c);
	if (c->offset >= 0) {
		goat_print(" +");
		goat_printhex((uint64_t)c->offset);
	}
	goat_print("\n");
}

static int
call_number(Dwarf_Die *die, unsigned attribute)
{
	Dwarf_Attribute a;
	Dwarf_Word v;

	return dw.dwarf_attr(die, attribute, &a) != NULL && dw.dwarf_formudata(&a, &v) == 0 ? (int)v
											     : 0;
}

static const char *
call_file(Dwarf_Die *die)
{
	Dwarf_Die cu;
	Dwarf_Files *files;
	size_t n;

	if (dw.dwarf_diecu(die, &cu, NULL, NULL) == NULL ||
	    dw.dwarf_getsrcfiles(&cu, &files, &n) != 0)
		return NULL;
	return dw.dwarf_filesrc(files, (size_t)call_number(die, DW_AT_call_file), NULL, NULL);
}

// The functions that were inlined at PC, innermost first, and the one they are in.
static bool
add_scopes(struct calls *c, Dwfl_Module *module, uintptr_t pc, const char *file, int line,
	   int64_t offset)
{
	Dwarf_Addr bias;
	Dwarf_Die *cu = dw.dwfl_module_addrdie(module, pc, &bias), *at, *scope;
	int n;

	if (cu == NULL || dw.dwarf_getscopes(cu, pc - bias, &at) <= 0 ||
	    (n = dw.dwarf_getscopes_die(&at[0], &scope)) <= 0)
		return false;
	for (int i = 0; i < n; i++)
		switch (dw.dwarf_tag(&scope[i])) {
		case DW_TAG_subprogram:
			add_call(c, dw.dwarf_diename(&scope[i]), file, line, offset);
			return true;
		case DW_TAG_inlined_subroutine:
			add_call(c, dw.dwarf_diename(&scope[i]), file, line, -1);
			file = call_file(&scope[i]);
			line = call_number(&scope[i], DW_AT_call_line);
			break;
		default:
			break;
		}
	c->n = 0;
	return false;
}

static bool
find_with_libdw(struct calls *c, Dwfl *dwfl, uintptr_t pc, bool exact)
{
	Dwfl_Module *module = dw.dwfl_addrmodule(dwfl, pc);
	Dwfl_Line *src;
	GElf_Sym sym;
	GElf_Off offset = 0;
	const char *name, *file = NULL;
	int line = 0;

	if (module == NULL)
		return false;
	name = dw.dwfl_module_addrinfo(module, pc, &offset, &sym, NULL, NULL, NULL);
	src = dw.dwfl_module_getsrc(module, pc);
	if (src != NULL)
		file = dw.dwfl_lineinfo(src, NULL, &line, NULL, NULL, NULL);
	if (file == NULL || name == NULL)
		return false;
	offset += !exact;
	if (!add_scopes(c, module, pc, file, line, (int64_t)offset))
		add_call(c, name, file, line, (int64_t)offset);
	return true;
}

static void
find_with_dladdr(struct calls *c, uintptr_t pc, bool exact)
{
	Dl_info info;
	uintptr_t base;

	if (dladdr((void *)pc, &info) == 0)
		return add_call(c, NULL, NULL, 0, (int64_t)pc);
	base = (uintptr_t)(info.dli_sname != NULL ? info.dli_saddr : info.dli_fbase);
	add_call(c, info.dli_sname, info.dli_fname, 0, (int64_t)(pc + !exact - base));
}

static void
find_calls(struct calls *c, Dwfl *dwfl, uintptr_t position)
{
	c->n = 0;
	if (dwfl == NULL || !find_with_libdw(c, dwfl, position / 2, position & 1))
		find_with_dladdr(c, position / 2, position & 1);
}

// ---------------------------------------------------------------- what is not shown

static void *
object_of(uintptr_t pc)
{
	Dl_info info;

	return dladdr((void *)pc, &info) != 0 ? info.dli_fbase : NULL;
}

static bool
is_start(uintptr_t function)
{
	return function == (uintptr_t)goat_threadstart || function == (uintptr_t)goat_main0 ||
	       function == (uintptr_t)goat_gostart1;
}

// Cuts off what calls main or a goroutine's function: at the end, what is in the object of the C
// library; and from where such a one begins. The C library is where the last frame is, or where the
// program's entry point has been left to.
static void
cut_start(void)
{
	uintptr_t entry = getauxval(AT_ENTRY);
	void *libc, *program = object_of(entry);

	for (size_t i = 0; i < nlist; i++)
		if (list[i].kind == FRAME && is_start(goat_functionstart(list[i].n)))
			nlist = i;
	if (nlist > 0 && list[nlist - 1].kind == FRAME &&
	    goat_functionstart(list[nlist - 1].n) == entry)
		nlist--;
	if (nlist == 0 || (libc = object_of(list[nlist - 1].n / 2)) == program)
		return;
	while (nlist > 0 && list[nlist - 1].kind == FRAME &&
	       object_of(list[nlist - 1].n / 2) == libc)
		nlist--;
}

// Whether the symbol there begins so.
static bool
is_named(Dwfl *dwfl, uintptr_t pc, const char *prefix)
{
	Dwfl_Module *module;
	const char *name = NULL;
	GElf_Sym sym;
	GElf_Off offset;
	Dl_info info;

	if (dwfl != NULL && (module = dw.dwfl_addrmodule(dwfl, pc)) != NULL)
		name = dw.dwfl_module_addrinfo(module, pc, &offset, &sym, NULL, NULL, NULL);
	else if (dladdr((void *)pc, &info) != 0)
		name = info.dli_sname;
	return name != NULL && strncmp(name, prefix, strlen(prefix)) == 0;
}

// The directory of the source of what is at PC, as its unit has it; length in *N.
static const char *
source_directory(Dwfl *dwfl, uintptr_t pc, size_t *n)
{
	Dwfl_Module *module = dw.dwfl_addrmodule(dwfl, pc);
	Dwarf_Addr bias;
	Dwarf_Die *cu = module != NULL ? dw.dwfl_module_addrdie(module, pc, &bias) : NULL;
	const char *name = cu != NULL ? dw.dwarf_diename(cu) : NULL;
	const char *slash = name != NULL ? strrchr(name, '/') : NULL;

	*n = slash != NULL ? (size_t)(slash - name) : 0;
	return name;
}

// Whether code is the runtime's: in its library, or of sources beside this one.
static bool
is_runtime(Dwfl *dwfl, uintptr_t pc)
{
	uintptr_t here = (uintptr_t)goat_printtrace;
	void *object = object_of(here);
	const char *ours, *theirs;
	size_t n, m;

	if (object != object_of(getauxval(AT_ENTRY)) && object_of(pc) == object)
		return true;
	if (dwfl == NULL || (ours = source_directory(dwfl, here, &n)) == NULL)
		return false;
	theirs = source_directory(dwfl, pc, &m);
	return theirs != NULL && n == m && n > 0 && memcmp(ours, theirs, n) == 0;
}

// Whether a frame is not shown: what the runtime does where a goroutine waits or panics.
static bool
is_hidden(Dwfl *dwfl, const struct item *item, bool innermost)
{
	return item->kind == FRAME && innermost &&
	       (is_named(dwfl, item->n / 2, "goat_") || is_runtime(dwfl, item->n / 2));
}

// Whether the plugin has made the function, such as the wrapper of a method; that may be inlined in
// it.
static bool
is_wrapper(const struct call *c)
{
	return c->name != NULL && strncmp(c->name, "goat.", strlen("goat.")) == 0;
}

// ---------------------------------------------------------------- printing

static bool
same_call(const struct call *a, const struct call *b)
{
	return a->line == b->line && a->name != NULL && b->name != NULL &&
	       strcmp(a->name, b->name) == 0;
}

// Takes away what is shown again below, where deferred code and the function that it is in were
// inlined in the same place.
static void
cut_shared(struct calls *c, Dwfl *dwfl, uintptr_t position)
{
	struct calls below;

	find_calls(&below, dwfl, position);
	for (size_t n = below.n; c->n > 1 && n > 0; n--, c->n--)
		if (!same_call(&c->call[c->n - 1], &below.call[n - 1]))
			break;
}

static void
print_frame(size_t i, Dwfl *dwfl)
{
	struct calls c;

	find_calls(&c, dwfl, list[i].n);
	if (i + 1 < nlist && (list[i + 1].kind == PANIC || list[i + 1].kind == GOEXIT) &&
	    list[i + 1].n < nlist && list[list[i + 1].n].kind == FRAME)
		cut_shared(&c, dwfl, list[list[i + 1].n].n);
	for (size_t k = 0; k < c.n; k++)
		if (!is_wrapper(&c.call[k]))
			print_call(&c.call[k]);
}

static void
print_item(size_t i, Dwfl *dwfl)
{
	switch (list[i].kind) {
	case FRAME:
		return print_frame(i, dwfl);
	case ELIDED:
		goat_print("...");
		goat_printuint(list[i].n);
		goat_print(" frames elided...\n");
		return;
	case PANIC:
		return goat_print("panic(...)\n");
	case GOEXIT:
		return goat_print("goat_goexit(...)\n");
	}
}

static void
print_list(bool names)
{
	Dwfl *dwfl = names ? libdw() : NULL;
	bool innermost = true;

	cut_start();
	for (size_t i = 0; i < nlist; i++) {
		if (is_hidden(dwfl, &list[i], innermost))
			continue;
		innermost = list[i].kind == PANIC || list[i].kind == GOEXIT;
		print_item(i, dwfl);
		goat_printflush();      // what comes next may crash
	}
}

void
goat_printgoroutine(void)
{
	goat_print("\ngoroutine ");
	goat_printuint(goat_g != NULL ? goat_g->id : 0);        // 0: nobody has seen the thread yet
	goat_print(" [running]:\n");
	goat_printflush();
}

void
goat_printpanictrace(const struct goat_panic *p)
{
	nlist = 0;
	note_panic(p);
	print_list(true);
	goat_printcreator(p->g);
}

void
goat_printtrace(const struct goat_trace *t, bool names)
{
	nlist = 0;
	for (uint32_t i = 0; i < t->n; i++)
		note_frame(t, i);
	print_list(names);
}

// ---------------------------------------------------------------- other goroutines

static const char *const reasons[] = {
#define REASON(name, text) text,
#include "waitreason.def"
#undef REASON
};

static const char *
status_text(const struct goat_g *g)
{
	switch (g->status) {
	case GOAT_GRUNNABLE:
		return "runnable";
	case GOAT_GRUNNING:
		return "running";
	case GOAT_GWAITING:
		return reasons[g->reason];
	default:
		return "idle";
	}
}

void
goat_printcreator(const struct goat_g *g)
{
	struct calls c;

	if (g == NULL || g->gopc == 0 || g->id == 1)
		return;
	find_calls(&c, libdw(), 2 * (g->gopc - 1));
	if (c.n == 0)
		return;
	goat_print("created by ");
	print_name(&c.call[0]);
	goat_print(" in goroutine ");
	goat_printuint(g->parent);
	print_place(&c.call[0]);
	goat_print("\n");
	goat_printflush();
}

static void
print_one(struct goat_g *g, void *arg)
{
	static struct goat_trace trace;
	struct goat_regs regs;
	int64_t minutes = (goat_now() - g->waitsince) / 60000000000;

	if (g == arg || g->status == GOAT_GDEAD || g->status == GOAT_GIDLE)
		return;
	goat_print("\ngoroutine ");
	goat_printuint(g->id);
	goat_print(" [");
	goat_print(status_text(g));
	if (g->status == GOAT_GWAITING && g->waitsince != 0 && minutes > 0) {
		goat_print(", ");
		goat_printint(minutes);
		goat_print(" minutes");
	}
	goat_print("]:\n");
	if (__atomic_load_n(&g->oncpu, __ATOMIC_ACQUIRE) != 0 || (g->bound && g->where == NULL)) {
		goat_print("\tgoroutine running on other thread; stack unavailable\n");
	} else {
		if (g->bound)
			regs = *g->where;
		else
			arch_readswitch(g->sp, &regs);
		trace.n = 0;
		goat_collect(&regs, &trace);
		goat_printtrace(&trace, true);
	}
	goat_printcreator(g);
}

void
goat_printothers(const struct goat_g *but)
{
	goat_forboundgs(print_one, (void *)but);
	goat_forallgs(print_one, (void *)but);
}
