/* SPDX-License-Identifier: MIT */
/*
 * Which cases a slice holds. The whole space has some 10^10, so a slice is a sample: for each of
 * the 96 states of the control registers, evenly spread rows of each stratum. No case comes
 * twice. tests/host/t_plan.c counts that no pair of values of two axes is left out. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_PLAN_H
#define KEYWARD_TESTS_MATRIX_PLAN_H

#include "tests/matrix/space.h"

enum slice { SLICE_EVERYDAY, SLICE_FULL };

struct plan {
	enum slice slice;
	u32 state, stratum;  /* where the walk is */
	u64 index, position; /* in the stratum: how many are done, and the number drawn */
	u32 keys;            /* of the row just given: a mask of values of AXIS_KEY */
	u64 done, total;     /* rows drawn, valid or not, for the progress */
};

void plan_start(struct plan *p, enum slice slice);

/* The next row, see row_case(); false at the end. States come in runs. */
bool plan_next(struct plan *p, struct mcase *row);

#endif
