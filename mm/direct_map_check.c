// SPDX-License-Identifier: MIT
#include "mm/direct_map_check.h"

#if CONFIG_PARANOID

#include "kernel/console/panic.h"
#include "kernel/cpu/percpu.h"
#include "mm/direct_map.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"

static void require(bool good, const char *what, u64 va, pte_t e)
{
	if (!good)
		panic("the direct map at %p: %s: entry %016lx", (void *)va, what, e);
}

static void check_leaf(pte_t e, int level, u64 va)
{
	u64 size = level_size(level), phys = va - DIRECT_BASE;
	const struct page *first = phys_to_page(phys);
	const struct page *last = phys_to_page(phys + size - PAGE_SIZE);

	require((e & PTE_ADDR & ~(size - 1)) == phys, "another frame", va, e);
	require(!first || first->pkey == pte_key(e), "not the key of its struct page", va, e);
	require(!last || last->pkey == pte_key(e), "not the key of its last struct page", va, e);
	require(!(e & PTE_U), "a user page", va, e);
	require(level <= direct_map_level, "a page too large", va, e);
}

static void check_table(const pte_t *table, int level, u64 va)
{
	for (u32 i = 0; i < 512; i++, va += level_size(level)) {
		pte_t e = table[i];

		if (e && pte_is_leaf(e, level)) {
			check_leaf(e, level, va);
		} else if (e) {
			require((e & (PTE_P | PTE_W | PTE_U | PTE_NX)) == (PTE_P | PTE_W),
				"a table with rights of its own", va, e);
			require(direct_map_level > 1 || !(e & PTE_SPLIT), "a split page", va, e);
			check_table(table_of(e), level - 1, va);
		}
	}
}

void direct_map_check(void)
{
	if (READ_ONCE(pgtable_lock.holder) != this_cpu())
		panic("the direct map changes without the lock of the page tables");
	for (u64 va = DIRECT_BASE; va < DIRECT_BASE + DIRECT_SIZE; va += level_size(4)) {
		const pte_t *entry = pgtable_entry(kernel_root, va, 4, false);

		if (entry && *entry)
			check_table(table_of(*entry), 3, va);
	}
}

#endif
