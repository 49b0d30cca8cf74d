// SPDX-License-Identifier: MIT
#include "mm/kmap/memremap.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/cpu/spinlock.h"
#include "kernel/lib/atomic.h"
#include "mm/init.h"
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

/* Sets the flag last: a report in any context reads pgmap if it sees the flag. */
static void set_owner(struct dev_pagemap *pgmap)
{
	for (u64 i = 0; i < pgmap->pages; i++) {
		struct page *page = &pgmap->first[i];

		page->pgmap = pgmap;
		smp_store_release(&page->flags, (u8)(page->flags | PG_PGMAP));
	}
}

/* Sets RAM aside. */
static int set_aside(struct dev_pagemap *pgmap)
{
	u64 n = pgmap->pages;
	u32 order = n > 1 ? 64 - (u32)__builtin_clzll(n - 1) : 0;
	struct page *page = page_alloc(order);

	if (page)
		give_back(page + n, (1ULL << order) - n);
	pgmap->first = page;
	if (!page)
		return -ENOMEM;
	set_owner(pgmap);
	return 0;
}

static void clear_owner(struct dev_pagemap *pgmap)
{
	for (u64 i = 0; i < pgmap->pages; i++)
		pgmap->first[i].flags &= (u8)~PG_PGMAP;
}

/* The ranges of persistent memory, under their lock. Thread context; no NMI takes it. */
static struct list_head claimed = LIST_HEAD_INIT(claimed);
static struct spinlock claim_lock = SPINLOCK_INIT;

static bool is_claimed(u64 start, u64 end)
{
	list_for_each(pos, &claimed)
	{
		const struct dev_pagemap *other = list_entry(pos, struct dev_pagemap, ranges);

		if (start < other->phys + (other->pages << PAGE_SHIFT) && other->phys < end)
			return true;
	}
	return false;
}

/*
 * Claims persistent memory: pages that the allocator does not have, nor another range. A range may
 * be of terabytes, so its pages are named with interrupts on.
 */
static int claim(struct dev_pagemap *pgmap)
{
	u64 start = pgmap->phys, end = start + (pgmap->pages << PAGE_SHIFT), flags;
	int err = 0;

	if (start & (PAGE_SIZE - 1) || !ranges_contain(&page_ranges, start, end) ||
	    ranges_touch(&ram, start, end))
		return -EINVAL;
	flags = spin_lock_irqsave(&claim_lock);
	if (is_claimed(start, end))
		err = -EBUSY;
	else
		list_add(&pgmap->ranges, &claimed);
	spin_unlock_irqrestore(&claim_lock, flags);
	if (err)
		return err;
	pgmap->first = phys_to_page(start);
	set_owner(pgmap);
	return 0;
}

/* Ends what set_aside() or claim() began. The next owner may come with the end of the claim. */
static void release(struct dev_pagemap *pgmap)
{
	u64 flags;

	clear_owner(pgmap);
	if (!pgmap->phys)
		give_back(pgmap->first, pgmap->pages);
	pgmap->first = NULL;
	if (!pgmap->phys)
		return;
	flags = spin_lock_irqsave(&claim_lock);
	list_del(&pgmap->ranges);
	spin_unlock_irqrestore(&claim_lock, flags);
}

static bool is_sound(const struct dev_pagemap *pgmap, u32 key)
{
	u64 most = pgmap->phys ? DIRECT_SIZE >> PAGE_SHIFT : PAGES_MAX;

	return pgmap->pages && pgmap->pages <= most && pgmap->owner && pks_key_owner(key);
}

int memremap_pages(struct dev_pagemap *pgmap)
{
	bool protect = pgmap->flags & PGMAP_PROTECTION;
	u32 key = pgmap->key ? pgmap->key : PKS_KEY_DEVMAP;
	int err;

	if (!is_sound(pgmap, key))
		return -EINVAL;
	err = pgmap->phys ? claim(pgmap) : set_aside(pgmap);
	if (err)
		return err;
	if (pgmap->phys)
		err = devmap_map(pgmap->first, pgmap->pages, protect ? key : PKS_KEY_DEFAULT);
	else if (protect)
		err = devmap_protect(pgmap->first, pgmap->pages, key);
	if (err)
		release(pgmap);
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
	if (pgmap->phys)
		devmap_unmap(pgmap->first, pgmap->pages);
	else if (pgmap->flags & PGMAP_PROTECTION)
		err = devmap_unprotect(pgmap->first, pgmap->pages);
	if (!err)
		release(pgmap);
	return err;
}
