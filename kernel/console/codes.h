/* SPDX-License-Identifier: MIT */
/*
 * Draws a summary as QR codes on a framebuffer, by pages: as many codes a page as are still easy to
 * photograph, and two lines of text below them. Pure; also built on the host.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_CODES_H
#define KEYWARD_KERNEL_CONSOLE_CODES_H

#include "kernel/console/fbcon.h"
#include "kernel/lib/summary.h"

struct code_layout {
	u32 version;    /* of the codes; 0: the screen is too small for any */
	u32 scale;      /* pixels of a module's side */
	u32 cols, rows; /* codes of a page */
};

/* Chooses the layout for a screen of this size; `letters` is the factor that enlarges its font. */
struct code_layout codes_layout(u32 width, u32 height, u32 letters);

/* Returns the number of pages. */
u32 codes_pages(const struct code_layout *layout, const struct summary *s);

/* Draws page `page`, from 0, over the whole screen. One caller at a time: it has a static code. */
void codes_draw(const struct fbcon *screen, const struct code_layout *layout,
		const struct summary *s, u32 page);

#endif
