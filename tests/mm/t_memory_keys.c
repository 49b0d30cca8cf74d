// SPDX-License-Identifier: MIT
/*
 * set_memory_pkey(): which entries it changes and splits, that an error changes nothing, and that
 * the new key holds. Only the last test needs PKS; the others are about page tables. What this
 * cannot know: whether another CPU's TLB was flushed.
 */
#define KTEST_SUITE "memory"

#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/pkrs_bits.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/set_memory.h"
#include "mm/tlb.h"
#include "pks/keys.h"
#include "tests/harness/drain.h"
#include "tests/harness/expect.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

#define KEY       PKS_KEY_DEVMAP
#define PAGES_2M  512UL
#define PAGES_1G  (512UL * 512)
#define NO_SUCH   16
#define UNOWNED   15
#define NON_CANON 0x0000888000000000 /* DIRECT_BASE with its upper bits gone */

/* Whether page i of WINDOW is writable data with this translation, key and leaf level. */
static bool page_is(u64 i, u64 base, u32 key, int level)
{
	struct pgwalk walk;

	return pgtable_walk(kernel_root, WINDOW + (i << PAGE_SHIFT), &walk) &&
	       walk.pa == base + (i << PAGE_SHIFT) && walk.key == key && walk.last == level &&
	       walk.writable && !walk.executable && !walk.user;
}

/* Counts the pages of [from, to), every `step`th, for which page_is() is false. */
static u64 strangers(u64 from, u64 to, u64 step, u64 base, u32 key, int level)
{
	u64 n = 0;

	for (u64 i = from; i < to; i += step)
		n += !page_is(i, base, key, level);
	return n;
}

static void a_key_for_one_page_splits_its_2mib_leaf(void)
{
	u64 base = 0x40000000; /* never accessed, so it need not be RAM */

	if (window_map(0, base, level_size(2), PTE_RW_DATA, 2)) {
		EXPECT_EQ(set_memory_pkey(WINDOW + 7 * PAGE_SIZE, 1, KEY), 0);
		EXPECT(page_is(7, base, KEY, 1));
		EXPECT_EQ(strangers(0, 7, 1, base, 0, 1), 0);
		EXPECT_EQ(strangers(8, PAGES_2M, 1, base, 0, 1), 0);
		EXPECT_EQ(set_memory_pkey(WINDOW + 7 * PAGE_SIZE, 1, PKS_KEY_DEFAULT), 0);
		EXPECT_EQ(strangers(0, PAGES_2M, 1, base, 0, 2), 0); /* merged */
	}
	window_clear();
}
KTEST(a_key_for_one_page_splits_its_2mib_leaf, 0);

static void a_key_for_one_page_splits_its_1gib_leaf(void)
{
	u64 base = 0x40000000, at = 5 * PAGES_2M + 300;

	SKIP_IF(!cpu_has(FEATURE_PAGE1GB), "this CPU has no 1 GiB pages");
	if (window_map(0, base, level_size(3), PTE_RW_DATA, 3)) {
		EXPECT_EQ(set_memory_pkey(WINDOW + at * PAGE_SIZE, 1, KEY), 0);
		EXPECT(page_is(at, base, KEY, 1));
		EXPECT_EQ(strangers(5 * PAGES_2M, at, 1, base, 0, 1), 0);
		EXPECT_EQ(strangers(at + 1, 6 * PAGES_2M, 1, base, 0, 1), 0);
		EXPECT_EQ(strangers(3, 5 * PAGES_2M, PAGES_2M, base, 0, 2), 0);
		EXPECT_EQ(strangers(6 * PAGES_2M + 3, PAGES_1G, PAGES_2M, base, 0, 2), 0);
		EXPECT_EQ(set_memory_pkey(WINDOW + at * PAGE_SIZE, 1, PKS_KEY_DEFAULT), 0);
		EXPECT_EQ(strangers(3, PAGES_1G, PAGES_2M, base, 0, 3), 0); /* merged */
	}
	window_clear();
}
KTEST(a_key_for_one_page_splits_its_1gib_leaf, 0);

