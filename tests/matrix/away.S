/* SPDX-License-Identifier: MIT */
/*
 * A thread leaves its CPU to an INIT and goes on where it was: away_leave() notes the stack and the
 * registers that C keeps over a call, and away_return(), on the stack that the CPU starts with,
 * makes it return a second time. Like setjmp() and longjmp(); of one CPU at a time.
 */
	.text
	.globl away_leave, away_return
away_leave: /* bool away_leave(void): false at first, true when the CPU is back */
	mov (%rsp), %rax
	mov %rax, away_rip(%rip)
	lea 8(%rsp), %rax
	mov %rax, away_rsp(%rip)
	mov %rbx, away_kept(%rip)
	mov %rbp, away_kept + 8(%rip)
	mov %r12, away_kept + 16(%rip)
	mov %r13, away_kept + 24(%rip)
	mov %r14, away_kept + 32(%rip)
	mov %r15, away_kept + 40(%rip)
	xor %eax, %eax
	ret

away_return: /* _Noreturn void away_return(void) */
	mov away_kept(%rip), %rbx
	mov away_kept + 8(%rip), %rbp
	mov away_kept + 16(%rip), %r12
	mov away_kept + 24(%rip), %r13
	mov away_kept + 32(%rip), %r14
	mov away_kept + 40(%rip), %r15
	mov away_rsp(%rip), %rsp
	mov $1, %eax
	jmp *away_rip(%rip)

	.bss
	.balign 8
away_rip:
	.skip 8
away_rsp:
	.skip 8
away_kept:
	.skip 48
	.section .note.GNU-stack, "", @progbits
