/* SPDX-License-Identifier: MIT */
/* Backs the array of struct pages, for RAM at boot and for persistent memory. */
#ifndef KEYWARD_MM_VMEMMAP_H
#define KEYWARD_MM_VMEMMAP_H

#include "kernel/lib/types.h"

/* Maps the struct pages of all RAM, in RAM that bootmem gives, and returns the bytes. Boot. */
u64 vmemmap_init(void);

/*
 * Maps an array at `base` with `each` bytes for each frame of RAM, zeroed, in RAM that bootmem
 * gives: at base + PFN * each. Returns the bytes. `each` divides PAGE_SIZE. Boot.
 */
u64 vmemmap_array(u64 base, u64 each);

/*
 * Gives struct pages, in RAM of the allocator, to the whole pages in [start, end), which are no
 * RAM: from then on phys_to_page() finds them, and no allocator does. -ENOMEM: with those of
 * earlier calls they would take more than half of the free RAM, or leave less than RAM_LEAST;
 * -ENOSPC: there are RANGES_MAX ranges. On an error nothing has changed. Boot, one CPU,
 * page_alloc() up.
 */
int vmemmap_add(u64 start, u64 end);

#endif
