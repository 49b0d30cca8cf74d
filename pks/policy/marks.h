/* SPDX-License-Identifier: MIT */
/*
 * Globally unprotected pages (docs/EXPERIMENTS.md): a count of users, in struct page or in a hash.
 * The mark by itself gives nobody any right; it is what the fault policy asks for before it
 * pardons.
 */
#ifndef KEYWARD_PKS_POLICY_MARKS_H
#define KEYWARD_PKS_POLICY_MARKS_H

#include "kernel/lib/atomic.h"
#include "kernel/lib/options.h"
#include "mm/page.h"

/*
 * One more user. A full hash is warned about, the page stays as it was, and false is returned. Any
 * context.
 */
bool page_mark(struct page *page);

/* One user less; without any, reports `site`, changes nothing, returns false. Any context. */
bool page_unmark(struct page *page, void *site);

/* What marks=hash has counted. Any context. */
u64 page_marks_in_hash(const struct page *page);

/* How many users the page has. Any context. */
static inline u64 page_marks(const struct page *page)
{
	if (unlikely(options.marks == PKS_MARKS_HASH))
		return page_marks_in_hash(page);
	return smp_load_acquire(&page->marks);
}

/* Where users are counted from now on. Thread context, while no page has any. */
void pks_marks_set(enum pks_marks marks);

/* What was refused so far; atomic, any context. */
struct pks_mark_stats {
	u64 underflows, full;
};
extern struct pks_mark_stats pks_mark_stats;

#endif
