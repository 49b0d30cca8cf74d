/* SPDX-License-Identifier: MIT */
/* Checks a framebuffer that framebuffer_check() accepted, and draws in each corner. */
#ifndef KEYWARD_TESTS_HOST_FB_CHECK_H
#define KEYWARD_TESTS_HOST_FB_CHECK_H

#include <stdlib.h>

#include "kernel/console/fbcon.h"
#include "kernel/console/framebuffer.h"

/* NULL, or what is wrong. In a block of its size AddressSanitizer catches a pixel outside. */
static inline const char *fb_check(const struct boot_framebuffer *fb, u32 phys_bits)
{
	u32 cols = fbcon_cols(fb), rows = fbcon_rows(fb);
	u64 size = framebuffer_size(fb);
	struct fbcon con;
	u8 *pixels;

	if (fb->addr + size < fb->addr || (fb->addr + size - 1) >> phys_bits)
		return "its address is impossible";
	if (size == 0 || size > FRAMEBUFFER_MAX)
		return "its size is impossible";
	if (cols == 0 || cols > SCREEN_COLS_MAX || rows == 0 || rows > SCREEN_ROWS_MAX)
		return "its number of characters is impossible";
	if (size > 64 << 20)
		return NULL;
	pixels = malloc(size);
	if (!pixels)
		return NULL;
	fbcon_start(&con, fb, pixels);
	for (u32 i = 0; i < 4; i++)
		fbcon_draw(&con, i & 1 ? cols - 1 : 0, i & 2 ? rows - 1 : 0, '#');
	free(pixels);
	return NULL;
}

#endif
