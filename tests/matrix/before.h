/* SPDX-License-Identifier: MIT */
/*
 * The access before the one under test, which a TLB may remember (AXIS_TLB).
 */
#ifndef KEYWARD_TESTS_MATRIX_BEFORE_H
#define KEYWARD_TESTS_MATRIX_BEFORE_H

#include "tests/matrix/machine.h"

/*
 * Makes the access before the change that AXIS_TLB names, then the change. `now` and `control` are
 * those of the access under test; `o` is overwritten. In the matrix's state.
 */
void shoot_before(const struct mcase *c, const struct shot *now, const struct control *control,
		  struct outcome *o);

#endif
