/* SPDX-License-Identifier: MIT */
/*
 * Makes one access. matrix_shoot() loads the rights and jumps to the code of the kind; the access
 * ends in an exception, or in the INT after it. Either enters matrix_exit by its vector's stub.
 * matrix_exit records what the CPU reports, under rights that may deny everything but the home, and
 * returns to C.
 */
#include "kernel/cpu/msr.h"
#include "kernel/cpu/x86.h"
#include "tests/matrix/home.h"

	.text

	.globl matrix_shoot
matrix_shoot:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	movabs $HOME, %r8
	mov %rsp, HOME_RSP(%r8)
	movb $1, HOME_ARMED(%r8)
	mov HOME_RBX(%r8), %rbx
	mov HOME_RSI(%r8), %rsi
	mov HOME_RDI(%r8), %rdi
	mov HOME_TARGET(%r8), %rbp
	xor %r15d, %r15d
	cmpb $0, HOME_USER(%r8)
	jne to_user
	push HOME_NEW_FLAGS(%r8)
	popfq /* EFLAGS.AC; the arithmetic flags mean nothing */
	mov HOME_NEW_RSP(%r8), %rsp
	jmp set_rights
to_user:
	lea HOME_FRAME(%r8), %rsp
set_rights: /* from here on only the home is sure to be accessible */
	cmpb $0, HOME_WRITE_PKRU(%r8)
	je 1f
	mov HOME_PKRU(%r8), %eax
	xor %ecx, %ecx
	xor %edx, %edx
	wrpkru
1:	mov HOME_USER(%r8), %r9b
	cmpb $0, HOME_WRITE_PKRS(%r8)
	je 2f
	mov HOME_PKRS(%r8), %eax
	mov $MSR_IA32_PKRS, %ecx
	xor %edx, %edx
	wrmsr
2:	test %r9b, %r9b
	jnz 3f
	jmp *%rbp
3:	iretq

/*
 * RBX, RCX, RSI and RDI are recorded, R15 counts the exceptions of this access; all other registers
 * but the stack pointer are free. The count is in a register, as what faults without end may be the
 * home.
 */
	.globl matrix_stubs
	.balign 16
matrix_stubs:
vector = 0
.rept VECTORS
	.balign 16
	.if (vector == 8) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30) || \
	    ((vector >= 10) && (vector <= 14))
	mov $vector, %r9d
	jmp matrix_exit_error
	.else
	mov $vector, %r9d
	jmp matrix_exit
	.endif
	vector = vector + 1
.endr

matrix_exit_error:
	pop %r10
	jmp 1f
matrix_exit:
	xor %r10d, %r10d
1:	inc %r15d
	cmp $SHOT_EXCEPTIONS, %r15d
	jae matrix_without_end
	movabs $HOME, %r8
	mov %r9, HOME_VECTOR(%r8)
	mov %r10, HOME_ERROR(%r8)
	mov %rbx, HOME_RBX(%r8)
	mov %rcx, HOME_RCX_OUT(%r8)
	mov %rsi, HOME_RSI_OUT(%r8)
	mov %rdi, HOME_RDI_OUT(%r8)
	mov (%rsp), %rcx
	mov %rcx, HOME_RIP(%r8)
	mov 8(%rsp), %rcx
	mov %rcx, HOME_CS(%r8)
	mov 24(%rsp), %rcx
	mov %rcx, HOME_RSP_AFTER(%r8)
	mov %cr2, %rcx
	mov %rcx, HOME_CR2(%r8)
	cmpb $0, HOME_HAS_PKRS(%r8)
	je 2f
	mov $MSR_IA32_PKRS, %ecx
	rdmsr
	mov %eax, HOME_PKRS_AFTER(%r8)
	cmpb $0, HOME_OPEN_PKRS(%r8)
	je 2f
	xor %eax, %eax
	xor %edx, %edx
	wrmsr
2:	cmpb $0, HOME_WRITE_PKRU(%r8)
	je 4f
	mov HOME_PKRU_OUT(%r8), %eax
	xor %ecx, %ecx
	xor %edx, %edx
	wrpkru
4:	cmpb $0, HOME_ARMED(%r8)
	je 3f
	movb $0, HOME_ARMED(%r8)
	mov HOME_RSP(%r8), %rsp
	push $RFLAGS_FIXED
	popfq
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
3:	and $-16, %rsp
	call matrix_stray

/*
 * Lifts all that may deny the home or the kernel. If that does not help, the next exception comes
 * here again; then it resets the machine, with tables that map nothing.
 */
matrix_without_end:
	je 1f
	xor %eax, %eax
	mov %rax, %cr3
1:	mov %cr4, %rax
	and $~(CR4_PKS | CR4_PKE | CR4_SMAP | CR4_SMEP), %rax
	mov %rax, %cr4
	mov %r9, %rdi
	mov %r10, %rsi
	cld
	mov (%rsp), %rdx
	movabs $HOME, %r8
	mov HOME_RSP(%r8), %rsp
	and $-16, %rsp
	call matrix_endless

/*
 * An NMI does nothing here: it could rely on neither rights nor memory, and it must not change what
 * is being measured.
 */
	.globl matrix_nmi
matrix_nmi:
	iretq

	.section .note.GNU-stack, "", @progbits
