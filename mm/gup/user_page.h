/* SPDX-License-Identifier: MIT */
/*
 * Blocks of user memory: one frame, or 512 that a 2 MiB page maps. A block counts its users by
 * kind in one word, so that one read sees all three, and is freed when the word becomes 0:
 *
 *   62 .... 42  41 .... 21  20 ..... 0
 *     pins        gets        maps
 *
 * map: a page-table entry, or a file's cache. get: get_user_pages(), which wants the frame to stay
 * a frame. pin: pin_user_pages(), which wants the content too, or somebody who copies it now: a
 * pinned block is not swapped out, not shared by fork, and does not become private. One that fork
 * shares is pinned for the time of a copy only, under the lock of an address space that maps it.
 */
#ifndef KEYWARD_MM_GUP_USER_PAGE_H
#define KEYWARD_MM_GUP_USER_PAGE_H

#include "kernel/cpu/pte.h"
#include "kernel/lib/atomic.h"
#include "mm/page.h"

#define USERS_BITS 21
#define USERS_MAX  ((1ULL << USERS_BITS) - 1)
#define USERS_MAP  1ULL
#define USERS_GET  (1ULL << USERS_BITS)
#define USERS_PIN  (1ULL << 2 * USERS_BITS)

#define BLOCK_PAGES 512 /* frames of a large block */

static inline u64 users_of_kind(u64 users, u64 kind)
{
	return users / kind & USERS_MAX;
}

/* Returns the first frame of the block that `page` is in. */
static inline struct page *user_page_head(struct page *page)
{
	if (!(READ_ONCE(page->flags) & PG_LARGE))
		return page;
	return pfn_to_page(page_to_pfn(page) & ~(BLOCK_PAGES - 1UL));
}

/* Returns how many frames a page at this level of the page tables has. */
static inline u64 level_pages(int level)
{
	return level_size(level) >> PAGE_SHIFT;
}

/*
 * Returns the frame that an entry maps at `va`, accessible or not: Linux's pte_page() and
 * pmd_page(). Whoever uses the content calls vm_normal_page() instead: mm/gup/accessible.h.
 */
static inline struct page *pte_page(u64 va, pte_t pte, int level)
{
	u64 in = va & (level_size(level) - 1) & ~(PAGE_SIZE - 1);

	return pfn_to_page(((pte & PTE_ADDR & ~(level_size(level) - 1)) + in) >> PAGE_SHIFT);
}

static inline u64 user_page_frames(const struct page *page)
{
	return READ_ONCE(page->flags) & PG_LARGE ? BLOCK_PAGES : 1;
}

/* Returns how many users of a kind (USERS_*) the block of `page` has now. Any context. */
static inline u64 user_page_count(struct page *page, u64 kind)
{
	return users_of_kind(READ_ONCE(user_page_head(page)->users), kind);
}

/*
 * Allocates a block for a page of level 1 (4 KiB) or 2 (2 MiB), zeroed, with one map, and returns
 * its first frame. NULL: no memory. Any context but NMI.
 */
struct page *user_page_alloc(int level);

/*
 * Counts one more user of `page`'s block, which must have one that stays meanwhile. -ENOMEM: there
 * are USERS_MAX of the kind; then nothing has changed. Any context.
 */
int user_page_grab(struct page *page, u64 kind);

/*
 * Counts one less. The last one of all kinds frees the block; its private frames are cleared and
 * given back to the kernel before. If there is no user of the kind, warns and changes nothing.
 * Thread context, interrupts on, as that may flush TLBs.
 */
void user_page_put(struct page *page, u64 kind);

#endif
