// SPDX-License-Identifier: BSD-3-Clause
//
// unwind.c: from a frame to its caller, fast, for panics.
//
// The ordinary tables for exceptions say how: .eh_frame where a function's caller has its
// registers, as a program of instructions (DWARF 4, 6.4), and the LSDA which of its calls have a
// landing pad. libgcc interprets them for each frame of each exception, twice. Here they are
// interpreted once for each return address, and what comes out is remembered as a rule of 32 bytes.
// A frame then costs a look-up in a hash table and some additions.
//
//	.eh_frame --find_fde--> entry --interpret--> row --compact--> rule, in the table
//
// A row is all that DWARF can say of an address. A rule can only say what compilers of C do nearly
// always: the frame's address is the stack or the frame pointer plus a number, registers are saved
// a few words below. Where that is not so (realigned stacks, signal handlers) the row is made anew
// each time and followed by the letter. Frames of other languages are left to libgcc and their
// personality routine: goat_walk stops there.
//
//	U1  A rule, once its key can be seen, does not change; a table, once replaced, is not freed.
//	    So looking up takes no lock.
//	U2  Only addresses in what was loaded at start are remembered: another library's may be used
//	    again by the next one.
//	U3  Nothing here calls malloc or waits for a lock (nor does libgcc, unless code that was made
//	    at run time has been registered with it): a signal may have come anywhere.
//
// Tried, by tests/bench/panic.c (ns: through 1 frame, 10 frames, 10 that defer; now 26, 74, 177):
// the registers all in memory, 26, 90, 194; all in locals, 35, 90, 315, as each landing stores them;
// pointers to where they were saved, followed when landing, 27, 80, 201. What the next frame
// depends on, stack and frame pointer, has to be in registers, and the rest must not.
//
// Go:    as runtime/symtab.go's pcvalue cache in spirit; Go's tables are its own.
// Layer: base.

#include "unwind.h"

#include "cfi.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unwind.h>

_Unwind_Reason_Code __gcc_personality_v0(int version, _Unwind_Action actions, uint64_t class,
					 struct _Unwind_Exception *exc, struct _Unwind_Context *c);

#define LIKELY(x) __builtin_expect(!!(x), 1)

// ---------------------------------------------------------------- rules

enum kind {
	PLAIN,                  // a rule says it all
	LANDS,                  // so it does, and there is a landing pad
	ODD,                    // follow the row
	FOREIGN,                // and there may be a landing pad
	BOTTOM,
	LOST,
};

enum { START_SIZE = 64 };       // of the program's first function, at most
enum { AT_PC = ARCH_NSAVED };   // the return address follows the registers

struct rule {
	uintptr_t key;          // position as in struct goat_trace, 0: free; atomic
	uintptr_t pad;          // landing pad
	int32_t cfa;            // the CFA is register BASE plus this
	uint16_t args;          // bytes of arguments on the stack, gone when landing
	uint8_t kind;           // PLAIN or LANDS
	uint8_t fp;             // base is the frame pointer, not the stack pointer
	uint8_t at[8];          // saved registers, in words below the CFA; 0: not saved
};
_Static_assert(sizeof(struct rule) == 32, "two to a cache line");
_Static_assert(AT_PC < 8, "at[] holds the return address");

static uintptr_t
position(const struct goat_regs *regs)
{
	return (regs->r[ARCH_PC] - !regs->exact) * 2 + regs->exact;
}

// Whether the place is one that a rule can say: a few words below the CFA, or nowhere.
static bool
compact_place(const struct place *place, uint8_t *at)
{
	*at = 0;
	if (place->how != AT_OFFSET)
		return place->how == SAME || place->how == UNDEFINED;
	if (place->n >= 0 || place->n < -255 * 8 || place->n % 8 != 0)
		return false;
	*at = (uint8_t)(-place->n / 8);
	return true;
}

// Whether the row fits into a rule; then makes that.
static bool
compact(const struct row *row, uint64_t args, struct rule *rule)
{
	if (row->cfa_expression != NULL || (row->cfa_reg != ARCH_SP && row->cfa_reg != ARCH_FP) ||
	    row->cfa_offset != (int32_t)row->cfa_offset || args > UINT16_MAX ||
	    row->reg[ARCH_SP].how != SAME || row->reg[ARCH_PC].how != AT_OFFSET)
		return false;
	rule->fp = row->cfa_reg == ARCH_FP;
	rule->cfa = (int32_t)row->cfa_offset;
	rule->args = (uint16_t)args;
#define SAVED(i, n)                                                                                \
	if (!compact_place(&row->reg[n], &rule->at[i]))                                            \
		return false;
	ARCH_SAVED(SAVED)
#undef SAVED
	return compact_place(&row->reg[ARCH_PC], &rule->at[AT_PC]);
}

