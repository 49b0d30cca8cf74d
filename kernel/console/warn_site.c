// SPDX-License-Identifier: MIT
#include "kernel/console/warn_site.h"
#include "kernel/console/console.h"
#include "kernel/lib/atomic.h"

bool warn_site(struct warn_sites *sites, u64 site)
{
	for (u32 i = 0; i < WARN_SITES; i++) {
		u64 seen = 0;

		if (try_cmpxchg(&sites->site[i], &seen, site))
			return true;
		if (seen == site)
			return false;
	}
	if (!xchg(&sites->full, true))
		pr("# WARNING: too many call sites: further ones are not warned about\n");
	return false;
}

void warn_sites_forget(struct warn_sites *sites)
{
	for (u32 i = 0; i < WARN_SITES; i++)
		WRITE_ONCE(sites->site[i], 0);
	WRITE_ONCE(sites->full, false);
}
