// SPDX-License-Identifier: MIT
/*
 * Calls the fault policy directly, with faults that a correct machine does not raise, or only in an
 * endless loop. What this cannot know: that the entry path passes the right arguments; the rest of
 * the suite tests that.
 */
#define KTEST_SUITE "policy"

#include "kernel/thread.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

/* The frame of a made-up page fault of a context with these rights. */
static struct regs fault_frame(u64 error, u32 pkrs)
{
	struct regs regs = { .vector = X86_PF, .error = error, .cs = SEL_KERNEL_CS };

	regs.rip = (u64)fault_frame;
	regs_set_pkrs(&regs, pkrs);
	return regs;
}

/* Expects a refusal: pks_fault() returns false, changes nothing and counts a death. */
static void expect_refused(u64 error, u32 pkrs, volatile u64 *va)
{
	struct regs regs = fault_frame(error, pkrs);
	struct pks_stats before = pks_stats;

	/* Nothing has changed since the fault. */
	current_thread()->pks_repeated = (u64)pks_changes() << 32 | this_cpu()->id;
	current_thread()->pks_repeated_page = (u64)va >> PAGE_SHIFT;
	EXPECT(!pks_fault(&regs, (u64)va));
	EXPECT_EQ(regs_pkrs(&regs), pkrs);
	EXPECT_EQ(pks_stats.deaths - before.deaths, 1);
	EXPECT_EQ(pks_stats.pardons - before.pardons, 0);
	EXPECT_EQ(pks_stats.warnings - before.warnings, 0);
	EXPECT_RIGHTS(PKRS_INIT);
}

/* Expects a pardon: the frame has the whole key, the rest of it and our rights are unchanged. */
static void expect_pardoned(u64 error, u32 pkrs, volatile u64 *va, u32 after)
{
	struct regs regs = fault_frame(error, pkrs);
	struct pks_stats before = pks_stats;

	EXPECT(pks_fault(&regs, (u64)va));
	EXPECT_EQ(regs_pkrs(&regs), after);
	EXPECT_EQ(regs.rip, fault_frame);
	EXPECT_EQ(regs.error, error);
	EXPECT_EQ(pks_stats.pardons - before.pardons, 1);
	EXPECT_RIGHTS(PKRS_INIT);
}

static bool silent_marked_page(struct prot_page *p)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	return marked_page(p, PKS_KEY_DEVMAP);
}

static void the_pardon_is_in_the_frame(void)
{
	static const u32 others[] = { 0xfffffffc, WITH_KEY(KEY_A) | 3u << 2 * PKS_KEY_DEVMAP,
				      3u << 2 * PKS_KEY_DEVMAP };
	struct prot_page p;

	if (!silent_marked_page(&p))
		return;
	for (u32 i = 0; i < ARRAY_SIZE(others); i++) {
		u32 after = others[i] & ~(3u << 2 * PKS_KEY_DEVMAP);

		expect_pardoned(PF_P | PF_PK, others[i], p.va, after);
		expect_pardoned(PF_P | PF_W | PF_PK, others[i], p.va, after);
	}
	marked_page_put(&p);
}
KTEST(the_pardon_is_in_the_frame, KT_PKS);

/* A write under WD alone, as a READ grant leaves it, is pardoned too. */
static void a_pardon_clears_both_bits(void)
{
	u32 wd = PKS_NOWRITE << 2 * PKS_KEY_DEVMAP, ad = 1 << 2 * PKS_KEY_DEVMAP;
	struct prot_page p;

	if (!silent_marked_page(&p))
		return;
	expect_pardoned(PF_P | PF_W | PF_PK, wd, p.va, 0);
	expect_pardoned(PF_P | PF_W | PF_PK, ad, p.va, 0);
	expect_pardoned(PF_P | PF_PK, ad, p.va, 0);
	marked_page_put(&p);
}
KTEST(a_pardon_clears_both_bits, KT_PKS);

static void a_pardon_that_would_not_help_is_refused(void)
{
	struct prot_page p;

	if (!silent_marked_page(&p))
		return;
	expect_refused(PF_P | PF_PK, WITH_KEY(PKS_KEY_DEVMAP), p.va);
	expect_refused(PF_P | PF_W | PF_PK, WITH_KEY(PKS_KEY_DEVMAP), p.va);
	/* a read fault under WD alone: the CPU has no reason to raise it */
	expect_refused(PF_P | PF_PK, PKS_NOWRITE << 2 * PKS_KEY_DEVMAP, p.va);
	marked_page_put(&p);
}
KTEST(a_pardon_that_would_not_help_is_refused, KT_PKS);

