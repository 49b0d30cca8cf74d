/* SPDX-License-Identifier: MIT */
/* Line editing, checked on a model of a terminal: by hand, and with random keys. */
#include "tests/host/harness.h"

#include "monitor/ansi.h"
#include "monitor/line.h"
#include "tests/host/line_model.h"

static struct line_terminal term;

static void start(void)
{
	line_terminal_begin(&term);
}

/* Types what a terminal would send, escape sequences too. */
static enum line_event type(const char *bytes)
{
	enum line_event event = LINE_OPEN;

	for (; *bytes && event == LINE_OPEN; bytes++)
		event = line_terminal_byte(&term, (u8)*bytes);
	return event;
}

static void expect(const char *bytes, const char *text, u32 cursor)
{
	start();
	assert_int_equal(type(bytes), LINE_OPEN);
	assert_string_equal(term.line.text, text);
	assert_int_equal(term.line.cursor, cursor);
	assert_string_equal(term.cells, text);
	assert_int_equal(term.column, cursor);
}

#define LEFT  "\x1b[D"
#define RIGHT "\x1b[C"
#define UP    "\x1b[A"
#define DOWN  "\x1b[B"

static void editing_keys_change_the_line(void **state)
{
	(void)state;
	expect("", "", 0);
	expect("read 1", "read 1", 6);
	expect("rad" LEFT LEFT "e", "read", 2);
	expect("xa" LEFT "\b", "a", 0);
	expect("ab\x7f\x7f\x7f", "", 0);
	expect("abc\x01X", "Xabc", 1);
	expect("abc\x01\x05X", "abcX", 4);
	expect("abc" LEFT "\x0b", "ab", 2);
	expect("abc" LEFT "\x15", "c", 0);
	expect("run  a.b  \x17", "run  ", 5);
	expect("run a" LEFT "\x17", "a", 0);
}

static void escape_sequences_give_keys(void **state)
{
	(void)state;
	expect("ab\x1bOD\x1bOCc", "abc", 3);
	expect("ab\x1b[HX\x1b[FY", "XabY", 4);
	expect("ab\x1b[1~X\x1b[4~Y", "XabY", 4);
	expect("ab\x1b[7~X\x1b[8~Y", "XabY", 4);
	expect("ab\x1b[D\x1b[3~", "a", 1);
	expect("ab\x1b[1;5DX", "aXb", 2);         /* Ctrl and an arrow: the arrow */
	expect("ab\x1b[99999999999~c", "abc", 3); /* unknown: ignored */
	expect("ab\x1b[?25lc", "abc", 3);
	expect("a\x1b"
	       "b",
	       "ab", 2); /* not a sequence: ESC is dropped */
	expect("a\x1b[\x01"
	       "b",
	       "ba", 1); /* a control key ends a sequence */
	expect("a\xc3\xa4"
	       "b",
	       "ab", 2); /* not ASCII */
	expect("a\x02\x02\x06z", "az", 2);
	expect("abc\x02\x04", "ab", 2);
}

/* The decoder and the line each drop what is not ASCII. */
static void non_ascii_bytes_are_dropped(void **state)
{
	struct ansi ansi = { 0 };

	(void)state;
	start();
	for (int byte = 0x80; byte < 0x100; byte++) {
		assert_int_equal(ansi_key(&ansi, (u8)byte), -1);
		assert_int_equal(line_key(&term.line, byte), LINE_OPEN);
	}
	assert_int_equal(line_key(&term.line, KEY_DELETE + 1), LINE_OPEN);
	assert_string_equal(term.line.text, "");
}

static void enter(const char *text)
{
	line_terminal_prompt(&term);
	assert_int_equal(type(text), LINE_OPEN);
	assert_int_equal(type("\r"), LINE_DONE);
}

static void recalled(const char *keys, const char *text)
{
	line_terminal_prompt(&term);
	assert_int_equal(type(keys), LINE_OPEN);
	assert_string_equal(term.line.text, text);
	assert_string_equal(term.cells, text);
}

