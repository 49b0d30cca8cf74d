// SPDX-License-Identifier: MIT
/*
 * Parts of persistent memory under keys of their own, and what each step of mapping leaves to be
 * seen. What this cannot know: readers on other CPUs; a single-stepped range stands for them.
 */
#define KTEST_SUITE "pmem"

#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pmem/pmem_disk.h"
#include "mm/vmemmap.h"
#include "tests/harness/drain.h"
#include "tests/harness/inject.h"
#include "tests/harness/probe.h"
#include "tests/harness/refuse.h"
#include "tests/mm/pmem/pmem_test.h"

/* Returns how many 2 MiB blocks the device's first and last pages lie in, if tests map these. */
static u64 blocks_of_ends(const struct pmem *pmem)
{
	return pmem->phys >> 21 == (pmem->phys + pmem->size - 1) >> 21 ? 1 : 2;
}

/* The page between two ranges can be a range, but not with the one behind it. */
static void map_between(const struct dev_pagemap *low, const struct dev_pagemap *high)
{
	struct dev_pagemap between = { .phys = low->phys + (low->pages << PAGE_SHIFT),
				       .pages = 2,
				       .owner = "between" };
	const struct page *page = phys_to_page(between.phys);

	EXPECT_EQ(memremap_pages(&between), (u64)-EBUSY);
	EXPECT(!page_pgmap(page) && page_pgmap(page + 1) == high);
	between.pages = 1;
	EXPECT_EQ(memremap_pages(&between), 0);
	EXPECT(page_pgmap(page) == &between);
	EXPECT_EQ(memunmap_pages(&between), 0);
}

/* The two halves of a device under two keys, and the page between them in nobody's range. */
static void parts_of_a_device_have_keys_of_their_own(void)
{
	struct pmem *pmem = pmem_of(4);
	struct dev_pagemap low, high;
	struct prot_page p, q;
	u64 half;

	if (!pmem)
		return;
	half = pmem->pgmap.pages / 2;
	low = (struct dev_pagemap){
		.phys = pmem->phys, .pages = half - 1, .flags = PGMAP_PROTECTION, .owner = "low"
	};
	high = low;
	high.phys += half << PAGE_SHIFT;
	high.key = PKS_KEY_RO;
	p = pmem_page(pmem, half - 2);
	q = pmem_page(pmem, half);
	EXPECT_EQ(pmem_unmap(pmem), 0);
	if (EXPECT_EQ(memremap_pages(&low), 0) && EXPECT_EQ(memremap_pages(&high), 0)) {
		EXPECT(page_pgmap(p.page) == &low && page_pgmap(q.page) == &high);
		EXPECT(!page_pgmap(p.page + 1));
		EXPECT_EQ(probe_write(p.va + PAGE_SIZE / 8, 0).error, PF_W);
		EXPECT_DENIED(&p);
		EXPECT_ACCESSIBLE(&q);
		EXPECT_EQ(probe_write(q.va, 0).error, PF_P | PF_W | PF_PK);
		EXPECT_EQ(pmem_map(pmem), (u64)-EBUSY);
		map_between(&low, &high);
		EXPECT_EQ(memunmap_pages(&low), 0);
		EXPECT_EQ(p.page->pkey, PKS_KEY_DEFAULT);
		EXPECT(p.page->had_key);
		low.phys++;
		EXPECT_EQ(memremap_pages(&low), (u64)-EINVAL); /* no whole page */
		EXPECT_ACCESSIBLE(&q);
		EXPECT_EQ(memunmap_pages(&high), 0);
	}
	pmem_small_blocks += 2;
	EXPECT_EQ(pmem_map(pmem), 0);
}
KTEST(parts_of_a_device_have_keys_of_their_own, KT_ENFORCED);

static struct dev_pagemap stepped;
static u32 mapped, named, wrong;

