/* SPDX-License-Identifier: MIT */
#include "monitor/ansi.h"

#define ESC           0x1b
#define PARAMETER_MAX 1000

/* The last byte of CSI and SS3 sequences without a number. */
static int by_letter(u8 final)
{
	switch (final) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return KEY_RIGHT;
	case 'D':
		return KEY_LEFT;
	case 'H':
		return KEY_HOME;
	case 'F':
		return KEY_END;
	default:
		return -1;
	}
}

/* CSI n ~ */
static int by_number(u32 n)
{
	switch (n) {
	case 1:
	case 7:
		return KEY_HOME;
	case 3:
		return KEY_DELETE;
	case 4:
	case 8:
		return KEY_END;
	default:
		return -1;
	}
}

static int take_csi(struct ansi *a, u8 byte)
{
	if (byte >= '0' && byte <= '9') {
		if (a->first && a->parameter < PARAMETER_MAX)
			a->parameter = a->parameter * 10 + byte - '0';
		return -1;
	}
	if (byte >= 0x20 && byte < 0x40) { /* further parameters, intermediate bytes */
		a->first = false;
		return -1;
	}
	a->state = ANSI_TEXT;
	return byte == '~' ? by_number(a->parameter) : by_letter(byte);
}

int ansi_key(struct ansi *a, u8 byte)
{
	/* A control character ends an unfinished sequence, and is a key. */
	if (byte < 0x20 && byte != ESC)
		a->state = ANSI_TEXT;
	if (byte == ESC) {
		a->state = ANSI_ESCAPE;
		return -1;
	}
	switch (a->state) {
	case ANSI_ESCAPE:
		a->state = byte == '[' ? ANSI_CSI : byte == 'O' ? ANSI_SS3 : ANSI_TEXT;
		a->parameter = 0;
		a->first = true;
		if (a->state != ANSI_TEXT)
			return -1;
		break;
	case ANSI_CSI:
		return take_csi(a, byte);
	case ANSI_SS3:
		a->state = ANSI_TEXT;
		return by_letter(byte);
	case ANSI_TEXT:
		break;
	}
	return byte < 0x80 ? byte : -1;
}
