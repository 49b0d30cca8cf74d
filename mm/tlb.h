/* SPDX-License-Identifier: MIT */
/*
 * Flushes translations. Every CPU's TLB holds keys as part of its translations (SDM Vol. 3A,
 * "Caching Translation Information"). It does not hold the rights in IA32_PKRS, which never need a
 * flush. So taking a page from everybody is expensive, and giving up one's own right is cheap.
 */
#ifndef KEYWARD_MM_TLB_H
#define KEYWARD_MM_TLB_H

#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"

/* For more pages than this, flushing everything is faster. */
#define TLB_FLUSH_ALL 64

static inline void tlb_flush_page(u64 va)
{
	percpu_count(invlpgs);
	invlpg(va);
}

/* Changes CR4.PGE, which flushes global translations too. */
static inline void tlb_flush_all(void)
{
	u64 flags = irq_save(), cr4 = read_cr4();

	percpu_count(flushes);
	write_cr4(cr4 ^ CR4_PGE);
	write_cr4(cr4);
	irq_restore(flags);
}

/* Flushes at least `pages` pages from `va` on; like the two above, on this CPU. Any context. */
static inline void tlb_flush_range(u64 va, u64 pages)
{
	if (pages > TLB_FLUSH_ALL) {
		tlb_flush_all();
		return;
	}
	for (u64 i = 0; i < pages; i++)
		tlb_flush_page(va + (i << PAGE_SHIFT));
}

/*
 * Flushes the pages on every CPU (SDM Vol. 3A, "Propagation of Paging-Structure Changes to Multiple
 * Processors"). No CPU uses the old translations when it returns. Thread context; if other CPUs
 * run, with interrupts on and no lock held, for which they may be waiting.
 */
void tlb_shootdown(u64 va, u64 pages);

#endif
