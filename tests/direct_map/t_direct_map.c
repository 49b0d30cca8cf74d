// SPDX-License-Identifier: MIT
/*
 * Frames that leave the direct map and return, claim by claim of the discussion about it (docs/
 * EXPERIMENTS.md, "When may the direct map fail?"); splits, and large pages that come back. What
 * this cannot know: what a CPU keeps of paging structures.
 */
#define KTEST_SUITE "direct_map"

#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/pkrs_bits.h"
#include "mm/direct_map.h"
#include "mm/init.h"
#include "mm/page_alloc.h"
#include "mm/pgtable_internal.h"
#include "mm/set_memory.h"
#include "mm/split.h"
#include "mm/tlb.h"
#include "tests/direct_map/span.h"
#include "tests/harness/expect.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

#define KEY PKS_KEY_DEVMAP

static void expect_present(const struct span *s, u64 from, u64 n, bool present)
{
	u64 others = 0;

	for (u64 i = from; i < from + n; i++)
		others += kernel_page_present(s->first + i) != present;
	EXPECT_EQ(others, 0);
}

static void presence_follows_each_operation(void)
{
	struct span s;

	if (!span_of_direct_map(&s))
		return;
	for (u64 i = 0; i < 4; i++) {
		static const enum map_op hide[] = { MAP_INVALID, MAP_NP };
		static const enum map_op show[] = { MAP_DEFAULT, MAP_P };

		expect_present(&s, 0, SPAN_PAGES, true);
		for (u64 k = 509; k < 1027; k += 3)
			span_expect_access(&s, k); /* TLBs have some of them */
		span_play(&s, hide[i / 2], 0, 511, 514);
		expect_present(&s, 0, 511, true);
		expect_present(&s, 511, 514, false);
		expect_present(&s, 1025, 511, true);
		for (u64 k = 509; k < 1027; k += 3)
			span_expect_access(&s, k);
		span_play(&s, show[i % 2], 0, 512, 512);
		span_expect(&s);
		expect_present(&s, 512, 512, true);
		expect_present(&s, 511, 1, false);
		span_restore(&s, 0, SPAN_PAGES);
	}
	span_end(&s);
}
KTEST(presence_follows_each_operation, 0);

/* The default: present, writable, not executable; the key is its owner's. */
static void the_default_restores_rights_and_leaves_the_key(void)
{
	struct span s;

	if (!span_of_direct_map(&s))
		return;
	span_play(&s, MAP_PKEY, KEY, 5, 2);
	span_play(&s, MAP_RO, 0, 4, 4);
	span_play(&s, MAP_X, 0, 4, 4);
	span_play(&s, MAP_INVALID, 0, 4, 4);
	span_expect(&s);
	span_play(&s, MAP_DEFAULT, 0, 4, 4);
	EXPECT(s.model.pages[5].key == KEY && s.model.pages[5].writable);
	span_expect(&s);
	for (u64 i = 3; i < 9; i++)
		span_expect_access(&s, i);
	span_end(&s);
}
KTEST(the_default_restores_rights_and_leaves_the_key, 0);

/* In an order that no run of neighbours has, with no free frame in reach. */
static void a_frame_that_was_taken_always_returns(void)
{
	struct span s;
	u64 wrong = 0, refused;

	if (!span_of_direct_map(&s))
		return;
	span_play(&s, MAP_INVALID, 0, 0, SPAN_PAGES);
	EXPECT_EQ(s.model.tables, 3);
	page_alloc_refuse(0, ~0ULL);
	for (u64 i = 0; i < SPAN_PAGES; i++)
		wrong += !!set_direct_map_default_noflush(s.first + i * 5 % SPAN_PAGES, 1);
	for (u64 i = 0; i < SPAN_PAGES; i++)
		wrong += !!set_direct_map_invalid_noflush(s.first + i * 7 % SPAN_PAGES, 1);
	wrong += !!set_direct_map_default_noflush(s.first, SPAN_PAGES);
	refused = page_alloc_refuse(0, 0);
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(refused, 0);
	map_model_play(&s.model, MAP_DEFAULT, 0, 0, SPAN_PAGES);
	span_end(&s);
}
KTEST(a_frame_that_was_taken_always_returns, 0);

/* The large page that is not present: one part of it cannot return without a table, all of it can.
 */
