// SPDX-License-Identifier: MIT
#include "mm/kmap.h"
#include "kernel/trace.h"
#include "pks/unprotect.h"

void *kmap(struct page *page)
{
	if (page->pkey) {
		page->kmap_site = (u32)(u64)__builtin_return_address(0);
		pks_unprotect(page);
		trace(TRACE_KMAP, page_to_pfn(page), (u64)__builtin_return_address(0));
	}
	return page_address(page);
}

void kunmap(struct page *page)
{
	if (page->pkey || pks_is_unprotected(page)) { /* its key may have gone meanwhile */
		trace(TRACE_KUNMAP, page_to_pfn(page), (u64)__builtin_return_address(0));
		pks_reprotect(page, __builtin_return_address(0));
	}
}
