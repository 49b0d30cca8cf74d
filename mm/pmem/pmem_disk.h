/* SPDX-License-Identifier: MIT */
/*
 * A block driver over a persistent memory device. It has a mapping of its own, outside the direct
 * map, under the range's key, which it opens only around each copy. Sectors have 512 bytes.
 */
#ifndef KEYWARD_MM_PMEM_PMEM_DISK_H
#define KEYWARD_MM_PMEM_PMEM_DISK_H

#include "mm/pmem/pmem.h"

#define SECTOR_SIZE 512

/*
 * Map the device for the driver, and unmap it: for pmem_map() and pmem_unmap(). -ENOMEM: no memory
 * for page tables. If too few addresses are left for so large a device, it gets no mapping, and
 * that is no error.
 */
int pmem_disk_map(struct pmem *pmem);
void pmem_disk_unmap(struct pmem *pmem);

/*
 * Copy `n` sectors between the device, from `sector` on, and a buffer. What pmem_write() has
 * written is durable when it returns; it is not atomic: after a power cut a sector may be half
 * written. -EINVAL: not all sectors are there; -ENODEV: the device is not mapped
 * for the driver. Any context.
 */
int pmem_read(struct pmem *pmem, u64 sector, void *buf, u32 n);
int pmem_write(struct pmem *pmem, u64 sector, const void *buf, u32 n);

#endif
