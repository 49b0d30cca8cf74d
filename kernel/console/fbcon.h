/* SPDX-License-Identifier: MIT */
/* Characters in a framebuffer of direct colours. Pure: host-built too. */
#ifndef KEYWARD_KERNEL_CONSOLE_FBCON_H
#define KEYWARD_KERNEL_CONSOLE_FBCON_H

#include "kernel/console/font.h"
#include "kernel/console/screen.h"
#include "kernel/lib/boot_info.h"

struct fbcon {
	volatile u8 *pixels; /* where the framebuffer is mapped now */
	u32 pitch;           /* bytes from a row of pixels to the next */
	u32 bytes;           /* of a pixel: 2, 3 or 4 */
	u32 scale;           /* pixels of a pixel of the font, both ways */
	u32 ink, paper;      /* pixel values */
};

/*
 * By how much the font is enlarged: at 2560 pixels and more a character of 8 pixels is too small to
 * be read. It also keeps what any picture holds within SCREEN_COLS_MAX and SCREEN_ROWS_MAX.
 */
static inline u32 fbcon_scale(const struct boot_framebuffer *fb)
{
	return 1 + MAX(fb->width / (SCREEN_COLS_MAX * FONT_WIDTH),
		       fb->height / (SCREEN_ROWS_MAX * FONT_HEIGHT));
}

static inline u32 fbcon_cols(const struct boot_framebuffer *fb)
{
	return fb->width / (FONT_WIDTH * fbcon_scale(fb));
}

static inline u32 fbcon_rows(const struct boot_framebuffer *fb)
{
	return fb->height / (FONT_HEIGHT * fbcon_scale(fb));
}

/* For a framebuffer that framebuffer_check() accepts, mapped at `pixels`. Boot only. */
void fbcon_start(struct fbcon *con, const struct boot_framebuffer *fb, volatile void *pixels);

/* Draws a character, all of its cell; it reads nothing. Any context. */
void fbcon_draw(const struct fbcon *con, u32 col, u32 row, u8 c);

#endif
