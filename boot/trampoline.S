/* SPDX-License-Identifier: MIT */
/*
 * Where an application processor starts: in real mode, at a page below 1 MiB that kernel/smp.c has
 * copied this to (SDM Vol. 3A, "MP Initialization Protocol Algorithm"). It goes to 64-bit mode in
 * one step and takes the stack that was put out for it. Position-independent but for the two
 * addresses that smp.c fills in, TRAMPOLINE_* in kernel/smp.h.
 *
 * A processor that comes later than it was waited for may find the stack gone, or the next one's.
 * So the stack is taken by an exchange, and who gets none stops; kernel/smp.c compares the APIC id.
 */
#include "kernel/msr.h"
#include "kernel/smp.h"
#include "kernel/x86.h"

#define AT(label) (label - trampoline_start)

	.section .rodata, "a"
	.globl trampoline_start, trampoline_end, trampoline_data
	.code16
trampoline_start:
	cli
	cld
	mov %cs, %ax
	mov %ax, %ds
	lgdtl AT(gdtr)
	mov AT(trampoline_data) + TRAMPOLINE_CR4, %eax
	mov %eax, %cr4
	mov AT(trampoline_data) + TRAMPOLINE_CR3, %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	rdmsr
	or $(EFER_LME | EFER_NXE), %eax
	wrmsr
	xor %ebx, %ebx
	mov %cs, %bx
	shl $4, %ebx
	mov $(CR0_PE | CR0_MP | CR0_EM | CR0_NE | CR0_WP | CR0_PG), %eax
	mov %eax, %cr0
	ljmpl *AT(entry64)

	.code64
trampoline_64:
	mov %ebx, %ebx /* the upper half is undefined after 16-bit code */
	xor %eax, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov %eax, %ss
	xchg %rax, AT(trampoline_data) + TRAMPOLINE_STACK(%rbx)
	test %rax, %rax
	jz 1f
	mov %rax, %rsp
	xor %ebp, %ebp
	mov AT(trampoline_data) + TRAMPOLINE_CPU(%rbx), %rdi
	call *AT(trampoline_data) + TRAMPOLINE_MAIN(%rbx)
1:	cli
	hlt
	jmp 1b

	.balign 8
gdt:
	.quad 0, 0x00af9b000000ffff /* null, 64-bit code; smp.c puts the base into gdtr */
gdtr:
	.short gdtr - gdt - 1
	.globl trampoline_gdt_base, trampoline_entry64
trampoline_gdt_base:
	.long AT(gdt)
entry64:
trampoline_entry64:
	.long AT(trampoline_64)
	.short SEL_KERNEL_CS
	.balign 8
trampoline_data:
	.skip TRAMPOLINE_DATA_SIZE
trampoline_end:
	.section .note.GNU-stack, "", @progbits
