/* SPDX-License-Identifier: MIT */
/* What memory holds before an access, and what the access has left there. Pure. */
#ifndef KEYWARD_TESTS_MATRIX_MEMORY_H
#define KEYWARD_TESTS_MATRIX_MEMORY_H

#include "tests/matrix/judge.h"

/* Fills the operand, and some bytes on both sides of it, with MATRIX_PATTERN. */
void memory_fill(const struct mcase *c);

/*
 * Returns what memory holds now: a hash of an instruction's operand and of the bytes beside it (of
 * a span: one of its lower page in bits 15:0, one of the upper page in bits 31:16), the number of a
 * frame's words that were written, or whether a descriptor is marked as accessed.
 */
u32 memory_read(const struct mcase *c);

/* Returns what memory_read() must return if the access was made (`done`) or not. */
u32 memory_after(const struct mcase *c, bool done);

/* Likewise of a repeated string access that was made for its first `elements` alone. */
u32 memory_after_part(const struct mcase *c, u32 elements);

/* Returns what an access that is made leaves in the register, for kinds with KF_VALUE. */
u32 value_read(const struct mcase *c);

/* ... and what one that is denied leaves there. */
u32 value_unread(const struct mcase *c);

#endif
