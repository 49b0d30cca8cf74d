/* SPDX-License-Identifier: MIT */
/* The content of each tag: memory map, framebuffer, ACPI. */
#include "tests/host/harness.h"

#include "tests/host/boot_info_check.h"
#include "tests/host/mbi.h"

static struct mbi mbi;
static struct boot_info info;
static const char *why;

static int parse(void)
{
	u8 *copy = exact_copy(mbi.bytes, mbi.len);
	int status = mb2_parse(copy, mbi.len, &info, &why);
	const char *wrong = boot_info_check(status, why, &info);

	free(copy);
	if (wrong)
		fail_msg("%s", wrong);
	return status;
}

static int parse_one_tag(u32 type, const void *content, size_t len)
{
	mbi_begin(&mbi);
	mbi_tag(&mbi, type, content, len);
	mbi_end(&mbi);
	return parse();
}

static void assert_why(const char *part)
{
	if (!why || !strstr(why, part))
		fail_msg("\"%s\" does not say \"%s\"", why ? why : "no message", part);
}

static void parse_map(const struct mbi_entry *entries, size_t count)
{
	mbi_begin(&mbi);
	mbi_mmap(&mbi, entries, count);
	mbi_end(&mbi);
	assert_int_equal(parse(), 0);
}

static void no_map_is_no_error(void **state)
{
	(void)state;
	assert_int_equal(parse_one_tag(1, "a=b", 4), 0);
	assert_int_equal(info.mem_count, 0);
	parse_map(NULL, 0);
	assert_int_equal(info.mem_count, 0);
	assert_int_equal(info.mem_dropped, 0);
}

static void empty_and_wrapping_entries_are_left_out(void **state)
{
	static const struct mbi_entry map[] = {
		{ 0x1000, 0, 1, 0 },                 /* empty: left out, not counted */
		{ UINT64_MAX, 1, 1, 0 },             /* its end is 2^64 */
		{ 0x2000, UINT64_MAX, 1, 0 },        /* wraps */
		{ UINT64_MAX - 0xfff, 0xfff, 2, 0 }, /* the highest that does not */
		{ 0, UINT64_MAX, 2, 0 },
		{ 0x3000, 0x1000, 1, 0 },
	};

	(void)state;
	parse_map(map, ARRAY_SIZE(map));
	assert_int_equal(info.mem_count, 3);
	assert_int_equal(info.mem_dropped, 2);
	assert_int_equal(info.mem[0].base, UINT64_MAX - 0xfff);
	assert_int_equal(info.mem[2].base, 0x3000);
}

static void entries_beyond_the_limit_are_counted(void **state)
{
	static struct mbi_entry map[BOOT_MEM_MAX + 5];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		map[i] = (struct mbi_entry){ i * 0x1000, 0x1000, 1, 0 };
	parse_map(map, BOOT_MEM_MAX);
	assert_int_equal(info.mem_count, BOOT_MEM_MAX);
	assert_int_equal(info.mem_dropped, 0);
	parse_map(map, ARRAY_SIZE(map));
	assert_int_equal(info.mem_count, BOOT_MEM_MAX);
	assert_int_equal(info.mem_dropped, 5);
	assert_int_equal(info.mem[BOOT_MEM_MAX - 1].base, (BOOT_MEM_MAX - 1) * 0x1000);
}

/* A later version of the map may have longer entries; the known fields come first. */
static void longer_entries_are_read(void **state)
{
	u32 content[2 + 2 * 10] = { 40, 3 };

	(void)state;
	content[2] = 0x5000;
	content[4] = 0x2000;
	content[6] = 1;
	content[12] = 0x9000;
	content[14] = 0x1000;
	content[16] = 7;
	assert_int_equal(parse_one_tag(6, content, sizeof(content)), 0);
	assert_int_equal(info.mem_count, 2);
	assert_int_equal(info.mem[0].base, 0x5000);
	assert_int_equal(info.mem[1].base, 0x9000);
	assert_int_equal(info.mem[1].len, 0x1000);
	assert_int_equal(info.mem[1].type, 7);
}

static void a_wrong_entry_size_is_an_error(void **state)
{
	static const u32 bad[] = { 0, 1, 8, 16, 23, 25, 28, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		u32 content[2 + 12] = { bad[i] };

		assert_int_equal(parse_one_tag(6, content, sizeof(content)), -EINVAL);
		assert_why("(memory map) at offset 8: entry size");
	}
}

static void a_map_with_half_an_entry_is_an_error(void **state)
{
	u32 content[2 + 12] = { 24 };

	(void)state;
	for (size_t n = 0; n < 8; n++) {
		assert_int_equal(parse_one_tag(6, content, n), -EINVAL);
		assert_why("too short for its entry size");
	}
	for (size_t n = 8; n < sizeof(content); n++) {
		bool whole = n == 8 || n == 8 + 24;

		assert_int_equal(parse_one_tag(6, content, n), whole ? 0 : -EINVAL);
	}
	assert_why("whole number of entries");
	content[0] = 0xfffffff8; /* larger than the tag: no entry, and no wrap */
	assert_int_equal(parse_one_tag(6, content, sizeof(content)), -EINVAL);
}

