// SPDX-License-Identifier: MIT
/* Takes pages out of an address space. */
#include "kernel/lib/atomic.h"
#include "mm/gup/swap.h"
#include "mm/gup/user_page.h"
#include "mm/gup/vma.h"
#include "mm/tlb.h"

/* What one entry, no longer present, stands for. No CPU has it in its TLB any more. */
static void drop(const struct vm_area *vma, u64 va, pte_t e)
{
	struct page *page;

	if (e & PTE_SWAP) {
		swap_put(e, vma_level(vma));
		return;
	}
	page = user_page_head(pte_page(va, e, vma_level(vma)));
	if (vma->file && e & PTE_D)
		set_page_dirty(page);
	user_page_put(page, USERS_MAP);
}

/*
 * The frames may be used again only when no TLB has them, so first all entries become not present,
 * keeping their address, then comes one flush, and then the pages go.
 */
void zap_range(struct mm_struct *mm, const struct vm_area *vma, u64 start, u64 end)
{
	u64 size = vma_page_size(vma);
	pte_t *entry;
	bool flush = false;

	for (u64 va = start; va < end; va += size) {
		entry = vma_entry(mm, vma, va, false);
		if (entry && READ_ONCE(*entry) & PTE_P) {
			atomic_and(~PTE_P, entry);
			flush = true;
		}
	}
	if (flush)
		tlb_shootdown(start, (end - start) >> PAGE_SHIFT);
	for (u64 va = start; va < end; va += size) {
		entry = vma_entry(mm, vma, va, false);
		if (entry && *entry)
			drop(vma, va, xchg(entry, 0));
	}
}