struct frame {
	struct entry e;
	struct row row;
	uint64_t args;
};

// All about the frame at a position, the slow way. RULE->kind is always set, and its rest if PLAIN
// or LANDS; FRAME is, except at a BOTTOM or where LOST; RULE->pad is.
static void
learn(uintptr_t key, struct rule *rule, struct frame *f)
{
	uintptr_t pc = key / 2;
	bool foreign = false;

	memset(rule, 0, sizeof *rule);
	rule->kind = LOST;
	if (pc == 0 || pc == UINTPTR_MAX / 2) {         // a return address of 0
		rule->kind = BOTTOM;
		return;
	}
	if (!goat_findentry(&f->e, pc)) {
		// Where it is linked statically, libgcc does not know the program's first function.
		if (pc - getauxval(AT_ENTRY) < START_SIZE)
			rule->kind = BOTTOM;
		return;
	}
	if (!goat_makerow(&f->e, pc, &f->row, &f->args))
		return;
	if (f->row.reg[ARCH_PC].how == UNDEFINED) {
		rule->kind = BOTTOM;
		return;
	}
	if (f->e.lsda != 0 && f->e.personality != 0) {
		foreign = f->e.personality != (uintptr_t)__gcc_personality_v0;
		if (!foreign)
			rule->pad = goat_landingpad(&f->e, pc);
	}
	if (foreign)
		rule->kind = FOREIGN;
	else if (f->e.signal || !compact(&f->row, f->args, rule))
		rule->kind = ODD;
	else
		rule->kind = rule->pad != 0 ? LANDS : PLAIN;
}

// ---------------------------------------------------------------- the table of rules

#ifdef GOAT_CHECKING
enum { FIRST_BITS = 4 };        // it grows often
#else
enum { FIRST_BITS = 10 };
#endif

struct table {
	unsigned bits;          // 1 << bits of
	struct rule *rule;
	size_t used;            // at most half; under lock
};

static struct rule first_rules[1 << FIRST_BITS];
static struct table first = { FIRST_BITS, first_rules, 0 };
static struct table *table = &first;    // atomic
static char locked;                     // atomic; who finds it taken does not remember

// ThreadSanitizer does not see the walk's loads, nor the order that they give.
#define UNSEEN __attribute__((no_sanitize("address", "thread")))

UNSEEN static size_t
slot(const struct table *t, uintptr_t key)
{
	return key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - t->bits);
}

UNSEEN static inline const struct rule *
find(const struct table *t, uintptr_t key)
{
	for (size_t i = slot(t, key);; i = (i + 1) & (((size_t)1 << t->bits) - 1)) {
		// Acquire: pairs with the store in add, which comes after the rest of the rule. U1
		uintptr_t k = __atomic_load_n(&t->rule[i].key, __ATOMIC_ACQUIRE);

		if (LIKELY(k == key))
			return &t->rule[i];
		if (k == 0)
			return NULL;
	}
}

static void
add(struct table *t, const struct rule *rule, uintptr_t key)
{
	size_t i = slot(t, key);

	while (t->rule[i].key != 0)
		i = (i + 1) & (((size_t)1 << t->bits) - 1);
	t->rule[i].pad = rule->pad;
	t->rule[i].cfa = rule->cfa;
	t->rule[i].args = rule->args;
	t->rule[i].kind = rule->kind;
	t->rule[i].fp = rule->fp;
	memcpy(t->rule[i].at, rule->at, sizeof rule->at);
	t->used++;
	__atomic_store_n(&t->rule[i].key, key, __ATOMIC_RELEASE);
}

// A table of twice the size with what is in T, or NULL.
static struct table *
grown(const struct table *t)
{
	size_t n = (size_t)2 << t->bits;
	size_t size = sizeof(struct table) + n * sizeof(struct rule);
	struct table *new = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				 -1, 0);

	if (new == MAP_FAILED)
		return NULL;
	new->bits = t->bits + 1;
	new->rule = (struct rule *)(new + 1);
	for (size_t i = 0; i < n / 2; i++)
		if (t->rule[i].key != 0)
			add(new, &t->rule[i], t->rule[i].key);
	return new;
}

