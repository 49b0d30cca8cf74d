// SPDX-License-Identifier: MIT
/*
 * debug_pagealloc=on: exactly the free frames are unmapped, all of the direct map is in 4 KiB, a
 * use after free faults at once, and the history names who freed and who allocated. And the price
 * of leaving the word away: the same uses go unseen. What this cannot know: a use of a frame that
 * already has its next owner, which is mapped again.
 */
#define KTEST_SUITE "pagealloc"

#include "kernel/cpu/layout.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/ksyms.h"
#include "kernel/lib/random.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "kernel/uspace.h"
#include "mm/debug_pagealloc.h"
#include "mm/init.h"
#include "mm/page_alloc.h"
#include "mm/pgtable_internal.h"
#include "mm/set_memory.h"
#include "mm/split.h"
#include "tests/harness/drain.h"
#include "tests/harness/expect.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

#define NEEDS_DEBUG SKIP_IF(!options.debug_pagealloc, "needs debug_pagealloc=on")

struct frames {
	u64 free, mapped_free, unmapped_used, large;
};

static void look(struct frames *seen, pte_t entry, const struct page *page)
{
	const struct page_history *h = page_history(page);
	bool free = h && h->free_site;

	seen->free += free;
	seen->mapped_free += free && entry & PTE_P;
	seen->unmapped_used += !free && !(entry & PTE_P);
}

/* Looks at the direct map's entry of every frame of RAM. */
static struct frames look_at_all(void)
{
	struct frames seen = { 0 };

	for (u32 i = 0; i < ram.count; i++) {
		const pte_t *entry = NULL;

		for (u64 phys = ram.r[i].start; phys < ram.r[i].end; phys += PAGE_SIZE, entry++) {
			u64 va = DIRECT_BASE + phys;

			if (!entry || !level_index(va, 1))
				entry = pgtable_entry(kernel_root, va, 1, false);
			if (!entry) {
				seen.large++;
				return seen;
			}
			look(&seen, *entry, phys_to_page(phys));
		}
	}
	return seen;
}

static void expect_free_frames_unmapped(void)
{
	struct frames seen = look_at_all();

	EXPECT_EQ(seen.large, 0);
	EXPECT_EQ(seen.mapped_free, 0);
	EXPECT_EQ(seen.unmapped_used, 0);
	EXPECT_EQ(seen.free, pages_free());
	EXPECT_EQ(pgtable_splits(), 0);
}

static void exactly_the_free_frames_are_unmapped(void)
{
	NEEDS_DEBUG;
	expect_free_frames_unmapped();
}
KTEST(exactly_the_free_frames_are_unmapped, 0);

#define HELD   64
#define ORDERS 11

static void blocks_of_all_orders_come_and_go(void)
{
	struct page *held[HELD] = { 0 };
	u32 order[HELD];

	NEEDS_DEBUG;
	for (u32 n = 0; n < 2000 / ktest_part(3); n++) {
		u32 i = (u32)random_below(HELD);

		if (held[i]) {
			page_free(held[i], order[i]);
			held[i] = NULL;
			continue;
		}
		order[i] = (u32)random_below(ORDERS);
		held[i] = n % 2 ? page_alloc(order[i]) : page_alloc_below(order[i], DIRECT_SIZE);
		for (u64 at = 0; held[i] && at < 1UL << order[i]; at += 1 + at / 2) {
			u64 *last = page_to_virt(held[i] + (1UL << order[i]) - 1 - at);

			*last = n; /* mapped: else the test dies */
		}
	}
	expect_free_frames_unmapped();
	for (u32 i = 0; i < HELD; i++)
		if (held[i])
			page_free(held[i], order[i]);
	expect_free_frames_unmapped();
}
KTEST(blocks_of_all_orders_come_and_go, KT_STRESS | KT_ONE_CPU);

