/* SPDX-License-Identifier: MIT */
/*
 * Leaves IA-32e mode for 32-bit or PAE paging, and comes back (SDM Vol. 3A, "Switching Out of IA-32e
 * Mode Operation"): legacy.h has the page that this works in. EBX is the page's address, EBP where
 * an exception continues, ESI the access under way. An NMI would be fatal: none is sent here.
 */
#include "kernel/cpu/msr.h"
#include "kernel/cpu/x86.h"
#include "tests/matrix/legacy.h"

#define AT(label) ((label) - legacy_start)

	.text
	.globl legacy_run
legacy_run:
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
	mov %ss, %eax
	push %rax
	mov %edi, %ebx
	mov %rsp, kernel_rsp(%rip)
	sgdt kernel_gdt(%rip)
	sidt kernel_idt(%rip)
	lgdt LEGACY_GDTR(%rbx)
	lea LEGACY_STACK(%rbx), %rsp
	pushq $LEGACY_CS
	push %rbx
	lretq

returned: /* 64-bit mode again */
	mov kernel_rsp(%rip), %rsp
	lgdt kernel_gdt(%rip)
	lidt kernel_idt(%rip)
	pop %rax
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %ds
	mov %eax, %es
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

	.section .rodata, "a"
	.globl legacy_start, legacy_end, legacy_stub_gp, legacy_stub_pf
	.code32
legacy_start: /* compatibility mode */
	mov $LEGACY_DS, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov %cr0, %eax
	and $~CR0_PG, %eax
	mov %eax, %cr0 /* EFER.LMA = 0 */
	lidt LEGACY_IDTR(%ebx)
	mov $MSR_EFER, %ecx
	rdmsr
	and $~EFER_LME, %eax
	wrmsr
	movl $LEGACY_NONE, LEGACY_VECTOR_CR4(%ebx)
	lea (LEGACY_VECTOR_CR4 - LEGACY_VECTOR)(%ebx), %esi
	lea AT(cr4_done)(%ebx), %ebp
	mov LEGACY_CR4(%ebx), %eax
	mov %eax, %cr4
cr4_done:
	cmpl $LEGACY_NONE, LEGACY_VECTOR_CR4(%ebx)
	jne leave
	testb $1, LEGACY_HAS(%ebx)
	jz 1f
	mov $MSR_IA32_PKRS, %ecx
	mov LEGACY_PKRS(%ebx), %eax
	xor %edx, %edx
	wrmsr
1:	testb $2, LEGACY_HAS(%ebx)
	jz 1f
	xor %ecx, %ecx
	xor %edx, %edx
	mov LEGACY_PKRU(%ebx), %eax
	wrpkru
1:	mov LEGACY_CR3(%ebx), %eax
	mov %eax, %cr3
	mov %cr0, %eax
	or $CR0_PG, %eax
	mov %eax, %cr0
	lea LEGACY_LIST(%ebx), %esi
	lea AT(next)(%ebx), %ebp
	mov LEGACY_COUNT(%ebx), %edi

one_access:
	movl $LEGACY_NONE, LEGACY_VECTOR(%esi)
	mov LEGACY_ADDRESS(%esi), %edx
	mov LEGACY_VALUE(%esi), %eax
	cmpl $LEGACY_WRITE, LEGACY_KIND(%esi)
	je 1f
	ja 2f
	mov (%edx), %eax
	mov %eax, LEGACY_VALUE(%esi)
	jmp next
1:	mov %eax, (%edx)
	jmp next
2:	lock add %eax, (%edx)
next:
	add $LEGACY_SIZE, %esi
	dec %edi
	jnz one_access

leave:
	mov %cr4, %eax
	mov %eax, LEGACY_CR4_SEEN(%ebx)
	testb $1, LEGACY_HAS(%ebx)
	jz 1f
	mov $MSR_IA32_PKRS, %ecx
	rdmsr
	mov %eax, LEGACY_PKRS_SEEN(%ebx)
1:	testb $2, LEGACY_HAS(%ebx)
	jz 1f
	xor %ecx, %ecx
	rdpkru
	mov %eax, LEGACY_PKRU_SEEN(%ebx)
1:	mov %cr0, %eax
	and $~CR0_PG, %eax
	mov %eax, %cr0
	testb $2, LEGACY_HAS(%ebx)
	jz 1f
	xor %eax, %eax
	xor %ecx, %ecx
	xor %edx, %edx
	wrpkru
1:	testb $1, LEGACY_HAS(%ebx)
	jz 1f
	mov $MSR_IA32_PKRS, %ecx
	mov LEGACY_PKRS_LONG(%ebx), %eax
	xor %edx, %edx
	wrmsr
1:	mov LEGACY_CR4_LONG(%ebx), %eax
	mov %eax, %cr4
	mov LEGACY_CR3_LONG(%ebx), %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME, %eax
	wrmsr
	mov %cr0, %eax
	or $CR0_PG, %eax
	mov %eax, %cr0 /* EFER.LMA = 1 */
	push $LEGACY_CS_64
	lea AT(back_in_64)(%ebx), %eax
	push %eax
	lret
	.code64
back_in_64:
	movabs $returned, %rax
	jmp *%rax

	.code32
legacy_stub_gp:
	mov $X86_GP, %ecx
	jmp 1f
legacy_stub_pf:
	mov $X86_PF, %ecx
1:	mov %ecx, LEGACY_VECTOR(%esi)
	cmp $X86_GP, %ecx
	je 2f /* of MOV to CR4: it has no room for more */
	pop LEGACY_ERROR(%esi)
	mov %cr2, %eax
	mov %eax, LEGACY_ADDR(%esi)
2:	lea LEGACY_STACK(%ebx), %esp
	jmp *%ebp
legacy_end:

	.bss
	.balign 8
kernel_rsp: /* this and the two below: of the one CPU that is away */
	.skip 8
kernel_gdt:
	.skip 10
kernel_idt:
	.skip 10
	.section .note.GNU-stack, "", @progbits
