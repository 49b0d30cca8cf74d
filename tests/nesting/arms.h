/* SPDX-License-Identifier: MIT */
/*
 * Ways to give the running context a key and to take it back, for comparison: does anything nest?
 *
 *   plain   grant sets the key's rights, revoke sets none
 *   count   a count for each context and key: a grant never narrows, the last revoke closes
 *   counts  the same with two counts, of those who read and of those who write
 *   token   the kernel's pks_grant() and pks_revoke(): a revoke puts back what its grant found
 *
 * Counts are kept where a context keeps what it has (kernel/cpu/local.h): one set for a thread with
 * its exceptions, one for each of softirq, interrupt, NMI.
 */
#ifndef KEYWARD_TESTS_NESTING_ARMS_H
#define KEYWARD_TESTS_NESTING_ARMS_H

#include "pks/rights.h"

/* What a revoke gets back: who granted what. */
struct arm_hold {
	u32 key;
	enum pks_access access;
	struct pks_token token;
};

struct arm {
	const char *name;
	struct arm_hold (*grant)(u32 key, enum pks_access access);
	/* False: there is nothing to take back, and the arm says so. */
	bool (*revoke)(struct arm_hold hold);
};

#define ARMS 4
extern const struct arm arms[ARMS];

/* All counts are 0 again. Thread context, while no other uses an arm. */
void arms_reset(void);

#endif
