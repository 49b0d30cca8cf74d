/* SPDX-License-Identifier: MIT */
/*
 * What the firmware and the boot loader report, in a form independent of the loader. kernel_main()
 * starts from this structure alone. It is a copy, without pointers into the loader's memory.
 */
#ifndef KEYWARD_KERNEL_LIB_BOOT_INFO_H
#define KEYWARD_KERNEL_LIB_BOOT_INFO_H

#include "kernel/lib/types.h"

#define BOOT_MEM_MAX     256
#define BOOT_CMDLINE_MAX 512
#define BOOT_LOADER_MAX  64
#define BOOT_RSDP_MAX    36

/* Memory types of ACPI's address range interfaces that the kernel distinguishes. */
#define BOOT_MEM_RAM  1
#define BOOT_MEM_ACPI 3 /* its tables */
#define BOOT_MEM_NVS  4 /* ACPI's, that firmware keeps through a sleep */
#define BOOT_MEM_BAD  5
#define BOOT_MEM_PMEM 7

struct boot_mem {
	u64 base; /* bytes, any alignment */
	u64 len;  /* bytes, never 0; base + len does not wrap */
	u32 type;
};

/* Position and size of a colour in a pixel's value, in bits. */
struct boot_colour {
	u8 pos, size;
};

struct boot_framebuffer {
	u64 addr;          /* physical; 0: no framebuffer */
	u32 pitch;         /* bytes from one row to the next */
	u32 width, height; /* pixels, or characters of EGA text */
	u8 bpp;            /* bits per pixel */
	u8 type;           /* 1: direct colours, 2: EGA text; see kernel/console/framebuffer.h */
	struct boot_colour red; /* all three are 0 if not given */
	struct boot_colour green, blue;
};

struct boot_info {
	u32 mem_count;
	u32 mem_dropped; /* entries that did not fit or were invalid */
	struct boot_mem mem[BOOT_MEM_MAX];
	char cmdline[BOOT_CMDLINE_MAX]; /* always terminated; cut if longer: cmdline_cut */
	bool cmdline_cut;
	char loader[BOOT_LOADER_MAX];
	u8 rsdp[BOOT_RSDP_MAX];
	u32 rsdp_len; /* 0: none; 20: revision 0; 36: revision 2 or later */
	struct boot_framebuffer fb;
	u32 mbi_size; /* bytes of the loader's structure, to reserve it until it is read */
};

#endif
