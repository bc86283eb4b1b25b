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
//	U3  Nothing here calls malloc or waits for a lock: a signal may have come anywhere.
//
// Tried: a linked list per bucket instead of probing, with the rules in an arena: one more cache
// miss a frame. Saved registers by bit mask and loop, with the values loaded at once: 4.6 ns a frame
// instead of 3.4, from mispredicted branches; so they are pointers until a frame is found.
//
// Go:    as runtime/symtab.go's pcvalue cache in spirit; Go's tables are its own.
// Layer: base.

#include "unwind.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unwind.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)

// ---------------------------------------------------------------- reading

// What _Unwind_Find_FDE of libgcc fills in.
struct dwarf_eh_bases {
	void *tbase, *dbase, *func;
};
const void *_Unwind_Find_FDE(void *pc, struct dwarf_eh_bases *bases);
_Unwind_Reason_Code __gcc_personality_v0(int version, _Unwind_Action actions, uint64_t class,
					 struct _Unwind_Exception *exc, struct _Unwind_Context *c);

typedef const uint8_t *bytes;

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

static uint64_t
read_uleb(bytes *p)
{
	uint64_t v = 0;
	unsigned shift = 0;
	uint8_t b;

	do {
		b = *(*p)++;
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80);
	return v;
}

static int64_t
read_sleb(bytes *p)
{
	uint64_t v = 0;
	unsigned shift = 0;
	uint8_t b;

	do {
		b = *(*p)++;
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80);
	if (shift < 64 && (b & 0x40))
		v |= -((uint64_t)1 << shift);
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

struct entry {
	struct dwarf_eh_bases bases;
	bytes cie_code, cie_end, code, end;     // instructions: of all functions like it, its own
	uintptr_t start, personality, lsda;
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding;
	bool signal;            // the frame of a signal handler's return
};

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

static bool
find_entry(struct entry *e, uintptr_t pc)
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
static bool
make_row(const struct entry *e, uintptr_t pc, struct row *row, uint64_t *args)
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

static bool
cfa_of(const struct row *row, const struct goat_regs *regs, uintptr_t *cfa)
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
static bool
follow(const struct row *row, bool signal, struct goat_regs *regs, uintptr_t cfa)
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
static uintptr_t
landing_pad(const struct entry *e, uintptr_t pc)
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

// ---------------------------------------------------------------- rules

enum kind {
	PLAIN,                  // a rule says it all
	LANDS,                  // so it does, and there is a landing pad
	ODD,                    // follow the row
	FOREIGN,                // and there may be a landing pad
	BOTTOM,
	LOST,
};

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
	if (!find_entry(&f->e, pc) || !make_row(&f->e, pc, &f->row, &f->args))
		return;
	if (f->row.reg[ARCH_PC].how == UNDEFINED) {
		rule->kind = BOTTOM;
		return;
	}
	if (f->e.lsda != 0 && f->e.personality != 0) {
		foreign = f->e.personality != (uintptr_t)__gcc_personality_v0;
		if (!foreign)
			rule->pad = landing_pad(&f->e, pc);
	}
	if (foreign)
		rule->kind = FOREIGN;
	else if (f->e.signal || !compact(&f->row, f->args, rule))
		rule->kind = ODD;
	else
		rule->kind = rule->pad != 0 ? LANDS : PLAIN;
}

// ---------------------------------------------------------------- the table of rules

enum { FIRST_BITS = 10 };

struct table {
	unsigned bits;          // 1 << bits of
	struct rule *rule;
	size_t used;            // at most half; under lock
};

static struct rule first_rules[1 << FIRST_BITS];
static struct table first = { FIRST_BITS, first_rules, 0 };
static struct table *table = &first;    // atomic
static char locked;                     // atomic; who finds it taken does not remember

static size_t
slot(const struct table *t, uintptr_t key)
{
	return key * UINT64_C(0x9e3779b97f4a7c15) >> (64 - t->bits);
}

