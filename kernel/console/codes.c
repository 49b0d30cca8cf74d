// SPDX-License-Identifier: MIT
#include "kernel/console/codes.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/qr.h"

#define CAPTION_ROWS  2
#define CAPTION_MAX   160
#define SCALE_GOOD    6 /* pixels a module, if the letters are small; then more codes a page */
#define SCALE_FAIR    4 /* below this a smaller code is better */
#define VERSION_LEAST 6 /* a part is at least as long as its head */

/* A code and the light margin around it, in modules. */
static u32 modules(u32 version)
{
	return QR_SIZE(version) + 2 * QR_QUIET;
}

/* The largest code whose modules are fair on so many pixels a side; else the least, or 0. */
static u32 version_on(u32 side)
{
	for (u32 version = QR_VERSION_MAX; version >= VERSION_LEAST; version--)
		if (side / modules(version) >= SCALE_FAIR)
			return version;
	return side >= modules(VERSION_LEAST) ? VERSION_LEAST : 0;
}

struct code_layout codes_layout(u32 width, u32 height, u32 letters)
{
	u32 good = SCALE_GOOD * letters * modules(QR_VERSION_MAX);
	u32 row = FONT_HEIGHT * letters, rows = height / row, side;
	struct code_layout l;

	height = rows > CAPTION_ROWS ? (rows - CAPTION_ROWS) * row : 0;
	l.cols = MAX(width / good, 1);
	l.rows = MAX(height / good, 1);
	side = MIN(width / l.cols, height / l.rows);
	l.version = version_on(side);
	l.scale = l.version ? side / modules(l.version) : 0;
	return l;
}

static u32 count(const struct code_layout *l, const struct summary *s)
{
	return summary_codes(s, qr_capacity(l->version));
}

u32 codes_pages(const struct code_layout *l, const struct summary *s)
{
	return (count(l, s) + l->cols * l->rows - 1) / (l->cols * l->rows);
}

static void draw_code(const struct fbcon *screen, const struct code_layout *l, const struct qr *qr,
		      u32 left, u32 top)
{
	u32 n = modules(l->version);

	fbcon_fill(screen, left, top, n * l->scale, n * l->scale, true);
	for (u32 y = 0; y < qr->size; y++)
		for (u32 x = 0; x < qr->size; x++)
			if (qr_dark(qr, x, y))
				fbcon_fill(screen, left + (x + QR_QUIET) * l->scale,
					   top + (y + QR_QUIET) * l->scale, l->scale, l->scale,
					   false);
}

/* Draws a line of text; `row` counts from the bottom. */
static void draw_caption(const struct fbcon *screen, u32 row, const char *text)
{
	u32 rows = screen->height / (FONT_HEIGHT * screen->scale);
	u32 cols = screen->width / (FONT_WIDTH * screen->scale);

	for (u32 col = 0; text[col] && col < cols && rows > row; col++)
		fbcon_draw(screen, col, rows - 1 - row, (u8)text[col]);
}

void codes_draw(const struct fbcon *screen, const struct code_layout *l, const struct summary *s,
		u32 page)
{
	static struct qr qr;
	static char text[SUMMARY_HEAD + QR_WORDS_MAX];
	char caption[CAPTION_MAX];
	u32 first = page * l->cols * l->rows, pages = codes_pages(l, s);
	u32 last = MIN(first + l->cols * l->rows, count(l, s));

	fbcon_fill(screen, 0, 0, screen->width, screen->height, false);
	for (u32 k = first; k < last; k++) {
		u32 n = summary_code(s, qr_capacity(l->version), k, text);
		u32 place = k - first, side = modules(l->version) * l->scale;

		if (qr_make(&qr, l->version, text, n))
			draw_code(screen, l, &qr, place % l->cols * side, place / l->cols * side);
	}
	ksnprintf(caption, sizeof(caption), "Results, page %u of %u: photograph each page.",
		  page + 1, pages);
	draw_caption(screen, 1, caption);
	draw_caption(screen, 0,
		     "A key turns the page, Esc ends. All tests have ended: you may switch off.");
}
