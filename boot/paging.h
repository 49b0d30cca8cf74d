/* SPDX-License-Identifier: MIT */
/* The number of paging levels, and what a CPU loads to run with it. */
#ifndef KEYWARD_BOOT_PAGING_H
#define KEYWARD_BOOT_PAGING_H

#include "kernel/lib/types.h"

/*
 * Switches to `wanted` levels, 4 or 5; 0 means as many as the CPU has, as in Linux. A CPU that
 * lacks the 5 that were asked for gets a warning and 4. Call once, on the boot page tables, before
 * mm_init(), with interrupts off.
 */
void paging_start(u32 wanted);

/*
 * What an application processor loads in real mode to get to where the boot CPU was before
 * mm_init(): this CR4, this CR3, EFER.LME and NXE, then CR0.PG. These tables map the first 4 GiB at
 * their physical addresses; there it can load kernel_root, which lies below 4 GiB, and go on in the
 * higher half. Read-only after paging_start().
 */
struct paging_boot {
	u32 cr3, cr4;
};
extern struct paging_boot paging_boot;

#endif
