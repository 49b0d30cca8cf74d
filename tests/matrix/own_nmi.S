/* SPDX-License-Identifier: MIT */
#include "kernel/cpu/x86.h"

	.text

/*
 * Takes an NMI and goes back without IRET, so that the CPU holds the next one back until some IRET
 * (SDM Vol. 3A, "Handling Multiple NMIs"). On the interrupted stack it leaves RIP, flags and RAX.
 */
	.globl matrix_nmi_hold
matrix_nmi_hold:
	push %rax
	push %rcx /* RCX, RAX, RIP, CS, RFLAGS, RSP, SS */
	mov 40(%rsp), %rax
	mov 16(%rsp), %rcx
	mov %rcx, -8(%rax)
	mov 32(%rsp), %rcx
	mov %rcx, -16(%rax)
	mov 8(%rsp), %rcx
	mov %rcx, -24(%rax)
	mov (%rsp), %rcx
	lea -24(%rax), %rsp
	movb $1, matrix_nmi_held(%rip)
	pop %rax
	popfq
	ret

/* An IRET to the caller: NMIs may come again. */
	.globl matrix_nmi_release
matrix_nmi_release:
	pop %rax
	mov %rsp, %rcx
	push $SEL_KERNEL_DS
	push %rcx
	pushfq
	push $SEL_KERNEL_CS
	push %rax
	iretq

	.section .note.GNU-stack, "", @progbits
