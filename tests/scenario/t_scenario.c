// SPDX-License-Identifier: MIT
/*
 * Kinds of kmap() users under every mode, gate and scope. What this cannot know: whether the real
 * drivers do what these small ones do.
 */
#define KTEST_SUITE "scenario"

#include "tests/harness/ktest.h"
#include "tests/scenario/scenario.h"

#define SCENARIO_TEST(id)                           \
	static void id(void)                        \
	{                                           \
		scenario_check_all(&scenario_##id); \
	}                                           \
	KTEST(id, KT_PKS);

SCENARIOS(SCENARIO_TEST)

/* What comes late to the policy was seen early, and more than that. */
static void early_sees_all_that_is_late(void)
{
	for (u32 i = 0; i < SCENARIO_COUNT; i++)
		scenario_check_early(scenarios[i]);
}
KTEST(early_sees_all_that_is_late, KT_PKS);
