/* SPDX-License-Identifier: MIT */
/* Checks the loader's framebuffer, untrusted input. Pure. */
#ifndef KEYWARD_KERNEL_CONSOLE_FRAMEBUFFER_H
#define KEYWARD_KERNEL_CONSOLE_FRAMEBUFFER_H

#include "kernel/lib/boot_info.h"

#define FB_DIRECT_COLOUR 1
#define FB_EGA_TEXT      2

#define FRAMEBUFFER_MAX (512ULL << 20) /* bytes; 8K in 32 bits are 127 MiB */

/*
 * Returns NULL if text can be drawn in info->fb, a framebuffer of direct colours; else what is
 * wrong, in one line. `phys_bits` is MAXPHYADDR; the kernel lies in [image_start, image_end).
 * Refuses what the memory map lists as RAM only.
 */
const char *framebuffer_check(const struct boot_info *info, u32 phys_bits, u64 image_start,
			      u64 image_end);

/* Returns the bytes from the first pixel to the last, for a framebuffer that was checked. */
static inline u64 framebuffer_size(const struct boot_framebuffer *fb)
{
	return (u64)fb->pitch * (fb->height - 1) + (u64)fb->width * ((fb->bpp + 7u) / 8);
}

#endif
