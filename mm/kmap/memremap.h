/* SPDX-License-Identifier: MIT */
/*
 * A device's range of memory with struct pages, like Linux's dev_pagemap, over persistent memory
 * (mm/pmem/pmem.h) or over RAM set aside for it. A protected range carries its owner's key and
 * gives nobody rights to it: to use a page, map it (mm/kmap/kmap_local.h, mm/kmap/kmap.h) or have
 * the key granted. Rights go by key: whoever has them from another range of the same key, even from
 * one that is gone, has them here too. A range that must be denied to everybody at first needs a
 * key of its own, from pks_key_alloc().
 */
#ifndef KEYWARD_MM_KMAP_MEMREMAP_H
#define KEYWARD_MM_KMAP_MEMREMAP_H

#include "mm/page.h"
#include "pks/rights.h"

#define PGMAP_PROTECTION BIT(0)

struct dev_pagemap {
	struct page *first;      /* set by memremap_pages() */
	u64 phys;                /* of persistent memory; 0: set RAM aside */
	u64 pages;               /* of RAM: at most 2^(PAGE_ORDERS - 1) */
	u32 flags;               /* PGMAP_* */
	u32 key;                 /* with PGMAP_PROTECTION; 0: PKS_KEY_DEVMAP */
	const char *owner;       /* static text, for reports */
	struct list_head ranges; /* of persistent memory; under memremap.c's lock */
};

/*
 * Protects the range's memory: RAM set aside, with undefined content; or persistent memory, which
 * is mapped in the direct map, with its key from the first moment, in large pages where its
 * addresses allow them. The structure must stay as it is until memunmap_pages(). -EINVAL: no pages,
 * too many, no owner, a key that nobody owns, or an address of no persistent memory; -EBUSY: a page
 * is in another range; -ENOMEM. Thread context, interrupts on if there are other CPUs.
 */
int memremap_pages(struct dev_pagemap *pgmap);

/*
 * Gives the range back; nobody may use it any more. Persistent memory is not mapped any more then;
 * its struct pages stay, and so do the tables of large pages that were split: the next
 * memremap_pages() has small pages there. -EBUSY: a page of it is marked by kmap(), or
 * mapped in a context by kmap_local_page() or kmap_thread(). -ENOMEM: page tables cannot be split.
 * -EINVAL: there is no range. On an error nothing has changed. Contexts as above.
 */
int memunmap_pages(struct dev_pagemap *pgmap);

/* Returns the range that the page belongs to, or NULL. Any context. */
static inline const struct dev_pagemap *page_pgmap(const struct page *page)
{
	return page->flags & PG_PGMAP ? page->pgmap : NULL;
}

/*
 * Opens the key of the page's range to the running context, and closes it to the context, even if a
 * map or a grant within has it open: as they do not nest, that is for a device's own code, around
 * its accesses. For a page without a key they do nothing. Any context.
 */
static inline void pgmap_set_readwrite(const struct page *page)
{
	if (page->pkey)
		pks_set_readwrite(page->pkey);
}

static inline void pgmap_set_noaccess(const struct page *page)
{
	if (page->pkey)
		pks_set_noaccess(page->pkey);
}

#endif
