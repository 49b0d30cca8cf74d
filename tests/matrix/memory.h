/* SPDX-License-Identifier: MIT */
/* What memory holds before an access, and what the access has left there. Pure. */
#ifndef KEYWARD_TESTS_MATRIX_MEMORY_H
#define KEYWARD_TESTS_MATRIX_MEMORY_H

#include "tests/matrix/judge.h"

/* Fills the operand, and some bytes on both sides of it, with MATRIX_PATTERN. */
void memory_fill(const struct mcase *c);

/*
 * Returns what memory holds now: a hash of an instruction's operand and of the bytes beside it, the
 * number of a frame's words that were written, or whether a descriptor is marked as accessed.
 */
u32 memory_read(const struct mcase *c);

/* Returns what memory_read() must return if the access was made (`done`) or not. */
u32 memory_after(const struct mcase *c, bool done);

/* Returns what an access that is made leaves in the register, for kinds with KF_VALUE. */
u32 value_read(const struct mcase *c);

#endif