/* Leaves that lie wholly in the range stay whole; those at its two ends are split. */
static void only_leaves_at_the_ends_of_a_range_are_split(void)
{
	u64 base = 0x40000000, from = PAGES_2M - 1, to = 3 * PAGES_2M + 1;

	if (window_map(0, base, 4 * level_size(2), PTE_RW_DATA, 2)) {
		EXPECT_EQ(set_memory_pkey(WINDOW + from * PAGE_SIZE, to - from, KEY), 0);
		EXPECT_EQ(strangers(0, from, 1, base, 0, 1), 0);
		EXPECT(page_is(from, base, KEY, 1));
		EXPECT_EQ(strangers(PAGES_2M, 3 * PAGES_2M, 1, base, KEY, 2), 0);
		EXPECT(page_is(to - 1, base, KEY, 1));
		EXPECT_EQ(strangers(to, 4 * PAGES_2M, 1, base, 0, 1), 0);
		EXPECT_EQ(set_memory_pkey(WINDOW, 4 * PAGES_2M, PKS_KEY_DEFAULT), 0);
		EXPECT_EQ(strangers(PAGES_2M, 3 * PAGES_2M, 1, base, 0, 2), 0);
	}
	window_clear();
}
KTEST(only_leaves_at_the_ends_of_a_range_are_split, 0);

static void a_key_for_a_whole_1gib_leaf_splits_nothing(void)
{
	SKIP_IF(!cpu_has(FEATURE_PAGE1GB), "this CPU has no 1 GiB pages");
	if (window_map(0, 0x40000000, level_size(3), PTE_RW_DATA, 3)) {
		EXPECT_EQ(set_memory_pkey(WINDOW, PAGES_1G, KEY), 0);
		EXPECT_EQ(strangers(0, PAGES_1G, 1000, 0x40000000, KEY, 3), 0);
		EXPECT_EQ(set_memory_pkey(WINDOW, PAGES_1G, PKS_KEY_DEFAULT), 0);
	}
	window_clear();
}
KTEST(a_key_for_a_whole_1gib_leaf_splits_nothing, 0);

static void set_memory_pkey_refuses_bad_arguments(void)
{
	if (window_map(0, 0x40000000, 2 * PAGE_SIZE, PTE_RW_DATA, 1)) {
		EXPECT_EQ(set_memory_pkey(WINDOW + 8, 1, KEY), -EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW, 0, KEY), -EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW, 1, NO_SUCH), -EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW, 1, ~0u), -EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW, 1, UNOWNED), -EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW, ~0ULL, KEY), -EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW, 1ULL << 52, KEY), -EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW, (1ULL << 52) + 1, KEY), -EINVAL);
		EXPECT_EQ(set_memory_pkey(0, 1, KEY), -EINVAL);
		EXPECT_EQ(set_memory_pkey(USER_TEXT, 1, KEY), -EINVAL);
		EXPECT_EQ(set_memory_pkey(NON_CANON, 1, KEY), -EINVAL);
		EXPECT_EQ(strangers(0, 2, 1, 0x40000000, 0, 1), 0);
	}
	window_clear();
}
KTEST(set_memory_pkey_refuses_bad_arguments, 0);

/* Pages 0, 1 and 3 are mapped, 2 is not: any range with page 2 is refused as a whole. */
static void set_memory_pkey_refuses_a_hole(void)
{
	u64 base = 0x40000000;

	if (window_map(0, base, 2 * PAGE_SIZE, PTE_RW_DATA, 1) &&
	    window_map(3 * PAGE_SIZE, base + 3 * PAGE_SIZE, PAGE_SIZE, PTE_RW_DATA, 1)) {
		EXPECT_EQ(set_memory_pkey(WINDOW, 4, KEY), -EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW + 2 * PAGE_SIZE, 1, KEY), -EINVAL);
		EXPECT_EQ(set_memory_pkey(WINDOW + 2 * PAGE_SIZE, 2, KEY), -EINVAL);
		EXPECT_EQ(strangers(0, 2, 1, base, 0, 1), 0);
		EXPECT(page_is(3, base, 0, 1));
		EXPECT(!page_is(2, base, 0, 1));
	}
	window_clear();
}
KTEST(set_memory_pkey_refuses_a_hole, 0);

