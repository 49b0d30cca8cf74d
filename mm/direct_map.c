// SPDX-License-Identifier: MIT
#include "mm/direct_map.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/cpu/trace.h"
#include "mm/direct_map_check.h"
#include "mm/init.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/set_memory.h"
#include "mm/split.h"
#include "pks/keys.h"

extern char data_start[];

/* The image up to its writable data, and what boot/ runs before paging. */
#define READ_ONLY_START KERNEL_LMA
#define READ_ONLY_END   ((u64)data_start - KERNEL_BASE)

static void map(u64 start, u64 end, pte_t prot, int max_level)
{
	if (start < end &&
	    pgtable_map(kernel_root, DIRECT_BASE + start, start, end - start, prot, max_level))
		panic("cannot map %p", (void *)(DIRECT_BASE + start));
}

int direct_map_level;

void direct_map_init(int max_level)
{
	direct_map_level = max_level;
	for (u32 i = 0; i < ram.count; i++) {
		u64 start = ram.r[i].start, end = ram.r[i].end;

		map(start, MIN(end, READ_ONLY_START), PTE_DIRECT, max_level);
		map(MAX(start, READ_ONLY_START), MIN(end, READ_ONLY_END), PTE_RO_DATA | PTE_G,
		    max_level);
		map(MAX(start, READ_ONLY_END), end, PTE_DIRECT, max_level);
	}
}

/* Whether these frames may leave the direct map and return as ordinary memory. */
static bool can_change(const struct page *page, u64 n)
{
	u64 start = page_to_phys(page), end = start + (n << PAGE_SHIFT);

	if (!n || n > DIRECT_SIZE >> PAGE_SHIFT || !ranges_contain(&page_ranges, start, end))
		return false;
	return end <= READ_ONLY_START || start >= READ_ONLY_END;
}

static int change(struct page *page, u64 n, const struct leaf_change *change)
{
	if (!can_change(page, n))
		return -EINVAL;
	return change_memory_noflush((u64)page_to_virt(page), n, change);
}

int set_direct_map_invalid_noflush(struct page *page, u64 n)
{
	static const struct leaf_change hide = { .clear = PTE_P, .max_level = 1 };

	return change(page, n, &hide);
}

int set_direct_map_default_noflush(struct page *page, u64 n)
{
	static const struct leaf_change show = { .set = PTE_DIRECT, .max_level = 3 };

	return change(page, n, &show);
}

bool kernel_page_present(const struct page *page)
{
	struct pgwalk walk;

	return pgtable_walk(kernel_root, (u64)page_to_virt(page), &walk);
}

/* For who does not hold the lock of the page tables. */
static void check_all(void)
{
	u64 flags;

	if (!CONFIG_PARANOID)
		return;
	flags = irq_save();
	spin_lock(&pgtable_lock);
	direct_map_check();
	spin_unlock(&pgtable_lock);
	irq_restore(flags);
}

int direct_map_add(u64 phys, u64 pages, u32 key)
{
	u64 va = DIRECT_BASE + phys, len = pages << PAGE_SHIFT;
	struct page *page = phys_to_page(phys);
	pte_t leaf = pte_with_key(PTE_DIRECT, key);
	int err;

	for (u64 i = 0; i < pages; i++) { /* first: a fault on the key finds it here */
		page[i].pkey = (u8)key;
		page[i].had_key |= key != PKS_KEY_DEFAULT;
	}
	pks_key_add_pages(key, (s64)pages);
	err = pgtable_map(kernel_root, va, phys, len, leaf, direct_map_level);
	if (err)
		direct_map_remove(phys, pages);
	else
		trace(TRACE_KEY, va, pages << 8 | key);
	check_all();
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
	check_all();
}
