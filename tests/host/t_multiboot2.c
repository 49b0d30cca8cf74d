/* SPDX-License-Identifier: MIT */
/* The boot information walk: valid, lying, truncated and damaged structures. */
#include "tests/host/harness.h"

#include "tests/host/boot_info_check.h"
#include "tests/host/mbi.h"

static struct mbi mbi;
static struct boot_info info;
static const char *why;

/* Parses a copy in a block of exactly n bytes. */
static int parse_bytes(const u8 *bytes, size_t n, size_t limit)
{
	u8 *copy = exact_copy(bytes, n);
	const char *wrong;
	int status;

	memset(&info, 0xff, sizeof(info));
	status = mb2_parse(copy, limit, &info, &why);
	free(copy);
	wrong = boot_info_check(status, why, &info);
	if (wrong)
		fail_msg("%s", wrong);
	return status;
}

static int parse(void)
{
	return parse_bytes(mbi.bytes, mbi.len, mbi.len);
}

static void expect_error(const char *part)
{
	assert_int_equal(parse(), -EINVAL);
	if (!strstr(why, part))
		fail_msg("\"%s\" does not say \"%s\"", why, part);
}

static void a_valid_structure_is_read(void **state)
{
	(void)state;
	mbi_good(&mbi);
	assert_int_equal(parse(), 0);
	assert_int_equal(info.mbi_size, mbi.len);
	assert_string_equal(info.cmdline, "pks=strict seed=7");
	assert_false(info.cmdline_cut);
	assert_string_equal(info.loader, "GRUB 2.06");
	assert_int_equal(info.mem_count, 4);
	assert_int_equal(info.mem_dropped, 0);
	assert_int_equal(info.mem[2].base, 0x100000);
	assert_int_equal(info.mem[2].len, 0x7fee0000);
	assert_int_equal(info.mem[2].type, BOOT_MEM_RAM);
	assert_int_equal(info.mem[3].base, 0x100000000);
	assert_int_equal(info.mem[3].type, BOOT_MEM_PMEM);
	assert_int_equal(info.fb.addr, 0xb8000);
	assert_int_equal(info.fb.pitch, 160);
	assert_int_equal(info.fb.width, 80);
	assert_int_equal(info.fb.height, 25);
	assert_int_equal(info.fb.bpp, 16);
	assert_int_equal(info.fb.type, 2);
	assert_int_equal(info.rsdp_len, 36);
	assert_int_equal(info.rsdp[35], 0x80 + 35);
}

static void an_unaligned_structure_is_read(void **state)
{
	u8 *block = malloc(MBI_MAX + 8);

	(void)state;
	assert_non_null(block);
	mbi_good(&mbi);
	for (size_t skew = 1; skew < 8; skew++) {
		memcpy(block + skew, mbi.bytes, mbi.len);
		assert_int_equal(mb2_parse(block + skew, mbi.len, &info, &why), 0);
		assert_int_equal(info.mem_count, 4);
	}
	free(block);
}

static void an_end_tag_alone_is_valid(void **state)
{
	static const struct boot_info none = { .mbi_size = 16 };

	(void)state;
	mbi_begin(&mbi);
	mbi_end(&mbi);
	assert_int_equal(parse(), 0);
	assert_memory_equal(&info, &none, sizeof(info));
}

/* The loader's memory ends before the structure does. */
static void a_structure_beyond_the_limit_is_an_error(void **state)
{
	(void)state;
	mbi_good(&mbi);
	for (size_t n = 0; n < mbi.len; n++) {
		assert_int_equal(parse_bytes(mbi.bytes, n, n), -EINVAL);
		assert_int_equal(info.mem_count, 0);
	}
}

/* The total size agrees with what is there, but the last tags are gone. */
static void a_truncated_structure_is_an_error(void **state)
{
	size_t full;

	(void)state;
	mbi_good(&mbi);
	full = mbi.len;
	for (size_t n = 8; n < full; n++) {
		mbi_u32(&mbi, 0, (u32)n);
		assert_int_equal(parse_bytes(mbi.bytes, n, n), -EINVAL);
	}
}

static void any_flipped_bit_is_survived(void **state)
{
	(void)state;
	mbi_good(&mbi);
	for (size_t at = 0; at < mbi.len; at++) {
		u8 was = mbi.bytes[at];

		for (unsigned bit = 0; bit < 8; bit++) {
			mbi.bytes[at] = (u8)(was ^ 1u << bit);
			parse();
		}
		mbi.bytes[at] = (u8)~was;
		parse();
		mbi.bytes[at] = was;
	}
	assert_int_equal(parse(), 0);
}

static void a_wrong_total_size_is_an_error(void **state)
{
	static const u32 small[] = { 0, 7, 8, 15 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
		mbi_good(&mbi);
		mbi_u32(&mbi, 0, small[i]);
		expect_error("total size is too small");
	}
	mbi_u32(&mbi, 0, (u32)mbi.len + 1);
	expect_error("beyond the memory");
	mbi_u32(&mbi, 0, UINT32_MAX);
	expect_error("beyond the memory");
}

