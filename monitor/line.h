/* SPDX-License-Identifier: MIT */
/*
 * Edits one line on a terminal that need only print, and go back at \b: sends no escape sequence.
 * Pure; the owner supplies the keys and takes the output.
 *
 *	arrows ^B ^F ^A ^E Home End   move           ^P ^N Up Down   history
 *	Backspace Delete ^D           delete one     ^C              drop the line
 *	^W ^U ^K                      delete the word before, all before, all behind
 *	Tab                           insert what complete() writes
 */
#ifndef KEYWARD_MONITOR_LINE_H
#define KEYWARD_MONITOR_LINE_H

#include "kernel/console/scancode.h"

#define LINE_MAX     256 /* bytes of a line, with its terminator; drops further keys */
#define LINE_COLUMNS 68  /* characters of it that are shown; < and > stand for the rest */
#define LINE_HISTORY 16

enum line_event {
	LINE_OPEN,    /* not finished */
	LINE_DONE,    /* Enter: `text` is the line, until the next line_start() */
	LINE_DROPPED, /* ^C */
};

struct line {
	/* Set by the owner. Sends text to the terminal; `arg` is the one below. */
	void (*out)(const char *text, void *arg);
	/* Writes to `more` what completes the text before the cursor. NULL: no completion. */
	void (*complete)(const char *before, char *more, size_t size);
	void *arg;

	char text[LINE_MAX];
	u32 length, cursor;

	/* What the terminal shows: `view` from the character `first` on, its cursor at `column`. */
	char view[LINE_COLUMNS + 1];
	u32 first, column;

	char history[LINE_HISTORY][LINE_MAX]; /* a ring, the newest at `newest` */
	u32 newest, kept, back;               /* back: how many lines ago; 0: the new line */
	char draft[LINE_MAX];                 /* keeps the new line while an old one is shown */
};

/* Begins an empty line. Print the prompt first. */
void line_start(struct line *l);

/* Takes one key (enum key); drops those that are not in the list above. */
enum line_event line_key(struct line *l, int key);

#endif