/* Splits a leaf of `level` with only `spare` pages free, too few: -ENOMEM, and no key changes. */
static void split_with(int level, u32 spare)
{
	u64 base = 0x40000000, at = PAGES_2M - 5;
	struct drain drain;
	struct pgwalk walk;

	if (!window_map(0, base, level_size(level), PTE_RW_DATA, level))
		return;
	drain_but(&drain, spare);
	EXPECT_EQ(set_memory_pkey(WINDOW + at * PAGE_SIZE, 1, KEY), -ENOMEM);
	drain_undo(&drain);
	for (u64 i = 0; i < level_size(level) >> PAGE_SHIFT; i += 37) {
		REQUIRE(pgtable_walk(kernel_root, WINDOW + i * PAGE_SIZE, &walk));
		EXPECT_EQ(walk.key, 0);
		EXPECT_EQ(walk.pa, base + i * PAGE_SIZE);
	}
	EXPECT(pgtable_walk(kernel_root, WINDOW + at * PAGE_SIZE, &walk) && walk.key == 0);
	EXPECT_EQ(walk.last, level); /* not split in part either */
	EXPECT_EQ(set_memory_pkey(WINDOW + at * PAGE_SIZE, 1, KEY), 0); /* memory is back */
	EXPECT(page_is(at, base, KEY, 1));
	EXPECT_EQ(set_memory_pkey(WINDOW + at * PAGE_SIZE, 1, PKS_KEY_DEFAULT), 0);
}

static void a_split_without_memory_changes_no_key(void)
{
	u64 free = pages_free();

	split_with(2, 0);
	window_clear();
	if (cpu_has(FEATURE_PAGE1GB)) {
		split_with(3, 0);
		window_clear();
		split_with(3, 1);
		window_clear();
	}
	EXPECT_EQ(pages_free(), free);
}
KTEST(a_split_without_memory_changes_no_key, 0);

/* struct page records the key of the page's direct mapping only. */
static void struct_page_has_the_key_of_the_direct_map(void)
{
	struct page *page = window_page(2);

	REQUIRE(page);
	EXPECT_EQ(set_memory_pkey((u64)page_address(page + 1), 2, KEY), 0);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(page[i].pkey, i == 1 || i == 2 ? KEY : 0);
	EXPECT_EQ(set_memory_pkey((u64)page_address(page), 4, PKS_KEY_DEFAULT), 0);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(page[i].pkey, 0);
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA, 1)) {
		EXPECT_EQ(set_memory_pkey(WINDOW, 1, KEY), 0);
		EXPECT_EQ(page->pkey, 0);
		EXPECT_EQ(set_memory_pkey(WINDOW, 1, PKS_KEY_DEFAULT), 0);
	}
	window_clear();
	page_free(page, 2);
}
KTEST(struct_page_has_the_key_of_the_direct_map, 0);

/* Reads every page's first word and returns how many reads a protection key refused. */
static u32 denied_reads(u64 pages)
{
	u32 denied = 0;
	u64 value;

	for (u64 i = 0; i < pages; i++) {
		struct fault f = probe_read((void *)(WINDOW + (i << PAGE_SHIFT)), &value);

		denied += f.vector == X86_PF && f.error == (PF_P | PF_PK);
	}
	return denied;
}

/* The TLB holds the old key of each page; set_memory_pkey() must drop them all. */
static void change_keys(struct page *page, u64 pages, int level)
{
	if (window_map(0, page_to_phys(page), pages << PAGE_SHIFT, PTE_RW_DATA, level)) {
		EXPECT_EQ(denied_reads(pages), 0);
		EXPECT_EQ(set_memory_pkey(WINDOW, pages, PKS_KEY_DEVMAP), 0);
		EXPECT_EQ(denied_reads(pages), pages);
		EXPECT_EQ(set_memory_pkey(WINDOW, pages, PKS_KEY_DEFAULT), 0);
		EXPECT_EQ(denied_reads(pages), 0);
	}
	window_clear();
}

static void a_new_key_holds_at_once(void)
{
	static const u64 counts[] = { 1, 2, TLB_FLUSH_ALL, TLB_FLUSH_ALL + 1, 200, 512 };
	struct page *page = window_page(9);

	REQUIRE(page);
	policy_mode_set(PKS_MODE_STRICT);
	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		change_keys(page, counts[i], 1);
		change_keys(page, counts[i], 2);
	}
	page_free(page, 9);
}
KTEST(a_new_key_holds_at_once, KT_PKS);
