// SPDX-License-Identifier: MIT
/* Walks, maps and unmaps. */
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

/* Allocates a zeroed table. Returns its physical address, or 0. */
static u64 table_alloc(void)
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
	u64 flags = irq_save(); /* no table of the walk is freed */

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
	irq_restore(flags);
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
		if (!*entry) {
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

pte_t *pgtable_leaf(u64 root, u64 va, int *level)
{
	pte_t *table = phys_to_virt(root);

	for (int at = pgtable_top();; at--) {
		pte_t *entry = &table[level_index(va, at)];
		pte_t e = *entry;

		*level = at;
		if (!e || pte_is_leaf(e, at))
			return e ? entry : NULL;
		table = table_of(e);
	}
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
static pte_t *free_entry(u64 root, u64 va, int *level)
{
	pte_t *entry = pgtable_entry(root, va, *level, true);

	while (entry && *entry && !pte_is_leaf(*entry, *level))
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
		pte_t *entry = free_entry(root, va, &level);

		if (!entry) {
			err = -ENOMEM;
			break;
		}
		BUG_ON(*entry);
		*entry = pa | prot | (level > 1 ? PTE_PS : 0);
		va += level_size(level);
		pa += level_size(level);
		len -= level_size(level);
	}
	spin_unlock(&pgtable_lock);
	irq_restore(flags);
	return err;
}

/* A table with a hole is filled anew later, in other pages maybe: it is never merged (mm/split.h).
 */
static void clear_entries(u64 root, u64 va, u64 len)
{
	u64 flags = irq_save();

	spin_lock(&pgtable_lock);
	while (len) {
		int level;
		pte_t *entry = pgtable_leaf(root, va, &level);
		u64 size = entry ? level_size(level) : PAGE_SIZE;

		if (entry) {
			BUG_ON(size > len || va & (size - 1));
			*entry = 0;
			*pgtable_entry(root, va, level + 1, false) &= ~PTE_SPLIT;
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
