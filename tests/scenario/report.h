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
void report_begin(const struct scenario *s, struct rule_policy policy);
void report_end(const struct scenario *s, struct rule_policy policy, const struct use_seen *seen);

#endif
