// SPDX-License-Identifier: MIT
#include "mm/init.h"
#include "kernel/console/console.h"
#include "kernel/console/display.h"
#include "kernel/console/framebuffer.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/layout.h"
#include "kernel/cpu/pat.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/options.h"
#include "mm/bootmem.h"
#include "mm/debug_pagealloc.h"
#include "mm/direct_map.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/ram.h"
#include "mm/snapshot.h"
#include "mm/vmap.h"
#include "mm/vmemmap.h"

extern char text_start[], user_load[], rodata_start[], data_start[], image_end[], image_start[];

struct ranges ram;

#define LOW_MEMORY    0x100000 /* kept from the allocator, for real-mode code */
#define IMAGE_PHYS(p) ((u64)(p)-KERNEL_BASE)

static void report_lost(const struct boot_info *info, const struct ram_lost *lost, u64 limit)
{
	if (lost->contradicted)
		pr("# RAM: %lu KiB that the memory map also lists with another type are left out\n",
		   lost->contradicted >> 10);
	if (lost->beyond)
		pr("# RAM: %lu MiB from %lu GiB on are left out: %s\n", lost->beyond >> 20,
		   limit >> 30,
		   limit == DIRECT_SIZE ? "the direct map ends there"
					: "the CPU's physical addresses end there");
	if (info->mem_dropped || ram.dropped)
		pr("# RAM: %u entries of the memory map are left out\n",
		   info->mem_dropped + ram.dropped);
}

struct pmem_limits mm_pmem_limits(const struct boot_info *info)
{
	return (struct pmem_limits){
		.info = info,
		.devices = device_ranges,
		.device_count = device_count,
		.reserve = options.reserve,
		.kernel_end = IMAGE_PHYS(image_end),
		.end = MIN(1ULL << cpu_phys_bits(), DIRECT_SIZE),
	};
}

/*
 * Takes what pmem= names out of RAM. pmem_init() may still refuse a range that overlaps an earlier
 * one or a device, or one for whose struct pages there is too little RAM: such RAM stays unused.
 */
static void leave_pmem(const struct pmem_limits *limits)
{
	for (u32 i = 0; i < OPTIONS_PMEM; i++) {
		const struct options_range *r = &options.pmem[i];

		if (r->size && !pmem_refusal(limits, PMEM_WORD, r->start, r->size))
			ranges_subtract(&ram, r->start, r->start + r->size);
	}
}

static void find_ram(const struct boot_info *info)
{
	struct pmem_limits limits = mm_pmem_limits(info);
	u64 limit = limits.end, total;
	struct ram_lost lost;
	u32 count;

	ram_find(&ram, info, limit, &lost);
	for (u32 i = 0; i < OPTIONS_RESERVE && options.reserve[i].size; i++) {
		const struct options_range *r = &options.reserve[i];

		ranges_subtract(&ram, ALIGN_DOWN(r->start, PAGE_SIZE),
				r->start + r->size > DIRECT_SIZE
					? ~0ULL
					: ALIGN_UP(r->start + r->size, PAGE_SIZE));
	}
	leave_pmem(&limits);
	total = ranges_total(&ram);
	count = ram.count;
	if (options.mem)
		ram_select(&ram, ALIGN_DOWN(options.mem, PAGE_SIZE));
	pr("# RAM: %lu MiB in %u ranges", total >> 20, count);
	if (ranges_total(&ram) < total)
		pr(", using %lu MiB in %u (mem=)", ranges_total(&ram) >> 20, ram.count);
	pr("\n");
	report_lost(info, &lost, limit);
}

static void check_ram(const struct boot_info *info)
{
	const char *why = options.mem && options.mem < RAM_LEAST ? " (the command line has mem=)"
			  : options.pmem[0].size                 ? " (the command line has pmem=)"
								 : "";
	u64 total = ranges_total(&ram);

	if (info->mem_count == 0)
		panic("the boot loader gave no memory map");
	if (total < RAM_LEAST)
		panic("%lu KiB of RAM%s are too little: Keyward needs %llu KiB", total >> 10, why,
		      RAM_LEAST >> 10);
	if (!ranges_contain(&ram, IMAGE_PHYS(image_start), IMAGE_PHYS(image_end)))
		panic("the memory map does not have the kernel's own memory (%p to %p) as RAM",
		      (void *)IMAGE_PHYS(image_start), (void *)IMAGE_PHYS(image_end));
}

static void map(u64 va, u64 start, u64 end, pte_t prot, int max_level)
{
	if (start < end &&
	    pgtable_map(kernel_root, va, start, end - start, prot | PTE_G, max_level))
		panic("cannot map %p", (void *)va);
}

/*
 * Drops ranges above 4 GiB where the memory map has RAM that does not exist, and returns their
 * bytes. Below 4 GiB, where the first page tables come from, bootmem_take() checks each frame.
 */
static u64 drop_absent(void)
{
	u64 before = ranges_total(&ram);

	for (u32 i = ram.count; i--;) {
		u64 start = ram.r[i].start, end = ram.r[i].end;

		if (start < BOOT_MAPPED || (bootmem_keeps(start) && bootmem_keeps(end - PAGE_SIZE)))
			continue;
		pr("# RAM: %p to %p does not keep data: left out\n", (void *)start, (void *)end);
		pgtable_unmap(kernel_root, DIRECT_BASE + start, end - start);
		ranges_subtract(&ram, start, end);
		ranges_subtract(&bootmem_free, start, end);
	}
	return before - ranges_total(&ram);
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

/*
 * Makes the PDPT for `va`, where something may be mapped later: a new address space copies the
 * upper half of the top-level table, and tests/matrix that of the PML4.
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
 * Loads kernel_root and moves the screen to its new mapping. Only the boot page tables map a
 * framebuffer where the screen has it so far, so print nothing between CR3 and display_mapped().
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

/* Reports what memory management costs; tools/boot-times reads both lines. */
static void report_cost(u64 before, u64 after, u64 vmemmap)
{
	pr("# RAM: %lu KiB free, %lu KiB in page tables, %lu KiB in struct pages\n", after >> 10,
	   (before - after - vmemmap) >> 10, vmemmap >> 10);
	pr("# boot: %lu TSC ticks from kernel entry to memory\n", rdtsc() - boot_tsc);
}

void mm_init(const struct boot_info *info)
{
	u64 before, vmemmap;

	find_ram(info);
	check_ram(info);
	bootmem_free = ram;
	ranges_subtract(&bootmem_free, 0, LOW_MEMORY);
	ranges_subtract(&bootmem_free, KERNEL_LMA, IMAGE_PHYS(image_end));
	before = ranges_total(&bootmem_free);

	kernel_root = bootmem_alloc();
	BUG_ON(kernel_root >= BOOT_MAPPED); /* as boot/paging.h promises */
	direct_map_init(options.debug_pagealloc ? 1 : 3);
	map_image();
	map(DIRECT_BASE + VGA_START, VGA_START, VGA_END, PTE_MMIO, 1); /* for the console */
	switch_tables(info);
	bootmem_reach(DIRECT_SIZE);
	before -= drop_absent();
	vmemmap = vmemmap_init();
	vmemmap += options.debug_pagealloc ? page_history_init() : 0;
	share(VMAP_BASE);
	share(TEST_BASE);
	snapshot_init();
	enable_protections();
	pgtable_use_allocator();
	for (u32 i = 0; i < bootmem_free.count; i++)
		page_alloc_add(bootmem_free.r[i].start, bootmem_free.r[i].end);
	report_cost(before, pages_free() << PAGE_SHIFT, vmemmap);
}
