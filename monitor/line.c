/* SPDX-License-Identifier: MIT */
#include "monitor/line.h"

#include "kernel/lib/string.h"

#define CTRL(c) ((c)&0x1f)

static void copy_view(const struct line *l, char view[LINE_COLUMNS + 1])
{
	u32 n = MIN(l->length - l->first, LINE_COLUMNS);

	memcpy(view, l->text + l->first, n);
	view[n] = '\0';
	if (l->first)
		view[0] = '<';
	if (l->first + n < l->length)
		view[n - 1] = '>';
}

/* Keeps the cursor inside the window, and off < and >, except at the line's end. */
static void scroll(struct line *l)
{
	u32 last = l->first + LINE_COLUMNS - 1;

	if (l->first && l->cursor <= l->first)
		l->first = l->cursor > LINE_COLUMNS / 2 ? l->cursor - LINE_COLUMNS / 2 : 0;
	else if (l->cursor > last || (l->cursor == last && l->length > last + 1))
		l->first = l->cursor - LINE_COLUMNS / 2;
}

/*
 * Makes the terminal show the line: goes back or forth to the first column that differs, sends the
 * rest, blanks what is left of the old view, and goes back to the cursor.
 */
static void redraw(struct line *l)
{
	char view[LINE_COLUMNS + 1], send[5 * LINE_COLUMNS + 1];
	u32 from = 0, to, blanks, column, at = l->column, n = 0;

	scroll(l);
	copy_view(l, view);
	column = l->cursor - l->first;
	to = (u32)strlen(view);
	blanks = (u32)strlen(l->view);
	while (view[from] && view[from] == l->view[from])
		from++;
	if (from == to && from == blanks) /* all is shown already: only the cursor moves */
		from = to = blanks = column;
	for (; at > from; at--)
		send[n++] = '\b';
	for (; at < to; at++)
		send[n++] = view[at];
	for (; at < blanks; at++)
		send[n++] = ' ';
	for (; at > column; at--)
		send[n++] = '\b';
	send[n] = '\0';
	memcpy(l->view, view, sizeof(view));
	l->column = column;
	if (n)
		l->out(send, l->arg);
}

static void insert(struct line *l, const char *text)
{
	u32 n = (u32)strlen(text);

	if (l->length + n >= LINE_MAX)
		return;
	memmove(l->text + l->cursor + n, l->text + l->cursor, l->length - l->cursor + 1);
	memcpy(l->text + l->cursor, text, n);
	l->length += n;
	l->cursor += n;
}

/* Deletes [from, to), and puts the cursor at `from`. */
static void cut(struct line *l, u32 from, u32 to)
{
	memmove(l->text + from, l->text + to, l->length - to + 1);
	l->length -= to - from;
	l->cursor = from;
}

static u32 word_start(const struct line *l)
{
	u32 at = l->cursor;

	while (at && l->text[at - 1] == ' ')
		at--;
	while (at && l->text[at - 1] != ' ')
		at--;
	return at;
}

static void remember(struct line *l)
{
	if (!l->length || (l->kept && !strcmp(l->text, l->history[l->newest])))
		return;
	l->newest = (l->newest + 1) % LINE_HISTORY;
	l->kept = MIN(l->kept + 1, LINE_HISTORY);
	memcpy(l->history[l->newest], l->text, LINE_MAX);
}

/* Shows the line of `back` lines ago. */
static void recall(struct line *l, u32 back)
{
	const char *from = l->draft;

	if (back > l->kept)
		return;
	if (!l->back)
		memcpy(l->draft, l->text, LINE_MAX);
	if (back)
		from = l->history[(l->newest + LINE_HISTORY - (back - 1)) % LINE_HISTORY];
	l->back = back;
	memcpy(l->text, from, LINE_MAX);
	l->length = l->cursor = (u32)strlen(l->text);
}

static void complete(struct line *l)
{
	char before[LINE_MAX], more[LINE_MAX] = "";

	if (!l->complete)
		return;
	memcpy(before, l->text, l->cursor);
	before[l->cursor] = '\0';
	l->complete(before, more, sizeof(more));
	insert(l, more);
}

void line_start(struct line *l)
{
	memset(l->text, 0, sizeof(l->text));
	memset(l->view, 0, sizeof(l->view));
	l->length = l->cursor = l->first = l->column = l->back = 0;
}

static void move(struct line *l, int key)
{
	switch (key) {
	case KEY_LEFT:
	case CTRL('B'):
		l->cursor -= l->cursor > 0;
		break;
	case KEY_RIGHT:
	case CTRL('F'):
		l->cursor += l->cursor < l->length;
		break;
	case KEY_HOME:
	case CTRL('A'):
		l->cursor = 0;
		break;
	case KEY_END:
	case CTRL('E'):
		l->cursor = l->length;
		break;
	case KEY_UP:
	case CTRL('P'):
		recall(l, l->back + 1);
		break;
	case KEY_DOWN:
	case CTRL('N'):
		if (l->back)
			recall(l, l->back - 1);
		break;
	}
}

static void edit(struct line *l, int key)
{
	char one[2] = { (char)key };

	switch (key) {
	case KEY_BACKSPACE:
	case 0x7f:
		if (l->cursor)
			cut(l, l->cursor - 1, l->cursor);
		break;
	case KEY_DELETE:
	case CTRL('D'):
		if (l->cursor < l->length)
			cut(l, l->cursor, l->cursor + 1);
		break;
	case CTRL('W'):
		cut(l, word_start(l), l->cursor);
		break;
	case CTRL('U'):
		cut(l, 0, l->cursor);
		break;
	case CTRL('K'):
		cut(l, l->cursor, l->length);
		break;
	case '\t':
		complete(l);
		break;
	default:
		if (key >= ' ' && key <= '~')
			insert(l, one);
		else
			move(l, key);
	}
}

enum line_event line_key(struct line *l, int key)
{
	if (key == KEY_ENTER || key == '\r') {
		remember(l);
		l->out("\n", l->arg);
		return LINE_DONE;
	}
	if (key == CTRL('C')) {
		l->out("^C\n", l->arg);
		return LINE_DROPPED;
	}
	edit(l, key);
	redraw(l);
	return LINE_OPEN;
}
