// SPDX-License-Identifier: MIT
/*
 * Device ranges side by side, under every key there is, with a page of one of them in use. What
 * this cannot know: a device's own memory; the ranges are RAM set aside.
 */
#define KTEST_SUITE "memremap"

#include "kernel/lib/string.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/memremap.h"
#include "mm/page_alloc.h"
#include "pks/keys.h"
#include "pks/policy/marks.h"
#include "pks/rights.h"
#include "tests/harness/actor.h"
#include "tests/harness/drain.h"
#include "tests/harness/fixture.h"
#include "tests/mm/kmap/page_use.h"

#define PAGES 5

static struct dev_pagemap ranges[PKS_KEYS]; /* by key */

static struct prot_page page_of(const struct dev_pagemap *range, u64 i)
{
	return (struct prot_page){ range->first + i, page_to_virt(range->first + i) };
}

/* Makes a range for each key but 0, with all that nobody owns allocated. False: a failure. */
static bool map_all(void)
{
	bool ok = true;

	while (pks_key_alloc("all keys") > 0)
		;
	EXPECT_EQ(pks_key_alloc("one more"), (u64)-ENOSPC);
	for (u32 key = 1; key < PKS_KEYS; key++) {
		ranges[key] = (struct dev_pagemap){
			.pages = PAGES, .flags = PGMAP_PROTECTION, .key = key, .owner = "all keys"
		};
		ok = EXPECT(pks_key_owner(key)) && ok;
		ok = EXPECT_EQ(memremap_pages(&ranges[key]), 0) && ok;
	}
	return ok;
}

/* A key cannot be freed before its range. */
static void unmap_all(void)
{
	for (u32 key = 1; key < PKS_KEYS; key++) {
		if (key >= PKS_KEY_FIRST_DYNAMIC)
			EXPECT_EQ(pks_key_free(key), (u64)-EBUSY);
		EXPECT_EQ(memunmap_pages(&ranges[key]), 0);
		if (key >= PKS_KEY_FIRST_DYNAMIC)
			EXPECT_EQ(pks_key_free(key), 0);
	}
}

/* Only the pages of this range can be read; key 2 can always be read. */
static void expect_only(u32 open)
{
	for (u32 key = 1; key < PKS_KEYS; key++) {
		for (u64 i = 0; i < PAGES; i++) {
			struct prot_page p = page_of(&ranges[key], i);

			if (key == open || key == PKS_KEY_RO)
				EXPECT_ACCESSIBLE(&p);
			else
				EXPECT_DENIED(&p);
		}
	}
}

static void ranges_of_all_keys_are_apart(void)
{
	if (map_all()) {
		expect_only(0);
		for (u32 key = 1; key < PKS_KEYS; key++) {
			void *va = kmap_local_page(ranges[key].first + key % PAGES);

			EXPECT_RIGHTS(WITH_KEY(key));
			expect_only(key);
			kunmap_local(va);
			expect_only(0);
		}
	}
	unmap_all();
}
KTEST(ranges_of_all_keys_are_apart, KT_ENFORCED);

/* What memunmap_pages() must not change when it refuses. */
static void expect_whole(struct dev_pagemap *range, const struct dev_pagemap *before)
{
	EXPECT_EQ(memunmap_pages(range), (u64)-EBUSY);
	EXPECT(!memcmp(range, before, sizeof(*range)));
	for (u64 i = 0; i < range->pages; i++) {
		EXPECT_EQ(range->first[i].pkey, PKS_KEY_DEVMAP);
		EXPECT(range->first[i].flags & PG_DEVMAP);
		EXPECT(page_pgmap(range->first + i) == range);
	}
}

/* Two ranges beside each other: the use of a page holds its own range, and not the other. */
static void use(struct dev_pagemap *range, struct dev_pagemap *other, struct actor *a, u64 page)
{
	struct dev_pagemap before = *range, again = *other;

	for (u32 i = 0; i < PAGE_USES; i++) {
		actor_do(a, page_uses[i].begin, range->first + page);
		expect_whole(range, &before);
		EXPECT_EQ(memunmap_pages(other), 0);
		for (u64 k = 0; k < other->pages; k++)
			EXPECT(!page_pgmap(again.first + k));
		EXPECT_EQ(memremap_pages(other), 0);
		EXPECT(other->first == again.first);
		actor_do(a, page_uses[i].end, range->first + page);
		EXPECT_EQ(page_marks(range->first + page), 0);
	}
}

/* Both ranges have been made, side by side. */
static void use_both(struct dev_pagemap *a, struct dev_pagemap *b)
{
	struct actor holder;

	EXPECT(a->first + a->pages == b->first);
	if (!actor_start(&holder, "holder"))
		return;
	for (u64 page = 0; page < a->pages; page++) {
		use(a, b, &holder, page);
		use(b, a, &holder, page);
	}
	actor_end(&holder);
}

/*
 * All free memory is a block of 2 MiB or more. The first range has the page tables that it needs
 * made behind it; the next two, each half of one block, lie side by side.
 */
static void a_page_in_use_holds_its_own_range_only(void)
{
	struct dev_pagemap first = { .pages = 4, .flags = PGMAP_PROTECTION, .owner = "side" };
	struct dev_pagemap a = first, b = first;
	struct drain drain;

	if (!drain_but_large(&drain)) {
		ktest_skip("no large leaf of the direct map is free");
	} else if (EXPECT_EQ(memremap_pages(&first), 0) && EXPECT_EQ(memremap_pages(&a), 0) &&
		   EXPECT_EQ(memremap_pages(&b), 0)) {
		use_both(&a, &b);
		EXPECT_EQ(memunmap_pages(&b), 0);
		EXPECT_EQ(memunmap_pages(&a), 0);
		EXPECT_EQ(memunmap_pages(&first), 0);
	}
	drain_undo(&drain);
}
KTEST(a_page_in_use_holds_its_own_range_only, KT_PKS);
