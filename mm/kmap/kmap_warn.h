/* SPDX-License-Identifier: MIT */
/* Warnings about the maps of a context: counted each time, printed once for each call site. */
#ifndef KEYWARD_MM_KMAP_KMAP_WARN_H
#define KEYWARD_MM_KMAP_KMAP_WARN_H

#include "kernel/cpu/local.h"

/* How often each happened; atomic, any context. `warned`: warnings printed. */
struct kmap_stats {
	u64 order, overflow, not_mapped, no_thread, left_open, warned;
	u64 key_open; /* free keys that pks_key_alloc() could not give out, as they were open */
};
extern struct kmap_stats kmap_stats;

/* Makes every call site warn again. Thread context, with no map under way. */
void kmap_warnings_forget(void);

/* `site` unmaps `map` before `above`, which was mapped later. All of these: any context. */
void kmap_warn_order(const struct local_map *map, const struct local_map *above, void *site);

/* `site` maps the page, but the context has LOCAL_MAPS maps. */
void kmap_warn_overflow(const struct page *page, void *site);

/* `site` calls `how`, but the context has no such map of the page (NULL: no page). */
void kmap_warn_not_mapped(const struct page *page, const char *how, void *site);

/* `site` calls `how`, kmap_thread() or kunmap_thread(), where no thread runs. */
void kmap_warn_no_thread(const struct page *page, const char *how, void *site);

#endif
