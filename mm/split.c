// SPDX-License-Identifier: MIT
#include "mm/split.h"
#include "kernel/console/panic.h"
#include "kernel/lib/atomic.h"
#include "mm/leaf.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"

static u64 splits; /* written under pgtable_lock */

u64 pgtable_splits(void)
{
	return READ_ONCE(splits);
}

/* The range [from, end), and what becomes of it. */
struct cut {
	u64 from, end;
	const struct leaf_change *change;
};

/* Whether a leaf that changes, at `start`, has a part in the range but may not stay whole. */
static bool must_split(const struct cut *cut, u64 start, int level)
{
	u64 end = start + level_size(level);

	if (level == 1 || end <= cut->from || start >= cut->end)
		return false;
	return level > cut->change->max_level || start < cut->from || end > cut->end;
}

static bool leaf_may_stay(const struct cut *cut, pte_t leaf, int level)
{
	return level <= cut->change->max_level && leaf_changed(leaf, cut->change) == leaf;
}

/* Returns how many tables the leaf at `start` becomes. */
static u64 tables_for(const struct cut *cut, u64 start, int level)
{
	u64 n = 1;

	if (!must_split(cut, start, level))
		return 0;
	for (u64 i = 0; level > 2 && i < 512; i++)
		n += tables_for(cut, start + i * level_size(level - 1), level - 1);
	return n;
}

/* Counts the tables that the range needs. -EINVAL: not everything has a leaf. */
static int count_tables(const struct cut *cut, u64 *count)
{
	u64 va = cut->from;

	*count = 0;
	while (va < cut->end) {
		int level;
		const pte_t *entry = pgtable_leaf(kernel_root, va, &level);

		if (!entry)
			return -EINVAL;
		if (level > 1) {
			va = ALIGN_DOWN(va, level_size(level));
			if (!leaf_may_stay(cut, *entry, level))
				*count += tables_for(cut, va, level);
			va += level_size(level);
			continue;
		}
		do { /* small pages, which need no walk each */
			if (!*entry++)
				return -EINVAL;
			va += PAGE_SIZE;
		} while (va < cut->end && level_index(va, 1));
	}
	return 0;
}

void split_free(struct list_head *old)
{
	while (!list_empty(old)) {
		struct page *page = list_entry(old->next, struct page, list);

		list_del(&page->list);
		page_free(page, 0);
	}
}

/* Takes nothing, not even for a moment, if there is less memory than that. */
static int take_tables(struct list_head *tables, u64 count)
{
	if (pages_free() < count)
		return -ENOMEM;
	while (count--) {
		struct page *page = page_alloc(0);

		if (!page) {
			split_free(tables);
			return -ENOMEM;
		}
		list_add(&page->list, tables);
	}
	return 0;
}

static void split_leaf(pte_t *entry, int level, struct list_head *tables)
{
	pte_t leaf = *entry, *table;
	struct page *page;

	BUG_ON(list_empty(tables));
	page = list_entry(tables->next, struct page, list);
	list_del(&page->list);
	table = page_to_virt(page);
	for (u32 i = 0; i < 512; i++)
		table[i] = leaf_part(leaf, level, i);
	smp_store_release(entry,
			  page_to_phys(page) | PTE_P | PTE_W | PTE_A | PTE_SPLIT | (leaf & PTE_U));
	splits++;
}

static void split_leaves(const struct cut *cut, struct list_head *tables)
{
	u64 va = cut->from;

	while (va < cut->end) {
		int level;
		pte_t *entry = pgtable_leaf(kernel_root, va, &level);

		if (!leaf_may_stay(cut, *entry, level) &&
		    must_split(cut, ALIGN_DOWN(va, level_size(level)), level))
			split_leaf(entry, level, tables);
		else /* behind a small page: to the next table, which may be a large page */
			va = ALIGN_DOWN(va, level_size(MAX(level, 2))) + level_size(MAX(level, 2));
	}
	BUG_ON(!list_empty(tables));
}

int split_range(u64 va, u64 end, const struct leaf_change *change)
{
	struct list_head tables = LIST_HEAD_INIT(tables);
	struct cut cut = { va, end, change };
	u64 count;
	int err = count_tables(&cut, &count);

	if (err || !count)
		return err;
	err = take_tables(&tables, count);
	if (!err)
		split_leaves(&cut, &tables);
	return err;
}

static void merge_level(u64 va, u64 end, int level, struct list_head *old)
{
	for (va = ALIGN_DOWN(va, level_size(level)); va < end; va += level_size(level)) {
		pte_t *entry = pgtable_entry(kernel_root, va, level, false), leaf;

		if (!entry || pte_is_leaf(*entry, level) || !(*entry & PTE_SPLIT))
			continue;
		leaf = leaf_whole(table_of(*entry), level);
		if (!leaf)
			continue;
		list_add(&phys_to_page(*entry & PTE_ADDR)->list, old);
		smp_store_release(entry, leaf);
		splits--;
	}
}

void split_merge(u64 va, u64 end, struct list_head *old)
{
	merge_level(va, end, 2, old);
	merge_level(va, end, 3, old);
}
