/* SPDX-License-Identifier: MIT */
/*
 * From the bytes that a terminal sends to keys: ECMA-48's control sequences for the cursor keys, as
 * VT100, xterm and their kin send them. Pure.
 */
#ifndef KEYWARD_MONITOR_ANSI_H
#define KEYWARD_MONITOR_ANSI_H

#include "kernel/console/scancode.h"

struct ansi {
	enum { ANSI_TEXT, ANSI_ESCAPE, ANSI_CSI, ANSI_SS3 } state;
	u32 parameter; /* the first number of a CSI */
	bool first;    /* no ; has come yet */
};

/*
 * Takes one byte; the key that it completes, or -1. A sequence that is not known gives no key, a
 * byte that is not ASCII neither. An ESC that begins no sequence is dropped.
 */
int ansi_key(struct ansi *a, u8 byte);

#endif