/* Each page of the block, by reads and writes, and the frame beside it, which stays mapped. */
static void use_after_free(u32 order)
{
	u64 n = 1UL << order, bad = 0;
	struct page *block = page_alloc(order + 1);
	u64 *va;

	if (!block) {
		EXPECT(order > 4); /* so little RAM */
		return;
	}
	va = page_to_virt(block);
	for (u64 i = 0; i < 2 * n; i++)
		va[i * 512] = ~i;
	page_free(block, order); /* the lower half, as two blocks */
	for (u64 i = 0; i < n; i++) {
		struct fault r = probe_read(&va[i * 512 + i % 512], &(u64){ 0 });
		struct fault w = probe_write(&va[i * 512 + 511], i);

		bad += !EXPECT_PAGE_FAULT(r, 0, &va[i * 512 + i % 512], "P = 0: the frame is free");
		bad += !EXPECT_PAGE_FAULT(w, PF_W, &va[i * 512 + 511], "P = 0: the frame is free");
		if (bad)
			break;
		bad += va[(n + i) * 512] != ~(n + i);
	}
	EXPECT_EQ(bad, 0);
	page_free(block + n, order);
}

static void a_use_after_free_faults(void)
{
	NEEDS_DEBUG;
	for (u32 order = 0; order < ORDERS; order++)
		use_after_free(order);
}
KTEST(a_use_after_free_faults, KT_STRESS);

/* What the word is for: without it neither use is seen. */
static void without_the_word_a_use_after_free_goes_unseen(void)
{
	struct page *page = page_alloc(0);
	u64 *va, value;

	REQUIRE(page);
	va = page_to_virt(page);
	page_free(page, 0);
	SKIP_IF(options.debug_pagealloc, "debug_pagealloc=on: it unmaps free frames");
	EXPECT_NO_FAULT(probe_read(va, &value), "freed memory stays mapped");
	EXPECT_NO_FAULT(probe_write(va, value), "freed memory stays mapped");
	EXPECT(!page_history(page));
	EXPECT(!address_is_freed((u64)va));
	EXPECT(look_at_all().large); /* and keeps its large pages */
}
KTEST(without_the_word_a_use_after_free_goes_unseen, 0);

static bool is_in(u32 site, const char *function)
{
	u64 offset, size;
	const char *name;

	return ksym_lookup(KERNEL_BASE | site, &name, &offset, &size) && !strcmp(name, function);
}

static __attribute__((noinline)) struct page *alloc_pair(void)
{
	struct page *page = page_alloc(1);

	barrier();
	return page;
}

static __attribute__((noinline)) struct page *alloc_pair_below(void)
{
	struct page *page = page_alloc_below(1, DIRECT_SIZE);

	barrier();
	return page;
}

static __attribute__((noinline)) int free_here(void *arg)
{
	page_free(arg, 0);
	barrier();
	return 0;
}

/* Takes the pair, and frees it. */
static void expect_history(struct page *pair, const char *allocator)
{
	const struct page_history *h;
	struct thread *t;

	REQUIRE(pair);
	for (u32 i = 0; i < 2; i++) {
		h = page_history(pair + i);
		EXPECT(is_in(h->alloc_site, allocator));
		EXPECT_EQ(h->alloc_thread, current_thread()->id + 1);
		EXPECT_EQ(h->free_site, 0);
		EXPECT(!address_is_freed((u64)page_to_virt(pair + i)));
	}
	t = thread_create("frees", free_here, pair + 1);
	if (t) {
		u32 id = t->id;

		thread_join(t);
		EXPECT(is_in(h->free_site, "free_here"));
		EXPECT_EQ(h->free_thread, id + 1);
		EXPECT(is_in(h->alloc_site, allocator));
		EXPECT_EQ(h->alloc_thread, current_thread()->id + 1);
		EXPECT(address_is_freed((u64)page_to_virt(pair + 1) + 4095));
		EXPECT_EQ(page_history(pair)->free_site, 0);
	}
	page_free(pair, 0);
}

