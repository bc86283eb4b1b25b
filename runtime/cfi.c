// SPDX-License-Identifier: BSD-3-Clause
//
// cfi.c: what the tables for exceptions say of an address: where the caller's registers are, and
// which landing pad there is.
//
// .eh_frame has an entry for each function, found by libgcc: a program of instructions that make,
// row by row, a table of where registers are from which address on (DWARF 4, 6.4). Here it is run
// up to the row for one address. The LSDA, in a format of gcc's own, lists calls and landing pads.
//
// Tables are the compiler's and are trusted; what is unknown in them fails, and is not guessed.
// Nothing here calls malloc or waits for a lock.
//
// Layer: base.

#include "cfi.h"

#include <string.h>

// ---------------------------------------------------------------- reading

const void *_Unwind_Find_FDE(void *pc, struct dwarf_eh_bases *bases);
#define READ(type)                                                                                 \
	static type read_##type(bytes *p)                                                          \
	{                                                                                          \
		type v;                                                                            \
                                                                                                   \
		memcpy(&v, *p, sizeof v);                                                          \
		*p += sizeof v;                                                                    \
		return v;                                                                          \
	}
READ(uint16_t)
READ(uint32_t)
READ(uint64_t)
READ(int16_t)
READ(int32_t)
READ(int64_t)

// A LEB128 number as it is, of *BITS bits; *LAST is its last byte, which has the sign.
static uint64_t
read_leb(bytes *p, unsigned *bits, uint8_t *last)
{
	uint64_t v = 0;

	*bits = 0;
	do {
		*last = *(*p)++;
		if (*bits < 64)
			v |= (uint64_t)(*last & 0x7f) << *bits;
		*bits += 7;
	} while (*last & 0x80);
	return v;
}

static uint64_t
read_uleb(bytes *p)
{
	unsigned bits;
	uint8_t last;

	return read_leb(p, &bits, &last);
}

static int64_t
read_sleb(bytes *p)
{
	unsigned bits;
	uint8_t last;
	uint64_t v = read_leb(p, &bits, &last);

	if (bits < 64 && (last & 0x40))
		v |= -((uint64_t)1 << bits);
	return (int64_t)v;
}

// Encodings of pointers: the format in the low half, what it is relative to in the high one.
enum {
	PE_ABSPTR = 0x00,
	PE_ULEB128 = 0x01,
	PE_UDATA2 = 0x02,
	PE_UDATA4 = 0x03,
	PE_UDATA8 = 0x04,
	PE_SLEB128 = 0x09,
	PE_SDATA2 = 0x0a,
	PE_SDATA4 = 0x0b,
	PE_SDATA8 = 0x0c,
	PE_PCREL = 0x10,
	PE_TEXTREL = 0x20,
	PE_DATAREL = 0x30,
	PE_FUNCREL = 0x40,
	PE_ALIGNED = 0x50,
	PE_INDIRECT = 0x80,
	PE_OMIT = 0xff,
};

static uintptr_t
base_of(uint8_t encoding, uintptr_t here, const struct dwarf_eh_bases *bases)
{
	switch (encoding & 0x70) {
	case PE_PCREL:
		return here;
	case PE_TEXTREL:
		return (uintptr_t)bases->tbase;
	case PE_DATAREL:
		return (uintptr_t)bases->dbase;
	case PE_FUNCREL:
		return (uintptr_t)bases->func;
	default:
		return 0;
	}
}

static uintptr_t
read_plain(bytes *p, uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case PE_ULEB128:
		return read_uleb(p);
	case PE_SLEB128:
		return (uintptr_t)read_sleb(p);
	case PE_UDATA2:
		return read_uint16_t(p);
	case PE_SDATA2:
		return (uintptr_t)read_int16_t(p);
	case PE_UDATA4:
		return read_uint32_t(p);
	case PE_SDATA4:
		return (uintptr_t)read_int32_t(p);
	default:
		return read_uint64_t(p);
	}
}

