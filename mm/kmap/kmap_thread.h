/* SPDX-License-Identifier: MIT */
/*
 * The RFC's thread-local map (docs/EXPERIMENTS.md): a kmap() whose address its caller gives to
 * nobody. As kmap_local_page(), but for threads alone, and unmapped in any order.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_THREAD_H
#define KEYWARD_MM_KMAP_KMAP_THREAD_H

#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "mm/page.h"

/* What the functions below do about pages that may carry a key. */
void kmap_thread_protected(struct page *page);
void kunmap_thread_protected(struct page *page);

/*
 * Returns the page's address; if it carries a key, the running thread may read and write it until
 * as many kunmap_thread(). Softirqs, interrupts and NMIs get no rights, and a warning. Any context.
 */
static inline void *kmap_thread(struct page *page)
{
	void *va = page_to_virt(page);

	if (unlikely(page->pkey)) {
		kmap_thread_protected(page);
		barrier(); /* no tail call, so that the call site is this one */
	}
	return va;
}

/*
 * Ends the thread's last such map of the page. Where it has none nothing changes, and a warning
 * says who unmaps, and who has mapped the page instead. Any context.
 */
static inline void kunmap_thread(struct page *page)
{
	kunmap_thread_protected(page);
	barrier(); /* likewise */
}

#endif
