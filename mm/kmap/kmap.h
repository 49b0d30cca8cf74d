/* SPDX-License-Identifier: MIT */
/*
 * kmap() on protected pages (docs/EXPERIMENTS.md): it changes nobody's rights, but marks the page.
 * An access to a marked page without rights is pardoned as the mode says.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_H
#define KEYWARD_MM_KMAP_KMAP_H

#include "mm/page.h"

/*
 * Returns the page's address. If the page has a key, also marks it (a count). Balance with one
 * kunmap(), from any context. A page that was kmapped without a key must not get one before its
 * kunmap(), which would remove another caller's mark; and nobody may map or unmap a page while its
 * key changes. Any context.
 */
void *kmap(struct page *page);

/* Removes one mark. If there is none, warns about the caller. Any context. */
void kunmap(struct page *page);

#endif
