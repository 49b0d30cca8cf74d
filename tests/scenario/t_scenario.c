// SPDX-License-Identifier: MIT
/*
 * Kinds of kmap() users under every mode, gate and scope. What this cannot know: whether real
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

/* The kmap check warns about every kmapped page that faults later, and about others. */
static void the_kmap_check_sees_all_late_faults(void)
{
	for (u32 i = 0; i < SCENARIO_COUNT; i++)
		scenario_kmap_check(scenarios[i]);
}
KTEST(the_kmap_check_sees_all_late_faults, KT_PKS);
