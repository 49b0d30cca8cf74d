// SPDX-License-Identifier: MIT
#include "pks/policy/marks.h"
#include "kernel/console/console.h"
#include "kernel/console/warn_site.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "pks/policy/mark_hash.h"

#define COUNT(what) atomic_inc(&pks_mark_stats.what)

struct pks_mark_stats pks_mark_stats;

static struct warn_sites sites; /* callers of one kunmap() too many */

static struct mark_hash hash;

void pks_marks_set(enum pks_marks marks)
{
	options.marks = marks;
}

u64 page_marks_in_hash(const struct page *page)
{
	return mark_hash_count(&hash, page_to_pfn(page));
}

bool page_is_marked(const struct page *page)
{
	return page_marks(page) != 0;
}

static void warn_full(const struct page *page)
{
	static bool warned; /* atomic */

	COUNT(full);
	if (!xchg(&warned, true))
		pr("# WARNING: frame %lu stays unmarked: the hash of marks is full (%d slots)\n",
		   page_to_pfn(page), MARK_HASH_SLOTS);
}

static void add_to_page(struct page *page)
{
	atomic_inc(&page->marks);
}

bool page_mark(struct page *page)
{
	if (likely(options.marks == PKS_MARKS_PAGE)) {
		add_to_page(page);
	} else if (!mark_hash_add(&hash, page_to_pfn(page))) {
		warn_full(page);
		return false;
	}
	return true;
}

static bool remove_from_page(struct page *page)
{
	u32 marks = smp_load_acquire(&page->marks);

	do {
		if (marks == 0)
			return false;
	} while (!try_cmpxchg(&page->marks, &marks, marks - 1));
	return true;
}

bool page_unmark(struct page *page, void *site)
{
	if (options.marks == PKS_MARKS_PAGE ? remove_from_page(page)
					    : mark_hash_remove(&hash, page_to_pfn(page)))
		return true;
	COUNT(underflows);
	if (warn_site(&sites, (u64)site))
		pr("# WARNING: kunmap of a page that is not marked (frame %lu), by %p"
		   "S\n",
		   page_to_pfn(page), site);
	return false;
}
