// SPDX-License-Identifier: MIT
/*
 * Frames that leave the direct map and return to it, and read-only ones: which entries change, that
 * an error changes nothing, and that flushes reach every CPU and are counted. What this cannot
 * know: whether a TLB had a page at all.
 */
#define KTEST_SUITE "memory"

#include "kernel/cpu/percpu.h"
#include "kernel/cpu/pkrs_bits.h"
#include "mm/direct_map.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/set_memory.h"
#include "mm/tlb.h"
#include "tests/harness/drain.h"
#include "tests/harness/expect.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/harness/refuse.h"
#include "tests/harness/window.h"

#define ORDER 10 /* two large pages */
#define PAGES (1UL << ORDER)
#define SMALL 512UL

static pte_t entry_of(const struct page *page)
{
	struct pgwalk walk;

	pgtable_walk(kernel_root, (u64)page_to_virt(page), &walk);
	return walk.entry[walk.last];
}

/* Returns how many of the block's pages have an entry with other bits than `bits` has of `mask`. */
static u64 others(const struct page *block, u64 from, u64 to, pte_t mask, pte_t bits)
{
	u64 n = 0;

	for (u64 i = from; i < to; i++)
		n += (entry_of(block + i) & mask) != bits;
	return n;
}

/* What does not change: address, key, rights; a split alters the address and PS of the entry. */
static void expect_block(struct page *block, u64 from, u64 to, pte_t without)
{
	pte_t mask = PTE_P | PTE_W | PTE_NX | PTE_KEY_MASK, bits = PTE_P | PTE_W | PTE_NX;
	struct pgwalk walk;
	u64 moved = 0;

	EXPECT_EQ(others(block, 0, from, mask, bits), 0);
	EXPECT_EQ(others(block, from, to, mask, bits & ~without), 0);
	EXPECT_EQ(others(block, to, PAGES, mask, bits), 0);
	for (u64 i = 0; i < PAGES; i++) {
		pgtable_walk(kernel_root, (u64)page_to_virt(block + i), &walk);
		moved += walk.pa != page_to_phys(block + i);
	}
	EXPECT_EQ(moved, 0);
}

static void take(struct page *first, u64 n)
{
	EXPECT_EQ(set_direct_map_invalid_noflush(first, n), 0);
	tlb_shootdown((u64)page_to_virt(first), n);
}

static const u64 ranges[][2] = {
	{ 0, PAGES },             /* whole large pages */
	{ SMALL, SMALL + 1 },     /* the first page of the second one: a split */
	{ SMALL - 1, SMALL + 1 }, /* and the last of the first */
	{ 3, PAGES - 3 },         /* from one table to the next */
	{ PAGES - 1, PAGES },
	{ 0, PAGES },
};

static void frames_leave_the_direct_map_and_return(void)
{
	struct page *block = window_page(ORDER);
	struct fault f;

	REQUIRE(block);
	for (u32 i = 0; i < ARRAY_SIZE(ranges); i++) {
		u64 from = ranges[i][0], to = ranges[i][1];
		u64 *last = page_to_virt(block + to - 1);

		*last = i;
		take(block + from, to - from);
		expect_block(block, from, to, PTE_P);
		f = probe_write(last, ~0ULL);
		EXPECT_PAGE_FAULT(f, PF_W, last, "P = 0");
		EXPECT_EQ(set_direct_map_default_noflush(block + from, to - from), 0);
		expect_block(block, from, to, 0);
		EXPECT_EQ(*last, i);
	}
	page_free(block, ORDER);
}
KTEST(frames_leave_the_direct_map_and_return, 0);

/* A large page leaves as one; a page of it returns alone, with the key that it got meanwhile. */
static void a_page_returns_without_its_neighbours(void)
{
	struct page *block = window_page(ORDER);
	pte_t mask = PTE_P | PTE_KEY_MASK;
	u64 va;

	REQUIRE(block);
	va = (u64)page_to_virt(block);
	EXPECT_EQ(set_memory_np(va, PAGES), 0);
	EXPECT_EQ(set_memory_pkey(va, PAGES, PKS_KEY_DEVMAP), 0);
	EXPECT_EQ(set_direct_map_default_noflush(block + 7, 1), 0);
	EXPECT_EQ(others(block, 0, 7, mask, pte_with_key(0, PKS_KEY_DEVMAP)), 0);
	EXPECT_EQ(others(block, 7, 8, mask, pte_with_key(PTE_P, PKS_KEY_DEVMAP)), 0);
	EXPECT_EQ(others(block, 8, PAGES, mask, pte_with_key(0, PKS_KEY_DEVMAP)), 0);
	take(block, PAGES);
	EXPECT_EQ(others(block, 0, PAGES, mask, pte_with_key(0, PKS_KEY_DEVMAP)), 0);
	EXPECT_EQ(set_direct_map_default_noflush(block, PAGES), 0);
	EXPECT_EQ(set_memory_pkey(va, PAGES, PKS_KEY_DEFAULT), 0);
	expect_block(block, 0, 0, 0);
	page_free(block, ORDER);
}
KTEST(a_page_returns_without_its_neighbours, 0);

