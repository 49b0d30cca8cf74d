/* SPDX-License-Identifier: MIT */
/* Changing the attributes of mapped memory. */
#ifndef KEYWARD_MM_SET_MEMORY_H
#define KEYWARD_MM_SET_MEMORY_H

#include "kernel/lib/types.h"

/*
 * Sets the key of `pages` pages from `va` on. Splits large pages that only partly belong to the
 * range, and flushes the range on every CPU. While it runs, either key may apply; from its return
 * on the new one does, everywhere. -EINVAL: bad range or key, or not everything is mapped; -ENOMEM:
 * a split failed. After an error no key has changed. Contexts as tlb_shootdown().
 */
int set_memory_pkey(u64 va, u64 pages, u32 key);

/*
 * Maps `pages` pages that have struct pages and are no RAM, from `phys` on, in the direct map, with
 * `key` from the first moment: in large pages where their addresses allow it, and no tables are
 * left there from small ones. -ENOMEM: no memory for a table; nothing is mapped then. Contexts as
 * tlb_shootdown(). Nobody else may use the pages meanwhile; an interrupt or an NMI that touches one
 * finds it mapped with the key, or not at all.
 */
int direct_map_add(u64 phys, u64 pages, u32 key);

/* Unmaps them on every CPU, and takes their keys. Tables of split pages stay. Contexts likewise. */
void direct_map_remove(u64 phys, u64 pages);

/*
 * Makes n frames of the direct map not present, or present again; all else about them stays. No TLB
 * is flushed: the caller does that after it has made them not present. Translations that are not
 * present are in no TLB, so making them present needs no flush (SDM Vol. 3A, "Optional
 * Invalidation"). Splits large pages as above. -EINVAL: no frames, or not all of them have a place
 * in the direct map; -ENOMEM: a split failed. After an error nothing has changed. Any context but
 * NMI.
 */
struct page;
int set_direct_map_valid_noflush(struct page *page, u64 n, bool valid);

/*
 * Make pages of the direct map read-only, or writable again, and flush them on every CPU.
 * Supervisor writes to a read-only page fault if CR0.WP = 1. Errors as above; contexts as
 * tlb_shootdown().
 */
int set_memory_ro(u64 va, u64 pages);
int set_memory_rw(u64 va, u64 pages);

/* Returns how many large pages were split; each split adds a table for good. Any context. */
u64 pgtable_splits(void);

#endif
