/* SPDX-License-Identifier: MIT */
/*
 * The address map, on one page. For C, assembly and the linker script.
 *
 *   0x0000000000400000  user text of the test programs      (user address spaces only)
 *   0x00007ffffff00000  user stack                          (user address spaces only)
 *   0xffff888000000000  direct map: all RAM at this offset  64 TiB, RW, largest pages
 *   0xffffc90000000000  vmap: stacks between guard pages, device registers   512 GiB
 *   0xffffca0000000000  test windows: tests map what they need here          512 GiB
 *   0xffffea0000000000  vmemmap: one struct page per frame, where there is RAM
 *   0xffffeb0000000000  a history of each frame of RAM, with debug_pagealloc=on
 *   0xffffffff80000000  the kernel image: physical address + this
 */
#ifndef KEYWARD_KERNEL_CPU_LAYOUT_H
#define KEYWARD_KERNEL_CPU_LAYOUT_H

#ifdef __ASSEMBLER__
#define AC(x) x
#elif defined(LINKER_SCRIPT)
#define AC(x) x
#else
#define AC(x) x##UL
#endif

#define KERNEL_LMA   AC(0x100000) /* where the loader puts the image */
#define BOOT_PART    AC(0x1000)   /* maximum size of the code that runs without paging */
#define KERNEL_BASE  AC(0xffffffff80000000)
#define DIRECT_BASE  AC(0xffff888000000000)
#define DIRECT_SIZE  AC(0x400000000000)
#define VMAP_BASE    AC(0xffffc90000000000)
#define VMAP_SIZE    AC(0x8000000000)
#define TEST_BASE    AC(0xffffca0000000000)
#define VMEMMAP_BASE AC(0xffffea0000000000)
#define HISTORY_BASE AC(0xffffeb0000000000)
#define USER_TEXT    AC(0x400000)
#define USER_STACK   AC(0x00007ffffff00000)
#define USER_END     AC(0x0000800000000000)

/* A PC's video memory: never RAM, and uncached in the direct map. */
#define VGA_START AC(0xa0000)
#define VGA_END   AC(0xc0000)

/* boot/boot.S maps this much physical memory, at 0 and at DIRECT_BASE, until mm_init(). */
#define BOOT_MAPPED AC(0x100000000)

#endif
