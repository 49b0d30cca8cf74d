/* SPDX-License-Identifier: MIT */
/* Allocates all free memory, largest blocks first, so that later allocations really fail. */
#ifndef KEYWARD_TESTS_HARNESS_DRAIN_H
#define KEYWARD_TESTS_HARNESS_DRAIN_H

#include "mm/page.h"

struct drain {
	struct list_head blocks[PAGE_ORDERS];
	u64 count[PAGE_ORDERS];
};

/* Takes all memory. Thread context. Until drain_undo() every other allocation fails. */
void drain_all(struct drain *drain);

/* Frees what drain_all() or drain_but() took. Thread context. */
void drain_undo(struct drain *drain);

#define SPARE_MAX 512

/* Takes all memory but `n` single pages, n <= SPARE_MAX. Thread context. */
void drain_but(struct drain *drain, u32 n);

/*
 * Takes all memory but one block of 2 MiB or more that one large leaf of the direct map holds, and
 * that is aligned to it. Returns the block's first page; NULL: there is none. Thread context.
 */
struct page *drain_but_large(struct drain *drain);

#endif
