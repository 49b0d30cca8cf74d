// SPDX-License-Identifier: MIT
#include "mm/gup/fault.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/cpu/x86.h"
#include "kernel/thread.h"
#include "mm/gup/accessible.h"
#include "mm/gup/swap.h"
#include "mm/gup/user_page.h"
#include "mm/tlb.h"

static int copy_block(const struct vm_area *vma, struct page *page, struct page **copy)
{
	u64 frames = level_pages(vma_level(vma));
	int err = 0;

	*copy = user_page_alloc(vma_level(vma));
	if (!*copy)
		return -ENOMEM;
	for (u64 i = 0; i < frames && !err; i++)
		err = page_copy(*copy + i, page + i);
	if (err)
		user_page_put(*copy, USERS_MAP);
	return err;
}

int mm_copy_page(const struct vm_area *vma, u64 va, pte_t e, struct page **copy)
{
	int level = vma_level(vma), err;
	struct page *page;

	va &= ~(vma_page_size(vma) - 1);
	page = pte_page(va, e, level);
	err = user_page_grab(page, USERS_PIN); /* what is made accessible stays so */
	if (err)
		return err;
	err = vm_normal_page(va, e, level, level_pages(level), &page);
	if (!err)
		err = copy_block(vma, page, copy);
	user_page_put(page, USERS_PIN);
	return err;
}

/*
 * Whether a page that this entry maps read-only may be written to: no other entry maps it, and no
 * reference by get_user_pages(), of an address space that has gone, sees what is written from now
 * on. But if the page is pinned, user mode must keep it: who pinned it has to see the write.
 */
static bool is_exclusive(struct page *page)
{
	u64 users = READ_ONCE(user_page_head(page)->users);

	return users_of_kind(users, USERS_MAP) == 1 &&
	       (users_of_kind(users, USERS_PIN) || !users_of_kind(users, USERS_GET));
}

int mm_unshare(const struct vm_area *vma, u64 va, pte_t *entry)
{
	struct page *page = pte_page(va, *entry, vma_level(vma)), *copy;
	u64 start = va & ~(vma_page_size(vma) - 1);
	int err;

	if (*entry & PTE_W || is_exclusive(page)) /* W: fork has left it alone */
		return 0;
	err = mm_copy_page(vma, va, *entry, &copy);
	if (err)
		return err;
	/* no CPU may read the old page when another one can write to the new one */
	smp_store_release(entry, 0);
	tlb_shootdown(start, level_pages(vma_level(vma)));
	smp_store_release(entry, page_to_phys(copy) | vma_prot(vma));
	user_page_put(page, USERS_MAP);
	return 0;
}

static int map_page(const struct vm_area *vma, u64 va, pte_t *entry)
{
	u64 n = vma->first + (va - vma->start) / vma_page_size(vma);
	struct page *page = NULL;
	int err = 0;

	if (vma->file)
		err = file_get_page(vma->file, n, &page);
	else if (!(page = user_page_alloc(vma_level(vma))))
		err = -ENOMEM;
	if (!err)
		smp_store_release(entry, page_to_phys(page) | vma_prot(vma));
	return err;
}

/* The entry is read-only since a fork. */
static int make_writable(const struct vm_area *vma, u64 va, pte_t *entry)
{
	int err = mm_unshare(vma, va, entry);

	if (!err)
		atomic_or(PTE_W, entry);
	return err;
}

int handle_mm_fault(struct mm_struct *mm, u64 va, bool write)
{
	const struct vm_area *vma = vma_find(mm, va);
	pte_t *entry;
	int err = 0;

	if (!vma || (write && !(vma->flags & VM_WRITE)))
		return -EFAULT;
	entry = vma_entry(mm, vma, va, true);
	if (!entry)
		return -ENOMEM;
	if (pte_is_swap(*entry))
		err = swap_in(vma, entry);
	else if (!(*entry & PTE_P))
		err = map_page(vma, va, entry);
	else if (write && !(*entry & PTE_W))
		err = make_writable(vma, va, entry);
	return err;
}

bool user_fault(u64 error, u64 addr)
{
	struct mm_struct *mm = current_thread()->mm;
	int err;

	if (!mm || error & (PF_I | PF_RSVD) || addr >= USER_END)
		return false;
	mutex_lock(&mm->lock);
	err = handle_mm_fault(mm, addr, error & PF_W);
	mutex_unlock(&mm->lock);
	return !err;
}
