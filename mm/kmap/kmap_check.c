// SPDX-License-Identifier: MIT
#include "mm/kmap/kmap_check.h"
#include "kernel/console/console.h"
#include "kernel/console/warn_site.h"
#include "kernel/cpu/context.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "pks/keys.h"

#define COUNT(what) atomic_inc(&kmap_check_stats.what)

struct kmap_check_stats kmap_check_stats;

static struct warn_sites sites;

void kmap_check_set(bool on)
{
	warn_sites_forget(&sites);
	options.early = on;
}

static void warn(const struct page *page, const char *what, void *site)
{
	struct thread *t = current_thread();

	if (!warn_site(&sites, (u64)site))
		return;
	COUNT(warned);
	pr("# WARNING: kmap check: %s of a protected page, frame %lu, key %u (%s)\n"
	   "#   by %p"
	   "S in %s context, thread %u (%s)\n",
	   what, page_to_pfn(page), page->pkey, pks_key_owner(page->pkey), site, context_name(),
	   t ? t->id : 0, t ? t->name : "none");
}

void kmap_check_kmap(const struct page *page, void *site)
{
	COUNT(kmap);
	warn(page, "kmap", site);
}

void kmap_check_page_address(const struct page *page)
{
	if (!page->pkey)
		return;
	COUNT(page_address);
	warn(page, "page_address", __builtin_return_address(0));
}
