// SPDX-License-Identifier: MIT
/*
 * pardon=global: kmap() of a page opens its key to all contexts. The scope that the others are
 * compared with. These tests pin its weakness: every page of the key is open, also to contexts that
 * never asked.
 */
#define KTEST_SUITE "global"

#include "kernel/cpu/insn.h"
#include "kernel/cpu/trace.h"
#include "kernel/thread.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "pks/policy/fault.h"
#include "pks/policy/global.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

#define KEY  PKS_KEY_DEVMAP
#define OPEN WITH_KEY(KEY)

/* A page to mark, and another of the same key. */
static struct prot_page marked, other;

static bool pages_get(void)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	policy_scope_set(PKS_SCOPE_GLOBAL);
	return prot_pair_get(&marked, &other, KEY);
}

static void pages_put(void)
{
	prot_pair_put(&marked, &other);
	EXPECT_EQ(pks_global_marks(KEY), 0);
}

/* Lent: the register has the key open, the context's own value does not. */
static void expect_lent(void)
{
	EXPECT_EQ(pkrs_register(), OPEN);
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
}

/* Interrupts off: a switch would end the loan. */
static void lent_to_me(void *arg)
{
	u64 flags = irq_save();

	(void)arg;
	EXPECT_NO_FAULT(policy_write(marked.va), "its key is open to all");
	expect_lent();
	EXPECT_ACCESSIBLE(&other);
	irq_restore(flags);
}

static void expect_refused(void *arg)
{
	(void)arg;
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_PAGE_FAULT(policy_write(marked.va), PF_P | PF_W | PF_PK, (u64)marked.va, "closed");
	EXPECT_PAGE_FAULT(policy_write(other.va), PF_P | PF_W | PF_PK, (u64)other.va, "closed");
}

static void opens_to_all_and_closes(void)
{
	if (!pages_get())
		return;
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		run_in(c, expect_refused, NULL);
		kmap(marked.page);
		run_in(c, lent_to_me, NULL);
		EXPECT_NO_FAULT(policy_write(other.va), "any page of an open key");
		kunmap(marked.page);
		run_in(c, expect_refused, NULL);
		expect_refused(NULL);
	}
	pages_put();
}
KTEST(opens_to_all_and_closes, KT_PKS | KT_STRESS);

static void is_accessible(void *arg)
{
	(void)arg;
	EXPECT_ACCESSIBLE(&marked);
}

static void is_denied(void *arg)
{
	(void)arg;
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_DENIED(&marked);
}

/* A nested context with the same rights inherits the loan; an NMI does not. */
static void nested_contexts_inherit_a_loan_but_no_nmi(void)
{
	static const enum test_context inheriting[] = { IN_SOFTIRQ, IN_EXCEPTION };
	u64 flags;

	if (!pages_get())
		return;
	kmap(marked.page);
	flags = irq_save();
	for (u32 i = 0; i < ARRAY_SIZE(inheriting); i++) {
		lent_to_me(NULL);
		run_in(inheriting[i], is_accessible, NULL);
	}
	lent_to_me(NULL);
	run_in(IN_NMI, is_denied, NULL);
	EXPECT_RIGHTS(PKRS_INIT); /* after it the loan is gone, until the next fault */
	lent_to_me(NULL);
	irq_restore(flags);
	kunmap(marked.page);
	pages_put();
}
KTEST(nested_contexts_inherit_a_loan_but_no_nmi, KT_PKS);

/* A write of the rights ends the loan; the next fault lends again. */
static void the_next_fault_lends_again(void)
{
	u64 faults, flags;

	if (!pages_get())
		return;
	kmap(marked.page);
	flags = irq_save();
	lent_to_me(NULL);
	faults = pks_stats.faults;
	EXPECT_NO_FAULT(policy_write(marked.va), "lent");
	EXPECT_EQ(pks_stats.faults - faults, 0);
	rights_set(WITH_KEY(KEY_A));
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
	EXPECT_NO_FAULT(policy_write(marked.va), "lent again");
	EXPECT_EQ(pks_stats.faults - faults, 1);
	EXPECT_EQ(pkrs_register(), WITH_KEY(KEY_A) & OPEN);
	EXPECT_EQ(rights_mirror(), WITH_KEY(KEY_A));
	rights_set(PKRS_INIT);
	irq_restore(flags);
	kunmap(marked.page);
	pages_put();
}
KTEST(the_next_fault_lends_again, KT_PKS);

