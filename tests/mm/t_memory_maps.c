// SPDX-License-Identifier: MIT
/*
 * Walks of known addresses, conversions between pages and addresses, the list of RAM, and small
 * tools: lists, spinlocks, random numbers. What this cannot know: whether the firmware's map is
 * true.
 */
#define KTEST_SUITE "memory"

#include "kernel/cpu/spinlock.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/random.h"
#include "kernel/thread.h"
#include "mm/init.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "tests/harness/expect.h"
#include "tests/harness/window.h"

extern char text_start[], image_start[], image_end[];

static const u64 constant = 1;
static u64 variable = 1;

static void expect_walk(const volatile void *p, u64 pa, bool writable, bool executable)
{
	struct pgwalk walk;

	REQUIRE(pgtable_walk(kernel_root, (u64)p, &walk));
	EXPECT(walk.present);
	EXPECT_EQ(walk.va, (u64)p);
	EXPECT_EQ(walk.pa, pa);
	EXPECT_EQ(walk.writable, writable);
	EXPECT_EQ(walk.executable, executable);
	EXPECT_EQ(walk.user, false);
	EXPECT_EQ(walk.key, 0);
}

static void walks_find_known_addresses(void)
{
	struct pgwalk walk;
	u64 local;

	expect_walk((void *)expect_walk, (u64)expect_walk - KERNEL_BASE, false, true);
	expect_walk(&constant, (u64)&constant - KERNEL_BASE, false, false);
	expect_walk(&variable, (u64)&variable - KERNEL_BASE, true, false);
	expect_walk(phys_to_virt(0x3456), 0x3456, true, false);
	expect_walk(phys_to_virt((u64)&variable - KERNEL_BASE), (u64)&variable - KERNEL_BASE, true,
		    false);
	EXPECT(pgtable_walk(kernel_root, (u64)&local, &walk) && walk.last == 1 && walk.writable);
	EXPECT(!pgtable_walk(kernel_root, 0, &walk));
	EXPECT(!pgtable_walk(kernel_root, WINDOW, &walk));
	EXPECT(!walk.present && walk.last >= 1 && !(walk.entry[walk.last] & PTE_P));
	EXPECT(!pgtable_walk(kernel_root, ~0ULL, &walk));
}
KTEST(walks_find_known_addresses, 0);

/* U, W and X combine all levels; the key comes from the leaf alone. */
static void walks_combine_the_rights_of_all_levels(void)
{
	struct pgwalk walk;
	pte_t *upper;

	if (window_map(0, 0x40001000, PAGE_SIZE, PTE_TEXT | PTE_W | PTE_U | window_key(9), 1)) {
		upper = window_entry(WINDOW, 2);
		EXPECT(pgtable_walk(kernel_root, WINDOW + 0x123, &walk));
		EXPECT_EQ(walk.pa, 0x40001123);
		EXPECT(walk.writable && walk.executable && !walk.user && walk.key == 9);
		*upper |= PTE_NX | window_key(6);
		*upper &= ~PTE_W;
		EXPECT(pgtable_walk(kernel_root, WINDOW, &walk));
		EXPECT(!walk.writable && !walk.executable && !walk.user && walk.key == 9);
		EXPECT_EQ(walk.entry[2], *upper);
	}
	window_clear();
	EXPECT(!pgtable_walk(kernel_root, WINDOW, &walk));
}
KTEST(walks_combine_the_rights_of_all_levels, 0);

/* A walk adds the offset in a 2 MiB leaf. */
static void walks_add_the_offset_in_a_large_leaf(void)
{
	struct pgwalk walk;

	if (window_map(0, 0x40000000, level_size(2), PTE_RW_DATA | window_key(5), 2)) {
		EXPECT(pgtable_walk(kernel_root, WINDOW + 0x123456, &walk));
		EXPECT_EQ(walk.last, 2);
		EXPECT_EQ(walk.pa, 0x40123456);
		EXPECT_EQ(walk.key, 5);
	}
	window_clear();
}
KTEST(walks_add_the_offset_in_a_large_leaf, 0);

static void round_trip(u64 phys)
{
	struct page *page = phys_to_page(phys);

	if (!EXPECT(page))
		return;
	EXPECT_EQ(page_to_phys(page), ALIGN_DOWN(phys, PAGE_SIZE));
	EXPECT_EQ(page_to_pfn(page), phys >> PAGE_SHIFT);
	EXPECT(pfn_to_page(phys >> PAGE_SHIFT) == page);
	EXPECT(virt_to_page(page_address(page)) == page);
	EXPECT(virt_to_page(phys_to_virt(phys)) == page);
	EXPECT_EQ(virt_to_phys(phys_to_virt(phys)), phys);
	if (ranges_contain(&ram, phys, phys + 1))
		EXPECT_EQ(page->pkey, 0);
}

