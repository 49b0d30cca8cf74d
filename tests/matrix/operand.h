/* SPDX-License-Identifier: MIT */
/* What an instruction makes of its operand. Pure. */
#ifndef KEYWARD_TESTS_MATRIX_OPERAND_H
#define KEYWARD_TESTS_MATRIX_OPERAND_H

#include "tests/matrix/judge.h"

/* The largest operand; bytes on each side of it that an access must leave alone. */
#define OPERAND_MAX 1024
#define GUARD       4

/* Does to the operand's bytes in `memory`, filled with MATRIX_PATTERN, what the access does. */
void operand_write(const struct mcase *c, u8 *memory);

/* Of a kind with KF_IMAGE: puts into `memory` what the operand is before the access. */
void operand_image(const struct mcase *c, u8 *memory);

/* operand_write() of KINDS_SYSTEM; false for all other kinds. */
bool operand_system(const struct mcase *c, u8 *memory);

#endif