/* Marks are counted per key: the last mark of all its pages closes it. */
static void the_last_mark_closes(void)
{
	if (!pages_get())
		return;
	kmap(marked.page);
	kmap(other.page);
	kmap(other.page);
	EXPECT_EQ(pks_global_marks(KEY), 3);
	kunmap(marked.page);
	lent_to_me(NULL); /* though its page has no mark any more */
	kunmap(other.page);
	lent_to_me(NULL);
	kunmap(other.page);
	expect_refused(NULL);
	kunmap(other.page); /* one too many: warned about, not counted */
	EXPECT_EQ(pks_global_marks(KEY), 0);
	pages_put();
}
KTEST(the_last_mark_closes, KT_PKS);

static void marks_move_with_the_key(void)
{
	if (!pages_get())
		return;
	kmap(marked.page);
	lent_to_me(NULL);
	EXPECT_EQ(devmap_unprotect(marked.page, 1), 0);
	EXPECT_EQ(pks_global_marks(KEY), 0);
	EXPECT_DENIED(&other);
	EXPECT_EQ(devmap_protect(marked.page, 1, KEY), 0);
	EXPECT_EQ(pks_global_marks(KEY), 1);
	lent_to_me(NULL);
	EXPECT_EQ(devmap_unprotect(marked.page, 1), 0);
	kunmap(marked.page); /* without a key */
	EXPECT_EQ(devmap_protect(marked.page, 1, KEY), 0);
	expect_refused(NULL);
	pages_put();
}
KTEST(marks_move_with_the_key, KT_PKS);

/* Changing scope or mode while a page is mapped leaves nothing open. */
static void a_policy_change_closes_what_is_open(void)
{
	if (!pages_get())
		return;
	kmap(marked.page);
	for (enum pks_scope scope = 0; scope < PKS_SCOPE_GLOBAL; scope++) {
		lent_to_me(NULL);
		policy_scope_set(scope);
		EXPECT_RIGHTS(PKRS_INIT);
		EXPECT_DENIED(&other);
		EXPECT_OPEN(&marked);
		EXPECT_CLOSED(&other);
		policy_scope_set(PKS_SCOPE_GLOBAL); /* earlier marks count */
		EXPECT_OPEN(&other);
	}
	lent_to_me(NULL);
	policy_mode_set(PKS_MODE_STRICT);
	expect_refused(NULL);
	policy_mode_set(PKS_MODE_SILENT);
	lent_to_me(NULL);
	kunmap(marked.page);
	pages_put();
}
KTEST(a_policy_change_closes_what_is_open, KT_PKS);

/* With gate=any a device page whose key is not open is pardoned for the context. */
static void an_unmarked_device_page_is_pardoned(void)
{
	if (!pages_get())
		return;
	policy_gate_set(PKS_GATE_ANY);
	EXPECT_NO_FAULT(policy_write(other.va), "a device page");
	EXPECT_RIGHTS(OPEN);
	rights_set(PKRS_INIT);
	kmap(marked.page);
	lent_to_me(NULL);
	kunmap(marked.page);
	EXPECT_RIGHTS(PKRS_INIT);
	pages_put();
}
KTEST(an_unmarked_device_page_is_pardoned, KT_PKS);

static void warns_once(void)
{
	u64 warnings = pks_stats.warnings;

	if (!pages_get())
		return;
	pks_warnings_forget();
	policy_mode_set(PKS_MODE_RELAXED);
	kmap(marked.page);
	for (u32 i = 0; i < 3; i++) {
		EXPECT_NO_FAULT(policy_write(marked.va), "open");
		rights_set(WITH_KEY(KEY_A));
		rights_set(PKRS_INIT);
	}
	kunmap(marked.page);
	EXPECT_EQ(pks_stats.warnings - warnings, 1);
	pages_put();
}
KTEST(warns_once, KT_PKS);

static void open_and_close_are_traced(void)
{
	bool was_on = trace_on;
	struct trace_event e = { 0 };
	u32 cpu;
	u64 flags;

	if (!pages_get())
		return;
	flags = irq_save();
	cpu = this_cpu()->id;
	trace_on = true;
	pks_global_open(marked.page->pkey);
	EXPECT(trace_read(cpu, trace_count(cpu), &e));
	EXPECT_EQ(e.type, TRACE_GLOBAL_OPEN);
	EXPECT_EQ(e.a, KEY);
	EXPECT_EQ(e.b, 1);
	pks_global_close(marked.page->pkey);
	EXPECT(trace_read(cpu, trace_count(cpu), &e));
	EXPECT_EQ(e.type, TRACE_GLOBAL_CLOSE);
	EXPECT_EQ(e.b, 0);
	trace_on = was_on;
	irq_restore(flags);
	pages_put();
}
KTEST(open_and_close_are_traced, KT_PKS);
