/* SPDX-License-Identifier: MIT */
/*
 * A device's range of memory with struct pages, like Linux's dev_pagemap, over RAM set aside for
 * it. A protected range carries its owner's key and gives nobody rights to it: to use a page, map
 * it (mm/kmap/kmap_local.h, mm/kmap/kmap.h) or have the key granted. Rights go by key: whoever has
 * them from another range of the same key, even from one that is gone, has them here too. A range
 * that must be denied to everybody at first needs a key of its own, from pks_key_alloc().
 */
#ifndef KEYWARD_MM_KMAP_MEMREMAP_H
#define KEYWARD_MM_KMAP_MEMREMAP_H

#include "mm/page.h"

#define PGMAP_PROTECTION BIT(0)

struct dev_pagemap {
	struct page *first; /* set by memremap_pages() */
	u64 pages;          /* at most 2^(PAGE_ORDERS - 1) */
	u32 flags;          /* PGMAP_* */
	u32 key;            /* with PGMAP_PROTECTION; 0: PKS_KEY_DEVMAP */
	const char *owner;  /* static text, for reports */
};

/*
 * Sets the range's memory aside, with undefined content, and protects it. The structure must stay
 * as it is until memunmap_pages(). -EINVAL: no pages, too many, no owner, or a key that nobody
 * owns; -ENOMEM. Thread context, interrupts on if there are other CPUs.
 */
int memremap_pages(struct dev_pagemap *pgmap);

/*
 * Gives the range back; nobody may use it any more. -EBUSY: a page of it is marked by kmap(), or
 * mapped in a context by kmap_local_page() or kmap_thread(). -ENOMEM: page tables cannot be split.
 * -EINVAL: there is no range. On an error nothing has changed. Contexts as above.
 */
int memunmap_pages(struct dev_pagemap *pgmap);

/* Returns the range that the page belongs to, or NULL. Any context. */
static inline const struct dev_pagemap *page_pgmap(const struct page *page)
{
	return page->flags & PG_PGMAP ? page->pgmap : NULL;
}

#endif
