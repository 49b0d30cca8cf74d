/* SPDX-License-Identifier: MIT */
/* Warn once for each call site: a table of the sites that have been warned about. */
#ifndef KEYWARD_KERNEL_CONSOLE_WARN_SITE_H
#define KEYWARD_KERNEL_CONSOLE_WARN_SITE_H

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

/*
 * Returns whether to warn about `site`, an address or another number but 0: true the first time,
 * false from then on. A site that finds no slot gets false as well; the first of these is reported
 * here, the rest are silent. Reads alone if the site is known or the table is full. Any context.
 */
bool warn_site(struct warn_sites *sites, u64 site);

/* Makes every site warn again. Thread context, with no warning under way. */
void warn_sites_forget(struct warn_sites *sites);

#endif
