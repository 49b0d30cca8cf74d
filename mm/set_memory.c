// SPDX-License-Identifier: MIT
/* Changes keys and rights of mapped memory; splits large pages first where that is needed. */
#include "mm/set_memory.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/cpu/trace.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/tlb.h"
#include "pks/keys.h"

static u64 splits; /* written under pgtable_lock */

u64 pgtable_splits(void)
{
	return READ_ONCE(splits);
}

/* Replaces a 1 GiB or 2 MiB leaf by a table of 512 leaves of the next size. Locked. */
static int split_leaf(pte_t *entry, int level)
{
	u64 table = table_alloc(), size = level_size(level - 1);
	pte_t leaf = *entry, *small;

	if (!table)
		return -ENOMEM;
	splits++;
	small = table_of(table);
	if (level == 2)
		leaf &= ~PTE_PS;
	for (u32 i = 0; i < 512; i++)
		small[i] = leaf + i * size;
	/*
	 * The old and the new entries translate alike, so an old TLB entry does no harm until an
	 * attribute changes, and that flushes it.
	 */
	smp_store_release(entry, table | PTE_P | PTE_W | PTE_A | (leaf & PTE_U));
	return 0;
}

/* A leaf that set_direct_map_valid_noflush() has made not present keeps its other bits. */
static bool find_leaf(u64 root, u64 va, struct pgwalk *walk)
{
	return pgtable_walk(root, va, walk) || walk->entry[walk->last];
}

static int split_to(u64 root, u64 va, int to_level)
{
	struct pgwalk walk;

	while (find_leaf(root, va, &walk) && walk.last > to_level) {
		int err = split_leaf(pgtable_entry(root, va, walk.last, false), walk.last);

		if (err)
			return err;
	}
	return 0;
}

/* First pass: checks that all has leaves, and splits those that cross the range's ends. Locked. */
static int prepare(u64 va, u64 end)
{
	while (va < end) {
		struct pgwalk walk;
		u64 start;

		if (!find_leaf(kernel_root, va, &walk))
			return -EINVAL;
		start = va & ~(level_size(walk.last) - 1);
		if (start < va || start + level_size(walk.last) > end) {
			int err = split_to(kernel_root, va, walk.last - 1);

			if (err)
				return err;
			continue;
		}
		va = start + level_size(walk.last);
	}
	return 0;
}

/* Returns the leaf's entry, present or not, and its level; NULL: va has none. */
static pte_t *leaf_entry(u64 va, int *level)
{
	pte_t *table = phys_to_virt(kernel_root);

	for (int at = pgtable_top();; at--) {
		pte_t *entry = &table[level_index(va, at)];
		pte_t e = *entry;

		*level = at;
		if (pte_is_leaf(e, at))
			return e ? entry : NULL;
		if (!(e & PTE_P))
			return NULL;
		table = phys_to_virt(e & PTE_ADDR);
	}
}

/* The same for a range that has 4 KiB leaves already, which need no walk each. Locked. */
static int prepare_small(u64 va, u64 end)
{
	while (va < end) {
		int level;
		const pte_t *entry = leaf_entry(va, &level);

		if (!entry)
			return -EINVAL;
		if (level > 1)
			return prepare(va, end);
		do {
			if (!*entry++)
				return -EINVAL;
			va += PAGE_SIZE;
		} while (va < end && level_index(va, 1));
	}
	return 0;
}

/* Writes the direct mapping's key to the struct pages, where kmap() reads it. */
static void note_key(u64 va, u64 size, u32 key)
{
	struct page *page = virt_to_page((const void *)va);

	if (!page)
		return;
	for (u64 i = 0; i < size >> PAGE_SHIFT; i++) {
		pks_key_moved(&page[i], key);
		page[i].pkey = (u8)key;
		page[i].had_key = true;
	}
}

/* Second pass: sets the keys; cannot fail. Locked. */
static void change_keys(u64 va, u64 end, u32 key)
{
	while (va < end) {
		struct pgwalk walk;
		pte_t *entry;
		u64 size;

		pgtable_walk(kernel_root, va, &walk);
		size = level_size(walk.last);
		entry = pgtable_entry(kernel_root, va, walk.last, false);
		BUG_ON(!entry);
		smp_store_release(entry, pte_with_key(*entry, key));
		note_key(va, size, key); /* first: a key without pages is found at none */
		pks_key_add_pages(walk.key, -(s64)(size >> PAGE_SHIFT));
		pks_key_add_pages(key, (s64)(size >> PAGE_SHIFT));
		va += size;
	}
}

