/* SPDX-License-Identifier: MIT */
/* Names for addresses at the prompt, for pages that the monitor has made, and for rights. */
#ifndef KEYWARD_MONITOR_NAMES_H
#define KEYWARD_MONITOR_NAMES_H

#include "mm/page.h"

#define NAMED_PAGES 16
#define NAMES_ACCEPTED                                                                 \
	"boot_cpu, options, pks_stats, image, rodata, data, image_end, direct, vmap, " \
	"vmemmap, pageN (made by `page`)"

/* Looks up the value of a name; false: there is no such name. Thread context. */
bool name_value(const char *name, u64 *value);

/* Whether all names are given. The monitor's thread. */
bool names_full(void);

/* Gives the page the next name, pageN, and returns N. Not if names_full(). The monitor's thread. */
int name_page(struct page *page);

/* Returns in words what the rights `pkrs` permit with the key. Any context. */
const char *rights_name(u32 pkrs, u32 key);

#endif
