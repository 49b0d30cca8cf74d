/* SPDX-License-Identifier: MIT */
/*
 * get_user_pages(): from user addresses to frames that stay. Whoever wants to use the content, by
 * another mapping or by a device, pins: the frame keeps being the page that user mode sees, and the
 * kernel can access it. This can fail, which nothing later can.
 */
#ifndef KEYWARD_MM_GUP_GUP_H
#define KEYWARD_MM_GUP_GUP_H

#include "mm/gup/vma.h"

enum gup_flags {
	FOLL_WRITE = 1,    /* the content will be written */
	FOLL_LONGTERM = 2, /* for as long as the caller likes; with pin_user_pages() only */
};

/*
 * Takes a reference to each of `n` pages of 4 KiB from `start` on, also of parts of large pages,
 * and returns how many it got before the first error; if none, the error. -EINVAL: bad start or
 * flags; -EFAULT: no range, one that may not be written (FOLL_WRITE), or FOLL_LONGTERM with
 * FOLL_WRITE on a file, whose writeback would never see the end; -ENOMEM: no memory, or too many
 * users. Thread context; takes the lock of `mm`.
 */
s64 get_user_pages(struct mm_struct *mm, u64 start, u64 n, u32 flags, struct page **pages);

/*
 * The same, and pins: first gives private memory a page that is not shared, then counts a pin, then
 * makes the page accessible, with ACCESSIBLE_GUP or ACCESSIBLE_PTE. If the page's owner refuses,
 * that error.
 */
s64 pin_user_pages(struct mm_struct *mm, u64 start, u64 n, u32 flags, struct page **pages);

/* Give the references back; with `dirty`, notes that the content was written. Thread context. */
void put_user_pages(struct page **pages, u64 n, bool dirty);
void unpin_user_pages(struct page **pages, u64 n, bool dirty);

#endif