int set_memory_pkey(u64 va, u64 pages, u32 key)
{
	u64 end = va + (pages << PAGE_SHIFT), flags;
	int err;

	if (va & (PAGE_SIZE - 1) || pages == 0 || pages > DIRECT_SIZE >> PAGE_SHIFT || end < va ||
	    va < DIRECT_BASE || !pks_key_owner(key))
		return -EINVAL;
	flags = irq_save();
	spin_lock(&pgtable_lock);
	err = prepare_small(va, end);
	if (!err) {
		pks_changed(); /* first: whoever sees a new key sees this count */
		change_keys(va, end, key);
	}
	spin_unlock(&pgtable_lock);
	irq_restore(flags);
	if (err)
		return err;
	tlb_shootdown(va, pages);
	trace(TRACE_KEY, va, pages << 8 | key);
	return 0;
}

int direct_map_add(u64 phys, u64 pages, u32 key)
{
	u64 va = DIRECT_BASE + phys, len = pages << PAGE_SHIFT;
	struct page *page = phys_to_page(phys);
	int err;

	for (u64 i = 0; i < pages; i++) { /* first: a fault on the key finds it here */
		page[i].pkey = (u8)key;
		page[i].had_key |= key != PKS_KEY_DEFAULT;
	}
	pks_key_add_pages(key, (s64)pages);
	err = pgtable_map(kernel_root, va, phys, len, pte_with_key(PTE_RW_DATA | PTE_G, key), 3);
	if (err)
		direct_map_remove(phys, pages);
	else
		trace(TRACE_KEY, va, pages << 8 | key);
	return err;
}

void direct_map_remove(u64 phys, u64 pages)
{
	struct page *page = phys_to_page(phys);

	pks_changed(); /* first: a fault that is judged later is repeated */
	pgtable_unmap(kernel_root, DIRECT_BASE + phys, pages << PAGE_SHIFT);
	for (u64 i = 0; i < pages; i++) {
		pks_key_add_pages(page[i].pkey, -1);
		page[i].pkey = PKS_KEY_DEFAULT;
	}
	trace(TRACE_KEY, DIRECT_BASE + phys, pages << 8 | PKS_KEY_DEFAULT);
}

/* Second pass; cannot fail. Locked. */
static void change_bits(u64 va, u64 end, pte_t clear, pte_t set)
{
	while (va < end) {
		int level;
		pte_t *entry = leaf_entry(va, &level);
		u64 size = level_size(level);

		do {
			smp_store_release(entry, (*entry & ~clear) | set);
			entry++;
			va += size;
		} while (size == PAGE_SIZE && va < end && level_index(va, 1));
	}
}

static int change_direct_map(u64 va, u64 pages, pte_t clear, pte_t set)
{
	u64 end = va + (pages << PAGE_SHIFT), flags;
	int err;

	if (va & (PAGE_SIZE - 1) || !is_direct_map(va) || !pages ||
	    pages > (DIRECT_BASE + DIRECT_SIZE - va) >> PAGE_SHIFT)
		return -EINVAL;
	flags = irq_save();
	spin_lock(&pgtable_lock);
	err = prepare_small(va, end);
	if (!err)
		change_bits(va, end, clear, set);
	spin_unlock(&pgtable_lock);
	irq_restore(flags);
	return err;
}

int set_direct_map_valid_noflush(struct page *page, u64 n, bool valid)
{
	return change_direct_map((u64)page_to_virt(page), n, valid ? 0 : PTE_P, valid ? PTE_P : 0);
}

static int set_writable(u64 va, u64 pages, pte_t clear, pte_t set)
{
	int err = change_direct_map(va, pages, clear, set);

	if (!err)
		tlb_shootdown(va, pages);
	return err;
}

int set_memory_ro(u64 va, u64 pages)
{
	return set_writable(va, pages, PTE_W, 0);
}

int set_memory_rw(u64 va, u64 pages)
{
	return set_writable(va, pages, 0, PTE_W);
}
