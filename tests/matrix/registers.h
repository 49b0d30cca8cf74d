/* SPDX-License-Identifier: MIT */
/*
 * What the general registers hold before and after an instruction of the matrix (accesses.S), and
 * what its other operand in the scratch page is. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_REGISTERS_H
#define KEYWARD_TESTS_MATRIX_REGISTERS_H

#include "tests/matrix/machine.h"

struct registers {
	u64 rbx, rsi, rdi;
	u64 rsp; /* before it: 0 if the instruction uses no stack */
	u64 rcx; /* only after it */
};

/*
 * Returns what the shot's code finds, and fills its other operand in tables.scratch. `first`: for a
 * run's first accesses, whose operands lie elsewhere in that page.
 */
struct registers registers_before(const struct shot *s, bool first);

/*
 * Returns struct outcome's value: what the instruction left in registers. `vector` is the vector
 * register after it, for kinds with KF_VECTOR.
 */
u32 registers_value(u32 kind, const struct registers *before, const struct registers *after,
		    const void *vector);

#endif
