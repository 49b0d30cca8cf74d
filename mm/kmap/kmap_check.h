/* SPDX-License-Identifier: MIT */
/*
 * The kmap check, a debugging option (early=on): warns as soon as code takes the global address of
 * a protected page, by kmap() or page_address(), not only when an access faults. Once for each call
 * site; nothing else changes. mm/ itself uses page_to_virt(), which is not checked.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_CHECK_H
#define KEYWARD_MM_KMAP_KMAP_CHECK_H

#include "kernel/lib/options.h"
#include "mm/page.h"

/* Calls seen while the option is on; atomic, any context. `warned`: warnings printed. */
struct kmap_check_stats {
	u64 kmap, page_address, warned;
};
extern struct kmap_check_stats kmap_check_stats;

/* Turns the check on or off, and makes every call site warn again. Thread context. */
void kmap_check_set(bool on);

/* Checks a kmap() that was called at `site`. Any context. */
void kmap_check_kmap(const struct page *page, void *site);

/* The same for page_address(). Any context. */
void kmap_check_page_address(const struct page *page);

/* Returns the page's address, for everybody. It gives no right to the page. Any context. */
static inline void *page_address(const struct page *page)
{
	if (unlikely(options.early))
		kmap_check_page_address(page);
	return page_to_virt(page);
}

#endif
