/* SPDX-License-Identifier: MIT */
/*
 * The outcome that the proposal's rules (docs/EXPERIMENTS.md) require for each access of a
 * scenario: written independently of pks/policy/policy.c, which the tests compare with it. Pure.
 */
#ifndef KEYWARD_TESTS_SCENARIO_RULE_H
#define KEYWARD_TESTS_SCENARIO_RULE_H

#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/options.h"

#define SCENARIO_USES 8

/* What entitles an access. */
enum use_by {
	BY_KMAP,      /* the page is kmapped; this context has no map of its own */
	BY_LOCAL,     /* this context has a local map of the page */
	BY_NEIGHBOUR, /* a stray, but this context has a local map of another page of the key */
	BY_NOBODY,    /* a stray: the page is not mapped now */
};

struct use {
	const char *what;
	enum use_by by;
	enum pks_access access;
	u8 after;           /* 1 + an earlier use that may have pardoned this context; 0: none */
	bool open;          /* some page of the range is kmapped at that time */
	const void *mapper; /* the driver's function that mapped the page; NULL: none */
};

enum outcome {
	OUTCOME_FREE,     /* no fault reaches the policy */
	OUTCOME_PARDONED, /* a fault does, and the access takes place */
	OUTCOME_DIES,
	OUTCOME_PASSES, /* the access takes place, with a fault or without: that depends on what
			   the CPU did before */
	OUTCOMES,
};

extern const char *const outcome_names[OUTCOMES];

/* Whether the driver means the access; the other kinds are its bugs. */
static inline bool use_is_intended(const struct use *use)
{
	return use->by == BY_KMAP || use->by == BY_LOCAL;
}

/* Returns the outcome that the rules require for uses[n]. */
enum outcome use_rule(struct pks_policy policy, const struct use *uses, u32 n);

#endif
