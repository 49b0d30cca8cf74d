/* SPDX-License-Identifier: MIT */
/*
 * Pages of codes in a framebuffer: that they fit each screen, and that what is drawn is the codes
 * that hold the summary, whole modules of them in a light margin. What this cannot know: whether a
 * camera reads them; see tests/system/screen/test_codes.py.
 */
#include "tests/host/harness.h"

#include "kernel/console/codes.h"
#include "kernel/lib/qr.h"

static const u32 sizes[][2] = {
	{ 320, 200 },   { 640, 480 },   { 800, 600 },   { 1024, 768 },  { 1080, 1920 },
	{ 1366, 768 },  { 1920, 1080 }, { 1920, 1200 }, { 2560, 1440 }, { 2880, 1800 },
	{ 2000, 1060 }, { 3840, 2160 }, { 7680, 4320 },
};

static u32 letters_of(u32 width, u32 height)
{
	return fbcon_scale(&(struct boot_framebuffer){ .width = width, .height = height });
}

static u32 side_of(const struct code_layout *l)
{
	return (QR_SIZE(l->version) + 2 * QR_QUIET) * l->scale;
}

static void a_layout_fits_its_screen_above_the_text(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 width = sizes[i][0], height = sizes[i][1], letters = letters_of(width, height);
		struct code_layout l = codes_layout(width, height, letters);

		assert_in_range(l.version, 6, QR_VERSION_MAX);
		assert_true(l.cols * side_of(&l) <= width);
		assert_true(l.rows * side_of(&l) <=
			    (height / (FONT_HEIGHT * letters) - 2) * FONT_HEIGHT * letters);
		/* Modules are large enough for a camera, where the screen has so many pixels. */
		assert_true(l.scale >= (height >= 480 ? 5 : 3));
	}
}

static void common_screens_have_the_layouts_that_the_documents_name(void **state)
{
	struct code_layout small = codes_layout(800, 600, 1), large = codes_layout(1920, 1080, 1);

	(void)state;
	assert_int_equal(small.version, 15);
	assert_int_equal(small.cols * small.rows, 1);
	assert_int_equal(small.scale, 6);
	assert_int_equal(large.version, 15);
	assert_int_equal(large.cols, 3);
	assert_int_equal(large.rows, 2);
	assert_int_equal(large.scale, 6);
}

/* Six rows of letters: two of text, and 64 pixels for a code of 49 modules with its margin. */
#define LEAST 96

static void a_screen_that_is_too_small_has_no_layout(void **state)
{
	(void)state;
	for (u32 n = 0; n < LEAST; n++)
		assert_int_equal(codes_layout(n, n, 1).version, 0);
	for (u32 n = LEAST; n < 600; n++)
		assert_in_range(codes_layout(n, n, 1).version, 6, QR_VERSION_MAX);
}

static struct {
	struct boot_framebuffer fb;
	struct fbcon con;
	u8 *pixels;
	struct summary s;
} world;

static void setup(u32 width, u32 height, u32 lines)
{
	const struct boot_colour red = { 16, 8 }, green = { 8, 8 }, blue = { 0, 8 };
	char line[64];

	memset(&world, 0, sizeof(world));
	world.fb = (struct boot_framebuffer){ .width = width,
					      .height = height,
					      .bpp = 32,
					      .pitch = width * 4,
					      .red = red,
					      .green = green,
					      .blue = blue };
	world.pixels = malloc((size_t)width * height * 4);
	memset(world.pixels, 0x5a, (size_t)width * height * 4);
	fbcon_start(&world.con, &world.fb, world.pixels);
	for (u32 i = 0; i < lines; i++) {
		snprintf(line, sizeof(line), "# line %u of some length", i * i);
		summary_add(&world.s, line, false);
	}
}

static u32 pixel(u32 x, u32 y)
{
	u32 value;

	memcpy(&value, world.pixels + ((size_t)y * world.fb.width + x) * 4, 4);
	return value;
}

/* The code at (left, top) is that of part `k`, whole modules and light margin. */
static void expect_code(const struct code_layout *l, u32 k, u32 left, u32 top)
{
	static struct qr qr;
	char text[SUMMARY_HEAD + QR_WORDS_MAX];
	u32 n = summary_code(&world.s, qr_capacity(l->version), k, text);

	assert_true(qr_make(&qr, l->version, text, n));
	for (u32 y = 0; y < side_of(l); y++)
		for (u32 x = 0; x < side_of(l); x++) {
			bool dark = qr_dark(&qr, x / l->scale - QR_QUIET, y / l->scale - QR_QUIET);

			if (pixel(left + x, top + y) != (dark ? 0 : 0xd0d0d0))
				fail_msg("code %u, pixel %u, %u", k, x, y);
		}
}

static void the_pages_hold_each_code_once(void **state)
{
	(void)state;
	for (u32 i = 1; i < 7; i++) {
		struct code_layout l;
		u32 k = 0, codes, pages;

		setup(sizes[i][0], sizes[i][1], 120);
		l = codes_layout(world.con.width, world.con.height, world.con.scale);
		codes = summary_codes(&world.s, qr_capacity(l.version));
		pages = codes_pages(&l, &world.s);
		for (u32 page = 0; page < pages; page++) {
			codes_draw(&world.con, &l, &world.s, page);
			for (u32 place = 0; place < l.cols * l.rows && k < codes; place++, k++)
				expect_code(&l, k, place % l.cols * side_of(&l),
					    place / l.cols * side_of(&l));
		}
		assert_int_equal(k, codes);
		/* Nothing is left of what was there. */
		for (u32 at = 0; at < world.fb.width * world.fb.height; at++)
			assert_int_not_equal(pixel(at % world.fb.width, at / world.fb.width),
					     0x5a5a5a5a);
		free(world.pixels);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_layout_fits_its_screen_above_the_text),
		cmocka_unit_test(common_screens_have_the_layouts_that_the_documents_name),
		cmocka_unit_test(a_screen_that_is_too_small_has_no_layout),
		cmocka_unit_test(the_pages_hold_each_code_once),
	};

	return cmocka_run_group_tests_name("codes", tests, NULL, NULL);
}
