// SPDX-License-Identifier: MIT
/*
 * No CPU goes on with an old translation. Kernel mappings are global, so a load of CR3 keeps them
 * (SDM Vol. 3A, "Operations that Invalidate TLBs and Paging-Structure Caches"): only INVLPG or a
 * change of CR4.PGE drops them. Every page is read before a change, so that TLBs have it, and once
 * after it: a fault would drop a translation that is still there. What this cannot know: whether a
 * TLB had the page at all; QEMU's drops global pages with CR3, Bochs's does not.
 */
#define KTEST_SUITE "memory"

#include "kernel/cpu/percpu.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/thread.h"
#include "kernel/uspace.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/set_memory.h"
#include "mm/stack.h"
#include "mm/tlb.h"
#include "tests/harness/events.h"
#include "tests/harness/expect.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

#define BLOCK_ORDER 9
#define BLOCK_PAGES (1UL << BLOCK_ORDER)
#define OWN_PAGES   0x12345600000UL /* addresses of the user space */

static const u64 counts[] = { 1, 2, 3, TLB_FLUSH_ALL, TLB_FLUSH_ALL + 1, BLOCK_PAGES };

/* What the members look at. Member 0 writes it before the others run. */
static struct {
	u64 va, pages;
	u64 root;         /* not 0: of the address space in which the change finds them */
	struct page *now; /* the first page's frame is this one, if any */
	struct page *next;
} view;

/* Reads each page once. Returns how many did what `error` says: this fault, or ~0: none. */
static u64 reads(u64 error)
{
	u64 n = 0, value;

	for (u64 i = 0; i < view.pages; i++) {
		u64 va = view.va + (i << PAGE_SHIFT);
		struct fault f = probe_read((void *)va, &value);

		if (f.vector == FAULT_NONE)
			n += error == ~0ULL;
		else
			n += f.vector == X86_PF && f.error == error && f.addr == va;
	}
	return n;
}

/* Loads another address space, which maps the kernel alike. */
static void enter_space(u64 root)
{
	u64 flags = irq_save();

	current_thread()->cr3 = root;
	write_cr3(root ? root : kernel_root);
	irq_restore(flags);
}

/* Reads all pages, lets one member make the change, and reads them all again. */
static void around(u32 member, u32 who, void (*change)(void), u64 before, u64 after)
{
	u64 cr4 = read_cr4();

	EXPECT_EQ(reads(before), view.pages);
	if (view.root)
		enter_space(view.root);
	percpu_meet();
	if (member == who)
		change();
	percpu_meet();
	if (view.root)
		enter_space(0);
	EXPECT_EQ(reads(after), view.pages);
	EXPECT_EQ(read_cr4(), cr4);
	percpu_meet();
}

static void take_key(void)
{
	EXPECT_EQ(set_memory_pkey(view.va, view.pages, PKS_KEY_DEVMAP), 0);
}

static void drop_key(void)
{
	EXPECT_EQ(set_memory_pkey(view.va, view.pages, PKS_KEY_DEFAULT), 0);
}

/* The first and the last CPU make the changes by turns. */
static void see_keys(u32 member, void *arg)
{
	u32 last = cpu_count - 1;

	(void)arg;
	around(member, 0, take_key, ~0ULL, PF_P | PF_PK);
	around(member, last, drop_key, PF_P | PF_PK, ~0ULL);
	around(member, last, take_key, ~0ULL, PF_P | PF_PK);
	around(member, 0, drop_key, PF_P | PF_PK, ~0ULL);
}

static void look_at_keys(u64 va, u64 pages, u64 root)
{
	view.va = va;
	view.pages = pages;
	view.root = root;
	percpu_run(see_keys, NULL);
}

static void a_key_change_in_the_direct_map_reaches_every_tlb(void)
{
	struct page *page = window_page(BLOCK_ORDER);

	REQUIRE(page);
	for (u32 i = 0; i < ARRAY_SIZE(counts); i++)
		look_at_keys((u64)page_address(page + BLOCK_PAGES - counts[i]), counts[i], 0);
	page_free(page, BLOCK_ORDER);
}
KTEST(a_key_change_in_the_direct_map_reaches_every_tlb, KT_ENFORCED);

static void a_key_change_of_global_pages_reaches_every_tlb(void)
{
	struct page *page = window_page(BLOCK_ORDER);

	REQUIRE(page);
	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		if (window_map(0, page_to_phys(page), level_size(2), PTE_RW_DATA | PTE_G,
			       1 + i % 2))
			look_at_keys(WINDOW, counts[i], 0);
		window_clear();
	}
	page_free(page, BLOCK_ORDER);
}
KTEST(a_key_change_of_global_pages_reaches_every_tlb, KT_ENFORCED);

static void a_key_change_of_a_stack_reaches_every_tlb(void)
{
	void *stack = stack_alloc();

	REQUIRE(stack);
	look_at_keys((u64)stack, STACK_SIZE / PAGE_SIZE, 0);
	stack_free(stack);
}
KTEST(a_key_change_of_a_stack_reaches_every_tlb, KT_ENFORCED);

/* CPUs that have left the address space for another one's still have its global pages. */
static void a_key_change_reaches_cpus_in_another_address_space(void)
{
	struct page *page = window_page(BLOCK_ORDER);
	struct uspace us;

	REQUIRE(page);
	if (EXPECT_EQ(uspace_create(&us), 0)) {
		for (u32 i = 0; i < ARRAY_SIZE(counts); i++)
			look_at_keys((u64)page_address(page), counts[i], us.root);
		uspace_destroy(&us);
	}
	page_free(page, BLOCK_ORDER);
}
KTEST(a_key_change_reaches_cpus_in_another_address_space, KT_ENFORCED);

