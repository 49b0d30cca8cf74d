/* SPDX-License-Identifier: MIT */
/*
 * The accesses, one per kind. The same bytes run as 64-bit and as 32-bit code: at CPL 0 in the
 * kernel's mapping, at CPL 3 at VA_TEXT. RDI: the address; RBX: the operand, or what is read; RSI:
 * MATRIX_PATTERN, or what a string instruction needs.
 *
 * runs.S includes this file with RUN_PASS defined: a second copy, at VA_RUN_TEXT, whose accesses
 * end in run_switch instead of an INT.
 */
#include "kernel/cpu/x86.h"
#include "tests/matrix/home.h"
#include "tests/matrix/kinds.h"

	.text
	.balign 4096
#ifdef RUN_PASS
	.globl matrix_run_text
matrix_run_text:

.macro DONE name
	.byte 0xe9 /* JMP rel32 */
	.long run_switch - . - 4
end_\name:
.endm
#else
	.globl matrix_text
matrix_text:

.macro DONE name
	int $VECTOR_DONE
end_\name:
.endm
#endif

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

#ifdef RUN_PASS
#include "tests/matrix/run_switch.inc"
#define TEXT_END matrix_run_text_end
#define SHOTS    matrix_run_shots
#else
#define TEXT_END matrix_text_end
#define SHOTS    matrix_shots
#endif

	.balign 4096
	.globl TEXT_END
TEXT_END:

	.section .rodata
	.balign 8
	.globl SHOTS
SHOTS: /* in the order of enum kind; rows may share their code */
#define ROW(id, label, ...) .quad shot_##label, access_##label, end_##label;
	MATRIX_KINDS(ROW)
	.section .note.GNU-stack, "", @progbits
