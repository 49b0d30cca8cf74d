// SPDX-License-Identifier: MIT
#include "mm/stack.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/layout.h"
#include "kernel/cpu/spinlock.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/list.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"

static struct {
	struct spinlock lock;  /* for everything here */
	struct list_head free; /* free stacks, linked through their lowest bytes */
	u32 slots; /* made so far; only grows, so a lockless reader may be late but not wrong */
} stacks = { .free = LIST_HEAD_INIT(stacks.free) };

#define STACK_PAGES (STACK_SIZE / PAGE_SIZE)

/*
 * Clears them: firmware may have run in them, and an emulator that has translated its code takes a
 * slow way at each write beside what is left of it.
 */
static int alloc_frames(struct page **frames)
{
	for (u32 i = 0; i < STACK_PAGES; i++) {
		frames[i] = page_alloc(0);
		if (!frames[i]) {
			while (i)
				page_free(frames[--i], 0);
			return -ENOMEM;
		}
		clear_page(page_to_virt(frames[i]));
	}
	return 0;
}

/*
 * Maps the stack of slot `slot`; the guard page below stays empty. If a page table cannot be
 * allocated midway, what is mapped stays for the next try: unmapping would have to wait for other
 * CPUs.
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

/* Makes `n` adjacent slots. Returns the first one's guard page, or 0. Locked. */
static u64 make_slots(u32 n)
{
	u32 first = stacks.slots;

	if (n > STACK_SLOTS_MAX - first)
		return 0;
	for (u32 i = 0; i < n; i++)
		if (populate(first + i))
			return 0;
	smp_store_release(&stacks.slots, first + n);
	return VMAP_BASE + first * STACK_SLOT;
}

u64 stack_alloc_slots(u32 n)
{
	u64 flags = spin_lock_irqsave(&stacks.lock), base = make_slots(n);

	spin_unlock_irqrestore(&stacks.lock, flags);
	return base;
}

void *stack_alloc(void)
{
	u64 flags = spin_lock_irqsave(&stacks.lock), base;
	void *stack = NULL;

	if (!list_empty(&stacks.free)) {
		stack = stacks.free.next;
		list_del(stack);
	} else if ((base = make_slots(1))) {
		stack = (void *)(base + PAGE_SIZE);
	}
	spin_unlock_irqrestore(&stacks.lock, flags);
	return stack;
}

void stack_free(void *stack)
{
	u64 flags = spin_lock_irqsave(&stacks.lock);

	list_add(stack, &stacks.free);
	spin_unlock_irqrestore(&stacks.lock, flags);
}

static u64 slots_end(void)
{
	return VMAP_BASE + smp_load_acquire(&stacks.slots) * STACK_SLOT;
}

bool stack_contains(u64 addr, u64 len)
{
	if (addr >= (u64)boot_stack && addr < (u64)boot_stack_top)
		return len <= (u64)boot_stack_top - addr;
	if (addr < VMAP_BASE || addr >= slots_end())
		return false;
	addr = (addr - VMAP_BASE) % STACK_SLOT;
	return addr >= PAGE_SIZE && len <= STACK_SLOT - addr;
}

bool stack_guard_hit(u64 addr)
{
	if (addr >= (u64)boot_stack_guard && addr < (u64)boot_stack)
		return true;
	return addr >= VMAP_BASE && addr < slots_end() &&
	       (addr - VMAP_BASE) % STACK_SLOT < PAGE_SIZE;
}
