// SPDX-License-Identifier: MIT
/*
 * set_memory_pkey() on ranges that overlap, that cross page sizes, or that end at a hole: the whole
 * range gets the key or nothing does, and what counts the pages agrees. What this cannot know: what
 * the TLBs hold; see t_memory_tlb.c.
 */
#define KTEST_SUITE "memory"

#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/pkrs_bits.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/set_memory.h"
#include "mm/split.h"
#include "pks/keys.h"
#include "tests/harness/drain.h"
#include "tests/harness/expect.h"
#include "tests/harness/window.h"

#define BASE     0x40000000 /* never accessed, so it need not be RAM */
#define PAGES_2M 512UL

/* The number of pages with this key that were added since the test began. */
static s64 counted[3];

static void begin_count(void)
{
	for (u32 key = 0; key < 3; key++)
		counted[key] = pks_key_pages(key);
}

/* As many pages left key 0 as the others got. */
static void expect_counts(s64 devmap, s64 ro)
{
	EXPECT_EQ(pks_key_pages(0) - counted[0], -(devmap + ro));
	EXPECT_EQ(pks_key_pages(1) - counted[1], devmap);
	EXPECT_EQ(pks_key_pages(2) - counted[2], ro);
}

/* The pages [from, to) of the window have this key and the frame that they had. */
static void expect_keys(u64 from, u64 to, u32 key)
{
	u64 wrong = 0;

	for (u64 i = from; i < to; i++) {
		u64 va = WINDOW + (i << PAGE_SHIFT);
		struct pgwalk walk;

		wrong += !pgtable_walk(kernel_root, va, &walk) || walk.key != key ||
			 walk.pa != BASE + (i << PAGE_SHIFT) || !walk.writable || walk.executable ||
			 !(walk.entry[walk.last] & PTE_G);
	}
	EXPECT_EQ(wrong, 0);
}

static int set_key(u64 from, u64 to, u32 key)
{
	return set_memory_pkey(WINDOW + (from << PAGE_SHIFT), to - from, key);
}

/* The last key holds on what both ranges have. */
static void overlapping_ranges_keep_the_last_key(void)
{
	begin_count();
	if (window_map(0, BASE, 64 * PAGE_SIZE, PTE_RW_DATA | PTE_G, 1)) {
		EXPECT_EQ(set_key(1, 11, PKS_KEY_DEVMAP), 0);
		EXPECT_EQ(set_key(6, 16, PKS_KEY_RO), 0);
		expect_keys(0, 1, 0);
		expect_keys(1, 6, PKS_KEY_DEVMAP);
		expect_keys(6, 16, PKS_KEY_RO);
		expect_keys(16, 64, 0);
		expect_counts(5, 10);
		EXPECT_EQ(set_key(8, 9, PKS_KEY_DEVMAP), 0); /* inside the other */
		EXPECT_EQ(set_key(8, 9, PKS_KEY_DEVMAP), 0); /* and once more */
		expect_keys(6, 8, PKS_KEY_RO);
		expect_keys(8, 9, PKS_KEY_DEVMAP);
		expect_keys(9, 16, PKS_KEY_RO);
		expect_counts(6, 9);
		EXPECT_EQ(set_key(0, 64, PKS_KEY_DEFAULT), 0);
		expect_keys(0, 64, 0);
		expect_counts(0, 0);
	}
	window_clear();
}
KTEST(overlapping_ranges_keep_the_last_key, 0);

/* Maps 512 small pages, a large one of 2 MiB, and 512 small ones again. */
static bool map_sizes(void)
{
	return window_map(0, BASE, level_size(2), PTE_RW_DATA | PTE_G, 1) &&
	       window_map(level_size(2), BASE + level_size(2), level_size(2), PTE_RW_DATA | PTE_G,
			  2) &&
	       window_map(2 * level_size(2), BASE + 2 * level_size(2), level_size(2),
			  PTE_RW_DATA | PTE_G, 1);
}

/* Begins and ends at each page beside a change of size. */
static void a_range_over_page_sizes_is_keyed_whole(void)
{
	for (u64 i = 0; i < 9; i++) {
		u64 from = PAGES_2M - 1 + i / 3, to = 2 * PAGES_2M - 1 + i % 3;

		begin_count();
		if (map_sizes()) {
			EXPECT_EQ(set_key(from, to, PKS_KEY_RO), 0);
			expect_keys(0, from, 0);
			expect_keys(from, to, PKS_KEY_RO);
			expect_keys(to, 3 * PAGES_2M, 0);
			expect_counts(0, (s64)(to - from));
			EXPECT_EQ(set_key(from, to, PKS_KEY_DEFAULT), 0);
			expect_counts(0, 0);
		}
		window_clear();
	}
}
KTEST(a_range_over_page_sizes_is_keyed_whole, 0);

