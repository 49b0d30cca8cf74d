// SPDX-License-Identifier: MIT
#include "mm/snapshot.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/lib/atomic.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/tlb.h"
#include "mm/vmap.h"

/* Where the aliases are, a page for each CPU: one table has them all. Written at boot. */
static u64 aliases;

_Static_assert(CPUS_MAX == 512, "a table has an entry for each CPU");

void snapshot_init(void)
{
	u64 size = level_size(2);

	aliases = ALIGN_UP(vmap_reserve(2 * size), size);
}

/*
 * Returns this CPU's entry, which only this CPU writes, with preemption off and not in an
 * interrupt. NULL: no memory for its table.
 */
static pte_t *alias_entry(u64 va)
{
	pte_t *entry = pgtable_entry(kernel_root, va, 1, false);
	u64 flags;

	if (likely(entry))
		return entry;
	flags = irq_save();
	spin_lock(&pgtable_lock);
	entry = pgtable_entry(kernel_root, va, 1, true);
	spin_unlock(&pgtable_lock);
	irq_restore(flags);
	return entry;
}

int safe_copy_page(void *to, const struct page *from)
{
	pte_t *entry;
	u64 va;

	preempt_disable(); /* the alias, and its translations, are this CPU's */
	va = aliases + this_cpu()->id * PAGE_SIZE;
	entry = alias_entry(va);
	if (entry) {
		smp_store_release(entry, page_to_phys(from) | PTE_RO_DATA);
		copy_page(to, (const void *)va);
		smp_store_release(entry, 0);
		tlb_flush_page(va);
	}
	preempt_enable();
	return entry ? 0 : -ENOMEM;
}

int snapshot(const struct ranges *what,
	     void (*each)(const struct page *page, const void *copy, void *arg), void *arg)
{
	struct page *buffer = page_alloc(0);
	int err = buffer ? 0 : -ENOMEM;

	for (u32 i = 0; !err && i < what->count; i++) {
		for (u64 phys = what->r[i].start; phys < what->r[i].end; phys += PAGE_SIZE) {
			const struct page *page = phys_to_page(phys);

			err = safe_copy_page(page_to_virt(buffer), page);
			if (err) /* before the first page only: the table stays */
				break;
			each(page, page_to_virt(buffer), arg);
		}
	}
	tlb_shootdown(aliases, CPUS_MAX);
	if (buffer)
		page_free(buffer, 0);
	return err;
}
