/* SPDX-License-Identifier: MIT */
/*
 * A shot (own_shot.S) under another EFER and in tables that map the kernel's image and nothing else
 * of the kernel: with EFER.NXE = 0 an entry with XD = 1 is malformed, and all of the kernel's data
 * has such entries. Everything that the CPU and this code use lies in the image: the shot, GDT, TSS
 * and IDT of the boot CPU, and the stacks. An NMI would be fatal: none is sent here.
 */
#include "kernel/cpu/msr.h"

	.text
	.globl own_shoot_bare
own_shoot_bare: /* void own_shoot_bare(struct own_shot *shot, u64 cr3, u64 efer) */
	push %rbx
	push %rbp
	push %r12
	push %r13
	mov %rsp, outer_rsp(%rip)
	mov %rdx, %r13
	mov %cr3, %r12
	mov %rsi, %cr3
	lea bare_stack_top(%rip), %rsp
	mov %rsi, %rbp
	mov $MSR_EFER, %ecx
	rdmsr
	mov %eax, %ebx
	mov %r13, %rax
	wrmsr /* the upper half stays as it was */
	mov %rbp, %cr3
	call own_shoot /* keeps RBX, RBP, R12 and R13 */
	mov $MSR_EFER, %ecx
	rdmsr
	mov %ebx, %eax
	wrmsr
	mov %r12, %cr3
	mov outer_rsp(%rip), %rsp
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.bss
	.balign 16
	.skip 1024
bare_stack_top:
outer_rsp:
	.skip 8
	.section .note.GNU-stack, "", @progbits
