/* SPDX-License-Identifier: MIT */
/*
 * A debugging option, early=on: who takes the global address of a protected page, by kmap() or by
 * page_address(), is warned about at once, not only when an access faults. Once for each call site;
 * nothing else changes. mm/ itself uses page_to_virt(), which is not checked.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_CHECK_H
#define KEYWARD_MM_KMAP_KMAP_CHECK_H

#include "mm/page.h"

/* How often it was seen while the option is on; atomic, any context. `warned`: warnings printed. */
struct kmap_check_stats {
	u64 kmap, page_address, warned;
};
extern struct kmap_check_stats kmap_check_stats;

/* On or off from now on; every call site may be warned about again. Thread context. */
void kmap_check_set(bool on);

/* For kmap(), on behalf of its caller. Any context. */
void kmap_check_kmap(const struct page *page, void *site);

#endif
