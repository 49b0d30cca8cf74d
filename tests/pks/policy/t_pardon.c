// SPDX-License-Identifier: MIT
/*
 * A pardon lasts to the end of its context, opens the whole key, and reaches no other context. What
 * this cannot know: how much time passes until that end.
 */
#define KTEST_SUITE "pardon"

#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/actor.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

/* A page that can be pardoned, and one of the same key that cannot. */
static struct prot_page marked, closed;

static bool pages_get(void)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!prot_pair_get(&marked, &closed, PKS_KEY_DEVMAP))
		return false;
	kmap(marked.page);
	return true;
}

static void pages_put(void)
{
	kunmap(marked.page);
	prot_pair_put(&marked, &closed);
}

/* Starts without access, is pardoned for a read, then has the key until it ends. */
static void be_pardoned(void *arg)
{
	u64 before = pks_stats.faults;

	(void)arg;
	EXPECT_DENIED(&marked);
	EXPECT_CLOSED(&closed);
	EXPECT_NO_FAULT(policy_read(marked.va), "pardoned");
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	EXPECT_ACCESSIBLE(&marked);
	EXPECT_NO_FAULT(probe_write(marked.va, 3), "a pardon for a read allows the write too");
	EXPECT_ACCESSIBLE(&closed);              /* the whole key: the proposal accepts that */
	EXPECT_EQ(pks_stats.faults - before, 2); /* EXPECT_CLOSED's and the pardon's */
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
}

static void lasts_to_the_end_of_its_context(void)
{
	if (!pages_get())
		return;
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		run_in(c, be_pardoned, NULL);
		EXPECT_DENIED(&marked); /* the interrupted context got nothing */
		EXPECT_RIGHTS(PKRS_INIT);
		run_in(c, be_pardoned, NULL); /* the next context of this kind starts denied */
	}
	pages_put();
}
KTEST(lasts_to_the_end_of_its_context, KT_PKS | KT_STRESS);

static void expect_denied_here(void *arg)
{
	(void)arg;
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_DENIED(&marked);
}

static void reaches_no_nested_context(void)
{
	if (!pages_get())
		return;
	EXPECT_NO_FAULT(policy_write(marked.va), "pardoned");
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		run_in(c, expect_denied_here, NULL);
		EXPECT_ACCESSIBLE(&marked);
	}
	pages_put();
}
KTEST(reaches_no_nested_context, KT_PKS | KT_STRESS);

/* Each level is pardoned after the levels nested in it have ended, the innermost first. */
static void pardon_at_each_level(void *arg)
{
	static const enum test_context nested[] = { IN_SOFTIRQ, IN_INTERRUPT, IN_EXCEPTION, IN_NMI,
						    IN_MC };
	u32 level = (u32)(u64)arg;

	EXPECT_DENIED(&marked);
	if (level < ARRAY_SIZE(nested))
		run_in(nested[level], pardon_at_each_level, (void *)(u64)(level + 1));
	EXPECT_DENIED(&marked);
	EXPECT_NO_FAULT(policy_read(marked.va), "pardoned");
	EXPECT_ACCESSIBLE(&marked);
}

static void pardons_nest(void)
{
	if (!pages_get())
		return;
	pardon_at_each_level(NULL);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	pages_put();
}
KTEST(pardons_nest, KT_PKS | KT_STRESS);

static void pardon_here(void *arg)
{
	(void)arg;
	EXPECT_NO_FAULT(policy_write(marked.va), "pardoned");
}

static void expect_accessible_here(void *arg)
{
	(void)arg;
	EXPECT_ACCESSIBLE(&marked);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
}

static void reaches_no_other_thread(void)
{
	struct actor a, b;

	if (!pages_get() || !actor_start(&a, "pardoned") || !actor_start(&b, "other"))
		return;
	actor_do(&b, expect_denied_here, NULL);
	actor_do(&a, pardon_here, NULL);
	actor_do(&b, expect_denied_here, NULL);
	run_in(IN_THREAD, expect_denied_here, NULL); /* a new thread */
	EXPECT_DENIED(&marked);
	actor_do(&a, expect_accessible_here, NULL);
	actor_do(&b, pardon_here, NULL);
	actor_end(&a);
	actor_do(&b, expect_accessible_here, NULL); /* a's end did not end b's pardon */
	run_in(IN_THREAD, expect_denied_here, NULL);
	actor_end(&b);
	EXPECT_DENIED(&marked);
	pages_put();
}
KTEST(reaches_no_other_thread, KT_PKS | KT_STRESS);

static int look_after_exit(void *arg)
{
	if (arg)
		pardon_here(NULL);
	else
		expect_denied_here(NULL);
	return 0;
}

static void ends_with_its_thread(void)
{
	if (!pages_get())
		return;
	for (u64 i = 0; i < 10; i++) { /* alternately, on the same stack */
		struct thread *t = thread_create("alternate", look_after_exit, (void *)(i & 1));

		REQUIRE(t);
		EXPECT(!thread_join(t).died);
	}
	pages_put();
}
KTEST(ends_with_its_thread, KT_PKS | KT_STRESS);

static bool stop;

static int disturb(void *arg)
{
	(void)arg;
	while (!smp_load_acquire(&stop)) {
		pks_grant(KEY_A, PKS_WRITE);
		thread_yield();
		EXPECT_DENIED(&marked);
		EXPECT_RIGHTS(WITH_KEY(KEY_A));
	}
	return 0;
}

static void survives_switches_sleep_and_ticks(void)
{
	struct thread *t;

	if (!pages_get())
		return;
	stop = false;
	t = thread_create("disturber", disturb, NULL);
	REQUIRE(t);
	pardon_here(NULL);
	for (u32 i = 0; i < 10 + ktest_rounds() / 20; i++) {
		thread_yield();
		EXPECT_ACCESSIBLE(&marked);
		spin_ns(10000);
		EXPECT_ACCESSIBLE(&marked);
		if (i % 8 == 0)
			thread_sleep(1000);
		EXPECT_ACCESSIBLE(&marked);
		EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	}
	stop = true;
	thread_join(t);
	pages_put();
}
KTEST(survives_switches_sleep_and_ticks, KT_PKS | KT_STRESS);

/* A token restores what its grant found, with or without a pardon in between. */
static void grants_around_a_pardon(void)
{
	struct pks_token token;

	if (!pages_get())
		return;
	token = pks_grant(PKS_KEY_DEVMAP, PKS_READ);
	pardon_here(NULL); /* the write needs it */
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	pks_revoke(token);
	EXPECT_DENIED(&marked);
	pardon_here(NULL);
	token = pks_grant(PKS_KEY_DEVMAP, PKS_WRITE);
	pks_revoke(token);
	EXPECT_ACCESSIBLE(&marked);
	pks_set_noaccess(PKS_KEY_DEVMAP);
	EXPECT_DENIED(&marked);
	pages_put();
}
KTEST(grants_around_a_pardon, KT_PKS);
