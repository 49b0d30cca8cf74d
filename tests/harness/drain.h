/* SPDX-License-Identifier: MIT */
/* Takes all memory there is, largest blocks first, so that allocations fail for real. */
#ifndef KEYWARD_TESTS_HARNESS_DRAIN_H
#define KEYWARD_TESTS_HARNESS_DRAIN_H

#include "mm/page.h"

struct drain {
	struct list_head blocks[PAGE_ORDERS];
	u64 count[PAGE_ORDERS];
};

/* Takes everything. Thread context; nobody else may allocate meanwhile, or must bear failure. */
void drain_all(struct drain *drain);

/* Gives everything back. */
void drain_undo(struct drain *drain);

#define SPARE_MAX 64

/* Takes everything but `n` single pages, n <= SPARE_MAX. */
void drain_but(struct drain *drain, u32 n);

#endif
