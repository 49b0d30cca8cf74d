// SPDX-License-Identifier: MIT
#include "pks/unprotect.h"
#include "kernel/console.h"

void pks_unprotect(struct page *page)
{
	__atomic_add_fetch(&page->unprotected, 1, __ATOMIC_ACQ_REL);
}

void pks_reprotect(struct page *page, void *site)
{
	u32 users = __atomic_load_n(&page->unprotected, __ATOMIC_ACQUIRE);

	do {
		if (users == 0) {
			pr("# WARNING: kunmap of a page that is not mapped (frame %lu), by %p"
			   "S\n",
			   page_to_pfn(page), site);
			return;
		}
	} while (!__atomic_compare_exchange_n(&page->unprotected, &users, users - 1, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}
