// SPDX-License-Identifier: GPL-3.0-or-later
//
// libc.c: every row of libc.def is well formed, and the ones people lean on say what they should.
//
// Layer: core.
#include "libc.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static bool
in_arity(const struct libc_entry *fn, int operand)
{
	return operand < fn->arity;
}

// An effect names parameters that exist, and goes somewhere.
static bool
makes_sense(const struct libc_entry *fn, const struct libc_effect *e)
{
	if (e->kind == LIBC_CALL) {
		for (int i = 0; i < e->nargs; i++)
			if (e->args[i] < LIBC_NONE || !in_arity(fn, e->args[i]))
				return false;
		return e->nargs <= LIBC_MAX_ARGS && e->callee >= 0 && in_arity(fn, e->callee);
	}
	if (e->src == LIBC_VARARGS ? !fn->variadic : e->src < 0 || !in_arity(fn, e->src))
		return false;
	if (e->src_derefs > 1 || e->dst_derefs > 1)
		return false;
	return e->dst >= 0 ? in_arity(fn, e->dst) && e->dst_derefs == 1
			   : e->dst <= LIBC_RESULT && e->dst >= LIBC_FREED && e->dst_derefs == 0;
}

static void
append_operand(char *out, int derefs, int operand)
{
	out += strlen(out);
	while (derefs-- > 0)
		*out++ = '*';
	if (operand >= 0)
		sprintf(out, "%d", operand);
	else
		strcpy(out, (const char *[]){ "", "-", "r", "h", "f", "..." }[-operand]);
}

// The effects of a function as they were read, written out again.
static const char *
effects_of(const struct libc_entry *fn)
{
	static char out[256];
	const char *cursor = fn->effects;
	struct libc_effect e;

	for (*out = '\0'; libc_next_effect(&cursor, &e);) {
		if (*out != '\0')
			strcat(out, " ");
		if (e.kind == LIBC_FLOW) {
			append_operand(out, e.src_derefs, e.src);
			strcat(out, ">");
			append_operand(out, e.dst_derefs, e.dst);
			continue;
		}
		append_operand(out, 0, e.callee);
		strcat(out, "(");
		for (int i = 0; i < e.nargs; i++) {
			strcat(out, i > 0 ? "," : "");
			append_operand(out, 0, e.args[i]);
		}
		strcat(out, ")");
	}
	return *cursor == '\0' ? out : "malformed";
}

Test(libc, has_the_functions_people_call)
{
	cr_expect_geq(libc_count(), 450);
}

Test(libc, finds_every_row_once)
{
	for (size_t i = 0; i < libc_count(); i++)
		cr_expect_eq(libc_lookup(libc_row(i)->name), libc_row(i), "%s", libc_row(i)->name);
}

Test(libc, rows_are_well_formed)
{
	for (size_t i = 0; i < libc_count(); i++) {
		const struct libc_entry *fn = libc_row(i);
		const char *cursor = fn->effects;
		struct libc_effect e;

		cr_expect(fn->arity >= 0 && fn->arity <= 9, "%s", fn->name);
		while (libc_next_effect(&cursor, &e))
			cr_expect(makes_sense(fn, &e), "%s: \"%s\"", fn->name, fn->effects);
		cr_expect_str_eq(effects_of(fn), fn->effects, "%s", fn->name);
	}
}

