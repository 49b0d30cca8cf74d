// SPDX-License-Identifier: MIT
/* Walks, maps and unmaps. mm/set_memory.c splits pages and sets keys. */
#include "mm/pgtable.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "mm/bootmem.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable_internal.h"
#include "mm/tlb.h"

u64 kernel_root;
struct spinlock pgtable_lock = SPINLOCK_INIT;
static bool allocator_up;

void pgtable_use_allocator(void)
{
	allocator_up = true;
}

pte_t *table_of(pte_t e)
{
	return phys_to_virt(e & PTE_ADDR);
}

int pgtable_top(void)
{
	return read_cr4() & CR4_LA57 ? 5 : 4;
}

u64 table_alloc(void)
{
	struct page *page;

	if (!allocator_up)
		return bootmem_alloc();
	page = page_alloc(0);
	if (!page)
		return 0;
	clear_page(page_to_virt(page));
	return page_to_phys(page);
}

/* Combines the rights of all levels: U/S and R/W by AND, execute-disable by OR. */
bool pgtable_walk(u64 root, u64 va, struct pgwalk *walk)
{
	int level = pgtable_top();
	pte_t e = root, all = ~0ULL, any = 0;

	walk->va = va;
	walk->top = level;
	for (;; level--) {
		e = READ_ONCE(table_of(e)[level_index(va, level)]);
		walk->entry[level] = e;
		all &= e;
		any |= e;
		if (!(e & PTE_P) || pte_is_leaf(e, level))
			break;
	}
	walk->last = level;
	walk->present = e & PTE_P;
	walk->pa = (e & PTE_ADDR & ~(level_size(level) - 1)) | (va & (level_size(level) - 1));
	walk->key = pte_key(e);
	walk->user = all & PTE_U;
	walk->writable = all & PTE_W;
	walk->executable = !(any & PTE_NX);
	return walk->present;
}

pte_t *pgtable_entry(u64 root, u64 va, int level, bool make)
{
	/* Upper levels permit everything, so the leaf decides; U/S = 1 only for user addresses. */
	pte_t rights = PTE_P | PTE_W | PTE_A | (va < USER_END ? PTE_U : 0);
	pte_t *entry = (pte_t *)phys_to_virt(root) + level_index(va, pgtable_top());

	for (int at = pgtable_top(); at > level; at--) {
		if (!(*entry & PTE_P)) {
			u64 table = make ? table_alloc() : 0;

			if (!table)
				return NULL;
			smp_store_release(entry, table | rights);
		} else if (pte_is_leaf(*entry, at)) {
			return NULL;
		}
		entry = table_of(*entry) + level_index(va, at - 1);
	}
	return entry;
}

static int largest_level(u64 va, u64 pa, u64 len, int max_level)
{
	int level = max_level;

	while (level > 1 && ((va | pa) & (level_size(level) - 1) || len < level_size(level)))
		level--;
	return level;
}

/*
 * Returns the entry for a leaf at *level, or at a lower one where there is a table already: pages
 * that were unmapped leave their tables. NULL: no memory for a table.
 */
static pte_t *leaf_entry(u64 root, u64 va, int *level)
{
	pte_t *entry = pgtable_entry(root, va, *level, true);

	while (entry && *entry & PTE_P && !pte_is_leaf(*entry, *level))
		entry = pgtable_entry(root, va, --*level, true);
	return entry;
}

int pgtable_map(u64 root, u64 va, u64 pa, u64 len, pte_t prot, int max_level)
{
	u64 flags = irq_save();
	int err = 0;

	spin_lock(&pgtable_lock);
	if (max_level == 3 && !cpu_has(FEATURE_PAGE1GB))
		max_level = 2;
	while (len) {
		int level = largest_level(va, pa, len, max_level);
		pte_t *entry = leaf_entry(root, va, &level);

		if (!entry) {
			err = -ENOMEM;
			break;
		}
		BUG_ON(*entry & PTE_P);
		*entry = pa | prot | (level > 1 ? PTE_PS : 0);
		va += level_size(level);
		pa += level_size(level);
		len -= level_size(level);
	}
	spin_unlock(&pgtable_lock);
	irq_restore(flags);
	return err;
}

static void clear_entries(u64 root, u64 va, u64 len)
{
	u64 flags = irq_save();

	spin_lock(&pgtable_lock);
	while (len) {
		struct pgwalk walk;
		u64 size = PAGE_SIZE;

		if (pgtable_walk(root, va, &walk)) {
			size = level_size(walk.last);
			BUG_ON(size > len || va & (size - 1));
			*pgtable_entry(root, va, walk.last, false) = 0;
		}
		va += size;
		len -= size;
	}
	spin_unlock(&pgtable_lock);
	irq_restore(flags);
}

void pgtable_unmap(u64 root, u64 va, u64 len)
{
	clear_entries(root, va, len);
	tlb_shootdown(va, len >> PAGE_SHIFT);
}

static void free_tables(pte_t *table, int level, u32 entries)
{
	for (u32 i = 0; level > 1 && i < entries; i++) {
		if (!(table[i] & PTE_P) || pte_is_leaf(table[i], level))
			continue;
		free_tables(table_of(table[i]), level - 1, 512);
		page_free(phys_to_page(table[i] & PTE_ADDR), 0);
	}
}

void pgtable_free_user(u64 root)
{
	free_tables(phys_to_virt(root), pgtable_top(), 256);
	page_free(phys_to_page(root), 0);
}
