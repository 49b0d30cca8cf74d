// SPDX-License-Identifier: MIT
#include "mm/vmap.h"
#include "kernel/backtrace.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/layout.h"
#include "kernel/cpu/pat.h"
#include "kernel/cpu/spinlock.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/list.h"
#include "kernel/stack.h"
#include "mm/page.h"
#include "mm/pgtable.h"

extern char boot_stack[], boot_stack_top[], boot_stack_guard[];

/*
 * Stacks come first, in slots of guard page and stack, so that a slot's boundaries follow from an
 * address alone; a freed slot keeps its pages and is used again. Everything else grows behind.
 */
#define STACK_SLOTS_MAX 4096
#define STACKS_END      (VMAP_BASE + STACK_SLOTS_MAX * STACK_SLOT)

static struct {
	struct spinlock lock;  /* for all here */
	struct list_head free; /* free stacks, linked through their lowest bytes */
	u32 slots;             /* ever made; grows only, so a reader may be late but not wrong */
	u64 next;
} vmap = { .free = LIST_HEAD_INIT(vmap.free), .next = STACKS_END };

u64 vmap_reserve(u64 len)
{
	u64 flags = spin_lock_irqsave(&vmap.lock), va = vmap.next;

	vmap.next += ALIGN_UP(len, PAGE_SIZE) + PAGE_SIZE; /* and a hole */
	BUG_ON(vmap.next > VMAP_BASE + VMAP_SIZE);
	spin_unlock_irqrestore(&vmap.lock, flags);
	return va;
}

volatile void *vmap_mmio(u64 phys, u64 len)
{
	u64 offset = phys & (PAGE_SIZE - 1), size = ALIGN_UP(offset + len, PAGE_SIZE);
	u64 va = vmap_reserve(size);

	if (pgtable_map(kernel_root, va, phys - offset, size, PTE_MMIO | PTE_G, 1))
		panic("no memory to map device registers at %p", (void *)phys);
	return (volatile void *)(va + offset);
}

/*
 * Stores to uncached memory go out one by one; combined they fill a bus transfer of 64 bytes. Large
 * pages, so that even half a GiB costs no more than a table.
 */
volatile void *vmap_framebuffer(u64 phys, u64 len)
{
	u64 offset = phys & (PAGE_SIZE - 1), size = ALIGN_UP(offset + len, PAGE_SIZE);
	u64 large = level_size(2), va = ALIGN_UP(vmap_reserve(size + 2 * large), large);

	phys -= offset;
	va += phys & (large - 1);
	if (pgtable_map(kernel_root, va, phys, size, pat_write_combining() | PTE_G, 2))
		panic("no memory to map the framebuffer at %p", (void *)phys);
	return (volatile void *)(va + offset);
}

#define STACK_PAGES (STACK_SIZE / PAGE_SIZE)

static int alloc_frames(struct page **frames)
{
	for (u32 i = 0; i < STACK_PAGES; i++) {
		frames[i] = page_alloc(0);
		if (!frames[i]) {
			while (i)
				page_free(frames[--i], 0);
			return -ENOMEM;
		}
	}
	return 0;
}

/*
 * Maps the stack of slot `slot`; the guard page below stays empty. Where no page table can be had
 * in the middle, what was mapped stays for the next try: unmapping would have to wait for other
 * processors.
 */
static int populate(u32 slot)
{
	u64 va = VMAP_BASE + slot * STACK_SLOT + PAGE_SIZE;
	struct page *frames[STACK_PAGES];
	struct pgwalk walk;
	int err = alloc_frames(frames);

	if (err)
		return err;
	for (u32 i = 0; i < STACK_PAGES; i++, va += PAGE_SIZE) {
		if (!err && !pgtable_walk(kernel_root, va, &walk)) {
			err = pgtable_map(kernel_root, va, page_to_phys(frames[i]), PAGE_SIZE,
					  PTE_RW_DATA | PTE_G, 1);
			if (!err)
				continue;
		}
		page_free(frames[i], 0);
	}
	return err;
}

/* Makes `n` slots side by side; returns the first one's guard page, or 0. Locked. */
static u64 make_slots(u32 n)
{
	u32 first = vmap.slots;

	if (first + n > STACK_SLOTS_MAX)
		return 0;
	for (u32 i = 0; i < n; i++)
		if (populate(first + i))
			return 0;
	__atomic_store_n(&vmap.slots, first + n, __ATOMIC_RELEASE);
	return VMAP_BASE + first * STACK_SLOT;
}

u64 stack_alloc_slots(u32 n)
{
	u64 flags = spin_lock_irqsave(&vmap.lock), base = make_slots(n);

	spin_unlock_irqrestore(&vmap.lock, flags);
	return base;
}

void *stack_alloc(void)
{
	u64 flags = spin_lock_irqsave(&vmap.lock), base;
	void *stack = NULL;

	if (!list_empty(&vmap.free)) {
		stack = vmap.free.next;
		list_del(stack);
	} else if ((base = make_slots(1))) {
		stack = (void *)(base + PAGE_SIZE);
	}
	spin_unlock_irqrestore(&vmap.lock, flags);
	return stack;
}

void stack_free(void *stack)
{
	u64 flags = spin_lock_irqsave(&vmap.lock);

	list_add(stack, &vmap.free);
	spin_unlock_irqrestore(&vmap.lock, flags);
}

static u64 slots_end(void)
{
	return VMAP_BASE + __atomic_load_n(&vmap.slots, __ATOMIC_ACQUIRE) * STACK_SLOT;
}

bool stack_contains(u64 addr, u64 len)
{
	if (addr >= (u64)boot_stack && addr + len <= (u64)boot_stack_top)
		return true;
	if (addr < VMAP_BASE || addr >= slots_end())
		return false;
	addr = (addr - VMAP_BASE) % STACK_SLOT;
	return addr >= PAGE_SIZE && addr + len <= STACK_SLOT;
}

bool stack_guard_hit(u64 addr)
{
	if (addr >= (u64)boot_stack_guard && addr < (u64)boot_stack)
		return true;
	return addr >= VMAP_BASE && addr < slots_end() &&
	       (addr - VMAP_BASE) % STACK_SLOT < PAGE_SIZE;
}
