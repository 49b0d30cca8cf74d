/* SPDX-License-Identifier: MIT */
/* What memory holds before an access, and what the access has left there. Pure. */
#ifndef KEYWARD_TESTS_MATRIX_MEMORY_H
#define KEYWARD_TESTS_MATRIX_MEMORY_H

#include "tests/matrix/judge.h"

void memory_fill(const struct mcase *c);

/*
 * What is there: of an instruction its operand, of a frame how many of its words were written, of a
 * descriptor whether it is marked.
 */
u32 memory_read(const struct mcase *c);

/* What memory_read() finds if the access was made, and if it was not. */
u32 memory_after(const struct mcase *c, bool done);

#endif
