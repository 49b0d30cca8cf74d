// SPDX-License-Identifier: MIT
#include "mm/gup/checksum.h"
#include "mm/gup/accessible.h"
#include "mm/gup/user_page.h"
#include "mm/page_alloc.h"

static void add_page(struct mm_checksum *sum, struct page *page, u64 *copy)
{
	if (page_copy_out(copy, page)) {
		sum->failed++;
		return;
	}
	for (u64 i = 0; i < PAGE_SIZE / 8; i++)
		sum->sum += copy[i] * (i + 1);
	sum->pages++;
}

static void add_entry(struct mm_checksum *sum, u64 va, pte_t e, int level, u64 *copy)
{
	struct page *page;

	for (u64 i = 0; i < level_pages(level); i++) {
		if (vm_normal_page(va + (i << PAGE_SHIFT), e, level, 1, &page))
			sum->skipped++;
		else
			add_page(sum, page, copy);
	}
}

int mm_checksum(struct mm_struct *mm, u64 start, u64 end, struct mm_checksum *sum)
{
	struct page *copy = page_alloc(0);

	*sum = (struct mm_checksum){ 0 };
	if (!copy)
		return -ENOMEM;
	mutex_lock(&mm->lock);
	for (u32 i = 0; i < mm->count; i++) {
		const struct vm_area *vma = &mm->vmas[i];
		u64 size = vma_page_size(vma);

		for (u64 va = vma->start; va < vma->end; va += size) {
			const pte_t *e = vma_entry(mm, vma, va, false);

			if (e && *e & PTE_P && va >= start && va + size <= end)
				add_entry(sum, va, *e, vma_level(vma), page_to_virt(copy));
		}
	}
	mutex_unlock(&mm->lock);
	page_free(copy, 0);
	return 0;
}
