/* SPDX-License-Identifier: MIT */
/* The part of the space that has runs (AXIS_TLB: TLB_RUN to TLB_RUN_WRITE). Pure. */
#ifndef KEYWARD_TESTS_MATRIX_SPACE_RUN_H
#define KEYWARD_TESTS_MATRIX_SPACE_RUN_H

#include "tests/matrix/space.h"

/* True if the run exists: all that is not a key permits its first accesses. */
bool run_valid(const struct mcase *c);

/*
 * Returns IA32_PKRS (or PKRU, if `pkru`) before a run's change; `value`: after it. Only the
 * register that rules the page changes, so that no write of the other one can make anything be
 * forgotten. Cases that are no runs keep the value.
 */
u32 run_before(const struct mcase *c, u32 value, bool pkru);

/* Returns rights of before, under which the first accesses are permitted; others than `r`, if any.
 */
u32 run_rights_before(const struct mcase *c, u32 r);

#endif
