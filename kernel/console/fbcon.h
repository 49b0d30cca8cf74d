/* SPDX-License-Identifier: MIT */
/* Draws characters and rectangles in a framebuffer of direct colours. Pure; also built on the host.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_FBCON_H
#define KEYWARD_KERNEL_CONSOLE_FBCON_H

#include "kernel/console/font.h"
#include "kernel/console/screen.h"
#include "kernel/lib/boot_info.h"

struct fbcon {
	volatile u8 *pixels; /* where the framebuffer is mapped now */
	u32 width, height;   /* pixels */
	u32 pitch;           /* bytes from one row of pixels to the next */
	u32 bytes;           /* per pixel: 2, 3 or 4 */
	u32 scale;           /* screen pixels per font pixel, both ways */
	u32 ink, paper;      /* pixel values */
};

/*
 * Returns the factor that enlarges the font: on 2560 pixels or more a character of 8 pixels is too
 * small to read. It also keeps every screen within SCREEN_COLS_MAX and SCREEN_ROWS_MAX.
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

/* Starts on a framebuffer that framebuffer_check() accepts, mapped at `pixels`. Boot only. */
void fbcon_start(struct fbcon *con, const struct boot_framebuffer *fb, volatile void *pixels);

/* Draws a character over its whole cell; reads nothing from the framebuffer. Any context. */
void fbcon_draw(const struct fbcon *con, u32 col, u32 row, u8 c);

/* Fills a rectangle of pixels, which lies on the screen, with ink or paper. Any context. */
void fbcon_fill(const struct fbcon *con, u32 left, u32 top, u32 width, u32 height, bool ink);

#endif
