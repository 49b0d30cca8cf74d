// SPDX-License-Identifier: MIT
#include "mm/vmemmap.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/insn.h"
#include "mm/bootmem.h"
#include "mm/init.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"

#define LARGE_ORDER 9 /* of a block for a 2 MiB page */

/* How many struct pages one frame of the vmemmap has. */
#define IN_A_FRAME (PAGE_SIZE / sizeof(struct page))

/*
 * Written by the boot CPU before there are others, with interrupts off. An NMI then finds a range
 * or not; its handler asks for none so early.
 */
struct ranges page_ranges;

/* Frames that vmemmap_add() has taken. As page_ranges. */
static u64 added;

static void map(u64 va, u64 block, u64 size)
{
	if (pgtable_map(kernel_root, va, block, size, PTE_RW_DATA | PTE_G, 2))
		panic("cannot map %p", (void *)va);
}

/*
 * Puts the elements of each range into that range's own memory, of which there is enough; memory
 * below 4 GiB may be scarce. Ranges that share a frame of the array map it once.
 */
u64 vmemmap_array(u64 base, u64 each)
{
	u64 done = 0, bytes = 0, large = level_size(2);

	for (u32 i = 0; i < ram.count; i++) {
		const struct range *r = &ram.r[i];
		u64 va = ALIGN_DOWN(base + (r->start >> PAGE_SHIFT) * each, PAGE_SIZE);
		u64 end = base + (r->end >> PAGE_SHIFT) * each, size;

		for (va = MAX(va, done); va < end; va += size) {
			u64 block = 0;

			size = large;
			if (!(va & (large - 1)) && end - va >= large)
				block = bootmem_take(large, r->start, r->end);
			if (!block) {
				size = PAGE_SIZE;
				block = bootmem_take(size, r->start, r->end);
			}
			if (!block)
				block = bootmem_alloc();
			map(va, block, size);
			bytes += size;
		}
		done = MAX(done, va);
	}
	return bytes;
}

static void mark_hole(u64 pfn)
{
	if (!phys_to_page(pfn << PAGE_SHIFT))
		pfn_to_page(pfn)->pkey = PAGE_NO_RAM;
}

/*
 * Marks the frames beside a range whose struct pages share a frame of the vmemmap with the range's:
 * so kunmap_local() sees that they are no pages of its caller's, without a search for a range.
 */
static void mark_holes(u64 first, u64 end)
{
	for (u64 pfn = ALIGN_DOWN(first, IN_A_FRAME); pfn < first; pfn++)
		mark_hole(pfn);
	for (u64 pfn = end; pfn < ALIGN_UP(end, IN_A_FRAME); pfn++)
		mark_hole(pfn);
}

u64 vmemmap_init(void)
{
	u64 bytes = vmemmap_array(VMEMMAP_BASE, sizeof(struct page));

	page_ranges = ram;
	for (u32 i = 0; i < ram.count; i++)
		mark_holes(ram.r[i].start >> PAGE_SHIFT, ram.r[i].end >> PAGE_SHIFT);
	return bytes;
}

/* Maps RAM at `va`, which has none, up to `end` at most. Returns its bytes. */
static u64 back(u64 va, u64 end)
{
	u64 size = level_size(2);
	struct page *page = NULL;

	if (!(va & (size - 1)) && end - va >= size)
		page = page_alloc(LARGE_ORDER);
	if (!page) {
		size = PAGE_SIZE;
		page = page_alloc(0);
	}
	BUG_ON(!page); /* has_room_for() */
	map(va, page_to_phys(page), size);
	return size;
}

/* Maps what is missing of [va, end). Neighbours may have mapped the first and last frame. */
static void back_all(u64 va, u64 end)
{
	struct pgwalk walk;

	while (va < end)
		va += pgtable_walk(kernel_root, va, &walk) ? PAGE_SIZE : back(va, end);
}

/*
 * Whether RAM has room for [va, end) of the vmemmap and its page tables, so that mapping it cannot
 * fail half-way. All ranges together leave half of what is free without them, and RAM_LEAST.
 */
static bool has_room_for(u64 va, u64 end)
{
	u64 frames = (end - va + PAGE_SIZE - 1) >> PAGE_SHIFT, tables = frames / 256 + 8;
	u64 total = ranges_total(&ram), spare = total > RAM_LEAST ? total - RAM_LEAST : 0;

	return added + frames + tables <= MIN((pages_free() + added) / 2, spare >> PAGE_SHIFT);
}

int vmemmap_add(u64 start, u64 end)
{
	u64 first = start >> PAGE_SHIFT, last = end >> PAGE_SHIFT, flags;
	u64 va = ALIGN_DOWN((u64)pfn_to_page(first), PAGE_SIZE), vend = (u64)pfn_to_page(last);
	u64 free = pages_free();

	if (page_ranges.count == RANGES_MAX)
		return -ENOSPC;
	if (!has_room_for(va, vend))
		return -ENOMEM;
	back_all(va, vend);
	added += free - pages_free();
	for (u64 pfn = first; pfn < last; pfn++) /* some may have been holes */
		*pfn_to_page(pfn) = (struct page){ 0 };
	flags = irq_save();
	ranges_add(&page_ranges, start, end);
	irq_restore(flags);
	mark_holes(first, last);
	return 0;
}
