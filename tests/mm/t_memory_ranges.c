// SPDX-License-Identifier: MIT
/*
 * RAM in several ranges: both ends of each are distinct memory that a key can protect, and nothing
 * is mapped beyond them. Also the number of paging levels. What this cannot know: what lies between
 * a range's ends.
 */
#define KTEST_SUITE "memory"

#include "boot/cross.h"
#include "boot/paging.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/lib/options.h"
#include "mm/init.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/pgtable_internal.h"
#include "mm/ram.h"
#include "pks/rights.h"
#include "tests/harness/access.h"
#include "tests/harness/drain.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

/* The highest ranges are checked, so many; two pages of each may need two page tables each. */
#define TABLES_ORDER 6
#define RANGES_TRIED ((1 << TABLES_ORDER) / 4)

/* The lowest and the highest free page of a range. */
struct ends {
	struct page *page[2];
};

static struct {
	struct drain drain; /* so that nobody allocates an end */
	struct ends ends[RANGES_TRIED];
	u32 count;
} tried;

static void note_block(struct page *block, u32 order)
{
	struct page *last = block + (1UL << order) - 1;

	for (u32 i = 0; i < tried.count; i++) {
		const struct range *r = &ram.r[ram.count - 1 - i];
		struct ends *e = &tried.ends[i];

		if (page_to_phys(block) < r->start || page_to_phys(block) >= r->end)
			continue;
		if (!e->page[0] || block < e->page[0])
			e->page[0] = block;
		if (!e->page[1] || last > e->page[1])
			e->page[1] = last;
	}
}

static bool has_an_end(const struct page *block, u32 order)
{
	for (u32 i = 0; i < tried.count; i++)
		for (u32 end = 0; end < 2; end++)
			if (tried.ends[i].page[end] >= block &&
			    tried.ends[i].page[end] < block + (1UL << order))
				return true;
	return false;
}

/*
 * Gives back one block without an end in it, for page tables. False: there is none. The allocator
 * would split the smallest block first, which may hold an end.
 */
static bool spare_tables(void)
{
	for (u32 order = TABLES_ORDER; order < PAGE_ORDERS; order++) {
		list_for_each(node, &tried.drain.blocks[order])
		{
			struct page *block = list_entry(node, struct page, list);

			if (has_an_end(block, order))
				continue;
			list_del(node);
			page_free(block, order);
			return true;
		}
	}
	return false;
}

/* Takes all memory but one block for page tables, and notes the ranges' ends in it. */
static bool take_ends(void)
{
	tried.count = MIN(ram.count, RANGES_TRIED);
	for (u32 i = 0; i < tried.count; i++)
		tried.ends[i] = (struct ends){ 0 };
	drain_all(&tried.drain);
	for (u32 order = 0; order < PAGE_ORDERS; order++) {
		list_for_each(node, &tried.drain.blocks[order])
		{
			note_block(list_entry(node, struct page, list), order);
		}
	}
	/* Without free memory in the highest range the test would check nothing. */
	if (EXPECT(tried.ends[0].page[1]) && EXPECT(spare_tables()))
		return true;
	drain_undo(&tried.drain);
	return false;
}

/* Writes each word's own physical address to it, or checks it; returns how many words differ. */
static u64 strange_words(struct page *page, bool write)
{
	u64 *word = page_address(page), strange = 0;

	for (u64 i = 0; i < PAGE_SIZE / 8; i++) {
		if (write)
			word[i] = page_to_phys(page) + 8 * i;
		strange += word[i] != page_to_phys(page) + 8 * i;
	}
	return strange;
}

/*
 * If two ends were the same memory, writing the second would change the first. The list of drained
 * blocks lies in their struct pages, not in the pages themselves.
 */
static void ends_of_ram_ranges_are_distinct_memory(void)
{
	if (!take_ends())
		return;
	for (u32 pass = 0; pass < 2; pass++)
		for (u32 i = 0; i < tried.count; i++)
			for (u32 end = 0; end < 2; end++)
				if (tried.ends[i].page[end])
					EXPECT_EQ(strange_words(tried.ends[i].page[end], !pass), 0);
	drain_undo(&tried.drain);
}
KTEST(ends_of_ram_ranges_are_distinct_memory, 0);

