/* SPDX-License-Identifier: MIT */
/* Which framebuffers are accepted, and what is drawn in those. */
#include "tests/host/harness.h"

#include "tests/host/fb_check.h"

#define PHYS_BITS   40
#define IMAGE_START 0x100000
#define IMAGE_END   0x400000

static struct boot_info info;

/* A common screen, in a hole of the memory map. */
static void usual(void)
{
	info = (struct boot_info){
		.mem_count = 2,
		.mem = { { 0x100000, 0x7ff00000, BOOT_MEM_RAM }, { 0x100000000, 1 << 30, 1 } },
		.fb = { .addr = 0xc0000000,
			.pitch = 4096,
			.width = 1024,
			.height = 768,
			.bpp = 32,
			.type = FB_DIRECT_COLOUR,
			.red = { 16, 8 },
			.green = { 8, 8 },
			.blue = { 0, 8 } },
	};
}

static const char *check(void)
{
	const char *why = framebuffer_check(&info, PHYS_BITS, IMAGE_START, IMAGE_END);

	if (!why && fb_check(&info.fb, PHYS_BITS))
		fail_msg("accepted, but: %s", fb_check(&info.fb, PHYS_BITS));
	return why;
}

static void refused(const char *part)
{
	const char *why = check();

	if (!why || !strstr(why, part))
		fail_msg("\"%s\" does not say \"%s\"", why ? why : "accepted", part);
	usual();
}

static void accepted(void)
{
	const char *why = check();

	if (why)
		fail_msg("refused: %s", why);
	usual();
}

static void usual_framebuffers_are_accepted(void **state)
{
	static const u8 depths[] = { 15, 16, 24, 32 };

	(void)state;
	usual();
	accepted();
	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		info.fb.bpp = depths[i];
		info.fb.red = (struct boot_colour){ 10, 5 };
		info.fb.green = (struct boot_colour){ 5, 5 };
		info.fb.blue = (struct boot_colour){ 0, 5 };
		accepted();
	}
	info.fb.width = 8;
	info.fb.height = 16;
	accepted();
	info.fb.addr = (1ULL << PHYS_BITS) - 4096 * 768;
	accepted();
	info.fb.addr = 0xc0000001;
	accepted();
	info.fb.width = 15360;
	info.fb.height = 8739; /* one row more than 512 MiB hold */
	info.fb.pitch = 15360 * 4;
	refused("512 MiB");
	info.fb.width = 15360;
	info.fb.height = 8738;
	info.fb.pitch = 15360 * 4;
	info.fb.addr = 0x200000000;
	accepted();
	info.fb.width = 7680;
	info.fb.height = 4320;
	info.fb.pitch = 7680 * 4;
	accepted();
	info.fb.width = 1080;
	info.fb.height = 7680; /* a tall screen is scaled by its height */
	info.fb.pitch = 4320;
	assert_int_equal(fbcon_scale(&info.fb), 4);
	accepted();
}

static void an_impossible_geometry_is_refused(void **state)
{
	(void)state;
	usual();
	for (u32 bpp = 0; bpp < 256; bpp++) {
		info.fb.bpp = (u8)bpp;
		if (bpp < 15 || (bpp > 16 && bpp != 24 && bpp != 32))
			refused("bits");
		usual();
	}
	info.fb.width = 0;
	refused("no pixels");
	info.fb.height = 0;
	refused("no pixels");
	info.fb.pitch = 0;
	refused("rows overlap");
	info.fb.pitch = 4095;
	refused("rows overlap");
	info.fb.width = 0x40000001; /* times 4 is 4 in 32 bits */
	refused("rows overlap");
	info.fb.height = UINT32_MAX;
	refused("512 MiB");
	info.fb.pitch = UINT32_MAX;
	refused("512 MiB");
	info.fb.width = 7;
	refused("no room");
	info.fb.height = 15;
	refused("no room");
	info.fb.width = 0x100000; /* so large that letters would be higher than the picture */
	info.fb.height = 20;
	info.fb.pitch = 0x400000;
	refused("no room");
	info.fb.type = 0;
	refused("direct colours");
	info.fb.type = 2;
	refused("direct colours");
}

static void an_impossible_address_is_refused(void **state)
{
	(void)state;
	usual();
	info.fb.addr = 0;
	refused("address 0");
	info.fb.addr = 0xfff;
	refused("address 0");
	info.fb.addr = UINT64_MAX;
	refused("last address");
	info.fb.addr = UINT64_MAX - 4096ULL * 768 + 1;
	refused("last address");
	info.fb.addr = (1ULL << PHYS_BITS) - 4096 * 768 + 1;
	refused("address bits");
	info.fb.addr = 1ULL << 63;
	refused("address bits");
}

