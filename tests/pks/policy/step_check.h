/* SPDX-License-Identifier: MIT */
/* What the tests of pardons for one instruction share. */
#ifndef KEYWARD_TESTS_PKS_POLICY_STEP_CHECK_H
#define KEYWARD_TESTS_PKS_POLICY_STEP_CHECK_H

#include "tests/harness/fixture.h"

#define STEP_ORDER 3
#define STEP_FREE  6 /* pages below the two protected ones: a stack fits in */

/*
 * Side by side: ordinary pages, a marked page of PKS_KEY_DEVMAP at `a`, one of another key at `b`.
 * One test at a time.
 */
struct step_area {
	struct page *pages;
	u64 a, b;
	u32 key_b;
};
extern struct step_area area;

/* False: the test has failed. The mode is SILENT, the scope INSTRUCTION. Thread context. */
bool step_area_get(void);
void step_area_put(void);

/* A word of the area, whatever the caller's rights. Any context. */
u64 step_peek(u64 va);
void step_poke(u64 va, u64 value);

/*
 * Since the last call, or step_area_get(): so many pardons for one instruction, for so many
 * instructions, and so many that were as wide as the context. Nothing is pending, the trap flag is
 * clear, and the rights are `rights`.
 */
#define EXPECT_STEPPED(pardons, insns, wide) \
	expect_stepped(__FILE__, __LINE__, (pardons), (insns), (wide), PKRS_INIT)
bool expect_stepped(const char *file, int line, u64 pardons, u64 insns, u64 wide, u32 rights);

#endif
