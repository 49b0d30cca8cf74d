// SPDX-License-Identifier: MIT
#include "mm/kmap/devmap.h"
#include "kernel/cpu/pkrs_bits.h"
#include "mm/direct_map.h"
#include "mm/pgtable.h"
#include "mm/set_memory.h"

static void set_flags(struct page *page, u64 n)
{
	for (u64 i = 0; i < n; i++)
		page[i].flags |= PG_DEVMAP;
}

static void clear_flags(struct page *page, u64 n)
{
	for (u64 i = 0; i < n; i++)
		page[i].flags &= (u8)~PG_DEVMAP;
}

int devmap_protect(struct page *page, u64 n, u32 key)
{
	int err;

	set_flags(page, n); /* first: a fault on the key must find a device page */
	err = set_memory_pkey((u64)page_to_virt(page), n, key);
	if (err)
		clear_flags(page, n);
	return err;
}

int devmap_unprotect(struct page *page, u64 n)
{
	int err = set_memory_pkey((u64)page_to_virt(page), n, PKS_KEY_DEFAULT);

	if (!err)
		clear_flags(page, n);
	return err;
}

int devmap_map(struct page *page, u64 n, u32 key)
{
	int err;

	if (key != PKS_KEY_DEFAULT)
		set_flags(page, n); /* first: likewise */
	err = direct_map_add(page_to_phys(page), n, key);
	if (err)
		clear_flags(page, n);
	return err;
}

void devmap_unmap(struct page *page, u64 n)
{
	direct_map_remove(page_to_phys(page), n);
	clear_flags(page, n);
}
