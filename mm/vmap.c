// SPDX-License-Identifier: MIT
#include "mm/vmap.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/layout.h"
#include "kernel/cpu/pat.h"
#include "kernel/cpu/spinlock.h"
#include "kernel/cpu/x86.h"
#include "mm/pgtable.h"
#include "mm/stack.h"

struct range device_ranges[DEVICES_MAX];
u32 device_count;

void device_add(u64 phys, u64 len)
{
	for (u32 i = 0; i < device_count; i++)
		if (device_ranges[i].start == phys && device_ranges[i].end == phys + len)
			return;
	BUG_ON(device_count == DEVICES_MAX);
	device_ranges[device_count++] = (struct range){ phys, phys + len };
}

static struct {
	struct spinlock lock;
	u64 next; /* under the lock */
} vmap = { .next = STACKS_END };

u64 vmap_reserve(u64 len)
{
	u64 flags = spin_lock_irqsave(&vmap.lock), va = vmap.next;

	vmap.next += ALIGN_UP(len, PAGE_SIZE) + PAGE_SIZE; /* and an unmapped page */
	BUG_ON(vmap.next > VMAP_BASE + VMAP_SIZE);
	spin_unlock_irqrestore(&vmap.lock, flags);
	return va;
}

volatile void *vmap_mmio(u64 phys, u64 len)
{
	u64 offset = phys & (PAGE_SIZE - 1), size = ALIGN_UP(offset + len, PAGE_SIZE);
	u64 va = vmap_reserve(size);

	device_add(phys, len);
	if (pgtable_map(kernel_root, va, phys - offset, size, PTE_MMIO | PTE_G, 1))
		panic("no memory to map device registers at %p", (void *)phys);
	return (volatile void *)(va + offset);
}

/*
 * Stores to uncached memory go out one by one; write combining fills bus transfers of 64 bytes.
 * With large pages even half a GiB costs no more than a table.
 */
volatile void *vmap_framebuffer(u64 phys, u64 len)
{
	u64 offset = phys & (PAGE_SIZE - 1), size = ALIGN_UP(offset + len, PAGE_SIZE);
	u64 large = level_size(2), va = ALIGN_UP(vmap_reserve(size + 2 * large), large);

	device_add(phys, len);
	phys -= offset;
	va += phys & (large - 1);
	if (pgtable_map(kernel_root, va, phys, size, pat_write_combining() | PTE_G, 2))
		panic("no memory to map the framebuffer at %p", (void *)phys);
	return (volatile void *)(va + offset);
}
