/* SPDX-License-Identifier: MIT */
/* Takes memory over from the firmware: RAM, page tables, direct map, vmemmap, allocator. */
#ifndef KEYWARD_MM_INIT_H
#define KEYWARD_MM_INIT_H

#include "kernel/lib/boot_info.h"
#include "kernel/lib/ranges.h"
#include "mm/ram.h"

/*
 * The least RAM, in the memory map and after mem=, with which the boot and all tests work:
 * measured, and tested by tests/system/badinput.
 */
#define RAM_LEAST (12ULL << 20)

/* All RAM that is mapped and has a struct page. Read-only after boot. */
extern struct ranges ram;

/* Returns what limits persistent memory on this machine. Boot. */
struct pmem_limits mm_pmem_limits(const struct boot_info *info);

/*
 * Finds RAM, builds the kernel's page tables and starts page_alloc(). Panics with a plain message
 * if the memory map is missing or too small. Call once, on the boot stack, with a console.
 */
void mm_init(const struct boot_info *info);

#endif
