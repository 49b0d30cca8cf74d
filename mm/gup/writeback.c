// SPDX-License-Identifier: MIT
#include "mm/gup/writeback.h"
#include "kernel/console/console.h"
#include "kernel/console/warn_site.h"
#include "mm/gup/accessible.h"

static struct warn_sites sites;

int writeback_pages(struct ramdisk *disk, u64 block, struct page *page, u64 n)
{
	void *caller = __builtin_return_address(0);
	int err = accessible_hook() == ACCESSIBLE_GUP ? pages_make_accessible(page, n) : 0;

	if (!err)
		return ramdisk_write(disk, block, page, n);
	atomic_inc(&accessible_stats.too_late);
	if (warn_site(&sites, (u64)caller))
		pr("# WARNING: writeback of an inaccessible page, frame %lu, error %d, by %p"
		   "S\n",
		   page_to_pfn(page), err, caller);
	return err;
}
