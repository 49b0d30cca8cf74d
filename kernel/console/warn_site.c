// SPDX-License-Identifier: MIT
#include "kernel/console/warn_site.h"
#include "kernel/console/console.h"
#include "kernel/lib/atomic.h"

#define HASH_FACTOR 0x9e3779b97f4a7c15ULL /* 2^64 by the golden ratio: spreads near addresses */
#define HASH_SHIFT  58                    /* leaves log2(WARN_SITES) bits */

_Static_assert(WARN_SITES == 1ULL << (64 - HASH_SHIFT), "the hash reaches every slot");

/* Looks from slot `start` on, and takes the first empty one. */
static __attribute__((noinline)) bool search(struct warn_sites *sites, u64 site, u64 start)
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
	u64 start = site * HASH_FACTOR >> HASH_SHIFT;

	return READ_ONCE(sites->site[start]) != site && search(sites, site, start);
}

void warn_sites_forget(struct warn_sites *sites)
{
	for (u32 i = 0; i < WARN_SITES; i++)
		WRITE_ONCE(sites->site[i], 0);
	WRITE_ONCE(sites->full, false);
}
