// SPDX-License-Identifier: MIT
/* Device ranges: allocated, protected if their flag says so, and not removed while in use. */
#define KTEST_SUITE "memremap"

#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "mm/kmap/memremap.h"
#include "mm/page_alloc.h"
#include "pks/keys.h"
#include "pks/policy/marks.h"
#include "pks/rights.h"
#include "tests/harness/actor.h"
#include "tests/harness/drain.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"
#include "tests/mm/kmap/page_use.h"

static struct prot_page page_of(const struct dev_pagemap *range, u64 i)
{
	return (struct prot_page){ range->first + i, page_to_virt(range->first + i) };
}

static void a_new_range_is_denied_to_everybody(void)
{
	struct dev_pagemap range = { .pages = 5, .flags = PGMAP_PROTECTION, .owner = "pmem0" };
	u64 free = pages_free(), keyed = (u64)pks_key_pages(PKS_KEY_DEVMAP);

	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	REQUIRE(memremap_pages(&range) == 0);
	for (u64 i = 0; i < range.pages; i++) {
		struct prot_page p = page_of(&range, i);

		EXPECT_EQ(p.page->pkey, PKS_KEY_DEVMAP);
		EXPECT(p.page->flags & PG_DEVMAP);
		EXPECT(page_pgmap(p.page) == &range);
		EXPECT_DENIED(&p);
		EXPECT_CLOSED(&p);
	}
	EXPECT_EQ(pks_key_pages(PKS_KEY_DEVMAP) - keyed, range.pages);
	EXPECT(free - pages_free() < 16); /* the rest of the block came back; page tables stay */
	EXPECT_EQ(memunmap_pages(&range), 0);
	EXPECT_EQ(pks_key_pages(PKS_KEY_DEVMAP), keyed);
	EXPECT(!range.first);
	EXPECT_EQ(memunmap_pages(&range), (u64)-EINVAL);
}
KTEST(a_new_range_is_denied_to_everybody, KT_PKS);

static void a_range_gets_its_owners_key(void)
{
	int key = pks_key_alloc("pmem1");
	struct dev_pagemap range = { .pages = 3, .flags = PGMAP_PROTECTION, .owner = "pmem1" };
	struct prot_page p;
	void *va;

	REQUIRE(key > 0);
	range.key = (u32)key;
	REQUIRE(memremap_pages(&range) == 0);
	p = page_of(&range, 2);
	EXPECT_EQ(p.page->pkey, (u32)key);
	va = kmap_local_page(p.page);
	EXPECT_RIGHTS(WITH_KEY((u32)key));
	EXPECT_ACCESSIBLE(&p);
	kunmap_local(va);
	EXPECT_DENIED(&p);
	EXPECT_EQ(memunmap_pages(&range), 0);
	EXPECT_EQ(pks_key_free((u32)key), 0);
	range.key = (u32)key; /* nobody owns the key now */
	EXPECT_EQ(memremap_pages(&range), (u64)-EINVAL);
}
KTEST(a_range_gets_its_owners_key, KT_ENFORCED);

static void a_range_without_the_flag_has_no_key(void)
{
	struct dev_pagemap range = { .pages = 2, .owner = "plain" };
	u32 changes = pks_changes();
	struct prot_page p;

	REQUIRE(memremap_pages(&range) == 0);
	p = page_of(&range, 1);
	EXPECT_EQ(p.page->pkey, PKS_KEY_DEFAULT);
	EXPECT(!(p.page->flags & PG_DEVMAP));
	EXPECT(page_pgmap(p.page) == &range);
	EXPECT_ACCESSIBLE(&p);
	EXPECT_EQ(memunmap_pages(&range), 0);
	EXPECT_EQ(pks_changes(), changes);
}
KTEST(a_range_without_the_flag_has_no_key, 0);

static void a_range_in_use_is_not_removed(void)
{
	struct dev_pagemap range = { .pages = 4, .flags = PGMAP_PROTECTION, .owner = "busy" };
	enum pks_marks before = options.marks;
	struct page *last;
	struct actor a;

	REQUIRE(memremap_pages(&range) == 0 && actor_start(&a, "holder"));
	last = range.first + 3;
	for (enum pks_marks marks = 0; marks < PKS_MARKS; marks++) { /* wherever they are counted */
		pks_marks_set(marks);
		kmap(last);
		EXPECT_EQ(memunmap_pages(&range), (u64)-EBUSY);
		kunmap(last);
	}
	pks_marks_set(before);
	actor_do(&a, page_uses[PAGE_USE_LOCAL].begin, last);
	EXPECT_EQ(memunmap_pages(&range), (u64)-EBUSY);
	actor_do(&a, page_uses[PAGE_USE_LOCAL].end, last);
	kmap_thread(range.first);
	EXPECT_EQ(memunmap_pages(&range), (u64)-EBUSY);
	EXPECT_EQ(last->pkey, PKS_KEY_DEVMAP); /* a refused memunmap_pages() changes nothing */
	kunmap_thread(range.first);
	actor_end(&a);
	EXPECT_EQ(memunmap_pages(&range), 0);
}
KTEST(a_range_in_use_is_not_removed, KT_PKS);

static void bad_ranges_are_refused(void)
{
	struct dev_pagemap none = { .flags = PGMAP_PROTECTION, .owner = "none" };
	struct dev_pagemap vast = { .pages = (1 << 18) + 1, .owner = "vast" };
	struct dev_pagemap nobodys = { .pages = 1 }, one = { .pages = 1, .owner = "one" };
	struct drain drain;

	EXPECT_EQ(memremap_pages(&none), (u64)-EINVAL);
	EXPECT_EQ(memremap_pages(&vast), (u64)-EINVAL);
	EXPECT_EQ(memremap_pages(&nobodys), (u64)-EINVAL);
	drain_all(&drain);
	EXPECT_EQ(memremap_pages(&one), (u64)-ENOMEM);
	drain_undo(&drain);
	EXPECT(!one.first);
}
KTEST(bad_ranges_are_refused, 0);

/* Every page comes back, whatever their number. */
static void memunmap_returns_every_page(void)
{
	for (u64 n = 1; n < 70; n += 3) {
		struct dev_pagemap range = { .pages = n, .owner = "again" };
		u64 free = pages_free();

		REQUIRE(memremap_pages(&range) == 0);
		EXPECT_EQ(free - pages_free(), n);
		EXPECT_EQ(memunmap_pages(&range), 0);
		EXPECT_EQ(pages_free(), free);
	}
}
KTEST(memunmap_returns_every_page, 0);
