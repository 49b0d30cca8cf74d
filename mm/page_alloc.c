// SPDX-License-Identifier: MIT
/* A buddy allocator: free blocks of 2^order frames, each aligned to its size. */
#include "mm/page_alloc.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/spinlock.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/options.h"
#include "mm/debug_pagealloc.h"
#include "mm/page.h"

static struct {
	struct spinlock lock; /* for everything here and for struct page's list, order, PG_FREE */
	struct list_head free[PAGE_ORDERS];
	u64 free_pages;
	u64 allow, refuse, refused; /* page_alloc_refuse() */
	bool ready;
} buddy;

u32 page_hint;

struct page *phys_to_page(u64 phys)
{
	struct page *page = phys_to_page_hinted(phys);

	if (likely(page))
		return page;
	for (u32 i = 0; i < page_ranges.count; i++) {
		if (phys < page_ranges.r[i].start || phys >= page_ranges.r[i].end)
			continue;
		WRITE_ONCE(page_hint, i);
		return pfn_to_page(phys >> PAGE_SHIFT);
	}
	return NULL;
}

struct page *virt_to_page(const void *virt)
{
	return is_direct_map((u64)virt) ? phys_to_page(virt_to_phys(virt)) : NULL;
}

static void put_block(struct page *page, u32 order)
{
	page->flags |= PG_FREE;
	page->order = (u8)order;
	list_add(&page->list, &buddy.free[order]);
	buddy.free_pages += 1ULL << order;
}

static void take_block(struct page *page)
{
	list_del(&page->list);
	page->flags &= (u8)~PG_FREE;
	buddy.free_pages -= 1ULL << page->order;
}

/* Whether a test has this allocation refused. Locked. */
static bool refused(void)
{
	if (likely(!buddy.refuse))
		return false;
	if (buddy.allow) {
		buddy.allow--;
		return false;
	}
	buddy.refuse--;
	buddy.refused++;
	return true;
}

/* Takes a free block of a larger order, or of this one, and frees what is too much. Locked. */
static struct page *take_part(struct page *page, u32 order)
{
	u32 have = page->order;

	take_block(page);
	while (have > order) { /* free the upper half, split the lower half further */
		have--;
		put_block(page + (1ULL << have), have);
	}
	return page;
}

/* Gives a block that was taken to its owner. `page` may be NULL. Without the lock. */
static struct page *owned(struct page *page, u32 order, const void *site)
{
	if (page && unlikely(options.debug_pagealloc))
		debug_pagealloc_take(page, order, site);
	return page;
}

struct page *page_alloc(u32 order)
{
	struct page *page = NULL;
	u64 flags = spin_lock_irqsave(&buddy.lock);
	u32 have = order;

	while (have < PAGE_ORDERS && list_empty(&buddy.free[have]))
		have++;
	if (!refused() && have < PAGE_ORDERS)
		page = take_part(list_entry(buddy.free[have].next, struct page, list), order);
	spin_unlock_irqrestore(&buddy.lock, flags);
	return owned(page, order, __builtin_return_address(0));
}

/* Returns a free block whose first 2^order frames end at `end` or below, or NULL. Locked. */
static struct page *find_below(u32 order, u64 end)
{
	for (u32 have = order; have < PAGE_ORDERS; have++) {
		list_for_each(node, &buddy.free[have])
		{
			struct page *page = list_entry(node, struct page, list);

			if (page_to_phys(page) + (PAGE_SIZE << order) <= end)
				return page;
		}
	}
	return NULL;
}

struct page *page_alloc_below(u32 order, u64 end)
{
	u64 flags = spin_lock_irqsave(&buddy.lock);
	struct page *page = refused() ? NULL : find_below(order, end);

	if (page)
		take_part(page, order);
	spin_unlock_irqrestore(&buddy.lock, flags);
	return owned(page, order, __builtin_return_address(0));
}

/* Returns the block's buddy if that is one free block, else NULL. */
static struct page *free_buddy(const struct page *page, u32 order)
{
	u64 pfn = page_to_pfn(page) ^ 1ULL << order;
	struct page *other;

	if (order == PAGE_ORDERS - 1 || !phys_to_page(pfn << PAGE_SHIFT))
		return NULL;
	other = pfn_to_page(pfn);
	return other->flags & PG_FREE && other->order == order ? other : NULL;
}

/* Whether the frame is in a free block already, as its head or behind one. Locked. */
static bool is_free(const struct page *page)
{
	u64 pfn = page_to_pfn(page);

	for (u32 order = 0; order < PAGE_ORDERS; order++) {
		u64 head = pfn & ~((1ULL << order) - 1);
		const struct page *block = phys_to_page(head << PAGE_SHIFT);

		if (block && block->flags & PG_FREE && block->order >= order)
			return true;
	}
	return false;
}

static void free_block(struct page *page, u32 order, const void *site)
{
	struct page *other;
	u64 flags;

	if (unlikely(options.debug_pagealloc))
		debug_pagealloc_give(page, order, site);
	flags = spin_lock_irqsave(&buddy.lock);
	BUG_ON(is_free(page));
	BUG_ON(page->flags & (PG_DEVMAP | PG_PGMAP | PG_USER | PG_PRIVATE));
	BUG_ON(page->pkey || page_is_marked(page));
	while ((other = free_buddy(page, order))) {
		take_block(other);
		page = MIN(page, other);
		order++;
	}
	put_block(page, order);
	spin_unlock_irqrestore(&buddy.lock, flags);
}

void page_free(struct page *page, u32 order)
{
	free_block(page, order, __builtin_return_address(0));
}

void page_alloc_add(u64 start, u64 end)
{
	if (!buddy.ready) {
		for (u32 order = 0; order < PAGE_ORDERS; order++)
			list_init(&buddy.free[order]);
		buddy.ready = true;
	}
	for (u64 pfn = start >> PAGE_SHIFT, last = end >> PAGE_SHIFT; pfn < last;) {
		u32 order = pfn ? MIN((u32)__builtin_ctzll(pfn), PAGE_ORDERS - 1) : PAGE_ORDERS - 1;

		while (pfn + (1ULL << order) > last)
			order--;
		free_block(pfn_to_page(pfn), order, __builtin_return_address(0));
		pfn += 1ULL << order;
	}
}

u64 pages_free(void)
{
	return buddy.free_pages;
}

u64 page_alloc_refuse(u64 allow, u64 count)
{
	u64 flags = spin_lock_irqsave(&buddy.lock), refusals = buddy.refused;

	buddy.allow = allow;
	buddy.refuse = count;
	buddy.refused = 0;
	spin_unlock_irqrestore(&buddy.lock, flags);
	return refusals;
}