static void changes_of_the_direct_map_refuse_bad_ranges(void)
{
	struct page *block = window_page(ORDER);
	u64 va;

	REQUIRE(block);
	va = (u64)page_to_virt(block);
	EXPECT_EQ(set_direct_map_invalid_noflush(block, 0), -EINVAL);
	EXPECT_EQ(set_direct_map_invalid_noflush(block, ~0ULL), -EINVAL);
	EXPECT_EQ(set_direct_map_invalid_noflush(block, DIRECT_SIZE >> PAGE_SHIFT), -EINVAL);
	EXPECT_EQ(set_direct_map_default_noflush(pfn_to_page((DIRECT_SIZE >> PAGE_SHIFT) - 1), 1),
		  -EINVAL);
	EXPECT_EQ(set_memory_ro(va + 8, 1), -EINVAL);
	EXPECT_EQ(set_memory_ro(va, 0), -EINVAL);
	EXPECT_EQ(set_memory_ro(va, 1ULL << 52), -EINVAL);
	EXPECT_EQ(set_memory_ro(DIRECT_BASE - PAGE_SIZE, 1), -EINVAL);
	EXPECT_EQ(set_memory_rw(DIRECT_BASE + DIRECT_SIZE, 1), -EINVAL);
	expect_block(block, 0, 0, 0);
	page_free(block, ORDER);
}
KTEST(changes_of_the_direct_map_refuse_bad_ranges, 0);

struct change {
	struct page *block;
	u64 pages;
};

static int take_middle(void *arg)
{
	struct change *c = arg;
	int err = set_direct_map_invalid_noflush(c->block + 100, c->pages);

	if (err)
		EXPECT_EQ(others(c->block, 0, SMALL, PTE_P, PTE_P), 0);
	return err;
}

static void return_middle(void *arg)
{
	struct change *c = arg;

	EXPECT_EQ(set_direct_map_default_noflush(c->block + 100, c->pages), 0);
}

/* The split of a large page needs a table. */
static void a_refused_split_takes_no_frame(void)
{
	struct change c = { .pages = 3 };
	struct drain drain;

	c.block = drain_but_large(&drain);
	if (c.block)
		EXPECT(refuse_each_allocation(take_middle, return_middle, &c, REFUSE_ONE) >= 1);
	drain_undo(&drain);
	if (!c.block)
		ktest_skip("no free large page");
}
KTEST(a_refused_split_takes_no_frame, 0);

static const u64 counts[] = { 1, 2, TLB_FLUSH_ALL, TLB_FLUSH_ALL + 1, PAGES };

/* Writes each page once. Returns how many writes did as `error` says: this fault, or ~0: none. */
static u64 writes(struct page *first, u64 n, u64 error)
{
	u64 found = 0;

	for (u64 i = 0; i < n; i++) {
		struct fault f = probe_write(page_to_virt(first + i), i);

		found += f.vector == FAULT_NONE ? error == ~0ULL
						: f.vector == X86_PF && f.error == error;
	}
	return found;
}

struct view {
	struct page *first;
	u64 n;
};

/* The last CPU takes the pages, the first makes them read-only; all see each change. */
static void see_changes(u32 member, void *arg)
{
	struct view *v = arg;
	u64 va = (u64)page_to_virt(v->first);

	EXPECT_EQ(writes(v->first, v->n, ~0ULL), v->n);
	percpu_meet();
	if (member == cpu_count - 1)
		take(v->first, v->n);
	percpu_meet();
	EXPECT_EQ(writes(v->first, v->n, PF_W), v->n);
	percpu_meet();
	if (member == 0)
		EXPECT_EQ(set_direct_map_default_noflush(v->first, v->n), 0);
	percpu_meet();
	EXPECT_EQ(writes(v->first, v->n, ~0ULL), v->n);
	percpu_meet();
	if (member == 0)
		EXPECT_EQ(set_memory_ro(va, v->n), 0);
	percpu_meet();
	EXPECT_EQ(writes(v->first, v->n, PF_P | PF_W), v->n);
	percpu_meet();
	if (member == cpu_count - 1)
		EXPECT_EQ(set_memory_rw(va, v->n), 0);
	percpu_meet();
	EXPECT_EQ(writes(v->first, v->n, ~0ULL), v->n);
	percpu_meet();
}

static void changes_of_the_direct_map_reach_every_tlb(void)
{
	struct page *block = window_page(ORDER);

	REQUIRE(block);
	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		struct view v = { block + PAGES - counts[i], counts[i] };

		percpu_run(see_changes, &v);
	}
	expect_block(block, 0, 0, 0);
	page_free(block, ORDER);
}
KTEST(changes_of_the_direct_map_reach_every_tlb, 0);

/* What a shootdown counts on each CPU; member 0 makes it, of arg pages. */
static void see_counts(u32 member, void *arg)
{
	struct view *v = arg;
	const struct cpu *cpu = this_cpu();
	u64 invlpgs = cpu->invlpgs, flushes = cpu->flushes, calls = cpu->calls;
	bool all = v->n > TLB_FLUSH_ALL;

	percpu_meet();
	if (member == 0) {
		tlb_shootdown((u64)page_to_virt(v->first), v->n);
		EXPECT_EQ(cpu->calls - calls, cpu_count - 1);
	}
	percpu_meet();
	EXPECT_EQ(cpu->invlpgs - invlpgs, all ? 0 : v->n);
	EXPECT_EQ(cpu->flushes - flushes, all ? 1 : 0);
	percpu_meet();
}

static void flushes_are_counted_on_each_cpu(void)
{
	struct page *block = window_page(ORDER);

	REQUIRE(block);
	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		struct view v = { block, counts[i] };

		percpu_run(see_counts, &v);
	}
	page_free(block, ORDER);
}
KTEST(flushes_are_counted_on_each_cpu, 0);
