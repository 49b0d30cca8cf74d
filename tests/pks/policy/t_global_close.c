// SPDX-License-Identifier: MIT
/* pardon=global: the last kunmap() closes the key, from any context, on all CPUs. */
#define KTEST_SUITE "global"

#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "pks/policy/fault.h"
#include "pks/policy/global.h"
#include "pks/policy/marks.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"

#define KEY PKS_KEY_DEVMAP

static struct prot_page page;

static bool page_get(void)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	policy_scope_set(PKS_SCOPE_GLOBAL);
	return prot_page_get(&page, KEY);
}

static void unmap(void *arg)
{
	(void)arg;
	kunmap(page.page);
}

static struct {
	enum test_context from;
	bool irqs_off;
} closing;

static bool mine_is_closed(void)
{
	return pkrs_register() == PKRS_INIT;
}

/*
 * All members have the key open, member 0 closes it, and all check: at once if kunmap() waits for
 * the other CPUs, else after an interrupt or a tick has had time to arrive.
 */
static void have_and_lose(u32 member, void *arg)
{
	bool waits = closing.from <= IN_WORK && !closing.irqs_off;
	u64 end;

	(void)arg;
	if (member == 0)
		kmap(page.page);
	percpu_meet();
	EXPECT_NO_FAULT(policy_write(page.va), "open to all");
	percpu_meet();
	if (member == 0) {
		u64 flags = read_flags();

		if (closing.irqs_off)
			irq_disable();
		run_in(closing.from, unmap, NULL);
		irq_restore(flags);
		EXPECT(mine_is_closed());
	}
	percpu_meet();
	end = now_ns() + (waits ? 0 : 2000000000ULL);
	while (!mine_is_closed() && now_ns() < end)
		cpu_relax();
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_EQ(policy_write(page.va).vector, X86_PF);
	percpu_meet();
}

static void closes_everywhere(void)
{
	if (!page_get())
		return;
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		closing.from = c;
		closing.irqs_off = false;
		percpu_run(have_and_lose, NULL);
	}
	closing.from = IN_EXCEPTION;
	closing.irqs_off = true;
	percpu_run(have_and_lose, NULL);
	prot_page_put(&page);
}
KTEST(closes_everywhere, KT_PKS);

#define BUSY_NS 5000000ULL /* with interrupts off, while a thread waits for the CPU */

/* The last CPU writes `busy` and `answers`, the first one `closed`. */
static struct {
	bool busy, closed, answers;
} last;

/* Has interrupts off, until the key is closed or for a while. */
static void be_busy(bool until_closed)
{
	u64 flags = irq_save(), end = now_ns() + BUSY_NS;

	smp_store_release(&last.busy, true);
	while (until_closed ? !smp_load_acquire(&last.closed) : now_ns() < end)
		cpu_relax();
	smp_store_release(&last.answers, true);
	irq_restore(flags);
}

static void close_while_the_last_is_busy(u32 member, void *arg)
{
	enum test_context from = *(enum test_context *)arg;
	bool waits = from <= IN_WORK;

	percpu_meet();
	if (member == cpu_count - 1)
		be_busy(!waits);
	if (member == 0) {
		kmap(page.page);
		while (!smp_load_acquire(&last.busy))
			cpu_relax();
		run_in(from, unmap, NULL);
		EXPECT_EQ(smp_load_acquire(&last.answers), waits);
		EXPECT_EQ(smp_load_acquire(&cpus[cpu_count - 1]->pkrs_recalled), from >= IN_NMI);
		smp_store_release(&last.closed, true);
	}
	percpu_meet();
}

/*
 * A thread waits until every CPU has closed the key; an interrupt must not wait. An NMI must not
 * even send IPIs, as it may have come between the two writes of one: it leaves word for the next
 * tick.
 */
static void only_a_thread_waits_for_the_others(void)
{
	static enum test_context from[] = { IN_THREAD,    IN_WORK, IN_SOFTIRQ,
					    IN_INTERRUPT, IN_NMI,  IN_MC };

	if (!page_get())
		return;
	for (u32 i = 0; i < ARRAY_SIZE(from); i++) {
		last.busy = last.closed = last.answers = false;
		percpu_run(close_while_the_last_is_busy, &from[i]);
	}
	prot_page_put(&page);
}
KTEST(only_a_thread_waits_for_the_others, KT_PKS | KT_SMP);

static struct {
	struct regs regs;
	u32 at, n;
} lend;

static void lend_now(void *arg)
{
	(void)arg;
	pks_global_lend(&lend.regs, KEY);
}

/* Unmaps between two instructions, as an NMI could. */
static bool close_at_step(struct regs *regs)
{
	(void)regs;
	if (++lend.n == lend.at)
		kunmap(page.page);
	return true;
}

static void closed_while_it_is_lent(void)
{
	u32 steps, at = 1;
	u64 flags;

	if (!page_get())
		return;
	regs_set_pkrs(&lend.regs, PKRS_INIT);
	do {
		kmap(page.page);
		lend.at = at;
		lend.n = 0;
		flags = irq_save();
		steps = single_step(lend_now, NULL, close_at_step);
		if (steps >= at) {
			EXPECT_EQ(this_cpu()->pkrs_lent, 0);
			EXPECT_RIGHTS(PKRS_INIT);
		}
		irq_restore(flags);
	} while (steps >= at++);
	kunmap(page.page);
	EXPECT(at > 20);
	EXPECT_RIGHTS(PKRS_INIT);
	prot_page_put(&page);
}
KTEST(closed_while_it_is_lent, KT_PKS);

