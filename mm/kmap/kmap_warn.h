/* SPDX-License-Identifier: MIT */
/* What the maps of a context complain about: counted each time, reported once for each call site.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_WARN_H
#define KEYWARD_MM_KMAP_KMAP_WARN_H

#include "kernel/cpu/local.h"

/* How often each was seen; atomic, any context. `warned`: how many of them were printed. */
struct kmap_stats {
	u64 order, overflow, not_mapped, no_thread, left_open, warned;
};
extern struct kmap_stats kmap_stats;

/* Everything may be warned about again. Thread context, with no map under way. */
void kmap_warnings_forget(void);

/* The unmap by `site` of `map` comes before that of `above`. Any context, as the others. */
void kmap_warn_order(const struct local_map *map, const struct local_map *above, void *site);

/* No place for the map of the page by `site`. */
void kmap_warn_overflow(const struct page *page, void *site);

/* The context has not mapped the page (NULL: the address has none) in the way of `how`. */
void kmap_warn_not_mapped(const struct page *page, const char *how, void *site);

/* kmap_thread() or its opposite, whatever `how` says, where no thread runs. */
void kmap_warn_no_thread(const struct page *page, const char *how, void *site);

#endif
