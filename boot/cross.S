/* SPDX-License-Identifier: MIT */
/*
 * Switches between 4 and 5 levels of paging in 32-bit code: CR4.LA57 can change only while paging
 * is off (SDM Vol. 3A, "4-Level Paging and 5-Level Paging"). 32-bit code may lose the upper halves
 * of all registers, so memory holds what C needs afterwards. An NMI here would find a 64-bit IDT in
 * 32-bit mode: none is expected.
 */
#include "kernel/cpu/msr.h"
#include "kernel/cpu/x86.h"

	.text
	.globl paging_cross
paging_cross:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov $MSR_GS_BASE, %ecx
	rdmsr
	push %rax
	push %rdx
	sgdt gdt_before
	mov %rsp, rsp_before
	lgdt boot_gdt_pointer
	pushq $SEL_BOOT_CS_32
	pushq $crossing_32
	lretq

crossed:
	mov rsp_before, %rsp
	lgdt gdt_before
	pop %rdx
	pop %rax
	mov $MSR_GS_BASE, %ecx
	wrmsr
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.section .boot.text, "ax"
	.code32
crossing_32:
	mov %cr0, %eax
	and $~CR0_PG, %eax
	mov %eax, %cr0
	mov %esi, %cr4
	mov %edi, %cr3
	or $CR0_PG, %eax
	mov %eax, %cr0
	ljmp $SEL_KERNEL_CS, $crossing_64
	.code64
crossing_64:
	movabs $crossed, %rax
	jmp *%rax

	.bss
	.balign 8
rsp_before: /* this and gdt_before: of the one CPU that crosses */
	.skip 8
gdt_before:
	.skip 10

	.section .note.GNU-stack, "", @progbits