/* A fault that was judged under the old policy lends after the change has recalled all loans. */
static void a_changed_policy_lends_nothing(void)
{
	static const struct pks_policy changed[] = {
		{ PKS_MODE_STRICT, PKS_GATE_KMAPPED, PKS_SCOPE_GLOBAL },
		{ PKS_MODE_SILENT, PKS_GATE_KMAPPED, PKS_SCOPE_CONTEXT },
		{ PKS_MODE_SILENT, PKS_GATE_KMAPPED, PKS_SCOPE_INSTRUCTION },
	};
	u64 flags;

	if (!page_get())
		return;
	regs_set_pkrs(&lend.regs, PKRS_INIT);
	for (u32 i = 0; i < ARRAY_SIZE(changed); i++) {
		EXPECT_EQ(pks_policy_set(changed[i]), 0);
		kmap(page.page);
		flags = irq_save();
		lend_now(NULL);
		EXPECT_EQ(this_cpu()->pkrs_lent, 0);
		EXPECT_RIGHTS(PKRS_INIT);
		irq_restore(flags);
		kunmap(page.page);
	}
	prot_page_put(&page);
}
KTEST(a_changed_policy_lends_nothing, KT_PKS);

static void expect_closed(void)
{
	EXPECT_EQ(pks_global_marks(KEY), 0);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_PAGE_FAULT(policy_write(page.va), PF_P | PF_W | PF_PK, (u64)page.va, "closed");
}

/* Moving a page takes away more marks than its old key was given: that closes the key. */
static void a_count_below_zero_keeps_the_key_closed(void)
{
	struct prot_page other;

	if (!page_get() || !prot_page_get(&other, KEY))
		return;
	kmap(page.page);
	EXPECT_NO_FAULT(policy_write(page.va), "open to all");
	for (u32 i = 0; i < 2; i++)
		EXPECT(page_mark(other.page)); /* as a kmap() does that saw no key */
	EXPECT_EQ(devmap_unprotect(other.page, 1), 0);
	expect_closed(); /* at -1, directly from 1 */
	kmap(page.page);
	expect_closed(); /* at 0 */
	pks_global_open(KEY);
	EXPECT_EQ(pks_global_marks(KEY), 1);
	EXPECT_NO_FAULT(policy_write(page.va), "open to all");
	kunmap(page.page);
	kunmap(page.page);
	expect_closed(); /* at -1 again, step by step */
	pks_global_open(KEY);
	kmap(page.page);
	EXPECT_NO_FAULT(policy_write(page.va), "the counts agree again");
	kunmap(page.page);
	expect_closed();
	for (u32 i = 0; i < 2; i++)
		EXPECT(page_unmark(other.page, NULL));
	EXPECT_EQ(devmap_protect(other.page, 1, KEY), 0);
	prot_page_put(&other);
	prot_page_put(&page);
}
KTEST(a_count_below_zero_keeps_the_key_closed, KT_PKS);

/* All members map, use and unmap at once: each can use the page while it has it mapped. */
static void use_it(u32 member, void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ktest_rounds(); i++) {
		kmap(page.page);
		EXPECT_NO_FAULT(policy_write(page.va), "mapped");
		if ((i + member) % 4 == 0)
			thread_yield();
		EXPECT_NO_FAULT(policy_read(page.va), "mapped");
		kunmap(page.page);
	}
	percpu_meet();
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_EQ(policy_write(page.va).vector, X86_PF);
}

static void many_cpus_map_at_once(void)
{
	if (!page_get())
		return;
	percpu_run(use_it, NULL);
	EXPECT_EQ(pks_global_marks(KEY), 0);
	prot_page_put(&page);
}
KTEST(many_cpus_map_at_once, KT_PKS | KT_STRESS);

/* More marks than 16 bits count. */
static void many_marks_keep_the_key_open(void)
{
	for (u32 i = 0; i < 0x10000; i++)
		pks_global_open(KEY);
	EXPECT_EQ(pks_global_marks(KEY), 0x10000);
	for (u32 i = 0; i < 0x10000; i++)
		pks_global_close(KEY);
	EXPECT_EQ(pks_global_marks(KEY), 0);
}
KTEST(many_marks_keep_the_key_open, KT_PKS);

/* An NMI may have asked this CPU to recall at its next tick; after any recall that is done. */
static void a_recall_is_not_repeated(void)
{
	u64 flags = irq_save();
	u32 recalls;

	this_cpu()->pkrs_recalled = true;
	pkrs_recall();
	EXPECT(!this_cpu()->pkrs_recalled);
	recalls = this_cpu()->pkrs_recalls;
	pkrs_recall(); /* counted, though nothing is lent: a loan in between must see it */
	EXPECT_EQ(this_cpu()->pkrs_recalls - recalls, 1);
	irq_restore(flags);
}
KTEST(a_recall_is_not_repeated, KT_PKS);