/* Whoever finds the page mapped finds it under its key; whoever finds its range, the right one. */
static bool look(struct regs *regs)
{
	struct page *page = phys_to_page(stepped.phys);
	const struct dev_pagemap *range = page_pgmap(page);
	struct pgwalk walk;
	u64 value;

	(void)regs;
	if (pgtable_walk(kernel_root, (u64)page_to_virt(page), &walk)) {
		mapped++;
		wrong += walk.key != PKS_KEY_DEVMAP || page->pkey != PKS_KEY_DEVMAP;
		wrong += !(page->flags & PG_DEVMAP) || range != &stepped;
	}
	named += range != NULL;
	wrong += range && range != &stepped;
	wrong += probe_read(page_to_virt(page), &value).vector == FAULT_NONE;
	return true;
}

static void map_stepped(void *arg)
{
	(void)arg;
	EXPECT_EQ(memremap_pages(&stepped), 0);
}

static void unmap_stepped(void *arg)
{
	(void)arg;
	EXPECT_EQ(memunmap_pages(&stepped), 0);
}

static void a_page_is_never_mapped_without_its_key(void)
{
	struct pmem *pmem = pmem_of(1);

	if (!pmem)
		return;
	EXPECT_EQ(pmem_unmap(pmem), 0);
	pmem_small_blocks += blocks_of_ends(pmem);
	stepped = (struct dev_pagemap){
		.phys = pmem->phys, .pages = 1, .flags = PGMAP_PROTECTION, .owner = "stepped"
	};
	for (u32 end = 0; end < 2; end++) {
		mapped = named = wrong = 0;
		single_step(map_stepped, NULL, look);
		single_step(unmap_stepped, NULL, look);
		EXPECT(mapped && named > mapped);
		EXPECT_EQ(wrong, 0);
		stepped.phys = pmem->phys + pmem->size - PAGE_SIZE;
	}
	EXPECT_EQ(pmem_map(pmem), 0);
}
KTEST(a_page_is_never_mapped_without_its_key, KT_ENFORCED);

#define MANY 64
static u32 off, longest;

/* Counts how long interrupts stay off while pages are named or lose their name. */
static bool count_off(struct regs *regs)
{
	const struct page *page = phys_to_page(stepped.phys);

	off = regs->rflags & RFLAGS_IF ? 0 : off + 1;
	if (!page_pgmap(&page[0]) || !page_pgmap(&page[MANY - 1]))
		longest = MAX(longest, off);
	return true;
}

static void interrupts_do_not_wait_for_a_look_at_each_page(void)
{
	struct pmem *pmem = pmem_of(MANY);

	if (!pmem)
		return;
	EXPECT_EQ(pmem_unmap(pmem), 0);
	pmem_small_blocks += 2;
	stepped = (struct dev_pagemap){
		.phys = pmem->phys, .pages = MANY, .flags = PGMAP_PROTECTION, .owner = "stepped"
	};
	off = longest = 0;
	EXPECT(single_step(map_stepped, NULL, count_off) > 4 * MANY);
	EXPECT(single_step(unmap_stepped, NULL, count_off) > 4 * MANY);
	EXPECT(longest > 0 && longest < 2 * MANY);
	EXPECT_EQ(pmem_map(pmem), 0);
}
KTEST(interrupts_do_not_wait_for_a_look_at_each_page, 0);

/* Some free pages are enough for a frame of struct pages, but not for page tables to reach it. */
static void memory_without_room_for_struct_pages_is_refused(void)
{
	static const u32 spare[] = { 0, 2, 12 };
	static struct drain drain;

	for (u32 i = 0; i < ARRAY_SIZE(spare); i++) {
		u64 free, after;
		int err;

		drain_but(&drain, spare[i]);
		free = pages_free();
		err = vmemmap_add(DIRECT_SIZE / 2, DIRECT_SIZE / 2 + PAGE_SIZE);
		after = pages_free();
		drain_undo(&drain);
		EXPECT_EQ(err, (u64)-ENOMEM);
		EXPECT_EQ(after, free);
	}
}
KTEST(memory_without_room_for_struct_pages_is_refused, 0);

static struct dev_pagemap refused;

static int map_refused(void *arg)
{
	(void)arg;
	return memremap_pages(&refused);
}

