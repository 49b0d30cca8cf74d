/* SPDX-License-Identifier: MIT */
/*
 * What must come of one access of a scenario: the proposal's rules (docs/EXPERIMENTS.md), written
 * a second time and apart from pks/policy/policy.c, which is judged by them. Pure.
 */
#ifndef KEYWARD_TESTS_SCENARIO_RULE_H
#define KEYWARD_TESTS_SCENARIO_RULE_H

#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/options.h"

#define SCENARIO_USES 8

/* By what an access is entitled. */
enum use_by {
	BY_KMAP,      /* somebody has the page kmapped; this context has no map of its own */
	BY_LOCAL,     /* this context has mapped it for itself */
	BY_NEIGHBOUR, /* a stray, but this context has another page of the key mapped for itself */
	BY_NOBODY,    /* a stray: nobody has this page mapped now */
};

struct use {
	const char *what;
	enum use_by by;
	enum pks_access access;
	u8 after;  /* 1 + the use by which this same context may have been pardoned; 0: none */
	bool open; /* some page of the range is kmapped at the time, this one or another */
	const void *mapper; /* the driver's function that made the mapping; NULL: none */
};

enum outcome {
	OUTCOME_FREE,     /* no fault reaches the policy */
	OUTCOME_PARDONED, /* one does, and the access takes place */
	OUTCOME_DIES,
	OUTCOME_PASSES, /* the access takes place; whether by a fault depends on the processor's
			   past */
	OUTCOMES,
};

extern const char *const outcome_names[OUTCOMES];

/* The access is what a driver wants; the others are errors of its. */
static inline bool use_is_intended(const struct use *use)
{
	return use->by == BY_KMAP || use->by == BY_LOCAL;
}

/* What must come of uses[n]. */
enum outcome use_rule(struct pks_policy policy, const struct use *uses, u32 n);

#endif
