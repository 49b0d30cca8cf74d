/* SPDX-License-Identifier: MIT */
/* Allocates frames from a list of free ranges until page_alloc() works. Boot, one CPU. */
#ifndef KEYWARD_MM_BOOTMEM_H
#define KEYWARD_MM_BOOTMEM_H

#include "kernel/lib/ranges.h"

/* The free memory. Only the boot CPU uses it, until mm_init() hands it to page_alloc_add(). */
extern struct ranges bootmem_free;

/* Declares that phys_to_virt() can address memory below `end`, not only below BOOT_MAPPED. */
void bootmem_reach(u64 end);

/*
 * Returns the lowest free `size` bytes in [from, to), zeroed and aligned to `size`, or 0 if there
 * are none. `size` is a power of two, at least PAGE_SIZE. Panics if the memory does not keep data.
 */
u64 bootmem_take(u64 size, u64 from, u64 to);

/* Returns the lowest free frame, zeroed. Panics if there is none. */
u64 bootmem_alloc(void);

/* True if the frame at `phys`, free and addressable, keeps what is written to it. */
bool bootmem_keeps(u64 phys);

#endif
