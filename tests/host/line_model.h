/* SPDX-License-Identifier: MIT */
/* A terminal that can print, go back and go to the next line; and a check of what it shows. */
#ifndef KEYWARD_TESTS_HOST_LINE_MODEL_H
#define KEYWARD_TESTS_HOST_LINE_MODEL_H

#include <stdlib.h>
#include <string.h>

#include "monitor/ansi.h"
#include "monitor/line.h"

struct line_terminal {
	struct line line;
	struct ansi ansi;
	char cells[LINE_COLUMNS + 2]; /* behind the prompt, without blanks at the end */
	u32 column;
	bool broken; /* it received something that it cannot do */
};

static inline void line_terminal_put(const char *text, void *arg)
{
	struct line_terminal *t = arg;

	for (; *text; text++) {
		if (*text == '\b' && t->column) {
			t->column--;
		} else if (*text == '\n') {
			memset(t->cells, 0, sizeof(t->cells));
			t->column = 0;
		} else if (*text >= ' ' && *text <= '~' && t->column <= LINE_COLUMNS) {
			if (t->column == LINE_COLUMNS)
				t->broken = true;
			for (u32 i = 0; i < t->column; i++)
				t->cells[i] = t->cells[i] ? t->cells[i] : ' ';
			t->cells[t->column++] = *text;
		} else {
			t->broken = true;
		}
	}
	for (size_t n = strlen(t->cells); n > t->line.length && t->cells[n - 1] == ' '; n--)
		t->cells[n - 1] = '\0';
}

static inline void line_terminal_prompt(struct line_terminal *t)
{
	memset(t->cells, 0, sizeof(t->cells));
	t->column = 0;
	line_start(&t->line);
}

static inline void line_terminal_begin(struct line_terminal *t)
{
	memset(t, 0, sizeof(*t));
	t->line.out = line_terminal_put;
	t->line.arg = t;
	line_terminal_prompt(t);
}

static inline enum line_event line_terminal_byte(struct line_terminal *t, u8 byte)
{
	int key = ansi_key(&t->ansi, byte);

	return key < 0 ? LINE_OPEN : line_key(&t->line, key);
}

/* "", or what is wrong with the line or with its display. */
static inline const char *line_terminal_check(const struct line_terminal *t)
{
	const struct line *l = &t->line;
	u32 shown;

	if (t->broken)
		return "the terminal received something that it cannot do";
	if (l->length >= LINE_MAX || strlen(l->text) != l->length || l->cursor > l->length)
		return "length or cursor";
	for (u32 i = 0; i < l->length; i++)
		if (l->text[i] < ' ' || l->text[i] > '~')
			return "a character that is not printable";
	if (l->cursor < l->first || t->column != l->cursor - l->first)
		return "the cursor is elsewhere on the terminal";
	shown = MIN(l->length - l->first, LINE_COLUMNS);
	for (u32 i = 0; i < LINE_COLUMNS; i++) {
		char want = i < shown ? l->text[l->first + i] : 0;
		char is = t->cells[i];

		if (i == 0 && l->first)
			want = '<';
		if (i + 1 == shown && l->first + shown < l->length)
			want = '>';
		if (is != want && !(want == 0 && is == ' '))
			return "the terminal shows something else";
	}
	return "";
}

#endif
