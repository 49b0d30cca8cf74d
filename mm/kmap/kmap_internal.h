/* SPDX-License-Identifier: MIT */
/* What kmap_local_page() and kmap_thread() have in common. */
#ifndef KEYWARD_MM_KMAP_KMAP_INTERNAL_H
#define KEYWARD_MM_KMAP_KMAP_INTERNAL_H

#include "kernel/cpu/local.h"
#include "kernel/cpu/pkrs_bits.h"

/* Notes the map and grants its rights, if there is a place. Any context. */
void kmap_open(struct page *page, enum pks_access access, bool ordered, void *site);

/* Ends the running context's last map of the page of that kind. False: there is none. */
bool kmap_close(struct page *page, bool ordered, void *site);

#endif
