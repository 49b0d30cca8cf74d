/* SPDX-License-Identifier: MIT */
/*
 * Persistent memory: the ranges that the ACPI table NFIT describes, and those that pmem= takes out
 * of RAM. Each is a device, pmem0 and so on; pmem= ones come first. Its pages have struct pages,
 * but no allocator has them. It is mapped at boot under the key of device memory, denied to all
 * contexts: mm/kmap/memremap.h. With pks=off or without PKS, everybody can access it.
 */
#ifndef KEYWARD_MM_PMEM_PMEM_H
#define KEYWARD_MM_PMEM_PMEM_H

#include "kernel/lib/boot_info.h"
#include "mm/kmap/memremap.h"

struct pmem {
	u64 phys, size; /* bytes, whole pages; read-only after boot */
	char name[8];
	/* pgmap.first is NULL while the range is not mapped. Thread context changes it; one at a
	 * time, which the callers see to. */
	struct dev_pagemap pgmap;
};

/* How many devices there are. Read-only after boot. */
extern u32 pmem_count;

/*
 * Finds the devices, maps them, and prints a line for each and for each range that is refused. Once
 * at boot, after acpi_init() and pkrs_init(), before other CPUs start.
 */
void pmem_init(const struct boot_info *info);

/* Returns device `i`, or NULL if there are not so many. Any context. */
struct pmem *pmem_get(u32 i);

#endif
