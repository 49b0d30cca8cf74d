/* SPDX-License-Identifier: MIT */
/* The allocator of page frames. */
#ifndef KEYWARD_MM_PAGE_ALLOC_H
#define KEYWARD_MM_PAGE_ALLOC_H

#include "mm/page.h"

/*
 * Allocates 2^order frames, aligned to their size, contents undefined. NULL if there are none. Any
 * context but NMI.
 */
struct page *page_alloc(u32 order);

/*
 * The same, of frames that end at the physical address `end` or below, for a device that reaches no
 * others. Looks through all free blocks. Contexts likewise.
 */
struct page *page_alloc_below(u32 order, u64 end);

/*
 * Frees a block, with the order it was allocated with. Its frames must have key 0 and no mark.
 * Panics if it is free already. With debug_pagealloc=on it waits for other CPUs where it may, as
 * kernel_map_pages(). Any context but NMI.
 */
void page_free(struct page *page, u32 order);

/* Returns the number of free frames. */
u64 pages_free(void);

/*
 * Makes page_alloc() succeed `allow` times more and then fail `count` times, as if RAM had run out;
 * (0, 0) ends that. Returns how often it has failed for the call before. For tests: every thread's
 * allocations count. Thread context.
 */
u64 page_alloc_refuse(u64 allow, u64 count);

/* Hands [start, end) to the allocator. Boot. */
void page_alloc_add(u64 start, u64 end);

#endif