static void key_holds_on(struct page *page)
{
	struct prot_page p = { .page = page, .va = page_address(page) };
	u64 phys = page_to_phys(page);
	struct pks_token token;

	*p.va = phys;
	if (!EXPECT_EQ(devmap_protect(page, 1, PKS_KEY_DEVMAP), 0))
		return;
	EXPECT_DENIED(&p);
	token = pks_grant(PKS_KEY_DEVMAP, PKS_WRITE);
	EXPECT_ACCESSIBLE(&p);
	EXPECT_EQ(*p.va, phys);
	*p.va = ~phys;
	pks_revoke(token);
	EXPECT_DENIED(&p);
	EXPECT_EQ(prot_page_peek(&p), ~phys);
	EXPECT_EQ(devmap_unprotect(page, 1), 0);
	EXPECT_ACCESSIBLE(&p);
}

/* A key holds on the first and last free page of each range, through the direct map. */
static void keys_hold_at_the_ends_of_ram_ranges(void)
{
	if (!take_ends())
		return;
	for (u32 i = 0; i < tried.count; i++) {
		struct ends *e = &tried.ends[i];

		if (!e->page[0])
			continue;
		key_holds_on(e->page[0]);
		if (e->page[1] != e->page[0])
			key_holds_on(e->page[1]);
	}
	drain_undo(&tried.drain);
}
KTEST(keys_hold_at_the_ends_of_ram_ranges, KT_ENFORCED);

/* No struct page, and no direct mapping: a large page must not reach past a range's end. */
static void expect_hole(u64 phys)
{
	void *va = phys_to_virt(phys);

	EXPECT(!phys_to_page(phys));
	EXPECT(!virt_to_page(va));
	if (phys >= VGA_START && phys < VGA_END)
		return;
	EXPECT_PAGE_FAULT(probe_write(va, 0), PF_W, va,
			  "nothing is mapped where there is no memory");
}

/* RAM, and persistent memory where there is some. */
static void nothing_is_mapped_between_ram_ranges(void)
{
	for (u32 i = 0; i < page_ranges.count; i++) {
		const struct range *r = &page_ranges.r[i];
		u64 start = r->start, end = r->end;
		u64 next = i + 1 < page_ranges.count ? r[1].start : DIRECT_SIZE;

		if (start)
			expect_hole(start - PAGE_SIZE);
		expect_hole(end);
		expect_hole(ALIGN_DOWN(end + (next - end) / 2, PAGE_SIZE));
		expect_hole(next - PAGE_SIZE);
	}
}
KTEST(nothing_is_mapped_between_ram_ranges, 0);

/*
 * The struct pages of both ends of a range are writable, to the last byte. A range of 16 MiB or
 * more beyond low memory holds its own struct pages, to spare low memory.
 */
static void struct_pages_of_all_ram_are_writable(void)
{
	for (u32 i = 0; i < ram.count; i++) {
		struct page *first = phys_to_page(ram.r[i].start);
		struct page *last = phys_to_page(ram.r[i].end - 1);
		struct pgwalk walk;

		REQUIRE(first && last);
		EXPECT(pgtable_walk(kernel_root, (u64)first, &walk) && walk.writable);
		EXPECT(phys_to_page(walk.pa));
		EXPECT(pgtable_walk(kernel_root, (u64)(last + 1) - 1, &walk) && walk.writable);
		EXPECT(phys_to_page(walk.pa));
		if (ram.r[i].start >= RAM_LOW && ram.r[i].end - ram.r[i].start >= 16 << 20)
			EXPECT(walk.pa >= ram.r[i].start && walk.pa < ram.r[i].end);
	}
}
KTEST(struct_pages_of_all_ram_are_writable, 0);

/* The command line or else the CPU decides the levels; a CPU that starts can load the same. */
static void paging_levels_follow_the_command_line(void)
{
	int most = cpu_has(FEATURE_LA57) ? 5 : 4;
	int want = options.paging ? MIN((int)options.paging, most) : most;
	struct pgwalk walk;

	EXPECT_EQ(pgtable_top(), want);
	EXPECT(pgtable_walk(kernel_root, (u64)paging_levels_follow_the_command_line, &walk));
	EXPECT_EQ(walk.top, want);
	EXPECT(kernel_root < RAM_LOW); /* an AP loads CR3 from 32-bit code */
	EXPECT_EQ(paging_boot.cr3, (u64)(want == 5 ? boot_pml5 : boot_pml4) - KERNEL_BASE);
	EXPECT_EQ(paging_boot.cr4 & CR4_LA57, read_cr4() & CR4_LA57);
	/* Bit 48 alone: a canonical address with 5 levels, not with 4. */
	EXPECT_EQ(probe_write((void *)(1UL << 48), 0).vector, want == 5 ? X86_PF : X86_GP);
}
KTEST(paging_levels_follow_the_command_line, 0);
