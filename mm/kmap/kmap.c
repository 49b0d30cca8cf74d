// SPDX-License-Identifier: MIT
#include "mm/kmap/kmap.h"
#include "kernel/cpu/trace.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap_check.h"
#include "pks/policy/global.h"
#include "pks/policy/marks.h"

void *kmap(struct page *page)
{
	u32 key = page->pkey;

	if (key) {
		void *site = __builtin_return_address(0);

		if (unlikely(options.early))
			kmap_check_kmap(page, site);
		page->kmap_site = (u32)(u64)site;
		page->kmap_thread = current_thread() ? current_thread()->id + 1 : 0;
		pks_global_open(key); /* first: where the mark is seen, the key is open */
		if (!page_mark(page))
			pks_global_close(key);
		trace(TRACE_KMAP, page_to_pfn(page), (u64)site);
	}
	return page_to_virt(page);
}

void kunmap(struct page *page)
{
	u32 key = page->pkey;

	if (key || (page->had_key && page_marks(page))) { /* its key may have gone meanwhile */
		trace(TRACE_KUNMAP, page_to_pfn(page), (u64)__builtin_return_address(0));
		if (page_unmark(page, __builtin_return_address(0)))
			pks_global_close(key);
	}
}
