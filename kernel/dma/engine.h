/* SPDX-License-Identifier: MIT */
/*
 * What stands for a device where there is none: the CPU copies through a mapping of the frames that
 * nobody else uses. It has key 0 and is made anew for each transfer, so that no other mapping's
 * absence, rights or key stops it, and no other mapping's A and D bits change. It is no device: it
 * obeys the CPU's caches and runs in the caller's thread.
 */
#ifndef KEYWARD_KERNEL_DMA_ENGINE_H
#define KEYWARD_KERNEL_DMA_ENGINE_H

/* Reserves the addresses. Boot. */
void engine_init(void);

#endif
