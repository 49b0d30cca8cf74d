// SPDX-License-Identifier: MIT
/*
 * Persistent memory as the boot leaves it: found, mapped, denied to all, and nobody else's. What
 * this cannot know: whether it keeps data without power, and whether the firmware describes all of
 * it.
 */
#define KTEST_SUITE "pmem"

#include "kernel/cpu/cpuid.h"
#include "mm/debug_pagealloc.h"
#include "mm/direct_map.h"
#include "mm/init.h"
#include "mm/kmap/kmap_local.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pmem/pmem_disk.h"
#include "mm/set_memory.h"
#include "mm/split.h"
#include "pks/rights.h"
#include "tests/harness/drain.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/mm/pmem/pmem_test.h"

/* Calls fn for each device; without one the test is skipped. */
static void each_device(void (*fn)(struct pmem *pmem))
{
	SKIP_IF(!pmem_count, NO_PMEM);
	for (u32 i = 0; i < pmem_count; i++)
		if (EXPECT(pmem_get(i)->pgmap.first))
			fn(pmem_get(i));
	EXPECT(!pmem_get(pmem_count));
}

static void expect_struct_pages(struct pmem *pmem)
{
	u64 wrong = 0;

	for (u64 i = 0; i < pmem->pgmap.pages; i++) {
		u64 phys = pmem->phys + (i << PAGE_SHIFT);
		const struct page *page = phys_to_page(phys);

		wrong += !page || page != phys_to_page(phys + PAGE_SIZE - 1) ||
			 page != virt_to_page(phys_to_virt(phys)) || page != pmem->pgmap.first + i;
		wrong += !page || page->pkey != PKS_KEY_DEVMAP || !(page->flags & PG_DEVMAP) ||
			 page->flags & PG_FREE || page->marks || page_pgmap(page) != &pmem->pgmap;
	}
	EXPECT_EQ(pmem->pgmap.pages << PAGE_SHIFT, pmem->size);
	EXPECT_EQ(wrong, 0);
}

static void every_page_of_a_device_has_a_struct_page(void)
{
	each_device(expect_struct_pages);
}
KTEST(every_page_of_a_device_has_a_struct_page, 0);

/* Returns the level, up to `most`, of the largest page that can map `left` bytes from `phys` on. */
static int best_level(u64 phys, u64 left, int most)
{
	int level = MIN(most, cpu_has(FEATURE_PAGE1GB) ? 3 : 2);

	while (level > 1 && (phys & (level_size(level) - 1) || left < level_size(level)))
		level--;
	return level;
}

/* Looks at each entry that maps the device at `va`; returns how many could be larger. */
static u64 expect_entries(const struct pmem *pmem, u64 va, int most)
{
	u64 small = 0, wrong = 0, at = 0;
	struct pgwalk walk;

	while (at < pmem->size) {
		if (!EXPECT(pgtable_walk(kernel_root, va + at, &walk)))
			break;
		wrong += walk.pa != pmem->phys + at || walk.key != PKS_KEY_DEVMAP ||
			 !walk.writable || walk.executable || walk.user;
		small += walk.last < best_level(pmem->phys + at, pmem->size - at, most);
		at += level_size(walk.last);
	}
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(at, pmem->size); /* the last leaf ends where the device does */
	return small;
}

/* Each aligned 2 MiB and GiB, unless a test has mapped or split it before. */
static void expect_large_pages(struct pmem *pmem)
{
	u64 made = pgtable_splits() + pmem_small_blocks;

	EXPECT(expect_entries(pmem, (u64)phys_to_virt(pmem->phys), direct_map_level) <= made);
	if (EXPECT(pmem->disk == (u8 *)pmem->disk_va && pmem->disk_va >= VMAP_BASE))
		EXPECT_EQ(expect_entries(pmem, pmem->disk_va, 3), 0);
}

static void both_mappings_have_the_key_and_large_pages(void)
{
	each_device(expect_large_pages);
}
KTEST(both_mappings_have_the_key_and_large_pages, 0);

static void expect_denied_here(void *arg)
{
	const struct pmem *pmem = arg;

	for (u32 i = 0; i < PLACES; i++) {
		struct prot_page direct = pmem_page(pmem, pmem_place(pmem, i));
		struct prot_page disk = pmem_disk_page(pmem, pmem_place(pmem, i));

		EXPECT_DENIED(&direct);
		EXPECT_DENIED(&disk);
		EXPECT_PAGE_FAULT(probe_write(disk.va, 0), PF_P | PF_W | PF_PK, disk.va,
				  "nobody has rights to persistent memory at first");
	}
}

