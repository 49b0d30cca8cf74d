/* SPDX-License-Identifier: MIT */
/*
 * Flushing translations. A key is part of the translation that the TLB holds (SDM Vol. 3A,
 * "Caching Translation Information"), in every processor's TLB; rights in IA32_PKRS are not, and
 * never need this. That is why taking a page from everybody is dear, and giving up one's own right
 * is cheap.
 */
#ifndef KEYWARD_MM_TLB_H
#define KEYWARD_MM_TLB_H

#include "kernel/cpu/insn.h"

/* More pages than this are flushed faster by dropping everything. */
#define TLB_FLUSH_ALL 64

static inline void tlb_flush_page(u64 va)
{
	invlpg(va);
}

/* Changing CR4.PGE drops global translations too. */
static inline void tlb_flush_all(void)
{
	u64 flags = irq_save(), cr4 = read_cr4();

	write_cr4(cr4 ^ CR4_PGE);
	write_cr4(cr4);
	irq_restore(flags);
}

/* `pages` translations from `va` on, at least. This processor's, like the two above. Any context.
 */
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
 * The same on every processor (SDM Vol. 3A, "Propagation of Paging-Structure Changes to Multiple
 * Processors"); none uses the old translations when it returns. Thread context, interrupts on and
 * no lock held where there are other processors: they may be waiting for it.
 */
void tlb_shootdown(u64 va, u64 pages);

#endif
