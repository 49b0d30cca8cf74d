// SPDX-License-Identifier: MIT
/*
 * Each kind of context starts with the initial rights and restores those of the context that it
 * interrupted. What this cannot know: what a device's interrupt at a given instruction does;
 * t_nmi.c puts traps there, and the +tick runs only make interrupts likely.
 */
#define KTEST_SUITE "contexts"

#include "kernel/exception.h"
#include "kernel/sched.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "kernel/work.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

/* Rights that a context may hold: wider than the initial ones, narrower, and both. */
static const u32 holdings[] = {
	PKRS_INIT,
	WITH_KEY(PKS_KEY_DEVMAP),
	PKRS_INIT & ~(1u << 2 * KEY_A),             /* read, not write */
	PKRS_INIT | PKS_NOACCESS << 2 * PKS_KEY_RO, /* narrower */
	(WITH_KEY(KEY_A) & WITH_KEY(KEY_B)) | 1u << 2 * PKS_KEY_RO,
	0,
};

static void expect_initial(void *arg)
{
	(void)arg;
	EXPECT_RIGHTS(PKRS_INIT);
}

static void each_starts_with_the_initial_rights(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(holdings); i++) {
		rights_set(holdings[i]);
		for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
			run_in(c, expect_initial, NULL);
		EXPECT_RIGHTS(holdings[i]);
	}
}
KTEST(each_starts_with_the_initial_rights, KT_PKS | KT_STRESS);

static void meddle(void *arg)
{
	rights_set(*(u32 *)arg);
	EXPECT_RIGHTS(*(u32 *)arg);
}

static void each_restores_what_it_interrupted(void)
{
	static u32 inner[] = { 0, 0xfffffffc, WITH_KEY(KEY_C), PKRS_INIT };

	for (u32 i = 0; i < ARRAY_SIZE(holdings); i++) {
		rights_set(holdings[i]);
		for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
			run_in(c, meddle, &inner[(i + c) % ARRAY_SIZE(inner)]);
			EXPECT_RIGHTS(holdings[i]);
		}
	}
}
KTEST(each_restores_what_it_interrupted, KT_PKS | KT_STRESS);

static void expect_page_denied(void *arg)
{
	EXPECT_DENIED((struct prot_page *)arg);
}

static void grant_here(void *arg)
{
	pks_grant(PKS_KEY_DEVMAP, PKS_WRITE);
	EXPECT_ACCESSIBLE((struct prot_page *)arg);
}

static void memory_obeys_the_context(void)
{
	struct prot_page p;

	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		struct pks_token token;

		run_in(c, grant_here, &p);
		EXPECT_DENIED(&p); /* a context on top widens nothing */
		token = pks_grant(PKS_KEY_DEVMAP, PKS_WRITE);
		run_in(c, expect_page_denied, &p);
		EXPECT_NO_FAULT(probe_write(p.va, c), "a grant outlasts the context on top");
		pks_revoke(token);
	}
	prot_page_put(&p);
}
KTEST(memory_obeys_the_context, KT_PKS | KT_STRESS);

/* Nested contexts, outermost first; each opens a key of its own and keeps it open. */
struct chain {
	u32 level, n;
	enum test_context kind[TEST_CONTEXTS];
};

static void descend(void *arg)
{
	struct chain *chain = arg;
	u32 level = chain->level++, key = PKS_KEY_FIRST_DYNAMIC + level;

	EXPECT_RIGHTS(PKRS_INIT);
	pks_grant(key, PKS_WRITE);
	if (level < chain->n)
		run_in(chain->kind[level], descend, chain);
	EXPECT_RIGHTS(WITH_KEY(key));
}

static void contexts_nest(void)
{
	static const struct chain chains[] = {
		{ 0, 3, { IN_EXCEPTION, IN_SOFTIRQ, IN_INTERRUPT } },
		{ 0, 2, { IN_INTERRUPT, IN_NMI } },
		{ 0, 2, { IN_NMI, IN_EXCEPTION } },
		{ 0, 3, { IN_MC, IN_NMI, IN_EXCEPTION } },
		{ 0, 3, { IN_NMI, IN_MC, IN_EXCEPTION } },
		{ 0,
		  7,
		  { IN_THREAD, IN_WORK, IN_SOFTIRQ, IN_INTERRUPT, IN_EXCEPTION, IN_NMI, IN_MC } },
	};

	for (u32 i = 0; i < ARRAY_SIZE(chains); i++) {
		struct chain chain = chains[i];

		rights_set(PKRS_INIT);
		descend(&chain);
		EXPECT_EQ(chain.level, chain.n + 1);
	}
}
KTEST(contexts_nest, KT_PKS | KT_STRESS);

static struct {
	u32 key, rights;
} update;

static bool update_frame(struct regs *regs)
{
	pks_update_exception(regs, update.key, update.rights);
	EXPECT_RIGHTS(PKRS_INIT); /* the handler's own rights do not change */
	return true;
}

static void update_exception_changes_one_key(void)
{
	trap_hook_t before = trap_hook_set(X86_BP, update_frame);

	for (u32 i = 0; i < ARRAY_SIZE(holdings); i++) {
		for (update.key = 1; update.key < PKS_KEYS; update.key++) {
			update.rights = (i + update.key) & 3;
			rights_set(holdings[i]);
			asm volatile("int3" : : : "memory");
			EXPECT_RIGHTS(pkrs_with(holdings[i], update.key, update.rights));
		}
	}
	trap_hook_set(X86_BP, before);
}
KTEST(update_exception_changes_one_key, KT_PKS | KT_STRESS);

