/* SPDX-License-Identifier: MIT */
/*
 * debug_pagealloc=on: free frames have no mapping in the direct map, so that their use faults, and
 * the report names who freed the frame and who had allocated it (mm/kmap/report_page.c). The whole
 * direct map has 4 KiB pages from boot, and never any other: to map or unmap a frame is one write
 * to its own entry, which needs no table and cannot fail, and no lock, as the frame has one owner.
 * So page_alloc() may do it under any lock. The allocator's own data is in struct page, and it
 * touches no free frame.
 */
#ifndef KEYWARD_MM_DEBUG_PAGEALLOC_H
#define KEYWARD_MM_DEBUG_PAGEALLOC_H

#include "kernel/lib/options.h"
#include "kernel/lib/types.h"

struct page;

/*
 * Who had a frame, with debug_pagealloc=on. Sites are the low halves of return addresses; threads
 * are numbers + 1, and 0 where no thread ran. Written by the frame's owner; read by reports in any
 * context, which may find an old thread beside a new site.
 */
struct page_history {
	u32 alloc_site, alloc_thread; /* of the last page_alloc(); 0: none since boot */
	u32 free_site, free_thread;   /* of page_free(), while the frame is free, else 0; atomic */
};

/*
 * Maps n frames in the direct map again, or unmaps them. With debug_pagealloc=on it changes nothing
 * else about them and cannot fail. Else it is set_direct_map_default_noflush() or
 * set_direct_map_invalid_noflush(), and returns their errors, after which nothing has changed.
 * Flushes frames that it unmaps: from all CPUs before it returns, if it may wait for them (in a
 * thread with interrupts on); else from this one, and the next call that may wait does the rest.
 * Until then another CPU may still reach them; its old translations are right again once they are
 * mapped. Nobody else may use the frames. Any context but NMI.
 */
int kernel_map_pages(struct page *page, u64 n, bool enable);

/* page_alloc() and page_free(), debug_pagealloc=on: note the site, and map or unmap the block. */
void debug_pagealloc_take(struct page *page, u32 order, const void *site);

/* Panics if a frame of the block is free already, and names who freed it. */
void debug_pagealloc_give(struct page *page, u32 order, const void *site);

/* Returns a frame's history, or NULL: none is kept, or the frame is no RAM. Any context. */
const struct page_history *page_history(const struct page *page);

/* Whether the address is in the direct map, of a frame that is known to be free. Any context. */
bool address_is_freed(u64 addr);

/* Maps the histories of all RAM, and returns their bytes. Boot, before page_alloc_add(). */
u64 page_history_init(void);

#endif