static void tags_after_the_end_tag_are_ignored(void **state)
{
	(void)state;
	mbi_begin(&mbi);
	mbi_tag(&mbi, 0, NULL, 0);
	mbi_tag(&mbi, 1, "x=1", 4);
	mbi_end(&mbi);
	assert_int_equal(parse(), 0);
	assert_string_equal(info.cmdline, "");
}

static void a_missing_end_tag_is_an_error(void **state)
{
	(void)state;
	mbi_begin(&mbi);
	mbi_tag(&mbi, 1, "a=b", 4);
	mbi_tag(&mbi, 2, "loader7", 8);
	mbi_close(&mbi);
	expect_error("end tag is missing");
	assert_string_equal(info.cmdline, "a=b");
}

static void an_end_tag_of_wrong_size_is_an_error(void **state)
{
	(void)state;
	mbi_begin(&mbi);
	mbi_tag_sized(&mbi, 0, 16, "12345678", 8);
	mbi_end(&mbi);
	expect_error("tag 0 (end) at offset 8: size is not 8");
}

static void a_tag_smaller_than_its_header_is_an_error(void **state)
{
	(void)state;
	for (u32 size = 0; size < 8; size++) {
		mbi_begin(&mbi);
		mbi_tag_sized(&mbi, 9, size, "", 0);
		mbi_end(&mbi);
		expect_error("tag 9 (not used here) at offset 8: size is less");
	}
}

static void a_tag_beyond_the_total_is_an_error(void **state)
{
	static const u32 sizes[] = { 33, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		mbi_begin(&mbi);
		mbi_tag_sized(&mbi, 1, sizes[i], "0123456789abcde", 16);
		mbi_end(&mbi);
		expect_error("tag 1 (command line) at offset 8: goes beyond");
	}
}

/* The last tag's padding is missing, and so is the end tag; the parser must not over-read. */
static void missing_padding_is_not_read(void **state)
{
	(void)state;
	mbi_begin(&mbi);
	mbi_tag(&mbi, 1, "abc", 3);
	mbi.len = 8 + 8 + 3;
	mbi_close(&mbi);
	expect_error("end tag is missing");
	assert_string_equal(info.cmdline, "abc");
}

static void a_string_ends_with_its_tag(void **state)
{
	(void)state;
	mbi_begin(&mbi);
	mbi_tag(&mbi, 1, "abcdefgh", 8);
	mbi_tag(&mbi, 2, "", 0);
	mbi_end(&mbi);
	assert_int_equal(parse(), 0);
	assert_string_equal(info.cmdline, "abcdefgh");
	assert_string_equal(info.loader, "");
}

static void long_strings_are_cut(void **state)
{
	char text[BOOT_CMDLINE_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t n = BOOT_CMDLINE_MAX - 2; n <= BOOT_CMDLINE_MAX + 1; n++) {
		mbi_begin(&mbi);
		mbi_tag(&mbi, 1, text, n);
		mbi_tag(&mbi, 2, text, n);
		mbi_end(&mbi);
		assert_int_equal(parse(), 0);
		assert_int_equal(strlen(info.cmdline), MIN(n, (size_t)BOOT_CMDLINE_MAX - 1));
		assert_int_equal(info.cmdline_cut, n >= BOOT_CMDLINE_MAX);
		assert_int_equal(strlen(info.loader), BOOT_LOADER_MAX - 1);
	}
}

static void the_first_of_two_tags_counts(void **state)
{
	static const struct mbi_entry map[] = { { 0x1000, 0x1000, 1, 0 } };

	(void)state;
	mbi_begin(&mbi);
	mbi_tag(&mbi, 1, "first", 6);
	mbi_tag(&mbi, 1, "second", 7);
	mbi_mmap(&mbi, map, 1);
	mbi_mmap(&mbi, map, 1);
	mbi_end(&mbi);
	assert_int_equal(parse(), 0);
	assert_string_equal(info.cmdline, "first");
	assert_int_equal(info.mem_count, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_valid_structure_is_read),
		cmocka_unit_test(an_unaligned_structure_is_read),
		cmocka_unit_test(an_end_tag_alone_is_valid),
		cmocka_unit_test(a_structure_beyond_the_limit_is_an_error),
		cmocka_unit_test(a_truncated_structure_is_an_error),
		cmocka_unit_test(any_flipped_bit_is_survived),
		cmocka_unit_test(a_wrong_total_size_is_an_error),
		cmocka_unit_test(tags_after_the_end_tag_are_ignored),
		cmocka_unit_test(a_missing_end_tag_is_an_error),
		cmocka_unit_test(an_end_tag_of_wrong_size_is_an_error),
		cmocka_unit_test(a_tag_smaller_than_its_header_is_an_error),
		cmocka_unit_test(a_tag_beyond_the_total_is_an_error),
		cmocka_unit_test(missing_padding_is_not_read),
		cmocka_unit_test(a_string_ends_with_its_tag),
		cmocka_unit_test(long_strings_are_cut),
		cmocka_unit_test(the_first_of_two_tags_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
