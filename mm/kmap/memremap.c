// SPDX-License-Identifier: MIT
#include "mm/kmap/memremap.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/atomic.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap_holder.h"
#include "mm/page_alloc.h"
#include "pks/keys.h"
#include "pks/policy/marks.h"

#define PAGES_MAX (1ULL << (PAGE_ORDERS - 1))

/* Returns the order of the largest aligned block that begins at `pfn` and has at most n pages. */
static u32 block_order(u64 pfn, u64 n)
{
	u32 order = 63 - (u32)__builtin_clzll(n);

	return pfn ? MIN(order, (u32)__builtin_ctzll(pfn)) : order;
}

static void give_back(struct page *page, u64 n)
{
	while (n) {
		u32 order = block_order(page_to_pfn(page), n);

		page_free(page, order);
		page += 1ULL << order;
		n -= 1ULL << order;
	}
}

static struct page *set_aside(u64 n)
{
	u32 order = n > 1 ? 64 - (u32)__builtin_clzll(n - 1) : 0;
	struct page *page = page_alloc(order);

	if (page)
		give_back(page + n, (1ULL << order) - n);
	return page;
}

/* Sets the flag last: a report in any context reads pgmap if it sees the flag. */
static void set_owner(struct dev_pagemap *pgmap)
{
	for (u64 i = 0; i < pgmap->pages; i++) {
		struct page *page = &pgmap->first[i];

		page->pgmap = pgmap;
		smp_store_release(&page->flags, (u8)(page->flags | PG_PGMAP));
	}
}

static void clear_owner(struct dev_pagemap *pgmap)
{
	for (u64 i = 0; i < pgmap->pages; i++)
		pgmap->first[i].flags &= (u8)~PG_PGMAP;
}

int memremap_pages(struct dev_pagemap *pgmap)
{
	u32 key = pgmap->key ? pgmap->key : PKS_KEY_DEVMAP;
	int err = 0;

	if (!pgmap->pages || pgmap->pages > PAGES_MAX || !pgmap->owner || !pks_key_owner(key))
		return -EINVAL;
	pgmap->first = set_aside(pgmap->pages);
	if (!pgmap->first)
		return -ENOMEM;
	set_owner(pgmap);
	if (pgmap->flags & PGMAP_PROTECTION)
		err = devmap_protect(pgmap->first, pgmap->pages, key);
	if (err) {
		clear_owner(pgmap);
		give_back(pgmap->first, pgmap->pages);
		pgmap->first = NULL;
	}
	return err;
}

static bool in_use(const struct dev_pagemap *pgmap)
{
	struct kmap_holder holder;

	for (u64 i = 0; i < pgmap->pages; i++)
		if (page_marks(&pgmap->first[i]))
			return true;
	return kmap_holder(pgmap->first, pgmap->pages, &holder);
}

int memunmap_pages(struct dev_pagemap *pgmap)
{
	int err = 0;

	if (!pgmap->first)
		return -EINVAL;
	if (in_use(pgmap))
		return -EBUSY;
	if (pgmap->flags & PGMAP_PROTECTION)
		err = devmap_unprotect(pgmap->first, pgmap->pages);
	if (err)
		return err;
	clear_owner(pgmap);
	give_back(pgmap->first, pgmap->pages);
	pgmap->first = NULL;
	return 0;
}
