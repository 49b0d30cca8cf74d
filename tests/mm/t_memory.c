// SPDX-License-Identifier: MIT
/*
 * The frame allocator, also when memory runs out. What this cannot know: whether the memory itself
 * works, and which of the RAM that it reported the firmware still uses.
 */
#define KTEST_SUITE "memory"

#include "kernel/lib/random.h"
#include "kernel/thread.h"
#include "kernel/uspace.h"
#include "mm/init.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/stack.h"
#include "tests/harness/drain.h"
#include "tests/harness/expect.h"

#define ORDER_MAX 8 /* two of each need 4 MiB, which the smallest machine has */

/* Each block is aligned to its size, lies in RAM and overlaps no other: tags at its ends stay. */
static void blocks_of_each_order_are_aligned_and_apart(void)
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
KTEST(blocks_of_each_order_are_aligned_and_apart, KT_STRESS);

/* Takes memory to the last page, expects every order to be refused, and gives all of it back. */
static void exhausted_memory_is_refused_then_returned(void)
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
KTEST(exhausted_memory_is_refused_then_returned, 0);

/* Frees 512 pages in random order; afterwards the free blocks are as large as before. */
static void freed_halves_merge(void)
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
KTEST(freed_halves_merge, 0);

static void an_injected_failure_takes_no_page(void)
{
	u64 free = pages_free();
	struct page *page;

	page_alloc_refuse(0, ~0ULL);
	for (u32 order = 0; order < PAGE_ORDERS; order++)
		EXPECT(!page_alloc(order));
	EXPECT_EQ(pages_free(), free);
	EXPECT_EQ(page_alloc_refuse(0, 0), PAGE_ORDERS);
	page = page_alloc(0);
	REQUIRE(page);
	page_free(page, 0);
	EXPECT_EQ(pages_free(), free);
}
KTEST(an_injected_failure_takes_no_page, 0);

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

/* Prepares threads until one is refused, runs and joins them; returns how many. */
static u32 threads_until_refused(void)
{
	static struct thread *threads[SPARE_MAX];
	u32 n = 0;

	while (n < SPARE_MAX && (threads[n] = thread_prepare("spare", nothing, NULL)))
		n++;
	for (u32 i = 0; i < n; i++)
		thread_launch(threads[i]);
	for (u32 i = 0; i < n; i++)
		thread_join(threads[i]);
	return n;
}

/* With fewer free pages than a stack needs, a thread is refused and the pages come back. */
static void a_thread_without_memory_is_refused(void)
{
	for (u32 spare = 0; spare < STACK_SIZE / PAGE_SIZE; spare++) {
		struct drain drain;
		u32 first, second;
		u64 left;

		drain_but(&drain, spare);
		first = threads_until_refused();
		left = pages_free(); /* a page table may have been allocated, and stays */
		second = threads_until_refused();
		EXPECT(first < SPARE_MAX);
		EXPECT_EQ(second, first);
		EXPECT_EQ(pages_free(), left);
		EXPECT(left + 1 >= spare);
		drain_undo(&drain);
	}
}
KTEST(a_thread_without_memory_is_refused, 0);

/* Memory runs out at the first page, the second, ...: -ENOMEM each time, and no page is lost. */
static void an_address_space_without_memory_is_refused(void)
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
KTEST(an_address_space_without_memory_is_refused, 0);

/* Threads that run one after another all get the same stack. */
static void stacks_are_reused(void)
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
KTEST(stacks_are_reused, KT_STRESS);

static void expect_stack_page(u64 va)
{
	struct pgwalk walk;

	EXPECT(pgtable_walk(kernel_root, va, &walk) && walk.writable && !walk.executable);
	EXPECT_EQ(walk.last, 1);
	EXPECT_EQ(walk.key, 0);
}

/* `base` is the guard page's address; the slot's end is the next one's. */
static void expect_slot(u64 base)
{
	u64 end = base + STACK_SLOT, stack = base + PAGE_SIZE;
	struct pgwalk walk;

	EXPECT(!pgtable_walk(kernel_root, base, &walk));
	for (u64 va = stack; va < end; va += PAGE_SIZE)
		expect_stack_page(va);
	EXPECT(stack_guard_hit(stack - 1) && !stack_guard_hit(stack) && !stack_guard_hit(end - 1));
	EXPECT(!stack_contains(stack - 1, 1) && stack_contains(stack, 1));
	EXPECT(stack_contains(stack, STACK_SIZE) && !stack_contains(stack, STACK_SIZE + 1));
	EXPECT(stack_contains(end - 8, 8) && !stack_contains(end - 8, 9));
	EXPECT(!stack_contains(stack, ~0ULL) && !stack_contains(end - 1, -(end - 1)));
}

/* In use, free, of threads, or of the IST: below each stack is a page that is not mapped. */
static void every_stack_lies_above_a_guard_page(void)
{
	u64 slots = 0;

	while (stack_guard_hit(VMAP_BASE + slots * STACK_SLOT))
		expect_slot(VMAP_BASE + slots++ * STACK_SLOT);
	EXPECT(slots > 5 && slots < STACK_SLOTS_MAX);
	EXPECT(!stack_contains(VMAP_BASE + slots * STACK_SLOT + PAGE_SIZE, 1));
	EXPECT(!stack_contains(VMAP_BASE - 1, 1) && !stack_guard_hit(VMAP_BASE - 1));
}
KTEST(every_stack_lies_above_a_guard_page, 0);