static void unmap_refused(void *arg)
{
	(void)arg;
	EXPECT_EQ(memunmap_pages(&refused), 0);
}

/* The refusal leaves the pages as they were. */
static void expect_refused(const struct page *page)
{
	page_alloc_refuse(0, ~0ULL);
	EXPECT_EQ(memremap_pages(&refused), (u64)-ENOMEM);
	page_alloc_refuse(0, 0);
	for (u32 i = 0; i < refused.pages; i++)
		EXPECT(!page[i].flags && !page[i].pkey && !page_pgmap(&page[i]));
	EXPECT(!refused.first);
}

/* Returns where two blocks of 2 MiB meet that large pages map, and so have no tables; or 0. */
static u64 large_pages_meet(const struct pmem *pmem)
{
	u64 size = level_size(2), at = ALIGN_UP(pmem->phys, size) + size;
	struct pgwalk low, high;

	for (; at + size <= pmem->phys + pmem->size; at += size)
		if (pgtable_walk(kernel_root, (u64)phys_to_virt(at - size), &low) && low.last > 1 &&
		    pgtable_walk(kernel_root, (u64)phys_to_virt(at), &high) && high.last > 1)
			return at;
	return 0;
}

/* Two pages that need a table each; the second may be refused when the first page is mapped. */
static void a_range_without_a_page_table_is_as_before(void)
{
	struct pmem *pmem = pmem_of(512 * 4);
	u64 meet;

	if (!pmem)
		return;
	meet = large_pages_meet(pmem);
	SKIP_IF(!meet, "earlier runs have left tables in every block");
	EXPECT_EQ(pmem_unmap(pmem), 0);
	refused = (struct dev_pagemap){
		.phys = meet - PAGE_SIZE, .pages = 2, .flags = PGMAP_PROTECTION, .owner = "refused"
	};
	expect_refused(phys_to_page(refused.phys));
	EXPECT(refuse_each_allocation(map_refused, unmap_refused, NULL, REFUSE_ALL) >= 2);
	pmem_small_blocks += 2;
	EXPECT_EQ(pmem_map(pmem), 0);
}
KTEST(a_range_without_a_page_table_is_as_before, 0);

/*
 * Returns addresses in the test windows for the device and a GiB, where there are no tables; not as
 * the device lies in its GiB, so that no page of 1 GiB fits. 0: earlier runs have left tables.
 */
static u64 fresh_addresses(const struct pmem *pmem)
{
	u64 gib = level_size(3), want = pmem->size / gib + 2, free = 0;
	struct pgwalk walk;

	for (u64 va = TEST_BASE; va < TEST_BASE + 512 * gib; va += gib) {
		free = !pgtable_walk(kernel_root, va, &walk) && walk.last == 3 ? free + 1 : 0;
		if (free == want)
			return va - (want - 1) * gib + level_size(2) +
			       (pmem->phys & (level_size(2) - 1));
	}
	return 0;
}

static u64 fresh;

static int map_device(void *arg)
{
	struct pmem *pmem = arg;

	pmem->disk_va = fresh;
	return pmem_map(pmem);
}

static void unmap_device(void *arg)
{
	EXPECT_EQ(pmem_unmap(arg), 0);
}

static void a_device_without_a_page_table_is_as_before(void)
{
	struct pmem *pmem = pmem_of(1);
	u64 va;

	if (!pmem)
		return;
	fresh = fresh_addresses(pmem);
	SKIP_IF(!fresh, "earlier runs have left tables in all test windows");
	va = pmem->disk_va;
	EXPECT_EQ(pmem_unmap(pmem), 0);
	EXPECT(refuse_each_allocation(map_device, unmap_device, pmem, REFUSE_ONE) >= 1);
	EXPECT(!pmem->disk && !pmem->pgmap.first);
	pmem->disk_va = va;
	EXPECT_EQ(pmem_map(pmem), 0);
	EXPECT(pmem->disk == (u8 *)va);
}
KTEST(a_device_without_a_page_table_is_as_before, 0);