static void
remember(const struct rule *rule, uintptr_t key)
{
	struct table *t;

	if (__atomic_test_and_set(&locked, __ATOMIC_ACQUIRE))
		return;
	t = table;
	if (t->used >= (size_t)1 << (t->bits - 1) && (t = grown(t)) != NULL)
		__atomic_store_n(&table, t, __ATOMIC_RELEASE);
	// Another thread may have been faster.
	if (t != NULL && find(t, key) == NULL)
		add(t, rule, key);
	__atomic_clear(&locked, __ATOMIC_RELEASE);
}

// ---------------------------------------------------------------- what stays loaded

enum { RANGES = 512 };

static struct {
	uintptr_t lo, hi;
	bool library;           // of C, of the collector, or below them
} stays[RANGES];                // U2; written before main
static size_t nstays;

static bool
stays_loaded(uintptr_t pc)
{
	for (size_t i = 0; i < nstays; i++)
		if (pc >= stays[i].lo && pc < stays[i].hi)
			return true;
	return false;
}

bool
goat_holdslocks(uintptr_t pc)
{
	for (size_t i = 0; i < nstays; i++)
		if (pc >= stays[i].lo && pc < stays[i].hi)
			return stays[i].library;
	return false;
}

static bool
is_library(const char *path)
{
	static const char *const names[] = {
		"/libc.so", "/ld-linux", "/libpthread", "/libgc.so", "/libasan", "/libtsan",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strstr(path, names[i]) != NULL)
			return true;
	return false;
}

// Takes up the code of an object. With ARG only of the first, the program itself.
static int
take_up(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum && nstays < RANGES; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];

		if (h->p_type != PT_LOAD || !(h->p_flags & PF_X))
			continue;
		stays[nstays].lo = info->dlpi_addr + h->p_vaddr;
		stays[nstays].hi = stays[nstays].lo + h->p_memsz;
		stays[nstays].library = info->dlpi_name != NULL && is_library(info->dlpi_name);
		nstays++;
	}
	return arg != NULL;
}

// Where a library that was loaded later (dlopen) has brought us, others loaded so may leave again.
void
goat_unwindinit(void)
{
	static char only_program;

	if (nstays > 0)
		return;
	dl_iterate_phdr(take_up, &only_program);
	if (stays_loaded((uintptr_t)goat_unwindinit) ||
	    dlsym(RTLD_DEFAULT, "goat_gopanic") != NULL) {
		nstays = 0;
		dl_iterate_phdr(take_up, NULL);
	}
}

// ---------------------------------------------------------------- walking

static inline void
trace_add(struct goat_trace *trace, uintptr_t key)
{
	uint32_t n = trace->n++;

	if (LIKELY(n < TRACE_INNER))
		trace->inner[n] = key;
	else
		trace->outer[(n - TRACE_INNER) % TRACE_OUTER] = key;
}

// One frame that has no rule, by the letter. Gives PLAIN when that leads to its caller.
static __attribute__((noinline)) enum kind
leave_odd(struct goat_regs *regs, struct goat_trace *trace, uintptr_t key, uintptr_t sp,
	  uintptr_t fp, uintptr_t *cfa)
{
	struct rule rule;
	struct frame f;

	regs->r[ARCH_SP] = sp;
	regs->r[ARCH_FP] = fp;
	regs->r[ARCH_PC] = key / 2 + !(key & 1);
	regs->exact = key & 1;
	learn(key, &rule, &f);
	if (rule.kind == BOTTOM || rule.kind == LOST)
		return rule.kind;
	if (!goat_cfaof(&f.row, regs, cfa))
		return LOST;
	if (rule.kind == FOREIGN)
		return FOREIGN;
	if (rule.pad != 0) {
		regs->r[ARCH_PC] = rule.pad;
		regs->r[ARCH_SP] += f.args;
		return LANDS;
	}
	// What the panic of a signal did before it was one is nobody's business. Another handler is
	// left for good, which the kernel would not know.
	if (f.e.start == (uintptr_t)goat_sigpanic)
		trace->n = 0;
	else if (f.e.signal)
		pthread_sigmask(SIG_SETMASK, arch_mask(regs), NULL);
	return goat_followrow(&f.row, f.e.signal, regs, *cfa) ? PLAIN : LOST;
}

