/* SPDX-License-Identifier: MIT */
/*
 * A window of a few GiB of addresses for the running test alone, to map memory with any page sizes,
 * keys and flags. window_clear() removes all traces.
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
 * Maps [WINDOW + offset, + len) to `phys` with leaves of up to `level`. Does not count the pages as
 * carrying the key in `prot`: only set_memory_pkey() counts. False: out of memory; the test is in
 * error.
 */
bool window_map(u64 offset, u64 phys, u64 len, pte_t prot, int level);

/* Returns the entry for `va` at `level`. The caller must tlb_flush_all() after changing it. */
pte_t *window_entry(u64 va, int level);

/* Unmaps everything and frees the tables. Thread context. */
void window_clear(void);

/* Allocates a block for the test. NULL: out of memory; the test is in error. */
struct page *window_page(u32 order);

#endif
