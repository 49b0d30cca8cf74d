// SPDX-License-Identifier: MIT
#include "mm/gup/writeback.h"
#include "kernel/console/console.h"
#include "kernel/console/warn_site.h"
#include "mm/gup/accessible.h"
#include "mm/gup/user_page.h"

static struct warn_sites sites;

static void warn_too_late(const struct page *page, int err, void *caller)
{
	atomic_inc(&accessible_stats.too_late);
	if (warn_site(&sites, (u64)caller))
		pr("# WARNING: writeback of an inaccessible page, frame %lu, error %d, by %p"
		   "S\n",
		   page_to_pfn(page), err, caller);
}

int writeback_pages(struct ramdisk *disk, u64 block, struct page *page, u64 n)
{
	void *caller = __builtin_return_address(0);
	int err = user_page_grab(page, USERS_PIN); /* so that it stays accessible */

	if (err)
		return err;
	if (accessible_hook() == ACCESSIBLE_GUP)
		err = pages_make_accessible(page, n);
	if (err)
		warn_too_late(page, err, caller);
	else
		err = ramdisk_write(disk, block, page, n);
	user_page_put(page, USERS_PIN);
	return err;
}