/* The hole comes first, last, behind a large leaf, before one; a page of another key stays. */
static void a_range_with_a_hole_is_refused_whole(void)
{
	static const struct {
		u64 from, to;
	} ranges[] = { { 0, 1025 },   { 511, 1025 },  { 600, 1025 }, { 1023, 1025 },
		       { 512, 1026 }, { 1024, 1026 }, { 1024, 1030 } };

	begin_count();
	if (map_sizes()) {
		EXPECT_EQ(set_key(1000, 1001, PKS_KEY_DEVMAP), 0);
		pgtable_unmap(kernel_root, WINDOW + 1024 * PAGE_SIZE, PAGE_SIZE);
		for (u32 i = 0; i < ARRAY_SIZE(ranges); i++)
			EXPECT_EQ(set_key(ranges[i].from, ranges[i].to, PKS_KEY_RO), (u64)-EINVAL);
		expect_keys(0, 1000, 0);
		expect_keys(1000, 1001, PKS_KEY_DEVMAP);
		expect_keys(1001, 1024, 0);
		expect_keys(1025, 3 * PAGES_2M, 0);
		expect_counts(1, 0);
		EXPECT_EQ(set_key(1000, 1001, PKS_KEY_DEFAULT), 0);
	}
	window_clear();
	expect_counts(0, 0);
}
KTEST(a_range_with_a_hole_is_refused_whole, 0);

static void a_large_leaf_counts_as_all_its_pages(void)
{
	int most = cpu_has(FEATURE_PAGE1GB) ? 3 : 2;

	for (int level = 2; level <= most; level++) {
		u64 pages = level_size(level) >> PAGE_SHIFT;

		begin_count();
		if (window_map(0, BASE, level_size(level), PTE_RW_DATA | PTE_G, level)) {
			EXPECT_EQ(set_key(0, pages, PKS_KEY_DEVMAP), 0);
			expect_counts((s64)pages, 0);
			EXPECT_EQ(set_key(7, 8, PKS_KEY_RO), 0); /* splits it */
			expect_counts((s64)pages - 1, 1);
			EXPECT_EQ(set_key(0, pages, PKS_KEY_DEFAULT), 0);
			expect_counts(0, 0);
		}
		window_clear();
	}
}
KTEST(a_large_leaf_counts_as_all_its_pages, 0);

static u64 pages_with_key(const struct page *page, u32 key)
{
	u64 n = 0;

	for (u64 i = 0; i < PAGES_2M; i++)
		n += page[i].pkey == key;
	return n;
}

/* One entry of the direct map, and the struct page of each of its frames. */
static void every_struct_page_behind_a_large_leaf_has_its_key(void)
{
	struct drain drain;
	struct page *page = drain_but_large(&drain), *block = page ? page_alloc(9) : NULL;

	drain_undo(&drain); /* a leaf of 1 GiB needs a table */
	if (block && block == page) {
		u64 va = (u64)page_address(page), splits = pgtable_splits();

		EXPECT_EQ(set_memory_pkey(va, PAGES_2M, PKS_KEY_RO), 0);
		EXPECT_EQ(pages_with_key(page, PKS_KEY_RO), PAGES_2M);
		EXPECT_EQ(set_memory_pkey(va, PAGES_2M, PKS_KEY_DEFAULT), 0);
		EXPECT_EQ(pages_with_key(page, PKS_KEY_DEFAULT), PAGES_2M);
		EXPECT(pgtable_splits() <= splits + 1); /* of 1 GiB to 2 MiB at most */
	}
	if (block)
		page_free(block, 9);
	if (!block)
		ktest_skip("no large leaf of the direct map is free");
}
KTEST(every_struct_page_behind_a_large_leaf_has_its_key, 0);

/* Both ends of what a key can be, and of what a range can be. */
static void keys_and_ranges_beyond_the_last_are_refused(void)
{
	begin_count();
	if (window_map(0, BASE, 2 * PAGE_SIZE, PTE_RW_DATA | PTE_G, 1)) {
		EXPECT_EQ(set_key(0, 1, PKS_KEYS), (u64)-EINVAL);
		EXPECT_EQ(set_key(0, 1, PKS_KEYS + PKS_KEY_DEVMAP), (u64)-EINVAL);
		EXPECT_EQ(set_key(0, 1, (u32)-1), (u64)-EINVAL);
		EXPECT_EQ(set_key(0, 1, 1u << 31), (u64)-EINVAL);
		EXPECT_EQ(set_key(0, 0, PKS_KEY_DEVMAP), (u64)-EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW + 1, 1, PKS_KEY_DEVMAP), (u64)-EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW + PAGE_SIZE - 1, 1, PKS_KEY_DEVMAP), (u64)-EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW + PAGE_SIZE / 2, 1, PKS_KEY_DEVMAP), (u64)-EINVAL);
		EXPECT_EQ(set_memory_pkey(DIRECT_BASE - PAGE_SIZE, 2, PKS_KEY_DEVMAP),
			  (u64)-EINVAL);
		EXPECT_EQ(set_memory_pkey(~0ULL - PAGE_SIZE + 1, 1, PKS_KEY_DEVMAP), (u64)-EINVAL);
		expect_keys(0, 2, 0);
	}
	window_clear();
	expect_counts(0, 0);
}
KTEST(keys_and_ranges_beyond_the_last_are_refused, 0);