/* In an order in which each changes something; presence is in no TLB before it comes. */
static const struct {
	int (*fn)(u64 va, u64 pages);
	bool flushes;
} set_memory[] = {
	{ set_memory_ro, true }, { set_memory_rw, true }, { set_memory_x, true },
	{ set_memory_nx, true }, { set_memory_np, true }, { set_memory_p, false },
};

static void each_change_of_an_attribute_flushes_every_tlb(void)
{
	struct page *page = window_page(BLOCK_ORDER);

	REQUIRE(page);
	for (u32 i = 0; i < ARRAY_SIZE(counts) - 1; i++) {
		u64 n = counts[i], flush = n > TLB_FLUSH_ALL ? 0 : n;

		if (!window_map(0, page_to_phys(page), n << PAGE_SHIFT, PTE_RW_DATA, 1))
			break;
		for (u32 k = 0; k < ARRAY_SIZE(set_memory); k++) {
			u32 cpus_asked = set_memory[k].flushes ? cpu_count : 0;
			struct events seen = events_now();

			EXPECT_EQ(set_memory[k].fn(WINDOW, n), 0);
			seen = events_since(seen);
			EXPECT_EQ(seen.invlpgs, cpus_asked * flush);
			EXPECT_EQ(seen.flushes, flush ? 0 : cpus_asked);
		}
		window_clear();
	}
	page_free(page, BLOCK_ORDER);
}
KTEST(each_change_of_an_attribute_flushes_every_tlb, 0);

static void unmap(void)
{
	pgtable_unmap(kernel_root, view.va, view.pages << PAGE_SHIFT);
}

/* The member that unmaps is the first, then the last. */
static void see_unmapping(u32 member, void *arg)
{
	u32 who = *(u32 *)arg;

	around(member, who, unmap, ~0ULL, 0);
}

static void an_unmapping_of_global_pages_reaches_every_tlb(void)
{
	struct page *page = window_page(BLOCK_ORDER);

	REQUIRE(page);
	for (u32 i = 0; i < 2 * ARRAY_SIZE(counts); i++) {
		u32 who = i % 2 ? cpu_count - 1 : 0;

		view.va = WINDOW;
		view.pages = counts[i / 2];
		view.root = 0;
		if (window_map(0, page_to_phys(page), view.pages << PAGE_SHIFT, PTE_RW_DATA | PTE_G,
			       2))
			percpu_run(see_unmapping, &who);
		window_clear();
	}
	page_free(page, BLOCK_ORDER);
}
KTEST(an_unmapping_of_global_pages_reaches_every_tlb, 0);

/* Reads with EFLAGS.AC = 1: SMAP permits that. */
static struct fault read_as_user_page(u64 va, u64 *value)
{
	struct fault f;

	asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(RFLAGS_AC) : "memory", "cc");
	f = probe_read((void *)va, value);
	asm volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~RFLAGS_AC) : "memory", "cc");
	return f;
}

/* Every page has the value that its frame's first word has. */
static void expect_frames(const struct page *frames)
{
	for (u64 i = 0; i < view.pages; i++) {
		u64 value = 0;
		struct fault f = read_as_user_page(OWN_PAGES + (i << PAGE_SHIFT), &value);

		EXPECT_NO_FAULT(f, "the page is mapped in this address space");
		EXPECT_EQ(value, page_to_phys(frames + i));
	}
}

/* In a user address space: the frames behind the pages change. */
static void see_frames(u32 member, void *arg)
{
	struct uspace *us = arg;
	u64 value;

	enter_space(us->root);
	expect_frames(view.now);
	percpu_meet();
	if (member == cpu_count - 1)
		pgtable_unmap(us->root, OWN_PAGES, view.pages << PAGE_SHIFT);
	percpu_meet();
	for (u64 i = 0; i < view.pages; i += member + 1)
		EXPECT_PAGE_FAULT(read_as_user_page(OWN_PAGES + (i << PAGE_SHIFT), &value), 0,
				  OWN_PAGES + (i << PAGE_SHIFT), "P = 0");
	percpu_meet();
	for (u64 i = 0; member == 0 && i < view.pages; i++)
		EXPECT_EQ(uspace_map(us, OWN_PAGES + (i << PAGE_SHIFT), page_to_phys(view.next + i),
				     PTE_W),
			  0);
	percpu_meet();
	expect_frames(view.next);
	enter_space(0);
}

static void new_frames_of_user_pages_reach_every_tlb(void)
{
	struct page *page = window_page(BLOCK_ORDER);
	struct uspace us;

	REQUIRE(page);
	for (u64 i = 0; i < BLOCK_PAGES; i++)
		*(u64 *)page_address(page + i) = page_to_phys(page + i);
	for (u32 i = 0; i + 1 < ARRAY_SIZE(counts); i++) {
		if (!EXPECT_EQ(uspace_create(&us), 0))
			break;
		view.pages = counts[i];
		view.now = page;
		view.next = page + BLOCK_PAGES / 2;
		for (u64 k = 0; k < view.pages; k++)
			EXPECT_EQ(uspace_map(&us, OWN_PAGES + (k << PAGE_SHIFT),
					     page_to_phys(page + k), PTE_W),
				  0);
		percpu_run(see_frames, &us);
		uspace_destroy(&us);
	}
	page_free(page, BLOCK_ORDER);
}
KTEST(new_frames_of_user_pages_reach_every_tlb, 0);
