/* SPDX-License-Identifier: MIT */
/*
 * Runs the matrix on a machine, by rows or single cases, and sorts divergences into classes. One
 * thread at a time; no other context touches what is here.
 */
#ifndef KEYWARD_TESTS_MATRIX_RUN_H
#define KEYWARD_TESTS_MATRIX_RUN_H

#include "tests/matrix/classes.h"
#include "tests/matrix/corners.h"
#include "tests/matrix/plan.h"

struct matrix {
	struct classes classes;
	u64 cases, divergent;
	u64 rule_cases[RULES];
	corner_counts corner;
	/* Called for each divergent case, if set. */
	void (*on_divergence)(const struct mcase *c, const struct mismatch *m);
	u64 from; /* rows before this one are left out; they count from 1 in a slice */
	/* If set, called before each row with NULL, but in row `from` before each case, with it. */
	void (*announce)(u64 row, const struct mcase *c);
};

/* Runs, counts and classifies a row's cases: those whose value of AXIS_KEY is in the mask. */
void matrix_row(struct matrix *m, const struct mcase *row, u32 keys);

/* Runs one case; the mismatch is empty if all is as expected. Counts nothing; outcome may be NULL.
 */
struct mismatch matrix_one(const struct mcase *c, struct outcome *outcome);

/* Leaves the matrix's state, in which the two above return. Call it before other code runs. */
void matrix_pause(void);

/*
 * Runs a slice. Calls `progress`, if set, now and then, outside of the matrix's state, with the row
 * that is next.
 */
void matrix_run(struct matrix *m, enum slice slice, void (*progress)(u32 percent, u64 row));

/* Returns the case that is being made, or NULL: for what stops the matrix. Async-safe. */
const struct mcase *matrix_under_way(void);

#endif