/*
 * The first and last byte of each range of RAM have a struct page; so have those of the ranges that
 * persistent memory adds, or makes longer, and the bytes beside them have none.
 */
static void every_page_of_ram_has_a_struct_page(void)
{
	for (u32 i = 0; i < ram.count; i++) {
		round_trip(ram.r[i].start);
		round_trip(ram.r[i].end - 1);
	}
	for (u32 i = 0; i < page_ranges.count; i++) {
		const struct range *r = &page_ranges.r[i];

		round_trip(r->start);
		round_trip(r->end - 1);
		EXPECT(!phys_to_page(r->end));
		if (r->start)
			EXPECT(!phys_to_page(r->start - 1));
	}
	EXPECT(!phys_to_page(~0ULL));
	EXPECT(!virt_to_page(&variable)); /* the image's mapping has no struct pages */
	EXPECT(!virt_to_page(NULL));
}
KTEST(every_page_of_ram_has_a_struct_page, 0);

static void ranges_of_ram_are_sorted_and_aligned(void)
{
	u64 last = 0;

	EXPECT(ram.count > 0 && ram.count <= RANGES_MAX);
	for (u32 i = 0; i < ram.count; i++) {
		EXPECT(ram.r[i].start < ram.r[i].end);
		EXPECT(i == 0 || ram.r[i].start > last); /* sorted, with gaps between them */
		EXPECT_EQ((ram.r[i].start | ram.r[i].end) & (PAGE_SIZE - 1), 0);
		last = ram.r[i].end;
	}
	EXPECT(ranges_contain(&ram, (u64)image_start - KERNEL_BASE, (u64)image_end - KERNEL_BASE));
	EXPECT(ranges_total(&ram) >= RAM_LEAST);
	EXPECT(pages_free() << PAGE_SHIFT < ranges_total(&ram));
}
KTEST(ranges_of_ram_are_sorted_and_aligned, 0);

static void lists_add_and_delete(void)
{
	struct list_head head, a, b, c;

	list_init(&head);
	EXPECT(list_empty(&head));
	list_add(&b, &head);
	list_add(&a, &head);
	list_add_tail(&c, &head);
	EXPECT(head.next == &a && a.next == &b && b.next == &c && c.next == &head);
	EXPECT(head.prev == &c && c.prev == &b && b.prev == &a && a.prev == &head);
	list_del(&b);
	EXPECT(a.next == &c && c.prev == &a && list_empty(&b));
	list_del(&b); /* deleting twice is harmless */
	list_del(&a);
	list_del(&c);
	EXPECT(list_empty(&head) && head.prev == &head);
}
KTEST(lists_add_and_delete, 0);

/* A counter that is read, then written: without the lock, preemption would lose counts. */
static struct {
	struct spinlock lock;
	volatile u64 count;
} counter;

static int count_locked(void *arg)
{
	for (u32 i = 0; i < *(u32 *)arg; i++) {
		u64 flags = spin_lock_irqsave(&counter.lock), n = counter.count;

		for (u32 pause = 0; pause < 20; pause++)
			barrier();
		counter.count = n + 1;
		spin_unlock_irqrestore(&counter.lock, flags);
	}
	return 0;
}

static void spinlocks_exclude_other_threads(void)
{
	u32 steps = ktest_rounds() * 20;
	struct thread *threads[4];
	u64 flags;

	counter.count = 0;
	EXPECT(!spin_is_locked(&counter.lock));
	flags = spin_lock_irqsave(&counter.lock);
	EXPECT(spin_is_locked(&counter.lock));
	EXPECT(!irqs_enabled());
	spin_unlock_irqrestore(&counter.lock, flags);
	EXPECT(irqs_enabled());
	EXPECT(!spin_is_locked(&counter.lock));
	for (u32 i = 0; i < 4; i++)
		REQUIRE((threads[i] = thread_create("counter", count_locked, &steps)));
	for (u32 i = 0; i < 4; i++)
		thread_join(threads[i]);
	EXPECT_EQ(counter.count, 4 * steps);
}
KTEST(spinlocks_exclude_other_threads, KT_STRESS);

/* The first numbers published for SplitMix64 with seed 0. */
static void random_numbers_match_splitmix64(void)
{
	static const u64 first[] = { 0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f };
	u64 seed = random_next(), seen = 0;

	random_seed(0);
	for (u32 i = 0; i < ARRAY_SIZE(first); i++)
		EXPECT_EQ(random_next(), first[i]);
	random_seed(seed);
	for (u32 i = 0; i < 1000; i++) {
		u64 n = random_below(7);

		seen |= 1 << MIN(n, 8);
	}
	EXPECT_EQ(seen, 0x7f); /* each of 0 to 6 came */
	EXPECT_EQ(random_below(1), 0);
}
KTEST(random_numbers_match_splitmix64, 0);