static void a_part_of_a_large_page_that_is_away_may_not_return(void)
{
	static const enum map_op show[] = { MAP_DEFAULT, MAP_P };
	struct span s;

	if (!span_of_direct_map(&s))
		return;
	for (u32 i = 0; i < 2; i++) {
		span_play(&s, MAP_NP, 0, 512, 512);
		EXPECT_EQ(s.model.tables, 0);
		page_alloc_refuse(0, ~0ULL);
		EXPECT_EQ(span_do(&s, show[i], 0, 600, 1), (u64)-ENOMEM);
		EXPECT_EQ(span_do(&s, show[i], 0, 600, 500), (u64)-ENOMEM);
		EXPECT_EQ(page_alloc_refuse(0, 0), 2);
		span_expect(&s);
		expect_present(&s, 512, 512, false);
		span_play(&s, show[i], 0, 600, 1);
		span_expect(&s);
		page_alloc_refuse(0, ~0ULL);
		span_play(&s, show[i], 0, 512, 512);
		EXPECT_EQ(page_alloc_refuse(0, 0), 0);
		span_restore(&s, 0, SPAN_PAGES);
		span_play(&s, MAP_NP, 0, 512, 512);
		page_alloc_refuse(0, ~0ULL);
		span_play(&s, show[i], 0, 512, 512);
		EXPECT_EQ(page_alloc_refuse(0, 0), 0);
		span_expect(&s);
	}
	span_end(&s);
}
KTEST(a_part_of_a_large_page_that_is_away_may_not_return, 0);

/* What has the attribute already is not split, and so cannot fail. */
static void what_would_not_change_needs_no_table(void)
{
	static const enum map_op same[] = { MAP_PKEY, MAP_P, MAP_RW, MAP_NX, MAP_DEFAULT };
	struct span s;

	if (!span_of_direct_map(&s))
		return;
	page_alloc_refuse(0, ~0ULL);
	for (u32 i = 0; i < ARRAY_SIZE(same); i++)
		span_play(&s, same[i], 0, 511, 514);
	EXPECT_EQ(page_alloc_refuse(0, 0), 0);
	span_expect(&s);
	span_end(&s);
}
KTEST(what_would_not_change_needs_no_table, 0);

static void frames_that_are_not_ordinary_memory_are_refused(void)
{
	struct page *code = phys_to_page((u64)rdtsc - KERNEL_BASE);
	struct page *constant = phys_to_page((u64)map_op_names - KERNEL_BASE);

	EXPECT_EQ(set_direct_map_invalid_noflush(code, 1), (u64)-EINVAL);
	EXPECT_EQ(set_direct_map_default_noflush(code - 1, 3), (u64)-EINVAL);
	EXPECT_EQ(set_direct_map_default_noflush(constant, 1), (u64)-EINVAL);
	EXPECT_EQ(set_direct_map_invalid_noflush(pfn_to_page(KERNEL_LMA >> PAGE_SHIFT), 1),
		  (u64)-EINVAL);
	EXPECT_EQ(set_direct_map_invalid_noflush(pfn_to_page(VGA_START >> PAGE_SHIFT), 1),
		  (u64)-EINVAL);
	EXPECT_EQ(set_direct_map_default_noflush(pfn_to_page(1), VGA_START >> PAGE_SHIFT),
		  (u64)-EINVAL);
	EXPECT(kernel_page_present(code) && kernel_page_present(constant));
}
KTEST(frames_that_are_not_ordinary_memory_are_refused, 0);

/* The last and the first frame of each range of RAM; behind it nothing is mapped. */
static void a_range_at_the_end_of_ram_changes_no_more(void)
{
	for (u32 i = 0; i < ram.count; i++) {
		u64 end = DIRECT_BASE + ram.r[i].end, last = end - PAGE_SIZE;
		struct pgwalk walk, before;

		if (pgtable_walk(kernel_root, end, &walk))
			continue;                     /* the console's memory, or another range */
		EXPECT_EQ(set_memory_nx(last, 1), 0); /* merges what a test of pages has split */
		EXPECT(pgtable_walk(kernel_root, last, &before));
		EXPECT_EQ(set_memory_x(last, 2), (u64)-EINVAL);
		EXPECT(pgtable_walk(kernel_root, last, &walk) && !walk.executable);
		EXPECT_EQ(set_memory_x(last, 1), 0);
		EXPECT(pgtable_walk(kernel_root, last, &walk) && walk.executable && walk.last == 1);
		EXPECT(pgtable_walk(kernel_root, last - PAGE_SIZE, &walk) && !walk.executable);
		EXPECT(!pgtable_walk(kernel_root, end, &walk));
		EXPECT_EQ(set_memory_nx(last, 1), 0);
		EXPECT(pgtable_walk(kernel_root, last, &walk) && walk.last == before.last);
	}
}
KTEST(a_range_at_the_end_of_ram_changes_no_more, 0);

/*
 * Splits pages of each size at both ends of a range, and merges them, with PAT set and clear; a
 * brief run has one size with each.
 */
static void splits_keep_every_attribute(void)
{
	for (u32 i = 0; i < 4; i += ktest_part(3)) {
		int born = 2 + i % 2;
		u64 large = level_size(born) >> PAGE_SHIFT;
		struct span s;

		if ((born == 3 && !cpu_has(FEATURE_PAGE1GB)) ||
		    !span_of_window(&s, born, 2, PTE_G | (i / 2 ? PTE_PAT : 0)))
			continue;
		span_play(&s, MAP_PKEY, KEY, large - 1, 2);
		span_expect(&s);
		span_play(&s, MAP_RO, 0, large - 3, 4);
		span_expect(&s);
		span_play(&s, MAP_PKEY, 0, large - 1, 2);
		span_play(&s, MAP_RW, 0, large - 3, 4);
		EXPECT_EQ(s.model.tables, 0);
		span_expect(&s);
		span_end(&s);
	}
}
KTEST(splits_keep_every_attribute, KT_RAM);

