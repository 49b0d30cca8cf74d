// SPDX-License-Identifier: MIT
/*
 * Kinds of kmap() users under every mode, gate and scope. What this cannot know: whether the real
 * drivers do what these small ones do.
 */
#define KTEST_SUITE "scenario"
#define KTEST_ORDER "55"

#include "tests/ktest.h"
#include "tests/scenario/scenario.h"

#define SCENARIO_TEST(id)                           \
	static void id(void)                        \
	{                                           \
		scenario_check_all(&scenario_##id); \
	}                                           \
	KTEST(id, KT_PKS);

SCENARIOS(SCENARIO_TEST)
