/* SPDX-License-Identifier: MIT */
/*
 * Editing one line on a terminal of which nothing is asked but to print and to go back at \b: no
 * escape sequence is ever sent. Pure; whoever uses it brings the keys and takes the output.
 *
 *	arrows ^B ^F ^A ^E Home End   move        ^P ^N Up Down   history
 *	Backspace Delete ^D           one away    ^C              the line is dropped
 *	^W ^U ^K                      the word before, all before, all behind
 *	Tab                           what complete() says is put in
 */
#ifndef KEYWARD_MONITOR_LINE_H
#define KEYWARD_MONITOR_LINE_H

#include "kernel/console/scancode.h"

#define LINE_MAX     256 /* bytes of a line, with its terminator; more keys are dropped */
#define LINE_COLUMNS 68  /* of it are shown; < and > stand for the rest */
#define LINE_HISTORY 16

enum line_event {
	LINE_OPEN,    /* still being edited */
	LINE_DONE,    /* Enter: `text` is the line, until the next line_start() */
	LINE_DROPPED, /* ^C */
};

struct line {
	/* Set by the owner. Text for the terminal; arg is passed on. */
	void (*out)(const char *text, void *arg);
	/* Writes what could be added behind the text before the cursor; NULL: nothing ever. */
	void (*complete)(const char *before, char *more, size_t size);
	void *arg;

	char text[LINE_MAX];
	u32 length, cursor;

	/* What the terminal shows: `view` from the character `first` on, its cursor at `column`. */
	char view[LINE_COLUMNS + 1];
	u32 first, column;

	char history[LINE_HISTORY][LINE_MAX]; /* a ring, the newest at `newest` */
	u32 newest, kept, back;               /* how far back the line comes from; 0: a new one */
	char draft[LINE_MAX];                 /* the new one, while an old one is looked at */
};

/* Begins an empty line; the prompt has just been printed. */
void line_start(struct line *l);

/* Takes one key (enum key); others than the above are dropped. */
enum line_event line_key(struct line *l, int key);

#endif
