// SPDX-License-Identifier: MIT
/*
 * Where the kernel maps registers and the framebuffer: the bytes are those of the physical address,
 * at the same offset in the page. RAM stands for a device. What this cannot know: whether a device
 * sees each access.
 */
#define KTEST_SUITE "memory"

#include "kernel/cpu/insn.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/vmap.h"
#include "tests/harness/fixture.h"

#define AT 0x128 /* no multiple of a page */

/* Takes the window and the device away again. */
static void unmap(u64 va)
{
	pgtable_unmap(kernel_root, ALIGN_DOWN(va, PAGE_SIZE), 2 * PAGE_SIZE);
	device_count--;
}

static void check_window(volatile void *(*map)(u64 phys, u64 len), u64 align)
{
	struct page *block = page_alloc(2); /* its second frame has an odd number */
	u64 *words, phys, va;
	u32 devices = device_count;

	REQUIRE(block);
	words = page_to_virt(block + 1);
	phys = page_to_phys(block + 1) + AT;
	words[AT / 8] = 0x1122334455667788;
	words[(PAGE_SIZE + AT) / 8] = 0x99aabbccddeeff00;
	clflush((u64)&words[AT / 8]);
	clflush((u64)&words[(PAGE_SIZE + AT) / 8]);
	asm volatile("mfence" : : : "memory");
	va = (u64)map(phys, PAGE_SIZE + 8); /* ends in the next frame */
	EXPECT_EQ(va & (align - 1), phys & (align - 1));
	EXPECT_EQ(*(volatile u64 *)va, 0x1122334455667788);
	EXPECT_EQ(*(volatile u64 *)(va + PAGE_SIZE), 0x99aabbccddeeff00);
	EXPECT_EQ(device_count, devices + 1);
	EXPECT_EQ(device_ranges[devices].start, phys);
	EXPECT_EQ(device_ranges[devices].end, phys + PAGE_SIZE + 8);
	device_add(phys, PAGE_SIZE + 8); /* once is enough */
	EXPECT_EQ(device_count, devices + 1);
	unmap(va);
	page_free(block, 2);
}

static void a_window_shows_the_bytes_of_its_device(void)
{
	check_window(vmap_mmio, PAGE_SIZE);
	check_window(vmap_framebuffer, level_size(2));
}
KTEST(a_window_shows_the_bytes_of_its_device, KT_RAM); /* the tables stay */
