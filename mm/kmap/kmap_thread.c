// SPDX-License-Identifier: MIT
#include "mm/kmap/kmap_thread.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/trace.h"
#include "mm/kmap/kmap_internal.h"
#include "mm/kmap/kmap_warn.h"

void kmap_thread_protected(struct page *page)
{
	void *site = __builtin_return_address(0);

	if (in_interrupt()) {
		kmap_warn_no_thread(page, "kmap_thread", site);
		return;
	}
	if (kmap_open(page, PKS_WRITE, false, site))
		trace(TRACE_KMAP_THREAD, page_to_pfn(page), (u64)site);
	else
		kmap_warn_overflow(page, site);
}

void kunmap_thread_protected(struct page *page)
{
	void *site = __builtin_return_address(0);

	if (page->pkey && in_interrupt())
		kmap_warn_no_thread(page, "kunmap_thread", site);
	else if (kmap_close(page, false) || kmap_close_below(page, false, site))
		trace(TRACE_KUNMAP_THREAD, page_to_pfn(page), (u64)site);
	else if (page->pkey) /* a page without a key was not noted */
		kmap_warn_not_mapped(page, "kunmap_thread", site);
}
