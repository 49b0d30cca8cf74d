/* SPDX-License-Identifier: MIT */
/*
 * A screen of character cells: cursor, line wrap, scrolling; what draws a cell is behind it. Pure:
 * host-built too.
 *
 * Video memory is slow to write and far slower to read: it is not cached, and over a PCIe lane a
 * load waits some microseconds. Scrolling a picture of 1920 x 1080 by copying it would take seconds
 * a line, with interrupts off. So the text is kept in normal memory, twice, as it should be and as
 * it was drawn; screen_flush() draws the cells in which the two differ, and nothing is ever read
 * back.
 *
 * Who may touch it: whoever has the console's lock; and, without the lock, a panic or an NMI that
 * has interrupted the one who has it. Then cells may be lost or wrong until they are drawn again,
 * but every access stays inside the arrays, because positions are checked on local copies.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_SCREEN_H
#define KEYWARD_KERNEL_CONSOLE_SCREEN_H

#include "kernel/lib/types.h"

#define SCREEN_COLS_MAX 320
#define SCREEN_ROWS_MAX 128
#define SCREEN_TAB      8

struct screen {
	u32 cols, rows; /* 0: there is no screen; fixed once it is there */
	u32 step;       /* rows by which it scrolls at a time */
	u32 col, row;   /* the cursor; col may be cols: the next character begins a line */
	/* Draws the character `c` at a cell; what an earlier call drew there goes. */
	void (*draw)(u32 col, u32 row, u8 c);
	/* One word more than there are cells, as screen_flush() compares whole words. */
	u8 text[SCREEN_COLS_MAX * SCREEN_ROWS_MAX + 8] __attribute__((aligned(8)));
	u8 drawn[SCREEN_COLS_MAX * SCREEN_ROWS_MAX + 8] __attribute__((aligned(8)));
};

/*
 * Starts with an empty screen of `cols` x `rows` cells, at most as many as fit; the next flush
 * draws every cell, as nobody knows what is there. A step of more than one row makes the average
 * line cheaper: a whole screen is redrawn for so many lines at once. Boot only.
 */
void screen_start(struct screen *s, u32 cols, u32 rows, u32 step,
		  void (*draw)(u32 col, u32 row, u8 c));

/*
 * Puts one character at the cursor. '\n' goes to the start of the next line, '\r' to that of this
 * one, '\t' to the next multiple of 8, '\b' one back but not to the line before; other control
 * characters are cells like all others. Draws nothing yet. Any context, see above.
 */
void screen_put(struct screen *s, char c);

/* Draws what has changed. Any context, see above. */
void screen_flush(struct screen *s);

#endif