static bool only_update_frame(struct regs *regs)
{
	pks_update_exception(regs, update.key, update.rights);
	return true;
}

/* Raises #BP, whose handler changes the rights that it returns to, then changes them itself. */
static void update_frames(void *arg)
{
	trap_hook_t before = trap_hook_set(X86_BP, only_update_frame);

	(void)arg;
	for (update.key = 0; update.key < PKS_KEYS; update.key++) {
		for (update.rights = 0; update.rights < 4; update.rights++) {
			u32 old = pkrs_read(), new = pkrs_with(old, update.key, update.rights);

			if (update.key == 0 && update.rights) /* the kernel's own memory */
				continue;
			asm volatile("int3" : : : "memory");
			EXPECT_EQ(pkrs_read(), pks_on() ? new : PKRS_INIT);
			pks_set(update.key, pkrs_rights(old, update.key));
			pks_set(update.key, update.rights);
			EXPECT_EQ(pkrs_read(), pks_on() ? new : PKRS_INIT);
			pks_revoke(pks_grant(update.key, PKS_WRITE));
			pks_set(update.key, pkrs_rights(old, update.key));
		}
	}
	trap_hook_set(X86_BP, before);
}

/* Without PKS a return that writes IA32_PKRS raises #GP: this shows that none does. */
static void no_frame_leads_to_a_write_without_pks(void)
{
	update_frames(NULL);
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
		run_in(c, update_frames, NULL);
	EXPECT_EQ(pkrs_read(), PKRS_INIT);
}
KTEST(no_frame_leads_to_a_write_without_pks, KT_STRESS);

static u32 softirqs_run; /* handlers that have run, of two in order */

static void first_softirq(void)
{
	EXPECT_EQ(softirqs_run++, 0);
	EXPECT_RIGHTS(PKRS_INIT);
	rights_set(WITH_KEY(KEY_A));
}

static void second_softirq(void)
{
	EXPECT_EQ(softirqs_run++, 1);
	EXPECT_RIGHTS(PKRS_INIT);
	rights_set(WITH_KEY(KEY_B));
}

static void raise_two(void *arg)
{
	(void)arg;
	rights_set(WITH_KEY(KEY_C));
	softirq_raise(SOFTIRQ_TEST2);
	softirq_raise(SOFTIRQ_TEST);
	EXPECT_EQ(softirqs_run, 0); /* softirqs wait for the interrupt's end */
	EXPECT_RIGHTS(WITH_KEY(KEY_C));
}

static void softirqs_do_not_share_rights(void)
{
	softirq_register(SOFTIRQ_TEST, first_softirq);
	softirq_register(SOFTIRQ_TEST2, second_softirq);
	softirqs_run = 0;
	rights_set(WITH_KEY(PKS_KEY_DEVMAP));
	run_in(IN_INTERRUPT, raise_two, NULL);
	EXPECT_EQ(softirqs_run, 2);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
}
KTEST(softirqs_do_not_share_rights, KT_PKS | KT_STRESS);

static void keep_a_grant(struct work *work)
{
	(void)work;
	EXPECT_RIGHTS(PKRS_INIT);
	rights_set(WITH_KEY(KEY_A));
	thread_yield(); /* a work item keeps its rights while it is scheduled away */
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
}

static void work_items_do_not_share_rights(void)
{
	struct work works[3];

	rights_set(WITH_KEY(KEY_B));
	for (u32 i = 0; i < ARRAY_SIZE(works); i++)
		work_init(&works[i], keep_a_grant);
	for (u32 i = 0; i < ARRAY_SIZE(works); i++)
		EXPECT(work_queue(&works[i]));
	for (u32 i = 0; i < ARRAY_SIZE(works); i++)
		work_wait(&works[i], 1);
	EXPECT_RIGHTS(WITH_KEY(KEY_B));
}
KTEST(work_items_do_not_share_rights, KT_PKS | KT_STRESS);

static int expect_initial_thread(void *arg)
{
	expect_initial(arg);
	return 0;
}

static void a_new_thread_inherits_no_rights(void)
{
	struct thread *t;

	rights_set(0);
	t = thread_prepare("heir", expect_initial_thread, NULL);
	REQUIRE(t);
	EXPECT_EQ(thread_saved_pkrs(t), PKRS_INIT);
	rights_set(WITH_KEY(KEY_A));
	thread_launch(t);
	EXPECT(!thread_join(t).died);
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
}
KTEST(a_new_thread_inherits_no_rights, KT_PKS | KT_STRESS);

static void rights_hold_while_interrupted(void)
{
	u32 model = PKRS_INIT;

	for (u32 i = 0; i < ktest_rounds() * 3; i++) {
		u32 key = 1 + i % (PKS_KEYS - 1), rights = (i / 7) & 3;

		pks_set(key, rights);
		model = pkrs_with(model, key, rights);
		if (!EXPECT_RIGHTS(model))
			return;
	}
}
KTEST(rights_hold_while_interrupted, KT_PKS | KT_STRESS);

/*
 * After a warm start or an INIT the register may still deny every key, also key 0. If the kernel
 * set CR4.PKS before it loads the register, it would not survive this.
 */
static void enabling_pks_survives_a_stale_register(void)
{
	u64 flags = irq_save();

	pkrs_enforce(false);
	wrmsr(MSR_IA32_PKRS, 0xffffffff);
	pkrs_init_cpu();
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT(pkrs_enforced());
	irq_restore(flags);
}
KTEST(enabling_pks_survives_a_stale_register, KT_ENFORCED);
