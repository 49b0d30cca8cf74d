/* SPDX-License-Identifier: MIT */
/*
 * From a PC keyboard's scan codes to keys: US layout, sets 1 and 2 (IBM PS/2 Technical Reference,
 * "Keyboard Scan Codes"). Pure, built on the host too.
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
	u32 set;  /* 1, what a controller that translates hands on; or 2, what a keyboard sends */
	u32 skip; /* codes of a Pause key that are still to come */
	bool extended, released;      /* prefixes seen: E0; F0, in set 2 */
	bool shift[2], ctrl[2], caps; /* held: left and right; on */
};

/* Takes one byte; the key that it completes, or -1. Releases and modifiers give no key. */
int scancode_key(struct scancodes *s, u8 byte);

#endif
