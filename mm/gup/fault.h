/* SPDX-License-Identifier: MIT */
/* What becomes of an access to a user address where no page is, or none to be written. */
#ifndef KEYWARD_MM_GUP_FAULT_H
#define KEYWARD_MM_GUP_FAULT_H

#include "mm/gup/vma.h"

/*
 * Makes the access possible: a zeroed page, a page of a file, one from swap, or a copy of a shared
 * one. -EFAULT: no range allows it, or the page to be copied is inaccessible; -ENOMEM; the error of
 * a page's owner. The lock of `mm` is held.
 */
int handle_mm_fault(struct mm_struct *mm, u64 va, bool write);

/*
 * Gives the entry at `va`, a present one of private memory, a page that it alone maps: a copy of
 * the one there, unless that is so already. Errors likewise. The lock is held.
 */
int mm_unshare(const struct vm_area *vma, u64 va, pte_t *entry);

/*
 * Returns a copy of the page at `va` with one map; the page is pinned meanwhile. -ENOMEM: also if
 * it has too many pins; -EFAULT, or the error of the page's owner. The lock is held.
 */
int mm_copy_page(const struct vm_area *vma, u64 va, pte_t e, struct page **copy);

#endif
