/* SPDX-License-Identifier: MIT */
/*
 * Splits large kernel pages into tables of smaller ones, and merges them again. All functions need
 * pgtable_lock; walks go on without it.
 *
 * A split page and its table translate alike, and so do a table and the page merged from it. So
 * both may be in TLBs at once, until an attribute changes, and that flushes each page of its range
 * (SDM Vol. 3A, "Details of TLB Use"). PTE_SPLIT marks the tables that replace a page. Only they
 * are merged, so no page ever becomes larger than it was mapped.
 */
#ifndef KEYWARD_MM_SPLIT_H
#define KEYWARD_MM_SPLIT_H

#include "kernel/cpu/pte.h"
#include "kernel/lib/list.h"

/* A change of the bits of leaves. */
struct leaf_change {
	pte_t clear, set;
	int max_level; /* the range's larger leaves are split, even if nothing changes in them */
};

static inline pte_t leaf_changed(pte_t leaf, const struct leaf_change *change)
{
	return (leaf & ~change->clear) | change->set;
}

/*
 * Splits the leaves of [va, end) as the change needs it: those that cross an end of the range and
 * would change, and those above its max_level. All tables are allocated before anything is split.
 * -EINVAL: not everything has a leaf, present or not; -ENOMEM: too little memory. Nothing has
 * changed then. Any context but NMI.
 */
int split_range(u64 va, u64 end, const struct leaf_change *change);

/*
 * Merges each split page that has a part in [va, end) and whose parts are alike again, and adds
 * its table to `old`. CPUs may use the tables still: flush any page of the range on every CPU,
 * which drops all they know about paging structures (SDM Vol. 3A, "Operations that Invalidate TLBs
 * and Paging-Structure Caches"), then call split_free().
 */
void split_merge(u64 va, u64 end, struct list_head *old);

/* Frees the tables in the list. Without the lock; any context but NMI. */
void split_free(struct list_head *old);

/*
 * Returns how many tables stand for large pages that were split, with those whose pages were
 * unmapped since. Any context.
 */
u64 pgtable_splits(void);

#endif
