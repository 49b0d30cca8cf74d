/* SPDX-License-Identifier: MIT */
/*
 * A screen of character cells: cursor, line wrap, scrolling; a callback draws the cells. Pure; also
 * built on the host.
 *
 * Video memory is slow to write and far slower to read: it is not cached, and over a PCIe lane a
 * load waits some microseconds. Scrolling 1920 x 1080 pixels by copying would take seconds a line,
 * with interrupts off. So normal memory holds the text twice, as it should be and as it was drawn;
 * screen_flush() draws the cells that differ, and nothing reads video memory.
 *
 * The holder of the console's lock may touch it; without the lock, so may a panic or an NMI that
 * interrupted the holder. Then cells may be lost or wrong until they are drawn again, but every
 * access stays inside the arrays, because positions are checked on local copies.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_SCREEN_H
#define KEYWARD_KERNEL_CONSOLE_SCREEN_H

#include "kernel/lib/types.h"

#define SCREEN_COLS_MAX 320
#define SCREEN_ROWS_MAX 128
#define SCREEN_TAB      8

struct screen {
	u32 cols, rows; /* 0: no screen; fixed by screen_start() */
	u32 step;       /* rows per scroll */
	u32 col, row;   /* the cursor; if col is cols, the next character begins a line */
	/* Draws the character `c` over a whole cell. */
	void (*draw)(u32 col, u32 row, u8 c);
	/* One word more than there are cells, as screen_flush() compares whole words. */
	u8 text[SCREEN_COLS_MAX * SCREEN_ROWS_MAX + 8] __attribute__((aligned(8)));
	u8 drawn[SCREEN_COLS_MAX * SCREEN_ROWS_MAX + 8] __attribute__((aligned(8)));
};

/*
 * Starts with an empty screen of `cols` x `rows` cells, at most as many as fit. The next flush
 * draws every cell, as their contents are unknown. A step of more than one row makes the average
 * line cheaper: one redraw of the whole screen serves that many lines. Boot only.
 */
void screen_start(struct screen *s, u32 cols, u32 rows, u32 step,
		  void (*draw)(u32 col, u32 row, u8 c));

/*
 * Puts one character at the cursor. '\n' goes to the start of the next line, '\r' to that of this
 * one, '\t' to the next multiple of 8, '\b' back one cell within the line; other control characters
 * fill a cell like any other. Draws nothing yet. Any context, see above.
 */
void screen_put(struct screen *s, char c);

/* Has the next flush draw every cell, as something else was drawn over them. Any context. */
void screen_redraw(struct screen *s);

/* Draws what has changed. Any context, see above. */
void screen_flush(struct screen *s);

#endif
