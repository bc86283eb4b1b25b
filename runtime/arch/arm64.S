// SPDX-License-Identifier: BSD-3-Clause
//
// arm64.S: the switch between goroutines on AArch64.
//
// What functions preserve by the procedure call standard: x19 to x28, the frame pointer, the link
// register, the low halves of v8 to v15; and of the control words, fpcr.
//
// The rest of what arch.h asks for, which panics need, has not been ported.
//
// Layer: arch.

#if defined(__aarch64__)
#include "arm64.h"

	.text

// x0: from, x1: to.
	.globl goat_switch
	.hidden goat_switch
	.type goat_switch, %function
	.p2align 4
goat_switch:
	.cfi_startproc
	sub sp, sp, #ARCH_SWITCH_FRAME
	.cfi_adjust_cfa_offset ARCH_SWITCH_FRAME
	stp x29, x30, [sp, #0]
	.cfi_rel_offset x29, 0
	.cfi_rel_offset x30, 8
	stp x19, x20, [sp, #16]
	.cfi_rel_offset x19, 16
	.cfi_rel_offset x20, 24
	stp x21, x22, [sp, #32]
	.cfi_rel_offset x21, 32
	.cfi_rel_offset x22, 40
	stp x23, x24, [sp, #48]
	.cfi_rel_offset x23, 48
	.cfi_rel_offset x24, 56
	stp x25, x26, [sp, #64]
	.cfi_rel_offset x25, 64
	.cfi_rel_offset x26, 72
	stp x27, x28, [sp, #80]
	.cfi_rel_offset x27, 80
	.cfi_rel_offset x28, 88
	stp d8, d9, [sp, #96]
	stp d10, d11, [sp, #112]
	stp d12, d13, [sp, #128]
	stp d14, d15, [sp, #144]
	mrs x2, fpcr
	str x2, [sp, #160]
	mov x3, sp
	str x3, [x0, #ARCH_G_SP]
	ldr x3, [x1, #ARCH_G_SP]
	mov sp, x3
	// All stores before it are seen before this one.
	add x0, x0, #ARCH_G_ONCPU
	stlr wzr, [x0]
	ldr x3, [sp, #160]
	cmp x2, x3
	b.eq 1f
	msr fpcr, x3
1:	ldp d14, d15, [sp, #144]
	ldp d12, d13, [sp, #128]
	ldp d10, d11, [sp, #112]
	ldp d8, d9, [sp, #96]
	ldp x27, x28, [sp, #80]
	ldp x25, x26, [sp, #64]
	ldp x23, x24, [sp, #48]
	ldp x21, x22, [sp, #32]
	ldp x19, x20, [sp, #16]
	ldp x29, x30, [sp, #0]
	add sp, sp, #ARCH_SWITCH_FRAME
	.cfi_adjust_cfa_offset -ARCH_SWITCH_FRAME
	ret
	.cfi_endproc
	.size goat_switch, .- goat_switch

// Where a new goroutine begins: x19 function, x20 argument.
	.globl goat_gostart
	.hidden goat_gostart
	.type goat_gostart, %function
	.p2align 4
goat_gostart:
	.cfi_startproc
	.cfi_undefined x30
	mov x0, x19
	mov x1, x20
	bl goat_gostart1
	brk #0
	.cfi_endproc
	.size goat_gostart, .- goat_gostart

#endif

	.section .note.GNU-stack, "", %progbits
