// SPDX-License-Identifier: MIT
/*
 * The first and the last address, size and count for which an answer holds. What this cannot know:
 * whether the firmware's RAM ends where it says.
 */
#define KTEST_SUITE "memory"

#include "kernel/cpu/layout.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/string.h"
#include "mm/bootmem.h"
#include "mm/page_alloc.h"
#include "mm/stack.h"
#include "tests/harness/expect.h"
#include "tests/harness/window.h"

/* The stack of the boot is no slot of the others: linker.ld places it above a page of its own. */
static void the_boot_stack_has_its_bounds(void)
{
	u64 guard = (u64)boot_stack_guard, bottom = (u64)boot_stack, top = (u64)boot_stack_top;

	EXPECT_EQ(bottom - guard, PAGE_SIZE);
	EXPECT(stack_contains(bottom, 1) && !stack_contains(bottom - 1, 1));
	EXPECT(stack_contains(bottom, top - bottom) && !stack_contains(bottom, top - bottom + 1));
	EXPECT(stack_contains(top - 1, 1) && !stack_contains(top - 1, 2));
	EXPECT(!stack_contains(top, 1) && !stack_contains(bottom, ~0ULL));
	EXPECT(stack_guard_hit(guard) && stack_guard_hit(bottom - 1));
	EXPECT(!stack_guard_hit(guard - 1) && !stack_guard_hit(bottom) && !stack_guard_hit(top));
	EXPECT(!stack_guard_hit(DIRECT_BASE) && !stack_contains(DIRECT_BASE, 1));
}
KTEST(the_boot_stack_has_its_bounds, 0);

/* More slots than there is room for are refused; not one of them is made. */
static void too_many_stack_slots_are_refused(void)
{
	u64 free = pages_free(), slots = 0;

	while (stack_guard_hit(VMAP_BASE + slots * STACK_SLOT))
		slots++;
	EXPECT_EQ(stack_alloc_slots((u32)(STACK_SLOTS_MAX - slots + 1)), 0);
	EXPECT_EQ(stack_alloc_slots(STACK_SLOTS_MAX), 0);
	EXPECT_EQ(stack_alloc_slots(~0u), 0);
	EXPECT(!stack_guard_hit(VMAP_BASE + slots * STACK_SLOT));
	EXPECT_EQ(pages_free(), free);
}
KTEST(too_many_stack_slots_are_refused, 0);

static void the_direct_map_has_its_bounds(void)
{
	EXPECT(is_direct_map(DIRECT_BASE) && !is_direct_map(DIRECT_BASE - 1));
	EXPECT(is_direct_map(DIRECT_BASE + DIRECT_SIZE - 1));
	EXPECT(!is_direct_map(DIRECT_BASE + DIRECT_SIZE));
}
KTEST(the_direct_map_has_its_bounds, 0);

/* A leaf has the bits that were asked for, and PS above the lowest level; the CPU adds A and D. */
static void leaves_have_the_bits_that_were_asked_for(void)
{
	static const pte_t prots[] = { PTE_RW_DATA, PTE_RO_DATA | PTE_G, PTE_TEXT, PTE_MMIO };

	for (u32 i = 0; i < 2 * ARRAY_SIZE(prots); i++) {
		int level = i % 2 ? 2 : 1;
		pte_t want = 0x40000000 | prots[i / 2] | (level == 2 ? PTE_PS : 0);

		if (window_map(0, 0x40000000, level_size(level), prots[i / 2], level))
			EXPECT_EQ(*window_entry(WINDOW, level), want);
		window_clear();
	}
}
KTEST(leaves_have_the_bits_that_were_asked_for, 0);

