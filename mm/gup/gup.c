// SPDX-License-Identifier: MIT
#include "mm/gup/gup.h"
#include "mm/gup/accessible.h"
#include "mm/gup/fault.h"
#include "mm/gup/user_page.h"

#define FOLL_PIN 4 /* added by pin_user_pages() */

/*
 * Returns in *page the frame that a present entry maps, with one user more. The pin comes before
 * the page is made accessible: from then on it cannot become private again.
 */
static int grab_page(const struct vm_area *vma, u64 va, pte_t e, u32 flags, struct page **page)
{
	u64 kind = flags & FOLL_PIN ? USERS_PIN : USERS_GET;
	int err = user_page_grab(pte_page(va, e, vma_level(vma)), kind);

	if (err)
		return err;
	err = vm_normal_page(va, e, vma_level(vma), 1, page);
	/* the content matters to those who pin alone, as the patch of 2020 has it */
	if (!err && flags & FOLL_PIN && accessible_hook() == ACCESSIBLE_GUP)
		err = arch_make_page_accessible(*page);
	if (err)
		user_page_put(*page, kind);
	return err;
}

/* Whether what the entry maps will do; if not, a fault is needed first. */
static bool entry_suits(pte_t e, u32 flags)
{
	return e & PTE_P && (e & PTE_W || !(flags & FOLL_WRITE));
}

static int gup_one(struct mm_struct *mm, u64 va, u32 flags, struct page **page)
{
	const struct vm_area *vma = vma_find(mm, va);
	pte_t *entry;
	int err = 0;

	if (!vma || (flags & FOLL_WRITE && !(vma->flags & VM_WRITE)))
		return -EFAULT;
	if (vma->file && flags & FOLL_LONGTERM && flags & FOLL_WRITE)
		return -EFAULT;
	entry = vma_entry(mm, vma, va, false);
	if (!entry || !entry_suits(*entry, flags))
		err = handle_mm_fault(mm, va, flags & FOLL_WRITE);
	if (err)
		return err;
	entry = vma_entry(mm, vma, va, false);
	if (!vma->file && flags & FOLL_PIN)
		err = mm_unshare(vma, va, entry);
	return err ? err : grab_page(vma, va, *entry, flags, page);
}

static s64 gup(struct mm_struct *mm, u64 start, u64 n, u32 flags, struct page **pages)
{
	u64 done = 0;
	int err = 0;

	if (start & (PAGE_SIZE - 1) || start >= USER_END || n > (USER_END - start) >> PAGE_SHIFT)
		return -EINVAL;
	mutex_lock(&mm->lock);
	for (; done < n && !err; done += !err)
		err = gup_one(mm, start + (done << PAGE_SHIFT), flags, &pages[done]);
	mutex_unlock(&mm->lock);
	return done || !err ? (s64)done : err;
}

s64 get_user_pages(struct mm_struct *mm, u64 start, u64 n, u32 flags, struct page **pages)
{
	return flags & ~(u32)FOLL_WRITE ? -EINVAL : gup(mm, start, n, flags, pages);
}

s64 pin_user_pages(struct mm_struct *mm, u64 start, u64 n, u32 flags, struct page **pages)
{
	if (flags & ~(u32)(FOLL_WRITE | FOLL_LONGTERM))
		return -EINVAL;
	return gup(mm, start, n, flags | FOLL_PIN, pages);
}

static void put_pages(struct page **pages, u64 n, bool dirty, u64 kind)
{
	for (u64 i = 0; i < n; i++) {
		if (dirty)
			set_page_dirty(pages[i]);
		user_page_put(pages[i], kind);
	}
}

void put_user_pages(struct page **pages, u64 n, bool dirty)
{
	put_pages(pages, n, dirty, USERS_GET);
}

void unpin_user_pages(struct page **pages, u64 n, bool dirty)
{
	put_pages(pages, n, dirty, USERS_PIN);
}
