/* SPDX-License-Identifier: MIT */
/* Scan codes of both sets to keys: what a US keyboard sends for each, written down by hand. */
#include "tests/host/harness.h"

#include "kernel/console/scancode.h"

static struct scancodes decoder;

/* Feeds bytes, written in hex; they must give the `n` keys in `want`, in that order. */
static void expect(u32 set, const char *bytes, const int *want, size_t n)
{
	size_t got = 0;
	char *end;

	for (unsigned long byte; byte = strtoul(bytes, &end, 16), end != bytes; bytes = end) {
		int key = scancode_key(&decoder, (u8)byte);

		if (key < 0)
			continue;
		if (got == n || key != want[got])
			fail_msg("set %u: key %d is %x, want %x", set, (int)got, key,
				 got < n ? want[got] : -1);
		got++;
	}
	assert_int_equal(got, n);
}

#define EXPECT(which, bytes, ...)                                             \
	do {                                                                  \
		static const int want[] = { __VA_ARGS__ };                    \
                                                                              \
		decoder = (struct scancodes){ .set = (which) };               \
		expect((which), (bytes), want, sizeof(want) / sizeof(*want)); \
	} while (0)

/* Each key's code in both sets, and the character that it gives without and with Shift. */
static const struct {
	u8 set1, set2;
	char plain, shifted;
} layout[] = {
	{ 0x29, 0x0e, '`', '~' },   { 0x02, 0x16, '1', '!' },   { 0x03, 0x1e, '2', '@' },
	{ 0x04, 0x26, '3', '#' },   { 0x05, 0x25, '4', '$' },   { 0x06, 0x2e, '5', '%' },
	{ 0x07, 0x36, '6', '^' },   { 0x08, 0x3d, '7', '&' },   { 0x09, 0x3e, '8', '*' },
	{ 0x0a, 0x46, '9', '(' },   { 0x0b, 0x45, '0', ')' },   { 0x0c, 0x4e, '-', '_' },
	{ 0x0d, 0x55, '=', '+' },   { 0x10, 0x15, 'q', 'Q' },   { 0x11, 0x1d, 'w', 'W' },
	{ 0x12, 0x24, 'e', 'E' },   { 0x13, 0x2d, 'r', 'R' },   { 0x14, 0x2c, 't', 'T' },
	{ 0x15, 0x35, 'y', 'Y' },   { 0x16, 0x3c, 'u', 'U' },   { 0x17, 0x43, 'i', 'I' },
	{ 0x18, 0x44, 'o', 'O' },   { 0x19, 0x4d, 'p', 'P' },   { 0x1a, 0x54, '[', '{' },
	{ 0x1b, 0x5b, ']', '}' },   { 0x1e, 0x1c, 'a', 'A' },   { 0x1f, 0x1b, 's', 'S' },
	{ 0x20, 0x23, 'd', 'D' },   { 0x21, 0x2b, 'f', 'F' },   { 0x22, 0x34, 'g', 'G' },
	{ 0x23, 0x33, 'h', 'H' },   { 0x24, 0x3b, 'j', 'J' },   { 0x25, 0x42, 'k', 'K' },
	{ 0x26, 0x4b, 'l', 'L' },   { 0x27, 0x4c, ';', ':' },   { 0x28, 0x52, '\'', '"' },
	{ 0x2b, 0x5d, '\\', '|' },  { 0x2c, 0x1a, 'z', 'Z' },   { 0x2d, 0x22, 'x', 'X' },
	{ 0x2e, 0x21, 'c', 'C' },   { 0x2f, 0x2a, 'v', 'V' },   { 0x30, 0x32, 'b', 'B' },
	{ 0x31, 0x31, 'n', 'N' },   { 0x32, 0x3a, 'm', 'M' },   { 0x33, 0x41, ',', '<' },
	{ 0x34, 0x49, '.', '>' },   { 0x35, 0x4a, '/', '?' },   { 0x39, 0x29, ' ', ' ' },
	{ 0x0e, 0x66, '\b', '\b' }, { 0x0f, 0x0d, '\t', '\t' }, { 0x1c, 0x5a, '\n', '\n' },
	{ 0x01, 0x76, 0x1b, 0x1b },
};

static void every_key_gives_its_character(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(layout); i++) {
		struct scancodes one = { .set = 1 }, two = { .set = 2 };

		for (int shift = 0; shift < 2; shift++) {
			int want = shift ? layout[i].shifted : layout[i].plain;

			assert_int_equal(scancode_key(&one, layout[i].set1), want);
			assert_int_equal(scancode_key(&one, layout[i].set1 | 0x80), -1);
			assert_int_equal(scancode_key(&two, layout[i].set2), want);
			assert_int_equal(scancode_key(&two, 0xf0), -1);
			assert_int_equal(scancode_key(&two, layout[i].set2), -1);
			assert_int_equal(scancode_key(&one, 0x2a), -1);
			assert_int_equal(scancode_key(&two, 0x12), -1);
		}
	}
}

