/* SPDX-License-Identifier: MIT */
/*
 * Which cases a slice holds. The whole space has some 10^10, so a slice samples spread rows of each
 * stratum, for each of the 96 states of the control registers, more for those in which keys deny
 * more. No case comes twice, and no pair of values of two axes is left out, but in the brief slice,
 * which has each single value and each rule (tests/host/t_plan.c counts all this). Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_PLAN_H
#define KEYWARD_TESTS_MATRIX_PLAN_H

#include "tests/matrix/space.h"

enum slice { SLICE_BRIEF, SLICE_WHOLE, SLICE_FULL, SLICES };

#define PLAN_STATES (2 * 3 * 4 * 2 * 2) /* of AXIS_LEVELS, _SMAP, _PKU, _PKS, _WP */

struct plan {
	enum slice slice;
	u32 states;                   /* of the control registers */
	u32 weights[PLAN_STATES + 1]; /* of the first n states together */
	u32 state, stratum;           /* where the walk is */
	u32 kind_count;               /* of the stratum, */
	u8 kinds[KINDS];              /* and which */
	bool had[KINDS];              /* a row of this kind has come */
	u64 drawn;                    /* rows of the stratum that the states before this one drew */
	u64 index;                    /* rows of the stratum that this state drew */
	u32 keys;                     /* of the row just returned: a mask of values of AXIS_KEY */
	u64 done, total;              /* rows drawn, valid or not, for the progress */
	const u32 *only;              /* see plan_start() */
};

/*
 * Begins a slice. `only` has of each axis but AXIS_KIND a mask of the values that rows may have; it
 * must outlive the plan. No value from the 32nd on is in it; strata are left out that do not name
 * an axis whose first value is not in it. The kinds are then those of kind_possible(). NULL: rows
 * may have any value and kind.
 */
void plan_start(struct plan *p, enum slice slice, const u32 *only);

/* Returns the next row (see row_case()); false at the end. Rows of one state are consecutive. */
bool plan_next(struct plan *p, struct mcase *row);

#endif
