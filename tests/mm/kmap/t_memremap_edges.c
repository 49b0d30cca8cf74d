// SPDX-License-Identifier: MIT
/*
 * Device ranges where memory is scarce, beside other pages, and as they begin and end. What this
 * cannot know: readers on other CPUs; a single-stepped range stands for them.
 */
#define KTEST_SUITE "memremap"

#include "mm/kmap/devmap.h"
#include "mm/kmap/memremap.h"
#include "mm/page_alloc.h"
#include "pks/rights.h"
#include "tests/harness/drain.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"

/* A range of n pages in the only free block, of `size` pages. */
static void fill_block(const struct page *block, u64 n, u64 size)
{
	struct dev_pagemap range = { .pages = n, .owner = "last" };

	EXPECT_EQ(memremap_pages(&range), n <= size ? 0 : (u64)-ENOMEM);
	EXPECT(range.first == (n <= size ? block : NULL));
	EXPECT_EQ(pages_free(), n <= size ? size - n : size);
	if (range.first)
		EXPECT_EQ(memunmap_pages(&range), 0);
	EXPECT_EQ(pages_free(), size);
}

static void a_range_needs_no_more_than_its_pages(void)
{
	for (u32 order = 0; order < 6; order++) {
		struct page *block = page_alloc(order);
		u64 size = 1ULL << order;
		struct drain drain;

		REQUIRE(block);
		drain_all(&drain);
		page_free(block, order);
		for (u64 n = size / 2 + 1; n <= size + 1; n++)
			fill_block(block, n, size);
		drain_undo(&drain);
	}
}
KTEST(a_range_needs_no_more_than_its_pages, 0);

/* The pages before and behind belong to devices, and stay theirs. */
static void refuse_between(struct page *block)
{
	block[0].flags |= PG_DEVMAP;
	block[5].flags |= PG_DEVMAP;
	page_alloc_refuse(0, ~0ULL);
	EXPECT_EQ(devmap_protect(block + 1, 4, PKS_KEY_DEVMAP), (u64)-ENOMEM);
	page_alloc_refuse(0, 0);
	for (u32 i = 0; i < 6; i++) {
		EXPECT_EQ(block[i].flags & PG_DEVMAP, i % 5 ? 0 : PG_DEVMAP);
		block[i].flags &= (u8)~PG_DEVMAP;
	}
}

static void a_refused_range_changes_no_neighbour(void)
{
	struct drain drain;
	struct page *block = drain_but_large(&drain);

	if (!block)
		ktest_skip("no large leaf of the direct map is free");
	else if (EXPECT(page_alloc(9) == block)) {
		refuse_between(block);
		page_free(block, 9);
	}
	drain_undo(&drain);
}
KTEST(a_refused_range_changes_no_neighbour, KT_PKS);

static void a_range_has_a_key_that_there_is(void)
{
	static const u32 keys[] = { PKS_KEYS, PKS_KEYS + 1, 0x10001, 0x100 + PKS_KEY_DEVMAP, ~0u };
	struct dev_pagemap most = { .pages = 1 << 18, .owner = "most" };
	int err = memremap_pages(&most);

	EXPECT(err == 0 || err == -ENOMEM); /* not too many */
	if (!err)
		EXPECT_EQ(memunmap_pages(&most), 0);
	for (u32 i = 0; i < ARRAY_SIZE(keys); i++) {
		struct dev_pagemap range = {
			.pages = 1, .flags = PGMAP_PROTECTION, .key = keys[i], .owner = "none"
		};

		EXPECT_EQ(memremap_pages(&range), (u64)-EINVAL);
		EXPECT(!range.first);
	}
}
KTEST(a_range_has_a_key_that_there_is, 0);

/* The list that a page's owner keeps stands where a range's pages name it. */
static void an_ordinary_page_has_no_range(void)
{
	struct page *page = page_alloc(0);

	REQUIRE(page);
	list_init(&page->list);
	EXPECT(!page_pgmap(page));
	page_free(page, 0);
}
KTEST(an_ordinary_page_has_no_range, 0);

static struct dev_pagemap stepped;
static u32 with_range, with_key, wrong;

/* Whoever finds a page's range finds the right one; whoever finds its key, a device page. */
static bool look(struct regs *regs)
{
	const struct page *page = READ_ONCE(stepped.first); /* another frame each time, maybe */
	const struct dev_pagemap *range = page ? page_pgmap(page) : NULL;

	(void)regs;
	with_range += range != NULL;
	with_key += page && page->pkey;
	wrong += range && range != &stepped;
	wrong += page && page->pkey && !(page->flags & PG_DEVMAP);
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

static void a_page_names_its_range_at_any_time(void)
{
	stepped = (struct dev_pagemap){ .pages = 1, .flags = PGMAP_PROTECTION, .owner = "stepped" };
	with_range = with_key = wrong = 0;
	single_step(map_stepped, NULL, look);
	EXPECT(with_range && with_key);
	with_range = with_key = 0;
	single_step(unmap_stepped, NULL, look);
	EXPECT(with_range && with_key);
	EXPECT_EQ(wrong, 0);
}
KTEST(a_page_names_its_range_at_any_time, KT_PKS);
