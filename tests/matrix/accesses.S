/* SPDX-License-Identifier: MIT */
/*
 * The accesses, one per kind. The same bytes run as 64-bit and as 32-bit code: at CPL 0 in the
 * kernel's mapping, at CPL 3 at VA_TEXT. RDI: the address; RBX: the operand, or what is read; RSI:
 * MATRIX_PATTERN, or what a string instruction needs.
 */
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

.macro PLAIN name, access:vararg
shot_\name:
access_\name:
	\access
	DONE \name
.endm

/* For the quoted operands of STEPS, in which the preprocessor expands nothing. */
bit_string = BIT_STRING
port = PORT

.macro STEPS name, before, access, after
shot_\name:
	\before
access_\name:
	\access
	\after
	DONE \name
.endm

#include "tests/matrix/accesses_plain.inc"
#include "tests/matrix/accesses_string.inc"
#include "tests/matrix/accesses_vector.inc"
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
