/* SPDX-License-Identifier: MIT */
/* The NFIT: which ranges count, by their GUID, and lengths that lie: of each entry, of the table.
 */
#include "tests/host/acpi_expect.h"

#define RANGES   3
#define BASE(i)  (0x100000000 * ((i) + 1))
#define LENGTH   0x200000
#define ENTRY(i) (40 + 56 * (i))
#define END      ENTRY(RANGES)

static u64 nfit;

/* A table of three ranges. */
static void start(const u8 *guid)
{
	image_begin(&image);
	nfit = table_begin(&image, "NFIT", 1);
	put(&image, 0, 4);
	for (u64 i = 0; i < RANGES; i++)
		put_spa(&image, guid, BASE(i), LENGTH);
	table_end(&image, nfit);
	image_end(&image, 2);
}

/* Bytes in memory order from the text form of a GUID: three numbers, then single bytes. */
static void guid_of(const char *text, u8 guid[16])
{
	unsigned a, b, c, d[8];

	assert_int_equal(sscanf(text, "%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x", &a, &b, &c, d, d + 1,
				d + 2, d + 3, d + 4, d + 5, d + 6, d + 7),
			 11);
	memcpy(guid, &a, 4);
	memcpy(guid + 4, &b, 2);
	memcpy(guid + 6, &c, 2);
	for (u32 i = 0; i < 8; i++)
		guid[8 + i] = (u8)d[i];
}

/* ACPI Specification, "System Physical Address (SPA) Range Structure", the types of ranges. */
static void only_byte_addressable_memory_counts(void **state)
{
	static const char *const other[] = {
		"7305944F-FDDA-44E3-B16C-3F22D252E5D0", /* volatile memory */
		"92F701F6-13B4-405D-910B-299367E8234C", /* NVDIMM control */
		"91AF0530-5D86-470E-A6B0-0A2DB9408249", /* NVDIMM block data window */
		"00000000-0000-0000-0000-000000000000",
	};
	u8 guid[16];

	(void)state;
	guid_of("66F0D379-B4F3-4074-AC43-0D3318B78CDB", guid);
	start(guid);
	parse_clean();
	assert_int_equal(info->pmem_count, RANGES);
	for (u32 i = 0; i < 16 * 8; i++) {
		guid[i / 8] ^= (u8)(1 << i % 8);
		start(guid);
		parse_clean();
		assert_int_equal(info->pmem_count, 0);
		guid[i / 8] ^= (u8)(1 << i % 8);
	}
	for (u32 i = 0; i < ARRAY_SIZE(other); i++) {
		guid_of(other[i], guid);
		start(guid);
		parse_clean();
		assert_int_equal(info->pmem_count, 0);
	}
}

/* A little-endian number of two bytes, somewhere in the table. */
static u32 number(u32 at)
{
	const u8 *bytes = image_at(&image, nfit + at);

	return bytes[0] | (u32)bytes[1] << 8;
}

/*
 * Walks the table as it says by itself, whose length is `end`: a range counts if it is complete.
 * Compares that with what was read.
 */
static void expect_ranges(u32 end)
{
	u32 at = 40, found = 0, complaints = 0;

	assert_int_equal(parse(), 0);
	for (; at < end; at += number(at + 2)) {
		u32 len = end - at < 4 ? 0 : number(at + 2);

		if (len < 4 || len > end - at) {
			complaints = 1;
			break;
		}
		if (number(at) || len < 56 ||
		    memcmp(image_at(&image, nfit + at + 16), guid_pmem, 16))
			continue;
		assert_in_range(found, 0, info->pmem_count - 1);
		assert_memory_equal(&info->pmem[found].base, image_at(&image, nfit + at + 32), 8);
		assert_memory_equal(&info->pmem[found].len, image_at(&image, nfit + at + 40), 8);
		found++;
	}
	assert_int_equal(info->pmem_count, found);
	assert_int_equal(run.complaints, complaints);
}

/* One entry says that it is longer or shorter than it is. */
static void an_entry_of_any_length_is_no_more_than_it_says(void **state)
{
	(void)state;
	for (u32 entry = 0; entry < RANGES; entry++) {
		for (u32 len = 0; len < 0x10000; len += len < 300 ? 1 : 97) {
			start(guid_pmem);
			change(nfit, ENTRY(entry) + 2, len, 2);
			expect_ranges(END);
		}
	}
}

/* The table's own length, at each byte, with a right checksum. */
static void a_table_of_any_length_has_its_whole_entries(void **state)
{
	(void)state;
	for (u32 len = 36; len < END; len++) {
		start(guid_pmem);
		change(nfit, 4, len, 4);
		expect_ranges(len);
	}
	for (u32 longer = 1; longer < 64; longer++) { /* over the next table */
		start(guid_pmem);
		poke(&image, nfit, 4, END + longer, 4);
		assert_int_equal(parse(), 0);
		assert_int_equal(info->pmem_count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_byte_addressable_memory_counts),
		cmocka_unit_test(an_entry_of_any_length_is_no_more_than_it_says),
		cmocka_unit_test(a_table_of_any_length_has_its_whole_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
