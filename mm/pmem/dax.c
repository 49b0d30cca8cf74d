// SPDX-License-Identifier: MIT
#include "mm/pmem/dax.h"
#include "kernel/cpu/insn.h"
#include "mm/pmem/wb_cache.h"

long dax_direct_access(const struct dax_device *dax, u64 pgoff, long n, void **kaddr)
{
	const struct dev_pagemap *pgmap = dax->pgmap;

	if (!pgmap->first)
		return -ENODEV;
	if (n <= 0 || pgoff >= pgmap->pages)
		return -EINVAL;
	if (kaddr)
		*kaddr = page_to_virt(pgmap->first + pgoff);
	return (long)MIN((u64)n, pgmap->pages - pgoff);
}

/* Returns how many of `bytes` bytes at `addr` lie in the range. */
static size_t inside(const struct dax_device *dax, const void *addr, size_t bytes)
{
	u64 start = (u64)page_to_virt(dax->pgmap->first);
	u64 offset = (u64)addr - start, size = dax->pgmap->pages << PAGE_SHIFT;

	return offset < size ? MIN(bytes, size - offset) : 0;
}

/* The same for a copy, whose address must be in page `pgoff`. */
static size_t to_copy(const struct dax_device *dax, u64 pgoff, const void *addr, size_t bytes)
{
	void *page;

	if (dax_direct_access(dax, pgoff, 1, &page) < 0 || (u64)addr - (u64)page >= PAGE_SIZE)
		return 0;
	return inside(dax, addr, bytes);
}

size_t dax_copy_from_iter(const struct dax_device *dax, u64 pgoff, void *addr, size_t bytes,
			  struct iov_iter *i)
{
	size_t n = to_copy(dax, pgoff, addr, bytes);
	struct pks_token token;

	if (!n)
		return 0;
	token = pks_grant(dax->pgmap->first->pkey, PKS_WRITE);
	n = copy_from_iter(addr, n, i);
	pks_revoke(token);
	return n;
}

size_t dax_copy_to_iter(const struct dax_device *dax, u64 pgoff, const void *addr, size_t bytes,
			struct iov_iter *i)
{
	size_t n = to_copy(dax, pgoff, addr, bytes);
	struct pks_token token;

	if (!n)
		return 0;
	token = pks_grant(dax->pgmap->first->pkey, PKS_READ);
	n = copy_to_iter(addr, n, i);
	pks_revoke(token);
	return n;
}

int dax_zero_page_range(const struct dax_device *dax, u64 pgoff, u64 n)
{
	struct pks_token token;
	void *page;
	long there = dax_direct_access(dax, pgoff, (long)n, &page);

	if (there < 0 || (u64)there < n)
		return there == -ENODEV ? -ENODEV : -EINVAL;
	token = pks_grant(dax->pgmap->first->pkey, PKS_WRITE);
	for (u64 i = 0; i < n; i++)
		clear_page((u8 *)page + (i << PAGE_SHIFT));
	pks_revoke(token);
	return 0;
}

void dax_flush(const struct dax_device *dax, const void *addr, size_t size)
{
	size_t n = dax->pgmap->first ? inside(dax, addr, size) : 0;
	struct pks_token token;

	if (!n)
		return;
	token = pks_grant(dax->pgmap->first->pkey, PKS_READ);
	arch_wb_cache_pmem(addr, n);
	pks_revoke(token);
}
