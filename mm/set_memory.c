// SPDX-License-Identifier: MIT
/* Changes keys and rights of mapped memory. */
#include "mm/set_memory.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/cpu/trace.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "mm/direct_map_check.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/split.h"
#include "mm/tlb.h"
#include "pks/keys.h"

#define ANY_LEVEL 3 /* the largest leaf */

/* Counts the pages' keys, and writes them to the struct pages of the direct map, for kmap(). */
static void note_key(u64 va, u64 size, u32 old, u32 key)
{
	struct page *page = virt_to_page((const void *)va);
	s64 pages = (s64)(size >> PAGE_SHIFT);

	for (s64 i = 0; page && i < pages; i++) {
		pks_key_moved(&page[i], key);
		page[i].pkey = (u8)key;
		page[i].had_key = true;
	}
	pks_key_add_pages(old, -pages); /* last: a key without pages is found at none */
	pks_key_add_pages(key, pages);
}

/* Of a leaf that changes, all is in the range: split_range() comes first. Locked. */
static void change_leaf(pte_t *entry, u64 va, u64 size, const struct leaf_change *change)
{
	pte_t old = *entry, leaf = leaf_changed(old, change);

	if (leaf == old)
		return;
	smp_store_release(entry, leaf);
	if (pte_key(leaf) != pte_key(old))
		note_key(va, size, pte_key(old), pte_key(leaf));
}

/* Cannot fail. Locked. */
static void change_leaves(u64 va, u64 end, const struct leaf_change *change)
{
	while (va < end) {
		int level;
		pte_t *entry = pgtable_leaf(kernel_root, va, &level);
		u64 size = level_size(level);

		BUG_ON(level > change->max_level);
		va = ALIGN_DOWN(va, size);
		do { /* small pages, which need no walk each */
			change_leaf(entry++, va, size, change);
			va += size;
		} while (size == PAGE_SIZE && va < end && level_index(va, 1));
	}
}

/* With `old`, merges too: the caller flushes and frees the tables. */
static int change_memory(u64 va, u64 pages, const struct leaf_change *change, struct list_head *old)
{
	u64 end = va + (pages << PAGE_SHIFT), flags;
	int err;

	if (va & (PAGE_SIZE - 1) || pages == 0 || pages > DIRECT_SIZE >> PAGE_SHIFT || end < va ||
	    va < DIRECT_BASE)
		return -EINVAL;
	flags = irq_save();
	spin_lock(&pgtable_lock);
	err = split_range(va, end, change);
	if (!err) {
		if (change->clear & PTE_KEY_MASK)
			pks_changed(); /* first: whoever sees a new key sees this count */
		change_leaves(va, end, change);
		if (old)
			split_merge(va, end, old);
	}
	direct_map_check();
	spin_unlock(&pgtable_lock);
	irq_restore(flags);
	return err;
}

int change_memory_noflush(u64 va, u64 pages, const struct leaf_change *change)
{
	return change_memory(va, pages, change, NULL);
}

static int set_memory(u64 va, u64 pages, pte_t clear, pte_t set)
{
	struct leaf_change change = { clear, set, ANY_LEVEL };
	struct list_head old = LIST_HEAD_INIT(old);
	int err = change_memory(va, pages, &change, &old);

	/* No TLB has what is not present (SDM Vol. 3A, "Optional Invalidation"). */
	if (!err && (set != PTE_P || !list_empty(&old)))
		tlb_shootdown(va, pages);
	split_free(&old);
	return err;
}

int set_memory_pkey(u64 va, u64 pages, u32 key)
{
	int err = -EINVAL;

	if (pks_key_owner(key))
		err = set_memory(va, pages, PTE_KEY_MASK, pte_with_key(0, key));
	if (!err)
		trace(TRACE_KEY, va, pages << 8 | key);
	return err;
}

int set_memory_np(u64 va, u64 pages)
{
	return set_memory(va, pages, PTE_P, 0);
}

int set_memory_p(u64 va, u64 pages)
{
	return set_memory(va, pages, 0, PTE_P);
}

int set_memory_ro(u64 va, u64 pages)
{
	return set_memory(va, pages, PTE_W, 0);
}

int set_memory_rw(u64 va, u64 pages)
{
	return set_memory(va, pages, 0, PTE_W);
}

int set_memory_nx(u64 va, u64 pages)
{
	return set_memory(va, pages, 0, PTE_NX);
}

int set_memory_x(u64 va, u64 pages)
{
	return set_memory(va, pages, PTE_NX, 0);
}
