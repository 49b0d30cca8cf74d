/* SPDX-License-Identifier: MIT */
/* Taking over memory from the firmware: RAM, page tables, direct map, vmemmap, allocator. */
#ifndef KEYWARD_MM_INIT_H
#define KEYWARD_MM_INIT_H

#include "kernel/lib/boot_info.h"
#include "kernel/lib/ranges.h"

/*
 * The least RAM, as the memory map has it and mem= leaves it, that a boot and all tests get by
 * with: measured, and tried by tests/system/badinput.
 */
#define RAM_LEAST (8ULL << 20)

/* All RAM that is mapped and has a struct page. Read-only after boot. */
extern struct ranges ram;

/* Panics with a plain message if the map is missing or too small. Once, boot stack, early console.
 */
void mm_init(const struct boot_info *info);

#endif
