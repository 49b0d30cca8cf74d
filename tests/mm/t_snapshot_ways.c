// SPDX-License-Identifier: MIT
/*
 * Two ways to copy a page that is not present: through an alias (mm/snapshot.c), and hibernation's
 * in Linux, which maps the page in the direct map and unmaps it again. Which of them can fail, who
 * can reach the page meanwhile, and what each costs. What this cannot know: what silicon takes for
 * an IPI.
 */
#define KTEST_SUITE "snapshot"

#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "mm/debug_pagealloc.h"
#include "mm/direct_map.h"
#include "mm/page_alloc.h"
#include "mm/set_memory.h"
#include "mm/snapshot.h"
#include "mm/split.h"
#include "mm/tlb.h"
#include "tests/harness/drain.h"
#include "tests/harness/events.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"

#define ORDER 9
#define PAGES (1UL << ORDER)

/* As safe_copy_page() of Linux's kernel/power/snapshot.c, but that an error is returned. */
static int hibernate_copy_page(void *to, const struct page *from)
{
	struct page *page = (struct page *)from;
	int err;

	if (kernel_page_present(from)) {
		copy_page(to, page_to_virt(from));
		return 0;
	}
	err = kernel_map_pages(page, 1, true);
	if (err)
		return err;
	copy_page(to, page_to_virt(from));
	return kernel_map_pages(page, 1, false);
}

static const struct way {
	const char *name;
	int (*copy)(void *to, const struct page *from);
	bool remaps;
} ways[] = {
	{ "alias", safe_copy_page, false },
	{ "direct-map", hibernate_copy_page, true },
};

static char copies[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* What a run did, and what a stray read found on its way. */
static struct seen {
	const struct way *way;
	struct page *page;
	int err;
	u32 reached;
} seen;

static void copy_it(void *arg)
{
	(void)arg;
	seen.err = seen.way->copy(copies, seen.page);
}

/* After each instruction, in a context of its own. */
static bool reach_it(struct regs *regs)
{
	(void)regs;
	seen.reached += probe_read(page_to_virt(seen.page), &(u64){ 0 }).vector == FAULT_NONE;
	return true;
}

static void a_copy_lets_nobody_reach_the_page(void)
{
	struct page *page = page_alloc(0);

	REQUIRE(page);
	*(u64 *)page_to_virt(page) = 0x5afe;
	safe_copy_page(copies, page); /* so that the alias has its table */
	EXPECT_EQ(kernel_map_pages(page, 1, false), 0);
	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		u32 steps;

		seen = (struct seen){ .way = &ways[i], .page = page };
		copies[0] = 0;
		steps = single_step(copy_it, NULL, reach_it);
		EXPECT_EQ(seen.err, 0);
		EXPECT_EQ(*(u64 *)copies, 0x5afe);
		EXPECT(steps > PAGE_SIZE / 8);
		if (ways[i].remaps)
			EXPECT(seen.reached > PAGE_SIZE / 8);
		else
			EXPECT_EQ(seen.reached, 0);
		EXPECT(!kernel_page_present(page));
		if (options.extent == EXTENT_FULL)
			pr("# snapshot %s reachable %u of %u steps\n", ways[i].name, seen.reached,
			   steps);
	}
	EXPECT_EQ(kernel_map_pages(page, 1, true), 0);
	page_free(page, 0);
}
KTEST(a_copy_lets_nobody_reach_the_page, KT_ONE_CPU);

static void check_cost(const struct way *way, struct page *page, bool hidden)
{
	struct events e = events_now();
	int err = way->copy(copies, page);

	e = events_since(e);
	EXPECT_EQ(err, 0);
	EXPECT_EQ(e.invlpgs, !way->remaps ? 1 : hidden ? cpu_count : 0);
	EXPECT_EQ(e.flushes, 0);
	EXPECT_EQ(e.ipis, way->remaps && hidden ? cpu_count - 1 : 0);
	if (options.extent == EXTENT_FULL)
		pr("# snapshot %s %s ticks %lu invlpgs %lu ipis %lu cpus %u\n", way->name,
		   hidden ? "hidden" : "mapped", e.ticks, e.invlpgs, e.ipis, cpu_count);
}

static void check_costs(void *arg)
{
	struct page *page = arg;

	EXPECT_EQ(kernel_map_pages(page, 1, false), 0); /* settles what other CPUs owe */
	EXPECT_EQ(kernel_map_pages(page, 1, true), 0);
	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		safe_copy_page(copies, page);
		check_cost(&ways[i], page, false);
		EXPECT_EQ(kernel_map_pages(page, 1, false), 0);
		check_cost(&ways[i], page, true);
		EXPECT_EQ(kernel_map_pages(page, 1, true), 0);
	}
}

static void an_alias_costs_one_flush_on_one_cpu(void)
{
	struct page *page = page_alloc(0);

	REQUIRE(page);
	percpu_run_on(this_cpu(), check_costs, page);
	page_free(page, 0);
}
KTEST(an_alias_costs_one_flush_on_one_cpu, 0);

static void look(const struct page *page, const void *copy, void *arg)
{
	(void)page;
	(void)copy;
	*(u64 *)arg += events_now().flushes;
}

/* Not before: each page's own flush is on the CPU that copies. */
static void a_snapshot_ends_with_a_flush_on_each_cpu(void)
{
	u64 base = KERNEL_LMA, flushes = 0;
	struct ranges what = { 0 };
	struct events before;

	ranges_add(&what, base, base + PAGE_SIZE);
	before = events_now();
	EXPECT_EQ(snapshot(&what, look, &flushes), 0);
	EXPECT_EQ(flushes, before.flushes);
	EXPECT(events_now().flushes - before.flushes >= cpu_count);
}
KTEST(a_snapshot_ends_with_a_flush_on_each_cpu, 0);

/* A large page that is not present, and no memory to split it. */
static void check_refused(struct page *block)
{
	u64 va = (u64)page_to_virt(block), splits = pgtable_splits();

	EXPECT_EQ(set_memory_np(va, PAGES), 0);
	for (u32 i = 0; i < ARRAY_SIZE(ways); i++) {
		int err;

		page_alloc_refuse(0, ~0ULL);
		err = ways[i].copy(copies, block + 9);
		page_alloc_refuse(0, 0);
		EXPECT_EQ(err, ways[i].remaps ? (u64)-ENOMEM : 0);
		if (options.extent == EXTENT_FULL)
			pr("# snapshot %s refused %s\n", ways[i].name, err ? "-ENOMEM" : "copied");
		EXPECT_EQ(pgtable_splits(), splits);
		for (u64 at = 0; at < PAGES; at++)
			EXPECT(!kernel_page_present(block + at));
	}
	EXPECT_EQ(set_memory_p(va, PAGES), 0);
}

static void mapping_in_a_large_page_can_fail(void)
{
	struct page *block;
	struct drain drain;

	EXPECT_EQ(safe_copy_page(copies, virt_to_page(phys_to_virt(KERNEL_LMA))),
		  0); /* its table */
	drain_but_large(&drain);
	block = page_alloc(ORDER); /* all that is left */
	if (block) {
		check_refused(block);
		page_free(block, ORDER);
	}
	drain_undo(&drain);
	if (!block)
		ktest_skip("no free large page");
}
KTEST(mapping_in_a_large_page_can_fail, 0);