/* A frame's bytes are where they were, also where bit 7 of its entry is PAT. */
static void a_split_page_with_pat_keeps_its_frames(void)
{
	struct page *block = window_page(9);
	u64 wrong = 0;

	REQUIRE(block);
	for (u64 i = 0; i < 512; i++)
		*(u64 *)page_to_virt(block + i) = i;
	if (window_map(0, page_to_phys(block), level_size(2), PTE_RW_DATA | PTE_PAT_LARGE, 2)) {
		EXPECT_EQ(set_memory_ro(WINDOW + 7 * PAGE_SIZE, 1), 0);
		for (u64 i = 0; i < 512; i++)
			wrong += *(volatile u64 *)(WINDOW + i * PAGE_SIZE) != i;
		EXPECT_EQ(set_memory_rw(WINDOW + 7 * PAGE_SIZE, 1), 0);
		for (u64 i = 0; i < 512; i++)
			wrong += *(volatile u64 *)(WINDOW + i * PAGE_SIZE) != i;
		EXPECT_EQ(wrong, 0);
		EXPECT_EQ(*window_entry(WINDOW, 2) & (PTE_PS | PTE_PAT_LARGE),
			  PTE_PS | PTE_PAT_LARGE);
	}
	window_clear();
	page_free(block, 9);
}
KTEST(a_split_page_with_pat_keeps_its_frames, 0);

/* Small pages that were mapped as such stay small, and so do those of a table with a hole. */
static void only_split_pages_are_merged(void)
{
	struct pgwalk walk;

	if (window_map(0, 0x40000000, level_size(2), PTE_RW_DATA, 1)) {
		EXPECT_EQ(set_memory_ro(WINDOW, 9), 0);
		EXPECT_EQ(set_memory_rw(WINDOW, 512), 0);
		EXPECT(pgtable_walk(kernel_root, WINDOW, &walk) && walk.last == 1);
	}
	window_clear();
	if (window_map(0, 0x40000000, level_size(2), PTE_RW_DATA, 2)) {
		EXPECT_EQ(set_memory_ro(WINDOW, 9), 0);
		pgtable_unmap(kernel_root, WINDOW + PAGE_SIZE, PAGE_SIZE);
		EXPECT_EQ(set_memory_rw(WINDOW, 1), 0);
		EXPECT_EQ(set_memory_rw(WINDOW, 2), (u64)-EINVAL);
		EXPECT(window_map(PAGE_SIZE, 0x40001000, PAGE_SIZE, PTE_RW_DATA, 1));
		EXPECT_EQ(set_memory_rw(WINDOW, 512), 0);
		EXPECT(pgtable_walk(kernel_root, WINDOW, &walk) && walk.last == 1);
		pgtable_unmap(kernel_root, WINDOW + PAGE_SIZE, PAGE_SIZE); /* no leaf crosses it */
	}
	window_clear();
}
KTEST(only_split_pages_are_merged, 0);

/* Pages of any size that are not present are unmapped like others, and leave room for new ones. */
static void what_is_away_is_unmapped_too(void)
{
	struct pgwalk walk;
	int level;

	if (window_map(0, 0x40000000, 2 * level_size(2), PTE_RW_DATA, 2)) {
		EXPECT_EQ(set_memory_np(WINDOW, 512 + 3), 0);
		pgtable_unmap(kernel_root, WINDOW, 2 * level_size(2));
		EXPECT(!pgtable_leaf(kernel_root, WINDOW, &level));
		EXPECT(!pgtable_leaf(kernel_root, WINDOW + level_size(2), &level));
		EXPECT_EQ(set_memory_p(WINDOW, 1), (u64)-EINVAL);
		EXPECT(window_map(0, 0x40000000, level_size(2), PTE_RW_DATA, 2));
		EXPECT(pgtable_walk(kernel_root, WINDOW, &walk) && walk.last == 2);
	}
	window_clear();
}
KTEST(what_is_away_is_unmapped_too, 0);

/* The hole lies behind a large page that the range would split. */
static void a_range_that_ends_in_a_hole_splits_nothing(void)
{
	u64 splits = pgtable_splits(), free;

	if (window_map(0, 0x40000000, level_size(2), PTE_RW_DATA, 2)) {
		free = pages_free();
		EXPECT_EQ(set_memory_ro(WINDOW + 511 * PAGE_SIZE, 2), (u64)-EINVAL);
		EXPECT_EQ(set_memory_np(WINDOW + PAGE_SIZE, 512), (u64)-EINVAL);
		EXPECT_EQ(pgtable_splits(), splits);
		EXPECT_EQ(pages_free(), free);
		EXPECT(*window_entry(WINDOW, 2) & PTE_PS);
	}
	window_clear();
}
KTEST(a_range_that_ends_in_a_hole_splits_nothing, 0);