static uintptr_t
read_encoded(bytes *p, uint8_t encoding, const struct dwarf_eh_bases *bases)
{
	uintptr_t here, v;

	if (encoding == PE_OMIT)
		return 0;
	if (encoding == PE_ALIGNED) {
		*p += -(uintptr_t)*p & (sizeof v - 1);
		return read_uint64_t(p);
	}
	here = (uintptr_t)*p;
	v = read_plain(p, encoding);
	if (v == 0)
		return 0;
	v += base_of(encoding, here, bases);
	return encoding & PE_INDIRECT ? *(const uintptr_t *)v : v;
}

// ---------------------------------------------------------------- one function's entry

// The record of 4-byte length at *P: moves *P behind the length, gives the end.
static bytes
record_end(bytes *p)
{
	uint32_t length = read_uint32_t(p);

	return *p + length;
}

static void
read_augmentation(struct entry *e, const char *letters, bytes p, uint8_t *lsda)
{
	for (; *letters != '\0'; letters++)
		switch (*letters) {
		case 'R':
			e->encoding = *p++;
			break;
		case 'L':
			*lsda = *p++;
			break;
		case 'P': {
			uint8_t encoding = *p++;

			e->personality = read_encoded(&p, encoding, &e->bases);
			break;
		}
		case 'S':
			e->signal = true;
			break;
		default:
			return;
		}
}

static bool
read_cie(struct entry *e, bytes p, bool *augmented, uint8_t *lsda)
{
	uint8_t version;
	const char *letters;

	e->cie_end = record_end(&p);
	p += 4;
	version = *p++;
	letters = (const char *)p;
	p += strlen(letters) + 1;
	if (version >= 4)
		p += 2;         // sizes of an address and of a segment
	e->code_align = read_uleb(&p);
	e->data_align = read_sleb(&p);
	if ((version == 1 ? *p++ : read_uleb(&p)) != ARCH_PC)
		return false;
	if (*letters == 'z') {
		uint64_t size = read_uleb(&p);

		*augmented = true;
		read_augmentation(e, letters + 1, p, lsda);
		p += size;
	} else if (*letters != '\0')
		return false;
	e->cie_code = p;
	return true;
}

bool
goat_findentry(struct entry *e, uintptr_t pc)
{
	bytes p, cie;
	uint8_t lsda = PE_OMIT;
	bool augmented = false;

	memset(e, 0, sizeof *e);
	p = _Unwind_Find_FDE((void *)pc, &e->bases);
	if (p == NULL)
		return false;
	e->end = record_end(&p);
	cie = p - *(const int32_t *)p;
	p += 4;
	if (!read_cie(e, cie, &augmented, &lsda))
		return false;
	e->start = read_encoded(&p, e->encoding, &e->bases);
	read_plain(&p, e->encoding);            // its size
	if (augmented) {
		bytes next;
		uint64_t size = read_uleb(&p);

		next = p + size;
		e->lsda = read_encoded(&p, lsda, &e->bases);
		p = next;
	}
	e->code = p;
	return true;
}

// ---------------------------------------------------------------- rows

enum { DEPTH = 16 };            // of remembered rows; gcc nests one or two

struct machine {
	const struct entry *e;
	struct row row, initial, saved[DEPTH];
	size_t nsaved;
	uintptr_t loc;
	uint64_t args;
	bool failed;
};

static void
set(struct machine *m, uint64_t reg, enum how how, int64_t n, bytes expression)
{
	if (reg < ARCH_NREGS)
		m->row.reg[reg] = (struct place){ how, n, expression };
}

static void
set_block(struct machine *m, uint64_t reg, enum how how, bytes *p)
{
	uint64_t size;

	set(m, reg, how, 0, *p);
	size = read_uleb(p);
	*p += size;
}

static void
restore(struct machine *m, uint64_t reg)
{
	if (reg < ARCH_NREGS)
		m->row.reg[reg] = m->initial.reg[reg];
}

static void
push(struct machine *m)
{
	if (m->nsaved == DEPTH)
		m->failed = true;
	else
		m->saved[m->nsaved++] = m->row;
}

static void
pop(struct machine *m)
{
	if (m->nsaved == 0)
		m->failed = true;
	else
		m->row = m->saved[--m->nsaved];
}

