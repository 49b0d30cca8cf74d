/* SPDX-License-Identifier: MIT */
/* From the RSDP to the tables: valid, lying, truncated and damaged ones. */
#include "tests/host/acpi_expect.h"

static void an_rsdp_without_signature_is_refused(void **state)
{
	(void)state;
	machine_q35(&image);
	image.bytes[3] ^= 1;
	assert_int_equal(parse(), -EINVAL);
	assert_string_equal(run.text, "RSDP: bad signature\n");
	image.bytes[3] ^= 1;
	for (size_t n = 0; n < 20; n++)
		assert_int_equal(parse_with(n, 0), -EINVAL);
}

static void a_wrong_rsdp_checksum_is_refused(void **state)
{
	(void)state;
	for (u32 i = 0; i < 20; i++) {
		machine_q35(&image);
		image.bytes[i] ^= 0x40;
		assert_int_equal(parse(), -EINVAL);
	}
	assert_string_equal(run.text, "RSDP: wrong checksum\n");
}

/* The second half is wrong: the RSDT of the first is still good. */
static void a_wrong_extended_checksum_leaves_the_rsdt(void **state)
{
	(void)state;
	for (u32 i = 24; i < 36; i++) {
		machine_q35(&image);
		image.bytes[i] ^= 0x40;
		parse_complains("RSDP: wrong extended checksum; ignoring its XSDT");
		assert_int_equal(info->madt.cpu_count, 4);
	}
	machine_q35(&image);
	assert_int_equal(parse_with(20, 0), 0);
	assert_string_equal(run.text, "RSDP: revision 2, but only 20 bytes\n");
	assert_int_equal(info->madt.cpu_count, 4);
}

static void a_wrong_rsdp_length_is_reported(void **state)
{
	static const u32 lies[] = { 0, 20, 35, 37, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		machine_q35(&image);
		poke(&image, IMAGE_BASE, 20, lies[i], 4);
		rsdp_mend(&image);
		parse_complains("bytes is out of range");
	}
}

/* Revision 0 has no second half: the bytes in its place are ignored. */
static void revision_0_has_no_second_half(void **state)
{
	(void)state;
	machine_pc(&image);
	memset(image.bytes + 20, 0xff, 16);
	parse_clean();
	assert_int_equal(info->revision, 0);
	assert_int_equal(info->table_count, 4);
	assert_string_equal(info->tables[3].signature, "WAET");
	assert_int_equal(info->tables[3].len, 40);
	assert_int_equal(info->tables[3].phys, find("WAET"));
}

/* The XSDT counts if both are there; the RSDT does if the XSDT cannot be used. */
static void the_xsdt_counts_before_the_rsdt(void **state)
{
	u64 rsdt = 0;

	(void)state;
	machine_q35(&image);
	memcpy(&rsdt, image.bytes + 16, 4);
	poke(&image, rsdt, 36, 0, 8);
	parse_clean();
	assert_int_equal(info->table_count, 3);
	table_mend(&image, rsdt);
	image_at(&image, image.list)[20] ^= 1;
	parse_complains("XSDT at ");
	assert_int_equal(info->table_count, 1); /* two entries were made empty */
	image_at(&image, rsdt)[20] ^= 1;
	assert_int_equal(parse(), -EINVAL);
	assert_int_equal(run.complaints, 3);
	assert_non_null(strstr(run.text, "the RSDP leads to no list of tables\n"));
}

static void a_list_with_another_signature_is_refused(void **state)
{
	(void)state;
	machine_pc(&image);
	memcpy(image_at(&image, image.list), "XSDT", 4);
	table_mend(&image, image.list);
	assert_int_equal(parse(), -EINVAL);
	assert_non_null(strstr(run.text, "is XSDT, not RSDT; ignoring it"));
	machine_pc(&image);
	poke(&image, IMAGE_BASE, 16, 0, 4);
	rsdp_mend(&image);
	assert_int_equal(parse(), -EINVAL);
	assert_string_equal(run.text, "the RSDP leads to no list of tables\n");
}