static void a_short_framebuffer_tag_is_an_error(void **state)
{
	static const u8 content[24] = { 1 };

	(void)state;
	for (size_t n = 0; n <= sizeof(content); n++) {
		assert_int_equal(parse_one_tag(8, content, n), n < 22 ? -EINVAL : 0);
		assert_int_equal(info.fb.addr, n < 22 ? 0 : 1);
	}
	parse_one_tag(8, content, 21);
	assert_why("tag 8 (framebuffer)");
}

/* Colours that are cut off stay 0: the machine boots without a screen. */
static void colours_that_are_cut_off_stay_0(void **state)
{
	u8 content[40] = { [20] = 32, [21] = 1, [24] = 16, 5, 8, 6, 1, 7, 99 };

	(void)state;
	for (size_t n = 22; n <= sizeof(content); n++) {
		bool there = n >= 30;

		assert_int_equal(parse_one_tag(8, content, n), 0);
		assert_int_equal(info.fb.red.pos, there ? 16 : 0);
		assert_int_equal(info.fb.red.size, there ? 5 : 0);
		assert_int_equal(info.fb.green.pos, there ? 8 : 0);
		assert_int_equal(info.fb.green.size, there ? 6 : 0);
		assert_int_equal(info.fb.blue.pos, there ? 1 : 0);
		assert_int_equal(info.fb.blue.size, there ? 7 : 0);
	}
	content[21] = 2; /* in text mode these bytes mean nothing */
	assert_int_equal(parse_one_tag(8, content, sizeof(content)), 0);
	assert_int_equal(info.fb.red.size, 0);
}

static void a_short_acpi_tag_is_an_error(void **state)
{
	static const u8 content[40] = { 'R' };

	(void)state;
	for (u32 type = 14; type <= 15; type++) {
		u32 needs = type == 14 ? 20 : 36;

		for (size_t n = 0; n <= sizeof(content); n++) {
			assert_int_equal(parse_one_tag(type, content, n), n < needs ? -EINVAL : 0);
			assert_int_equal(info.rsdp_len, n < needs ? 0 : needs);
		}
		parse_one_tag(type, content, needs - 1);
		assert_why(type == 14 ? "(ACPI 1.0)" : "(ACPI 2.0)");
	}
}

/* Types up to the last that is known, the one behind it, and any other have a name in messages. */
static void a_broken_tag_of_any_type_is_named(void **state)
{
	static const struct {
		u32 type;
		const char *name;
	} types[] = { { 1, "tag 1 (command line)" },    { 3, "tag 3 (not used here)" },
		      { 15, "tag 15 (ACPI 2.0)" },      { 16, "tag 16 (not used here)" },
		      { 17, "tag 17 (not used here)" }, { ~0u, "tag 4294967295 (not used here)" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		mbi_begin(&mbi);
		mbi_tag_sized(&mbi, types[i].type, 7, NULL, 0);
		mbi_end(&mbi);
		assert_int_equal(parse(), -EINVAL);
		assert_why(types[i].name);
	}
}

static void the_newer_rsdp_counts(void **state)
{
	u8 old[20], new[36];

	(void)state;
	memset(old, 'o', sizeof(old));
	memset(new, 'n', sizeof(new));
	for (int new_first = 0; new_first < 2; new_first++) {
		mbi_begin(&mbi);
		if (new_first)
			mbi_tag(&mbi, 15, new, sizeof(new));
		mbi_tag(&mbi, 14, old, sizeof(old));
		if (!new_first)
			mbi_tag(&mbi, 15, new, sizeof(new));
		mbi_end(&mbi);
		assert_int_equal(parse(), 0);
		assert_int_equal(info.rsdp_len, 36);
		assert_memory_equal(info.rsdp, new, sizeof(new));
	}
	assert_int_equal(parse_one_tag(14, old, sizeof(old)), 0);
	assert_int_equal(info.rsdp_len, 20);
	assert_memory_equal(info.rsdp, old, sizeof(old));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_map_is_no_error),
		cmocka_unit_test(empty_and_wrapping_entries_are_left_out),
		cmocka_unit_test(entries_beyond_the_limit_are_counted),
		cmocka_unit_test(longer_entries_are_read),
		cmocka_unit_test(a_wrong_entry_size_is_an_error),
		cmocka_unit_test(a_map_with_half_an_entry_is_an_error),
		cmocka_unit_test(a_short_framebuffer_tag_is_an_error),
		cmocka_unit_test(colours_that_are_cut_off_stay_0),
		cmocka_unit_test(a_short_acpi_tag_is_an_error),
		cmocka_unit_test(a_broken_tag_of_any_type_is_named),
		cmocka_unit_test(the_newer_rsdp_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
