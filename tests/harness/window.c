// SPDX-License-Identifier: MIT
#include "tests/harness/window.h"
#include "mm/page_alloc.h"
#include "mm/pgtable_internal.h"
#include "mm/tlb.h"
#include "tests/harness/ktest.h"

bool window_map(u64 offset, u64 phys, u64 len, pte_t prot, int level)
{
	if (!pgtable_map(kernel_root, WINDOW + offset, phys, len, prot, level))
		return true;
	ktest_error("no memory for the window's page tables");
	return false;
}

pte_t *window_entry(u64 va, int level)
{
	return pgtable_entry(kernel_root, va, level, false);
}

static void free_tables(pte_t entry, int level)
{
	pte_t *table = table_of(entry);

	for (u32 i = 0; level > 1 && i < 512; i++)
		if (table[i] & PTE_P && !pte_is_leaf(table[i], level))
			free_tables(table[i], level - 1);
	page_free(phys_to_page(entry & PTE_ADDR), 0);
}

void window_clear(void)
{
	for (u64 va = WINDOW; va < WINDOW + WINDOW_SIZE; va += level_size(3)) {
		pte_t *entry = window_entry(va, 3), old = entry ? *entry : 0;

		if (!entry || !old)
			continue;
		*entry = 0;
		tlb_shootdown(va, level_size(3) >> PAGE_SHIFT);
		if (old & PTE_P && !pte_is_leaf(old, 3))
			free_tables(old, 2);
	}
}

struct page *window_page(u32 order)
{
	struct page *page = page_alloc(order);

	if (!page)
		ktest_error("no memory for the test's pages");
	return page;
}
