// SPDX-License-Identifier: MIT
/* A pardon for one instruction, with each key that there is. */
#define KTEST_SUITE "step"

#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "tests/harness/fixture.h"

/* The key opens for the access alone, and no other key with it. */
static void expect_step(u32 key)
{
	struct pks_stats before = pks_stats;
	struct prot_page p;

	if (!prot_page_get(&p, key))
		return;
	EXPECT_EQ(policy_write(p.va).vector, FAULT_NONE);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_EQ(pks_stats.steps - before.steps, 1);
	EXPECT_EQ(pks_stats.step_ends - before.step_ends, 1);
	EXPECT_EQ(pks_stats.steps_wide - before.steps_wide, 0);
	prot_page_put(&p);
}

static void each_key_is_stepped(void)
{
	u32 owned = 0;

	policy_set(PKS_MODE_SILENT, PKS_GATE_ANY);
	policy_scope_set(PKS_SCOPE_INSTRUCTION);
	for (int key = pks_key_alloc("step"); key > 0; key = pks_key_alloc("step"))
		owned |= 1u << key;
	for (u32 key = PKS_KEYS - 1; key > 0; key--) {
		if (!EXPECT(pks_key_owner(key)))
			continue;
		expect_step(key);
		if (owned & 1u << key)
			EXPECT_EQ(pks_key_free(key), 0);
	}
}
KTEST(each_key_is_stepped, KT_ENFORCED);