enum {
	CFA_ADVANCE = 0x40,     // these three have an operand in the low six bits
	CFA_OFFSET = 0x80,
	CFA_RESTORE = 0xc0,
	CFA_NOP = 0x00,
	CFA_SET_LOC,
	CFA_ADVANCE1,
	CFA_ADVANCE2,
	CFA_ADVANCE4,
	CFA_OFFSET_EXTENDED,
	CFA_RESTORE_EXTENDED,
	CFA_UNDEFINED,
	CFA_SAME,
	CFA_REGISTER,
	CFA_REMEMBER,
	CFA_RESTORE_STATE,
	CFA_DEF,
	CFA_DEF_REGISTER,
	CFA_DEF_OFFSET,
	CFA_DEF_EXPRESSION,
	CFA_EXPRESSION,
	CFA_OFFSET_SF,
	CFA_DEF_SF,
	CFA_DEF_OFFSET_SF,
	CFA_VAL_OFFSET,
	CFA_VAL_OFFSET_SF,
	CFA_VAL_EXPRESSION,
	CFA_GNU_ARGS_SIZE = 0x2e,
	CFA_GNU_NEGATIVE_OFFSET = 0x2f,
};

static void
define_cfa(struct machine *m, int64_t reg, int64_t offset)
{
	m->row.cfa_reg = reg;
	m->row.cfa_offset = offset;
	m->row.cfa_expression = NULL;
}

// One instruction that does not move on.
static void
define(struct machine *m, uint8_t op, bytes *p)
{
	int64_t align = m->e->data_align;
	uint64_t reg;

	switch (op) {
	case CFA_NOP:
		return;
	case CFA_REMEMBER:
		return push(m);
	case CFA_RESTORE_STATE:
		return pop(m);
	case CFA_DEF_OFFSET:
		return define_cfa(m, m->row.cfa_reg, (int64_t)read_uleb(p));
	case CFA_DEF_OFFSET_SF:
		return define_cfa(m, m->row.cfa_reg, read_sleb(p) * align);
	case CFA_DEF_EXPRESSION:
		m->row.cfa_expression = *p;
		reg = read_uleb(p);     // its size
		*p += reg;
		return;
	case CFA_GNU_ARGS_SIZE:
		m->args = read_uleb(p);
		return;
	default:
		break;
	}
	reg = read_uleb(p);
	switch (op) {
	case CFA_OFFSET_EXTENDED:
		return set(m, reg, AT_OFFSET, (int64_t)read_uleb(p) * align, NULL);
	case CFA_OFFSET_SF:
		return set(m, reg, AT_OFFSET, read_sleb(p) * align, NULL);
	case CFA_GNU_NEGATIVE_OFFSET:
		return set(m, reg, AT_OFFSET, -(int64_t)read_uleb(p) * align, NULL);
	case CFA_VAL_OFFSET:
		return set(m, reg, IS_OFFSET, (int64_t)read_uleb(p) * align, NULL);
	case CFA_VAL_OFFSET_SF:
		return set(m, reg, IS_OFFSET, read_sleb(p) * align, NULL);
	case CFA_RESTORE_EXTENDED:
		return restore(m, reg);
	case CFA_UNDEFINED:
		return set(m, reg, UNDEFINED, 0, NULL);
	case CFA_SAME:
		return set(m, reg, SAME, 0, NULL);
	case CFA_REGISTER:
		return set(m, reg, IN_REGISTER, (int64_t)read_uleb(p), NULL);
	case CFA_DEF:
		return define_cfa(m, (int64_t)reg, (int64_t)read_uleb(p));
	case CFA_DEF_SF:
		return define_cfa(m, (int64_t)reg, read_sleb(p) * align);
	case CFA_DEF_REGISTER:
		return define_cfa(m, (int64_t)reg, m->row.cfa_offset);
	case CFA_EXPRESSION:
		return set_block(m, reg, AT_EXPRESSION, p);
	case CFA_VAL_EXPRESSION:
		return set_block(m, reg, IS_EXPRESSION, p);
	default:
		m->failed = true;
	}
}

