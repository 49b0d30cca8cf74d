/* SPDX-License-Identifier: MIT */
/* Shared by the tests of pardons for one instruction. */
#ifndef KEYWARD_TESTS_PKS_POLICY_STEP_CHECK_H
#define KEYWARD_TESTS_PKS_POLICY_STEP_CHECK_H

#include "tests/harness/fixture.h"

#define STEP_ORDER 3
#define STEP_FREE  6 /* pages below the two protected ones, room for a stack */

/*
 * Adjacent pages: STEP_FREE ordinary ones, a marked page of PKS_KEY_DEVMAP at `a`, a marked page of
 * another key at `b`. One test at a time.
 */
struct step_area {
	struct page *pages;
	u64 a, b;
	u32 key_b;
};
extern struct step_area area;

/* Sets up area, mode SILENT and scope INSTRUCTION. False: the test has failed. Thread context. */
bool step_area_get(void);
void step_area_put(void);

/* Read and write a word of the area, whatever the caller's rights. Any context. */
u64 step_peek(u64 va);
void step_poke(u64 va, u64 value);

/*
 * Checks the counts since the last check or step_area_get(): `pardons` for one instruction,
 * `insns` instructions that had some, and pardons for the rest of the context. Also checks that no
 * step is pending, TF is clear and the rights are `rights`.
 */
#define EXPECT_STEPPED(pardons, insns, for_context) \
	expect_stepped(__FILE__, __LINE__, (pardons), (insns), (for_context), PKRS_INIT)
bool expect_stepped(const char *file, int line, u64 pardons, u64 insns, u64 for_context,
		    u32 rights);

#endif
