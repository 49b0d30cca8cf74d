/* SPDX-License-Identifier: MIT */
/*
 * Turns the bytes that a terminal sends into keys: ECMA-48's control sequences for the cursor keys,
 * as VT100, xterm and similar terminals send them. Pure.
 */
#ifndef KEYWARD_MONITOR_ANSI_H
#define KEYWARD_MONITOR_ANSI_H

#include "kernel/console/scancode.h"

struct ansi {
	enum { ANSI_TEXT, ANSI_ESCAPE, ANSI_CSI, ANSI_SS3 } state;
	u32 parameter; /* the first number of a CSI */
	bool first;    /* no ; so far */
};

/*
 * Takes one byte; returns the key that it completes, or -1. Unknown sequences and bytes that are
 * not ASCII give no key. An ESC that begins no sequence is dropped.
 */
int ansi_key(struct ansi *a, u8 byte);

#endif