// Whether the instruction moves on; then does so.
static bool
advance(struct machine *m, uint8_t op, bytes *p)
{
	switch (op) {
	case CFA_SET_LOC:
		m->loc = read_encoded(p, m->e->encoding, &m->e->bases);
		return true;
	case CFA_ADVANCE1:
		m->loc += *(*p)++ * m->e->code_align;
		return true;
	case CFA_ADVANCE2:
		m->loc += read_uint16_t(p) * m->e->code_align;
		return true;
	case CFA_ADVANCE4:
		m->loc += read_uint32_t(p) * m->e->code_align;
		return true;
	default:
		if ((op & 0xc0) != CFA_ADVANCE)
			return false;
		m->loc += (op & 0x3f) * m->e->code_align;
		return true;
	}
}

static void
interpret(struct machine *m, bytes p, bytes end, uintptr_t pc)
{
	while (p < end && m->loc <= pc && !m->failed) {
		uint8_t op = *p++;

		if (advance(m, op, &p))
			continue;
		switch (op & 0xc0) {
		case CFA_OFFSET:
			set(m, op & 0x3f, AT_OFFSET, (int64_t)read_uleb(&p) * m->e->data_align, NULL);
			break;
		case CFA_RESTORE:
			restore(m, op & 0x3f);
			break;
		default:
			define(m, op, &p);
		}
	}
}

// The row for PC, an address in an instruction of the function of E.
bool
goat_makerow(const struct entry *e, uintptr_t pc, struct row *row, uint64_t *args)
{
	struct machine m;

	m.e = e;
	memset(&m.row, 0, sizeof m.row);
	m.nsaved = m.args = 0;
	m.failed = false;
	m.loc = 0;
	interpret(&m, e->cie_code, e->cie_end, UINTPTR_MAX);
	m.initial = m.row;
	m.loc = e->start;
	interpret(&m, e->code, e->end, pc);
	*row = m.row;
	*args = m.args;
	return !m.failed;
}

// ---------------------------------------------------------------- expressions

enum {
	OP_ADDR = 0x03,
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08,
	OP_CONST1S,
	OP_CONST2U,
	OP_CONST2S,
	OP_CONST4U,
	OP_CONST4S,
	OP_CONST8U,
	OP_CONST8S,
	OP_CONSTU,
	OP_CONSTS,
	OP_DUP,
	OP_DROP,
	OP_OVER,
	OP_PICK,
	OP_SWAP,
	OP_ROT,
	OP_ABS = 0x19,
	OP_AND,
	OP_DIV,
	OP_MINUS,
	OP_MOD,
	OP_MUL,
	OP_NEG,
	OP_NOT,
	OP_OR,
	OP_PLUS,
	OP_PLUS_UCONST,
	OP_SHL,
	OP_SHR,
	OP_SHRA,
	OP_XOR,
	OP_BRA,
	OP_EQ,
	OP_GE,
	OP_GT,
	OP_LE,
	OP_LT,
	OP_NE,
	OP_SKIP,
	OP_LIT0 = 0x30,
	OP_BREG0 = 0x70,
	OP_BREGX = 0x92,
	OP_DEREF_SIZE = 0x94,
	OP_NOP = 0x96,
};

enum { STACK = 32 };

struct stack {
	int64_t v[STACK];
	size_t n;
	bool failed;
};

static void
put(struct stack *s, int64_t v)
{
	if (s->n == STACK)
		s->failed = true;
	else
		s->v[s->n++] = v;
}

static int64_t
take(struct stack *s)
{
	if (s->n == 0) {
		s->failed = true;
		return 0;
	}
	return s->v[--s->n];
}

static int64_t
peek(struct stack *s, size_t below)
{
	if (below >= s->n) {
		s->failed = true;
		return 0;
	}
	return s->v[s->n - 1 - below];
}