static void the_history_names_sites_and_threads(void)
{
	NEEDS_DEBUG;
	expect_history(alloc_pair(), "alloc_pair");
	expect_history(alloc_pair_below(), "alloc_pair_below");
}
KTEST(the_history_names_sites_and_threads, KT_STRESS);

/* Memory that was free at boot; and what is no RAM, or not in the direct map. */
static void the_history_begins_at_boot(void)
{
	u64 at_boot = 0, wrong = 0;

	NEEDS_DEBUG;
	for (u32 i = 0; i < ram.count; i++) {
		for (u64 phys = ram.r[i].start; phys < ram.r[i].end; phys += PAGE_SIZE) {
			const struct page_history *h = page_history(phys_to_page(phys));

			if (!h->free_site || h->alloc_site)
				continue;
			at_boot++;
			wrong += h->free_thread || !is_in(h->free_site, "mm_init");
		}
	}
	EXPECT_EQ(wrong, 0);
	EXPECT(!page_history(pfn_to_page((DIRECT_SIZE >> PAGE_SHIFT) - 1)));
	EXPECT(!address_is_freed(DIRECT_BASE + DIRECT_SIZE - 8));
	EXPECT(!address_is_freed((u64)look_at_all));
	EXPECT(!address_is_freed(0));
	SKIP_IF(!at_boot, "a test before has allocated every frame");
}
KTEST(the_history_begins_at_boot, 0);

/* Page tables are frames too: those of a window, and of a user address space. */
static void freed_page_tables_are_unmapped(void)
{
	u64 tables[3], value;
	struct uspace us;

	NEEDS_DEBUG;
	if (!window_map(0, 0x40000000, PAGE_SIZE, PTE_RW_DATA, 1))
		return;
	tables[0] = *window_entry(WINDOW, 3) & PTE_ADDR;
	tables[1] = *window_entry(WINDOW, 2) & PTE_ADDR;
	window_clear();
	REQUIRE(uspace_create(&us) == 0);
	tables[2] = us.root;
	uspace_destroy(&us);
	for (u32 i = 0; i < ARRAY_SIZE(tables); i++)
		EXPECT(probe_read(phys_to_virt(tables[i]), &value).vector == X86_PF ||
		       page_history(phys_to_page(tables[i]))->alloc_thread !=
			       current_thread()->id + 1); /* somebody's again */
	expect_free_frames_unmapped();
}
KTEST(freed_page_tables_are_unmapped, 0);

/* Without memory for a table: nothing of the direct map needs one. */
static void nothing_splits_and_nothing_fails(void)
{
	struct page *block;
	u64 va;

	NEEDS_DEBUG;
	block = window_page(10);
	REQUIRE(block);
	va = (u64)page_to_virt(block);
	page_alloc_refuse(0, ~0ULL);
	for (u64 i = 0; i < 1024; i += 73) {
		EXPECT_EQ(kernel_map_pages(block + i, 1, false), 0);
		EXPECT_EQ(set_memory_pkey(va + i * PAGE_SIZE, 1, PKS_KEY_DEVMAP), 0);
		EXPECT_EQ(set_memory_ro(va + i * PAGE_SIZE, 2), 0);
		EXPECT_EQ(kernel_map_pages(block + i, 1, true), 0);
	}
	EXPECT_EQ(kernel_map_pages(block, 1024, false), 0);
	EXPECT_EQ(kernel_map_pages(block + 512, 1, true), 0);
	EXPECT_EQ(kernel_map_pages(block, 1024, true), 0);
	EXPECT_EQ(set_memory_rw(va, 1024), 0);
	EXPECT_EQ(set_memory_pkey(va, 1024, PKS_KEY_DEFAULT), 0);
	EXPECT_EQ(page_alloc_refuse(0, 0), 0);
	page_free(block, 10);
	expect_free_frames_unmapped();
}
KTEST(nothing_splits_and_nothing_fails, 0);
