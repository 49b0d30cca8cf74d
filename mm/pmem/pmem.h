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
#include "mm/pmem/dax.h"

/*
 * pmem_map() and pmem_unmap() write what follows `name`, in thread context, one at a time: their
 * callers see to that, and that nobody uses the device meanwhile. Any context reads it.
 */
struct pmem {
	u64 phys, size; /* bytes, whole pages; read-only after boot */
	char name[8];
	struct dev_pagemap pgmap; /* its flags and key may be changed while it is not mapped */
	struct dax_device dax;    /* over pgmap */
	u8 *disk;                 /* the block driver's own mapping; NULL: none */
	u64 disk_va;              /* its addresses, also while it has none; 0: not reserved yet */
	u32 disk_key;
};

/* How many devices there are. Read-only after boot. */
extern u32 pmem_count;

/*
 * Finds the devices, maps them, and prints a line for each and for each range that is refused. Once
 * at boot, after acpi_init() and pkrs_init(), before other CPUs start.
 */
void pmem_init(const struct boot_info *info);

/*
 * Map the device as its pgmap says, for dax and for the block driver, and unmap both. They have the
 * errors of memremap_pages() and memunmap_pages(), and change nothing then. Contexts likewise.
 */
int pmem_map(struct pmem *pmem);
int pmem_unmap(struct pmem *pmem);

/* Returns device `i`, or NULL if there are not so many. Any context. */
struct pmem *pmem_get(u32 i);

#endif
