/* SPDX-License-Identifier: MIT */
#include "pks/pkrs.inc"

	.text
/*
 * void saved_edge(void): enters and leaves a context with the instructions of kernel/entry.S, where
 * the trap flag does not reach. Interrupts off.
 */
	.globl saved_edge
saved_edge:
	PKRS_ENTER
	PKRS_EXIT
	ret
	.section .note.GNU-stack, "", @progbits
