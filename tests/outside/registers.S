/* SPDX-License-Identifier: MIT */
/*
 * u64 outside_registers_break(void), _check(void): load a value of its own into each register but
 * RSP, take #BP or #MC, and return 0 if all are as before, else 1. Thread context.
 */
	.text

.macro EACH_REGISTER what
	number = 0x5a000000
	.irp name, rax, rbx, rcx, rdx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	number = number + 0x10101
	\what %\name
	.endr
.endm

.macro LOAD register
	mov $number, \register
.endm

.macro COMPARE register
	cmp $number, \register
	jne 1f
.endm

.macro ACROSS vector
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	EACH_REGISTER LOAD
	int $\vector
	EACH_REGISTER COMPARE
	xor %eax, %eax
	jmp 2f
1:	mov $1, %eax
2:	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
.endm

	.globl outside_registers_break
outside_registers_break:
	ACROSS 3

	.globl outside_registers_check
outside_registers_check:
	ACROSS 18
	.section .note.GNU-stack, "", @progbits
