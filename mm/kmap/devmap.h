/* SPDX-License-Identifier: MIT */
/* Device memory with struct pages (Linux's devmap, PMEM), protected by its range's key. */
#ifndef KEYWARD_MM_KMAP_DEVMAP_H
#define KEYWARD_MM_KMAP_DEVMAP_H

#include "mm/page.h"

/*
 * Makes `n` pages a protected device range: their direct mapping carries `key` from now on. Errors
 * as set_memory_pkey(); then nothing has changed. Thread context.
 */
int devmap_protect(struct page *page, u64 n, u32 key);

/* Makes them ordinary pages again. Thread context. */
int devmap_unprotect(struct page *page, u64 n);

#endif
