// SPDX-License-Identifier: MIT
/*
 * Mapping persistent memory and unmapping it: what is left behind, under which key, what is
 * refused. What this cannot know: memory that another driver uses.
 */
#define KTEST_SUITE "pmem"

#include "kernel/lib/string.h"
#include "mm/init.h"
#include "mm/page_alloc.h"
#include "mm/pmem/pmem_disk.h"
#include "pks/keys.h"
#include "pks/rights.h"
#include "tests/harness/actor.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/mm/kmap/page_use.h"
#include "tests/mm/pmem/pmem_test.h"

static u64 sector[SECTOR_SIZE / 8];

/* Of both mappings of the device's first, middle and last page. */
static void expect_not_mapped(const struct pmem *pmem)
{
	for (u32 i = 0; i < PLACES; i++) {
		struct prot_page direct = pmem_page(pmem, pmem_place(pmem, i));
		struct prot_page disk = pmem_disk_page(pmem, pmem_place(pmem, i));
		u64 value;

		EXPECT_PAGE_FAULT(probe_read(direct.va, &value), 0, direct.va, "it was unmapped");
		EXPECT_PAGE_FAULT(probe_write(disk.va, 0), PF_W, disk.va, "it was unmapped");
	}
}

/* Member 0 unmaps the device, while the other CPUs have its pages in their TLBs. */
static void unmap_under(u32 member, void *arg)
{
	struct pks_token token = pks_grant(PKS_KEY_DEVMAP, PKS_WRITE);
	struct pmem *pmem = arg;
	u64 value;

	for (u32 i = 0; i < PLACES; i++) {
		probe_read(pmem_page(pmem, pmem_place(pmem, i)).va, &value);
		probe_read(pmem_disk_page(pmem, pmem_place(pmem, i)).va, &value);
	}
	percpu_meet();
	if (member == 0)
		EXPECT_EQ(pmem_unmap(pmem), 0);
	percpu_meet();
	expect_not_mapped(pmem);
	pks_revoke(token);
}

static void expect_free_pages(const struct pmem *pmem)
{
	const struct page *page = phys_to_page(pmem->phys);
	u64 wrong = 0;

	for (u64 i = 0; i < pmem->pgmap.pages; i++)
		wrong += page[i].flags || page[i].pkey || page_pgmap(&page[i]);
	EXPECT_EQ(wrong, 0);
}

static void an_unmapped_device_cannot_be_reached(void)
{
	struct pmem *pmem = pmem_of(1);
	s64 pages[PKS_KEYS];
	u64 before, free;

	if (!pmem)
		return;
	before = prot_page_peek(&(struct prot_page){ pmem->pgmap.first, pmem_page(pmem, 0).va });
	for (u32 key = 0; key < PKS_KEYS; key++)
		pages[key] = pks_key_pages(key);
	free = pages_free();
	percpu_run(unmap_under, pmem);
	expect_not_mapped(pmem);
	expect_free_pages(pmem);
	EXPECT_EQ(pks_key_pages(PKS_KEY_DEVMAP), pages[1] - 2 * (s64)pmem->pgmap.pages);
	EXPECT_EQ(pmem_read(pmem, 0, sector, 1), (u64)-ENODEV);
	EXPECT_EQ(dax_direct_access(&pmem->dax, 0, 1, NULL), (u64)-ENODEV);
	EXPECT_EQ(pmem_unmap(pmem), (u64)-EINVAL);
	EXPECT_EQ(pmem_map(pmem), 0);
	EXPECT_EQ(pmem_map(pmem), (u64)-EBUSY);
	for (u32 key = 0; key < PKS_KEYS; key++)
		EXPECT_EQ(pks_key_pages(key), pages[key]);
	EXPECT(free - pages_free() < 8); /* page tables */
	EXPECT_EQ(prot_page_peek(&(struct prot_page){ pmem->pgmap.first, pmem_page(pmem, 0).va }),
		  before);
}
KTEST(an_unmapped_device_cannot_be_reached, KT_PKS | KT_STRESS);

/* Another thread uses the last page in each way. */
static void a_device_in_use_stays_mapped(void)
{
	struct pmem *pmem = pmem_of(2), before;
	struct prot_page last;
	struct actor user;

	if (!pmem || !actor_start(&user, "user"))
		return;
	before = *pmem;
	last = pmem_page(pmem, pmem->pgmap.pages - 1);
	for (u32 i = 0; i < PAGE_USES; i++) {
		actor_do(&user, page_uses[i].begin, last.page);
		EXPECT_EQ(pmem_unmap(pmem), (u64)-EBUSY);
		EXPECT(!memcmp(pmem, &before, sizeof(before)));
		EXPECT_DENIED(&last);
		actor_do(&user, page_uses[i].end, last.page);
	}
	actor_end(&user);
	EXPECT_EQ(pmem_unmap(pmem), 0);
	EXPECT_EQ(pmem_map(pmem), 0);
}
KTEST(a_device_in_use_stays_mapped, KT_ENFORCED);