static bool
push_constant(struct stack *s, uint8_t op, bytes *p)
{
	switch (op) {
	case OP_CONST1U:
		put(s, *(*p)++);
		return true;
	case OP_CONST1S:
		put(s, (int8_t) * (*p)++);
		return true;
	case OP_CONST2U:
		put(s, read_uint16_t(p));
		return true;
	case OP_CONST2S:
		put(s, read_int16_t(p));
		return true;
	case OP_CONST4U:
		put(s, read_uint32_t(p));
		return true;
	case OP_CONST4S:
		put(s, read_int32_t(p));
		return true;
	case OP_ADDR:
	case OP_CONST8U:
	case OP_CONST8S:
		put(s, read_int64_t(p));
		return true;
	case OP_CONSTU:
		put(s, (int64_t)read_uleb(p));
		return true;
	case OP_CONSTS:
		put(s, read_sleb(p));
		return true;
	default:
		if (op < OP_LIT0 || op >= OP_LIT0 + 32)
			return false;
		put(s, op - OP_LIT0);
		return true;
	}
}

static bool
shuffle(struct stack *s, uint8_t op, bytes *p)
{
	int64_t a, b, c;

	switch (op) {
	case OP_DUP:
		put(s, peek(s, 0));
		return true;
	case OP_DROP:
		take(s);
		return true;
	case OP_OVER:
		put(s, peek(s, 1));
		return true;
	case OP_PICK:
		put(s, peek(s, *(*p)++));
		return true;
	case OP_SWAP:
		a = take(s), b = take(s);
		put(s, a), put(s, b);
		return true;
	case OP_ROT:
		a = take(s), b = take(s), c = take(s);
		put(s, a), put(s, c), put(s, b);
		return true;
	default:
		return false;
	}
}

static bool
one_operand(struct stack *s, uint8_t op, bytes *p)
{
	switch (op) {
	case OP_DEREF:
		put(s, *(const int64_t *)take(s));
		return true;
	case OP_DEREF_SIZE: {
		int64_t v = 0;

		memcpy(&v, (const void *)take(s), *(*p)++ & 7);
		put(s, v);
		return true;
	}
	case OP_ABS: {
		int64_t v = take(s);

		put(s, v < 0 ? (int64_t)-(uint64_t)v : v);
		return true;
	}
	case OP_NEG:
		put(s, (int64_t)-(uint64_t)take(s));
		return true;
	case OP_NOT:
		put(s, ~take(s));
		return true;
	case OP_PLUS_UCONST:
		put(s, (int64_t)((uint64_t)take(s) + read_uleb(p)));
		return true;
	default:
		return false;
	}
}

static int64_t
calculate(struct stack *s, uint8_t op, int64_t a, int64_t b)
{
	uint64_t x = (uint64_t)a, y = (uint64_t)b;

	switch (op) {
	case OP_AND:
		return a & b;
	case OP_OR:
		return a | b;
	case OP_XOR:
		return a ^ b;
	case OP_PLUS:
		return (int64_t)(x + y);
	case OP_MINUS:
		return (int64_t)(x - y);
	case OP_MUL:
		return (int64_t)(x * y);
	case OP_SHL:
		return y < 64 ? (int64_t)(x << y) : 0;
	case OP_SHR:
		return y < 64 ? (int64_t)(x >> y) : 0;
	case OP_SHRA:
		return a >> (y < 64 ? y : 63);
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_GE:
		return a >= b;
	case OP_GT:
		return a > b;
	case OP_LE:
		return a <= b;
	case OP_LT:
		return a < b;
	default:
		s->failed = true;
		return 0;
	}
}

static bool
branch(struct stack *s, uint8_t op, bytes *p)
{
	int16_t by;

	if (op != OP_SKIP && op != OP_BRA)
		return false;
	by = read_int16_t(p);
	if (op == OP_SKIP || take(s) != 0)
		*p += by;
	return true;
}

static bool
push_register(struct stack *s, const struct goat_regs *regs, uint8_t op, bytes *p)
{
	uint64_t reg;

	if (op >= OP_BREG0 && op < OP_BREG0 + 32)
		reg = op - OP_BREG0;
	else if (op == OP_BREGX)
		reg = read_uleb(p);
	else
		return false;
	s->failed |= reg >= ARCH_NREGS;
	put(s, (int64_t)((reg < ARCH_NREGS ? regs->r[reg] : 0) + (uint64_t)read_sleb(p)));
	return true;
}

