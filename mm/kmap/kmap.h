/* SPDX-License-Identifier: MIT */
/*
 * kmap() on protected pages (docs/EXPERIMENTS.md): it changes nobody's rights, it marks the page as
 * globally unprotected. Who then touches it without rights is pardoned as the mode says.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_H
#define KEYWARD_MM_KMAP_KMAP_H

#include "mm/page.h"

/*
 * Returns the page's address and, for a page that carries a key, counts one more user for whom it
 * is globally unprotected. Each call wants one kunmap(), from any context. A page that is kmapped
 * without a key must not be given one: its kunmap() would take another user's count; and while a
 * page's key is changed nobody maps or unmaps it. Any context.
 */
void *kmap(struct page *page);

/* One user less. One too many is reported with its caller and changes nothing. Any context. */
void kunmap(struct page *page);

#endif
