/* SPDX-License-Identifier: MIT */
/*
 * Decodes a PC keyboard's scan codes: US layout, sets 1 and 2 (IBM PS/2 Technical Reference,
 * "Keyboard Scan Codes"). Pure; also built on the host.
 */
#ifndef KEYWARD_KERNEL_CONSOLE_SCANCODE_H
#define KEYWARD_KERNEL_CONSOLE_SCANCODE_H

#include "kernel/lib/types.h"

/* A key is an ASCII character, control characters included, or one of these; -1: none. */
enum key {
	KEY_UP = 0x100,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_HOME,
	KEY_END,
	KEY_DELETE,
};
#define KEY_BACKSPACE '\b'
#define KEY_ENTER     '\n'

struct scancodes {
	u32 set;  /* 1: translated by the controller; 2: as the keyboard sends them */
	u32 skip; /* codes of a Pause key still to come */
	bool extended, released;      /* prefixes seen: E0; F0, in set 2 */
	bool shift[2], ctrl[2], caps; /* held, left and right; caps lock on */
};

/* Takes one byte. Returns the key that it completes, or -1; releases and modifiers give none. */
int scancode_key(struct scancodes *s, u8 byte);

#endif
