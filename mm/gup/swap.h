/* SPDX-License-Identifier: MIT */
/*
 * Swap: private pages of a user address space go to a RAM disk, and come back when they are
 * touched. An entry that is swapped out counts as one user of its blocks, so fork copies no data.
 */
#ifndef KEYWARD_MM_GUP_SWAP_H
#define KEYWARD_MM_GUP_SWAP_H

#include "mm/gup/vma.h"

/* Makes `disk` the one that pages are swapped to. -EBUSY: there is one. Thread context. */
int swapon(struct ramdisk *disk);

/*
 * Ends that. -EBUSY: blocks of it are in use. No swap_out() is under way, or it may use a disk that
 * is gone. Thread context.
 */
int swapoff(void);

/*
 * Swaps out the page at `va`, if a private one is there. -ENOENT: none is; -EBUSY: somebody has it
 * pinned, if only to copy it, or has a reference to it from get_user_pages(); -ENODEV: no swap;
 * -ENOSPC: it is full; else the error of vm_normal_page() or of writeback_pages(). After an error
 * the page is mapped as before. Thread context; takes the lock of `mm`.
 */
int swap_out(struct mm_struct *mm, u64 va);

/* The rest is for mm/gup, with the lock of the address space held. */

/* Fills an entry that is swapped out with a page of the range: 0, -ENOMEM or -EFAULT. */
int swap_in(const struct vm_area *vma, pte_t *entry);

/* One entry more, or one less, stands for the blocks of a swapped-out entry. -ENOMEM: too many. */
int swap_get(pte_t e, int level);
void swap_put(pte_t e, int level);

#endif
