/* SPDX-License-Identifier: MIT */
#include "kernel/console/scancode.h"

#define CODES     0x59 /* the table of set 1 has these codes */
#define EXTENDED  0xe0
#define PAUSE     0xe1 /* two codes follow; press and release come together */
#define RELEASE_1 0x80 /* set 1: a bit */
#define RELEASE_2 0xf0 /* set 2: a prefix */

#define CODE_CTRL    0x1d
#define CODE_LSHIFT  0x2a
#define CODE_RSHIFT  0x36
#define CODE_CAPS    0x3a
#define CODE_SLASH   0x35
#define CODE_ENTER   0x1c
#define CODE_HOME    0x47
#define KEYPAD_CODES 13

static const char plain[CODES] = {
	[0x01] = '\x1b',
	[0x02] = '1',
	[0x03] = '2',
	[0x04] = '3',
	[0x05] = '4',
	[0x06] = '5',
	[0x07] = '6',
	[0x08] = '7',
	[0x09] = '8',
	[0x0a] = '9',
	[0x0b] = '0',
	[0x0c] = '-',
	[0x0d] = '=',
	'\b',
	'\t',
	'q',
	'w',
	'e',
	'r',
	't',
	'y',
	'u',
	'i',
	'o',
	'p',
	'[',
	']',
	'\n',
	[0x1e] = 'a',
	's',
	'd',
	'f',
	'g',
	'h',
	'j',
	'k',
	'l',
	';',
	'\'',
	'`',
	[0x2b] = '\\',
	'z',
	'x',
	'c',
	'v',
	'b',
	'n',
	'm',
	',',
	'.',
	'/',
	[0x37] = '*',
	[0x39] = ' ',
	[0x47] = '7',
	'8',
	'9',
	'-',
	'4',
	'5',
	'6',
	'+',
	'1',
	'2',
	'3',
	'0',
	'.',
	[0x56] = '\\',
};

/* Pairs: a key that is no letter, and what Shift makes of it. */
static const char shifted[] = "1!2@3#4$5%6^7&8*9(0)-_=+[{]};:'\"`~\\|,<.>/?";

/* What the keypad's codes from CODE_HOME on mean after E0: keys of their own. */
static const short extended_keys[KEYPAD_CODES] = {
	KEY_HOME, KEY_UP,  -1,       -1, KEY_LEFT, -1,         KEY_RIGHT,
	-1,       KEY_END, KEY_DOWN, -1, -1,       KEY_DELETE,
};

/* Set 2 to set 1, as the controller translates; 0: no key used here. */
static const u8 from_set_2[0x80] = {
	[0x76] = 0x01, [0x16] = 0x02, [0x1e] = 0x03, [0x26] = 0x04, [0x25] = 0x05, [0x2e] = 0x06,
	[0x36] = 0x07, [0x3d] = 0x08, [0x3e] = 0x09, [0x46] = 0x0a, [0x45] = 0x0b, [0x4e] = 0x0c,
	[0x55] = 0x0d, [0x66] = 0x0e, [0x0d] = 0x0f, [0x15] = 0x10, [0x1d] = 0x11, [0x24] = 0x12,
	[0x2d] = 0x13, [0x2c] = 0x14, [0x35] = 0x15, [0x3c] = 0x16, [0x43] = 0x17, [0x44] = 0x18,
	[0x4d] = 0x19, [0x54] = 0x1a, [0x5b] = 0x1b, [0x5a] = 0x1c, [0x14] = 0x1d, [0x1c] = 0x1e,
	[0x1b] = 0x1f, [0x23] = 0x20, [0x2b] = 0x21, [0x34] = 0x22, [0x33] = 0x23, [0x3b] = 0x24,
	[0x42] = 0x25, [0x4b] = 0x26, [0x4c] = 0x27, [0x52] = 0x28, [0x0e] = 0x29, [0x12] = 0x2a,
	[0x5d] = 0x2b, [0x1a] = 0x2c, [0x22] = 0x2d, [0x21] = 0x2e, [0x2a] = 0x2f, [0x32] = 0x30,
	[0x31] = 0x31, [0x3a] = 0x32, [0x41] = 0x33, [0x49] = 0x34, [0x4a] = 0x35, [0x59] = 0x36,
	[0x7c] = 0x37, [0x11] = 0x38, [0x29] = 0x39, [0x58] = 0x3a, [0x77] = 0x45, [0x6c] = 0x47,
	[0x75] = 0x48, [0x7d] = 0x49, [0x7b] = 0x4a, [0x6b] = 0x4b, [0x73] = 0x4c, [0x74] = 0x4d,
	[0x79] = 0x4e, [0x69] = 0x4f, [0x72] = 0x50, [0x7a] = 0x51, [0x70] = 0x52, [0x71] = 0x53,
	[0x61] = 0x56,
};

static int with_shift(char c)
{
	for (const char *pair = shifted; *pair; pair += 2)
		if (*pair == c)
			return pair[1];
	return c;
}

/* Returns the key of a set 1 code without its release bit and without E0. */
static int plain_key(const struct scancodes *s, u8 code)
{
	bool shift = s->shift[0] || s->shift[1], ctrl = s->ctrl[0] || s->ctrl[1];
	char c = code < CODES ? plain[code] : 0;
	bool letter = c >= 'a' && c <= 'z';

	if (!c)
		return -1;
	if (ctrl)
		return letter ? c - 'a' + 1 : -1;
	if (letter)
		return shift != s->caps ? c - 'a' + 'A' : c;
	return shift && (code < CODE_HOME || code == 0x56) ? with_shift(c) : c;
}

static int extended_key(u8 code)
{
	if (code == CODE_ENTER)
		return KEY_ENTER;
	if (code == CODE_SLASH)
		return '/';
	if (code >= CODE_HOME && code < CODE_HOME + KEYPAD_CODES)
		return extended_keys[code - CODE_HOME];
	return -1; /* among others the fake shifts sent around these keys */
}

static int take_code(struct scancodes *s, u8 code, bool press, bool extended)
{
	switch (code) {
	case CODE_CTRL:
		s->ctrl[extended] = press;
		return -1;
	case CODE_LSHIFT:
	case CODE_RSHIFT:
		if (!extended)
			s->shift[code == CODE_RSHIFT] = press;
		return -1;
	case CODE_CAPS:
		s->caps ^= press;
		return -1;
	default:
		if (!press)
			return -1;
		return extended ? extended_key(code) : plain_key(s, code);
	}
}

int scancode_key(struct scancodes *s, u8 byte)
{
	bool extended = s->extended, press;

	if (byte == PAUSE) {
		s->skip = 2;
		s->extended = s->released = false;
		return -1;
	}
	if (byte == EXTENDED) {
		s->extended = true;
		return -1;
	}
	if (s->set == 2 && byte == RELEASE_2) {
		s->released = true;
		return -1;
	}
	press = s->set == 2 ? !s->released : !(byte & RELEASE_1);
	s->extended = s->released = false;
	if (s->skip) {
		s->skip--;
		return -1;
	}
	if (s->set == 2)
		byte = byte < sizeof(from_set_2) ? from_set_2[byte] : 0;
	return take_code(s, byte & (u8)~RELEASE_1, press, extended);
}