static void a_framebuffer_in_used_memory_is_refused(void **state)
{
	(void)state;
	usual();
	info.mem_count = 0;
	info.fb.addr = IMAGE_START;
	refused("kernel");
	info.mem_count = 0;
	info.fb.addr = IMAGE_END - 1;
	refused("kernel");
	info.mem_count = 0;
	info.fb.addr = IMAGE_END;
	accepted();
	info.fb.addr = 0x80000000 - 4096 * 768;
	refused("RAM");
	info.fb.addr = 0x7fffffff;
	refused("RAM");
	info.fb.addr = 0x80000000;
	accepted();
	info.fb.addr = 0x100000000 - 4096 * 768 + 4095; /* its last page */
	refused("RAM");
	info.fb.addr = 0x100000000 - 4096 * 768;
	accepted();
	/* A later entry of the map takes back what was RAM: all of it, or all but a page. */
	for (u32 less = 0; less < 2; less++) {
		info.fb.addr = 0x10000000;
		info.mem[2] = (struct boot_mem){ 0x10000000, 4096 * (768 - less), 2 };
		info.mem_count = 3;
		if (less)
			refused("RAM");
		else
			accepted();
	}
}

static void impossible_colours_are_refused(void **state)
{
	(void)state;
	usual();
	info.fb.red.size = 0;
	refused("outside");
	info.fb.red.size = 17;
	refused("outside");
	info.fb.blue = (struct boot_colour){ 25, 8 };
	refused("outside");
	info.fb.blue = (struct boot_colour){ 255, 255 };
	refused("outside");
	info.fb.blue = (struct boot_colour){ 9, 2 };
	refused("overlap");
	info.fb.green = info.fb.red;
	refused("overlap");
	info.fb.red = (struct boot_colour){ 16, 16 };
	accepted();
	info.fb.red = info.fb.green = info.fb.blue = (struct boot_colour){ 0, 0 };
	refused("outside");
}

/* Draws one character on a background of 0xee and looks at every byte. */
static void draw(u8 bpp, u32 scale, u32 ink)
{
	u32 bytes = (bpp + 7u) / 8, width = 2560 * (scale - 1) + 24 * scale;
	u32 pitch = width * bytes + 5, height = 48 * scale;
	struct boot_framebuffer fb = {
		.pitch = pitch, .width = width, .height = height, .bpp = bpp
	};
	size_t size = (size_t)pitch * height;
	u8 *pixels = malloc(size);
	struct fbcon con;

	assert_non_null(pixels);
	memset(pixels, 0xee, size);
	fb.red = bpp == 16 ? (struct boot_colour){ 11, 5 } : (struct boot_colour){ 0, 8 };
	fb.green = bpp == 16 ? (struct boot_colour){ 5, 6 } : (struct boot_colour){ 8, 8 };
	fb.blue = bpp == 16 ? (struct boot_colour){ 0, 5 } : (struct boot_colour){ 16, 8 };
	fbcon_start(&con, &fb, pixels);
	assert_int_equal(con.scale, scale);
	assert_int_equal(con.ink, ink);
	fbcon_draw(&con, 1, 2, 'R');
	for (u32 y = 0; y < height; y++) {
		for (u32 x = 0; x < width; x++) {
			u32 col = x / scale, row = y / scale, value = 0, expected = 0xeeeeeeee;

			memcpy(&value, pixels + (size_t)y * pitch + x * bytes, bytes);
			if (col >= 8 && col < 16 && row >= 32)
				expected = font_glyph('R')[row - 32] >> (15 - col) & 1 ? ink : 0;
			if (bytes < 4)
				expected &= (1u << bytes * 8) - 1;
			assert_int_equal(value, expected);
		}
		for (u32 i = 0; i < 5; i++)
			assert_int_equal(pixels[(size_t)y * pitch + width * bytes + i], 0xee);
	}
	free(pixels);
}

static void a_character_changes_its_cell_only(void **state)
{
	(void)state;
	for (u32 scale = 1; scale <= 3; scale++) {
		draw(32, scale, 0xd0d0d0);
		draw(24, scale, 0xd0d0d0);
		draw(16, scale, 26 << 11 | 52 << 5 | 26);
	}
}

static void each_character_looks_different(void **state)
{
	(void)state;
	for (u32 a = 0; a < FONT_GLYPHS; a++)
		for (u32 b = 0; b < a; b++)
			if (memcmp(font[a], font[b], FONT_HEIGHT) == 0)
				fail_msg("glyphs %u and %u", a, b);
	assert_ptr_equal(font_glyph(' '), font[0]);
	assert_ptr_equal(font_glyph('~'), font['~' - ' ']);
	assert_ptr_equal(font_glyph(31), font[FONT_GLYPHS - 1]);
	assert_ptr_equal(font_glyph(127), font[FONT_GLYPHS - 1]);
	assert_ptr_equal(font_glyph(255), font[FONT_GLYPHS - 1]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_framebuffers_are_accepted),
		cmocka_unit_test(an_impossible_geometry_is_refused),
		cmocka_unit_test(an_impossible_address_is_refused),
		cmocka_unit_test(a_framebuffer_in_used_memory_is_refused),
		cmocka_unit_test(impossible_colours_are_refused),
		cmocka_unit_test(a_character_changes_its_cell_only),
		cmocka_unit_test(each_character_looks_different),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
