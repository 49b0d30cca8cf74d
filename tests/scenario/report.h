/* SPDX-License-Identifier: MIT */
/*
 * What the experiments read from scenarios: lines of the console and, with trace=on, a section of
 * the trace for each run. tools/experiments makes tables of them. Without trace=on all of this is
 * silent.
 */
#ifndef KEYWARD_TESTS_SCENARIO_REPORT_H
#define KEYWARD_TESTS_SCENARIO_REPORT_H

#include "tests/scenario/scenario.h"

/* What came of a use, and which of the late report's two hints would have named the mapper. */
struct use_seen {
	enum outcome outcome;
	bool backtrace, site;
};

/* What the rule expects goes out before the run, what was seen after it. Thread context. */
void report_begin(const struct scenario *s, struct pks_policy policy);
void report_end(const struct scenario *s, struct pks_policy policy, const struct use_seen *seen);

/* All runs of one scenario make one dump of the trace. Thread context. */
void report_all_begin(void);
void report_all_end(void);

/* What the early checks said of one run: alarms; pages that were kmapped; those of which a use of
 * them came late to the policy as well. */
struct early_seen {
	u64 kmap, page_address;
	u32 mapped, late;
};

void report_early(const struct scenario *s, const struct early_seen *seen);

#endif
