// SPDX-License-Identifier: MIT
/*
 * A short way for each of the three usual cases, with all that is unusual in a call at its end. The
 * Makefile lets these calls be jumps and leaves out the frame pointers, so that a short way saves
 * no register and needs no stack frame; a backtrace shows its caller next.
 */
#include "mm/kmap/kmap_local.h"
#include "kernel/cpu/trace.h"
#include "mm/kmap/kmap_internal.h"
#include "mm/kmap/kmap_warn.h"

static inline void map(struct page *page, enum pks_access access, void *site)
{
	if (unlikely(!kmap_open(page, access, true, site)))
		kmap_warn_overflow(page, site);
	else
		trace(TRACE_KMAP_LOCAL, page_to_pfn(page), (u64)site);
}

void kmap_local_protected(struct page *page)
{
	map(page, PKS_WRITE, __builtin_return_address(0));
}

void kmap_local_protected_read(struct page *page)
{
	map(page, PKS_READ, __builtin_return_address(0));
}

/* For a page whose map is not the topmost, or which has none; or for a frame that is no page. */
static __attribute__((noinline)) void unmap_below(const struct page *page, void *site)
{
	if (kmap_close_below(page, true, site)) { /* only compares the pointer */
		trace(TRACE_KUNMAP_LOCAL, page_to_pfn(page), (u64)site);
		return;
	}
	page = phys_to_page(page_to_phys(page));
	if (!page || page->pkey) /* a page without a key was not noted */
		kmap_warn_not_mapped(page, "kunmap_local", site);
}

void kunmap_local_protected(const struct page *page)
{
	void *site = __builtin_return_address(0);

	if (unlikely(!kmap_close(page, true)))
		unmap_below(page, site);
	else
		trace(TRACE_KUNMAP_LOCAL, page_to_pfn(page), (u64)site);
}

void kunmap_local_stray(void)
{
	kmap_warn_not_mapped(NULL, "kunmap_local", __builtin_return_address(0));
}
