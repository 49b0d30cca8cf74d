/* SPDX-License-Identifier: MIT */
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/x86.h"
#include "kernel/cpu/patch.h"
#include "pks/pkrs.inc"

	.text
/*
 * void switch_to(struct thread *prev, struct thread *next): saves prev's callee-saved registers
 * and rights on its stack and resumes next where it left off. Interrupts off, run queue locked.
 * The stack pointer is the first field of struct thread.
 */
	.globl switch_to
switch_to:
	PATCH_SITE MAGIC_SWITCH, trace_switch_trampoline
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	PKRS_SWITCH_OUT
	mov %rsp, (%rdi)
	mov (%rsi), %rsp
	PKRS_SWITCH_IN
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret

/* A new thread starts here: thread_prepare() put its function into R12, its argument into R13. */
	.globl thread_start
thread_start:
	push $RFLAGS_FIXED /* not the previous thread's flags */
	popfq
	mov %r12, %rdi
	mov %r13, %rsi
	xor %ebp, %ebp
	call thread_main
	ud2

/* void user_enter(const struct regs *regs): returns as from a trap with `regs`. Interrupts off. */
	.globl user_enter
user_enter:
	mov %rdi, %rsp
	jmp trap_return
	.section .note.GNU-stack, "", @progbits
