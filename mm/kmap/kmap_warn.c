// SPDX-License-Identifier: MIT
#include "mm/kmap/kmap_warn.h"
#include "kernel/console/console.h"
#include "kernel/console/warn_site.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "mm/kmap/kmap_holder.h"
#include "mm/kmap/kmap_stack.h"
#include "mm/page.h"

#define COUNT(what) atomic_inc(&kmap_stats.what)

struct kmap_stats kmap_stats;

static struct warn_sites sites;

void kmap_warnings_forget(void)
{
	warn_sites_forget(&sites);
}

/* True for the first warning of this kind at this site: one site may do several things wrong. */
static bool first(const u64 *counter, u32 site)
{
	if (!warn_site(&sites, (u64)(counter - (const u64 *)&kmap_stats) << 32 | site))
		return false;
	COUNT(warned);
	return true;
}

static void *full_site(u32 site)
{
	return (void *)(KERNEL_BASE | site);
}

void kmap_warn_order(const struct local_map *map, const struct local_map *above, void *site)
{
	COUNT(order);
	if (first(&kmap_stats.order, (u32)(u64)site))
		pr("# WARNING: kunmap in the wrong order: frame %lu by %p"
		   "S,\n"
		   "#   mapped by %p"
		   "S; but frame %lu was mapped after it, by %p"
		   "S\n",
		   page_to_pfn(kmap_page(map)), site, full_site(map->site),
		   page_to_pfn(kmap_page(above)), full_site(above->site));
}

void kmap_warn_overflow(const struct page *page, void *site)
{
	COUNT(overflow);
	if (first(&kmap_stats.overflow, (u32)(u64)site))
		pr("# WARNING: the %s context has %d pages mapped: no rights to frame %lu, by %p"
		   "S\n",
		   context_name(), LOCAL_MAPS, page_to_pfn(page), site);
}

static void report_holder(const struct page *page)
{
	struct kmap_holder holder;

	if (kmap_holder(page, 1, &holder))
		pr("#   it is mapped by thread %u (%s), by %p"
		   "S\n",
		   holder.thread, *holder.name ? holder.name : "none", full_site(holder.site));
}

void kmap_warn_not_mapped(const struct page *page, const char *how, void *site)
{
	COUNT(not_mapped);
	if (!first(&kmap_stats.not_mapped, (u32)(u64)site))
		return;
	if (!page) {
		pr("# WARNING: %s of an address without a page, by %p"
		   "S\n",
		   how, site);
		return;
	}
	pr("# WARNING: %s of frame %lu, which this %s context has not mapped in this way, by %p"
	   "S\n",
	   how, page_to_pfn(page), context_name(), site);
	if (!in_interrupt()) /* not allowed in an NMI, seldom of use in other interrupts */
		report_holder(page);
}

void kmap_warn_no_thread(const struct page *page, const char *how, void *site)
{
	COUNT(no_thread);
	if (first(&kmap_stats.no_thread, (u32)(u64)site))
		pr("# WARNING: %s of frame %lu in %s context, but only threads may call it, by %p"
		   "S\n",
		   how, page_to_pfn(page), context_name(), site);
}

void kmap_left_open(struct local *local)
{
	while (local->maps > local->base) {
		struct local_map *map = &local->map[local->maps - 1];

		COUNT(left_open);
		if (first(&kmap_stats.left_open, map->site))
			pr("# WARNING: the %s context ends with frame %lu mapped, by %p"
			   "S\n",
			   context_name(), page_to_pfn(kmap_page(map)), full_site(map->site));
		local->maps--;
	}
}