static inline const struct rule *
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
	struct table *new = mmap(NULL, sizeof *new + n * sizeof(struct rule), PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

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
	if (stays_loaded((uintptr_t)goat_unwindinit) || dlsym(RTLD_DEFAULT, "goat_gopanic") != NULL) {
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
static enum kind
walk_odd(struct goat_regs *regs, struct goat_trace *trace, const struct rule *rule, struct frame *f,
	 uintptr_t *cfa)
{
	if (rule->kind == BOTTOM || rule->kind == LOST)
		return rule->kind;
	if (!cfa_of(&f->row, regs, cfa))
		return LOST;
	if (rule->kind == FOREIGN)
		return FOREIGN;
	if (rule->pad != 0) {
		regs->r[ARCH_PC] = rule->pad;
		regs->r[ARCH_SP] += f->args;
		return LANDS;
	}
	// What the panic of a signal did before it was one is nobody's business.
	if (f->e.start == (uintptr_t)goat_sigpanic)
		trace->n = 0;
	return follow(&f->row, f->e.signal, regs, *cfa) ? PLAIN : LOST;
}

static const enum goat_walked walked[] = {
	[LANDS] = WALK_PAD, [FOREIGN] = WALK_FOREIGN, [BOTTOM] = WALK_END, [LOST] = WALK_LOST,
};

// To where the registers of a frame are: themselves, or the stack.
struct places {
	const uintptr_t *at[ARCH_NSAVED];
};

static inline void
places_init(struct places *p, const struct goat_regs *regs)
{
#define PLACE(i, n) p->at[i] = &regs->r[n];
	ARCH_SAVED(PLACE)
#undef PLACE
}

static inline void
places_load(const struct places *p, struct goat_regs *regs)
{
	uintptr_t v[ARCH_NSAVED];

#define GET(i, n) v[i] = *p->at[i];
	ARCH_SAVED(GET)
#undef GET
#define PUT(i, n) regs->r[n] = v[i];
	ARCH_SAVED(PUT)
#undef PUT
}

enum { FP_PLACE = 1 };          // of the frame pointer in ARCH_SAVED

// A frame without a rule, whose registers have been left off loading.
static enum kind
leave_odd(struct goat_regs *regs, struct places *p, uintptr_t key, uintptr_t sp,
	  struct goat_trace *trace, uintptr_t *cfa)
{
	struct rule rule;
	struct frame f;

	learn(key, &rule, &f);
	places_load(p, regs);
	places_init(p, regs);
	regs->r[ARCH_SP] = sp;
	regs->r[ARCH_PC] = key / 2 + !(key & 1);
	regs->exact = key & 1;
	return walk_odd(regs, trace, &rule, &f, cfa);
}

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

__attribute__((no_sanitize("address", "thread"))) enum goat_walked
goat_walk(struct goat_regs *regs, struct goat_trace *trace, bool again, uintptr_t *cfa_out)
{
	const struct table *t = __atomic_load_n(&table, __ATOMIC_ACQUIRE);
	uintptr_t sp = regs->r[ARCH_SP], key = position(regs);
	struct places p;
	struct rule made;

	places_init(&p, regs);
	for (;; again = false) {
		const struct rule *rule = find(t, key);
		uintptr_t cfa;

		if (!again)
			trace_add(trace, key);
		if (!LIKELY(rule != NULL) && (rule = learn_rule(key, &made)) == NULL) {
			enum kind kind = leave_odd(regs, &p, key, sp, trace, cfa_out);

			if (kind != PLAIN)
				return walked[kind];
			sp = regs->r[ARCH_SP];
			key = position(regs);
			continue;
		}
		cfa = (rule->fp ? *p.at[FP_PLACE] : sp) + (uintptr_t)(intptr_t)rule->cfa;
		if (rule->kind == LANDS) {
			places_load(&p, regs);
			regs->r[ARCH_SP] = sp + rule->args;
			regs->r[ARCH_PC] = rule->pad;
			regs->exact = 0;
			*cfa_out = cfa;
			return WALK_PAD;
		}
#define SAVED(i, n)                                                                                \
	if (rule->at[i] != 0)                                                                      \
		p.at[i] = (const uintptr_t *)cfa - rule->at[i];
		ARCH_SAVED(SAVED)
#undef SAVED
		key = (((const uintptr_t *)cfa)[-rule->at[AT_PC]] - 1) * 2;
		sp = cfa;
	}
}

// A frame by its rule.
static __attribute__((no_sanitize("address", "thread"))) void
step_plain(struct goat_regs *regs, const struct rule *rule, uintptr_t *cfa)
{
	const uintptr_t *top;

	*cfa = regs->r[rule->fp ? ARCH_FP : ARCH_SP] + (uintptr_t)(intptr_t)rule->cfa;
	top = (const uintptr_t *)*cfa;
#define SAVED(i, n)                                                                                \
	if (rule->at[i] != 0)                                                                      \
		regs->r[n] = top[-rule->at[i]];
	ARCH_SAVED(SAVED)
#undef SAVED
	regs->r[ARCH_PC] = top[-rule->at[AT_PC]];
	regs->r[ARCH_SP] = *cfa;
	regs->exact = 0;
}

static enum goat_walked
step_odd(struct goat_regs *regs, uintptr_t *cfa)
{
	struct rule rule;
	struct frame f;

	learn(position(regs), &rule, &f);
	if (rule.kind == BOTTOM || rule.kind == LOST)
		return walked[rule.kind];
	return cfa_of(&f.row, regs, cfa) && follow(&f.row, f.e.signal, regs, *cfa) ? WALK_PAD
										      : WALK_LOST;
}

enum goat_walked
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
	step_plain(regs, rule, cfa);
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

	return find_entry(&e, position / 2) ? e.start : 0;
}
