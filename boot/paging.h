/* SPDX-License-Identifier: MIT */
/* How many levels of paging the kernel runs with, and what a processor loads to be in that mode. */
#ifndef KEYWARD_BOOT_PAGING_H
#define KEYWARD_BOOT_PAGING_H

#include "kernel/lib/types.h"

/*
 * Goes over to `wanted` levels, 4 or 5; 0: to as many as the processor has, as Linux does. What it
 * cannot have is said, and there are 4. Once, on the boot page tables, before mm_init(), interrupts
 * off; prints.
 */
void paging_start(u32 wanted);

/*
 * What another processor loads to come from real mode to where the boot processor was before
 * mm_init(): EFER.LME and NXE, this CR4, this CR3, then CR0.PG. These tables map the first 4 GiB at
 * their physical addresses; from there on it can load kernel_root, which lies below 4 GiB, and go
 * on in the higher half. Read-only after paging_start().
 */
struct paging_boot {
	u32 cr3, cr4;
};
extern struct paging_boot paging_boot;

#endif
