/* SPDX-License-Identifier: MIT */
/* For C: boot/cross.S, which changes the number of paging levels, and the tables of boot/boot.S. */
#ifndef KEYWARD_BOOT_CROSS_H
#define KEYWARD_BOOT_CROSS_H

#include "kernel/lib/types.h"

/*
 * Loads CR3 and CR4 while paging is off, in 32-bit code. Both the old and the new tables must map
 * the kernel's image, and its boot part (from KERNEL_LMA, BOOT_PART bytes) at its physical address
 * too. CR4 must have no feature that does not work in 32-bit code, such as CR4.PCIDE. Interrupts
 * off; one CPU at a time.
 */
void paging_cross(u32 cr3, u32 cr4);

/* The boot tables: boot_pml4 maps with 4 levels; boot_pml5 is empty, for a switch to 5. */
extern u64 boot_pml4[], boot_pml5[];

#endif