static void modifiers_change_what_keys_give(void **state)
{
	(void)state;
	EXPECT(1, "1e 9e 2a 1e 9e aa 1e 9e", 'a', 'A', 'a');
	EXPECT(1, "36 1e 9e b6 1e", 'A', 'a');
	EXPECT(1, "2a 36 aa 1e b6 1e", 'A', 'a'); /* two shifts, one released */
	EXPECT(1, "3a ba 1e 02 2a 1e 02 aa 3a ba 1e", 'A', '1', 'a', '!', 'a');
	EXPECT(1, "1d 1e 9e 2e 9d 1e", 1, 3, 'a');
	EXPECT(1, "e0 1d 16 e0 9d 16", 0x15, 'u'); /* right Ctrl */
	EXPECT(1, "1d 02 9d 02", '1');             /* no such control character */
	EXPECT(1, "38 1e b8 1e", 'a', 'a');        /* Alt: nothing */
	EXPECT(2, "12 1c f0 1c f0 12 1c", 'A', 'a');
	EXPECT(2, "14 1c f0 14 1c", 1, 'a');
	EXPECT(2, "e0 14 3c e0 f0 14 3c", 0x15, 'u');
	EXPECT(2, "58 f0 58 1c", 'A');
}

static void cursor_and_keypad_keys_are_read(void **state)
{
	(void)state;
	EXPECT(1, "e0 48 e0 c8 e0 50 e0 4b e0 4d e0 47 e0 4f e0 53", KEY_UP, KEY_DOWN, KEY_LEFT,
	       KEY_RIGHT, KEY_HOME, KEY_END, KEY_DELETE);
	EXPECT(2, "e0 75 e0 f0 75 e0 72 e0 6b e0 74 e0 6c e0 69 e0 71", KEY_UP, KEY_DOWN, KEY_LEFT,
	       KEY_RIGHT, KEY_HOME, KEY_END, KEY_DELETE);
	EXPECT(1, "2a e0 aa e0 48 1e", KEY_UP, 'A'); /* Shift is held still */
	/* With Shift held, these come between a fake release of Shift and a fake press. */
	EXPECT(1, "2a e0 aa e0 48 e0 c8 e0 2a 1e aa", KEY_UP, 'A');
	EXPECT(2, "12 e0 f0 12 e0 75 e0 f0 75 e0 12 1c", KEY_UP, 'A');
	EXPECT(1, "e0 1c e0 35 e0 5b e0 49", '\n', '/'); /* keypad; Windows and Page Up: none */
	EXPECT(1, "47 48 49 4b 4c 4d 4f 50 51 52 53 4a 4e 37", '7', '8', '9', '4', '5', '6', '1',
	       '2', '3', '0', '.', '-', '+', '*');
	EXPECT(2, "6c 75 7d 6b 73 74 69 72 7a 70 71 7b 79 7c", '7', '8', '9', '4', '5', '6', '1',
	       '2', '3', '0', '.', '-', '+', '*');
	EXPECT(1, "3b 44 57 58 1e", 'a'); /* function keys */
	EXPECT(2, "05 83 78 07 1c", 'a');
}

/* Pause sends press and release at once; its codes alone would be Ctrl and Num Lock. */
static void pause_gives_no_key(void **state)
{
	(void)state;
	EXPECT(1, "e1 1d 45 e1 9d c5 1e", 'a');
	EXPECT(2, "e1 14 77 e1 f0 14 f0 77 1c", 'a');
	EXPECT(1, "1d e1 1d 45 e1 9d c5 1e", 1); /* the Ctrl that is held is a different key */
}

/* Answers of keyboard and controller, overruns. */
static void answers_give_no_key(void **state)
{
	(void)state;
	EXPECT(1, "fa fe ff 00 ee 59 7f aa 1e", 'a');
	EXPECT(2, "fa fe ff 00 ee 7f 8f aa 1c", 'a');
}

static void random_bytes_give_valid_keys_only(void **state)
{
	u64 seed = 99;

	(void)state;
	for (u32 set = 1; set <= 2; set++) {
		decoder = (struct scancodes){ .set = set };
		for (u32 i = 0; i < 300000; i++) {
			int key;

			seed = seed * 6364136223846793005 + 1442695040888963407;
			key = scancode_key(&decoder, (u8)(seed >> 40));
			if (key != -1 && (key < 1 || key > 0x7e) &&
			    (key < KEY_UP || key > KEY_DELETE))
				fail_msg("key %x", key);
			assert_true(decoder.skip <= 2);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_gives_its_character),
		cmocka_unit_test(modifiers_change_what_keys_give),
		cmocka_unit_test(cursor_and_keypad_keys_are_read),
		cmocka_unit_test(pause_gives_no_key),
		cmocka_unit_test(answers_give_no_key),
		cmocka_unit_test(random_bytes_give_valid_keys_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
