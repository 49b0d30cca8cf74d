/* SPDX-License-Identifier: MIT */
/*
 * A campaign: stray writes while a store works. The rule (tests/stray/rule.h) says of each what
 * must become of it. One campaign at a time.
 */
#ifndef KEYWARD_TESTS_STRAY_CAMPAIGN_H
#define KEYWARD_TESTS_STRAY_CAMPAIGN_H

#include "tests/stray/victim.h"

/* What became of the stray writes. */
struct stray_counts {
	u64 attempted, refused;
	u64 landed;     /* but for those of the next line */
	u64 landed_own; /* in the open window of the context that made them */
	u64 stale;      /* of those that landed: with no window open, by what a TLB has kept */
	u64 partly;     /* of those refused: bytes went to the buffer that they began in */
	u64 deaths;     /* of those refused: they ended a thread */
	u64 in_window;  /* of these: a window was open */
	u64 by[STRAY_BYS], kind[STRAY_KINDS];
};

/* How many have landed on the store. */
static inline u64 stray_harmful(const struct stray_arm *arm, const struct stray_counts *counts)
{
	return counts->landed + (arm->own_at_store ? counts->landed_own : 0);
}

struct campaign {
	const struct stray_arm *arm;
	u64 seed, count;
	struct stray_counts counts;
	struct victim victim;
};

/*
 * Plays c->count stray writes under c->arm; the range is the caller's. The store is as they have
 * left it. Thread context, pinned.
 */
void campaign_play(struct campaign *c);

#endif
