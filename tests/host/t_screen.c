/* SPDX-License-Identifier: MIT */
/* The grid of character cells: control characters, scrolling, drawing, interruptions. */
#include "tests/host/harness.h"

#include "kernel/console/screen.h"

static struct screen screen;
static char shown[SCREEN_ROWS_MAX][SCREEN_COLS_MAX + 1]; /* what was drawn */
static u32 draws;
static void (*meddle)(void); /* called once while a cell is drawn, before it appears */

static void draw(u32 col, u32 row, u8 c)
{
	void (*once)(void) = meddle;

	assert_in_range(col, 0, screen.cols - 1);
	assert_in_range(row, 0, screen.rows - 1);
	if (once) {
		meddle = NULL;
		once();
	}
	shown[row][col] = (char)c;
	draws++;
}

static void start(u32 cols, u32 rows, u32 step)
{
	memset(shown, 0, sizeof(shown));
	draws = 0;
	screen_start(&screen, cols, rows, step, draw);
	screen_flush(&screen);
	assert_int_equal(draws, cols * rows); /* the old content is unknown */
	draws = 0;
}

static void put(const char *text)
{
	while (*text)
		screen_put(&screen, *text++);
	screen_flush(&screen);
}

static void row_is(u32 row, const char *expected)
{
	char text[SCREEN_COLS_MAX + 1];

	snprintf(text, sizeof(text), "%-*s", (int)screen.cols, expected);
	assert_string_equal(shown[row], text);
}

static void long_lines_wrap(void **state)
{
	(void)state;
	start(10, 4, 1);
	put("one\n0123456789\nabcdefghijk");
	row_is(0, "one");
	row_is(1, "0123456789"); /* full, and no empty line behind it */
	row_is(2, "abcdefghij");
	row_is(3, "k");
}

static void control_characters_move_the_cursor(void **state)
{
	(void)state;
	start(20, 6, 1);
	put("abc\rX\na\tb\t\tc|\nab\b\b\bZ\n\x01\x7f\xff");
	row_is(0, "Xbc");
	row_is(1, "a       b           "); /* the third tab ends at the end of the line */
	row_is(2, "c|");
	row_is(3, "Zb");
	row_is(4, "\x01\x7f\xff");
	start(20, 3, 1);
	put("01234567\tx\n01234567890123456789\bY\b\b\rZ");
	row_is(0, "01234567        x");
	row_is(1, "Z123456789012345678Y");
	row_is(2, "");
}

static void a_full_screen_scrolls(void **state)
{
	(void)state;
	start(8, 4, 1);
	put("a\nb\nc\nd");
	row_is(0, "a");
	put("\ne");
	row_is(0, "b");
	row_is(2, "d");
	row_is(3, "e");
	put("\n\n\n\n");
	for (u32 row = 0; row < 4; row++)
		row_is(row, "");

	start(8, 5, 3);
	put("a\nb\nc\nd\ne\nf");
	row_is(0, "d");
	row_is(1, "e");
	row_is(2, "f");
	row_is(3, "");
	row_is(4, "");
	put("\ng\nh\ni");
	row_is(0, "g");
	row_is(2, "i");
}

static void a_wrap_in_the_last_row_scrolls(void **state)
{
	(void)state;
	start(4, 2, 1);
	put("aaaabbbbcccc");
	row_is(0, "bbbb");
	row_is(1, "cccc");
	put("d");
	row_is(0, "cccc");
	row_is(1, "d");
}

/* This makes it fast: a cell that stays as it is is not drawn. */
static void only_changes_are_drawn(void **state)
{
	(void)state;
	start(80, 25, 1);
	put("hello");
	assert_int_equal(draws, 5);
	put("\r");
	put("hello");
	assert_int_equal(draws, 5);
	put("\rhellO");
	assert_int_equal(draws, 6);
	start(80, 25, 1);
	for (u32 i = 0; i < 24; i++)
		put("same\n");
	draws = 0;
	put("same\nsame\nsame\n"); /* every row but one shows the same after scrolling */
	assert_int_equal(draws, 0);
	put("x\n");
	assert_in_range(draws, 1, 5);
}

/* Lines that scroll away before the flush are never drawn. */
static void unseen_lines_are_not_drawn(void **state)
{
	char text[26 * 100 + 1];

	(void)state;
	start(80, 25, 1);
	for (u32 i = 0; i < 100; i++)
		memcpy(text + i * 26,
		       i < 90 ? "abcdefghijklmnopqrstuvwxy\n" : "                        z\n", 26);
	text[sizeof(text) - 1] = '\0';
	put(text);
	assert_in_range(draws, 1, 80 * 25);
}

static void every_size_shows_its_text(void **state)
{
	static const u32 cols[] = { 1, 2, 7, 8, 9, 80, 320 }, rows[] = { 1, 2, 25, 128 };
	char line[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cols); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(rows); j++) {
			start(cols[i], rows[j], rows[j] / 4);
			for (u32 n = 0; n < 3 * rows[j]; n++) {
				snprintf(line, sizeof(line), "\t%u\b%c\n", n, (int)(n % 256));
				put(line);
				for (u32 row = 0; row < rows[j]; row++)
					assert_memory_equal(shown[row], screen.text + row * cols[i],
							    cols[i]);
			}
		}
	}
	screen_start(&screen, 1000, 1000, 5000, draw);
	assert_int_equal(screen.cols, SCREEN_COLS_MAX);
	assert_int_equal(screen.rows, SCREEN_ROWS_MAX);
	put("x\n");
}

static void print_in_between(void)
{
	put("NMI\nNMI\nNMI\n12345678");
}

/* An NMI or a panic prints while other text is drawn: the next flush shows the right text. */
static void an_interrupted_flush_is_mended(void **state)
{
	(void)state;
	for (u32 rows = 1; rows < 8; rows++) {
		start(8, rows, 1);
		put("a\nb\nc");
		meddle = print_in_between;
		put("\nd");
		screen_flush(&screen);
		for (u32 row = 0; row < rows; row++)
			assert_memory_equal(shown[row], screen.text + row * 8, 8);
		put("\n!");
		row_is(rows - 1, "!");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_lines_wrap),
		cmocka_unit_test(control_characters_move_the_cursor),
		cmocka_unit_test(a_full_screen_scrolls),
		cmocka_unit_test(a_wrap_in_the_last_row_scrolls),
		cmocka_unit_test(only_changes_are_drawn),
		cmocka_unit_test(unseen_lines_are_not_drawn),
		cmocka_unit_test(every_size_shows_its_text),
		cmocka_unit_test(an_interrupted_flush_is_mended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
