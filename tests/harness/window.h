/* SPDX-License-Identifier: MIT */
/*
 * A window: a few GiB of addresses that only the running test uses, to map what it likes with the
 * page sizes, keys and flags that it likes. window_clear() leaves no trace of it.
 */
#ifndef KEYWARD_TESTS_HARNESS_WINDOW_H
#define KEYWARD_TESTS_HARNESS_WINDOW_H

#include "mm/page.h"
#include "mm/pgtable.h"

#define WINDOW      TEST_BASE
#define WINDOW_SIZE (4UL << 30)

static inline pte_t window_key(u32 key)
{
	return (pte_t)key << 59;
}

/*
 * Maps [WINDOW + offset, + len) to `phys` with leaves of up to `level`. The key in `prot` is not
 * counted as one of the key's pages: only set_memory_pkey() counts. False: out of memory.
 */
bool window_map(u64 offset, u64 phys, u64 len, pte_t prot, int level);

/* The entry for `va` at `level`; after changing it, tlb_flush_all(). */
pte_t *window_entry(u64 va, int level);

/* Unmaps all and frees the tables. Thread context. */
void window_clear(void);

/* A page for the test, or NULL and the test is in error. */
struct page *window_page(u32 order);

#endif
