// SPDX-License-Identifier: MIT
#include "mm/kmap/devmap.h"
#include "kernel/cpu/pkrs_bits.h"
#include "mm/pgtable.h"
#include "mm/set_memory.h"

int devmap_protect(struct page *page, u64 n, u32 key)
{
	int err;

	for (u64 i = 0; i < n; i++) /* first: a fault on the key must find a device page */
		page[i].flags |= PG_DEVMAP;
	err = set_memory_pkey((u64)page_to_virt(page), n, key);
	for (u64 i = 0; err && i < n; i++)
		page[i].flags &= (u8)~PG_DEVMAP;
	return err;
}

int devmap_unprotect(struct page *page, u64 n)
{
	int err = set_memory_pkey((u64)page_to_virt(page), n, PKS_KEY_DEFAULT);

	for (u64 i = 0; !err && i < n; i++)
		page[i].flags &= (u8)~PG_DEVMAP;
	return err;
}
