/* SPDX-License-Identifier: MIT */
/*
 * Entry and exit of the kernel: exceptions, interrupts, SYSCALL. Each entry builds a struct regs,
 * gives the new context the initial protection-key rights and calls trap_dispatch(regs), which
 * returns with interrupts off.
 *
 * NMI, #MC, #DF and #DB can arrive anywhere, even where GS or the PKRS mirror is half changed; they
 * enter through nmi_entry.
 */
#include "kernel/cpu/patch.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/regs.h"
#include "kernel/cpu/x86.h"
#include "pks/pkrs.inc"

	.text

.macro PUSH_REGS
	push %rax
	push %rbx
	push %rcx
	push %rdx
	push %rbp
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
.endm

.macro POP_REGS
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rbp
	pop %rdx
	pop %rcx
	pop %rbx
	pop %rax
.endm

/* The call itself is the patch site: trace=on redirects it to kernel/trace/trace_sites.c. */
.macro DISPATCH
.Ldispatch\@:
	call trap_dispatch
	SITE .Ldispatch\@, 0, trap_dispatch_traced
.endm

/* One stub per vector, 16 bytes each; pushes an error code of 0 where the CPU pushes none. */
	.balign 16
	.globl trap_stubs
trap_stubs:
vector = 0
.rept VECTORS
	.balign 16
	.if (vector != 8) && (vector != 17) && (vector != 21) && (vector != 29) && (vector != 30) && \
	    ((vector < 10) || (vector > 14))
	push $0
	.endif
	push $vector
	.if (vector == X86_DB) || (vector == X86_NMI) || (vector == X86_DF) || (vector == X86_MC)
	jmp nmi_entry
	.else
	jmp trap_entry
	.endif
	vector = vector + 1
.endr

trap_entry:
	cld
	testb $3, 24(%rsp) /* CS, above vector, error code and RIP */
	jz trap_save
	swapgs
	push $RFLAGS_FIXED /* a user's EFLAGS.AC must not disable SMAP in the kernel */
	popfq
trap_save:
	PUSH_REGS
	PKRS_ENTER
	mov %rsp, %rdi
	DISPATCH

/* Returns as the frame says. A new user thread starts here. */
	.globl trap_return
trap_return:
	PKRS_EXIT
trap_leave:
	testb $3, REGS_CS(%rsp)
	jnz 1f
	mov REGS_RSP(%rsp), %rax
	sub %gs:CPU_IST_BASE, %rax
	cmp $(IST_STACKS * STACK_SLOT), %rax
	jbe return_to_ist
	POP_REGS
	add $16, %rsp
	iretq
/*
 * A RIP that is not canonical makes IRET fault here (SDM Vol. 2A, "IRET"), with the user's GS in the
 * kernel. SYSCALL as the last instruction of the lower half leaves one. Bit 47 is copied upwards, so
 * that user mode faults instead: at an address of the kernel. No user address is above USER_END.
 */
1:	shlq $16, REGS_RIP(%rsp)
	sarq $16, REGS_RIP(%rsp)
	swapgs
	POP_REGS
	add $16, %rsp
	iretq

/*
 * IRET ends the blocking of NMIs (SDM Vol. 3A, "Handling Multiple NMIs"), and a second NMI would
 * overwrite the first one's frame at the top of the IST stack. So a trap that was taken on an IST
 * stack returns to it without IRET: it stores RFLAGS and RIP below the interrupted stack pointer
 * (the kernel has no red zone) and pops them. The outermost handler, which returns to another
 * stack, uses IRET. See docs/TRICKS.md.
 *
 * A frame with TF = 1 returns by IRET all the same, if NMIs have another stack meanwhile: POPF would
 * make the #DB come after the RET here. If they have none, TF ends here.
 */
return_to_ist:
	testl $RFLAGS_TF, REGS_RFLAGS(%rsp)
	jz 1f
	mov REGS_RSP(%rsp), %rdi
	call nmi_stack_swap
	test %al, %al
	jnz return_by_iret
return_without_iret:
	andl $~RFLAGS_TF, REGS_RFLAGS(%rsp)
1:	mov REGS_RSP(%rsp), %rax
	mov REGS_RIP(%rsp), %rcx
	mov REGS_RFLAGS(%rsp), %rdx
	sub $16, %rax
	mov %rcx, 8(%rax)
	mov %rdx, (%rax) /* this may overwrite the frame's RSP and SS, no longer needed */
	mov %rax, REGS_VECTOR(%rsp)
	POP_REGS
	mov (%rsp), %rsp
	popfq
	ret

/* SYSCALL leaves RIP in RCX, RFLAGS in R11 and RSP as it was; SFMASK has turned interrupts off. */
	.globl syscall_entry
syscall_entry:
	swapgs
	mov %rsp, %gs:CPU_USER_RSP
	mov %gs:CPU_KSTACK, %rsp
	push $SEL_USER_DS
	push %gs:CPU_USER_RSP
	push %r11
	push $SEL_USER_CS
	push %rcx
	push $0
	push $VECTOR_SYSCALL
	jmp trap_save

/*
 * NMI, #MC, #DF, #DB. CS does not show whether GS is the kernel's, as the trap may hit before
 * SWAPGS; but a kernel GS base is negative. RBX keeps the answer across the call.
 */
nmi_entry:
	PUSH_REGS
	push $RFLAGS_FIXED
	popfq
	mov $MSR_GS_BASE, %ecx
	rdmsr
	xor %ebx, %ebx
	test %edx, %edx
	js 1f
	swapgs
	inc %ebx
1:	PKRS_ENTER_NMI
	mov %rsp, %rdi
	DISPATCH
	PKRS_EXIT_NMI
	test %ebx, %ebx
	jz trap_leave
	testb $3, REGS_CS(%rsp)
	jnz trap_leave
	mov REGS_RSP(%rsp), %rax /* the kernel's entry and exit, with the user's GS */
	sub %gs:CPU_IST_BASE, %rax
	swapgs
	cmp $(IST_STACKS * STACK_SLOT), %rax
	jbe return_without_iret
return_by_iret:
	POP_REGS
	add $16, %rsp
	iretq
	.section .note.GNU-stack, "", @progbits
