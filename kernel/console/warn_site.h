/* SPDX-License-Identifier: MIT */
/* Warn once for each call site: a table of the sites that have been warned about. */
#ifndef KEYWARD_KERNEL_CONSOLE_WARN_SITE_H
#define KEYWARD_KERNEL_CONSOLE_WARN_SITE_H

#include "kernel/lib/types.h"

#define WARN_SITES 64

/* All zero: no site yet. Slots are taken by compare-and-swap, in any context. */
struct warn_sites {
	u64 site[WARN_SITES];
	bool full; /* a site found no slot, and that has been reported; atomic */
};

/*
 * Returns whether to warn about `site`, an address or another number but 0: true the first time,
 * false from then on. A site that finds no slot gets false as well; the first of these is reported
 * here, the rest are silent. Any context.
 */
bool warn_site(struct warn_sites *sites, u64 site);

/* Makes every site warn again. Thread context, with no warning under way. */
void warn_sites_forget(struct warn_sites *sites);

#endif