/* Both mappings under this key: another grant does not open them, the key's own does. */
static void expect_key(const struct pmem *pmem, u32 key)
{
	struct prot_page direct = pmem_page(pmem, pmem->pgmap.pages - 1);
	struct prot_page disk = pmem_disk_page(pmem, pmem->pgmap.pages - 1);
	struct pks_token token;

	EXPECT_EQ(direct.page->pkey, key);
	if (key != PKS_KEY_RO)
		rights_set(PKRS_INIT & pkrs_mask(key));
	if (key != PKS_KEY_RO) {
		EXPECT_DENIED(&direct);
		EXPECT_DENIED(&disk);
	}
	EXPECT(probe_write(direct.va, 0).error == (PF_P | PF_W | PF_PK));
	rights_set(PKRS_INIT);
	token = pks_grant(key, PKS_READ);
	EXPECT_ACCESSIBLE(&direct);
	EXPECT_ACCESSIBLE(&disk);
	EXPECT(probe_write(disk.va, 0).error == (PF_P | PF_W | PF_PK));
	pks_revoke(token);
}

/* The static keys, then those that nobody owns, one after the other. */
static void a_device_can_have_any_key(void)
{
	struct pmem *pmem = pmem_of(1);

	if (!pmem)
		return;
	while (pks_key_alloc("a device each") > 0)
		;
	for (u32 key = 1; key < PKS_KEYS; key++) {
		EXPECT_EQ(pmem_unmap(pmem), 0);
		pmem->pgmap.key = key;
		if (EXPECT_EQ(pmem_map(pmem), 0))
			expect_key(pmem, key);
		if (key >= PKS_KEY_FIRST_DYNAMIC)
			EXPECT_EQ(pks_key_free(key), (u64)-EBUSY);
	}
	EXPECT_EQ(pmem_unmap(pmem), 0);
	for (u32 key = PKS_KEY_FIRST_DYNAMIC; key < PKS_KEYS; key++)
		EXPECT_EQ(pks_key_free(key), 0);
	EXPECT_EQ(pmem_map(pmem), (u64)-EINVAL); /* nobody owns key 15 */
	pmem->pgmap.key = 0;
	EXPECT_EQ(pmem_map(pmem), 0);
}
KTEST(a_device_can_have_any_key, KT_ENFORCED);

static void an_unprotected_device_is_open_to_all(void)
{
	struct pmem *pmem = pmem_of(1);
	struct prot_page direct, disk;

	if (!pmem)
		return;
	EXPECT_EQ(pmem_unmap(pmem), 0);
	pmem->pgmap.flags = 0;
	EXPECT_EQ(pmem_map(pmem), 0);
	direct = pmem_page(pmem, pmem->pgmap.pages - 1);
	disk = pmem_disk_page(pmem, pmem->pgmap.pages - 1);
	EXPECT_EQ(direct.page->pkey, PKS_KEY_DEFAULT);
	EXPECT(!(direct.page->flags & PG_DEVMAP));
	EXPECT_ACCESSIBLE(&direct);
	EXPECT_ACCESSIBLE(&disk);
	EXPECT_EQ(pmem_read(pmem, 0, sector, 1), 0);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_EQ(pmem_unmap(pmem), 0);
	pmem->pgmap.flags = PGMAP_PROTECTION;
	EXPECT_EQ(pmem_map(pmem), 0);
	EXPECT_DENIED(&direct);
	EXPECT_DENIED(&disk);
}
KTEST(an_unprotected_device_is_open_to_all, KT_ENFORCED);

static int map_pages(u64 phys, u64 pages)
{
	struct dev_pagemap range = {
		.phys = phys, .pages = pages, .flags = PGMAP_PROTECTION, .owner = "bad"
	};
	int err = memremap_pages(&range);

	EXPECT(err || !EXPECT_EQ(memunmap_pages(&range), 0));
	EXPECT(!range.first);
	return err;
}

/* Each is asked for while the device is mapped, then while it is not. */
static void expect_refusals(const struct pmem *pmem)
{
	u64 start = pmem->phys, pages = pmem->pgmap.pages;

	EXPECT_EQ(map_pages(start + 1, 1), (u64)-EINVAL);
	EXPECT_EQ(map_pages(start, 0), (u64)-EINVAL);
	EXPECT_EQ(map_pages(start, ~0ULL), (u64)-EINVAL);
	EXPECT_EQ(map_pages(start, 1ULL << 52), (u64)-EINVAL);
	EXPECT_EQ(map_pages(~0ULL - PAGE_SIZE + 1, 1), (u64)-EINVAL);
	EXPECT_EQ(map_pages(ram.r[ram.count - 1].start, 1), (u64)-EINVAL);
	EXPECT_EQ(map_pages(DIRECT_SIZE - PAGE_SIZE, 1), (u64)-EINVAL);
	if (!phys_to_page(start - PAGE_SIZE) || !page_pgmap(phys_to_page(start - PAGE_SIZE)))
		EXPECT_EQ(map_pages(start - PAGE_SIZE, 2), (u64)-EINVAL);
	if (!phys_to_page(start + pmem->size))
		EXPECT_EQ(map_pages(start, pages + 1), (u64)-EINVAL);
}

static void what_is_no_free_persistent_memory_is_refused(void)
{
	struct pmem *pmem = pmem_of(4);

	if (!pmem)
		return;
	expect_refusals(pmem);
	EXPECT_EQ(map_pages(pmem->phys, 1), (u64)-EBUSY);
	EXPECT_EQ(map_pages(pmem->phys + pmem->size - PAGE_SIZE, 1), (u64)-EBUSY);
	EXPECT_EQ(pmem_unmap(pmem), 0);
	expect_refusals(pmem);
	EXPECT_EQ(pmem_map(pmem), 0);
	expect_refusals(pmem);
}
KTEST(what_is_no_free_persistent_memory_is_refused, 0);
