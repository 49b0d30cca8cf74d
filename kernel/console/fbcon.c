// SPDX-License-Identifier: MIT
#include "kernel/console/fbcon.h"

#define INK_GREY   0xd0 /* of 255, in all three colours; the paper is black */
#define COLOUR_MAX 8    /* bits of a grey value */

/* Rows of pixels may begin at any address. */
typedef volatile u16 __attribute__((aligned(1))) pixel16;
typedef volatile u32 __attribute__((aligned(1))) pixel32;

static u32 colour(const struct boot_colour *field, u32 grey)
{
	if (field->size < COLOUR_MAX)
		grey >>= COLOUR_MAX - field->size;
	else
		grey <<= field->size - COLOUR_MAX;
	return grey << field->pos;
}

void fbcon_start(struct fbcon *con, const struct boot_framebuffer *fb, volatile void *pixels)
{
	con->pixels = pixels;
	con->width = fb->width;
	con->height = fb->height;
	con->pitch = fb->pitch;
	con->bytes = (fb->bpp + 7u) / 8;
	con->scale = fbcon_scale(fb);
	con->paper = 0;
	con->ink = colour(&fb->red, INK_GREY) | colour(&fb->green, INK_GREY) |
		   colour(&fb->blue, INK_GREY);
}

static volatile u8 *put_pixel(const struct fbcon *con, volatile u8 *at, u32 value)
{
	if (con->bytes == 4) {
		*(pixel32 *)at = value;
	} else {
		*(pixel16 *)at = (u16)value;
		if (con->bytes == 3)
			at[2] = (u8)(value >> 16);
	}
	return at + con->bytes;
}

static void draw_line(const struct fbcon *con, volatile u8 *at, u8 bits)
{
	for (u32 x = 0; x < FONT_WIDTH; x++) {
		u32 value = bits & 0x80u >> x ? con->ink : con->paper;

		for (u32 i = 0; i < con->scale; i++)
			at = put_pixel(con, at, value);
	}
}

void fbcon_draw(const struct fbcon *con, u32 col, u32 row, u8 c)
{
	const u8 *glyph = font_glyph(c);
	volatile u8 *at = con->pixels + (size_t)row * FONT_HEIGHT * con->scale * con->pitch +
			  (size_t)col * FONT_WIDTH * con->scale * con->bytes;

	for (u32 y = 0; y < FONT_HEIGHT * con->scale; y++, at += con->pitch)
		draw_line(con, at, glyph[y / con->scale]);
}

void fbcon_fill(const struct fbcon *con, u32 left, u32 top, u32 width, u32 height, bool ink)
{
	volatile u8 *row = con->pixels + (size_t)top * con->pitch + (size_t)left * con->bytes;

	for (; height--; row += con->pitch) {
		volatile u8 *at = row;

		for (u32 x = 0; x < width; x++)
			at = put_pixel(con, at, ink ? con->ink : con->paper);
	}
}
