/* SPDX-License-Identifier: MIT */
/*
 * The accesses, one per kind. The same bytes run as 64-bit and as 32-bit code: at CPL 0 in the
 * kernel's mapping, at CPL 3 at VA_TEXT. RDI: the address; RBX: the operand, or what is read.
 */
#include "kernel/cpu/x86.h"
#include "tests/matrix/home.h"
#include "tests/matrix/kinds.h"

	.text
	.balign 4096
	.globl matrix_text
matrix_text:

.macro DONE name
	int $VECTOR_DONE
end_\name:
.endm

#include "tests/matrix/accesses_plain.inc"
#include "tests/matrix/accesses_stack.inc"
#include "tests/matrix/accesses_own.inc"

	.balign 4096
	.globl matrix_text_end
matrix_text_end:

	.section .rodata
	.balign 8
	.globl matrix_shots
matrix_shots: /* in the order of enum kind; rows may share their code */
#define ROW(id, label, ...) .quad shot_##label, access_##label, end_##label;
	MATRIX_KINDS(ROW)
	.section .note.GNU-stack, "", @progbits
