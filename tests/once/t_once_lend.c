// SPDX-License-Identifier: MIT
/*
 * pardon=global: one event while keys are lent and recalled, and while the first kmap() of a key
 * opens it and the last kunmap() closes it. The event closes, opens, lends or recalls itself. What
 * this cannot know: two CPUs that open and close a key at once; many_cpus_map_at_once has these.
 */
#define KTEST_SUITE "once"

#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "mm/kmap/kmap.h"
#include "pks/policy/fault.h"
#include "pks/policy/global.h"
#include "pks/policy/marks.h"
#include "tests/once/once.h"

/* Two keys without pages, other ones in each run: one is lent, the other is to be. */
static struct {
	u32 round, lent, next;
	u32 own; /* the thread's rights */
	u32 recalls;
	bool asked; /* the event has asked for a recall, which may come later */
} keys;

static void lend(u32 pkrs, u32 key)
{
	struct regs regs = { 0 };

	regs_set_pkrs(&regs, pkrs);
	pks_global_lend(&regs, key);
}

/* Keys that no run has yet; interrupts off until the end, so that nothing else ends the loan. */
static void begin_lend(void)
{
	keys.round++;
	keys.lent = 3 + keys.round % 13;
	keys.next = 3 + (keys.round + 1 + keys.round / 13 % 12) % 13;
	keys.own = keys.round % 2 ? PKRS_INIT : WITH_KEY(PKS_KEY_DEVMAP);
	irq_disable();
	rights_set(keys.own);
	pks_global_open(keys.lent);
	pks_global_open(keys.next);
	lend(keys.own, keys.lent);
	ONCE_EQ(pkrs_register(), keys.own & ~pkrs_mask(keys.lent), "the key is lent");
	keys.recalls = this_cpu()->pkrs_recalls;
	keys.asked = false;
	this_cpu()->pkrs_recalled = true;
}

static void run_lend(void)
{
	lend(keys.own, keys.next);
}

static void run_recall(void)
{
	pkrs_recall();
}

/* As an NMI of another CPU does, which asks this one to recall at its next tick. */
static void close_elsewhere(u32 key)
{
	WRITE_ONCE(options.policy.scope, PKS_SCOPE_CONTEXT);
	pks_global_close(key);
	WRITE_ONCE(options.policy.scope, PKS_SCOPE_GLOBAL);
	smp_store_release(&this_cpu()->pkrs_recalled, true);
	keys.asked = true;
}

/* What an NMI may do to loans, between any two instructions. */
static void event_lend(u32 turn)
{
	switch (turn % 8) {
	case 0:
		pks_global_close(keys.lent);
		break;
	case 1:
		pks_global_close(keys.next);
		break;
	case 2:
		pks_global_close(keys.lent);
		pks_global_close(keys.next);
		break;
	case 3: /* a fault in the event, which the loan outlives in the register or not */
		lend(PKRS_INIT, keys.next);
		lend(PKRS_INIT, keys.lent);
		break;
	case 4: /* closed and open again: the old loan must not count for the new one */
		pks_global_close(keys.lent);
		pks_global_open(keys.lent);
		break;
	case 5:
		rights_set(0);
		break;
	case 6: /* a loan that ends in the register with the event, and is noted until the recall */
		lend(PKRS_INIT, keys.next);
		close_elsewhere(keys.next);
		break;
	default:
		pkrs_recall();
	}
}

/* The register has no more than the context's rights and the keys that are open now. */
static void expect_no_closed_key(const char *rule)
{
	u32 open = 0;

	if (pks_global_marks(keys.lent))
		open |= pkrs_mask(keys.lent);
	if (pks_global_marks(keys.next))
		open |= pkrs_mask(keys.next);
	ONCE_EQ(rights_mirror(), keys.own, "a loan does not change the context's own rights");
	ONCE_EQ(pkrs_register() & ~keys.own, 0, "a loan takes no right away");
	ONCE_EQ(pkrs_register() | open, keys.own | open, rule);
}

static void close_key(u32 key)
{
	if (pks_global_marks(key))
		pks_global_close(key);
}

/* Further loans show what the CPU believes to have lent. */
static void end_lend(void)
{
	if (keys.asked && this_cpu()->pkrs_recalled) /* as the next tick does */
		pkrs_recall();
	expect_no_closed_key("a key that closes is taken back, or not lent");
	lend(keys.own, keys.lent);
	lend(keys.own, keys.next);
	expect_no_closed_key("a later loan does not open a closed key again");
	if (pks_global_marks(keys.next))
		ONCE_EQ(pkrs_register() & pkrs_mask(keys.next), 0, "an open key is lent");
	close_key(keys.next);
	close_key(keys.lent);
	ONCE_RIGHTS(keys.own, "the last mark of a key takes its loan back");
	ONCE_EQ(this_cpu()->pkrs_lent, 0, "and forgets it");
	rights_set(PKRS_INIT);
	irq_enable();
}

static void end_recall(void)
{
	ONCE_EQ(pkrs_register(), keys.own, "after the recall nothing is lent");
	if (!keys.asked)
		ONCE_EQ(this_cpu()->pkrs_recalled, false, "what an NMI asked for is done");
	EXPECT(this_cpu()->pkrs_recalls != keys.recalls);
	end_lend();
}

