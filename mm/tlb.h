/* SPDX-License-Identifier: MIT */
/*
 * Flushing translations. A key is part of the translation that the TLB holds (SDM Vol. 3A,
 * "Caching Translation Information"); rights in IA32_PKRS are not, and never need this.
 */
#ifndef KEYWARD_MM_TLB_H
#define KEYWARD_MM_TLB_H

#include "kernel/insn.h"

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

/* `pages` translations from `va` on, at least. */
static inline void tlb_flush_range(u64 va, u64 pages)
{
	if (pages > TLB_FLUSH_ALL) {
		tlb_flush_all();
		return;
	}
	for (u64 i = 0; i < pages; i++)
		tlb_flush_page(va + (i << PAGE_SHIFT));
}

#endif