static const enum goat_walked walked[] = {
	[LANDS] = WALK_PAD, [FOREIGN] = WALK_FOREIGN, [BOTTOM] = WALK_END, [LOST] = WALK_LOST,
};

// The rule of the position, if it has one, remembered if it can be. MADE is room for it.
static __attribute__((noinline)) const struct rule *
learn_rule(uintptr_t key, struct rule *made)
{
	struct frame f;

	learn(key, made, &f);
	if (made->kind > LANDS)
		return NULL;
	if (stays_loaded(key / 2))
		remember(made, key);
	return made;
}

// To the caller of a frame that has a rule. What the next frame depends on is in SP, FP and KEY, in
// registers; what they say is not up to date in REGS.
#define SAVED(i, n)                                                                                \
	if (rule->at[i] != 0)                                                                      \
		*(n == ARCH_FP ? fp : &regs->r[n]) = ((const uintptr_t *)cfa)[-rule->at[i]];

static inline __attribute__((__always_inline__)) uintptr_t
leave_plain(struct goat_regs *regs, const struct rule *rule, uintptr_t cfa, uintptr_t *fp)
{
	ARCH_SAVED(SAVED)
	return ((const uintptr_t *)cfa)[-rule->at[AT_PC]];
}
#undef SAVED

UNSEEN enum goat_walked
goat_walk(struct goat_regs *regs, struct goat_trace *trace, bool again, uintptr_t *cfa_out)
{
	const struct table *t = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
	uintptr_t sp = regs->r[ARCH_SP], fp = regs->r[ARCH_FP], key = position(regs), cfa;
	struct rule made;

	for (;; again = false) {
		const struct rule *rule = find(t, key);

		if (!again)
			trace_add(trace, key);
		if (!LIKELY(rule != NULL) && (rule = learn_rule(key, &made)) == NULL) {
			enum kind kind = leave_odd(regs, trace, key, sp, fp, cfa_out);

			if (kind != PLAIN)
				return walked[kind];
			sp = regs->r[ARCH_SP];
			fp = regs->r[ARCH_FP];
			key = position(regs);
			continue;
		}
		cfa = (rule->fp ? fp : sp) + (uintptr_t)(intptr_t)rule->cfa;
		if (rule->kind == LANDS) {
			regs->r[ARCH_SP] = sp + rule->args;
			regs->r[ARCH_FP] = fp;
			regs->r[ARCH_PC] = rule->pad;
			*cfa_out = cfa;
			return WALK_PAD;
		}
		key = (leave_plain(regs, rule, cfa, &fp) - 1) * 2;
		sp = cfa;
	}
}

static enum goat_walked
step_odd(struct goat_regs *regs, uintptr_t *cfa)
{
	struct rule rule;
	struct frame f;

	learn(position(regs), &rule, &f);
	if (rule.kind == BOTTOM || rule.kind == LOST)
		return walked[rule.kind];
	if (!goat_cfaof(&f.row, regs, cfa) || !goat_followrow(&f.row, f.e.signal, regs, *cfa))
		return WALK_LOST;
	return WALK_PAD;
}

__attribute__((no_sanitize("address", "thread"))) enum goat_walked
goat_step(struct goat_regs *regs, uintptr_t *cfa)
{
	const struct rule *rule;
	struct rule made;
	uintptr_t key = position(regs);

	rule = find(__atomic_load_n(&table, __ATOMIC_ACQUIRE), key);
	if (rule == NULL)
		rule = learn_rule(key, &made);
	if (rule == NULL)
		return step_odd(regs, cfa);
	*cfa = regs->r[rule->fp ? ARCH_FP : ARCH_SP] + (uintptr_t)(intptr_t)rule->cfa;
	regs->r[ARCH_PC] = leave_plain(regs, rule, *cfa, &regs->r[ARCH_FP]);
	regs->r[ARCH_SP] = *cfa;
	regs->exact = 0;
	return WALK_PAD;
}

enum goat_walked
goat_collect(struct goat_regs *regs, struct goat_trace *trace)
{
	enum goat_walked w;
	uintptr_t cfa;

	do
		trace_add(trace, position(regs));
	while ((w = goat_step(regs, &cfa)) == WALK_PAD);
	return w;
}

uintptr_t
goat_functionstart(uintptr_t position)
{
	struct entry e;

	return goat_findentry(&e, position / 2) ? e.start : 0;
}
