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

/* Returns how many large pages were split; each split adds a table for good. Any context. */
u64 pgtable_splits(void);

#endif
