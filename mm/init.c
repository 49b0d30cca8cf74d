// SPDX-License-Identifier: MIT
#include "mm/init.h"
#include "boot/framebuffer.h"
#include "kernel/console.h"
#include "kernel/cpuid.h"
#include "kernel/display.h"
#include "kernel/insn.h"
#include "kernel/options.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/layout.h"
#include "mm/page.h"
#include "mm/pat.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/vmap.h"

extern char text_start[], user_load[], rodata_start[], data_start[], image_end[], image_start[];
extern char boot_stack_guard[];

struct ranges ram;
static struct ranges unused; /* what the allocator will get; until then early_alloc()'s */

#define LOW_MEMORY    0x100000 /* kept from the allocator: real-mode code will need it */
#define IMAGE_PHYS(p) ((u64)(p)-KERNEL_BASE)

/* RAM is what the map calls RAM and no other entry of it that fitted contradicts. */
static void find_ram(const struct boot_info *info)
{
	for (u32 i = 0; i < info->mem_count; i++) {
		const struct boot_mem *m = &info->mem[i];

		/* Beyond the direct map nothing can be used, and rounding up might wrap. */
		if (m->type == BOOT_MEM_RAM && m->base < DIRECT_SIZE)
			ranges_add(&ram, ALIGN_UP(m->base, PAGE_SIZE),
				   ALIGN_DOWN(m->base + m->len, PAGE_SIZE));
	}
	for (u32 i = 0; i < info->mem_count; i++) {
		const struct boot_mem *m = &info->mem[i];

		if (m->type != BOOT_MEM_RAM && m->base < DIRECT_SIZE)
			ranges_subtract(&ram, ALIGN_DOWN(m->base, PAGE_SIZE),
					ALIGN_UP(MIN(m->base + m->len, DIRECT_SIZE), PAGE_SIZE));
	}
	ranges_subtract(&ram, VGA_START, VGA_END);
	ranges_subtract(&ram, DIRECT_SIZE, ~0ULL);
	if (options.mem)
		ranges_limit(&ram, ALIGN_DOWN(options.mem, PAGE_SIZE));
}

static void check_ram(const struct boot_info *info)
{
	u64 total = ranges_total(&ram);

	if (info->mem_count == 0)
		panic("the boot loader gave no memory map");
	if (total < RAM_LEAST)
		panic("%lu KiB of RAM%s are too little: Keyward needs %llu KiB", total >> 10,
		      options.mem ? " (the command line has mem=)" : "", RAM_LEAST >> 10);
	if (!ranges_contain(&ram, IMAGE_PHYS(image_start), IMAGE_PHYS(image_end)))
		panic("the memory map does not have the kernel's own memory (%p to %p) as RAM",
		      (void *)IMAGE_PHYS(image_start), (void *)IMAGE_PHYS(image_end));
	pr("# RAM: %lu MiB in %u ranges\n", total >> 20, ram.count);
	if (info->mem_dropped || ram.dropped)
		pr("# RAM: %u entries of the memory map were left out\n",
		   info->mem_dropped + ram.dropped);
}

/* What phys_to_virt() reaches: the boot page tables' part, then the direct map. */
static u64 reach = BOOT_MAPPED;

/* The lowest frame within reach; zeroed. A memory map may claim what is not there. */
u64 early_alloc(void)
{
	volatile u64 *first;
	u64 phys;

	if (unused.count == 0 || unused.r[0].start >= reach)
		panic("no memory below %lu GiB is left for page tables", reach >> 30);
	phys = unused.r[0].start;
	ranges_subtract(&unused, phys, phys + PAGE_SIZE);
	first = phys_to_virt(phys);
	*first = ~phys;
	if (*first != ~phys)
		panic("the memory map has RAM at %p, where nothing is kept", (void *)phys);
	memset(phys_to_virt(phys), 0, PAGE_SIZE);
	return phys;
}

static void map(u64 va, u64 start, u64 end, pte_t prot, int max_level)
{
	if (start < end &&
	    pgtable_map(kernel_root, va, start, end - start, prot | PTE_G, max_level))
		panic("cannot map %p", (void *)va);
}

