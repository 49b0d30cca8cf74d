// SPDX-License-Identifier: MIT
#include "mm/debug_pagealloc.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "mm/direct_map.h"
#include "mm/init.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/tlb.h"
#include "mm/vmemmap.h"

/* A TLB may have frames that were unmapped where nobody could wait. Any CPU; atomic. */
static bool unflushed;

static struct page_history *history_of(const struct page *page)
{
	return (struct page_history *)HISTORY_BASE + page_to_pfn(page);
}

u64 page_history_init(void)
{
	return vmemmap_array(HISTORY_BASE, sizeof(struct page_history));
}

const struct page_history *page_history(const struct page *page)
{
	u64 phys = page_to_phys(page);

	if (!options.debug_pagealloc || !ranges_contain(&ram, phys, phys + PAGE_SIZE))
		return NULL;
	return history_of(page);
}

bool address_is_freed(u64 addr)
{
	const struct page *page = virt_to_page((const void *)addr);
	const struct page_history *h = page ? page_history(page) : NULL;

	return h && READ_ONCE(h->free_site);
}

/* Atomic: the CPU may set A or D in an entry that is present. */
static void set_present(u64 va, u64 pages, bool present)
{
	while (pages) {
		pte_t *entry = pgtable_entry(kernel_root, va, 1, false);

		BUG_ON(!entry); /* a large page: direct_map_check() says that there is none */
		do {
			BUG_ON(!*entry); /* lost: what a frame's entry has besides P stays there */
			if (present)
				atomic_or(PTE_P, entry);
			else
				atomic_and(~PTE_P, entry);
			entry++;
			va += PAGE_SIZE;
		} while (--pages && level_index(va, 1));
	}
}

static void flush(u64 va, u64 pages)
{
	if (in_interrupt() || !irqs_enabled()) {
		tlb_flush_range(va, pages);
		WRITE_ONCE(unflushed, true);
	} else if (xchg(&unflushed, false)) {
		tlb_shootdown(DIRECT_BASE, DIRECT_SIZE >> PAGE_SHIFT);
	} else {
		tlb_shootdown(va, pages);
	}
}

int kernel_map_pages(struct page *page, u64 n, bool enable)
{
	u64 va = (u64)page_to_virt(page);
	int err = 0;

	if (options.debug_pagealloc)
		set_present(va, n, enable);
	else
		err = enable ? set_direct_map_default_noflush(page, n)
			     : set_direct_map_invalid_noflush(page, n);
	if (!err && !enable)
		flush(va, n);
	return err;
}

void debug_pagealloc_take(struct page *page, u32 order, const void *site)
{
	u32 thread = thread_number();

	for (u64 i = 0; i < 1ULL << order; i++) {
		struct page_history *h = history_of(page + i);

		h->alloc_site = (u32)(u64)site;
		h->alloc_thread = thread;
		smp_store_release(&h->free_site, 0);
	}
	kernel_map_pages(page, 1ULL << order, true);
}

static _Noreturn void freed_twice(const struct page *page, u32 first, const void *site)
{
	panic("frame %lu is freed by %p"
	      "S, but %p"
	      "S has freed it already, in thread %d",
	      page_to_pfn(page), site, (void *)(KERNEL_BASE | first),
	      (int)history_of(page)->free_thread - 1);
}

void debug_pagealloc_give(struct page *page, u32 order, const void *site)
{
	u32 thread = thread_number();

	for (u64 i = 0; i < 1ULL << order; i++) {
		struct page_history *h = history_of(page + i);
		u32 first = xchg(&h->free_site, (u32)(u64)site);

		if (first)
			freed_twice(page + i, first, site);
		h->free_thread = thread;
	}
	kernel_map_pages(page, 1ULL << order, false);
}
