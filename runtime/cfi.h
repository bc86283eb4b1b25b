// SPDX-License-Identifier: BSD-3-Clause
//
// cfi.h: what the tables for exceptions say of an address.
//
// Layer: base.

#ifndef GOAT_CFI_H
#define GOAT_CFI_H

#include "arch/arch.h"
#include "base.h"

typedef const uint8_t *bytes;

// What _Unwind_Find_FDE of libgcc fills in.
struct dwarf_eh_bases {
	void *tbase, *dbase, *func;
};

// What .eh_frame has of a function.
struct entry {
	struct dwarf_eh_bases bases;
	bytes cie_code, cie_end, code, end;     // instructions: of all functions like it, its own
	uintptr_t start, personality, lsda;
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding;
	bool signal;            // the frame of a signal handler's return
};

// Where the caller has its registers, at some address.
enum how {
	SAME,                   // has not been touched
	UNDEFINED,
	AT_OFFSET,              // saved at the CFA plus a number
	IS_OFFSET,              // is the CFA plus a number
	IN_REGISTER,
	AT_EXPRESSION,          // saved where the expression says
	IS_EXPRESSION,
};

struct place {
	uint8_t how;            // enum how
	int64_t n;              // offset or register
	bytes expression;
};

struct row {
	struct place reg[ARCH_NREGS];
	int64_t cfa_reg, cfa_offset;
	bytes cfa_expression;   // or NULL
};

// The entry of the function that PC, an address in an instruction, is in; false if there is none.
GOAT_HIDDEN bool goat_findentry(struct entry *e, uintptr_t pc);
// The row for PC, and how many bytes of arguments are on the stack there.
GOAT_HIDDEN bool goat_makerow(const struct entry *e, uintptr_t pc, struct row *row, uint64_t *args);
// The canonical frame address, in the frame of REGS.
GOAT_HIDDEN bool goat_cfaof(const struct row *row, const struct goat_regs *regs, uintptr_t *cfa);
// To the caller.
GOAT_HIDDEN bool goat_followrow(const struct row *row, bool signal, struct goat_regs *regs,
				uintptr_t cfa);
// The landing pad for PC of a function that has the personality of C, or 0.
GOAT_HIDDEN uintptr_t goat_landingpad(const struct entry *e, uintptr_t pc);

#endif