/* Code and constants are read-only through the direct map too. */
static void map_direct(void)
{
	u64 read_only = IMAGE_PHYS(text_start), writable = IMAGE_PHYS(data_start);

	for (u32 i = 0; i < ram.count; i++) {
		u64 start = ram.r[i].start, end = ram.r[i].end;

		map(DIRECT_BASE + start, start, MIN(end, read_only), PTE_RW_DATA, 3);
		map(DIRECT_BASE + MAX(start, read_only), MAX(start, read_only), MIN(end, writable),
		    PTE_RO_DATA, 3);
		map(DIRECT_BASE + MAX(start, writable), MAX(start, writable), end, PTE_RW_DATA, 3);
	}
}

static void map_segment(const char *start, const char *end, pte_t prot)
{
	map((u64)start, IMAGE_PHYS(start), IMAGE_PHYS(end), prot, 1);
}

static void map_image(void)
{
	map_segment(text_start, user_load, PTE_TEXT);
	map_segment(user_load, data_start, PTE_RO_DATA);
	map_segment(data_start, boot_stack_guard, PTE_RW_DATA);
	map_segment(boot_stack_guard + PAGE_SIZE, image_end, PTE_RW_DATA);
}

/* One frame after the other; ranges that share a frame of the vmemmap map it once. */
static void map_vmemmap(void)
{
	u64 done = 0;

	for (u32 i = 0; i < ram.count; i++) {
		u64 va = ALIGN_DOWN((u64)pfn_to_page(ram.r[i].start >> PAGE_SHIFT), PAGE_SIZE);
		u64 end = (u64)pfn_to_page(ram.r[i].end >> PAGE_SHIFT);

		for (va = MAX(va, done); va < end; va += PAGE_SIZE) {
			u64 frame = early_alloc();

			map(va, frame, frame + PAGE_SIZE, PTE_RW_DATA, 1);
		}
		done = MAX(done, va);
	}
}

/*
 * Address spaces copy the upper half of the top-level table when they are made, and the matrix that
 * of the PML4. So what may be mapped later there gets its PDPT now.
 */
static void share(u64 va)
{
	if (!pgtable_entry(kernel_root, va, 3, true))
		panic("no memory for a page table");
}

static void enable_protections(void)
{
	u64 cr4 = read_cr4();

	cr4 |= cpu_has(FEATURE_PGE) ? CR4_PGE : 0;
	cr4 |= cpu_has(FEATURE_SMEP) ? CR4_SMEP : 0;
	cr4 |= cpu_has(FEATURE_SMAP) ? CR4_SMAP : 0;
	cr4 |= cpu_has(FEATURE_UMIP) ? CR4_UMIP : 0;
	write_cr4(cr4);
}

/*
 * The boot page tables map it too, if it is below 4 GiB, so nothing may be printed between CR3 and
 * display_mapped().
 */
static void switch_tables(const struct boot_info *info)
{
	const struct boot_framebuffer *fb = &info->fb;
	volatile void *pixels = NULL;

	pat_init_cpu();
	if (fb->type == FB_DIRECT_COLOUR)
		pixels = vmap_framebuffer(fb->addr, framebuffer_size(fb));
	write_cr3(kernel_root);
	if (pixels)
		display_mapped(info, pixels);
}

void mm_init(const struct boot_info *info)
{
	find_ram(info);
	check_ram(info);
	unused = ram;
	ranges_subtract(&unused, 0, LOW_MEMORY);
	ranges_subtract(&unused, KERNEL_LMA, IMAGE_PHYS(image_end));

	kernel_root = early_alloc();
	map_direct();
	map_image();
	map(DIRECT_BASE + VGA_START, VGA_START, VGA_END, PTE_MMIO, 1); /* the console goes on */
	switch_tables(info);
	reach = DIRECT_SIZE; /* the struct pages of large RAM do not fit below 4 GiB */
	map_vmemmap();
	share(VMAP_BASE);
	share(TEST_BASE);
	enable_protections();
	pgtable_use_allocator();
	for (u32 i = 0; i < unused.count; i++)
		page_alloc_add(unused.r[i].start, unused.r[i].end);
	pr("# RAM: %lu KiB free after %lu KiB for page tables and struct pages\n",
	   pages_free() << 2, (ranges_total(&ram) >> 10) - (pages_free() << 2));
}
