/* SPDX-License-Identifier: MIT */
/* Accesses of 2, 4, 8 and 16 bytes for t_matrix_unaligned.c; a vector is RBX twice. See own_space.h. */

.macro ONE where, name, access:vararg
unaligned_\where\()_\name:
	\access
	int3
unaligned_\where\()_\name\()_end:
.endm

.macro ACCESSES where
	ONE \where, read_2, movzwl (%rdi), %ebx
	ONE \where, write_2, movw %bx, (%rdi)
	ONE \where, add_2, addw %bx, (%rdi)
	ONE \where, read_4, movl (%rdi), %ebx
	ONE \where, write_4, movl %ebx, (%rdi)
	ONE \where, add_4, addl %ebx, (%rdi)
	ONE \where, read_8, movq (%rdi), %rbx
	ONE \where, write_8, movq %rbx, (%rdi)
	ONE \where, add_8, addq %rbx, (%rdi)
unaligned_\where\()_read_16:
	movups (%rdi), %xmm0
	movq %xmm0, %rbx
	int3
unaligned_\where\()_read_16_end:
unaligned_\where\()_write_16:
	movq %rbx, %xmm0
	punpcklqdq %xmm0, %xmm0
unaligned_\where\()_write_16_access:
	movups %xmm0, (%rdi)
	int3
unaligned_\where\()_write_16_end:
.endm

.macro ROW where, name
	.quad unaligned_\where\()_\name, unaligned_\where\()_\name, unaligned_\where\()_\name\()_end
.endm

/* By width: read, write, and read-modify-write, which 16 bytes have not. */
.macro TABLE where
	.globl unaligned_\where
unaligned_\where:
	.irp bytes, 2, 4, 8
	ROW \where, read_\bytes
	ROW \where, write_\bytes
	ROW \where, add_\bytes
	.endr
	ROW \where, read_16
	.quad unaligned_\where\()_write_16, unaligned_\where\()_write_16_access
	.quad unaligned_\where\()_write_16_end
.endm

	.section .user.text, "ax"
	ACCESSES user

	.text
	ACCESSES kernel

	.section .rodata, "a"
	.balign 8
	TABLE kernel
	TABLE user

	.section .note.GNU-stack, "", @progbits
