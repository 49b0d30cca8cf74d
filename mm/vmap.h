/* SPDX-License-Identifier: MIT */
/* Kernel virtual addresses outside the direct map: stacks and device memory. */
#ifndef KEYWARD_MM_VMAP_H
#define KEYWARD_MM_VMAP_H

#include "kernel/lib/types.h"

/* Reserves `len` bytes of addresses, page-aligned, for good. Thread context. */
u64 vmap_reserve(u64 len);

/* Maps device registers, uncached. Panics if out of memory. Boot. */
volatile void *vmap_mmio(u64 phys, u64 len);

/*
 * Maps a framebuffer, which is written in order and not read: write-combining where pat_init_cpu()
 * has made that possible. Panics if out of memory. Boot, from mm_init() on.
 */
volatile void *vmap_framebuffer(u64 phys, u64 len);

#endif