/* The same as a fault has it that an interrupt may precede: that of a change of the policy. */
static void begin_open_lend(void)
{
	begin_lend();
	pkrs_recall();
	irq_enable();
}

static void run_open_lend(void)
{
	lend(keys.own, keys.next);
	irq_enable();
}

/* What another CPU's change of the mode or of the scope does here. */
static void event_change(u32 turn)
{
	if (turn % 2)
		WRITE_ONCE(options.policy.mode, PKS_MODE_STRICT);
	else
		WRITE_ONCE(options.policy.scope, PKS_SCOPE_CONTEXT);
	pkrs_recall();
}

static void end_open_lend(void)
{
	irq_disable();
	if (once_taken())
		ONCE_RIGHTS(keys.own, "under another policy nothing is lent");
	options.policy.mode = PKS_MODE_SILENT;
	options.policy.scope = PKS_SCOPE_GLOBAL;
	end_lend();
}

static const struct once of_loans[] = {
	{ "lend", BIT(ONCE_TRAP) | BIT(ONCE_NMI), false, 8, begin_lend, run_lend, event_lend,
	  end_lend },
	{ "recall", BIT(ONCE_TRAP) | BIT(ONCE_NMI), false, 8, begin_lend, run_recall, event_lend,
	  end_recall },
	{ "lend with interrupts on", BIT(ONCE_INTERRUPT), false, 2, begin_open_lend, run_open_lend,
	  event_change, end_open_lend },
};

static void loans_survive_one_event(void)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	policy_scope_set(PKS_SCOPE_GLOBAL);
	once_on_first_and_last(&of_loans[0], 450);
	once_on_first_and_last(&of_loans[1], 150);
	once_on_first_and_last(&of_loans[2], 50);
}
KTEST(loans_survive_one_event, KT_PKS);

static struct prot_page page; /* its key's only marks are this test's */
static u32 more;              /* marks that the event has left */

static void lend_here(void *arg)
{
	(void)arg;
	lend((u32)this_cpu()->pkrs, PKS_KEY_DEVMAP);
}

static void begin_map(void)
{
	more = 0;
	rights_set(PKRS_INIT);
}

static void begin_unmap(void)
{
	begin_map();
	kmap(page.page);
	once_on_others(lend_here, NULL);
	policy_write(page.va);
}

static void run_map(void)
{
	kmap(page.page);
}

static void run_unmap(void)
{
	kunmap(page.page);
}

/* Whether the access is permitted depends on the place; it must end, and leave no loan behind. */
static void event_map(u32 turn)
{
	ONCE_EQ(page_marks(page.page) && !pks_global_marks(PKS_KEY_DEVMAP), false,
		"where a mark is seen, the key is open");
	switch (turn % 5) {
	case 0:
		policy_write(page.va);
		break;
	case 1:
		kmap(page.page);
		more++;
		ONCE_EQ(policy_write(page.va).vector, FAULT_NONE, "this context has marked it");
		break;
	case 2:
		kmap(page.page);
		kunmap(page.page);
		break;
	case 3:
		rights_set(0);
		break;
	default:
		kmap(page.page);
		policy_write(page.va);
		kunmap(page.page);
	}
}

static void expect_marks(u32 marks)
{
	u64 vector = marks ? FAULT_NONE : X86_PF;

	ONCE_EQ(page_marks(page.page), marks, "each kmap() is one mark");
	ONCE_EQ(pks_global_marks(PKS_KEY_DEVMAP), marks, "each mark is one of its key");
	if (!marks) {
		once_expect_no_loan_elsewhere("the last kunmap() takes the key from every CPU");
		ONCE_RIGHTS(PKRS_INIT, "the last kunmap() takes the key back here");
	}
	ONCE_EQ(policy_write(page.va).vector, vector, "only an open key is lent");
}

static void end_unmap(void)
{
	expect_marks(more);
	for (; more; more--)
		kunmap(page.page);
	expect_marks(0);
}

static void end_map(void)
{
	expect_marks(1 + more);
	kunmap(page.page);
	end_unmap();
}

static void marks_of_a_key_survive_one_event(void)
{
	static const struct once comes = {
		"first kmap of a key",
		ONCE_ALL | BIT(ONCE_ELSEWHERE),
		false,
		2,
		begin_map,
		run_map,
		event_map,
		end_map,
	};
	static const struct once goes = {
		"last kunmap of a key",
		ONCE_ALL | BIT(ONCE_ELSEWHERE),
		true,
		2,
		begin_unmap,
		run_unmap,
		event_map,
		end_unmap,
	};

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	policy_scope_set(PKS_SCOPE_GLOBAL);
	if (!prot_page_get(&page, PKS_KEY_DEVMAP))
		return;
	once_on_first_and_last(&comes, 350);
	once_on_first_and_last(&goes, cpu_count > 1 ? 300 : 600);
	prot_page_put(&page);
}
KTEST(marks_of_a_key_survive_one_event, KT_PKS);
