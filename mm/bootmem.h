/* SPDX-License-Identifier: MIT */
/* Frames while there is no allocator yet: from the list of what is free. Boot, one processor. */
#ifndef KEYWARD_MM_BOOTMEM_H
#define KEYWARD_MM_BOOTMEM_H

#include "kernel/lib/ranges.h"

/* What is not given out yet. The boot processor's, until mm_init() hands it to the allocator. */
extern struct ranges bootmem_free;

/* phys_to_virt() reaches memory below `end` now; before, it is BOOT_MAPPED. */
void bootmem_reach(u64 end);

/*
 * `size` bytes, a power of two from PAGE_SIZE on, aligned to it, zeroed: the lowest that are free
 * in [from, to). 0: there are none. Panics if the memory keeps nothing.
 */
u64 bootmem_take(u64 size, u64 from, u64 to);

/* The lowest free frame, zeroed; panics if there is none. */
u64 bootmem_alloc(void);

/* Whether the frame at `phys`, within reach and free, keeps what is written to it. */
bool bootmem_keeps(u64 phys);

#endif
