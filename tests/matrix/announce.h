/* SPDX-License-Identifier: MIT */
/*
 * Names the case that is made next, or is being made, on the console: for tools/run, if the machine
 * dies of it. Called outside of the matrix's state.
 */
#ifndef KEYWARD_TESTS_MATRIX_ANNOUNCE_H
#define KEYWARD_TESTS_MATRIX_ANNOUNCE_H

#include "tests/matrix/space.h"

/* Prints "# row 12 case NAME", or "# row 12" without a case. */
void announce_case(u64 row, const struct mcase *c);

/* Prints "# case NAME checks RULE RULE ...": the rules that the case can break. */
void announce_checks(const struct mcase *c);

/* The same of the case that is being made; nothing if there is none. Also while panicking. */
void announce_under_way(void);

#endif
