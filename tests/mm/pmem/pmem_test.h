/* SPDX-License-Identifier: MIT */
/*
 * Shared by the tests of persistent memory. A device may hold somebody's data, so a test puts back
 * what it writes to, and asks for the key by itself.
 */
#ifndef KEYWARD_TESTS_MM_PMEM_PMEM_TEST_H
#define KEYWARD_TESTS_MM_PMEM_PMEM_TEST_H

#include "mm/pmem/pmem.h"
#include "tests/harness/fixture.h"

#define NO_PMEM "this machine has no persistent memory"

/* Returns the first device of `pages` pages or more; NULL: there is none, the test is skipped. */
struct pmem *pmem_of(u64 pages);

/* Page `i` of a device; by its address in the direct map, or in the block driver's own mapping. */
struct prot_page pmem_page(const struct pmem *pmem, u64 i);
struct prot_page pmem_disk_page(const struct pmem *pmem, u64 i);

/* The first, a middle and the last page. */
#define PLACES 3
u64 pmem_place(const struct pmem *pmem, u32 i);

/* Keeps the content of a page, and puts it back. */
struct kept_page {
	struct page *page;
	u64 words[PAGE_SIZE / 8];
};
void keep_page(struct kept_page *kept, struct page *page);
void put_back(const struct kept_page *kept);

/* How many 2 MiB blocks tests have mapped in small pages, which leaves their tables for good. */
extern u64 pmem_small_blocks;

#endif
