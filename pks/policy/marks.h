/* SPDX-License-Identifier: MIT */
/*
 * Marks of pages (docs/EXPERIMENTS.md, "globally unprotected"): a count of open kmap() calls, in
 * struct page or in a hash. A mark gives nobody a right; the fault policy checks it before it
 * pardons.
 */
#ifndef KEYWARD_PKS_POLICY_MARKS_H
#define KEYWARD_PKS_POLICY_MARKS_H

#include "kernel/lib/atomic.h"
#include "kernel/lib/options.h"
#include "mm/page.h"

/*
 * Adds one mark. If the hash is full, warns, leaves the page as it was and returns false. Any
 * context.
 */
bool page_mark(struct page *page);

/* Removes one mark; if there is none, warns about `site` and returns false. Any context. */
bool page_unmark(struct page *page, void *site);

/* Returns the page's marks in the hash. Any context. */
u64 page_marks_in_hash(const struct page *page);

/* Returns the page's marks. Any context. */
static inline u64 page_marks(const struct page *page)
{
	if (unlikely(options.marks == PKS_MARKS_HASH))
		return page_marks_in_hash(page);
	return smp_load_acquire(&page->marks);
}

/* Sets where marks are counted. Thread context, while no page has any. */
void pks_marks_set(enum pks_marks marks);

/* Refusals so far; atomic, any context. */
struct pks_mark_stats {
	u64 underflows, full;
};
extern struct pks_mark_stats pks_mark_stats;

#endif
