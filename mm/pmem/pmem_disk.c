// SPDX-License-Identifier: MIT
#include "mm/pmem/pmem_disk.h"
#include "kernel/cpu/layout.h"
#include "kernel/lib/string.h"
#include "mm/pgtable.h"
#include "mm/pmem/wb_cache.h"
#include "mm/vmap.h"
#include "pks/keys.h"

/* All devices' mappings together get at most half of the addresses. Boot writes it. */
static u64 reserved;

/* Reserves addresses that lie in large pages as those of the device do. They stay the device's. */
static bool reserve(struct pmem *pmem)
{
	u64 large = pmem->size < level_size(3) ? level_size(2) : level_size(3);
	u64 len = pmem->size + 2 * large;

	if (len > VMAP_SIZE / 2 - reserved)
		return false;
	reserved += len;
	pmem->disk_va = ALIGN_UP(vmap_reserve(len), large) + (pmem->phys & (large - 1));
	return true;
}

int pmem_disk_map(struct pmem *pmem)
{
	u32 key = pmem->pgmap.first->pkey;
	int err;

	if (!pmem->disk_va && !reserve(pmem))
		return 0;
	err = pgtable_map(kernel_root, pmem->disk_va, pmem->phys, pmem->size,
			  pte_with_key(PTE_RW_DATA | PTE_G, key), 3);
	if (err) {
		pgtable_unmap(kernel_root, pmem->disk_va, pmem->size);
		return err;
	}
	pks_key_add_pages(key, (s64)pmem->pgmap.pages);
	pmem->disk_key = key;
	pmem->disk = (u8 *)pmem->disk_va;
	return 0;
}

void pmem_disk_unmap(struct pmem *pmem)
{
	if (!pmem->disk)
		return;
	pmem->disk = NULL;
	pgtable_unmap(kernel_root, pmem->disk_va, pmem->size);
	pks_key_add_pages(pmem->disk_key, -(s64)pmem->pgmap.pages);
}

static int check(const struct pmem *pmem, u64 sector, u32 n)
{
	u64 sectors = pmem->size / SECTOR_SIZE;

	if (!pmem->disk || !pmem->pgmap.first)
		return -ENODEV;
	return sector < sectors && n <= sectors - sector ? 0 : -EINVAL;
}

int pmem_read(struct pmem *pmem, u64 sector, void *buf, u32 n)
{
	int err = check(pmem, sector, n);
	struct pks_token token;

	if (err)
		return err;
	token = pks_grant(pmem->disk_key, PKS_READ);
	memcpy(buf, pmem->disk + sector * SECTOR_SIZE, (size_t)n * SECTOR_SIZE);
	pks_revoke(token);
	return 0;
}

int pmem_write(struct pmem *pmem, u64 sector, const void *buf, u32 n)
{
	int err = check(pmem, sector, n);
	struct pks_token token;

	if (err)
		return err;
	token = pks_grant(pmem->disk_key, PKS_WRITE);
	memcpy(pmem->disk + sector * SECTOR_SIZE, buf, (size_t)n * SECTOR_SIZE);
	arch_wb_cache_pmem(pmem->disk + sector * SECTOR_SIZE, (size_t)n * SECTOR_SIZE);
	pks_revoke(token);
	return 0;
}
