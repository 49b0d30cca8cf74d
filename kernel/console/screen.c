// SPDX-License-Identifier: MIT
#include "kernel/console/screen.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/string.h"

void screen_redraw(struct screen *s)
{
	memset(s->drawn, 0, (size_t)s->cols * s->rows); /* no cell has NUL: see put_cell() */
}

void screen_start(struct screen *s, u32 cols, u32 rows, u32 step,
		  void (*draw)(u32 col, u32 row, u8 c))
{
	s->cols = MIN(cols, SCREEN_COLS_MAX);
	s->rows = MIN(rows, SCREEN_ROWS_MAX);
	s->step = MAX(MIN(step, s->rows), 1);
	s->col = 0;
	s->row = 0;
	s->draw = draw;
	memset(s->text, ' ', sizeof(s->text));
	memset(s->drawn, ' ', sizeof(s->drawn)); /* beyond the last cell the two are equal */
	screen_redraw(s);
}

static void next_line(struct screen *s)
{
	u32 cells = s->cols * s->rows, gone = s->cols * s->step;
	u32 row = READ_ONCE(s->row);

	WRITE_ONCE(s->col, 0);
	if (row + 1 < s->rows) {
		WRITE_ONCE(s->row, row + 1);
		return;
	}
	memmove(s->text, s->text + gone, cells - gone);
	memset(s->text + cells - gone, ' ', gone);
	WRITE_ONCE(s->row, s->rows - s->step);
}

static void put_cell(struct screen *s, u8 c)
{
	u32 col, row;

	if (READ_ONCE(s->col) >= s->cols)
		next_line(s);
	col = READ_ONCE(s->col);
	row = READ_ONCE(s->row);
	if (col >= s->cols || row >= s->rows)
		return; /* a panic or an NMI has printed in between */
	s->text[row * s->cols + col] = c ? c : '?';
	WRITE_ONCE(s->col, col + 1);
}

void screen_put(struct screen *s, char c)
{
	u32 col = READ_ONCE(s->col);

	switch (c) {
	case '\n':
		next_line(s);
		break;
	case '\r':
		WRITE_ONCE(s->col, 0);
		break;
	case '\b':
		WRITE_ONCE(s->col, col ? col - 1 : 0);
		break;
	case '\t':
		do
			put_cell(s, ' ');
		while (READ_ONCE(s->col) % SCREEN_TAB && READ_ONCE(s->col) < s->cols);
		break;
	default:
		put_cell(s, (u8)c);
	}
}

/*
 * Draws a cell before it marks it as drawn: if an NMI prints in between, at worst the next flush
 * draws the cell once too often.
 */
static void flush_word(struct screen *s, u32 first)
{
	for (u32 i = first; i < first + 8 && i < s->cols * s->rows; i++) {
		u8 c = READ_ONCE(s->text[i]);

		if (c != s->drawn[i]) {
			s->draw(i % s->cols, i / s->cols, c);
			s->drawn[i] = c;
		}
	}
}

void screen_flush(struct screen *s)
{
	for (u32 i = 0; i < s->cols * s->rows; i += 8) {
		u64 text, drawn;

		memcpy(&text, s->text + i, 8);
		memcpy(&drawn, s->drawn + i, 8);
		if (text != drawn)
			flush_word(s, i);
	}
}
