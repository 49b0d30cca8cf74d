// SPDX-License-Identifier: MIT
#include "mm/gup/swap.h"
#include "kernel/console/panic.h"
#include "kernel/lib/atomic.h"
#include "mm/gup/accessible.h"
#include "mm/gup/user_page.h"
#include "mm/gup/writeback.h"
#include "mm/tlb.h"

static struct ramdisk *swap; /* changes while no page is swapped out; thread context */

int swapon(struct ramdisk *disk)
{
	if (READ_ONCE(swap))
		return -EBUSY;
	WRITE_ONCE(swap, disk);
	return 0;
}

int swapoff(void)
{
	if (swap && ramdisk_used(swap))
		return -EBUSY;
	WRITE_ONCE(swap, NULL);
	return 0;
}

/* PS stays, so that a walk ends at a large entry as it does at a large page. */
static pte_t swap_entry(u64 block, int level)
{
	return block << PAGE_SHIFT | PTE_SWAP | (level > 1 ? PTE_PS : 0);
}

static u64 swap_block(pte_t e)
{
	return (e & PTE_ADDR) >> PAGE_SHIFT;
}

int swap_get(pte_t e, int level)
{
	return ramdisk_get(swap, swap_block(e), (u32)level_pages(level));
}

void swap_put(pte_t e, int level)
{
	ramdisk_put(swap, swap_block(e), (u32)level_pages(level));
}

/* Writes the page out while no CPU can write to it; a fault waits for the lock. */
static int write_out(const struct vm_area *vma, u64 va, pte_t *entry, struct page *page, u64 block)
{
	u64 frames = level_pages(vma_level(vma));
	int err;

	atomic_and(~PTE_P, entry);
	tlb_shootdown(va, frames);
	err = writeback_pages(swap, block, page, frames);
	if (err)
		atomic_or(PTE_P, entry);
	else
		smp_store_release(entry, swap_entry(block, vma_level(vma)));
	return err;
}

/* Replaces the entry of a pinned page by one of blocks; the page keeps its map. */
static int replace_entry(const struct vm_area *vma, u64 va, pte_t *entry)
{
	u64 frames = level_pages(vma_level(vma));
	struct page *page;
	s64 block;
	int err = vm_normal_page(va, *entry, vma_level(vma), frames, &page);

	if (err)
		return err;
	if (!swap)
		return -ENODEV;
	block = ramdisk_alloc(swap, (u32)frames);
	if (block < 0)
		return (int)block;
	err = write_out(vma, va, entry, page, (u64)block);
	if (err)
		ramdisk_put(swap, (u64)block, (u32)frames);
	return err;
}

static int swap_out_entry(const struct vm_area *vma, u64 va, pte_t *entry)
{
	struct page *page;
	int err;

	va &= ~(vma_page_size(vma) - 1);
	page = pte_page(va, *entry, vma_level(vma));
	if (user_page_count(page, USERS_PIN) || user_page_count(page, USERS_GET))
		return -EBUSY;
	err = user_page_grab(page, USERS_PIN); /* what is made accessible stays so */
	if (err)
		return err;
	err = replace_entry(vma, va, entry);
	user_page_put(page, USERS_PIN); /* first: it must not make another map exclusive */
	if (!err)
		user_page_put(page, USERS_MAP);
	return err;
}

int swap_out(struct mm_struct *mm, u64 va)
{
	const struct vm_area *vma;
	pte_t *entry = NULL;
	int err = -ENOENT;

	mutex_lock(&mm->lock);
	vma = vma_find(mm, va);
	if (vma && !vma->file)
		entry = vma_entry(mm, vma, va, false);
	if (entry && *entry & PTE_P)
		err = swap_out_entry(vma, va, entry);
	mutex_unlock(&mm->lock);
	return err;
}

int swap_in(const struct vm_area *vma, pte_t *entry)
{
	int level = vma_level(vma), err;
	struct page *page = user_page_alloc(level);
	pte_t e = *entry;

	if (!page)
		return -ENOMEM;
	err = ramdisk_read(swap, swap_block(e), page, level_pages(level));
	if (err) {
		user_page_put(page, USERS_MAP);
		return err;
	}
	smp_store_release(entry, page_to_phys(page) | vma_prot(vma));
	swap_put(e, level);
	return 0;
}
