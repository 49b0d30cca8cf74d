/* SPDX-License-Identifier: MIT */
/*
 * Output of the scenarios for tools/experiments, which makes tables of it: with trace=on, lines on
 * the console and a section of the trace for each run; without trace=on, nothing.
 */
#ifndef KEYWARD_TESTS_SCENARIO_REPORT_H
#define KEYWARD_TESTS_SCENARIO_REPORT_H

#include "mm/kmap/kmap_check.h"
#include "tests/scenario/scenario.h"

/* The outcome of a use, and which of a late report's two hints would name the mapper. */
struct use_seen {
	enum outcome outcome;
	bool backtrace, site;
};

/* Print what the rule expects before a run, and what came after it. Thread context. */
void report_begin(const struct scenario *s, struct pks_policy policy);
void report_end(const struct scenario *s, struct pks_policy policy, const struct use_seen *seen);

/* Clear the trace before a scenario's runs, and dump it after them. Thread context. */
void report_all_begin(void);
void report_all_end(void);

/* The kmap check in one run: its warnings by kind, pages kmapped, and those that faulted later. */
struct kmap_check_seen {
	u64 kmap, page_address;
	u32 mapped, late;
};

void report_kmap_check(const struct scenario *s, const struct kmap_check_seen *seen);

#endif
