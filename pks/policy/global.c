// SPDX-License-Identifier: MIT
/*
 * How a key closes. In a thread with interrupts on, the last kunmap() returns when no register has
 * the key open any more. Where it cannot wait (interrupts off, softirq, interrupt), it sends the
 * other CPUs an interrupt, and they close when they take it. An NMI may not use the APIC
 * (kernel/apic.h): it closes here, and the other CPUs close at their next tick.
 */
#include "pks/policy/global.h"
#include "kernel/apic.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/extable.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/trace.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/exception.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/options.h"
#include "pks/pkrs.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"

/*
 * Number of marks of each key's pages; atomic, any context. Below 0 the key is closed; a new key of
 * a page between kmap() and kunmap() could cause that.
 */
static int key_marks[PKS_KEYS];

u32 pks_global_marks(u32 key)
{
	int now = smp_load_acquire(&key_marks[key]);

	return now > 0 ? (u32)now : 0;
}

static void recall_here(void *arg)
{
	(void)arg;
	pkrs_recall();
}

static bool recall_handler(struct regs *regs)
{
	(void)regs;
	pkrs_recall();
	return true;
}

void pks_global_init(void)
{
	trap_hook_set(VECTOR_RECALL, recall_handler);
}

void pks_global_recall(void)
{
	ipi_run_on_all(recall_here, NULL);
}

/* Recalls without waiting. Interrupts off, or in a context that is not preempted. */
static void recall_by(bool nmi)
{
	u32 count = smp_load_acquire(&cpu_count);
	u64 flags = irq_save();

	pkrs_recall();
	for (u32 i = 0; i < count; i++) {
		if (cpus[i] == this_cpu())
			continue;
		if (nmi)
			smp_store_release(&cpus[i]->pkrs_recalled, true);
		else
			apic_send_ipi(cpus[i]->apic_id, VECTOR_RECALL);
	}
	irq_restore(flags);
}

static void recall(void)
{
	if (context_count() >= CONTEXT_NMI)
		recall_by(true);
	else if (in_interrupt() || !irqs_enabled())
		recall_by(false);
	else
		pks_global_recall();
}

static void add(u32 key, int marks)
{
	int now = atomic_add_return(marks, &key_marks[key]);

	if (options.policy.scope != PKS_SCOPE_GLOBAL)
		return;
	trace(marks > 0 ? TRACE_GLOBAL_OPEN : TRACE_GLOBAL_CLOSE, key, pks_global_marks(key));
	if (now <= 0)
		recall();
}

void pks_global_open(u32 key)
{
	if (CONFIG_PKS && key)
		add(key, 1);
}

void pks_global_close(u32 key)
{
	if (CONFIG_PKS && key)
		add(key, -1);
}

void pks_key_moved(const struct page *page, u32 key)
{
	u32 marks = (u32)page_marks(page);

	if (!marks || page->pkey == key)
		return;
	if (key)
		add(key, (int)marks);
	if (page->pkey)
		add(page->pkey, -(int)marks);
}

void pks_global_lend(struct regs *regs, u32 key)
{
	irq_disable(); /* a change of the policy from here on recalls by an interrupt */
	if (!pks_global_marks(key) || READ_ONCE(options.policy.scope) != PKS_SCOPE_GLOBAL ||
	    pks_verdict(READ_ONCE(options.policy.mode), true) == PKS_DIE)
		return;
	pkrs_lend((u32)regs_pkrs(regs), pkrs_mask(key));
	if (!pks_global_marks(key)) /* an NMI here has closed it in between */
		pkrs_recall();
}
