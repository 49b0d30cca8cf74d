/* SPDX-License-Identifier: MIT */
/*
 * The RFC's thread-local map (docs/EXPERIMENTS.md): a kmap() whose caller passes its address to
 * nobody. Like kmap_local_page(), but for threads only, and unmapped in any order.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_THREAD_H
#define KEYWARD_MM_KMAP_KMAP_THREAD_H

#include "kernel/cpu/insn.h"
#include "mm/page.h"

/* The slow paths of the functions below, as in mm/kmap/kmap_local.h. */
void kmap_thread_protected(struct page *page);
void kunmap_thread_protected(struct page *page);

/*
 * Returns the page's address. If the page has a key, the running thread may read and write it until
 * as many calls of kunmap_thread(). Softirqs, interrupts and NMIs get a warning and no rights. Any
 * context.
 */
static inline void *kmap_thread(struct page *page)
{
	void *va = page_to_virt(page);

	if (unlikely(page->pkey)) {
		kmap_thread_protected(page);
	}
	return va;
}

/*
 * Ends the thread's last such map of the page. If it has none, changes nothing, and warns with the
 * call site and the thread that has mapped the page instead. Any context.
 */
static inline void kunmap_thread(struct page *page)
{
	kunmap_thread_protected(page);
}

#endif
