/* SPDX-License-Identifier: MIT */
/*
 * The accesses, one per kind. The same bytes run as 64-bit and as 32-bit code: at CPL 0 in the
 * kernel's mapping, at CPL 3 at VA_TEXT. RDI: the address; RBX: the operand, or what is read.
 */
#include "tests/matrix/home.h"

	.text
	.balign 4096
	.globl matrix_text
matrix_text:

.macro DONE name
	int $VECTOR_DONE
end_\name:
.endm

shot_read:
access_read:
	mov (%rdi), %ebx
	DONE read
shot_write:
access_write:
	mov %ebx, (%rdi)
	DONE write
shot_add:
access_add:
	add %ebx, (%rdi)
	DONE add
shot_lock_add:
access_lock_add:
	lock add %ebx, (%rdi)
	DONE lock_add
shot_xchg:
access_xchg:
	xchg %ebx, (%rdi)
	DONE xchg
shot_cmpxchg:
	mov %esi, %eax /* the value in memory: it succeeds */
access_cmpxchg:
	lock cmpxchg %ebx, (%rdi)
	DONE cmpxchg
shot_lods:
access_lods:
	lodsl
	mov %eax, %ebx
	DONE lods
shot_stos:
	mov %ebx, %eax
access_stos:
	stosl
	DONE stos
shot_rep_stos:
	mov %ebx, %eax
	mov $1, %ecx
access_rep_stos:
	rep stosl
	DONE rep_stos
shot_push:
access_push:
	push %rbx
	DONE push
shot_pop:
access_pop:
	pop %rbx
	DONE pop
shot_fetch: /* the target jumps on to RBX, the end */
access_fetch:
	jmp *%rdi
	DONE fetch
shot_frame:
access_frame:
	int $VECTOR_FRAME
end_frame:
shot_frame_ist:
access_frame_ist:
	int $VECTOR_FRAME_IST
end_frame_ist:
shot_gdt:
	mov $SEL_TESTED, %eax
access_gdt:
	mov %eax, %es
	DONE gdt
shot_idt:
access_idt:
	int $VECTOR_GATE
end_idt:
shot_tss:
access_tss:
	int $VECTOR_STACK
end_tss:

	.balign 4096

	.section .rodata
	.balign 8
	.globl matrix_shots
.macro ROW name
	.quad shot_\name, access_\name, end_\name
.endm
matrix_shots: /* in the order of enum kind */
	ROW read
	ROW write
	ROW add
	ROW lock_add
	ROW xchg
	ROW cmpxchg
	ROW lods
	ROW stos
	ROW rep_stos
	ROW push
	ROW pop
	ROW fetch
	ROW frame
	ROW frame_ist
	ROW gdt
	ROW gdt
	ROW idt
	ROW tss
	ROW read /* of a page that is not present: its fault is delivered */
	ROW read
	.section .note.GNU-stack, "", @progbits
