/* SPDX-License-Identifier: MIT */
/* The font of framebuffer screens: ASCII 32 to 126, 8 x 16 pixels. */
#ifndef KEYWARD_KERNEL_CONSOLE_FONT_H
#define KEYWARD_KERNEL_CONSOLE_FONT_H

#include "kernel/lib/types.h"

#define FONT_WIDTH  8
#define FONT_HEIGHT 16
#define FONT_FIRST  32
#define FONT_GLYPHS 96 /* the last one stands for characters without a glyph */

/* Rows from the top; a row's most significant bit is its leftmost pixel. Constant. */
extern const u8 font[FONT_GLYPHS][FONT_HEIGHT];

/* Any context. */
static inline const u8 *font_glyph(u8 c)
{
	return font[c >= FONT_FIRST && c < FONT_FIRST + FONT_GLYPHS - 1 ? c - FONT_FIRST
									: FONT_GLYPHS - 1];
}

#endif