static void expect_denied_on(u32 member, void *arg)
{
	(void)member;
	expect_denied_here(arg);
}

static void expect_denied_everywhere(struct pmem *pmem)
{
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
		run_in(c, expect_denied_here, pmem);
	percpu_run(expect_denied_on, pmem);
}

static void no_context_has_rights_to_a_device(void)
{
	each_device(expect_denied_everywhere);
}
KTEST(no_context_has_rights_to_a_device, KT_ENFORCED);

/* A page of RAM beside a device stays accessible, and where nothing is, nothing is mapped. */
static void expect_neighbour(u64 phys)
{
	struct page *page = phys_to_page(phys);
	void *va = phys_to_virt(phys);
	u64 value;

	if (page && page_pgmap(page))
		return; /* of another device */
	if (page)
		EXPECT_EQ(page->pkey, PKS_KEY_DEFAULT);
	if (page && !address_is_freed((u64)va))
		EXPECT_NO_FAULT(probe_read(va, &value), "RAM beside a device has key 0");
	if (!page)
		EXPECT_PAGE_FAULT(probe_write(va, 0), PF_W, va, "nothing is there");
}

static void expect_neighbours(struct pmem *pmem)
{
	expect_neighbour(pmem->phys - PAGE_SIZE);
	expect_neighbour(pmem->phys + pmem->size);
}

static void the_pages_beside_a_device_are_not_its_own(void)
{
	each_device(expect_neighbours);
}
KTEST(the_pages_beside_a_device_are_not_its_own, 0);

static void expect_apart(struct pmem *pmem)
{
	EXPECT(!ranges_touch(&ram, pmem->phys, pmem->phys + pmem->size));
	EXPECT(ranges_contain(&page_ranges, pmem->phys, pmem->phys + pmem->size));
	for (u32 i = 0; pmem_get(i) != pmem; i++)
		EXPECT(pmem_get(i)->phys >= pmem->phys + pmem->size ||
		       pmem->phys >= pmem_get(i)->phys + pmem_get(i)->size);
}

static void a_device_overlaps_neither_ram_nor_another(void)
{
	each_device(expect_apart);
}
KTEST(a_device_overlaps_neither_ram_nor_another, 0);

/* All free memory, block by block. */
static void the_allocator_has_no_page_of_a_device(void)
{
	struct drain drain;
	u64 wrong = 0;

	SKIP_IF(!pmem_count, NO_PMEM);
	drain_all(&drain);
	for (u32 order = 0; order < PAGE_ORDERS; order++) {
		list_for_each(node, &drain.blocks[order])
		{
			u64 phys = page_to_phys(list_entry(node, struct page, list));

			wrong += !ranges_contain(&ram, phys, phys + ((u64)PAGE_SIZE << order));
		}
	}
	drain_undo(&drain);
	EXPECT_EQ(wrong, 0);
}
KTEST(the_allocator_has_no_page_of_a_device, 0);

static struct kept_page kept[PLACES];

/* Writes to each page through kmap_local_page(), and compares what the block driver reads. */
static void expect_memory(struct pmem *pmem)
{
	static u64 sector[SECTOR_SIZE / 8];

	for (u32 i = 0; i < PLACES; i++)
		keep_page(&kept[i], pmem_page(pmem, pmem_place(pmem, i)).page);
	for (u32 i = 0; i < PLACES; i++) {
		u64 *va = kmap_local_page(kept[i].page);

		for (u64 k = 0; k < PAGE_SIZE / 8; k++)
			va[k] = page_to_phys(kept[i].page) + 8 * k;
		kunmap_local(va);
	}
	for (u32 i = 0; i < PLACES; i++) {
		u64 first = pmem_place(pmem, i) * (PAGE_SIZE / SECTOR_SIZE);

		EXPECT_EQ(pmem_read(pmem, first + 7, sector, 1), 0);
		EXPECT_EQ(sector[0], page_to_phys(kept[i].page) + 7 * SECTOR_SIZE);
		EXPECT_EQ(sector[SECTOR_SIZE / 8 - 1], page_to_phys(kept[i].page) + PAGE_SIZE - 8);
	}
	for (u32 i = PLACES; i--;)
		put_back(&kept[i]);
}

/* If two pages were the same memory, writing the second would change the first. */
static void a_device_keeps_what_is_written_to_it(void)
{
	each_device(expect_memory);
}
KTEST(a_device_keeps_what_is_written_to_it, 0);
