/* SPDX-License-Identifier: MIT */
/* Which tests the command line leaves: by tests=, from= and until=, in the order of the image. */
#ifndef KEYWARD_TESTS_HARNESS_SELECTION_H
#define KEYWARD_TESTS_HARNESS_SELECTION_H

#include "tests/harness/ktest.h"

/* Writes SUITE.TEST, or SUITE.TEST+tick for the test under a fast tick. */
void test_name(char *name, size_t size, const struct ktest *t, bool stress);

/* True if tests= selects the test. One that fails on purpose wants tests= to begin with its suite.
 */
bool test_selected(const struct ktest *t, bool stress);

/*
 * Return the first test that from= leaves, and the end of those that until= leaves. If either names
 * no suite, none are left.
 */
const struct ktest *tests_begin(void);
const struct ktest *tests_end(void);

/* Returns the first test after `t` that belongs to another suite. */
const struct ktest *suite_end(const struct ktest *t);

/* Returns how many of these tests tests= selects; one that runs under the tick too counts twice. */
u32 count_selected(const struct ktest *from, const struct ktest *to);

#endif
