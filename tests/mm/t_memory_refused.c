// SPDX-License-Identifier: MIT
/*
 * Each operation that allocates frames, with each of its allocations refused: the error reaches the
 * caller, and nothing is lost or left. The kmap family allocates nothing. What this cannot know:
 * what happens where the boot panics for want of memory.
 */
#define KTEST_SUITE "memory"

#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/uspace.h"
#include "mm/kmap/memremap.h"
#include "mm/page_alloc.h"
#include "mm/set_memory.h"
#include "mm/stack.h"
#include "tests/harness/drain.h"
#include "tests/harness/expect.h"
#include "tests/harness/refuse.h"
#include "tests/harness/user.h"
#include "tests/harness/window.h"

#define PAGES_2M 512UL

/* Stacks that nobody may reuse now, linked through their lowest bytes. */
static struct list_head held_stacks = LIST_HEAD_INIT(held_stacks);

/* Takes all free stacks, so that the next thread needs a new one. */
static void hold_stacks(void)
{
	struct list_head *stack;

	page_alloc_refuse(0, ~0ULL);
	while ((stack = stack_alloc()))
		list_add(stack, &held_stacks);
	page_alloc_refuse(0, 0);
}

static void release_stacks(void)
{
	while (!list_empty(&held_stacks)) {
		struct list_head *stack = held_stacks.next;

		list_del(stack);
		stack_free(stack);
	}
}

static int nothing(void *arg)
{
	(void)arg;
	return 7;
}

static int create_thread(void *arg)
{
	struct thread **t = arg;

	*t = thread_create("refused", nothing, NULL);
	return *t ? 0 : -ENOMEM;
}

static void join_thread(void *arg)
{
	struct thread **t = arg;

	EXPECT_EQ(thread_join(*t).code, 7);
	hold_stacks();
}

static void a_refused_thread_leaves_nothing(void)
{
	struct thread *t;

	hold_stacks();
	EXPECT(refuse_each_allocation(create_thread, join_thread, &t, REFUSE_ONE) >=
	       STACK_SIZE / PAGE_SIZE);
	EXPECT(refuse_each_allocation(create_thread, join_thread, &t, REFUSE_ALL) >=
	       STACK_SIZE / PAGE_SIZE);
	release_stacks();
}
KTEST(a_refused_thread_leaves_nothing, 0);

static struct cpu no_cpu; /* gets an idle thread, and never runs */

static int add_cpu(void *arg)
{
	(void)arg;
	return sched_add_cpu(&no_cpu) ? 0 : -ENOMEM;
}

/* Ends the idle thread: another function takes its first one's place (R12: kernel/switch.S). */
static void take_cpu_away(void *arg)
{
	struct thread *t = no_cpu.idle;

	(void)arg;
	EXPECT(t->cpu == &no_cpu && t->pinned == &no_cpu && t->essential);
	((u64 *)t->rsp)[3 + CONFIG_PKS] = (u64)nothing;
	t->essential = false;
	t->state = THREAD_BLOCKED;
	t->cpu = t->pinned = this_cpu();
	thread_launch(t);
	join_thread(&t);
}

static void a_cpu_without_an_idle_thread_is_refused(void)
{
	hold_stacks();
	EXPECT(refuse_each_allocation(add_cpu, take_cpu_away, NULL, REFUSE_ONE) >=
	       STACK_SIZE / PAGE_SIZE);
	release_stacks();
}
KTEST(a_cpu_without_an_idle_thread_is_refused, 0);

static int take_stack(void *arg)
{
	return (*(void **)arg = stack_alloc()) ? 0 : -ENOMEM;
}

static void keep_stack(void *arg)
{
	list_add(*(struct list_head **)arg, &held_stacks);
}

/* New stacks until one needed a page table too: one allocation more than the others. */
static void a_stack_without_a_page_table_is_refused(void)
{
	u32 most = 0, pages = STACK_SIZE / PAGE_SIZE;
	void *stack;

	SKIP_IF(pages_free() < 16 * PAGES_2M, "too little RAM for so many stacks");
	hold_stacks();
	for (u32 i = 0; most <= pages && i < level_size(2) / STACK_SLOT + 2; i++) {
		u32 n = refuse_each_allocation(take_stack, keep_stack, &stack, REFUSE_ONE);

		most = MAX(most, n);
		if (n < pages)
			break;
	}
	EXPECT_EQ(most, pages + 1);
	release_stacks();
}
KTEST(a_stack_without_a_page_table_is_refused, 0);

/* A program with a page of its own beside its stack. */
struct program {
	struct uspace us;
	struct page *page;
	struct thread *thread;
};

#define OWN_PAGE 0x12345678000UL /* far from text and stack: needs three page tables */

static int start_program(void *arg)
{
	struct program *p = arg;
	int err = uspace_create(&p->us);

	if (err)
		return err;
	p->page = page_alloc(0);
	if (p->page)
		err = uspace_map(&p->us, OWN_PAGE, page_to_phys(p->page), PTE_W);
	if (p->page && !err)
		p->thread = uspace_thread(&p->us, "refused", user_write, OWN_PAGE);
	if (p->page && !err && p->thread)
		return 0;
	if (p->page)
		page_free(p->page, 0);
	uspace_destroy(&p->us);
	return -ENOMEM;
}

