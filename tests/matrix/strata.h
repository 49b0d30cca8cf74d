/* SPDX-License-Identifier: MIT */
/* The parts of the space, and how many rows a slice draws of each: a table for plan.c. Pure. */
#ifndef KEYWARD_TESTS_MATRIX_STRATA_H
#define KEYWARD_TESTS_MATRIX_STRATA_H

#include "tests/matrix/choice.h"
#include "tests/matrix/plan.h"

/* A run of values of one axis. */
struct range {
	u8 axis, first, count;
};

/* Beside the kinds of a stratum: */
#define TWO_KEYS    0x80u /* a row has two keys, not all: so many more rows cost the same */
#define TURNS(axes) ((axes) << 8u) /* so many axes take turns with the kinds; else one */

#define RANGES 14
struct stratum {
	u32 draws[SLICES]; /* per state of the control registers */
	u32 kinds;         /* an enum choice, perhaps with TWO_KEYS and TURNS() */
	struct range ranges[RANGES];
};
static inline enum choice stratum_choice(const struct stratum *s)
{
	return s->kinds & (TWO_KEYS - 1);
}

static inline u32 stratum_turns(const struct stratum *s)
{
	return MAX(s->kinds / TURNS(1), 1U);
}

extern const struct stratum strata[];
extern const u32 strata_count;

#endif
