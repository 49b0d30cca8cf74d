/* SPDX-License-Identifier: MIT */
/* Warn once for each call site: a table of the sites that have been warned about. */
#ifndef KEYWARD_KERNEL_CONSOLE_WARN_SITE_H
#define KEYWARD_KERNEL_CONSOLE_WARN_SITE_H

#include "kernel/lib/atomic.h"
#include "kernel/lib/types.h"

#define WARN_SITES 64

/*
 * All zero: no site yet. Any context on any CPU reads a slot, and takes an empty one by
 * compare-and-swap; an NMI between the two takes it instead. A slot never changes again before
 * warn_sites_forget().
 */
struct warn_sites {
	u64 site[WARN_SITES]; /* from the slot of a site's hash on */
	bool full; /* a site found no slot: all get false. Atomic; set once, by any context */
};

#define WARN_HASH_FACTOR \
	0x9e3779b97f4a7c15ULL /* 2^64 by the golden ratio: spreads near addresses */
#define WARN_HASH_SHIFT 58    /* leaves log2(WARN_SITES) bits */

_Static_assert(WARN_SITES == 1ULL << (64 - WARN_HASH_SHIFT), "the hash reaches every slot");

/* Returns the slot from which on a site is looked for. Any context. */
static inline u32 warn_site_hash(u64 site)
{
	return (u32)(site * WARN_HASH_FACTOR >> WARN_HASH_SHIFT);
}

/*
 * True if the site has the slot of its hash: warn_site() would return false. One read, which sees a
 * site or none, whoever writes meanwhile. Any context.
 */
static inline bool warn_site_known(const struct warn_sites *sites, u64 site)
{
	return READ_ONCE(sites->site[warn_site_hash(site)]) == site;
}

/*
 * Returns whether to warn about `site`, an address or another number but 0: true the first time,
 * false from then on. A site that finds no slot gets false as well; the first of these is reported
 * here, the rest are silent. Reads alone if the site is known or the table is full. Any context.
 */
bool warn_site(struct warn_sites *sites, u64 site);

/* Makes every site warn again. Thread context, with no warning under way. */
void warn_sites_forget(struct warn_sites *sites);

#endif
