/* SPDX-License-Identifier: MIT */
/* Kernel virtual addresses outside the direct map: stacks and device memory. */
#ifndef KEYWARD_MM_VMAP_H
#define KEYWARD_MM_VMAP_H

#include "kernel/lib/ranges.h"

/*
 * Physical memory that no RAM and no persistent memory can be in: what is mapped below, and where
 * acpi_init() finds registers, mapped or not. Written at boot by the boot CPU; no NMI reads it.
 */
#define DEVICES_MAX 80 /* ACPI_IO_APICS_MAX and what else there is one of */
extern struct range device_ranges[DEVICES_MAX];
extern u32 device_count;

/* Adds a range that is not empty and does not wrap. Boot. */
void device_add(u64 phys, u64 len);

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
