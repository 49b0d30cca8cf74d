/* SPDX-License-Identifier: MIT */
#include "pks/pkrs.inc"

	.text
/*
 * void saved_edge(void): a context begins and ends, in the instructions of kernel/entry.S, which
 * the trap flag does not reach there. Interrupts off.
 */
	.globl saved_edge
saved_edge:
	PKRS_ENTER
	PKRS_EXIT
	ret
	.section .note.GNU-stack, "", @progbits
