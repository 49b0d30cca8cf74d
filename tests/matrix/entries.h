/* SPDX-License-Identifier: MIT */
/*
 * What an access does to the entries of its translation, at every level. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_ENTRIES_H
#define KEYWARD_TESTS_MATRIX_ENTRIES_H

#include "tests/matrix/judge.h"
#include "tests/matrix/tables.h"

/* Where a case's entries are, and what they held before the access. */
struct entries {
	const volatile u64 *leaf, *above[ABOVE_MAX];
	u64 leaf_was, above_was[ABOVE_MAX];
	u32 count; /* of those above the leaf */
};

/* Finds the entries above the leaves of the row of `c`. */
void entries_find(struct entries *e, const struct mcase *c);

/* Takes down what the entries hold before the access by `leaf`, and fills `t` in after it. */
void entries_before(struct entries *e, const volatile u64 *leaf);
void entries_after(const struct entries *e, struct traces *t);

#endif