static int fault_in_user_mode(void *arg)
{
	struct prot_page *p = arg;
	struct regs regs = fault_frame(PF_P | PF_U | PF_PK, PKRS_INIT);

	page_fault(&regs, (u64)p->va);
	return 0; /* it was pardoned */
}

static void user_mode_is_never_pardoned(void)
{
	struct prot_page p;

	if (!silent_marked_page(&p))
		return;
	for (enum pks_mode mode = 0; mode < PKS_MODES; mode++) {
		struct thread *t = thread_prepare("user", fault_in_user_mode, &p);

		REQUIRE(t);
		policy_mode_set(mode);
		t->expects_death = true;
		thread_launch(t);
		EXPECT(thread_join(t).died);
	}
	marked_page_put(&p);
}
KTEST(user_mode_is_never_pardoned, KT_PKS);

static void an_unmapped_address_is_refused(void)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_ANY);
	expect_refused(PF_P | PF_PK, PKRS_INIT, (volatile u64 *)NOWHERE); /* unmapped meanwhile */
	expect_refused(PF_P | PF_PK, PKRS_INIT, (volatile u64 *)USER_TEXT);
	expect_refused(PF_P | PF_PK, PKRS_INIT, NULL);
}
KTEST(an_unmapped_address_is_refused, KT_PKS);

/* If the key or the mode has changed since the access, the access is repeated, once. */
static void an_outdated_fault_is_repeated(void)
{
	struct regs open = fault_frame(PF_P | PF_PK, PKRS_INIT & ~pkrs_mask(PKS_KEY_DEVMAP));
	struct regs closed = fault_frame(PF_P | PF_PK, PKRS_INIT);
	struct pks_stats before = pks_stats;
	struct prot_page p;

	if (!silent_marked_page(&p))
		return;
	EXPECT(pks_fault(&open, (u64)p.va)); /* the page has just got its key */
	EXPECT(!pks_fault(&open, (u64)p.va));
	policy_mode_set(PKS_MODE_OFF);
	EXPECT(pks_fault(&closed, (u64)p.va));
	EXPECT(!pks_fault(&closed, (u64)p.va));
	EXPECT_EQ(pks_stats.deaths - before.deaths, 2);
	EXPECT_EQ(pks_stats.pardons, before.pardons);
	EXPECT_EQ(regs_pkrs(&closed), PKRS_INIT);
	policy_mode_set(PKS_MODE_SILENT);
	marked_page_put(&p);
}
KTEST(an_outdated_fault_is_repeated, KT_PKS);

/*
 * Accesses to two pages, both made before one change was complete, are both repeated: the repeat of
 * the one is not taken for the repeat of the other.
 */
static void two_outdated_faults_are_both_repeated(void)
{
	struct regs open = fault_frame(PF_P | PF_PK, PKRS_INIT & ~pkrs_mask(PKS_KEY_DEVMAP));
	struct pks_stats before = pks_stats;
	struct prot_page p, q;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!prot_pair_get(&p, &q, PKS_KEY_DEVMAP))
		return;
	EXPECT(pks_fault(&open, (u64)p.va));
	EXPECT(pks_fault(&open, (u64)q.va));
	EXPECT_EQ(pks_stats.faults, before.faults);
	EXPECT(!pks_fault(&open, (u64)(q.va + 1))); /* the same page */
	pks_changed();
	EXPECT(pks_fault(&open, (u64)q.va));
	EXPECT(!pks_fault(&open, (u64)q.va));
	EXPECT(pks_fault(&open, (u64)p.va));
	EXPECT(!pks_fault(&open, (u64)p.va));
	EXPECT_EQ(pks_stats.deaths - before.deaths, 3);
	EXPECT_EQ(pks_stats.pardons, before.pardons);
	prot_pair_put(&p, &q);
}
KTEST(two_outdated_faults_are_both_repeated, KT_PKS);

/* OFF enforces nothing, so a fault is the machine's error. */
static void a_fault_in_mode_off_is_refused(void)
{
	struct prot_page p;

	if (!silent_marked_page(&p))
		return;
	policy_mode_set(PKS_MODE_OFF);
	EXPECT(!pkrs_enforced());
	expect_refused(PF_P | PF_PK, PKRS_INIT, p.va);
	policy_mode_set(PKS_MODE_SILENT);
	EXPECT(pkrs_enforced());
	marked_page_put(&p);
}
KTEST(a_fault_in_mode_off_is_refused, KT_PKS);
