/* SPDX-License-Identifier: MIT */
/*
 * What stands for a device where there is none: the CPU copies through a mapping of the frames that
 * nobody else uses. It has key 0 and is made anew for each transfer, so that no other mapping's
 * absence, rights or key stops it, and no other mapping's A and D bits change. It is no device: it
 * obeys the CPU's caches and runs in the caller's thread.
 */
#ifndef KEYWARD_KERNEL_DMA_ENGINE_H
#define KEYWARD_KERNEL_DMA_ENGINE_H

#include "kernel/cpu/x86.h"
#include "kernel/dma/dma.h"

/* Two frames to read, one address between, two frames to write. */
#define ENGINE_WINDOW (5 * PAGE_SIZE)
#define ENGINE_TARGET (3 * PAGE_SIZE)

struct engine {
	struct dma_device dma;
	u64 window; /* the addresses: whose copy it is has them to itself, and leaves them unmapped
		     */
};

/* Sets up an engine with ENGINE_WINDOW unused bytes of addresses. Thread context. */
struct dma_device *engine_setup(struct engine *engine, u64 window);

#endif
