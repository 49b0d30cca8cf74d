/* SPDX-License-Identifier: MIT */
/* Changing the number of levels of paging: boot/cross.S. For C; the tables are boot/boot.S's. */
#ifndef KEYWARD_BOOT_CROSS_H
#define KEYWARD_BOOT_CROSS_H

#include "kernel/lib/types.h"

/*
 * Loads CR3 and CR4 while paging is off, by way of 32-bit code. Both the old and the new tables
 * must map the boot part of the image (from KERNEL_LMA, BOOT_PART bytes) at its physical address,
 * and the kernel's image; CR4 must have no feature that 32-bit code would stumble over, such as
 * CR4.PCIDE. Interrupts off; one processor at a time.
 */
void paging_cross(u32 cr3, u32 cr4);

/* The top-level tables that boot with: 4 levels. boot_pml5 is empty, there for who wants 5. */
extern u64 boot_pml4[], boot_pml5[];

#endif
