// SPDX-License-Identifier: BSD-3-Clause
//
// amd64.S: what of panics cannot be said in C: reading all registers of a frame, and going on in
// one.
//
// A shadow stack (CET) is not kept up: the C library of today does not enable it.
//
// Layer: arch.

#if defined(__x86_64__) && !defined(__ILP32__)
#include "amd64.h"

#define R(n) (8 * (n))

#define FUNCTION(name)                                                                             \
	.globl name;                                                                               \
	.type name, @function;                                                                     \
	.p2align 4;                                                                                \
name:                                                                                              \
	.cfi_startproc

#define HIDDEN(name)                                                                               \
	.hidden name;                                                                              \
	FUNCTION(name)

#define END(name)                                                                                  \
	.cfi_endproc;                                                                              \
	.size name, .- name

// The registers of the caller, as they are behind its call, into a struct goat_regs at %rsp.
#define SAVE                                                                                       \
	subq $(ARCH_REGS_SIZE + 8), %rsp;                                                          \
	.cfi_adjust_cfa_offset ARCH_REGS_SIZE + 8;                                                 \
	movq %rbx, R(3)(%rsp);                                                                     \
	movq %rbp, R(6)(%rsp);                                                                     \
	movq %r12, R(12)(%rsp);                                                                    \
	movq %r13, R(13)(%rsp);                                                                    \
	movq %r14, R(14)(%rsp);                                                                    \
	movq %r15, R(15)(%rsp);                                                                    \
	leaq ARCH_REGS_SIZE + 16(%rsp), %rax;                                                      \
	movq %rax, R(7)(%rsp);                                                                     \
	movq ARCH_REGS_SIZE + 8(%rsp), %rax;                                                       \
	movq %rax, R(16)(%rsp);                                                                    \
	movq $0, R(17)(%rsp)

	.text

FUNCTION(goat_gopanic)
	SAVE
	movq %rsp, %rdx
	call goat_gopanic1
	ud2
END(goat_gopanic)

FUNCTION(goat_resume)
	SAVE
	movq %rsp, %rsi
	call goat_resume1
	ud2
END(goat_resume)

FUNCTION(goat_goexit)
	SAVE
	movq %rsp, %rdi
	call goat_goexit1
	ud2
END(goat_goexit)

FUNCTION(goat_recover)
	SAVE
	movq %rsp, %rdi
	call goat_recover1
	addq $(ARCH_REGS_SIZE + 8), %rsp
	.cfi_adjust_cfa_offset -(ARCH_REGS_SIZE + 8)
	ret
END(goat_recover)

// What a function keeps for its caller, from the registers at \from, and the program counter in %rcx.
.macro RESTORE from
	movq R(3)(%\from), %rbx
	movq R(6)(%\from), %rbp
	movq R(12)(%\from), %r12
	movq R(13)(%\from), %r13
	movq R(14)(%\from), %r14
	movq R(15)(%\from), %r15
	movq R(16)(%\from), %rcx
.endm

// %rdi: registers, %rsi: exception. What gcc expects at a landing pad: %rax the exception, %rdx the
// number of the handler, 0 for any.
HIDDEN(goat_land)
	.cfi_undefined rip
	movq %rsi, %rax
	xorl %edx, %edx
	RESTORE rdi
	movq R(7)(%rdi), %rsp
	jmp *%rcx
END(goat_land)

// %rdi: registers, %rsi: argument. The registers may lie where the new frame will: they are read
// before it is written.
HIDDEN(goat_foreign)
	.cfi_undefined rip
	movq %rdi, %rdx
	movq %rsi, %rdi
	RESTORE rdx
	addq R(17)(%rdx), %rcx          // unwinders look at the byte before the return address
	movq R(7)(%rdx), %rax
	leaq -(ARCH_REDZONE + 32)(%rax), %rsp
	andq $-16, %rsp
	movq %rcx, (%rsp)
	movq %rax, 8(%rsp)
	// CFA: what is at rsp + 8; the return address is at rsp.
	.cfi_escape 0x0f, 3, 0x77, 8, 0x06      // def_cfa_expression: breg7 8, deref
	.cfi_escape 0x10, 16, 2, 0x77, 0        // expression rip: breg7 0
	call goat_foreign1
	ud2
END(goat_foreign)

// %rdi: function, %rsi: argument, %rdx: top of a stack, or 0.
HIDDEN(goat_bottom)
	.cfi_undefined rip
	pushq %rbp
	movq %rsp, %rbp
	testq %rdx, %rdx
	cmovnzq %rdx, %rsp
	andq $-16, %rsp
	movq %rdi, %rax
	movq %rsi, %rdi
	call *%rax
	movq %rbp, %rsp
	popq %rbp
	ret
END(goat_bottom)

// expression rN: breg7 8 * N, as a signed LEB128.
#define AT(n) .cfi_escape 0x10, n, 2, 0x77, 8 * (n)
#define AT2(n) .cfi_escape 0x10, n, 3, 0x77, 0x80 | (8 * (n) & 0x7f), 8 * (n) >> 7

HIDDEN(goat_sigpanic)
	.cfi_signal_frame
	.cfi_escape 0x0f, 3, 0x77, R(7), 0x06   // def_cfa_expression: breg7 56, deref
	AT(0)
	AT(1)
	AT(2)
	AT(3)
	AT(4)
	AT(5)
	AT(6)
	AT(7)
	AT2(8)
	AT2(9)
	AT2(10)
	AT2(11)
	AT2(12)
	AT2(13)
	AT2(14)
	AT2(15)
	AT2(16)
	nop                                     // an unwinder may look at the byte before
	movq %rsp, %rdi
	call goat_sigpanic1
	ud2
END(goat_sigpanic)

// %rdi: from, %rsi: to. The control words of floating point belong to what functions preserve; to
// load them takes longer than to compare them.
HIDDEN(goat_switch)
	pushq %rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbp, 0
	pushq %rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset rbx, 0
	pushq %r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r12, 0
	pushq %r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r13, 0
	pushq %r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r14, 0
	pushq %r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset r15, 0
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	movzwl 4(%rsp), %eax
	movl (%rsp), %ecx
	movq %rsp, ARCH_G_SP(%rdi)
	movq ARCH_G_SP(%rsi), %rsp
	movl $0, ARCH_G_ONCPU(%rdi)
	cmpl (%rsp), %ecx
	jne 1f
	cmpw 4(%rsp), %ax
	jne 1f
2:	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	popq %r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore r15
	popq %r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore r14
	popq %r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore r13
	popq %r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore r12
	popq %rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbx
	popq %rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbp
	ret
1:	.cfi_def_cfa_offset 64
	.cfi_offset rbp, -16
	.cfi_offset rbx, -24
	.cfi_offset r12, -32
	.cfi_offset r13, -40
	.cfi_offset r14, -48
	.cfi_offset r15, -56
	ldmxcsr (%rsp)
	fldcw 4(%rsp)
	jmp 2b
END(goat_switch)

// Where a new goroutine begins: %rbx function, %r12 argument.
HIDDEN(goat_gostart)
	.cfi_undefined rip
	movq %rbx, %rdi
	movq %r12, %rsi
	call goat_gostart1
	ud2
END(goat_gostart)

#endif

	.section .note.GNU-stack, "", %progbits