// The value of the expression whose length and bytes are at P, in the frame of REGS.
static bool
evaluate(bytes p, const struct goat_regs *regs, bool with_cfa, uintptr_t cfa, uintptr_t *value)
{
	struct stack s = { .n = 0 };
	uint64_t size = read_uleb(&p);
	bytes end = p + size;

	if (with_cfa)
		put(&s, (int64_t)cfa);
	while (p < end && !s.failed) {
		uint8_t op = *p++;

		if (op == OP_NOP || push_constant(&s, op, &p) || push_register(&s, regs, op, &p) ||
		    shuffle(&s, op, &p) || one_operand(&s, op, &p) || branch(&s, op, &p))
			continue;
		int64_t b = take(&s), a = take(&s);
		put(&s, calculate(&s, op, a, b));
	}
	*value = (uintptr_t)take(&s);
	return !s.failed;
}

// ---------------------------------------------------------------- following a row

bool
goat_cfaof(const struct row *row, const struct goat_regs *regs, uintptr_t *cfa)
{
	if (row->cfa_expression != NULL)
		return evaluate(row->cfa_expression, regs, false, 0, cfa);
	if (row->cfa_reg < 0 || row->cfa_reg >= ARCH_NREGS)
		return false;
	*cfa = regs->r[row->cfa_reg] + (uintptr_t)row->cfa_offset;
	return true;
}

static bool
value_of(const struct place *place, const struct goat_regs *regs, uintptr_t cfa, uintptr_t *v)
{
	uintptr_t at;

	switch (place->how) {
	case AT_OFFSET:
		*v = *(const uintptr_t *)(cfa + (uintptr_t)place->n);
		return true;
	case IS_OFFSET:
		*v = cfa + (uintptr_t)place->n;
		return true;
	case IN_REGISTER:
		if (place->n < 0 || place->n >= ARCH_NREGS)
			return false;
		*v = regs->r[place->n];
		return true;
	case AT_EXPRESSION:
		if (!evaluate(place->expression, regs, true, cfa, &at))
			return false;
		*v = *(const uintptr_t *)at;
		return true;
	case IS_EXPRESSION:
		return evaluate(place->expression, regs, true, cfa, v);
	default:
		return true;            // the same, or nobody may ask
	}
}

// To the caller, by the letter.
bool
goat_followrow(const struct row *row, bool signal, struct goat_regs *regs, uintptr_t cfa)
{
	struct goat_regs old = *regs;

	regs->r[ARCH_SP] = cfa;
	for (int i = 0; i < ARCH_NREGS; i++)
		if (!value_of(&row->reg[i], &old, cfa, &regs->r[i]))
			return false;
	regs->exact = signal;
	return true;
}

// ---------------------------------------------------------------- landing pads

// The landing pad in the LSDA of E for PC, an address in an instruction, or 0. Only C's
// personality is asked: its landing pads clean up and have no choice of types.
uintptr_t
goat_landingpad(const struct entry *e, uintptr_t pc)
{
	bytes p = (bytes)e->lsda, end;
	uint8_t encoding;
	uintptr_t base = e->start;

	encoding = *p++;
	if (encoding != PE_OMIT)
		base = read_encoded(&p, encoding, &e->bases);
	encoding = *p++;
	if (encoding != PE_OMIT)
		read_uleb(&p);          // where the types are
	encoding = *p++;
	end = p;
	{
		uint64_t size = read_uleb(&end);

		p = end;
		end += size;
	}
	while (p < end) {
		uintptr_t from = e->start + read_plain(&p, encoding);
		uintptr_t size = read_plain(&p, encoding), pad = read_plain(&p, encoding);

		read_uleb(&p);          // what to do
		if (pc < from)
			return 0;       // they are sorted
		if (pc < from + size)
			return pad != 0 ? base + pad : 0;
	}
	return 0;
}
