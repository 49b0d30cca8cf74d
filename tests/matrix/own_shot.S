/* SPDX-License-Identifier: MIT */
/*
 * One access of a test with an address space of its own (own_space.h). It ends with INT3, or with a
 * fault; both come to stubs here, on a stack of their own, and return from own_shoot(). Interrupts
 * are off; an NMI finds GS as the kernel's entry expects it.
 */
#include "kernel/cpu/x86.h"
#include "tests/matrix/own_space.h"

/*
 * The accesses, in the order of enum oracle_access. The code that is fetched jumps to R8; RIP is
 * then the address itself.
 */
.macro ACCESSES where
own_\where\()_0:
	mov (%rdi), %rbx
	int3
own_\where\()_1:
	mov %rbx, (%rdi)
	int3
own_\where\()_2:
	lock add %rbx, (%rdi)
	int3
own_\where\()_3:
	lea 1f(%rip), %r8
	jmp *%rdi
1:	int3
own_\where\()_4:
.endm

.macro TABLE where
	.globl own_\where\()_code
own_\where\()_code:
	.quad own_\where\()_0, own_\where\()_0, own_\where\()_1
	.quad own_\where\()_1, own_\where\()_1, own_\where\()_2
	.quad own_\where\()_2, own_\where\()_2, own_\where\()_3
	.quad own_\where\()_3, 0, own_\where\()_4
.endm

	.section .user.text, "ax"
	ACCESSES user

	.text
	ACCESSES kernel

	.globl own_shoot
own_shoot:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, OWN_RSP(%rdi)
	mov %rdi, own_shot_now(%rip)
	mov OWN_VALUE(%rdi), %rbx
	mov %rdi, %rax
	mov OWN_VA(%rax), %rdi
	cmpb $0, OWN_USER(%rax)
	jne 1f
	jmp *OWN_TARGET(%rax)
1:	pushq OWN_FRAME + 32(%rax)
	pushq OWN_FRAME + 24(%rax)
	pushq OWN_FRAME + 16(%rax)
	pushq OWN_FRAME + 8(%rax)
	pushq OWN_FRAME(%rax)
	swapgs
	iretq

	.globl own_stub_bp, own_stub_gp, own_stub_pf
own_stub_bp:
	push $0 /* no error code */
	push $X86_BP
	jmp ended
own_stub_gp:
	push $X86_GP
	jmp ended
own_stub_pf:
	push $X86_PF
ended:
	testb $3, 24(%rsp) /* CS, above vector, error code and RIP */
	jz 1f
	swapgs
1:	mov own_shot_now(%rip), %rax
	pop OWN_VECTOR(%rax)
	pop OWN_ERROR(%rax)
	pop OWN_RIP(%rax)
	mov %rbx, OWN_VALUE(%rax)
	mov %cr2, %rcx
	mov %rcx, OWN_CR2(%rax)
	mov OWN_RSP(%rax), %rsp
	push $RFLAGS_FIXED
	popfq
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.section .rodata, "a"
	.balign 8
	TABLE kernel
	TABLE user

	.section .note.GNU-stack, "", @progbits
