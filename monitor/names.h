/* SPDX-License-Identifier: MIT */
/* Names for addresses at the prompt, for the pages that the monitor has made, and for rights. */
#ifndef KEYWARD_MONITOR_NAMES_H
#define KEYWARD_MONITOR_NAMES_H

#include "mm/page.h"

#define NAMED_PAGES 16
#define NAMES_ACCEPTED                                                                 \
	"boot_cpu, options, pks_stats, image, rodata, data, image_end, direct, vmap, " \
	"vmemmap, pageN (made by `page`)"

/* The value of a name; false: there is none. Thread context. */
bool name_value(const char *name, u64 *value);

/* Gives the page the next name, pageN; returns N, or -1 when all are given. The monitor's thread.
 */
int name_page(struct page *page);

/* What the rights `pkrs` permit with the key, in words. Any context. */
const char *rights_name(u32 pkrs, u32 key);

#endif
