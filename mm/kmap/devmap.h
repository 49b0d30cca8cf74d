/* SPDX-License-Identifier: MIT */
/* Device memory with struct pages (Linux's devmap, PMEM), protected by the key of its range. */
#ifndef KEYWARD_MM_KMAP_DEVMAP_H
#define KEYWARD_MM_KMAP_DEVMAP_H

#include "mm/page.h"

/*
 * Makes `n` pages a protected device range: their direct mapping gets `key`. Returns 0 or an error
 * of set_memory_pkey(), and then has changed nothing. Thread context.
 */
int devmap_protect(struct page *page, u64 n, u32 key);

/* Makes them ordinary pages again; errors likewise. Thread context. */
int devmap_unprotect(struct page *page, u64 n);

#endif
