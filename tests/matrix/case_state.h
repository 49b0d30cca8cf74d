/* SPDX-License-Identifier: MIT */
/*
 * The processor's state at the access of one case, as lines for a bug report: registers, the
 * instruction's bytes, the paging entries. tools/lib/bugreport.py reads them. One thread uses it.
 */
#ifndef KEYWARD_TESTS_MATRIX_CASE_STATE_H
#define KEYWARD_TESTS_MATRIX_CASE_STATE_H

#include "tests/matrix/machine.h"

/* Notes what only the machine knows. Call it after matrix_one(c), before another case runs. */
void case_state_note(const struct mcase *c, const struct outcome *o);

/*
 * Prints what was noted, and the entries as they were before the access. Writes the tables of the
 * matrix, so call it after matrix_pause(), when nothing uses them.
 */
void case_state_print(const struct mcase *c);

#endif
