/* SPDX-License-Identifier: MIT */
/* Which cases a machine can make. Pure, by machine_can. */
#ifndef KEYWARD_TESTS_MATRIX_POSSIBLE_H
#define KEYWARD_TESTS_MATRIX_POSSIBLE_H

#include "tests/matrix/space.h"

/*
 * Fills in of each axis but AXIS_KIND a mask of the values that an ordinary process can make, for
 * plan_start(). False, and all bits, on a whole machine.
 */
bool process_values(u32 only[AXES]);

/* True if this machine has the instruction, and can make the access if it is a process. */
bool kind_possible(u32 kind);

/* True if this machine can run the case. */
bool case_possible(const struct mcase *c);

#endif
