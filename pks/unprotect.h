/* SPDX-License-Identifier: MIT */
/*
 * Globally unprotected pages (docs/EXPERIMENTS.md): a count of users in struct page. The mark by
 * itself gives nobody any right; it is what the fault policy asks for before it pardons.
 */
#ifndef KEYWARD_PKS_UNPROTECT_H
#define KEYWARD_PKS_UNPROTECT_H

#include "mm/page.h"

/* One more user. Any context. */
void pks_unprotect(struct page *page);

/* One user less; without any, reports `site` and changes nothing. Any context. */
void pks_reprotect(struct page *page, void *site);

static inline bool pks_is_unprotected(const struct page *page)
{
	return __atomic_load_n(&page->unprotected, __ATOMIC_ACQUIRE) != 0;
}

#endif
