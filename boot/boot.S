/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader to C: from 32-bit protected mode without paging (multiboot2 specification,
 * "I386 machine state") to 64-bit mode in the higher half. Maps the first BOOT_MAPPED bytes of
 * physical memory with 2 MiB pages at 0 and at DIRECT_BASE, and its first GiB at KERNEL_BASE too,
 * writable and executable: mm_init() replaces all of it.
 */
#include "boot/long_mode.inc"
#include "kernel/cpu/x86.h"
#include "kernel/cpu/layout.h"

#define MB2_BOOT_MAGIC   0x36d76289
#define PHYS(sym)        ((sym) - KERNEL_BASE)
#define PTE_PW           3      /* present, writable */
#define PTE_PW_2M        0x83   /* the same, mapping a 2 MiB page */

	.section .boot.text, "ax"
	.code32
	.globl start32
start32:
	cli
	cld
	mov $PHYS(boot_stack_top), %esp
	mov $msg_magic, %esi
	cmp $MB2_BOOT_MAGIC, %eax
	jne refuse
	mov %ebx, PHYS(boot_mbi)

	/* CPUID exists if EFLAGS.ID can be changed; long mode and NX are in leaf 0x80000001. */
	mov $msg_cpuid, %esi
	pushf
	pop %eax
	mov %eax, %ecx
	xor $RFLAGS_ID, %eax
	push %eax
	popf
	pushf
	pop %eax
cpuid_flag: /* tests/system/badinput stops here */
	cmp %ecx, %eax
	je refuse
	mov $msg_long_mode, %esi
	mov $0x80000000, %eax
	cpuid
	cmp $0x80000001, %eax
	jb refuse
	mov $0x80000001, %eax
	cpuid
	bt $29, %edx
	jnc refuse
	mov $msg_nx, %esi
	bt $20, %edx
	jnc refuse

	/* After the checks: a CPU that they refuse may have no TSC. */
	rdtsc
	mov %eax, PHYS(boot_tsc)
	mov %edx, PHYS(boot_tsc) + 4

	/* Four page directories in a row map 4 GiB; one PDPT serves 0 and DIRECT_BASE. */
	mov $PHYS(boot_pd), %edi
	mov $PTE_PW_2M, %eax
1:	mov %eax, (%edi)
	add $8, %edi
	add $0x200000, %eax
	jnc 1b
	mov $PHYS(boot_pd) + PTE_PW, %eax
	mov %eax, PHYS(boot_pdpt_high) + 8 * 510
	mov $PHYS(boot_pdpt), %edi
	mov $4, %ecx
2:	mov %eax, (%edi)
	add $8, %edi
	add $PAGE_SIZE, %eax
	loop 2b
	movl $PHYS(boot_pdpt) + PTE_PW, PHYS(boot_pml4)
	movl $PHYS(boot_pdpt) + PTE_PW, PHYS(boot_pml4) + 8 * ((DIRECT_BASE >> 39) & 511)
	movl $PHYS(boot_pdpt_high) + PTE_PW, PHYS(boot_pml4) + 8 * 511

	mov $CR4_PAE, %eax /* clears what the firmware set, even LA57 */
	mov %eax, %cr4
	mov $PHYS(boot_pml4), %eax
	mov %eax, %cr3
	LONG_MODE_ENTER
	lgdt boot_gdt_pointer
	ljmp $SEL_KERNEL_CS, $start64_low

	/* Prints the line at ESI wherever something may show it (serial, port E9, VGA), and halts. */
refuse:
	mov $0xb8000, %edi
	mov $0x4f204f20, %eax /* two blank rows, white on red */
	mov $80, %ecx
	rep stosl
	mov $0xb8000, %edi
3:	lodsb
	test %al, %al
	jz 5f
	mov %al, %bl
	mov $0x4f, %bh
	cmp $' ', %al
	jb 6f /* not on the VGA screen: the line's end */
	mov %bx, (%edi)
	add $2, %edi
6:	out %al, $0xe9
	mov $0x3fd, %dx
	mov $0x10000, %ecx
4:	in %dx, %al
	test $0x20, %al
	loopz 4b
	mov $0x3f8, %dx
	mov %bl, %al
	out %al, %dx
	jmp 3b
5:	hlt
	jmp 5b

	.code64
start64_low:
	movabs $start64, %rax
	jmp *%rax

	.section .boot.rodata, "a"
	.balign 8
boot_gdt: /* null, kernel code, kernel data, 32-bit code: SEL_BOOT_CS_32 */
	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
	.globl boot_gdt, boot_gdt_pointer
boot_gdt_pointer:
	.short SEL_BOOT_CS_32 + 7
	.quad boot_gdt
msg_magic:
	.asciz "# PANIC: not started by a multiboot2 boot loader (wrong magic in EAX)\r\n"
msg_cpuid:
	.asciz "# PANIC: this CPU has no CPUID instruction; Keyward needs x86-64\r\n"
msg_long_mode:
	.asciz "# PANIC: this CPU has no long mode; Keyward needs x86-64\r\n"
msg_nx:
	.asciz "# PANIC: this CPU has no execute-disable (NX), or the firmware turned it off\r\n"

	.text
	.globl start64
start64:
	xor %eax, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %fs
	mov %eax, %gs
	mov $SEL_KERNEL_DS, %eax
	mov %eax, %ss
	mov $boot_stack_top, %rsp
	xor %ebp, %ebp
	mov boot_mbi, %edi
	call boot_main
	ud2

	.bss
	.balign PAGE_SIZE
	.globl boot_pml5, boot_pml4, boot_stack_guard, boot_stack, boot_stack_top
boot_pml5: /* boot/paging.c */
	.skip PAGE_SIZE
boot_pml4:
	.skip PAGE_SIZE
boot_pdpt:
	.skip PAGE_SIZE
boot_pdpt_high:
	.skip PAGE_SIZE
boot_pd:
	.skip 4 * PAGE_SIZE
boot_stack_guard: /* mm_init() does not map this page */
	.skip PAGE_SIZE
boot_stack:
	.skip STACK_SIZE
boot_stack_top:

	.data
	.balign 8
	.globl boot_tsc
boot_tsc:
	.quad 0 /* TSC at kernel entry */
boot_mbi:
	.long 0 /* physical address of the multiboot2 information */
	.section .note.GNU-stack, "", @progbits
