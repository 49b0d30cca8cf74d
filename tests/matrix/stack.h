/* SPDX-License-Identifier: MIT */
/*
 * What the instructions of KINDS_STACK do to the stack and its pointer. Each tests one operand; the
 * other, or the stack of those with KF_SCRATCH, lies in the scratch page. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_STACK_H
#define KEYWARD_TESTS_MATRIX_STACK_H

#include "tests/matrix/judge.h"

static inline bool kind_is_stack(u32 kind)
{
	return matrix_kinds[kind].flags & KF_STACK;
}

/* Bytes of a word of the stack in code of this mode. */
u32 stack_word(u32 mode);

/* The mode in which the code behind the access runs: RET and IRET can change it. */
u32 stack_landing(u32 kind, u32 mode);

/* Where the stack pointer is before the access, as seen from the operand; not for KF_SCRATCH. */
int stack_begin(u32 kind, u32 bytes);

/* By how much an access that is made moves the stack pointer. One that faults leaves it alone. */
int stack_moves(u32 kind, u32 mode, u32 bytes);

/*
 * Fills in what the operand holds before the access where that is not the pattern: addresses,
 * selectors, flags. `rsp`: what an IRET or RET to another stack loads; `first`: for the first
 * accesses of a run, which go on to other code.
 */
void stack_content(const struct mcase *c, u8 *operand, u64 rsp, bool first);

/* Does to the operand what the access does: operand_write() for these kinds. */
void stack_write(const struct mcase *c, u8 *operand);

/* Returns what the access leaves in RBX: value_read() for these kinds. */
u32 stack_value(const struct mcase *c);

/* Bytes of the largest operand of the stack. */
#define STACK_OPERAND_MAX 40

/*
 * Replaces what depends on the operand's address or is left to the CPU by what stack_content()
 * (with rsp = STACK_RSP) and stack_write() put there.
 */
#define STACK_RSP    0x70707070u /* the stack pointer of a frame, STACK_RSP_AT above the operand */
#define STACK_TOP    0x71717171u /* the address of the operand's end */
#define STACK_FRAME  0x72727272u /* ... of the word below: ENTER's new frame pointer */
#define STACK_RSP_AT 64
void stack_normalise(const struct mcase *c, u8 *operand, u64 address);

#endif