static void end_program(void *arg)
{
	struct program *p = arg;
	struct thread_end end = thread_join(p->thread);

	EXPECT(!end.died && end.code == 0);
	uspace_destroy(&p->us);
	page_free(p->page, 0);
	hold_stacks();
}

static void a_refused_program_leaves_nothing(void)
{
	struct program p;

	hold_stacks();
	EXPECT(refuse_each_allocation(start_program, end_program, &p, REFUSE_ONE) > 10);
	EXPECT(refuse_each_allocation(start_program, end_program, &p, REFUSE_ALL) > 10);
	release_stacks();
}
KTEST(a_refused_program_leaves_nothing, 0);

/* Two large leaves; the key is for the pages from the last but one of the first on. */
struct leaves {
	int level;
	u64 first, count;
};

/*
 * Looks at every third page. In a brief run, where the key's table of small pages cannot be, only
 * at one in each part that another table could have split.
 */
static u32 keyed_leaves(const struct leaves *l)
{
	u64 key = l->first << PAGE_SHIFT, far = ktest_part(2) > 1 ? level_size(2) : 0;
	struct pgwalk walk;
	u32 n = 0;

	for (u64 i = 0, step; i < 2 * level_size(l->level); i += step) {
		step = 3 * PAGE_SIZE;
		if (far && (i + 2 * far < key || i > key + 2 * far))
			step += far;
		n += !pgtable_walk(kernel_root, WINDOW + i, &walk) || walk.key ||
		     walk.pa != 0x40000000 + i;
	}
	return n;
}

static int key_leaves(void *arg)
{
	struct leaves *l = arg;
	u64 len = 2 * level_size(l->level), va = WINDOW + (l->first << PAGE_SHIFT);
	int err = pgtable_map(kernel_root, WINDOW, 0x40000000, len, PTE_RW_DATA | PTE_G, l->level);

	if (!err) {
		err = set_memory_pkey(va, l->count, PKS_KEY_DEVMAP);
		if (err)
			EXPECT_EQ(keyed_leaves(l), 0);
	}
	if (err)
		window_clear();
	return err;
}

static void clear_leaves(void *arg)
{
	struct leaves *l = arg;

	EXPECT(keyed_leaves(l));
	EXPECT_EQ(set_memory_pkey(WINDOW + (l->first << PAGE_SHIFT), l->count, PKS_KEY_DEFAULT), 0);
	EXPECT_EQ(keyed_leaves(l), 0);
	window_clear();
}

static void a_refused_split_leaves_no_key(void)
{
	struct leaves two = { 2, PAGES_2M - 2, 4 };
	struct leaves three = { 3, PAGES_2M * 512 - 2, 4 };

	EXPECT(refuse_each_allocation(key_leaves, clear_leaves, &two, REFUSE_ONE) >= 2);
	EXPECT(refuse_each_allocation(key_leaves, clear_leaves, &two, REFUSE_ALL) >= 2);
	if (!cpu_has(FEATURE_PAGE1GB))
		return;
	EXPECT(refuse_each_allocation(key_leaves, clear_leaves, &three, REFUSE_ONE) >= 4);
	EXPECT(refuse_each_allocation(key_leaves, clear_leaves, &three, REFUSE_ALL) >= 4);
}
KTEST(a_refused_split_leaves_no_key, 0);

/* The only free memory: a block that one large leaf of the direct map holds. */
struct block {
	struct dev_pagemap range;
	struct page *first;
};

/* Whether no page of the block belongs to a device or has a key. */
static bool is_ordinary(const struct block *b)
{
	for (u64 i = 0; i < PAGES_2M; i++)
		if (b->first[i].flags & (PG_DEVMAP | PG_PGMAP) || b->first[i].pkey)
			return false;
	return true;
}

static int map_range(void *arg)
{
	struct block *b = arg;
	int err = memremap_pages(&b->range);

	if (err)
		EXPECT(is_ordinary(b) && !b->range.first);
	else
		EXPECT(b->range.first->flags & PG_DEVMAP);
	return err;
}

static void unmap_range(void *arg)
{
	struct block *b = arg;

	EXPECT(b->range.first >= b->first && b->range.first < b->first + PAGES_2M);
	EXPECT_EQ(memunmap_pages(&b->range), 0);
	EXPECT(is_ordinary(b));
}

static void refuse_range(u64 count)
{
	struct block b = { .range = { .pages = 3, .flags = PGMAP_PROTECTION, .owner = "refused" } };
	struct drain drain;

	b.first = drain_but_large(&drain);
	if (b.first)
		EXPECT(refuse_each_allocation(map_range, unmap_range, &b, count) >= 2);
	drain_undo(&drain);
	if (!b.first)
		ktest_skip("no large leaf of the direct map is free");
}

static void a_refused_device_range_leaves_nothing(void)
{
	EXPECT(true);
	refuse_range(REFUSE_ONE);
	refuse_range(REFUSE_ALL);
}
KTEST(a_refused_device_range_leaves_nothing, KT_PKS);