/* Only where both addresses and the length are aligned is there a large leaf. */
static void a_large_leaf_needs_both_addresses_aligned(void)
{
	u64 large = level_size(2);
	struct pgwalk walk;

	for (u32 i = 0; i < 4; i++) {
		u64 va = i & 1 ? PAGE_SIZE : 0, pa = 0x40000000 + (i & 2 ? PAGE_SIZE : 0);

		if (window_map(va, pa, large, PTE_RW_DATA, 2)) {
			EXPECT(pgtable_walk(kernel_root, WINDOW + va, &walk));
			EXPECT_EQ(walk.last, i ? 1 : 2);
			EXPECT_EQ(walk.pa, pa);
			EXPECT(pgtable_walk(kernel_root, WINDOW + va + large - PAGE_SIZE, &walk));
			EXPECT_EQ(walk.last, i ? 1 : 2);
			EXPECT_EQ(walk.pa, pa + large - PAGE_SIZE);
		}
		window_clear();
	}
	if (window_map(0, 0x40000000, large - PAGE_SIZE, PTE_RW_DATA, 2)) {
		EXPECT(pgtable_walk(kernel_root, WINDOW, &walk) && walk.last == 1);
		EXPECT(!pgtable_walk(kernel_root, WINDOW + large - PAGE_SIZE, &walk));
	}
	window_clear();
}
KTEST(a_large_leaf_needs_both_addresses_aligned, 0);

/* A block of the test's own stands for the memory that the boot has. */
static void expect_taken(u64 size, u64 from, u64 to, u64 want)
{
	u64 phys = bootmem_take(size, from, to);

	if (!EXPECT_EQ(phys, want) || !phys)
		return;
	for (u64 i = 0; i < size; i += 8)
		if (!EXPECT_EQ(*(u64 *)phys_to_virt(phys + i), 0))
			return;
	EXPECT(!ranges_contain(&bootmem_free, phys, phys + PAGE_SIZE));
}

/* The lowest that fits, aligned to its size, whole between both bounds; the last byte of a range.
 */
static void boot_memory_is_the_lowest_that_fits(void)
{
	struct ranges before = bootmem_free;
	struct page *page = window_page(5);
	u64 at = page ? page_to_phys(page) : 0, size = PAGE_SIZE;

	REQUIRE(page);
	memset(phys_to_virt(at), 0xff, size << 5);
	bootmem_free = (struct ranges){ 0 };
	ranges_add(&bootmem_free, at + size, at + 4 * size);      /* frames 1 to 3 */
	ranges_add(&bootmem_free, at + 8 * size, at + 16 * size); /* 8 to 15 */
	expect_taken(2 * size, 0, ~0ULL, at + 2 * size); /* to its range's end; 1 is not aligned */
	expect_taken(2 * size, 0, at + 9 * size, 0);
	expect_taken(size, at + 2 * size, at + 8 * size, 0);
	expect_taken(size, at + 9 * size, at + 10 * size, at + 9 * size);
	expect_taken(4 * size, 0, at + 16 * size, at + 12 * size);
	expect_taken(size, 0, ~0ULL, at + size);
	expect_taken(size, 0, ~0ULL, at + 8 * size);
	EXPECT_EQ(ranges_total(&bootmem_free), 2 * size); /* 10 and 11 */
	bootmem_free = before;
	EXPECT_EQ(*(u64 *)phys_to_virt(at), ~0ULL);
	EXPECT_EQ(*(u64 *)phys_to_virt(at + 10 * size), ~0ULL);
	page_free(page, 5);
}
KTEST(boot_memory_is_the_lowest_that_fits, 0);

static bool fits_below(u32 order, u64 end, u64 *phys)
{
	struct page *page = page_alloc_below(order, end);

	if (!page)
		return false;
	*phys = page_to_phys(page);
	page_free(page, order);
	return true;
}

/* Searches the lowest address below which a block is free: the block ends there. */
static void expect_lowest(u32 order)
{
	u64 free = pages_free(), none = 0, end = DIRECT_SIZE, phys = 0;

	EXPECT(fits_below(order, end, &phys));
	while (end - none > 1) {
		u64 middle = none + (end - none) / 2;

		if (fits_below(order, middle, &phys))
			end = middle;
		else
			none = middle;
	}
	EXPECT_EQ(phys + (PAGE_SIZE << order), end);
	EXPECT_EQ(phys & ((PAGE_SIZE << order) - 1), 0);
	EXPECT_EQ(pages_free(), free);
	page_alloc_refuse(0, 1);
	EXPECT(!fits_below(order, DIRECT_SIZE, &phys));
	EXPECT_EQ(page_alloc_refuse(0, 0), 1);
}

static void frames_below_an_address_end_there(void)
{
	expect_lowest(0);
	expect_lowest(1);
	expect_lowest(9);
}
KTEST(frames_below_an_address_end_there, 0);
