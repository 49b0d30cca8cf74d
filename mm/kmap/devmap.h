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

/*
 * Maps pages that are no RAM in the direct map, with `key`; other keys than PKS_KEY_DEFAULT make
 * them a protected device range. -ENOMEM; nothing has changed then. Contexts as direct_map_add().
 */
int devmap_map(struct page *page, u64 n, u32 key);

/* Unmaps them. Contexts likewise. */
void devmap_unmap(struct page *page, u64 n);

#endif