/* Entries are 0, cut in half, or point where nothing can be read. */
static void unusable_list_entries_are_left_out(void **state)
{
	(void)state;
	machine_q35(&image);
	change(image.list, 36, 0, 8);
	parse_clean();
	assert_int_equal(info->table_count, 2);
	assert_false(info->fadt.present);
	change(image.list, 36, 0xfffffffffffffff0, 8);
	parse_complains("the table at 0xfffffffffffffff0 cannot be read");
	assert_int_equal(info->table_count, 2);
	change(image.list, 36, 0, 8);
	change(image.list, 4, 36 + 3 * 8 - 1, 4);
	parse_complains("half an entry");
	assert_int_equal(info->table_count, 1);
}

/* An RSDT has 32-bit entries, an XSDT 64-bit ones: a mix-up finds other tables. */
static void both_entry_widths_find_the_tables(void **state)
{
	(void)state;
	machine_q35(&image);
	parse_clean();
	assert_int_equal(info->table_count, 3);
	machine_q35(&image);
	image.bytes[15] = 1;
	rsdp_mend(&image);
	parse_clean();
	assert_int_equal(info->table_count, 3);
	assert_int_equal(info->revision, 1);
}

static void a_wrong_table_length_is_reported(void **state)
{
	static const u32 lies[] = { 0, 35, ACPI_TABLE_LEN_MAX + 1, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		machine_q35(&image);
		poke(&image, find("APIC"), 4, lies[i], 4);
		parse_complains("APIC at ");
		assert_non_null(strstr(run.text, "bytes is out of range"));
		assert_int_equal(info->table_count, 2);
		assert_false(info->madt.present);
	}
	poke(&image, find("APIC"), 4, image.len, 4);
	parse_complains("bytes cannot be read");
	assert_int_equal(info->table_count, 3); /* listed, though it cannot be used */
	assert_false(info->madt.present);
}

/* Every used table counts as absent if any one of its bytes is damaged. */
static void a_table_with_a_wrong_checksum_is_ignored(void **state)
{
	static const char *const names[] = { "FACP", "APIC", "SPCR", "NFIT" };

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		machine_server(&image);
		for (u32 i = 8; i < image_len(&image, find(names[n])); i++) {
			machine_server(&image);
			image_at(&image, find(names[n]))[i] ^= 0x10;
			parse_complains("wrong checksum; ignoring it");
			assert_int_equal(info->madt.present, n != 1);
			assert_int_equal(info->fadt.present, n != 0);
			assert_int_equal(info->spcr.present, n != 2);
			assert_int_equal(info->pmem_count, n == 3 ? 0 : 2);
		}
	}
}

/* A table that nobody uses can be broken; its name is shown as far as it can be printed. */
static void an_unknown_table_may_be_broken(void **state)
{
	(void)state;
	machine_pc(&image);
	memcpy(image_at(&image, find("WAET")), "W\n\377 ", 4);
	parse_clean();
	assert_int_equal(info->table_count, 4);
	assert_string_equal(info->tables[3].signature, "W???");
}

static void the_first_valid_table_of_two_counts(void **state)
{
	u64 second;

	(void)state;
	image_begin(&image);
	table_end(&image, madt_begin(&image, 1));
	second = madt_begin(&image, 0);
	put_lapic(&image, 1, 1, 1);
	table_end(&image, second);
	image_end(&image, 2);
	parse_clean();
	assert_int_equal(info->table_count, 2);
	assert_true(info->madt.pcat_compat);
	assert_int_equal(info->madt.cpu_count, 0);
	image_at(&image, image.tables[0])[30] ^= 1; /* the first is broken: the second counts */
	parse_complains("wrong checksum");
	assert_int_equal(info->madt.cpu_count, 1);
}

static void tables_beyond_the_limit_are_counted(void **state)
{
	(void)state;
	image_begin(&image);
	for (u32 i = 0; i < ACPI_TABLES_MAX + 3; i++)
		table_end(&image, table_begin(&image, "OEM0", 1));
	image_end(&image, 2);
	parse_complains("ignoring 3 tables beyond the first 64");
	assert_int_equal(info->table_count, ACPI_TABLES_MAX);
	assert_int_equal(info->tables_dropped, 3);
}

