// SPDX-License-Identifier: MIT
/*
 * The frame allocator, and what happens when it has nothing left. What this cannot know: whether
 * the memory itself works, and what the firmware keeps using of what it called RAM.
 */
#define KTEST_SUITE "memory"

#include "kernel/lib/random.h"
#include "kernel/thread.h"
#include "kernel/uspace.h"
#include "mm/init.h"
#include "tests/harness/drain.h"
#include "tests/harness/expect.h"

#define ORDER_MAX 8 /* two of each are 4 MiB: the least machine has them */

/* Each block aligned to its size, all of it RAM, and nobody else's: a tag in each end stays. */
static void blocks_of_each_order(void)
{
	struct page *page[ORDER_MAX + 1][2];
	u64 free = pages_free(), taken = 0;

	for (u32 order = 0; order <= ORDER_MAX; order++) {
		for (u32 i = 0; i < 2; i++) {
			u64 phys, size = PAGE_SIZE << order;

			REQUIRE((page[order][i] = page_alloc(order)));
			phys = page_to_phys(page[order][i]);
			EXPECT_EQ(phys & (size - 1), 0);
			EXPECT(ranges_contain(&ram, phys, phys + size));
			*(u64 *)phys_to_virt(phys) = phys;
			*(u64 *)phys_to_virt(phys + size - 8) = phys + 1;
			taken += 1ULL << order;
		}
	}
	EXPECT_EQ(pages_free(), free - taken);
	for (u32 order = 0; order <= ORDER_MAX; order++) {
		for (u32 i = 0; i < 2; i++) {
			u64 phys = page_to_phys(page[order][i]), size = PAGE_SIZE << order;

			if (order)
				EXPECT_EQ(*(u64 *)phys_to_virt(phys), phys);
			EXPECT_EQ(*(u64 *)phys_to_virt(phys + size - 8), phys + 1);
			page_free(page[order][i], order);
		}
	}
	EXPECT_EQ(pages_free(), free);
}
KTEST(blocks_of_each_order, KT_STRESS);

/* All of it, to the last page; then a clean refusal; then all of it is back. */
static void exhaustion(void)
{
	u64 free = pages_free(), sum = 0;
	struct drain drain;

	drain_all(&drain);
	for (u32 order = 0; order < PAGE_ORDERS; order++) {
		sum += drain.count[order] << order;
		list_for_each(node, &drain.blocks[order])
		{
			u64 pfn = page_to_pfn(list_entry(node, struct page, list));

			EXPECT_EQ(pfn & ((1ULL << order) - 1), 0);
		}
	}
	EXPECT_EQ(sum, free);
	EXPECT_EQ(pages_free(), 0);
	for (u32 order = 0; order < PAGE_ORDERS; order++)
		EXPECT(!page_alloc(order));
	EXPECT(!page_alloc(PAGE_ORDERS));
	drain_undo(&drain);
	EXPECT_EQ(pages_free(), free);
}
KTEST(exhaustion, 0);

/* Frees 512 pages in an order without order: the blocks are as large as before afterwards. */
static void halves_merge(void)
{
	static struct page *pages[512];
	struct drain before, after;

	drain_all(&before);
	drain_undo(&before);
	for (u32 i = 0; i < ARRAY_SIZE(pages); i++)
		REQUIRE((pages[i] = page_alloc(0)));
	for (u32 left = ARRAY_SIZE(pages); left; left--) {
		u64 i = random_below(left);

		page_free(pages[i], 0);
		pages[i] = pages[left - 1];
	}
	drain_all(&after);
	drain_undo(&after);
	for (u32 order = 0; order < PAGE_ORDERS; order++)
		EXPECT_EQ(after.count[order], before.count[order]);
}
KTEST(halves_merge, 0);

static void injected_failure(void)
{
	u64 free = pages_free();
	struct page *page;

	page_alloc_fail_set(true);
	for (u32 order = 0; order < PAGE_ORDERS; order++)
		EXPECT(!page_alloc(order));
	EXPECT_EQ(pages_free(), free);
	page_alloc_fail_set(false);
	page = page_alloc(0);
	REQUIRE(page);
	page_free(page, 0);
	EXPECT_EQ(pages_free(), free);
}
KTEST(injected_failure, 0);

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

/* Starts and joins threads until one cannot be had; stacks that were used before may serve. */
static u32 threads_until_refused(void)
{
	struct thread *threads[SPARE_MAX];
	u32 n = 0;

	while (n < SPARE_MAX && (threads[n] = thread_prepare("spare", nothing, NULL)))
		n++;
	for (u32 i = 0; i < n; i++)
		thread_launch(threads[i]);
	for (u32 i = 0; i < n; i++)
		thread_join(threads[i]);
	return n;
}

/* With no page, and with too few for a stack: a refusal, and the few come back. */
static void no_memory_for_a_thread(void)
{
	for (u32 spare = 0; spare < STACK_SIZE / PAGE_SIZE; spare++) {
		struct drain drain;
		u32 first, second;
		u64 left;

		drain_but(&drain, spare);
		first = threads_until_refused();
		left = pages_free(); /* a page table may have been made, and stays */
		second = threads_until_refused();
		EXPECT(first < SPARE_MAX);
		EXPECT_EQ(second, first);
		EXPECT_EQ(pages_free(), left);
		EXPECT(left + 1 >= spare);
		drain_undo(&drain);
	}
}
KTEST(no_memory_for_a_thread, 0);

/* Out of memory at the first page, the second, ...: an error each time, and nothing is lost. */
static void no_memory_for_an_address_space(void)
{
	struct uspace us;
	u32 spare;

	for (spare = 0; spare < SPARE_MAX; spare++) {
		struct drain drain;
		int err;

		drain_but(&drain, spare);
		err = uspace_create(&us);
		if (!err)
			uspace_destroy(&us);
		EXPECT_EQ(pages_free(), spare);
		drain_undo(&drain);
		if (!err)
			break;
		EXPECT_EQ(err, -ENOMEM);
	}
	EXPECT(spare > 5 && spare < SPARE_MAX);
}
KTEST(no_memory_for_an_address_space, 0);

/* One thread after the other: the same stack serves them all. */
static void stacks_are_used_again(void)
{
	void *stack = NULL;
	u64 free = 0;

	for (u32 i = 0; i < 20; i++) {
		struct thread *t = thread_prepare("recycled", nothing, NULL);

		REQUIRE(t);
		if (i == 0) {
			stack = t->stack;
			free = pages_free();
		}
		EXPECT(t->stack == stack);
		thread_launch(t);
		thread_join(t);
	}
	EXPECT_EQ(pages_free(), free);
}
KTEST(stacks_are_used_again, KT_STRESS);
