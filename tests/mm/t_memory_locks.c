// SPDX-License-Identifier: MIT
/*
 * One interrupt before one instruction of what takes a lock of mm/, for each instruction that has
 * interrupts on. None may find a lock held, as its thread would wait for itself; and what it does
 * meanwhile, as a thread that preempts would, loses and doubles nothing. What this cannot know:
 * tests/harness/int_at.h; what another CPU does meanwhile.
 */
#define KTEST_SUITE "memory"

#include "kernel/cpu/pkrs_bits.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/string.h"
#include "kernel/locks.h"
#include "mm/page_alloc.h"
#include "mm/set_memory.h"
#include "mm/stack.h"
#include "tests/harness/drain.h"
#include "tests/harness/expect.h"
#include "tests/harness/int_at.h"
#include "tests/harness/window.h"

#define FAR (WINDOW + (2UL << 30)) /* int_at_each() maps the text at the window's start */

/* The run's thread writes; the event reads it and sets `failed`. */
static struct {
	u64 pages, stacks; /* free ones after a run without an event; pages 0: not yet known */
	struct page *frame, *kept[PAGE_ORDERS];
	bool failed; /* one message is enough */
} run;

static void expect(u64 seen, u64 want, const char *what)
{
	ktest_checked();
	if (seen == want || run.failed)
		return;
	run.failed = true;
	ktest_fail(__FILE__, __LINE__,
		   "with one interrupt at %p"
		   "S: expected %lu %s, saw %lu",
		   (void *)int_at_last(), want, what, seen);
}

/* Takes all free stacks and gives them back; returns how many they are. */
static u64 free_stacks(void)
{
	struct list_head *stack, taken = LIST_HEAD_INIT(taken);
	u64 n = 0;

	page_alloc_refuse(0, ~0ULL);
	for (; n < STACK_SLOTS_MAX && (stack = stack_alloc()); n++)
		list_add(stack, &taken);
	page_alloc_refuse(0, 0);
	while (!list_empty(&taken)) {
		stack = taken.next;
		list_del(stack);
		stack_free(stack);
	}
	return n;
}

/* The first run has no event, but the window's tables by then. */
static void compare(void)
{
	struct drain drain;
	u64 sum = 0;

	for (u32 order = 0; order < PAGE_ORDERS; order++)
		if (run.kept[order])
			page_free(run.kept[order], order);
	memset(run.kept, 0, sizeof(run.kept));
	if (!run.pages)
		run.pages = pages_free();
	expect(pages_free(), run.pages, "free frames");
	drain_all(&drain);
	for (u32 order = 0; order < PAGE_ORDERS; order++)
		sum += drain.count[order] << order;
	drain_undo(&drain);
	expect(sum, run.pages, "frames in the lists of free blocks");
	expect(free_stacks(), run.stacks, "free stacks");
}

/* Keeps a block of each order beyond the event: what it takes may be what the run has found. */
static bool take_and_give(struct regs *regs)
{
	void *stack, *second;

	(void)regs;
	expect(locks_held(), false, "spinlocks held");
	if (run.failed)
		return true;
	for (u32 order = 0; order < PAGE_ORDERS; order++)
		run.kept[order] = page_alloc(order);
	stack = stack_alloc();
	second = stack_alloc();
	expect(stack && second && stack != second, true, "two stacks");
	if (run.failed)
		return true;
	stack_free(stack);
	stack_free(second);
	return true;
}

/* One only: to free a second one could merge with a block that was lost, and heal the list. */
static void use_frames(void *arg)
{
	struct page *page = page_alloc(0);

	(void)arg;
	if (page)
		page_free(page, 0);
}

static void use_stacks(void *arg)
{
	void *stack = stack_alloc();

	(void)arg;
	if (stack)
		stack_free(stack);
}

/* The tables stay for the next run: what this allocates is allocated once. */
static void use_tables(void *arg)
{
	u64 phys = page_to_phys(run.frame);

	(void)arg;
	if (pgtable_map(kernel_root, FAR, phys, PAGE_SIZE, PTE_RW_DATA, 1))
		return;
	EXPECT_EQ(set_memory_pkey(FAR, 1, PKS_KEY_DEVMAP), 0);
	EXPECT_EQ(set_memory_pkey(FAR, 1, PKS_KEY_DEFAULT), 0);
	pgtable_unmap(kernel_root, FAR, PAGE_SIZE);
}

/* Runs each place once; fewer than `least` events: the test has lost its places. */
static void at_each_place(void (*use)(void *arg), u32 least)
{
	u32 events;

	run.failed = false;
	run.stacks = free_stacks();
	use(NULL); /* makes what stays */
	run.pages = 0;
	events = int_at_each(use, NULL, VECTOR_TEST, take_and_give, compare);
	EXPECT(events >= least / ktest_part(INT_AT_PART) || run.failed);
}

/* One stack for the thread and two for the event are free. */
static void have_stacks(void)
{
	void *stacks[3];

	for (u32 i = 0; i < ARRAY_SIZE(stacks); i++)
		stacks[i] = stack_alloc();
	for (u32 i = 0; i < ARRAY_SIZE(stacks); i++)
		if (stacks[i])
			stack_free(stacks[i]);
}

static void no_interrupt_finds_a_lock_of_memory_held(void)
{
	if (!int_at_possible())
		return;
	have_stacks();
	at_each_place(use_frames, 10);
	at_each_place(use_stacks, 10);
	run.frame = window_page(0);
	REQUIRE(run.frame);
	at_each_place(use_tables, 20);
	page_free(run.frame, 0);
}
KTEST(no_interrupt_finds_a_lock_of_memory_held, KT_ONE_CPU);
