/* SPDX-License-Identifier: MIT */
/*
 * The results of a run: prints each as KTAP, counts it, and keeps what is no pass for the codes
 * (kernel/console/results.h). For the thread that runs the tests alone.
 */
#ifndef KEYWARD_TESTS_HARNESS_RESULT_H
#define KEYWARD_TESTS_HARNESS_RESULT_H

#include "tests/harness/ktest.h"

struct result {
	const char *suite, *name;
	enum ktest_status status;
	const char *reason; /* of a skip or an error */
	const char *first;  /* the first diagnostic line of a failure, or "" */
};

/* Begins a run: all counts are 0. */
void result_begin(void);

/* Takes the result with this number in its suite. */
void result_print(const struct result *r, u32 number);

/* Returns how many tests have failed or are wrong. */
u32 result_bad(void);

/* Prints the totals, the last line of a run, and above it what a screen should show last. */
void result_totals(void);

#endif
