// SPDX-License-Identifier: MIT
/*
 * Shows step by step why global mappings and rights of one context cannot be reconciled;
 * docs/PKS.md explains the same in words. What this cannot know: what happens in a kernel whose
 * kmap() callers nobody has checked.
 */
#define KTEST_SUITE "theory"

#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"

/* Two pages of one key: one is mapped and handed on, nobody uses the other. */
static struct prot_page mapped, other;

static bool begin(enum pks_mode mode, enum pks_scope scope)
{
	struct pks_policy policy = { mode, PKS_GATE_KMAPPED, scope };

	return EXPECT_EQ(pks_policy_set(policy), 0) &&
	       prot_pair_get(&mapped, &other, PKS_KEY_DEVMAP);
}

static void end(void)
{
	prot_pair_put(&mapped, &other);
}

static void expect_refused(void *arg)
{
	(void)arg;
	EXPECT_PAGE_FAULT(policy_write(mapped.va), PF_P | PF_W | PF_PK, mapped.va,
			  "the address was handed on, the right was not");
}

/* 1. An address can be handed on; a right cannot: it is in the running context's register. */
static void a_right_stays_with_its_context(void)
{
	struct pks_token token;

	if (!begin(PKS_MODE_STRICT, PKS_SCOPE_CONTEXT))
		return;
	token = pks_grant(PKS_KEY_DEVMAP, PKS_WRITE);
	EXPECT_NO_FAULT(policy_write(mapped.va), "the context that was granted the key");
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
		run_in(c, expect_refused, NULL);
	EXPECT_NO_FAULT(policy_write(mapped.va), "it still has the key");
	pks_revoke(token);
	end();
}
KTEST(a_right_stays_with_its_context, KT_PKS);

static void expect_both_writable(void *arg)
{
	(void)arg;
	EXPECT_NO_FAULT(policy_write(mapped.va), "the key is open to all");
	EXPECT_NO_FAULT(policy_write(other.va), "and so is every other page that carries it");
}

static void expect_both_refused(void *arg)
{
	expect_refused(arg);
	EXPECT_PAGE_FAULT(policy_write(other.va), PF_P | PF_W | PF_PK, other.va,
			  "nobody has it mapped");
}

/* 2. To hand on the right too, the key must be opened to all: then all its pages are. */
static void what_is_open_to_all_protects_nothing(void)
{
	if (!begin(PKS_MODE_SILENT, PKS_SCOPE_GLOBAL))
		return;
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
		run_in(c, expect_both_refused, NULL);
	kmap(mapped.page);
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
		run_in(c, expect_both_writable, NULL);
	kunmap(mapped.page);
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
		run_in(c, expect_both_refused, NULL);
	end();
}
KTEST(what_is_open_to_all_protects_nothing, KT_PKS);

static void use_and_lose(u32 member, void *arg)
{
	(void)arg;
	percpu_meet();
	EXPECT_NO_FAULT(policy_write(mapped.va), "the key is open to all");
	percpu_meet();
	if (member == 0)
		kunmap(mapped.page);
	percpu_meet();
	EXPECT_DENIED(&mapped);
}

/* 3. Closing it again must interrupt every CPU: the cost that keys were to avoid. */
static void closing_must_reach_every_cpu(void)
{
	if (!begin(PKS_MODE_SILENT, PKS_SCOPE_GLOBAL))
		return;
	kmap(mapped.page);
	percpu_run(use_and_lose, NULL);
	end();
}
KTEST(closing_must_reach_every_cpu, KT_PKS | KT_SMP);

static void expect_this_page_alone(void *arg)
{
	(void)arg;
	EXPECT_PAGE_FAULT(policy_write(other.va), PF_P | PF_W | PF_PK, other.va,
			  "nobody has it mapped");
	EXPECT_NO_FAULT(policy_write(mapped.va), "marked, so it is pardoned");
	EXPECT_DENIED(&other);
}

/* 4. A mark is global and opens nothing; a pardon is local and opens, here for one instruction. */
static void a_mark_is_global_and_a_pardon_is_not(void)
{
	if (!begin(PKS_MODE_SILENT, PKS_SCOPE_INSTRUCTION))
		return;
	kmap(mapped.page);
	for (enum test_context c = 0; c <= IN_NMI;
	     c++) { /* a machine check is not stepped: pks/policy/step.c */
		run_in(c, expect_this_page_alone, NULL);
		EXPECT_DENIED(&mapped);
	}
	kunmap(mapped.page);
	end();
}
KTEST(a_mark_is_global_and_a_pardon_is_not, KT_PKS);

static void map_for_oneself(void *arg)
{
	void *at = kmap_local_page(mapped.page);

	(void)arg;
	EXPECT_NO_FAULT(policy_write(at), "this context's own map");
	kunmap_local(at);
	EXPECT_DENIED(&mapped);
}

/* 5. If the page is handed on, not its address, each user opens it for itself. */
static void a_page_can_be_handed_over(void)
{
	if (!begin(PKS_MODE_STRICT, PKS_SCOPE_CONTEXT))
		return;
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
		run_in(c, map_for_oneself, NULL);
	end();
}
KTEST(a_page_can_be_handed_over, KT_PKS);
