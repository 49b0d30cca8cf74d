/* SPDX-License-Identifier: MIT */
/* Kernel virtual addresses beyond the direct map: stacks and device registers. */
#ifndef KEYWARD_MM_VMAP_H
#define KEYWARD_MM_VMAP_H

#include "kernel/types.h"

/* Reserves `len` bytes of addresses, for good. Page-aligned. Thread context. */
u64 vmap_reserve(u64 len);

/* Maps device registers, uncached. Panics when out of memory. Boot. */
volatile void *vmap_mmio(u64 phys, u64 len);

#endif
