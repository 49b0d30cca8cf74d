/* SPDX-License-Identifier: MIT */
/* What kmap_local_page() and kmap_thread() share. `ordered` is true for the former. */
#ifndef KEYWARD_MM_KMAP_KMAP_INTERNAL_H
#define KEYWARD_MM_KMAP_KMAP_INTERNAL_H

#include "kernel/cpu/local.h"
#include "kernel/cpu/pkrs_bits.h"

/* Notes the map and grants its rights; warns if the context has LOCAL_MAPS already. Any context. */
void kmap_open(struct page *page, enum pks_access access, bool ordered, void *site);

/* Ends the running context's last map of the page of that kind. False: there is none. */
bool kmap_close(struct page *page, bool ordered, void *site);

#endif
