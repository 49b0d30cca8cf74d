/* SPDX-License-Identifier: MIT */
/*
 * Direct access to a device range (Linux's dax): its pages as addresses, and copies that open the
 * range's key only around the accesses. Offsets are pages from the range's start. Copies compose
 * with dax_set_readwrite(), maps and grants around them: they put back what they found. Any
 * context, unless it says otherwise.
 */
#ifndef KEYWARD_MM_PMEM_DAX_H
#define KEYWARD_MM_PMEM_DAX_H

#include "kernel/lib/iov_iter.h"
#include "mm/kmap/memremap.h"

struct dax_device {
	const struct dev_pagemap *pgmap; /* mapped, while anybody uses the device */
};

/*
 * Returns how many of the `n` pages from `pgoff` on are there, in one piece, and stores where the
 * first is, unless `kaddr` is NULL; it gives no right to them. -EINVAL: none is there, or none is
 * wanted; -ENODEV: the range is not mapped.
 */
long dax_direct_access(const struct dax_device *dax, u64 pgoff, long n, void **kaddr);

/*
 * Open the range's key to the running context, and close it: around a series of accesses. They do
 * not nest; see pgmap_set_readwrite().
 */
static inline void dax_set_readwrite(const struct dax_device *dax)
{
	pgmap_set_readwrite(dax->pgmap->first);
}

static inline void dax_set_noaccess(const struct dax_device *dax)
{
	pgmap_set_noaccess(dax->pgmap->first);
}

/*
 * Copy between an iterator and the range, at an address `addr` that dax_direct_access() has given
 * for page `pgoff`, or one in that page. Return how many bytes were copied: fewer than wanted if
 * the iterator or the range ends before, 0 if `addr` is not in the page. What is written is durable
 * only after dax_flush().
 */
size_t dax_copy_from_iter(const struct dax_device *dax, u64 pgoff, void *addr, size_t bytes,
			  struct iov_iter *i);
size_t dax_copy_to_iter(const struct dax_device *dax, u64 pgoff, const void *addr, size_t bytes,
			struct iov_iter *i);

/* Zeroes `n` pages; -EINVAL, -ENODEV: not all are there, and none is zeroed. Flush them after it.
 */
int dax_zero_page_range(const struct dax_device *dax, u64 pgoff, u64 n);

/*
 * Makes what was stored in [addr, addr + size) durable, before any store that comes after. Bytes
 * outside the range are left out.
 */
void dax_flush(const struct dax_device *dax, const void *addr, size_t size);

#endif
