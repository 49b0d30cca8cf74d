// SPDX-License-Identifier: MIT
#include "tests/mm/pmem/pmem_test.h"
#include "kernel/lib/string.h"
#include "pks/rights.h"

u64 pmem_small_blocks;

struct pmem *pmem_of(u64 pages)
{
	for (u32 i = 0; i < pmem_count; i++)
		if (pmem_get(i)->pgmap.first && pmem_get(i)->pgmap.pages >= pages)
			return pmem_get(i);
	ktest_skip(pmem_count ? "no device is large enough for this test" : NO_PMEM);
	return NULL;
}

struct prot_page pmem_page(const struct pmem *pmem, u64 i)
{
	struct page *page = phys_to_page(pmem->phys) + i;

	return (struct prot_page){ page, page_to_virt(page) };
}

struct prot_page pmem_disk_page(const struct pmem *pmem, u64 i)
{
	struct page *page = phys_to_page(pmem->phys) + i;

	return (struct prot_page){ page, (u64 *)(pmem->disk_va + (i << PAGE_SHIFT)) };
}

u64 pmem_place(const struct pmem *pmem, u32 i)
{
	return (pmem->pgmap.pages - 1) * i / (PLACES - 1);
}

void keep_page(struct kept_page *kept, struct page *page)
{
	struct pks_token token = pks_grant(page->pkey, PKS_READ);

	kept->page = page;
	memcpy(kept->words, page_to_virt(page), PAGE_SIZE);
	pks_revoke(token);
}

void put_back(const struct kept_page *kept)
{
	struct pks_token token = pks_grant(kept->page->pkey, PKS_WRITE);

	memcpy(page_to_virt(kept->page), kept->words, PAGE_SIZE);
	pks_revoke(token);
}
