// SPDX-License-Identifier: MIT
#include "mm/gup/fork.h"
#include "kernel/lib/atomic.h"
#include "mm/gup/fault.h"
#include "mm/gup/swap.h"
#include "mm/gup/user_page.h"
#include "mm/tlb.h"

/* Gives the child's entry what the parent's present one maps. */
static int share_page(const struct vm_area *vma, u64 va, pte_t *from, pte_t *to)
{
	struct page *page = pte_page(va, *from, vma_level(vma)), *copy;
	int err;

	if (!vma->file && user_page_count(page, USERS_PIN)) {
		err = mm_copy_page(vma, va, *from, &copy);
		if (!err)
			smp_store_release(to, page_to_phys(copy) | vma_prot(vma));
		return err;
	}
	err = user_page_grab(page, USERS_MAP);
	if (err)
		return err;
	smp_store_release(to, *from & ~PTE_D);
	return 0;
}

static int copy_entry(struct mm_struct *child, const struct vm_area *vma, u64 va, pte_t *from)
{
	pte_t *to = vma_entry(child, vma, va, true);
	int err = 0;

	if (!to)
		return -ENOMEM;
	if (*from & PTE_P)
		return share_page(vma, va, from, to);
	err = swap_get(*from, vma_level(vma));
	if (!err)
		smp_store_release(to, *from);
	return err;
}

static int copy_range(struct mm_struct *parent, struct mm_struct *child, const struct vm_area *vma)
{
	int err = 0;

	for (u64 va = vma->start; va < vma->end && !err; va += vma_page_size(vma)) {
		pte_t *from = vma_entry(parent, vma, va, false);

		if (from && *from)
			err = copy_entry(child, vma, va, from);
	}
	return err;
}

/*
 * Lets no CPU write to private memory any more: a fault waits for the lock. A page that turns out
 * not to be shared becomes writable again with the next write.
 */
static void protect_range(struct mm_struct *mm, const struct vm_area *vma)
{
	for (u64 va = vma->start; va < vma->end; va += vma_page_size(vma)) {
		pte_t *entry = vma_entry(mm, vma, va, false);

		if (entry && *entry & PTE_P)
			atomic_and(~PTE_W, entry);
	}
	tlb_shootdown(vma->start, (vma->end - vma->start) >> PAGE_SHIFT);
}

int mm_fork(struct mm_struct *parent, struct mm_struct **child)
{
	struct mm_struct *mm = mm_create();
	int err = 0;

	*child = NULL;
	if (!mm)
		return -ENOMEM;
	mutex_lock(&parent->lock);
	for (u32 i = 0; i < parent->count; i++) /* all, before one is copied or shared */
		if (!parent->vmas[i].file)
			protect_range(parent, &parent->vmas[i]);
	for (u32 i = 0; i < parent->count && !err; i++) {
		mm->vmas[mm->count++] = parent->vmas[i]; /* first: so that an error frees all */
		err = copy_range(parent, mm, &parent->vmas[i]);
	}
	mutex_unlock(&parent->lock);
	if (err)
		mm_destroy(mm);
	else
		*child = mm;
	return err;
}
