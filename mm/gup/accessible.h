/* SPDX-License-Identifier: MIT */
/*
 * Pages that the kernel may not access: their owner, a page_guard, has taken them from the direct
 * map or given them a denied key. Before the kernel uses such a page's content somebody must call
 * arch_make_page_accessible(), which asks the owner and can fail. Who calls it is chosen at run
 * time, as it was argued about (Linux kernel mailing list, April 2020):
 *
 *   ACCESSIBLE_NEVER  nobody does
 *   ACCESSIBLE_GUP    pin_user_pages() and writeback, as the patch had it
 *   ACCESSIBLE_PTE    vm_normal_page(): whoever makes a page of a page-table entry
 *
 * The kernel's own accesses here (page_copy() and its kin) survive an inaccessible page, and are
 * counted as `unprepared`.
 */
#ifndef KEYWARD_MM_GUP_ACCESSIBLE_H
#define KEYWARD_MM_GUP_ACCESSIBLE_H

#include "kernel/cpu/pte.h"
#include "mm/page.h"

enum accessible_hook { ACCESSIBLE_NEVER, ACCESSIBLE_GUP, ACCESSIBLE_PTE, ACCESSIBLE_HOOKS };

/*
 * The owner of private frames. Both functions take n frames in a row, all of one block. They are
 * called in thread context and may sleep; the lock of an address space may be held.
 */
struct page_guard {
	/* Makes the frames accessible, if they are not: 0, or the owner's error. */
	int (*make_accessible)(struct page_guard *guard, struct page *page, u64 n);
	/*
	 * The frames, all private, are about to be freed: clears them and gives them back, or
	 * returns the error for which the kernel must do without them.
	 */
	int (*release)(struct page_guard *guard, struct page *page, u64 n);
};

/* Counts since boot; atomic, any context. */
extern struct accessible_stats {
	u64 asked;      /* owners asked to make a frame accessible */
	u64 refused;    /* of these, how many returned an error */
	u64 unprepared; /* accesses by the kernel that found a page inaccessible */
	u64 too_late;   /* writeback that could not make its page accessible */
	u64 lost;       /* blocks that could not be freed, as their owner kept frames of them */
} accessible_stats;

/* Chooses who makes pages accessible. Thread context; calls under way may still use the old one. */
void accessible_hook_set(enum accessible_hook hook);
enum accessible_hook accessible_hook(void);

/*
 * Makes the page accessible to the kernel. Returns 0, at once if it is so already, or the error of
 * the page's owner. It stays accessible while the caller has it pinned. Thread context; may sleep.
 */
int arch_make_page_accessible(struct page *page);

/* The same for n frames in a row. After an error those before the refused one are accessible. */
int pages_make_accessible(struct page *page, u64 n);

/*
 * Returns in *page the frame that a present user entry maps at `va`. With ACCESSIBLE_PTE, makes it
 * accessible first, and the `frames` - 1 behind it: pass 0 if the content does not matter. Returns
 * 0 or the owner's error. The lock of the address space is held.
 */
int vm_normal_page(u64 va, pte_t pte, int level, u64 frames, struct page **page);

/*
 * Copy one frame, by its direct-map address. -EFAULT: a page was inaccessible, which is counted,
 * and warned about once for each caller; the target's content is undefined then. Any context.
 */
int page_copy(struct page *to, struct page *from);
int page_copy_out(void *to, struct page *from);

/*
 * Gives the private ones of n frames of a block back to the kernel; 0 or an owner's error. For
 * user_page_put().
 */
int pages_release(struct page *head, u64 n);

#endif
