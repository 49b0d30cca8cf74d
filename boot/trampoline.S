/* SPDX-License-Identifier: MIT */
/*
 * An application processor starts here (SDM Vol. 3A, "MP Initialization Protocol Algorithm"): in
 * real mode, at a page below 1 MiB to which boot/smp.c has copied the first part. It enters 64-bit
 * mode in one step, with the boot page tables and the boot GDT, then loads the kernel's own tables
 * and takes the stack from ap_start.
 *
 * A CPU that starts after boot/smp.c has given it up may find no stack, or the next CPU's. So it
 * takes the stack by XCHG and stops if there is none; boot/smp.c compares the APIC ID.
 */
#include "boot/long_mode.inc"
#include "boot/smp.h"
#include "kernel/cpu/x86.h"

#define AT(label) (label - trampoline_start)

	.section .rodata, "a"
	.globl trampoline_start, trampoline_end, trampoline_paging
	.code16
trampoline_start:
	cli
	cld
	mov %cs, %ax
	mov %ax, %ds
	lgdtl AT(gdt_pointer)
	mov AT(trampoline_paging) + PAGING_BOOT_CR4, %eax
	mov %eax, %cr4
	mov AT(trampoline_paging) + PAGING_BOOT_CR3, %eax
	mov %eax, %cr3
	LONG_MODE_ENTER
	ljmpl $SEL_KERNEL_CS, $ap_start64_low
	.balign 8
gdt_pointer: /* to the GDT of boot/boot.S, which lies below 4 GiB */
	.short SEL_BOOT_CS_32 + 7
	.long boot_gdt
trampoline_paging: /* boot/smp.c copies struct paging_boot here */
	.skip PAGING_BOOT_SIZE
trampoline_end:

	.section .boot.text, "ax"
	.code64
ap_start64_low:
	movabs $ap_start64, %rax
	jmp *%rax

	.text
ap_start64:
	mov kernel_root, %rax
	mov %rax, %cr3
	xor %eax, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov %eax, %ss
	xchg %rax, ap_start + AP_START_STACK
	test %rax, %rax
	jz 1f
	mov %rax, %rsp
	xor %ebp, %ebp
	mov ap_start + AP_START_CPU, %rdi
	call *ap_start + AP_START_MAIN
1:	cli
	hlt
	jmp 1b
	.section .note.GNU-stack, "", @progbits