/* A list of thousands of entries, which all point to one table, ends. */
static void a_list_of_thousands_ends(void **state)
{
	u64 table, list;

	(void)state;
	image_begin(&image);
	table = table_begin(&image, "OEM0", 1);
	table_end(&image, table);
	list = table_begin(&image, "RSDT", 1);
	while (image.len < IMAGE_MAX - 8)
		put(&image, table, 4);
	table_end(&image, list);
	memcpy(image.bytes, "RSD PTR ", 8);
	poke(&image, IMAGE_BASE, 16, list, 4);
	rsdp_mend(&image);
	parse_complains("tables beyond the first 64");
	assert_true(info->tables_dropped > 7000);
	assert_true(run.maps < 300);
}

/* Mapping fails from the n-th time on: what was read before stands. */
static void a_failed_mapping_keeps_what_was_read(void **state)
{
	u32 all;

	(void)state;
	machine_server(&image);
	parse_clean();
	all = run.maps;
	for (u32 n = 1; n < all; n++) {
		assert_int_equal(parse_with(36, n), n < 2 ? -EINVAL : 0);
		assert_true(run.complaints > 0);
	}
}

/* The image ends before the tables do. */
static void a_truncated_image_is_reported(void **state)
{
	u32 full;

	(void)state;
	machine_server(&image);
	full = image.len;
	for (image.len = 36; image.len < full - 5; image.len++) {
		parse();
		assert_true(run.complaints > 0);
	}
}

static void any_flipped_bit_is_survived(void **state)
{
	static void (*const machines[])(struct image * m) = { machine_pc, machine_q35,
							      machine_server };

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(machines); n++) {
		machines[n](&image);
		for (u32 bit = 0; bit < image.len * 8; bit++) {
			image.bytes[bit / 8] ^= (u8)(1 << bit % 8);
			parse();
			image.bytes[bit / 8] ^= (u8)(1 << bit % 8);
		}
	}
}

/* Finds the first one at a multiple of 16, valid in its first 20 bytes, and wholly inside. */
static void the_first_valid_rsdp_is_found(void **state)
{
	u8 area[128] = { 0 }, *exact;

	(void)state;
	machine_pc(&image);
	assert_null(acpi_find_rsdp(area, sizeof(area)));
	memcpy(area + 24, image.bytes, 20);
	assert_null(acpi_find_rsdp(area, sizeof(area)));
	memcpy(area + 48, image.bytes, 20);
	area[48 + 9]++; /* the right name, the wrong sum */
	memcpy(area + 80, image.bytes, 20);
	memcpy(area + 107, image.bytes, 20);
	assert_ptr_equal(acpi_find_rsdp(area, sizeof(area)), area + 80);
	for (size_t n = 0; n <= 100; n++) {
		exact = exact_copy(area, n);
		assert_ptr_equal(acpi_find_rsdp(exact, n), n < 100 ? NULL : exact + 80);
		free(exact);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_rsdp_without_signature_is_refused),
		cmocka_unit_test(a_wrong_rsdp_checksum_is_refused),
		cmocka_unit_test(a_wrong_extended_checksum_leaves_the_rsdt),
		cmocka_unit_test(a_wrong_rsdp_length_is_reported),
		cmocka_unit_test(revision_0_has_no_second_half),
		cmocka_unit_test(the_xsdt_counts_before_the_rsdt),
		cmocka_unit_test(a_list_with_another_signature_is_refused),
		cmocka_unit_test(unusable_list_entries_are_left_out),
		cmocka_unit_test(both_entry_widths_find_the_tables),
		cmocka_unit_test(a_wrong_table_length_is_reported),
		cmocka_unit_test(a_table_with_a_wrong_checksum_is_ignored),
		cmocka_unit_test(an_unknown_table_may_be_broken),
		cmocka_unit_test(the_first_valid_table_of_two_counts),
		cmocka_unit_test(tables_beyond_the_limit_are_counted),
		cmocka_unit_test(a_list_of_thousands_ends),
		cmocka_unit_test(a_failed_mapping_keeps_what_was_read),
		cmocka_unit_test(a_truncated_image_is_reported),
		cmocka_unit_test(any_flipped_bit_is_survived),
		cmocka_unit_test(the_first_valid_rsdp_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
