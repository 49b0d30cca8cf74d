/* SPDX-License-Identifier: MIT */
/*
 * Between 4 and 5 levels of paging: through 32-bit code, as CR4.LA57 can change only while paging is
 * off (SDM Vol. 3A, "4-Level Paging and 5-Level Paging"). The upper halves of all registers may be
 * lost there, so RSP waits in the home. An NMI here would find no descriptor tables: none is expected.
 */
#include "kernel/x86.h"
#include "tests/matrix/home.h"

	.text
	.globl matrix_cross
matrix_cross:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	movabs $HOME, %r8
	mov %rsp, HOME_RSP(%r8)
	lgdt crossing_gdtr(%rip)
	pushq $SEL_KERNEL_CS_32
	pushq $crossing_32 - KERNEL_BASE
	lretq

crossed:
	movabs $HOME, %r8
	mov HOME_RSP(%r8), %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.balign 4096
	.globl matrix_crossing
matrix_crossing:
	.code32
crossing_32:
	mov %cr0, %eax
	and $~CR0_PG, %eax
	mov %eax, %cr0
	mov %esi, %cr4
	mov %edi, %cr3
	or $CR0_PG, %eax
	mov %eax, %cr0
	ljmp $SEL_KERNEL_CS, $crossing_64 - KERNEL_BASE
	.code64
crossing_64:
	movabs $crossed, %rax
	jmp *%rax

	.balign 8
crossing_gdt: /* SDM Vol. 3A, "Segment Descriptors": flat code, accessed; L, then D */
	.quad 0
	.quad 0x00af9b000000ffff
	.fill 6, 8, 0
	.quad 0x00cf9b000000ffff
crossing_gdtr:
	.word . - crossing_gdt - 1
	.quad crossing_gdt - KERNEL_BASE
	.balign 4096

	.section .note.GNU-stack, "", @progbits
