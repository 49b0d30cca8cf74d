// SPDX-License-Identifier: MIT
/*
 * Copies of pages that the direct map refuses: that they are whole, and that each page is as it was
 * before, in its entries and to an access. The proof is a checksum over a mapping of the test's
 * own. What this cannot know: what a CPU has read ahead by speculation.
 */
#define KTEST_SUITE "snapshot"

#include "kernel/cpu/pkrs_bits.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/string.h"
#include "mm/debug_pagealloc.h"
#include "mm/direct_map.h"
#include "mm/init.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/set_memory.h"
#include "mm/snapshot.h"
#include "mm/tlb.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/harness/refuse.h"
#include "tests/harness/window.h"

#define ORDER 9
#define PAGES (1UL << ORDER) /* a large page, where there are any */

static void hide_small(struct page *block)
{
	EXPECT_EQ(set_direct_map_invalid_noflush(block, PAGES), 0);
	tlb_shootdown((u64)page_to_virt(block), PAGES);
}

static void show_small(struct page *block)
{
	EXPECT_EQ(set_direct_map_default_noflush(block, PAGES), 0);
}

static void hide_large(struct page *block)
{
	EXPECT_EQ(set_memory_np((u64)page_to_virt(block), PAGES), 0);
}

static void show_large(struct page *block)
{
	EXPECT_EQ(set_memory_p((u64)page_to_virt(block), PAGES), 0);
}

static void forbid_writes(struct page *block)
{
	EXPECT_EQ(set_memory_ro((u64)page_to_virt(block) + PAGE_SIZE, 3), 0);
}

static void permit_writes(struct page *block)
{
	EXPECT_EQ(set_memory_rw((u64)page_to_virt(block) + PAGE_SIZE, 3), 0);
}

static void deny(struct page *block)
{
	EXPECT_EQ(set_memory_pkey((u64)page_to_virt(block), PAGES, PKS_KEY_DEVMAP), 0);
}

static void permit(struct page *block)
{
	EXPECT_EQ(set_memory_pkey((u64)page_to_virt(block), PAGES, PKS_KEY_DEFAULT), 0);
}

static void deny_and_hide(struct page *block)
{
	deny(block);
	hide_small(block);
}

static void show_and_permit(struct page *block)
{
	show_small(block);
	permit(block);
}

static void leave(struct page *block)
{
	(void)block;
}

static void give_away(struct page *block)
{
	page_free(block, ORDER);
}

static struct page *blocks[1];

static void take_back(struct page *block)
{
	(void)block;
	blocks[0] = page_alloc(ORDER);
}

/* How pages become what the direct map may refuse, and what undoes it. */
static const struct {
	const char *name;
	void (*make)(struct page *block), (*undo)(struct page *block);
} states[] = {
	{ "mapped", leave, leave },
	{ "not present", hide_small, show_small },
	{ "in a large page that is not present", hide_large, show_large },
	{ "read-only", forbid_writes, permit_writes },
	{ "denied by a key", deny, permit },
	{ "denied and not present", deny_and_hide, show_and_permit },
	{ "free", give_away, take_back },
};

static u64 sum(const u64 *words)
{
	u64 a = 1, b = 0; /* Fletcher's: of the words and of their order */

	for (u32 i = 0; i < PAGE_SIZE / 8; i++) {
		a += words[i];
		b += a;
	}
	return a ^ b << 1 ^ b >> 63;
}

/* What the direct map does with a page: its entries and what becomes of accesses. */
struct view {
	struct pgwalk walk;
	struct fault read, write;
};

static struct view look(struct page *page)
{
	u64 *last = (u64 *)page_to_virt(page) + 511, value = 0;
	struct view v;

	memset(&v, 0, sizeof(v));
	pgtable_walk(kernel_root, (u64)last, &v.walk);
	v.read = probe_read(last, &value);
	v.write = v.read.vector == FAULT_NONE ? probe_write(last, value) : v.read;
	return v;
}

/* How often the kernel's half below `table` maps a frame. */
static u64 mappings(const pte_t *table, int level, u64 phys)
{
	u64 n = 0;

	for (u32 i = level == pgtable_top() ? 256 : 0; i < 512; i++) {
		if (!(table[i] & PTE_P))
			continue;
		if (!pte_is_leaf(table[i], level))
			n += mappings(table_of(table[i]), level - 1, phys);
		else
			n += (phys - (table[i] & PTE_ADDR)) < level_size(level);
	}
	return n;
}

static u64 mappings_of(const struct page *page)
{
	return mappings(phys_to_virt(kernel_root), pgtable_top(), page_to_phys(page));
}