static void the_history_keeps_16_lines(void **state)
{
	(void)state;
	start();
	recalled(UP, "");
	enter("one");
	enter("two");
	enter("two"); /* kept once */
	enter("");    /* not kept */
	recalled(UP, "two");
	recalled(UP UP, "one");
	recalled(UP UP UP UP, "one");
	recalled("new" UP DOWN, "new");
	recalled("new" DOWN, "new");
	recalled(UP UP DOWN, "two");
	recalled(UP "X", "twoX");
	assert_int_equal(type("\n"), LINE_DONE);
	recalled("\x10", "twoX");
	recalled("\x10\x10\x0e", "twoX");
	for (unsigned i = 0; i < 40; i++) {
		char text[8];

		snprintf(text, sizeof(text), "l%u", i);
		enter(text);
	}
	line_terminal_prompt(&term);
	for (unsigned i = 0; i < 40; i++)
		type(UP);
	assert_string_equal(term.line.text, "l24"); /* of 40, the newest 16 */
}

static void enter_ends_a_line_and_ctrl_c_drops_it(void **state)
{
	(void)state;
	start();
	assert_int_equal(type("abc\x03"), LINE_DROPPED);
	assert_string_equal(term.cells, "");
	line_terminal_prompt(&term);
	assert_int_equal(type("abc\n"), LINE_DONE);
	assert_string_equal(term.line.text, "abc");
}

/* More than the terminal's width, and more than a line can hold. */
static void a_long_line_scrolls_and_is_cut(void **state)
{
	(void)state;
	start();
	for (unsigned i = 0; i < 400; i++)
		line_terminal_byte(&term, (u8)('a' + i % 26));
	assert_int_equal(term.line.length, LINE_MAX - 1);
	assert_int_equal(term.line.text[LINE_MAX - 2], 'a' + (LINE_MAX - 2) % 26);
	assert_string_equal(line_terminal_check(&term), "");
	type("\x01");
	assert_string_equal(line_terminal_check(&term), "");
	assert_int_equal(term.cells[0], 'a');
	assert_int_equal(term.cells[LINE_COLUMNS - 1], '>');
	for (unsigned i = 0; i < 300; i++) {
		type(RIGHT);
		assert_string_equal(line_terminal_check(&term), "");
	}
	assert_int_equal(term.cells[0], '<');
	type("\x15");
	assert_string_equal(term.cells, "");
}

static void complete_word(const char *before, char *more, size_t size)
{
	if (!strcmp(before, "he"))
		snprintf(more, size, "lp ");
	if (!strcmp(before, "big"))
		memset(more, 'x', size - 1);
}

static void tab_completes_a_word(void **state)
{
	(void)state;
	expect("he\t", "he", 2);
	start();
	term.line.complete = complete_word;
	type("he\tx");
	assert_string_equal(term.line.text, "help x");
	line_terminal_prompt(&term);
	type("hex" LEFT "\t");
	assert_string_equal(term.line.text, "help x");
	line_terminal_prompt(&term);
	type("big\t");
	assert_string_equal(term.line.text, "big"); /* what does not fit is left out */
	term.line.complete = NULL;
}

static void random_keys_keep_the_display_right(void **state)
{
	static const char keys[] =
		"aab  \b\b\x7f\x01\x05\x0b\x15\x17\x02\x06\x04\x10\x0e\t\x1b[ABCDHF3~O";
	u64 seed = 12345;

	(void)state;
	start();
	for (unsigned i = 0; i < 400000; i++) {
		unsigned draw;
		u8 byte;

		seed = seed * 6364136223846793005 + 1442695040888963407;
		draw = (unsigned)(seed >> 33);
		byte = draw % 8 == 0 ? (u8)(draw >> 8) : (u8)keys[(draw >> 8) % (sizeof(keys) - 1)];
		if (draw % 512 < 500 && (byte == '\r' || byte == '\n' || byte == 0x15 || byte == 3))
			byte = 'q'; /* so that lines grow long */
		if (line_terminal_byte(&term, byte) != LINE_OPEN)
			line_terminal_prompt(&term);
		if (*line_terminal_check(&term))
			fail_msg("after %u keys, the last %02x: %s", i, byte,
				 line_terminal_check(&term));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(editing_keys_change_the_line),
		cmocka_unit_test(escape_sequences_give_keys),
		cmocka_unit_test(non_ascii_bytes_are_dropped),
		cmocka_unit_test(the_history_keeps_16_lines),
		cmocka_unit_test(enter_ends_a_line_and_ctrl_c_drops_it),
		cmocka_unit_test(a_long_line_scrolls_and_is_cut),
		cmocka_unit_test(tab_completes_a_word),
		cmocka_unit_test(random_keys_keep_the_display_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