Test(libc, knows_what_functions_keep)
{
	static const struct {
		const char *name;
		int arity;
		bool variadic;
		const char *effects;
	} row[] = {
		{ "memcpy", 3, false, "0>r *1>*0" },
		{ "strlen", 1, false, "" },
		{ "printf", 1, true, "" },
		{ "strchr", 2, false, "0>r" },
		{ "strsep", 2, false, "*0>r" },
		{ "strtok", 2, false, "0>r 0>h" },
		{ "strtok_r", 3, false, "0>r 0>*2 *2>r" },
		{ "strtol", 3, false, "0>*1" },
		{ "putenv", 1, false, "0>h" },
		{ "setenv", 3, false, "" },
		{ "setvbuf", 4, false, "1>h" },
		{ "free", 1, false, "0>f" },
		{ "realloc", 2, false, "0>r 0>f" },
		{ "malloc", 1, false, "" },
		{ "posix_memalign", 3, false, "" },
		{ "getline", 3, false, "*0>f" },
		{ "qsort", 4, false, "3(0,0)" },
		{ "qsort_r", 5, false, "3(0,0,4)" },
		{ "bsearch", 5, false, "1>r 4(0,1)" },
		{ "lsearch", 5, false, "1>r *0>*1 4(0,1)" },
		{ "getopt", 3, false, "*1>h" },
		{ "realpath", 2, false, "1>r" },
		{ "inet_ntop", 4, false, "2>r" },
		{ "localtime_r", 2, false, "1>r" },
		{ "pthread_create", 4, false, "2>h 3>h" },
		{ "pthread_once", 2, false, "1()" },
		{ "pthread_mutex_lock", 1, false, "" },
		{ "pthread_setspecific", 2, false, "1>h" },
		{ "ftw", 3, false, "1(-,-,-)" },
		{ "epoll_ctl", 4, false, "*3>h" },
		{ "ioctl", 2, true, "...>h" },
		{ "getpwnam_r", 5, false, "1>*4 2>*1" },
		{ "sendmsg", 3, false, "" },
		{ "execl", 2, true, "" },
		{ "__sprintf_chk", 4, true, "" },
		{ "__atomic_load", 4, false, "*1>*2" },
		{ "__builtin_expect", 2, false, "0>r" },
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		const struct libc_entry *fn = libc_lookup(row[i].name);

		cr_assert_not_null(fn, "%s", row[i].name);
		cr_expect_str_eq(effects_of(fn), row[i].effects, "%s", row[i].name);
		cr_expect_eq(fn->arity, row[i].arity, "%s", row[i].name);
		cr_expect_eq(fn->variadic, row[i].variadic, "%s", row[i].name);
	}
}

Test(libc, sees_through_the_names_compilers_and_headers_give)
{
	static const struct {
		const char *name, *row;
	} row[] = {
		{ "__builtin_memcpy", "memcpy" },
		{ "__builtin_alloca", "alloca" },
		{ "__builtin___memcpy_chk", "__memcpy_chk" },
		{ "__memcpy_chk", "__memcpy_chk" },
		{ "__builtin_prefetch", "__builtin_prefetch" },
		{ "__isoc99_sscanf", "sscanf" },
		{ "__isoc23_strtoul", "strtoul" },
		{ "fopen64", "fopen64" },
		{ "fgets_unlocked", "fgets_unlocked" },
		{ "__atomic_load_8", "__atomic_load_n" },
		{ "__atomic_store_16", "__atomic_store_n" },
		{ "__atomic_compare_exchange_4", "__atomic_compare_exchange_n" },
		{ "__atomic_fetch_add_1", "__atomic_fetch_add" },
		{ "__sync_fetch_and_add_8", "__sync_fetch_and_add" },
		{ "__sync_lock_test_and_set_2", "__sync_lock_test_and_set" },
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		const struct libc_entry *fn = libc_lookup(row[i].name);

		cr_assert_not_null(fn, "%s", row[i].name);
		cr_expect_str_eq(fn->name, row[i].row, "%s", row[i].name);
	}
}

Test(libc, leaves_the_programs_own_names_alone)
{
	static const char *const name[] = {
		"",
		"_",
		"main",
		"goat_park",
		"memcpy_",
		"free64",
		"read64",
		"list_remove_unlocked",
		"remove_unlocked",
		"memcpy_8",
		"__builtin_",
		"__builtin_eh_return",
		"__isoc99_",
		"__atomic_load_3",
		"__atomic_load_",
		"__atomic_",
		"__sync_x_8",
		"setjmp",
		"longjmp",
		"__frobnicate_chk",
		"makecontext",
		"__atomic_a_name_that_is_much_too_long_to_be_the_name_of_any_builtin_there_is_8",
	};

	for (size_t i = 0; i < sizeof name / sizeof *name; i++)
		cr_expect_null(libc_lookup(name[i]), "%s", name[i]);
}

Test(libc, stops_before_a_malformed_effect)
{
	static const char *const bad[] = {
		"x",
		"0",
		"0>",
		"0>x",
		">r",
		"0>3",
		"0>*",
		"*>r",
		"0>rr",
		"3(",
		"3(0",
		"3(0,",
		"3(,0)",
		"3(0,0,0,0,0)",
		"*3(0)",
		"..>h",
		"...(0)",
		"3(0)h",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *cursor = bad[i];
		struct libc_effect e;

		cr_expect_not(libc_next_effect(&cursor, &e), "%s", bad[i]);
		cr_expect_eq(cursor, bad[i], "%s", bad[i]);
	}
}
