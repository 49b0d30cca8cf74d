// SPDX-License-Identifier: MIT
#include "kernel/console/warn_site.h"
#include "kernel/console/console.h"
#include "kernel/lib/atomic.h"

/* Looks from slot `start` on, and takes the first empty one. */
static __attribute__((noinline)) bool search(struct warn_sites *sites, u64 site, u32 start)
{
	if (READ_ONCE(sites->full))
		return false;
	for (u32 i = 0; i < WARN_SITES; i++) {
		u64 *slot = &sites->site[(start + i) % WARN_SITES], seen = READ_ONCE(*slot);

		if (!seen && try_cmpxchg(slot, &seen, site))
			return true;
		if (seen == site) /* it was there, or another CPU was first */
			return false;
	}
	if (!xchg(&sites->full, true))
		pr("# WARNING: too many call sites: further ones are not warned about\n");
	return false;
}

/*
 * Every CPU asks here at each pardoned fault. A known site costs reads alone, which leave the cache
 * line shared; a locked instruction is for an empty slot only.
 */
bool warn_site(struct warn_sites *sites, u64 site)
{
	return !warn_site_known(sites, site) && search(sites, site, warn_site_hash(site));
}

void warn_sites_forget(struct warn_sites *sites)
{
	for (u32 i = 0; i < WARN_SITES; i++)
		WRITE_ONCE(sites->site[i], 0);
	WRITE_ONCE(sites->full, false);
}