static char copies[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* Copies the block's pages, and compares each with the window's. Returns how many are wrong. */
static u64 copy_block(struct page *block)
{
	u64 bad = 0, before_it = mappings_of(block + PAGES - 1);

	for (u64 i = 0; i < PAGES; i += 5 * ktest_part(7)) {
		struct view before = look(block + i), after;

		memset(copies, 0, PAGE_SIZE);
		EXPECT_EQ(safe_copy_page(copies, block + i), 0);
		after = look(block + i);
		bad += sum((u64 *)copies) != sum((u64 *)(WINDOW + i * PAGE_SIZE));
		bad += !!memcmp(&before, &after, sizeof(before));
	}
	EXPECT_EQ(safe_copy_page(copies, block + PAGES - 1), 0);
	EXPECT_EQ(mappings_of(block + PAGES - 1), before_it); /* no alias is left */
	return bad;
}

static void a_copy_is_whole_and_changes_nothing(void)
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	blocks[0] = window_page(ORDER);
	REQUIRE(blocks[0]);
	for (u32 s = 0; s < ARRAY_SIZE(states); s++) {
		struct page *block = blocks[0];

		if (!block ||
		    !window_map(0, page_to_phys(block), PAGES << PAGE_SHIFT, PTE_RW_DATA, 2))
			break;
		for (u64 i = 0; i < PAGES << PAGE_SHIFT; i += 8)
			*(u64 *)(WINDOW + i) = i * 0x9e3779b97f4a7c15 + s;
		states[s].make(block);
		if (!EXPECT_EQ(copy_block(block), 0))
			ktest_fail(__FILE__, __LINE__, "pages that are %s", states[s].name);
		EXPECT_EQ(rights_mirror(), PKRS_INIT);
		window_clear();
		states[s].undo(block);
	}
	if (blocks[0])
		page_free(blocks[0], ORDER);
}
KTEST(a_copy_is_whole_and_changes_nothing, KT_STRESS);

/* A copy of all of RAM, or of each step-th piece of it. */
struct all {
	u64 pages, wrong, own, step;
	const struct page *last;
};

static bool is_behind(const struct page *page, const void *va)
{
	struct pgwalk walk;

	return pgtable_walk(kernel_root, (u64)va, &walk) &&
	       walk.pa >> PAGE_SHIFT == page_to_pfn(page);
}

/* Whether copying changes the page: stack and data of this CPU, and the table with the alias. */
static bool is_own(const struct page *page, const u64 *copy)
{
	return is_behind(page, &copy) || is_behind(page, this_cpu()) ||
	       copy[this_cpu()->id] == (page_to_phys(page) | PTE_RO_DATA);
}

/* Others run too, so a page may change between its copy and its sum: some tries. */
static bool agrees(const struct page *page, const u64 *copy, const u64 *alias)
{
	bool same = sum(copy) == sum(alias);

	for (u32 i = 0; !same && i < 20; i++)
		same = !safe_copy_page(copies, page) && sum((u64 *)copies) == sum(alias);
	return same;
}

static void compare(const struct page *page, const void *copy, void *arg)
{
	struct all *all = arg;

	all->pages++;
	all->wrong += all->last && page <= all->last;
	all->last = page;
	if (agrees(page, copy, (const u64 *)(WINDOW + page_to_phys(page))))
		return;
	if (is_own(page, copy))
		all->own++;
	else
		all->wrong++;
}

/* Up to where the window reaches, and not more than is quick. */
static u64 end_of(const struct range *r)
{
	return MAX(r->start, MIN(r->end, WINDOW_SIZE / 2));
}

/* Returns the number of pages. */
static u64 copy_range(struct all *all, const struct range *r)
{
	u64 size = 64 * PAGE_SIZE, pages = 0;

	for (u64 phys = r->start; phys < end_of(r); phys += size * all->step) {
		u64 end = MIN(phys + size, end_of(r));
		struct ranges what = { 0 };

		ranges_add(&what, phys, end);
		EXPECT_EQ(snapshot(&what, compare, all), 0);
		pages += (end - phys) >> PAGE_SHIFT;
	}
	return pages;
}

static void all_of_ram_is_copied(void)
{
	struct all all = { .step = options.extent >= EXTENT_FULL ? 1 : 37 * ktest_part(11) };
	u64 pages = 0;

	if (!window_map(0, 0, WINDOW_SIZE, PTE_RO_DATA, 3))
		return;
	for (u32 i = 0; i < ram.count; i++)
		pages += copy_range(&all, &ram.r[i]);
	EXPECT_EQ(all.pages, pages);
	EXPECT_EQ(all.wrong, 0);
	EXPECT(all.own <= 4);
	window_clear();
}
KTEST(all_of_ram_is_copied, 0);

static void count(const struct page *page, const void *copy, void *arg)
{
	(void)page;
	(void)copy;
	(*(u64 *)arg)++;
}

struct want {
	struct ranges what;
	u64 seen;
};

static int take_snapshot(void *arg)
{
	struct want *want = arg;
	int err;

	want->seen = 0;
	err = snapshot(&want->what, count, &want->seen);
	EXPECT_EQ(want->seen, err ? 0 : 3);
	return err;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void a_refused_snapshot_says_so(void)
{
	struct want want = { 0 };

	ranges_add(&want.what, ram.r[0].start, ram.r[0].start + 3 * PAGE_SIZE);
	want.what.r[1] = want.what.r[0]; /* behind the last: not to be copied */
	EXPECT(refuse_each_allocation(take_snapshot, nothing, &want, REFUSE_ONE) >= 1);
	EXPECT(refuse_each_allocation(take_snapshot, nothing, &want, REFUSE_ALL) >= 1);
}
KTEST(a_refused_snapshot_says_so, 0);
