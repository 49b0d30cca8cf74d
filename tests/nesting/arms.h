/* SPDX-License-Identifier: MIT */
/*
 * Ways to grant the running context a key and to revoke it, compared by how they nest:
 *
 *   plain   a grant sets the key's rights, a revoke clears them
 *   count   a count for each context and key: no grant narrows, the last revoke closes
 *   counts  the same with two counts, of readers and of writers
 *   token   pks_grant() and pks_revoke() of the kernel: a revoke restores what its grant found
 *
 * Counts belong to contexts as in kernel/cpu/local.h: one set for a thread and its exceptions, one
 * each for softirq, interrupt and NMI.
 */
#ifndef KEYWARD_TESTS_NESTING_ARMS_H
#define KEYWARD_TESTS_NESTING_ARMS_H

#include "pks/rights.h"

/* What a grant returns and its revoke takes. */
struct arm_hold {
	u32 key;
	enum pks_access access;
	struct pks_token token;
};

struct arm {
	const char *name;
	struct arm_hold (*grant)(u32 key, enum pks_access access);
	/* False: the arm sees that nothing is granted, and changes nothing. */
	bool (*revoke)(struct arm_hold hold);
};

#define ARMS 4
extern const struct arm arms[ARMS];

/* Sets all counts to 0. Thread context, while no other thread uses an arm. */
void arms_reset(void);

#endif
